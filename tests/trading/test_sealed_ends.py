"""An end until which quotes and responses are handed in sealed moves by the time in which nobody could be there."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core import heartbeat
from core.access import SYSTEM
from core.clock import CST
from core.heartbeat import PAGE, PROCESSES, UPLOAD
from core.ledger import entries
from core.live import LiveEventRow
from tests.trading.buying_world import BUYER, SUPPLIERS, Mall, mall_of
from tests.trading.framework_world import SUPPLIERS as MEMBERS
from tests.trading.framework_world import Agreements, build
from trading.deadline import ends

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
END = datetime(2026, 3, 6, 9, 0, tzinfo=CST)


@pytest.fixture
def mall(world) -> Mall:
    found = mall_of(world)
    found.budget("1000000")
    return found


@pytest.fixture
def agreements(world) -> Agreements:
    return build(world)


def beats(stage, since: datetime, until: datetime, *processes: str) -> None:
    """As a healthy process writes them; the last one at `until`."""
    at = since
    while at < until:
        stage.at(at)
        stage.world.acts.act(heartbeat.beat, SYSTEM, *(processes or PROCESSES))
        at += heartbeat.EVERY
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


@pytest.mark.parametrize(("silent", "moves"), [(90, False), (91, True)])
def test_a_silence_longer_than_three_beats_is_an_outage(mall: Mall, silent: int, moves: bool) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END - 10 * MINUTE)
    beats(mall.stage, END - 10 * MINUTE + silent * SECOND, END)
    mall.stage.ring("quote.end", request)
    row = mall.row(request)
    assert (row.ends_at, row.state) == ((END + 91 * SECOND, "QUOTING") if moves else (END, "OPENING"))
    assert len(noted(mall, request)) == moves


def test_down_over_the_end_gives_back_what_was_lost_from_its_return_on(mall: Mall) -> None:
    request = three(mall)
    beats(mall.stage, END - 65 * MINUTE, END - 10 * MINUTE)
    beats(mall.stage, END + 5 * MINUTE, END + 5 * MINUTE)
    mall.stage.ring("quote.end", request)
    assert mall.row(request).ends_at == END + 15 * MINUTE
    mall.quote(request, SUPPLIERS[0], "4000")  # taken again, after the first end
    (said,) = noted(mall, request)
    assert said["lost_seconds"] == 600
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
