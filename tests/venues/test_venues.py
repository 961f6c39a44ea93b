"""Venues: opening, rooms, device checks, booking with its capacity and buffer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.access import Actor, Role
from core.faults import Unusable
from core.rules import Refused
from venues import actions  # noqa: F401
from venues.queries import booked, bookings, plan_seats, seat_map
from venues.rules import BUFFER, DEVICE_FRESH, device_fresh, overlap

STAFF = Actor(person="s", org="c" * 16, org_name="中心", roles=frozenset({Role.CENTRE}))
OTHER = Actor(person="o", org="d" * 16, org_name="别的中心", roles=frozenset({Role.CENTRE}))
TENDERER = Actor(person="t", org="e" * 16, roles=frozenset({Role.TENDERER}))
AGENCY = Actor(person="a", org="f" * 16, roles=frozenset({Role.AGENCY}))
GOOD = {"camera": True, "screen": True, "microphone": True, "clock": True}


@pytest.fixture
def place(world):
    centre = world.do(STAFF, "venue.open", name="中心", region="420112")["centre"]
    seats = [{"cell": f"c{n}", "label": f"A{n}", "x": n, "y": 0} for n in range(4)]
    made = world.do(STAFF, "venue.add_room", name="评标室1", purpose="evaluation", seats=seats)
    world.do(STAFF, "venue.add_room", name="开标厅", purpose="opening", seats=[])
    return world, centre, made


def ask(world, centre, seats=2, actor=TENDERER, case="case1", hours=(1, 3), part="main"):
    begin, end = (world.clock.now() + timedelta(hours=h) for h in hours)
    span = {"from_at": begin.isoformat(), "until_at": end.isoformat()}
    return world.do(actor, "venue.request", case, centre=centre, part=part, seats=seats, **span)["booking"]


def test_the_buffer_belongs_to_both_uses(world):
    now = world.clock.now()
    hour = timedelta(hours=1)
    assert not overlap((now, now + hour), (now + hour + BUFFER, now + 3 * hour))
    assert overlap((now, now + hour), (now + hour + BUFFER - timedelta(seconds=1), now + 3 * hour))


def test_a_device_check_is_fresh_for_ten_minutes(world):
    now = world.clock.now()
    assert device_fresh(now - DEVICE_FRESH, now)
    assert not device_fresh(now - DEVICE_FRESH - timedelta(seconds=1), now)
    assert not device_fresh(None, now)
    assert not device_fresh(now + timedelta(seconds=1), now)


def test_request_accept_and_seats_for_a_plan(place):
    world, centre, made = place
    booking = ask(world, centre)
    assert world.do(STAFF, "venue.accept", booking=booking)["state"] == "accepted"
    world.do(STAFF, "seat.check", seats=list(made["seats"].values()), **GOOD)
    with world.read() as session:
        rows = booked(session, "case1", [TENDERER.org])
        assert [(row.id, one.id) for row, one in rows] == [(booking, centre)]
        assert booked(session, "case1", [AGENCY.org]) == []
        seats = plan_seats(session, rows, "case1")
        assert len(seats) == 4
        assert all(one["online"] and one["site"] == "420112" for one in seats)
        assert [one["state"] for one in bookings(session, case="case1")] == ["accepted"]
        rooms = seat_map(session, centre, world.clock.now())
    assert [len(room["seats"]) for room in rooms] == [0, 4]


@pytest.mark.parametrize(("seats", "allowed"), [(2, True), (3, False)])
def test_a_centre_never_promises_more_seats_than_it_has(place, seats, allowed):
    world, centre, _ = place
    world.do(STAFF, "venue.accept", booking=ask(world, centre, 2))
    if allowed:
        assert ask(world, centre, seats, AGENCY, "case2")
    else:
        with pytest.raises(Refused, match="VENUE-FULL"):
            ask(world, centre, seats, AGENCY, "case2")


def test_two_requests_may_wait_but_not_both_be_accepted(place):
    world, centre, _ = place
    first, second = ask(world, centre, 3), ask(world, centre, 3, AGENCY, "case2")
    world.do(STAFF, "venue.accept", booking=first)
    with pytest.raises(Refused, match="VENUE-FULL"):
        world.do(STAFF, "venue.accept", booking=second)
    world.do(TENDERER, "venue.release", booking=first, reason="改期")
    world.do(STAFF, "venue.accept", booking=second)


def test_bookings_are_answered_by_their_own_centre_once(place):
    world, centre, _ = place
    world.do(OTHER, "venue.open", name="别的", region="420203")
    booking = ask(world, centre)
    with pytest.raises(Refused, match="CENTRE"):
        world.do(OTHER, "venue.accept", booking=booking)
    with pytest.raises(Refused, match="BOOKING"):
        world.do(AGENCY, "venue.release", booking=booking, reason="x")
    world.do(STAFF, "venue.refuse", booking=booking, reason="满")
    with pytest.raises(Refused, match="BOOKING-STATE"):
        world.do(STAFF, "venue.accept", booking=booking)


def test_one_main_venue_one_booking_a_centre_and_no_past(place):
    world, centre, _ = place
    other = world.do(OTHER, "venue.open", name="别的", region="420203")["centre"]
    world.do(OTHER, "venue.add_room", name="r", purpose="evaluation",
             seats=[{"cell": "1", "label": "1", "x": 0, "y": 0}])  # fmt: skip
    ask(world, centre)
    with pytest.raises(Refused, match="VENUE-TWICE"):
        ask(world, centre, part="sub")
    with pytest.raises(Refused, match="VENUE-MAIN"):
        ask(world, other, 1)
    with pytest.raises(Refused, match="VENUE-TIME"):
        ask(world, centre, case="case3", hours=(0, 1))


def test_a_failed_check_takes_the_seat_off_and_only_own_seats_are_checked(place):
    world, centre, made = place
    seat = made["seats"]["A0"]
    world.do(STAFF, "seat.check", seats=[seat], **GOOD)
    world.do(STAFF, "seat.check", seats=[seat], **GOOD | {"camera": False}, note="摄像头无图像")
    with world.read() as session:
        found = seat_map(session, centre, world.clock.now())[1]["seats"][0]
    assert found["online"] is False
    world.do(OTHER, "venue.open", name="别的", region="420203")
    with pytest.raises(Unusable, match="seats"):
        world.do(OTHER, "seat.check", seats=[seat], **GOOD)
    with pytest.raises(Unusable, match="seats"):
        world.do(STAFF, "seat.check", seats=["nowhere"], **GOOD)


@pytest.mark.parametrize("act", ["venue.open", "venue.add_room", "seat.check", "venue.accept", "venue.refuse"])
@pytest.mark.parametrize("role", [Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.EXPERT, Role.REGULATOR, Role.ADMIN])
def test_only_staff_run_a_venue(world, act, role):
    with pytest.raises(Refused, match="ACCESS"):
        world.do(Actor(person="x", org="x", roles=frozenset({role})), act)


@pytest.mark.parametrize("seats", [
    [{"cell": "1", "label": "A", "x": 0, "y": 0}, {"cell": "1", "label": "A", "x": 1, "y": 0}],
    [{"cell": "1", "label": "A", "x": 0, "y": 0}, {"cell": "1", "label": "B", "x": 0, "y": 0}],
])  # fmt: skip
def test_a_seat_has_its_own_label_and_place(place, seats):
    with pytest.raises(Refused, match="SEAT-TWICE"):
        place[0].do(STAFF, "venue.add_room", name="x", purpose="evaluation", seats=seats)
