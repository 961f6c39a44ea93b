"""Coming in, recusal, the election, pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.faults import Unusable
from core.rules import Refused
from tests.evaluation.house import NOW, SMALL, seated, to_scoring


@pytest.mark.rule("E-06", "allowed")
def test_a_seat_is_known_to_nobody_before_its_member_signs_in(house):
    seated(house)
    rows = house.members("accepted")
    assert all(row.seat_sealed and not row.seat_id and not row.person_id for row in rows)
    for who, question in (("regulator", "room.watch"), ("staff1", "room.venue")):
        seen = house.ask(who, question)
        assert not any(seat in str(seen) for seats in house.seats.values() for seat in seats)
    house.certify(house.names[0])
    seat = house.do(house.names[0], "sitting.signin")["seat"]
    assert seat in house.seats[rows[0].site]
    assert sum(bool(row.seat_id) for row in house.members()) == 1


@pytest.mark.certify("A-156", "A-155")
@pytest.mark.parametrize(("hours", "allowed"), [
    pytest.param(-2, True, marks=pytest.mark.rule("SITTING-TIME", "allowed")), (8, True), (8.001, False),
    pytest.param(-2.001, False, marks=pytest.mark.rule("SITTING-TIME", "refused")),
])  # fmt: skip
def test_members_come_in_only_around_their_sitting(house, hours, allowed):
    seated(house)
    house.certify(house.names[0])
    house.world.clock.moment = NOW + timedelta(hours=1 + hours)
    if hours > 0:
        house.do("staff1", "door.open", reason="航班延误")
    if allowed:
        assert house.do(house.names[0], "sitting.signin")["seat"]
    else:
        with pytest.raises(Refused, match="SITTING-TIME"):
            house.do(house.names[0], "sitting.signin")


@pytest.mark.rule("E-06", "refused")
def test_without_a_seat_nobody_comes_in_and_another_venue_does_not_vouch(house):
    house.build(pool=6, sites=SMALL)
    house.names = house.form(sites=SMALL)
    house.world.clock.moment = NOW + timedelta(hours=1)
    name = house.names[0]
    house.certify(name)
    with pytest.raises(Refused, match="SEATING"):
        house.do(name, "sitting.signin")
    house.seat()
    house.world.clock.moment = NOW + timedelta(hours=1)
    house.do(name, "sitting.signin")
    with pytest.raises(Refused, match="CENTRE"):
        house.do("staff2", "signin.confirm", member=house.place(name).id, how="id_card")


def test_strangers_spares_and_other_experts_stay_out(house):
    seated(house)
    outside = next(n for site in house.experts.values() for n in site if n not in house.names)
    with pytest.raises(Refused, match="MEMBER"):
        house.do(outside, "sitting.signin")
    with pytest.raises(Refused, match="MEMBER"):
        house.ask(outside, "room.view")


@pytest.mark.certify("A-133")
def test_the_pledge_is_over_the_list_of_bidders_that_was_shown(house):
    seated(house)
    name = house.names[0]
    house.certify(name)
    with pytest.raises(Refused, match="SIGNIN"):
        house.do(name, "pledge.sign", no_conflict=True, pledge=True, bidders=[])
    house.do(name, "sitting.signin")
    view = house.ask(name, "room.view")
    assert len(view["bidders"]) == 3
    assert "bids" not in view
    with pytest.raises(Refused, match="PLEDGE-LIST"):
        house.do(name, "pledge.sign", no_conflict=True, pledge=True, bidders=[])
    shown = [one["org"] for one in view["bidders"]]
    with pytest.raises(Refused, match="PLEDGE"):
        house.do(name, "pledge.sign", no_conflict=False, pledge=True, bidders=shown)


def test_staff_confirm_who_sits_at_their_own_venue(house):
    seated(house)
    house.come_in(house.names[0])
    place = house.place(house.names[0])
    with pytest.raises(Refused, match="CENTRE"):
        house.do("staff2", "signin.confirm", member=place.id, how="id_card")
    with pytest.raises(Unusable, match="reason"):
        house.do("staff1", "signin.confirm", member=place.id, how="manual")
    house.do("staff1", "signin.confirm", member=place.id, how="manual", reason="读卡器故障")
    assert house.ask("staff1", "room.venue")["identity"] == {place.id: "manual"}


@pytest.mark.rulebook("3.7 replaced")
def test_recusal_voids_everything_said_and_the_replacement_does_it_all(room):
    to_scoring(room)
    leader = room.names[0]
    room.score(leader, room.flat())
    gone = room.place(leader)
    room.do(leader, "member.recuse", reason="发现利害关系")
    assert room.stage == "SIGN_IN"
    with pytest.raises(Refused, match="INCOMPLETE"):
        room.do(room.names[1], "score.save", bid=room.bids["甲"], criterion="plan", points="1")
    with pytest.raises(Refused, match="MEMBER"):
        room.ask(leader, "room.view")
    spare = room.name_of(room.members("invited")[0])
    assert room.place(spare).site == gone.site
    room.do(spare, "invitation.answer", answer="accept")
    before = {row.id: row.seat_sealed for row in room.members("pledged")}
    room.seat()
    assert {row.id: row.seat_sealed for row in room.members("pledged")} == before
    room.come_in(spare)
    assert room.stage == "LEADER"  # the leader himself had left
    room.names = [*room.names[1:], spare]
    room.elect(room.names)
    assert room.stage == "PRELIM"
    room.mark(spare)
    assert room.stage == "SCORING"
    assert room.ask(spare, "room.view")["mine"]["scores"] == {}


@pytest.mark.parametrize("who", ["staff1", "regulator"])
def test_a_member_is_removed_by_venue_or_regulator_with_a_reason(room, who):
    member = next(row for row in room.members("pledged") if row.site == "420112")
    room.do(who, "member.remove", member=member.id, reason="突发疾病")
    assert room.stage == "SIGN_IN"


def test_another_venue_cannot_remove_a_member(room):
    member = next(row for row in room.members("pledged") if row.site == "420112")
    with pytest.raises(Refused, match="WATCH"):
        room.do("staff2", "member.remove", member=member.id, reason="x")


def test_a_tie_is_voted_again_and_then_the_eldest_leads(house):
    seated(house)
    for name in house.names:
        house.come_in(name)
    a, b, c = (house.place(name).id for name in house.names[:3])
    for choice, name in zip((a, a, b, b, c), house.names, strict=True):
        answer = house.do(name, "leader.vote", **{"for": choice})
    assert answer == {"leader": "", "round": 2}
    for choice, name in zip((a, a, b, b, c), house.names, strict=True):
        answer = house.do(name, "leader.vote", **{"for": choice})
    assert answer["leader"] in (a, b)
    with pytest.raises(Refused, match="STAGE"):
        house.do(house.names[0], "leader.vote", **{"for": a})


def test_one_vote_a_round(house):
    seated(house)
    for name in house.names:
        house.come_in(name)
    me = house.place(house.names[0]).id
    house.do(house.names[0], "leader.vote", **{"for": me})
    with pytest.raises(Refused, match="VOTED"):
        house.do(house.names[0], "leader.vote", **{"for": me})
    with pytest.raises(Unusable, match="for"):
        house.do(house.names[1], "leader.vote", **{"for": "nobody"})


def test_a_pause_stops_everyone_and_goes_into_the_report(room):
    room.do("staff1", "sitting.pause", reason="分会场断电")
    with pytest.raises(Refused, match="PAUSED"):
        room.mark(room.names[0])
    room.do("regulator", "sitting.resume", reason="恢复供电")
    room.mark(room.names[0])
    assert [one["kind"] for one in room.ask("regulator", "room.watch")["incidents"]] == ["paused", "resumed"]


@pytest.mark.rule("R1-21/longer", "allowed")
@pytest.mark.rule("R1-21/longer", "refused")
def test_more_than_a_third_asking_moves_the_end_by_two_hours(room):
    first = datetime.fromisoformat(room.do(room.names[0], "time.ask")["until"])
    assert room.do(room.names[0], "time.ask")["until"] == first.isoformat()
    assert room.do(room.names[1], "time.ask")["until"] == (first + timedelta(hours=2)).isoformat()


def test_a_committee_that_cannot_be_filled_is_built_anew_and_its_opinions_are_void(room):
    to_scoring(room)
    room.score(room.names[0], room.flat())
    with pytest.raises(Refused, match="ACCESS"):
        room.do("staff1", "committee.void", reason="x")
    room.do("regulator", "committee.void", reason="备选专家不足")
    assert room.state == "OPENED"
    with pytest.raises(Refused, match="MEMBER"):
        room.ask(room.names[0], "room.view")
    begin = room.world.clock.now() + timedelta(hours=1)
    names = room.form(sites=SMALL, at=begin.isoformat(), until=(begin + timedelta(hours=6)).isoformat())
    room.seat()
    room.world.clock.moment = begin
    for name in names:
        room.come_in(name)
    room.elect(names)
    assert room.ask(names[0], "room.view")["mine"]["scores"] == {}
    assert room.stage == "PRELIM"
