"""One seat, one session, one machine; moving to a spare seat; where members sit in each mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core import live
from core.faults import Unusable
from core.rules import Refused
from evaluation.failures.models import SeatChange
from evaluation.failures.rules import MODES
from evaluation.vault import vault
from evaluation.views import is_member
from tests.evaluation.house import NOW, SMALL, seated, to_scoring
from venues.models import Booking, Centre, Seat, SeatUse
from venues.terminals import hashed

MAIN, SUB = "420112", "420203"


def staff_of(house, name: str) -> str:
    return "staff1" if house.place(name).site == MAIN else "staff2"


def seat_of(house, name: str) -> Seat:
    with house.world.read() as session:
        return session.get(Seat, house.place(name).seat_id)


def spares(house, name: str) -> list[dict[str, Any]]:
    return house.ask(staff_of(house, name), "room.venue")["spares"][house.place(name).id]


def good(house, name: str) -> str:
    return next(one["seat"] for one in spares(house, name) if not one["breaches"])


def move(house, name: str, seat: str, who: str = "", reason: str = "显示器故障"):
    return house.do(who or staff_of(house, name), "seat.change", member=house.place(name).id, seat=seat, reason=reason)


# -- a spare seat -----------------------------------------------------------------------------------------------------


def test_a_member_moves_to_a_spare_seat_with_everything_kept(room):
    to_scoring(room)
    name = room.names[0]
    room.score(name, room.flat("77"), lock=False)
    old, before = room.place(name).seat_id, room.ask(name, "room.view")
    room.check_seats()
    new = good(room, name)
    done = move(room, name, new)
    assert done == {"change": _change(room), "waiting": False}
    assert room.place(name).seat_id == new != old
    after = room.ask(name, "room.view")
    assert after["mine"] == before["mine"]
    assert after["seat"] == new
    room.score(name, room.flat("78"))
    with room.world.read() as session:
        used = {row.seat_id: row.released_at is None for row in session.query(SeatUse).filter_by(case_id=room.case)}
    assert used[new]
    assert not used[old]
    note = room.ask("regulator", "room.watch")["incidents"][-1]
    assert note["kind"] == "seat.changed"
    assert "显示器故障" in note["text"]
    assert name not in note["text"]


def _change(room) -> str:
    with room.world.read() as session:
        return session.query(SeatChange).one().id


def test_only_staff_of_the_members_own_venue_move_him_and_only_with_a_reason(room):
    name = room.names[0]
    room.check_seats()
    seat = good(room, name)
    other = "staff2" if staff_of(room, name) == "staff1" else "staff1"
    with pytest.raises(Unusable, match="member"):
        move(room, name, seat, other)
    with pytest.raises(Unusable, match="reason"):
        move(room, name, seat, reason=" ")
    for who in ("regulator", "tenderer", "甲", "admin", "auditor", name):
        with pytest.raises(Refused, match="ACCESS"):
            move(room, name, seat, who)
    with pytest.raises(Unusable, match="seat"):
        move(room, name, room.seats[SUB if staff_of(room, name) == "staff1" else MAIN][0])


@pytest.mark.parametrize(("age", "fresh"), [(timedelta(minutes=10), True), (timedelta(minutes=10, seconds=1), False)])
def test_a_spare_seat_was_checked_within_ten_minutes(room, age, fresh):
    name = room.names[0]
    room.check_seats()
    room.world.clock.moment += age
    assert bool([one for one in spares(room, name) if not one["breaches"]]) is fresh


def test_a_seat_that_breaks_a_constraint_is_refused_while_another_breaks_none(room):
    name = room.names[0]
    room.check_seats()
    mate = next(one for one in room.names if one != name and room.place(one).site == room.place(name).site)
    near, cell = good(room, name), seat_of(room, mate).cell
    room.write(lambda tx: setattr(tx.session.get(Seat, near), "cell", cell))
    with pytest.raises(Refused, match="SPARE-SEAT"):
        move(room, name, near)
    assert move(room, name, good(room, name))["waiting"] is False


@pytest.fixture
def crowded(room):
    """Every spare seat of the venue stands in a colleague's cell."""
    name = room.names[0]
    room.check_seats()
    mate = next(one for one in room.names if one != name and room.place(one).site == room.place(name).site)
    cell, taken = seat_of(room, mate).cell, {room.place(one).seat_id for one in room.names}

    def run(tx):
        for seat in room.seats[room.place(name).site]:
            if seat not in taken:
                tx.session.get(Seat, seat).cell = cell

    room.write(run)
    return room


def test_where_no_seat_meets_every_constraint_the_supervisor_signs_too(crowded):
    name = crowded.names[0]
    seat, old = spares(crowded, name)[0]["seat"], crowded.place(name).seat_id
    asked = move(crowded, name, seat)
    assert asked["waiting"] is True
    assert crowded.place(name).seat_id == old
    with pytest.raises(Refused, match="SEAT-ASKED"):
        move(crowded, name, seat)
    for who in ("staff1", "staff2", "auditor", "tenderer", name):
        with pytest.raises(Refused, match="ACCESS"):
            crowded.do(who, "seat.cosign", change=asked["change"], agree=True)
    assert crowded.do("regulator", "seat.cosign", change=asked["change"], agree=True) == {"done": True}
    assert crowded.place(name).seat_id == seat
    assert "会签" in crowded.ask("regulator", "room.watch")["incidents"][-1]["text"]
    with pytest.raises(Unusable, match="change"):
        crowded.do("regulator", "seat.cosign", change=asked["change"], agree=True)


def test_a_room_released_meanwhile_is_no_seat_and_the_change_can_still_be_refused(crowded):
    name = crowded.names[0]
    asked = move(crowded, name, spares(crowded, name)[0]["seat"])
    site = crowded.place(name).site

    def run(tx):
        for row in tx.session.query(Booking).join(Centre, Centre.id == Booking.centre_id).filter(Centre.region == site):
            row.state = "released"

    crowded.write(run)
    with pytest.raises(Refused, match="SPARE-SEAT"):
        crowded.do("regulator", "seat.cosign", change=asked["change"], agree=True)
    assert crowded.do("regulator", "seat.cosign", change=asked["change"], agree=False) == {"done": False}


def test_a_refusal_of_the_supervisor_leaves_the_member_where_he_is(crowded):
    name = crowded.names[0]
    old = crowded.place(name).seat_id
    asked = move(crowded, name, spares(crowded, name)[0]["seat"])
    assert crowded.do("regulator", "seat.cosign", change=asked["change"], agree=False) == {"done": False}
    assert crowded.place(name).seat_id == old
    assert crowded.ask("regulator", "room.watch")["changes"] == []


def test_a_seat_cut_off_or_taken_by_another_case_is_none_even_with_a_signature(crowded):
    name = crowded.names[0]
    off, taken = (one["seat"] for one in spares(crowded, name)[:2])
    now = crowded.world.clock.now()

    def run(tx):
        tx.session.get(Seat, off).online = False
        tx.session.add(SeatUse(seat_id=taken, case_id="other", from_at=now, until_at=now + timedelta(hours=1)))

    crowded.write(run)
    for seat in (off, taken):
        with pytest.raises(Refused, match="SPARE-SEAT"):
            move(crowded, name, seat)


# -- sessions and machines --------------------------------------------------------------------------------------------


def at(house, name: str, act: str, *, session: str = "", device: str = "", **payload: Any):
    """An act from a certain login and machine."""
    actor = replace(house.actor(name), session=session, device=hashed(device) if device else "")
    return house.world.do(actor, act, house.case, **payload)


def register(house, staff: str, seat: str) -> str:
    """The token that the seat's machine keeps."""
    code = house.do(staff, "terminal.offer", seat=seat)["code"]
    return house.do("甲", "terminal.register", code=code)["token"]


def pledge(house, name: str, **where: str):
    bidders = [house.orgs[f"bidder-{one}"] for one in house.bids]
    return at(house, name, "pledge.sign", no_conflict=True, pledge=True, bidders=bidders, **where)


@pytest.fixture
def door(house):
    """All seats of both venues have registered machines; nobody has come yet."""
    seated(house)
    house.tokens = {
        seat: register(house, f"staff{number}", seat)
        for number, seats in enumerate(house.seats.values(), 1)
        for seat in seats
    }
    house.name = house.names[0]
    house.certify(house.name)
    return house


def codes(house, name: str) -> dict[str, str]:
    return house.ask(staff_of(house, name), "room.venue")["codes"]


def sealed_seat(house, name: str) -> str:
    return vault().open(house.case, house.place(name).seat_sealed)


@pytest.mark.certify("A-155")
@pytest.mark.rule("SEAT-CODE", "refused")
def test_a_venue_with_registered_machines_takes_nobody_from_elsewhere(door):
    for where in ({}, {"device": "a machine of somebody else"}, {"code": "00000000"}):
        with pytest.raises(Refused, match="SEAT-CODE"):
            at(door, door.name, "sitting.signin", **where)
    assert door.place(door.name).state == "accepted"


@pytest.mark.certify("A-155")
@pytest.mark.rule("SEAT-CODE", "allowed")
def test_the_seats_own_machine_needs_no_code_and_any_other_of_the_venue_leads_to_the_door_only(door):
    own = door.tokens[sealed_seat(door, door.name)]
    other = next(door.tokens[seat] for seat in door.seats[door.place(door.name).site]
                 if door.tokens[seat] != own)  # fmt: skip
    at(door, door.name, "sitting.signin", device=other, session="s1")
    with pytest.raises(Refused, match="SEAT-DEVICE"):
        pledge(door, door.name, device=other, session="s1")
    with pytest.raises(Refused, match="SEAT-CODE"):
        at(door, door.name, "sitting.rejoin", device=other, session="s1")
    at(door, door.name, "sitting.rejoin", device=own, session="s2")
    with pytest.raises(Refused, match="ONE-SESSION"):
        pledge(door, door.name, device=own, session="s1")
    with pytest.raises(Refused, match="SEAT-DEVICE"):
        pledge(door, door.name, device=other, session="s2")
    pledge(door, door.name, device=own, session="s2")
    assert door.place(door.name).state == "pledged"


def test_the_venues_code_opens_the_door_and_the_seats_code_the_seat(door):
    at(door, door.name, "sitting.signin", code=codes(door, door.name)[""], session="s1", device="kiosk")
    shown = codes(door, door.name)[door.place(door.name).seat_id]
    with pytest.raises(Refused, match="SEAT-CODE"):
        at(door, door.name, "sitting.rejoin", code=codes(door, door.name)[""], session="s1", device="kiosk")
    at(door, door.name, "sitting.rejoin", code=f"{shown[:4]} {shown[4:]}", session="s1", device="spare laptop")
    pledge(door, door.name, session="s1", device="spare laptop")
    with pytest.raises(Refused, match="SEAT-DEVICE"):
        at(door, door.name, "leader.vote", session="s1", device="kiosk", **{"for": door.place(door.name).id})


@pytest.mark.parametrize(("age", "good"), [(0, True), (10, True), (20, False)])
def test_a_code_is_good_in_its_ten_minutes_and_in_the_next(door, age, good):
    house = door
    house.world.clock.moment = NOW.replace(hour=9, minute=0)
    code = codes(house, house.name)[""]
    house.world.clock.moment += timedelta(minutes=age)
    if good:
        at(house, house.name, "sitting.signin", code=code)
    else:
        with pytest.raises(Refused, match="SEAT-CODE"):
            at(house, house.name, "sitting.signin", code=code)


def test_codes_are_for_the_venues_own_staff_alone(door):
    at(door, door.name, "sitting.signin", code=codes(door, door.name)[""])
    own = set(codes(door, door.name).values())
    other = "staff2" if staff_of(door, door.name) == "staff1" else "staff1"
    for who, question in ((other, "room.venue"), ("regulator", "room.watch"), (door.name, "room.view")):
        assert not any(code in str(door.ask(who, question)) for code in own)


def test_a_venue_without_machines_binds_to_no_machine_but_still_to_one_session(house):
    seated(house)
    name = house.names[0]
    house.certify(name)
    at(house, name, "sitting.signin", session="s1")
    pledge(house, name, session="s1", device="any")
    elsewhere = replace(house.actor(name), session="s2")
    with house.world.read() as session:
        assert is_member(session, replace(elsewhere, session="s1"), house.case)
        assert not is_member(session, elsewhere, house.case)
    with pytest.raises(Refused, match="ONE-SESSION"):
        at(house, name, "duty.assign", session="s2", member=house.place(name).id, text="x")
    at(house, name, "sitting.rejoin", session="s2")
    with house.world.read() as session:
        told = live.since(session, f"me:{house.people[name]}", 0)
        assert [one.data for one in told if one.kind == "member.rejoined"] == [{"member": house.place(name).id}]
        assert is_member(session, elsewhere, house.case)
        assert not is_member(session, replace(elsewhere, session="s1"), house.case)


def test_after_a_change_of_seat_the_new_seats_machine_is_asked_for(door):
    house = door
    house.world.clock.moment = NOW + timedelta(hours=1)
    for name in house.names:
        if name != house.name:
            house.certify(name)
        device = house.tokens[sealed_seat(house, name)]
        at(house, name, "sitting.signin", device=device, session=name)
        pledge(house, name, device=device, session=name)
    house.check_seats()
    old = house.tokens[house.place(house.name).seat_id]
    move(house, house.name, good(house, house.name))
    ballot = {"for": house.place(house.name).id}
    with pytest.raises(Refused, match="SEAT-DEVICE"):
        at(house, house.name, "leader.vote", device=old, session=house.name, **ballot)
    new = house.tokens[house.place(house.name).seat_id]
    at(house, house.name, "sitting.rejoin", device=new, session="fresh")
    at(house, house.name, "leader.vote", device=new, session="fresh", **ballot)


def test_codes_of_machines_are_used_once_in_time_by_own_staff(house):
    house.build(pool=6, sites=SMALL)
    seat = house.seats[MAIN][0]
    with pytest.raises(Unusable, match="seat"):
        house.do("staff2", "terminal.offer", seat=seat)
    with pytest.raises(Refused, match="ACCESS"):
        house.do("regulator", "terminal.offer", seat=seat)
    code = house.do("staff1", "terminal.offer", seat=seat)["code"]
    house.do("甲", "terminal.register", code=code)
    with pytest.raises(Refused, match="TERMINAL-CODE"):
        house.do("甲", "terminal.register", code=code)
    late = house.do("staff1", "terminal.offer", seat=seat)["code"]
    house.world.clock.moment += timedelta(minutes=10)
    in_time = house.do("staff1", "terminal.offer", seat=seat)["code"]
    house.do("甲", "terminal.register", code=late)
    house.world.clock.moment += timedelta(minutes=10, milliseconds=1)
    with pytest.raises(Refused, match="TERMINAL-CODE"):
        house.do("甲", "terminal.register", code=in_time)
    with pytest.raises(Unusable, match="seat"):
        house.do("staff2", "terminal.retire", seat=seat)
    assert house.do("staff1", "terminal.retire", seat=seat) == {"left": 0}
    with pytest.raises(Refused, match="TERMINAL"):
        house.do("staff1", "terminal.retire", seat=seat)


# -- modes ------------------------------------------------------------------------------------------------------------


def one_cell(house) -> None:
    """Every room is open: all its seats in one cell, still two steps apart."""

    def run(tx):
        for seats in house.seats.values():
            for seat in seats:
                tx.session.get(Seat, seat).cell = "open"

    house.write(run)


@pytest.mark.parametrize(("mode", "shares"), [("MAIN_SUB", True), ("DISPERSED_SEAT", False),
                                               ("FUSED_MAIN_DISPERSED", False)])  # fmt: skip
def test_members_of_a_venue_share_a_room_only_where_main_and_sub_venues_sit_together(house, mode, shares):
    house.build(pool=6, sites=SMALL)
    house.names = house.form(sites=SMALL, mode=mode)
    assert MODES[mode].shares_room is shares
    one_cell(house)
    if not shares:
        with pytest.raises(Refused, match="SEATING"):
            house.seat()
        return
    house.seat()
    house.world.clock.moment = NOW + timedelta(hours=1)
    for name in house.names:
        house.come_in(name)
    for who, question in ((house.names[0], "room.view"), ("regulator", "room.watch"), ("staff2", "room.venue")):
        assert house.ask(who, question)["mode"] == mode


def test_without_a_mode_of_its_own_a_committee_sits_as_the_tender_file_says(house):
    house.build(pool=6, sites=SMALL)
    with pytest.raises(Unusable, match="mode"):
        house.request(sites=SMALL, mode="ANYHOW")
    house.names = house.form(sites=SMALL)
    assert house.ask("regulator", "room.watch")["mode"] == "FUSED_MAIN_DISPERSED"


def test_every_mode_says_the_same_things():
    flags = {mode: tuple(vars(one).values()) for mode, one in MODES.items()}
    assert flags == {
        "MAIN_SUB": (True, True, False, True), "DISPERSED_SEAT": (False, False, False, True),
        "FUSED_MAIN_DISPERSED": (False, False, True, True),
    }  # fmt: skip
