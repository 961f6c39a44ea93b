"""The platform's own heartbeats around a deadline: an outage stops the opening until the tenderer has decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core import heartbeat, ledger, live
from core.access import SYSTEM, Role
from core.clock import DemoClock, SystemClock
from core.heartbeat import PAGE, PROCESSES, STREAM, UPLOAD, Heartbeat
from core.jobs import DueJob
from core.rules import Refused
from trading.bidding.models import Bid
from trading.deadline import outages, queries
from trading.deadline.models import Outage
from trading.opening import queries as hall_queries
from trading.opening.models import SignIn
from trading.procedures import TYPES
from trading.project.models import Case, CaseDocument
from web import pulse

THREE = ("投标人甲", "投标人乙", "投标人丙")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LIMIT = timedelta(seconds=90)
REASON = "平台已恢复，经核实"


def _beat(stage, at: datetime, *processes: str) -> None:
    now = stage.world.clock.moment
    stage.at(at)
    stage.world.acts.act(heartbeat.beat, SYSTEM, *(processes or PROCESSES))
    stage.at(max(now, at))


def _steady(stage, since: datetime, until: datetime, *processes: str) -> None:
    at = since
    while at < until:
        _beat(stage, at, *processes)
        at += heartbeat.EVERY
    _beat(stage, until, *processes)


def _bids(stage, *, bidders: tuple[str, ...] = THREE, **more: Any) -> tuple[str, dict[str, Any]]:
    """A tender with bids whose platform has run until an hour before the deadline."""
    case = stage.announced(**more)
    seals = {who: stage.bid(case, who) for who in bidders}
    _steady(stage, stage.deadline(case) - 61 * MINUTE, stage.deadline(case) - 60 * MINUTE)
    return case, seals


def _silent(stage, *, bidders: tuple[str, ...] = THREE) -> tuple[str, dict[str, Any]]:
    """…and was silent from then until a minute after the deadline."""
    case, seals = _bids(stage, bidders=bidders)
    _beat(stage, stage.deadline(case) + MINUTE)
    stage.ring("tender.deadline", case)
    return case, seals


def _state(stage, case: str) -> str:
    with stage.world.read() as session:
        return session.get_one(Case, case).state


def _kinds(stage, case: str) -> list[str]:
    with stage.world.read() as session:
        return [one.kind for one in ledger.entries(session, f"case:{case}")]


def _shown(stage, case: str, *roles: Role) -> dict[str, Any]:
    with stage.world.read() as session:
        return queries.section(session, session.get_one(Case, case), frozenset(roles), stage.world.clock.moment)


def _refused(stage, who: str, act: str, case: str, **payload: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        stage.do(who, act, case, **payload)
    return [one.rule for one in refused.value.breaches]


def _go_on(stage, case: str) -> dict[str, Any]:
    return stage.do("招标人", "deadline.decide", case, decision="go_on", reason=REASON)


def _postpone(stage, case: str, by: timedelta = timedelta(days=1)) -> datetime:
    moment = stage.world.clock.moment + by
    stage.do("招标人", "deadline.decide", case, decision="postpone", reason=REASON, deadline=moment.isoformat())
    return moment


# -- the limits -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("OUTAGE/gap", "allowed")
@pytest.mark.rule("OUTAGE/gap", "refused")
@pytest.mark.parametrize(("longer", "stopped"), [(0 * SECOND, False), (SECOND, True)])
@pytest.mark.parametrize("process", PROCESSES)
def test_a_gap_of_exactly_the_limit_is_none_and_a_second_more_is_one(stage, process, longer, stopped) -> None:
    case, _ = _bids(stage)
    end, other = stage.deadline(case), UPLOAD if process == PAGE else PAGE
    _steady(stage, end - 60 * MINUTE, end, other)
    _steady(stage, end - 60 * MINUTE, end - 10 * MINUTE, process)
    _steady(stage, end - 10 * MINUTE + LIMIT + longer, end, process)
    stage.ring("tender.deadline", case)
    stage.arrive(case, *THREE)
    if stopped:
        assert _refused(stage, "交易中心", "opening.begin", case) == ["OUTAGE"]
        (found,) = _shown(stage, case)["outages"]
        assert (found["process"], found["since"]) == (process, end - 10 * MINUTE)
        assert found["until"] == end - 10 * MINUTE + LIMIT + longer
    else:
        stage.do("交易中心", "opening.begin", case)
    assert _kinds(stage, case).count("outage.noted") == stopped


@pytest.mark.rule("OUTAGE", "allowed")
@pytest.mark.rule("OUTAGE", "refused")
@pytest.mark.parametrize(("into", "stopped"), [(0 * SECOND, False), (SECOND, True)])
def test_a_gap_that_ends_before_the_last_half_hour_is_no_matter(stage, into, stopped) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 30 * MINUTE + into, end)
    stage.ring("tender.deadline", case)
    stage.arrive(case, *THREE)
    if stopped:
        assert _refused(stage, "代理", "opening.begin", case) == ["OUTAGE"] * 2
    else:
        stage.do("代理", "opening.begin", case)


def test_uploads_matter_until_the_deadline_and_pages_until_the_sign_in_is_over(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end + 20 * MINUTE, PAGE)
    _steady(stage, end - 60 * MINUTE, end, UPLOAD)
    stage.at(end)
    stage.ring("tender.deadline", case)
    stage.at(end + 20 * MINUTE)
    stage.arrive(case, *THREE)
    stage.do("交易中心", "opening.begin", case)


def test_silence_that_still_lasts_counts_and_gets_its_end_later(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end + 2 * MINUTE, PAGE)
    _steady(stage, end - 60 * MINUTE, end - 5 * MINUTE, UPLOAD)
    stage.at(end)
    stage.ring("tender.deadline", case)
    assert [(one["process"], one["until"]) for one in _shown(stage, case)["outages"]] == [(UPLOAD, None)]
    _beat(stage, end + 2 * MINUTE, UPLOAD)
    pulse.once(stage.world.acts, PAGE)
    assert [(one["process"], one["until"]) for one in _shown(stage, case)["outages"]] == [(UPLOAD, end + 2 * MINUTE)]
    assert [kind for kind in _kinds(stage, case) if kind.startswith("outage.")] == ["outage.noted", "outage.ended"]


def test_a_database_no_server_has_served_knows_no_outage(stage) -> None:
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    stage.sealed(case)
    stage.begin(case, *THREE)
    assert _state(stage, case) == "OPENING"


def test_the_beats_begin_before_every_rule_asks_for_them() -> None:
    for kind in TYPES.values():
        for row in kind.rules.rows:
            if row.id == "OUTAGE":
                assert timedelta(minutes=row.number) < outages.AHEAD
            if row.id == "OUTAGE/gap":
                assert timedelta(seconds=row.number) > heartbeat.EVERY * 2
            if row.id == "POSTPONE":
                assert timedelta(hours=row.number) > timedelta(minutes=30), "a new deadline has its own last half hour"


# -- the opening waits ------------------------------------------------------------------------------------------------


def test_an_outage_across_the_deadline_stops_the_opening_for_all_to_see(stage) -> None:
    case, _ = _silent(stage)
    end = stage.deadline(case)
    assert _state(stage, case) == "SEALED"
    stage.arrive(case, *THREE)
    for host in ("交易中心", "代理"):
        assert _refused(stage, host, "opening.begin", case) == ["OUTAGE", "OUTAGE"]
    for role in (Role.PUBLIC, Role.BIDDER, Role.AGENCY, Role.CENTRE, Role.REGULATOR):
        found = _shown(stage, case, role)
        assert {one["process"] for one in found["outages"]} == set(PROCESSES) and found["waits"] and not found["may"]
        assert all((one["since"], one["until"]) == (end - 60 * MINUTE, end + MINUTE) for one in found["outages"])
    assert _shown(stage, case, Role.TENDERER)["may"]
    with stage.world.read() as session:
        now = stage.world.clock.moment
        assert [one["case"] for one in queries.waiting_for(session, stage.people["招标人"], now)] == [case]
        assert queries.waiting_for(session, stage.people["代理"], now) == []
        assert "outage.noted" in [one.kind for one in live.since(session, f"hall:{case}", 0)]


def test_a_sign_in_time_that_was_cut_off_fails_nobody(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end)
    stage.ring("tender.deadline", case)
    assert _state(stage, case) == "SEALED" and "outage.noted" not in _kinds(stage, case)
    _beat(stage, end + 45 * MINUTE)
    stage.ring("opening.attendance", case)
    assert _state(stage, case) == "SEALED", "nobody could sign in: nobody is absent"
    assert [one["process"] for one in _shown(stage, case)["outages"]] == [PAGE]
    _go_on(stage, case)
    decided = stage.world.clock.moment
    with stage.world.read() as session:
        assert hall_queries.schedule(session.get_one(Case, case)).until == decided + 30 * MINUTE
        due = select(DueJob).where(DueJob.act == "opening.attendance", DueJob.at == decided + 30 * MINUTE)
        assert session.scalar(due) is not None
    _steady(stage, decided, decided + 29 * MINUTE)
    stage.begin(case, *THREE)
    assert _state(stage, case) == "OPENING"


def test_after_the_decision_too_few_fail_as_ever(stage) -> None:
    case, _ = _silent(stage)
    _go_on(stage, case)
    decided = stage.world.clock.moment
    stage.arrive(case, *THREE[:2])
    _steady(stage, decided, decided + 30 * MINUTE)
    stage.ring("opening.attendance", case)
    assert _state(stage, case) == "FAILED"


def test_a_new_outage_in_the_new_sign_in_time_is_asked_about_again(stage) -> None:
    case, _ = _silent(stage)
    _go_on(stage, case)
    decided = stage.world.clock.moment
    _beat(stage, decided + 20 * MINUTE)
    stage.arrive(case, *THREE)
    assert _refused(stage, "交易中心", "opening.begin", case) == ["OUTAGE"]
    _go_on(stage, case)
    stage.do("交易中心", "opening.begin", case)


def test_too_few_bids_at_an_interrupted_deadline_fail_only_by_decision(stage) -> None:
    """R1-10 counts those who could hand in; until then nobody learns how many there are."""
    case, _ = _silent(stage, bidders=THREE[:2])
    assert _state(stage, case) == "SEALED"
    assert _go_on(stage, case)["state"] == "FAILED"
    kinds = _kinds(stage, case)
    assert kinds.index("deadline.kept") < kinds.index("tender.failed")


def test_too_few_bids_at_an_interrupted_deadline_become_enough_after_a_new_one(stage) -> None:
    case, seals = _silent(stage, bidders=THREE[:2])
    moment = _postpone(stage, case)
    seals["投标人丙"] = stage.bid(case, "投标人丙")
    _steady(stage, moment - 31 * MINUTE, moment)
    stage.ring("tender.deadline", case)
    assert stage.open_all(case, seals)["opened"] == 3


# -- too few, and nobody knows yet whether uploads were down ----------------------------------------------------------


def _unsure(stage, bidders: tuple[str, ...], process: str = UPLOAD) -> str:
    """At the deadline one process has been silent for 80 seconds, less than the limit."""
    case, _ = _bids(stage, bidders=bidders)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end, PAGE if process == UPLOAD else UPLOAD)
    _steady(stage, end - 60 * MINUTE, end - 80 * SECOND, process)
    stage.at(end)
    stage.ring("tender.deadline", case)
    return case


@pytest.mark.parametrize("bidders", [(), THREE[:2], THREE])
def test_at_the_deadline_nobody_learns_whether_they_are_enough_while_that_is_unsure(stage, bidders) -> None:
    case = _unsure(stage, bidders)
    assert _state(stage, case) == "SEALED"
    with stage.world.read() as session:
        mine = (DueJob.act == "tender.deadline", DueJob.case == case, DueJob.done_at.is_(None))
        again = select(DueJob.at).where(*mine, DueJob.at > stage.deadline(case))
        assert list(session.scalars(again)) == [stage.deadline(case) + LIMIT]


@pytest.mark.parametrize(("beat", "state"), [(0 * SECOND, "FAILED"), (11 * SECOND, "SEALED"), (None, "SEALED")])
def test_too_few_fail_once_it_is_known_that_uploads_were_there(stage, beat, state: str) -> None:
    """A beat at the deadline shows it; one that comes 91 seconds after the last, or none, is an outage."""
    case = _unsure(stage, THREE[:2])
    end = stage.deadline(case)
    if beat is not None:
        _beat(stage, end + beat, UPLOAD)
    stage.at(end + LIMIT)
    stage.ring("tender.deadline", case)
    assert _state(stage, case) == state
    assert bool(_shown(stage, case)["outages"]) is (state == "SEALED")
    if state == "SEALED":
        assert _go_on(stage, case)["state"] == "FAILED"


def test_a_second_before_it_is_known_the_timer_does_nothing(stage) -> None:
    case = _unsure(stage, THREE[:2])
    stage.at(stage.deadline(case) + LIMIT - SECOND)
    stage.ring("tender.deadline", case)
    assert _state(stage, case) == "SEALED"


def test_enough_bids_go_on_when_it_is_known(stage) -> None:
    case = _unsure(stage, THREE)
    _beat(stage, stage.deadline(case) + 5 * SECOND, UPLOAD)
    stage.at(stage.deadline(case) + LIMIT)
    stage.ring("tender.deadline", case)
    stage.begin(case, *THREE)


# -- an outage ends, and begins no earlier than anybody asked ---------------------------------------------------------


def test_a_decided_outage_ends_with_the_next_beat(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end, PAGE)
    _steady(stage, end - 60 * MINUTE, end - 20 * MINUTE, UPLOAD)
    stage.at(end - 15 * MINUTE)
    _go_on(stage, case)
    _beat(stage, end - 15 * MINUTE + 30 * SECOND, UPLOAD)
    pulse.once(stage.world.acts, PAGE)
    (found,) = _shown(stage, case)["outages"]
    assert (found["since"], found["until"]) == (end - 20 * MINUTE, end - 15 * MINUTE + 30 * SECOND)
    assert _kinds(stage, case).count("outage.ended") == 1


def test_an_outage_of_a_deadline_that_was_moved_ends_too(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end + MINUTE, PAGE)
    stage.ring("tender.deadline", case)
    moment = _postpone(stage, case)
    _steady(stage, moment - 60 * MINUTE, moment)
    stage.ring("tender.deadline", case)
    assert [one["until"] for one in _shown(stage, case)["outages"]] == [moment - 60 * MINUTE]


def test_an_outage_ends_also_while_the_hall_is_open(stage) -> None:
    case, _ = _silent(stage)
    with stage.world.read() as session, session.begin():
        row = session.get_one(Case, case)
        row.state = "OPENING"
        for one in session.scalars(select(Outage)):
            one.until, one.since = None, stage.deadline(case) + 2 * MINUTE
    _beat(stage, stage.deadline(case) + 3 * MINUTE)
    pulse.once(stage.world.acts, PAGE)
    assert {one["until"] for one in _shown(stage, case)["outages"]} == {stage.deadline(case) + 3 * MINUTE}


def test_an_outage_begins_when_beats_should_have_begun_not_days_before(stage) -> None:
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    end = stage.deadline(case)
    _beat(stage, end - timedelta(days=5))
    _beat(stage, end + MINUTE)
    stage.ring("tender.deadline", case)
    assert {one["since"] for one in _shown(stage, case)["outages"]} == {end - outages.AHEAD}


# -- postponed --------------------------------------------------------------------------------------------------------


def test_bids_stay_sealed_and_valid_and_may_be_replaced_or_withdrawn(stage) -> None:
    case, seals = _silent(stage)
    moment = _postpone(stage, case)
    assert (_state(stage, case), stage.deadline(case)) == ("ANNOUNCED", moment)
    with stage.world.read() as session:
        kept = select(func.count()).select_from(Bid).where(Bid.case_id == case, Bid.state == "received")
        assert session.scalar(kept) == 3
    seals["投标人甲"] = stage.bid(case, "投标人甲", "5600")
    stage.do("投标人乙", "bid.withdraw", case, bid=str(seals.pop("投标人乙").manifest.context.bid))
    seals["投标人丁"] = stage.bid(case, "投标人丁")
    _steady(stage, moment - 31 * MINUTE, moment)
    assert _refused(
        stage, "投标人乙", "bid.submit", case, **stage.seal(case, "投标人乙", {"bid.pdf": b"%PDF"}).payload(stage.world)
    ) == ["E-02"]
    stage.ring("tender.deadline", case)
    assert _state(stage, case) == "SEALED"
    stage.open_all(case, seals)
    with stage.world.read() as session:
        prices = {one["org_name"]: one["price"] for one in hall_queries.opened_bids(session, case)}
    assert prices == {"投标人甲": "5600", "投标人丙": "5700", "投标人丁": "5700"}


def test_the_old_deadlines_timers_do_nothing(stage) -> None:
    case, _ = _silent(stage)
    _postpone(stage, case)
    for act in ("tender.deadline", "opening.attendance"):
        assert stage.ring(act, case) == {"state": "ANNOUNCED"}


def test_sign_in_begins_anew(stage) -> None:
    case, _ = _silent(stage)
    stage.arrive(case, *THREE)
    moment = _postpone(stage, case)
    with stage.world.read() as session:
        assert session.scalars(select(SignIn)).all() == []
    assert _refused(stage, "投标人甲", "opening.signin", case) == ["HALL-SIGNIN"]
    _steady(stage, moment - 60 * MINUTE, moment)
    stage.ring("tender.deadline", case)
    assert _refused(stage, "交易中心", "opening.begin", case) == ["R1-10"]
    stage.begin(case, *THREE)


def test_the_public_is_told_and_everyone_who_took_the_file(stage) -> None:
    case = stage.announced()
    stage.do("投标人甲", "file.fetch", case)
    for who in THREE:
        stage.bid(case, who)
    _steady(stage, stage.deadline(case) - 61 * MINUTE, stage.deadline(case) - 60 * MINUTE)
    old = stage.deadline(case)
    _beat(stage, old + MINUTE)
    stage.ring("tender.deadline", case)
    moment = _postpone(stage, case)
    with stage.world.read() as session:
        notice = session.scalars(select(CaseDocument).where(CaseDocument.kind == "postponement")).one()
        assert notice.audience == "public" and notice.title.endswith("延期公告")
        mine = f"me:{stage.people['投标人甲'].person}"
        assert [one.kind for one in live.since(session, mine, 0)] == ["deadline.postponed"]
        entry = next(e for e in ledger.entries(session, f"case:{case}") if e.kind == "deadline.postponed")
    assert entry.body["sha256"] == notice.sha256 and entry.body["reason"] == REASON
    assert (entry.body["before"], entry.body["after"]) == (old.isoformat(), moment.isoformat())
    assert (entry.body["from"], entry.body["to"]) == ("SEALED", "ANNOUNCED")


def test_a_silence_that_goes_on_to_the_new_deadline_is_judged_anew(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _steady(stage, end - 60 * MINUTE, end + MINUTE, PAGE)
    stage.ring("tender.deadline", case)
    moment = _postpone(stage, case)
    _steady(stage, moment - 31 * MINUTE, moment, PAGE)
    stage.ring("tender.deadline", case)
    stage.arrive(case, *THREE)
    assert _refused(stage, "交易中心", "opening.begin", case) == ["OUTAGE"]
    with stage.world.read() as session:
        assert [one.process for one in session.scalars(select(Outage))] == [UPLOAD, UPLOAD]


def test_an_outage_known_before_the_deadline_may_be_decided_then(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _beat(stage, end - 20 * MINUTE)
    pulse.once(stage.world.acts, PAGE)
    assert _shown(stage, case)["waits"]
    _go_on(stage, case)
    _steady(stage, end - 20 * MINUTE, end)
    stage.ring("tender.deadline", case)
    stage.begin(case, *THREE)


# -- what the opening record says -------------------------------------------------------------------------------------


def test_outage_and_decision_stand_in_the_opening_record(stage) -> None:
    case, seals = _silent(stage)
    _go_on(stage, case)
    stage.open_all(case, seals)
    with stage.world.read() as session:
        found = queries.record_part(session, session.get_one(Case, case))
    assert [(one["process"], one["decision"]) for one in found["outages"]] == [(PAGE, "go_on"), (UPLOAD, "go_on")]
    assert [(one["what"], one["reason"]) for one in found["decisions"]] == [("go_on", REASON)]


# -- the beats themselves ---------------------------------------------------------------------------------------------


def test_beats_are_written_while_a_tender_needs_them_and_no_longer(stage) -> None:
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    end = stage.deadline(case)
    needed = {}
    for name, at in (
        ("long before", end - 2 * timedelta(hours=1) - SECOND),
        ("before", end - 2 * timedelta(hours=1)),
        ("at", end),
    ):
        stage.at(at)
        needed[name] = pulse.once(stage.world.acts, PAGE)
    stage.ring("tender.deadline", case)
    needed["sealed"] = pulse.once(stage.world.acts, UPLOAD)
    stage.do("招标人", "project.terminate", case, reason="x")
    needed["ended"] = pulse.once(stage.world.acts, PAGE)
    assert needed == {"long before": False, "before": True, "at": True, "sealed": True, "ended": False}
    with stage.world.read() as session:
        said = [(one.body, one.case) for one in ledger.entries(session, STREAM)]
    assert said == [({"process": PAGE}, "")] * 2 + [({"process": UPLOAD}, "")]


def test_a_tender_left_lying_keeps_no_pulse(stage) -> None:
    case, _ = _bids(stage)
    end = stage.deadline(case)
    _beat(stage, end)
    stage.ring("tender.deadline", case)
    for after, needed in ((outages.BEHIND - SECOND, True), (outages.BEHIND, False)):
        stage.at(end + after)
        with stage.world.read() as session:
            assert outages.watched(session, end + after) is needed
    with stage.world.read() as session:
        assert hall_queries.schedule(session.get_one(Case, case)).until + MINUTE < end + outages.BEHIND


def test_old_beats_are_forgotten_but_the_last_of_them(stage) -> None:
    now = stage.world.clock.moment
    for days in (93, 92, 91, 1):
        _beat(stage, now - timedelta(days=days), PAGE)
    stage.at(now)
    stage.world.acts.act(heartbeat.beat, SYSTEM, PAGE)
    with stage.world.read() as session:
        kept = list(session.scalars(select(Heartbeat.at).order_by(Heartbeat.at)))
        assert len(ledger.entries(session, STREAM)) == 5, "the stream keeps all"
    assert kept == [now - timedelta(days=91), now - timedelta(days=1), now]


@pytest.mark.parametrize("bids", [0, 3])
def test_beats_do_not_tell_whether_anybody_bids(stage, bids: int) -> None:
    case = stage.announced()
    for who in THREE[:bids]:
        stage.bid(case, who)
    for before in (timedelta(hours=1), 30 * MINUTE, SECOND):
        stage.at(stage.deadline(case) - before)
        pulse.once(stage.world.acts, PAGE)
        pulse.once(stage.world.acts, UPLOAD)
    with stage.world.read() as session:
        said = [(one.kind, one.body, one.actor["person"]) for one in ledger.entries(session, STREAM)]
        beats = session.scalar(select(func.count()).select_from(Heartbeat))
        assert "outage.noted" in [e.kind for e in ledger.entries(session, f"case:{case}")]
    assert len(said) == beats == 6 and {kind for kind, _, _ in said} == {"heartbeat"}
    assert all(body in ({"process": PAGE}, {"process": UPLOAD}) for _, body, _ in said)


def test_a_jump_of_the_demo_clock_is_no_outage_and_a_real_silence_is_one(stage) -> None:
    acts = stage.world.acts
    demo = DemoClock(timedelta(days=3))
    acts.house = replace(acts.house, clock=demo)

    def gaps() -> list[str]:
        with stage.world.read() as session:
            now = demo.now()
            wide = (now - timedelta(days=30), now + timedelta(days=1))
            return [one.process for one in heartbeat.gaps(session, PAGE, *wide, now, LIMIT)]

    pulse.begin(acts, PAGE)
    pulse.beat_all(acts)
    demo.move_to(demo.now() + timedelta(days=20))
    pulse.beat_all(acts)
    assert gaps() == []
    with stage.world.read() as session, session.begin():
        newest = session.scalars(
            select(Heartbeat).where(Heartbeat.process == PAGE).order_by(Heartbeat.at.desc())
        ).first()
        newest.at -= LIMIT + SECOND
    assert gaps() == [PAGE], "the same real silence on a moved clock"


def test_in_production_nothing_is_taken_off_a_gap(stage) -> None:
    """Only a demo's clock has a way to be ahead, and only it has a door to be moved by."""
    assert SystemClock().ahead == timedelta(0)
    assert abs(SystemClock().now() - datetime.now(UTC)) < SECOND
    acts = stage.world.acts
    acts.house = replace(acts.house, clock=SystemClock())
    pulse.begin(acts, PAGE)
    with stage.world.read() as session:
        assert session.scalars(select(Heartbeat.ahead)).all() == [0]
        assert [one.body for one in ledger.entries(session, STREAM)] == [{"process": PAGE}]
