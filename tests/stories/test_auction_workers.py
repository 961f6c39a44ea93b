"""A live auction on two processes, with lines cut and processes killed: one total order, nothing lost or doubled, every
screen equal at the end, and no sale without a whole window at the end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import socketio
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canon, jobs, ledger
from core.clock import SystemClock
from core.db import open_engine
from core.once import ActOnce
from tests.stories.auctioning import Bidder, House, Trouble, play
from trading.auction import rules
from trading.auction.models import Auction, AuctionBid, AuctionBreak, AuctionEntry, AuctionOffer
from verifier import ledger as lines

SEED = 20261126


def run(house: House, bidders: int, goal: int, pause: float, trouble: Trouble) -> list[Bidder]:
    return asyncio.run(play(house, bidders, goal, lambda: pause, trouble, SEED))


def engine_of(house: House) -> Any:
    return open_engine(f"sqlite:///{house.folder / 'gongheng.db'}")


def one_order(house: House, people: list[Bidder]) -> None:
    """What was acknowledged stands once, in the rows, the ledger and on every screen, in one order."""
    engine, auction = engine_of(house), house.made.auction
    with Session(engine) as session:
        row = session.get_one(Auction, auction)
        entries = {one.id: one for one in session.scalars(select(AuctionEntry))}
        bids = session.scalars(select(AuctionBid).order_by(AuctionBid.seq)).all()
        _falling(row, bids)
        acknowledged = {(one.place, answer["seq"]): answer["price"] for one in people
                        for answer in one.accepted.values()}  # fmt: skip
        places = {org: place for place, org in enumerate(house.made.orgs)}
        stored = {(places[entries[one.entry_id].org_id], one.seq): f"{one.price.normalize():f}" for one in bids}
        assert acknowledged.items() <= stored.items()
        assert sum(len(one.accepted) for one in people) == len(acknowledged)
        kept = session.scalars(select(ActOnce).where(ActOnce.act == "auction.bid")).all()
        assert sorted(one.result["seq"] for one in kept) == [one.seq for one in bids]
        _same_everywhere(session, auction, bids, people)
    engine.dispose()


def _falling(row: Auction, bids: Any) -> None:
    assert [one.seq for one in bids] == list(range(1, row.bids + 1))
    assert bids[0].price <= row.ceiling and row.best == bids[-1].price
    for one, other in pairwise(bids):
        assert other.price <= one.price - row.step and other.at >= one.at and other.ends_at >= one.ends_at
    assert all(one.at < one.ends_at for one in bids)


def _same_everywhere(session: Session, auction: str, bids: Any, people: list[Bidder]) -> None:
    first = people[0].heard
    assert [one["seq"] for one in first] == list(range(1, len(first) + 1))
    assert all(one.heard == first for one in people)
    told = [one["data"] for one in first if one["kind"] == "auction.bid"]
    assert [(one["bid"], Decimal(one["price"])) for one in told] == [(one.seq, one.price) for one in bids]
    written = ledger.entries(session, f"auction:{auction}")
    said = [one.body for one in written if one.kind == "auction.bid"]
    assert [(one["seq"], Decimal(one["price"])) for one in said] == [(one.seq, one.price) for one in bids]
    rows = [lines.line(one.leaf, one.salt, one.body, one.actor) for one in written]
    head = canon.dumps({f"auction:{auction}": ledger.head(session, f"auction:{auction}")})
    assert len(lines.read(lines.lines(rows), head).entries) == len(rows)
    for one in people:  # each page knows its own prices by its mark; the last answers may have been lost at the end
        secret = one.house.made.marks[one.place]
        own = {bid["bid"] for bid in told if bid["mark"] == rules.mark(secret, bid["bid"])}
        assert own >= {answer["seq"] for answer in one.accepted.values()}


def test_two_processes_two_kills_and_cut_lines(tmp_path: Path) -> None:
    """Small: 8 bidders, 60 prices; a line process is killed, lines are cut, then everything is killed."""
    house = House(tmp_path, 8, 2)
    house.start()

    async def trouble(people: list[Bidder]) -> None:
        crowd = people[0].crowd
        await crowd.until(lambda: crowd.taken >= 15)
        house.kill_line()
        await people[0].cut()
        await people[1].cut()
        await crowd.until(lambda: crowd.taken >= 35)
        house.kill()
        await asyncio.to_thread(house.start)

    try:
        people = run(house, 8, 60, 0.01, trouble)
    finally:
        house.stop()
    one_order(house, people)
    engine = engine_of(house)
    with Session(engine) as session:
        row, noted = session.get_one(Auction, house.made.auction), session.scalars(select(AuctionBreak)).all()
        outages = [one for one in noted if one.kind == "outage"]
        assert len(outages) == 2  # before the first start nobody could bid either
        assert row.ends_at - row.planned_end >= sum((one.until - one.since for one in outages), timedelta(0))
    engine.dispose()


async def _closed(house: House, patience: float) -> dict[str, Any]:
    """As its pages hear of it."""
    over, line = asyncio.Event(), socketio.AsyncClient(reconnection=False)
    line.on("live", lambda event: over.set() if event["kind"] in ("auction.closed", "auction.voided") else None)
    await line.connect(house.base, headers={"Cookie": f"gh_session={house.made.tokens[0]}"}, transports=["websocket"])
    try:
        await line.call("join", {"channel": f"auction:{house.made.auction}"})
        if house.ask("auction.show")["state"] in ("BIDDING", "EXTENDING"):
            async with asyncio.timeout(patience):
                await over.wait()
    finally:
        await line.disconnect()
    return house.ask("auction.show")


@pytest.mark.soak
def test_killed_in_the_extension_it_is_not_sold_before_a_whole_window(tmp_path: Path) -> None:
    """The end goes by while nothing runs: after the start it is open again, and closes a window later."""
    window = 6
    house = House(tmp_path, 3, 2, window=window, extend=window)
    house.start()

    async def trouble(people: list[Bidder]) -> None:
        crowd = people[0].crowd
        await crowd.until(lambda: crowd.taken >= 6 and all(one.accepted for one in people))
        house.kill()

    try:
        asyncio.run(_until_killed(house, trouble))
        _end_now(house)
        house.start()
        assert house.ask("auction.show")["state"] in ("BIDDING", "EXTENDING")
        shown = asyncio.run(_closed(house, 30))
    finally:
        house.stop()
    assert shown["state"] == "CLOSED"
    engine = engine_of(house)
    with Session(engine) as session:
        row = session.get_one(Auction, house.made.auction)
        outage = session.scalars(select(AuctionBreak).order_by(AuctionBreak.until.desc())).first()
        offer = session.scalars(select(AuctionOffer)).one()
        assert outage.end_before < outage.until < outage.end_after <= row.ends_at <= row.closed_at
        assert (row.ends_at - outage.until).total_seconds() >= window
        assert offer.price == row.best
    engine.dispose()


def _end_now(house: House) -> None:
    """As if the end had been just after the kill; it is over before the server can be back."""
    engine = engine_of(house)
    with Session(engine) as session, session.begin():
        row = session.get_one(Auction, house.made.auction)
        row.planned_end = row.ends_at = SystemClock().now()
        jobs.plan(session, row.ends_at, "auction.close", row.id)
    engine.dispose()


async def _until_killed(house: House, trouble: Trouble) -> None:
    """Three bid until the server is killed."""
    with pytest.raises(AssertionError, match="killed"):
        await play(house, 3, 10_000, lambda: 0.05, _then_stop(trouble), SEED)


def _then_stop(trouble: Trouble) -> Trouble:
    async def stop(people: list[Bidder]) -> None:
        await trouble(people)
        people[0].crowd.over = True
        raise AssertionError("killed")

    return stop


@pytest.mark.soak
def test_sixty_bidders_two_thousand_prices_ten_kills(tmp_path: Path) -> None:
    """Large: 60 bidders, 2,000 prices in about three minutes on two processes, with five kills of each kind."""
    house = House(tmp_path, 60, 2)
    house.start()

    async def trouble(people: list[Bidder]) -> None:
        crowd = people[0].crowd
        for kill in range(10):
            await crowd.until(lambda goal=180 * (kill + 1): crowd.taken >= goal)
            for one in crowd.dice.sample(people, 6):
                await one.cut()
            if kill % 2:
                house.kill()
                await asyncio.to_thread(house.start)
            else:
                house.kill_line()

    try:
        people = run(house, 60, 2000, 3.0, trouble)
    finally:
        house.stop()
    one_order(house, people)
