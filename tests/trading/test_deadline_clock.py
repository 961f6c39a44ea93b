"""The clock against national standard time around a deadline: recorded, alarmed, and decided by the tenderer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from core import ledger, live
from core.access import SYSTEM, Role
from core.faults import Unusable
from core.rules import Refused
from core.sntp import Answer
from tests.sntp_server import TimeServer, silent
from trading.deadline import queries, timers
from trading.deadline.facts import STEPS
from trading.deadline.models import ClockReading
from trading.project.models import Case
from web import timers as bells

THREE = ("投标人甲", "投标人乙", "投标人丙")
SECOND = timedelta(seconds=1)
EVERY_ROLE = frozenset({Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR})


def _compared_with(stage, *servers: str) -> None:
    acts = stage.world.acts
    acts.house = replace(acts.house, config=replace(acts.house.config, ntp_servers=servers))


def _entries(stage, case: str, kind: str) -> list[dict[str, Any]]:
    with stage.world.read() as session:
        return [one.body for one in ledger.entries(session, f"case:{case}") if one.kind == kind]


def _note(stage, case: str, offset: str, step: str = "30 min") -> dict[str, Any]:
    """What the timer writes when the servers have said `offset`."""
    told = {"step": step, "deadline": stage.deadline(case).isoformat()}
    answer = Answer("ntp.test", Decimal(offset), Decimal("0.012"), 1)
    return stage.world.acts.act(timers.note, SYSTEM, case, told, [answer])


def _half_an_hour_before(stage, **more: Any) -> str:
    case = stage.announced(**more)
    stage.at(stage.deadline(case) - timedelta(minutes=30))
    return case


def _section(stage, case: str, *roles: Role) -> dict[str, Any]:
    with stage.world.read() as session:
        return queries.section(session, session.get_one(Case, case), frozenset(roles), stage.world.clock.moment)


def _waiting(stage, who: str = "招标人") -> list[str]:
    with stage.world.read() as session:
        return [one["case"] for one in queries.waiting_for(session, stage.people[who], stage.world.clock.moment)]


# -- measured and recorded --------------------------------------------------------------------------------------------


@pytest.mark.certify("A-97")
def test_before_every_deadline_the_offset_its_source_and_its_quality_are_recorded(stage) -> None:
    with TimeServer(0.25, stratum=1) as server:
        _compared_with(stage, server.name)
        case = stage.announced()
        for who in THREE:
            stage.bid(case, who)
        for before in (timedelta(minutes=30) + SECOND, *(step.before for step in STEPS)):
            stage.at(stage.deadline(case) - before)
            bells.run_once(stage.world.acts)
        found = _entries(stage, case, "clock.compared")
    assert [one["step"] for one in found] == ["30 min", "5 min", "deadline"]
    for one in found:
        assert (one["server"], one["stratum"]) == (server.name, 1)
        assert Decimal("0.1") < Decimal(one["offset"]) <= Decimal("0.25") and Decimal(one["delay"]) >= 0
        assert [each["server"] for each in one["answers"]] == [server.name] and "warnings" not in one
    with stage.world.read() as session:
        assert session.get_one(Case, case).state == "SEALED", "the deadline came all the same"


def test_whoever_was_away_asks_once_and_not_for_what_is_past(stage) -> None:
    with TimeServer() as server:
        _compared_with(stage, server.name)
        case = stage.announced()
        stage.at(stage.deadline(case))
        bells.run_once(stage.world.acts)
        assert server.asked == 1
    assert [one["step"] for one in _entries(stage, case, "clock.compared")] == ["deadline"]


def test_a_deadline_that_was_moved_is_not_compared_for(stage) -> None:
    with TimeServer() as server:
        _compared_with(stage, server.name)
        case = stage.announced()
        first = stage.deadline(case)
        stage.at(first - timedelta(days=10))
        stage.do("代理", "tender.clarify", case, text="修改工期要求", affects_bids=True)
        assert stage.deadline(case) > first
        stage.at(first)
        bells.run_once(stage.world.acts)
        assert server.asked == 0
        stage.at(stage.deadline(case) - timedelta(minutes=5))
        bells.run_once(stage.world.acts)
    assert [one["step"] for one in _entries(stage, case, "clock.compared")] == ["5 min"]


def test_nobody_is_asked_inside_a_transaction(stage) -> None:
    """The act behind the timer's name asks nobody; only the way outside of it does."""
    with TimeServer() as server:
        _compared_with(stage, server.name)
        case = _half_an_hour_before(stage)
        told = {"step": "30 min", "deadline": stage.deadline(case).isoformat()}
        assert stage.ring("clock.compare", case, **told) == {}
        assert server.asked == 0
        assert timers.compare(stage.world.acts, case, told)["alarm"] is False
        assert server.asked == 1


def test_a_timer_that_rings_twice_notes_one_comparison(stage) -> None:
    """Two looks at the same moment, or a process that died between the work and its mark."""
    with TimeServer() as server:
        _compared_with(stage, server.name)
        case = _half_an_hour_before(stage)
        told = {"step": "30 min", "deadline": stage.deadline(case).isoformat()}
        assert timers.compare(stage.world.acts, case, told) and timers.compare(stage.world.acts, case, told) == {}
    assert [one["step"] for one in _entries(stage, case, "clock.compared")] == ["30 min"]


def test_when_nobody_answers_the_cause_is_recorded_and_nothing_waits(stage, monkeypatch) -> None:
    monkeypatch.setattr("core.sntp.PATIENCE", 0.2)
    _compared_with(stage, silent())
    case = _half_an_hour_before(stage)
    bells.run_once(stage.world.acts)
    (found,) = _entries(stage, case, "clock.compared")
    assert found["offset"] == "" and found["stratum"] is None and "No response" in found["cause"]
    assert not _section(stage, case, *EVERY_ROLE)["waits"]


def test_without_a_server_nothing_is_recorded_and_the_record_says_so(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THREE}
    stage.at(stage.deadline(case))
    bells.run_once(stage.world.acts)
    stage.open_all(case, seals)
    assert _entries(stage, case, "clock.compared") == []
    with stage.world.read() as session:
        assert queries.record_part(session, session.get_one(Case, case)) == {
            "clock": None, "outages": [], "decisions": [],
        }  # fmt: skip


def test_the_time_to_unlock_is_compared_for_too(stage) -> None:
    with TimeServer() as server:
        _compared_with(stage, server.name)
        case = stage.announced()
        for who in THREE:
            stage.bid(case, who)
        stage.sealed(case)
        stage.begin(case, *THREE, window_minutes=30)
        stage.at(stage.deadline(case) + timedelta(minutes=29))
        bells.run_once(stage.world.acts)
    assert [one["step"] for one in _entries(stage, case, "clock.compared")] == ["window"]


# -- the alarm --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CLOCK-OFFSET", "allowed")
@pytest.mark.rule("CLOCK-OFFSET", "refused")
@pytest.mark.parametrize(
    ("offset", "alarm"), [("1.000", False), ("-1.000", False), ("1.001", True), ("-1.001", True), ("0.000", False)]
)
def test_a_second_is_borne_and_a_millisecond_more_is_an_alarm(stage, offset: str, alarm: bool) -> None:
    case = _half_an_hour_before(stage)
    assert _note(stage, case, offset)["alarm"] is alarm
    (entry,) = _entries(stage, case, "clock.compared")
    assert [one["rule"] for one in entry.get("warnings", [])] == ["CLOCK-OFFSET"] * alarm
    assert _waiting(stage) == [case] * alarm


@pytest.mark.parametrize(("ahead", "alarm"), [(1.0, False), (1.05, True), (-1.1, True)])
def test_from_the_line_to_the_alarm(stage, ahead: float, alarm: bool) -> None:
    with TimeServer(ahead) as server:
        _compared_with(stage, server.name)
        case = _half_an_hour_before(stage)
        bells.run_once(stage.world.acts)
    assert _section(stage, case, *EVERY_ROLE)["waits"] is alarm


@pytest.mark.parametrize(("lying", "right", "alarm"), [(60.0, 0.1, False), (0.0, 60.0, True)])
def test_one_of_three_servers_that_lies_changes_nothing(stage, lying: float, right: float, alarm: bool) -> None:
    with TimeServer(right) as one, TimeServer(lying) as liar, TimeServer(right) as other:
        _compared_with(stage, one.name, liar.name, other.name)
        case = _half_an_hour_before(stage)
        bells.run_once(stage.world.acts)
    assert _section(stage, case, *EVERY_ROLE)["waits"] is alarm
    (entry,) = _entries(stage, case, "clock.compared")
    assert len(entry["answers"]) == 3, "every answer is kept beside the median"


def test_the_alarm_stops_no_bidder_and_no_deadline(stage) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "30.000")
    for who in THREE:
        stage.bid(case, who)
    stage.sealed(case)
    stage.begin(case, *THREE)
    with stage.world.read() as session:
        assert session.get_one(Case, case).state == "OPENING"


@pytest.mark.parametrize(
    ("role", "seen"),
    [(Role.TENDERER, True), (Role.AGENCY, True), (Role.CENTRE, True), (Role.REGULATOR, True), (Role.AUDITOR, True),
     (Role.BIDDER, False), (Role.PUBLIC, False)],
)  # fmt: skip
def test_who_sees_the_alarm_and_who_decides(stage, role: Role, seen: bool) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "-2.500")
    found = _section(stage, case, role)
    assert [one["offset"] for one in found["alarms"]] == ["-2.500"] * seen
    assert (found["waits"], found["may"]) == (seen, role == Role.TENDERER)


# -- the decision -----------------------------------------------------------------------------------------------------


def test_the_tenderer_goes_on_with_a_written_reason(stage) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "2.000")
    with pytest.raises(Unusable, match="reason"):
        stage.do("招标人", "deadline.decide", case, decision="go_on")
    before = stage.deadline(case)
    stage.do("招标人", "deadline.decide", case, decision="go_on", reason="已校时，偏差不影响截止")
    assert stage.deadline(case) == before and _waiting(stage) == []
    (entry,) = _entries(stage, case, "deadline.kept")
    assert entry["reason"] == "已校时，偏差不影响截止" and [one["offset"] for one in entry["clock"]] == ["2.000"]
    with stage.world.read() as session:
        assert session.scalars(select(ClockReading)).one().decision_id


@pytest.mark.parametrize("who", ["代理", "交易中心", "监管", "投标人甲"])
def test_nobody_else_decides(stage, who: str) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "2.000")
    with pytest.raises(Refused):
        stage.do(who, "deadline.decide", case, decision="go_on", reason="x")


def test_without_an_alarm_or_an_outage_nobody_moves_a_deadline_by_this(stage) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "1.000")
    moment = (stage.deadline(case) + timedelta(days=1)).isoformat()
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "deadline.decide", case, decision="postpone", reason="x", deadline=moment)
    assert [one.rule for one in refused.value.breaches] == ["DEADLINE-DECIDE"]


def _alarm_at_the_deadline(stage) -> str:
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    stage.sealed(case)
    _note(stage, case, "2.000", "deadline")
    return case


@pytest.mark.parametrize(("late", "waits"), [(-SECOND, True), (0 * SECOND, False)])
@pytest.mark.parametrize("decision", ["go_on", "postpone"])
def test_an_alarm_alone_is_decided_before_the_sign_in_time_is_over(stage, decision: str, late, waits: bool) -> None:
    case = _alarm_at_the_deadline(stage)
    stage.arrive(case, *THREE)
    stage.at(stage.deadline(case) + timedelta(minutes=30) + late)
    more = {"deadline": (stage.deadline(case) + timedelta(days=1)).isoformat()} if decision == "postpone" else {}
    assert (_waiting(stage), _section(stage, case, Role.TENDERER)["may"]) == ([case] * waits, waits)
    if waits:
        stage.do("招标人", "deadline.decide", case, decision=decision, reason="x", **more)
        return
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "deadline.decide", case, decision=decision, reason="x", **more)
    assert [one.rule for one in refused.value.breaches] == ["DEADLINE-DECIDE"]


def test_going_on_after_an_alarm_alone_gives_nobody_more_time_to_sign_in(stage) -> None:
    case = _alarm_at_the_deadline(stage)
    stage.arrive(case, *THREE[:2])
    stage.at(stage.deadline(case) + timedelta(minutes=29))
    stage.do("招标人", "deadline.decide", case, decision="go_on", reason="x")
    stage.at(stage.deadline(case) + timedelta(minutes=30))
    stage.arrive(case, THREE[2])  # too late to be counted
    assert stage.ring("opening.attendance", case) == {"state": "FAILED"}


def test_the_alarm_is_told_to_supervisors_and_the_tenderer_not_to_the_hall(stage) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "2.000")
    with stage.world.read() as session:
        told = {name: [one.kind for one in live.since(session, name, 0)]
                for name in (f"hall:{case}", f"watch:{case}", f"org:{stage.people['招标人'].org}")}  # fmt: skip
    assert [name.partition(":")[0] for name, kinds in told.items() if "clock.alarm" in kinds] == ["watch", "org"]


def test_going_on_takes_no_new_deadline(stage) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "2.000")
    moment = (stage.deadline(case) + timedelta(days=1)).isoformat()
    with pytest.raises(Unusable, match="deadline"):
        stage.do("招标人", "deadline.decide", case, decision="go_on", reason="x", deadline=moment)


@pytest.mark.rule("POSTPONE", "allowed")
@pytest.mark.rule("POSTPONE", "refused")
def test_a_new_deadline_is_two_hours_away(stage) -> None:
    case = _half_an_hour_before(stage)
    _note(stage, case, "2.000")
    least = stage.world.clock.moment + timedelta(hours=2)
    said = {"decision": "postpone", "reason": "平台时间偏差"}
    for moment in (least - SECOND, stage.deadline(case), stage.deadline(case) - timedelta(days=1)):
        with pytest.raises(Refused) as refused:
            stage.do("招标人", "deadline.decide", case, **said, deadline=moment.isoformat())
        assert [one.rule for one in refused.value.breaches] == ["POSTPONE"]
    made = stage.do("招标人", "deadline.decide", case, **said, deadline=least.isoformat())
    assert stage.deadline(case) == least and made["state"] == "ANNOUNCED"


def test_a_new_deadline_is_later_than_the_old_one_also_days_before(stage) -> None:
    """An outage long before is none, an alarm may be early: a deadline is never brought forward."""
    case = _half_an_hour_before(stage)
    old = stage.deadline(case)
    _note(stage, case, "2.000")
    stage.do(
        "招标人",
        "deadline.decide",
        case,
        decision="postpone",
        reason="x",
        deadline=(old + timedelta(hours=9)).isoformat(),
    )
    stage.at(stage.deadline(case) - timedelta(minutes=30))
    _note(stage, case, "2.000")
    with pytest.raises(Refused):
        stage.do("招标人", "deadline.decide", case, decision="postpone", reason="x", deadline=old.isoformat())
