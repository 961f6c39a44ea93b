"""Lines that fall silent, halts and who lets them go on, the fault clock, nights, latecomers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from core.access import SYSTEM, Role
from core.doors import TABLE
from core.faults import Unusable
from core.ledger import EntryRow
from core.rules import Refused
from evaluation.committee.models import Committee
from evaluation.failures import lines, rules
from evaluation.failures.models import Halt, MemberLine
from evaluation.report.making import report_of
from evaluation.sitting.presence import Presence
from evaluation.views import is_member
from tests.evaluation.house import NOW, seated, to_scoring
from trading import procedures

MAIN, SUB = "420112", "420203"
MS = timedelta(milliseconds=1)


class Ear:
    """The server's side of presence: hears members and looks, on a clock the test holds."""

    def __init__(self, room, ahead: timedelta = timedelta(0)) -> None:
        self.room, self.presence, self.ahead = room, Presence(), ahead
        self.started = room.world.clock.now() - ahead

    def do(self, name: str, **said):
        return self.room.world.acts.act(TABLE[name].fn, SYSTEM, self.room.case, said)

    def hear(self, *names: str) -> None:
        for name in names:
            member = self.room.place(name).id
            self.presence.beat(self.room.case, member, self.room.world.clock.now() - self.ahead)
            self.do("member.beat", member=member)

    def look(self) -> list[str]:
        with self.room.world.read() as session:
            now = self.room.world.clock.now()
            found = [one for case in lines.restless(session, self.presence, self.started, now - self.ahead)
                     for one in lines.due(session, case, self.presence, self.started, now, self.ahead)]  # fmt: skip
        for name, said in found:
            self.do(name, **said)
        return [name for name, _said in found]


def pass_time(room, **span) -> None:
    room.world.clock.moment += timedelta(**span)


def line(room, name: str) -> MemberLine:
    with room.world.read() as session:
        return session.get(MemberLine, room.place(name).id)


def entries(room, kind: str) -> list[dict]:
    with room.world.read() as session:
        rows = session.scalars(select(EntryRow).where(EntryRow.case == room.case, EntryRow.kind == kind))
        return [json.loads(row.body) for row in rows]


def of_site(room, site: str) -> list[str]:
    return [name for name in room.names if room.place(name).site == site]


def halt(room) -> dict | None:
    return room.ask("regulator", "room.watch")["halt"]


# -- presence ---------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-154")
@pytest.mark.parametrize(("silence", "lost"), [
    pytest.param(timedelta(seconds=30), False, marks=pytest.mark.rule("LINE-LOST", "allowed")),
    pytest.param(timedelta(seconds=30) + MS, True, marks=pytest.mark.rule("LINE-LOST", "refused")),
])  # fmt: skip
def test_silence_of_more_than_thirty_seconds_is_recorded_once_and_so_is_coming_back(room, silence, lost):
    ear, name = Ear(room), room.names[0]
    ear.hear(name)
    heard = room.world.clock.moment
    room.world.clock.moment += silence
    assert ear.look() == (["member.offline"] if lost else [])
    assert ear.look() == []
    assert line(room, name).away_at == (heard if lost else None)
    seen = room.ask("regulator", "room.watch")
    assert [one["since"] for one in seen["alarms"]] == ([heard.isoformat()] if lost else [])
    ear.hear(name)
    assert line(room, name).away_at is None
    kinds = [len(entries(room, kind)) for kind in ("member.offline", "member.back")]
    assert kinds == ([1, 1] if lost else [0, 0])


def test_whoever_was_never_heard_is_not_lost_and_after_a_restart_there_is_time_to_come_back(room):
    ear, name = Ear(room), room.names[0]
    ear.hear(name)
    pass_time(room, hours=1)
    again = Ear(room)  # a new process: it has heard nobody yet
    assert again.look() == []
    pass_time(room, seconds=30)
    assert again.look() == []
    pass_time(room, seconds=1)
    assert again.look() == ["member.offline"]
    assert len(entries(room, "member.offline")) == 1


def test_a_demo_clock_that_is_moved_cuts_nobody_off(room):
    ear, name = Ear(room), room.names[0]
    ear.hear(name)
    room.world.clock.moment += timedelta(hours=3)
    ear.ahead = timedelta(hours=3)
    assert ear.look() == []


@pytest.mark.parametrize(("away", "alarm"), [
    pytest.param(timedelta(minutes=10), False, marks=pytest.mark.rule("SEAT-AWAY", "allowed")),
    pytest.param(timedelta(minutes=10) + MS, True, marks=pytest.mark.rule("SEAT-AWAY", "refused")),
])  # fmt: skip
def test_a_seat_away_for_more_than_ten_minutes_alarms_once(room, away, alarm):
    ear = Ear(room)
    ear.hear(*room.names)
    begin = room.world.clock.moment
    room.world.clock.moment += timedelta(minutes=1)
    ear.hear(*room.names[1:])
    ear.look()
    room.world.clock.moment = begin + away
    ear.hear(*room.names[1:])
    assert ear.look() == (["sitting.look"] if alarm else [])
    assert ear.look() == []
    assert len(entries(room, "seat.alarm")) == alarm
    for who, question in (("regulator", "room.watch"), ("staff1", "room.venue"), (room.names[1], "room.view")):
        assert [one["long"] for one in room.ask(who, question)["alarms"]] == [alarm]
    assert halt(room) is None


def restless(room, ear: Ear) -> bool:
    with room.world.read() as session:
        return bool(lines.restless(session, ear.presence, ear.started, room.world.clock.now()))


def test_a_sitting_in_which_all_are_heard_costs_no_look_of_its_own(room):
    ear = Ear(room)
    ear.hear(*room.names)
    assert not restless(room, ear)
    room.world.clock.moment += lines.HEARD
    assert not restless(room, ear)
    room.world.clock.moment += MS
    assert restless(room, ear)
    ear.hear(*room.names)
    assert not restless(room, ear)
    ear.do("member.offline", member=room.place(room.names[0]).id, since=room.world.clock.now().isoformat())
    assert restless(room, ear), "who is away is looked at until they are back"
    ear.hear(room.names[0])
    assert not restless(room, ear)
    room.do("staff2", "site.cut", reason="光缆中断")
    assert restless(room, ear), "and a site of which its venue says that it is cut off"
    room.do("staff2", "site.back")
    assert not restless(room, ear)


def test_a_sitting_that_has_not_begun_is_looked_at(house):
    house = seated(house)
    assert restless(house, Ear(house))


@pytest.mark.parametrize("procedure", sorted(procedures.TYPES))
def test_silence_is_looked_at_long_before_it_is_an_absence(procedure):
    book = procedures.of(procedure).rules.at(NOW.date(), MAIN)
    if "LINE-LOST" in book:  # one that is evaluated in rooms
        assert rules.lost_after(book) > 2 * lines.HEARD


# -- a whole site -----------------------------------------------------------------------------------------------------


def cut_site(room, ear: Ear, site: str = SUB) -> datetime:
    """Everybody is heard, then the members of one site fall silent; since when."""
    ear.hear(*room.names)
    since = room.world.clock.moment
    pass_time(room, seconds=31)
    ear.hear(*[name for name in room.names if name not in of_site(room, site)])
    ear.look()
    return since


@pytest.mark.parametrize(("out", "paused"), [
    pytest.param(timedelta(minutes=30), False, marks=pytest.mark.rule("SITE-OUT", "allowed")),
    pytest.param(timedelta(minutes=30) + MS, True, marks=pytest.mark.rule("SITE-OUT", "refused")),
])  # fmt: skip
def test_a_site_out_for_more_than_thirty_minutes_pauses_the_sitting_by_itself(room, out, paused):
    ear = Ear(room)
    since = cut_site(room, ear)
    room.world.clock.moment = since + out
    ear.hear(*of_site(room, MAIN))
    ear.look()
    found = halt(room)
    assert (found is not None) == paused
    if paused:
        assert (found["kind"], found["cause"], found["site"]) == ("tech", "site", SUB)
        assert found["since"] == since.isoformat()
        assert entries(room, "sitting.paused")[0]["site"] == SUB
        with pytest.raises(Refused, match="PAUSED"):
            room.mark(room.names[0])
    else:
        room.mark(room.names[0])


def test_one_member_of_a_site_who_is_heard_keeps_the_sitting_going(room):
    ear = Ear(room)
    ear.hear(*room.names)
    kept = of_site(room, SUB)[0]
    for _ in range(70):
        pass_time(room, seconds=29)
        ear.hear(kept, *of_site(room, MAIN))
        ear.look()
    assert halt(room) is None


@pytest.mark.parametrize(("out", "paused"), [(timedelta(minutes=30), False), (timedelta(minutes=30) + MS, True)])
def test_a_venue_that_reports_itself_cut_off_counts_as_silent(room, out, paused):
    ear = Ear(room)
    room.do("staff2", "site.cut", reason="光缆中断")
    with pytest.raises(Refused, match="SITE-CUT"):
        room.do("staff2", "site.cut", reason="光缆中断")
    room.world.clock.moment += out
    ear.look()
    assert (halt(room) is not None) == paused
    if paused:
        with pytest.raises(Refused, match="SITE-STILL"):
            room.do("regulator", "halt.confirm", reason="x")
    room.do("staff2", "site.back")
    with pytest.raises(Refused, match="SITE-CUT"):
        room.do("staff2", "site.back")
    kinds = [one["kind"] for one in room.ask("regulator", "room.watch")["incidents"]]
    assert kinds == ["site.cut", *["paused"] * paused, "site.back"]


@pytest.mark.parametrize("who", ["tenderer", "agency", "regulator", "甲", "admin", "auditor"])
def test_only_a_booked_venue_reports_itself(room, who):
    with pytest.raises(Refused, match="ACCESS"):
        room.do(who, "site.cut", reason="x")


# -- going on needs two -----------------------------------------------------------------------------------------------


@pytest.fixture
def cut(room):
    """A technical pause after the sub-venue fell silent; all are back."""
    room.ear = Ear(room)
    since = cut_site(room, room.ear)
    room.world.clock.moment = since + timedelta(minutes=31)
    room.ear.hear(*of_site(room, MAIN))
    room.ear.look()
    room.ear.hear(*room.names)
    return room


@pytest.mark.parametrize("order", [("regulator", 0), (0, "regulator")])
def test_supervisor_and_leader_let_it_go_on_in_any_order(cut, order):
    first, last = (cut.names[one] if isinstance(one, int) else one for one in order)
    assert len(cut.do(first, "halt.confirm", reason="线路恢复")["waiting"]) == 1
    assert halt(cut) is not None
    with pytest.raises(Refused, match="HALT-SAID"):
        cut.do(first, "halt.confirm", reason="again")
    with pytest.raises(Refused, match="PAUSED"):
        cut.mark(cut.names[0])
    assert cut.do(last, "halt.confirm", reason="设备正常")["waiting"] == []
    assert halt(cut) is None
    cut.mark(cut.names[0])
    assert sorted(entries(cut, "sitting.resumed")[0]["confirmed"]) == ["leader", "supervisor"]
    assert not any(cut.people[cut.names[0]] in str(one) for one in entries(cut, "halt.confirmed"))


def test_neither_staff_nor_another_member_nor_strangers_let_a_technical_pause_go_on(cut):
    with pytest.raises(Refused, match="HALT-KIND"):
        cut.do("staff1", "sitting.resume", reason="x")
    with pytest.raises(Refused, match="HALT-KIND"):
        cut.do("regulator", "sitting.resume", reason="x")
    for who, rule in ((cut.names[1], "LEADER"), ("staff1", "LEADER"), ("staff2", "CENTRE"), ("auditor", "ACCESS")):
        with pytest.raises(Refused, match=rule):
            cut.do(who, "halt.confirm", reason="x")
    cut.org("org-other", "regulator")
    cut.person("other", Role.REGULATOR, "org-other")
    with pytest.raises(Refused, match="SUPERVISOR"):
        cut.do("other", "halt.confirm", reason="x")


def test_nobody_goes_on_while_a_member_is_still_offline(cut):
    gone = of_site(cut, SUB)[0]
    pass_time(cut, seconds=31)
    cut.ear.hear(*[name for name in cut.names if name != gone])
    cut.ear.look()
    with pytest.raises(Refused, match="STILL-AWAY"):
        cut.do("regulator", "halt.confirm", reason="x")
    assert halt(cut)["offline"] == [cut.place(gone).id]
    cut.ear.hear(gone)
    cut.do("regulator", "halt.confirm", reason="x")


def test_with_the_leader_gone_the_main_venue_confirms_and_a_new_leader_is_elected(cut):
    cut.do("regulator", "halt.confirm", reason="x")
    leader = cut.names[0]
    cut.do("regulator", "member.remove", member=cut.place(leader).id, reason="无法返回")
    assert halt(cut)["waiting"] == ["venue"]
    assert cut.do("staff1", "halt.confirm", reason="主场代为确认")["waiting"] == []
    assert cut.stage == "SIGN_IN"
    spare = cut.name_of(cut.members("invited")[0])
    cut.do(spare, "invitation.answer", answer="accept")
    cut.seat()
    cut.come_in(spare)
    assert cut.stage == "LEADER"
    cut.names = [*cut.names[1:], spare]
    cut.elect(cut.names)
    assert cut.stage == "PRELIM"


def test_an_ordinary_pause_is_ended_by_staff_and_a_declared_fault_needs_two(room):
    room.do("staff2", "sitting.pause", reason="用餐")
    with pytest.raises(Refused, match="PAUSED"):
        room.do("staff1", "sitting.pause", reason="x")
    with pytest.raises(Refused, match="HALT-KIND"):
        room.do("regulator", "halt.confirm", reason="x")
    room.do("staff1", "sitting.resume", reason="恢复")
    room.do("staff2", "sitting.pause", reason="断电", technical=True)
    with pytest.raises(Refused, match="HALT-KIND"):
        room.do("staff2", "sitting.resume", reason="x")
    room.do("regulator", "halt.confirm", reason="x")
    room.do(room.names[0], "halt.confirm", reason="x")
    with pytest.raises(Refused, match="PAUSED"):
        room.do("regulator", "halt.confirm", reason="x")


# -- the fault clock --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("long", "allowed"), [
    pytest.param(timedelta(hours=4), True, marks=pytest.mark.rule("HALT-LONG", "allowed")),
    pytest.param(timedelta(hours=4) + MS, False, marks=pytest.mark.rule("HALT-LONG", "refused")),
])  # fmt: skip
@pytest.mark.parametrize("technical", [True, False])
def test_an_interruption_lasts_four_hours_and_then_only_remedies_are_left(room, long, allowed, technical):
    room.do("staff1", "sitting.pause", reason="断电", technical=technical)
    room.world.clock.moment += long
    act = "halt.confirm" if technical else "sitting.resume"
    assert halt(room)["used_up"] is not allowed
    if allowed:
        room.do("regulator", act, reason="x")
        return
    with pytest.raises(Refused, match="HALT-LONG"):
        room.do("regulator", act, reason="x")
    room.check_seats()
    mover = of_site(room, SUB)[0]
    free = next(one for one in room.ask("staff2", "room.venue")["spares"][room.place(mover).id] if not one["breaches"])
    room.do("staff2", "seat.change", member=room.place(mover).id, seat=free["seat"], reason="原工位断电")
    assert halt(room)["used_up"] is False
    room.do("regulator", act, reason="换至备用工位")


@pytest.mark.parametrize(("late", "allowed"), [
    pytest.param(timedelta(hours=2), True, marks=pytest.mark.rule("START-WAIT", "allowed")),
    pytest.param(timedelta(hours=2) + MS, False, marks=pytest.mark.rule("START-WAIT", "refused")),
])  # fmt: skip
@pytest.mark.parametrize("looked", [True, False])
def test_the_start_waits_two_hours_for_a_complete_committee(house, late, allowed, looked):
    seated(house)
    ear = Ear(house)
    for name in house.names[:-1]:
        house.come_in(name)
    house.world.clock.moment = NOW + timedelta(hours=1) + late
    if looked:
        assert ear.look() == ([] if allowed else ["sitting.look"])
    house.do(f"staff{1 if house.place(house.names[-1]).site == MAIN else 2}", "door.open", reason="航班延误")
    house.come_in(house.names[-1])
    if allowed:
        house.elect(house.names)
        assert house.stage == "PRELIM"
        return
    with pytest.raises(Refused, match="PAUSED" if looked else "START-WAIT"):
        house.elect(house.names)
    ear.look()
    assert halt(house)["cause"] == "start"
    with pytest.raises(Refused, match="START-WAIT"):
        house.do("regulator", "halt.confirm", reason="x")
    house.do("regulator", "committee.void", reason="未能按时开始")
    assert house.state == "OPENED"


def test_a_start_that_waited_too_long_goes_on_with_a_replacement(house):
    seated(house)
    ear = Ear(house)
    for name in house.names[:-1]:
        house.come_in(name)
    house.world.clock.moment = NOW + timedelta(hours=3, minutes=1)
    ear.look()
    house.do("regulator", "member.remove", member=house.place(house.names[-1]).id, reason="未到")
    spare = house.name_of(house.members("invited")[0])
    house.do(spare, "invitation.answer", answer="accept")
    house.seat()
    house.come_in(spare)  # a replacement comes when it can: the door asks nothing
    house.names = [*house.names[:-1], spare]
    house.do("regulator", "halt.confirm", reason="已更换")
    house.do("staff1", "halt.confirm", reason="已更换")
    house.elect(house.names)
    assert house.stage == "PRELIM"


# -- the door ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "allowed"), [
    pytest.param(timedelta(minutes=5), True, marks=pytest.mark.rule("ENTRY-DOOR", "allowed")),
    pytest.param(timedelta(minutes=5) + MS, False, marks=pytest.mark.rule("ENTRY-DOOR", "refused")),
])  # fmt: skip
def test_the_door_closes_five_minutes_after_the_start_and_its_venue_opens_it_again(house, late, allowed):
    seated(house)
    name = house.names[0]
    house.certify(name)
    house.world.clock.moment = NOW + timedelta(hours=1) + late
    assert house.ask(name, "room.view")["door_closed"] is not allowed
    if allowed:
        house.do(name, "sitting.signin")
        return
    with pytest.raises(Refused, match="ENTRY-DOOR"):
        house.do(name, "sitting.signin")
    own, other = ("staff1", "staff2") if house.place(name).site == MAIN else ("staff2", "staff1")
    house.do(other, "door.open", reason="x")
    with pytest.raises(Refused, match="ENTRY-DOOR"):
        house.do(name, "sitting.signin")
    house.do(own, "door.open", reason="交通事故")
    house.world.clock.moment += timedelta(minutes=5) + MS
    with pytest.raises(Refused, match="ENTRY-DOOR"):
        house.do(name, "sitting.signin")
    house.do(own, "door.open", reason="交通事故")
    house.world.clock.moment += timedelta(minutes=5)
    assert house.do(name, "sitting.signin")["seat"]


@pytest.mark.parametrize("who", ["tenderer", "agency", "regulator", "甲", "admin", "auditor"])
def test_only_a_venue_opens_the_door(house, who):
    seated(house)
    with pytest.raises(Refused, match="ACCESS"):
        house.do(who, "door.open", reason="x")


# -- over night -------------------------------------------------------------------------------------------------------


def freeze(room, who: str = "staff1", hours: int = 14) -> datetime:
    until = room.world.clock.now() + timedelta(hours=hours)
    room.do(who, "sitting.freeze", reason="隔夜评标", until=until.isoformat())
    return until


def test_a_frozen_sitting_is_neither_worked_on_nor_read_and_goes_on_when_all_have_come_back(room):
    to_scoring(room)
    room.score(room.names[0], room.flat(), lock=False)
    before = datetime.fromisoformat(room.ask(room.names[0], "room.view")["until"])
    ear = Ear(room)
    ear.hear(*room.names)
    began, until = room.world.clock.now(), freeze(room)
    for name in room.names:
        with pytest.raises(Refused, match="PAUSED"):
            room.do(name, "score.save", bid=room.bids["甲"], criterion="plan", points="1")
        view = room.ask(name, "room.view")
        assert not {"bids", "mine", "clarifications", "summary", "bonds"} & set(view)
        assert view["tasks"] == []
        with room.world.read() as session:
            assert not is_member(session, room.actor(name), room.case)
    room.world.clock.moment = until - timedelta(seconds=1)
    assert ear.look() == []  # nobody is missed over night
    with pytest.raises(Refused, match="OVERNIGHT"):
        room.do(room.names[0], "sitting.rejoin")
    room.world.clock.moment = until
    for name in room.names[:-1]:
        assert room.do(name, "sitting.rejoin")["back"] is False
        assert "bids" not in room.ask(name, "room.view")
    assert room.do(room.names[0], "sitting.rejoin")["back"] is False  # once more changes nothing
    assert len(halt(room)["back"]) == len(room.names) - 1
    assert room.do(room.names[-1], "sitting.rejoin")["back"] is True
    view = room.ask(room.names[0], "room.view")
    assert view["mine"]["scores"][room.bids["甲"]]["plan"] == "90"
    assert datetime.fromisoformat(view["until"]) == before + (until - began)
    room.score(room.names[0], room.flat())


def test_whoever_does_not_come_back_is_replaced_and_the_newcomer_counts_as_back(room):
    room.world.clock.moment = freeze(room, "regulator", 2)
    gone = next(name for name in room.names[1:])
    for name in room.names:
        if name != gone:
            room.do(name, "sitting.rejoin")
    room.do("regulator", "member.remove", member=room.place(gone).id, reason="未返回")
    spare = room.name_of(room.members("invited")[0])
    room.do(spare, "invitation.answer", answer="accept")
    room.seat()
    room.come_in(spare)
    assert halt(room) is None
    assert room.stage == "PRELIM"


@pytest.mark.parametrize("who", ["tenderer", "agency", "甲", "admin", "auditor"])
def test_only_venue_or_regulator_freeze(room, who):
    with pytest.raises(Refused, match="ACCESS"):
        freeze(room, who)


def test_a_freeze_lies_ahead_and_a_fault_may_turn_into_one(room):
    with pytest.raises(Refused, match="OVERNIGHT"):
        freeze(room, hours=0)
    room.do("staff1", "sitting.pause", reason="断电", technical=True)
    pass_time(room, hours=5)
    for who in ("staff1", "staff2"):  # the two words of a technical pause are not gone round by its own venue
        with pytest.raises(Refused, match="SUPERVISOR"):
            freeze(room, who)
    assert halt(room)["kind"] == "tech"
    until = freeze(room, "regulator")
    assert halt(room)["kind"] == "overnight"
    with pytest.raises(Refused, match="PAUSED"):
        freeze(room)
    with pytest.raises(Refused, match="HALT-KIND"):
        room.do("regulator", "sitting.resume", reason="x")
    room.world.clock.moment = until
    for name in room.names:
        room.do(name, "sitting.rejoin")
    assert halt(room) is None
    with room.world.read() as session:
        assert [one.ended for one in session.scalars(select(Halt).order_by(Halt.from_at))] == ["overnight", "resumed"]


@pytest.mark.parametrize(("long", "allowed"), [
    pytest.param(timedelta(hours=72), True, marks=pytest.mark.rule("NIGHT-LONG", "allowed")),
    pytest.param(timedelta(hours=72) + MS, False, marks=pytest.mark.rule("NIGHT-LONG", "refused")),
])  # fmt: skip
@pytest.mark.parametrize("anew", [False, True])
def test_a_night_lasts_three_days_at_most_also_when_its_hour_is_set_anew(room, long, allowed, anew):
    latest, who = room.world.clock.now() + long, "regulator" if anew else "staff1"
    if anew:
        freeze(room)
        pass_time(room, hours=1)
    if not allowed:
        with pytest.raises(Refused, match="NIGHT-LONG"):
            room.do(who, "sitting.freeze", reason="x", until=latest.isoformat())
        return
    room.do(who, "sitting.freeze", reason="x", until=latest.isoformat())
    assert datetime.fromisoformat(halt(room)["go_on_at"]) == latest


def test_the_supervisor_alone_sets_the_hour_of_a_night_anew(room):
    room.do("staff1", "sitting.pause", reason="用餐")
    freeze(room, hours=70)  # a wrong day
    with pytest.raises(Refused, match="PAUSED"):
        freeze(room, "staff2")
    with pytest.raises(Refused, match="OVERNIGHT"):
        freeze(room, "regulator", 0)
    until = freeze(room, "regulator")
    assert (halt(room)["kind"], halt(room)["go_on_at"]) == ("overnight", until.isoformat())
    assert [one["until"] for one in entries(room, "sitting.hour_moved")] == [until.isoformat()]
    assert room.ask("regulator", "room.watch")["incidents"][-1]["kind"] == "sitting.hour_moved"
    room.world.clock.moment = until
    for name in room.names:
        room.do(name, "sitting.rejoin")
    assert halt(room) is None


# -- duties and the minutes -------------------------------------------------------------------------------------------


@pytest.mark.certify("A-132")
def test_leader_and_main_venue_say_who_looks_after_what(room):
    leader, other = room.names[0], room.names[1]
    room.do(leader, "duty.assign", member=room.place(other).id, text="技术标")
    room.do("staff1", "duty.assign", member=room.place(leader).id, text="商务标")
    for who, question in ((other, "room.view"), ("regulator", "room.watch"), ("staff2", "room.venue")):
        assert sorted(room.ask(who, question)["duties"].values()) == ["商务标", "技术标"]
    for who, rule in ((other, "LEADER"), ("staff2", "CENTRE"), ("regulator", "ACCESS"), ("甲", "ACCESS")):
        with pytest.raises(Refused, match=rule):
            room.do(who, "duty.assign", member=room.place(other).id, text="x")
    with pytest.raises(Unusable, match="text"):
        room.do(leader, "duty.assign", member=room.place(other).id, text="长" * 41)
    with pytest.raises(Unusable, match="member"):
        room.do(leader, "duty.assign", member="nobody", text="x")


def test_every_interruption_stands_in_the_report_with_cause_times_and_words(cut):
    cut.do("regulator", "halt.confirm", reason="线路恢复")
    pass_time(cut, seconds=1)
    cut.do(cut.names[0], "halt.confirm", reason="设备正常")
    cut.do(cut.names[0], "duty.assign", member=cut.place(cut.names[1]).id, text="技术标")
    to_scoring(cut)
    for name in cut.names:
        cut.score(name, cut.flat())
    document = cut.do(cut.names[0], "report.make")["document"]
    with cut.world.read() as session:
        committee = session.scalars(select(Committee).where(Committee.case_id == cut.case)).one()
        record = report_of(session, committee).record
    (one,) = record["interruptions"]
    assert (one["kind"], one["cause"], one["site"], one["ended"]) == ("tech", "site", SUB, "resumed")
    assert [given["party"] for given in one["confirmed"]] == ["supervisor", "leader"]
    assert one["from"] < one["until"]
    assert {row["duty"] for row in record["committee"]} == {"", "技术标"}
    assert record["mode"] == "FUSED_MAIN_DISPERSED"
    assert document
