"""An end until which quotes and responses are handed in sealed moves by the time in which nobody could be there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from core import heartbeat
from core.access import SYSTEM
from core.clock import CST
from core.heartbeat import PAGE, PROCESSES, UPLOAD
from core.ledger import entries
from core.live import LiveEventRow
from core.rules import RuleBook
from tests.trading.buying_world import BUYER, SUPPLIERS, Mall, mall_of
from tests.trading.framework_world import SUPPLIERS as MEMBERS
from tests.trading.framework_world import Agreements, build
from trading.deadline import ends, rules
from trading.framework import ends as ends_of

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
END = datetime(2026, 3, 6, 9, 0, tzinfo=CST)
ROWS = rules.RULES.rows


@pytest.fixture
def mall(world) -> Mall:
    found = mall_of(world)
    found.budget("1000000")
    return found


@pytest.fixture
def agreements(world) -> Agreements:
    return build(world)


def beats(stage, since: datetime, until: datetime, *processes: str, every: timedelta = 90 * SECOND) -> None:
    """Just often enough for a healthy process; the last one at `until`."""
    at = since
    while at < until:
        stage.at(at)
        stage.world.acts.act(heartbeat.beat, SYSTEM, *(processes or PROCESSES))
        at += every
    stage.at(until)
    stage.world.acts.act(heartbeat.beat, SYSTEM, *(processes or PROCESSES))


def noted(mall: Mall, request: str) -> list[dict]:
    with mall.world.read() as session:
        return [one.body for one in entries(session, f"buying:{request}") if one.kind == "quote.interrupted"]


def three(mall: Mall) -> str:
    request = mall.request()
    for who, price in zip(SUPPLIERS, ("5000", "4999", "4998"), strict=True):
        mall.quote(request, who, price)
    return request


def test_a_whole_hour_moves_nothing(mall: Mall) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END)
    assert mall.end(request) == "OPENING"
    assert noted(mall, request) == []


@pytest.mark.parametrize(("silent", "moves"), [
    pytest.param(90, False, marks=pytest.mark.rule("END-GAP", "allowed")),
    pytest.param(91, True, marks=pytest.mark.rule("END-GAP", "refused")),
])  # fmt: skip
def test_a_silence_longer_than_three_beats_is_an_outage(mall: Mall, silent: int, moves: bool) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END - 10 * MINUTE)
    beats(mall.stage, END - 10 * MINUTE + silent * SECOND, END)
    mall.stage.ring("quote.end", request)
    row = mall.row(request)
    assert (row.ends_at, row.state) == ((END + 91 * SECOND, "QUOTING") if moves else (END, "OPENING"))
    assert len(noted(mall, request)) == moves


@pytest.mark.parametrize(("back", "lost"), [
    pytest.param(timedelta(0), 0, marks=pytest.mark.rule("END-JUDGED", "allowed")),
    pytest.param(SECOND, 1, marks=pytest.mark.rule("END-JUDGED", "refused")),
])  # fmt: skip
def test_an_outage_counts_as_far_as_it_lies_in_the_hour_before(mall: Mall, back: timedelta, lost: int) -> None:
    request = three(mall)
    beats(mall.stage, END - 75 * MINUTE, END - 65 * MINUTE)
    beats(mall.stage, END - 60 * MINUTE + back, END)
    mall.stage.ring("quote.end", request)
    assert mall.row(request).ends_at == END + lost * SECOND
    assert [one["lost_seconds"] for one in noted(mall, request)] == [lost] * bool(lost)


@pytest.mark.parametrize(("later", "moves"), [(0, True), (1, False)])
def test_the_numbers_are_those_of_the_day_suppliers_were_told(
    mall: Mall, monkeypatch: pytest.MonkeyPatch, later: int, moves: bool
) -> None:
    request = three(mall)
    since = mall.row(request).published_at.astimezone(CST).date() + timedelta(days=later)
    stricter = replace(rules.RULES.at(since)["END-GAP"], value=Decimal(30), effective_from=since)
    monkeypatch.setattr(rules, "RULES", RuleBook([*ROWS, stricter]))
    beats(mall.stage, END - 65 * MINUTE, END - 10 * MINUTE, every=heartbeat.EVERY)
    beats(mall.stage, END - 9 * MINUTE, END, every=heartbeat.EVERY)
    mall.stage.ring("quote.end", request)
    assert mall.row(request).ends_at == END + moves * MINUTE


def test_beats_come_for_longer_than_any_end_is_judged() -> None:
    assert all(timedelta(minutes=row.number) < ends.AHEAD for row in ROWS if row.id == "END-JUDGED")
    assert all(row.article == rules.OURS and row.sure == "P" for row in ROWS)


def test_down_over_the_end_gives_back_what_was_lost_from_its_return_on(mall: Mall) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END - 10 * MINUTE)
    beats(mall.stage, END + 5 * MINUTE, END + 5 * MINUTE)
    mall.stage.ring("quote.end", request)
    assert mall.row(request).ends_at == END + 15 * MINUTE
    mall.quote(request, SUPPLIERS[0], "4000")  # taken again, after the first end
    (said,) = noted(mall, request)
    assert said["lost_seconds"] == 600
    assert [(one["rule"], one["article"], one["required"]) for one in said["warnings"]] == [
        ("END-GAP", rules.OURS, "≤ 90秒")]  # fmt: skip
    orgs = {f"org:{mall.stage.people[who].org}" for who in (BUYER, *SUPPLIERS)}
    with mall.world.read() as session:
        told = session.query(LiveEventRow).filter_by(kind="quote.interrupted").all()
        assert {one.channel for one in told} == orgs
    beats(mall.stage, END + 5 * MINUTE, END + 15 * MINUTE)
    mall.stage.ring("quote.end", request)
    assert (mall.row(request).state, len(noted(mall, request))) == ("OPENING", 1), "given back once"


def test_nothing_ends_while_uploads_are_not_known_to_run(mall: Mall) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END - 3 * MINUTE)
    beats(mall.stage, END - 3 * MINUTE, END, PAGE)
    mall.stage.ring("quote.end", request)
    assert (mall.row(request).state, mall.row(request).ends_at) == ("QUOTING", END)
    beats(mall.stage, END + 4 * MINUTE, END + 4 * MINUTE, UPLOAD)
    mall.stage.ring("quote.end", request)
    assert mall.row(request).ends_at == END + 7 * MINUTE, "three minutes were lost, until the fourth after the end"


def test_a_beat_after_the_outage_moves_the_end_at_once(mall: Mall) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END - 30 * MINUTE)
    mall.stage.at(END - 20 * MINUTE)
    for act in (lambda tx: heartbeat.beat(tx, *PROCESSES), ends.look, ends.look):
        mall.world.acts.act(act, SYSTEM)
    assert mall.row(request).ends_at == END + 10 * MINUTE
    with mall.world.read() as session:
        assert ends.watched(session, END) and len(ends.breaks(session, request)) == 1
        assert not ends.watched(session, END - timedelta(hours=3))


def test_responses_of_an_agreement_have_the_lost_time_too(agreements: Agreements) -> None:
    framework = agreements.solicited()
    item = agreements.items(framework)[0]
    for who, price in zip(MEMBERS[:3], ("22", "21", "20"), strict=True):
        agreements.respond(framework, who, {item: price})
    row = agreements.row(framework)
    end, unlock = row.deadline, row.unlock_until
    beats(agreements.stage, end - 65 * MINUTE, end - 10 * MINUTE)
    beats(agreements.stage, end + MINUTE, end + MINUTE)
    agreements.work()
    row = agreements.row(framework)
    assert (row.state, row.deadline, row.unlock_until - unlock) == ("SOLICITED", end + 11 * MINUTE, 11 * MINUTE)
    beats(agreements.stage, end + MINUTE, row.deadline)
    agreements.work()
    assert agreements.row(framework).state == "RESPONSES"


def test_quotes_of_a_mini_competition_have_it_too_and_only_those_invited_hear_of_it(agreements: Agreements) -> None:
    framework = agreements.ready(dict(zip(MEMBERS[:3], ("22", "21", "20"), strict=True)))
    need = agreements.invite(framework)
    row = agreements.need(need)
    end, unlock = row.end_at, row.unlock_until
    beats(agreements.stage, end - 65 * MINUTE, end - 10 * MINUTE)
    beats(agreements.stage, end + MINUTE, end + MINUTE)
    agreements.work()
    row = agreements.need(need)
    assert (row.state, row.end_at, row.unlock_until - unlock) == ("QUOTING", end + 11 * MINUTE, 11 * MINUTE)
    with agreements.read() as session:
        (said,) = [one.body for one in entries(session, f"framework:{framework}") if one.kind == ends_of.KIND]
        told = session.query(LiveEventRow).filter_by(kind=ends_of.KIND).all()
    assert (said["need"], said["lost_seconds"]) == (need, 600)
    assert {one.channel for one in told} == {f"me:{agreements.actor(who).person}" for who in MEMBERS[:3]}
    beats(agreements.stage, end + MINUTE, row.end_at)
    agreements.work()
    assert agreements.need(need).state == "VOID", "nobody quoted, and the end has come"
