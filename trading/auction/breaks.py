"""Whether the platform could take prices: each process that takes them says every two seconds that it runs, while an
auction needs it. A silence, or a process that starts anew, moves the end of every auction it touches, and no clock
closes one before the last window was whole.

(Sichuan 2020: 72 lots shown as sold while a fault let nobody bid.)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.orm import Session

from core import jobs
from core.acts import Tx
from core.clock import CST
from core.prepared import Prepared
from trading.auction import rules
from trading.auction.facts import Broken
from trading.auction.guards import book_of, channel, last_window, stream
from trading.auction.machine import LIVE
from trading.auction.models import Auction, AuctionBreak, AuctionPulse

EVERY = timedelta(seconds=2)
AHEAD = timedelta(minutes=5)  # pulses begin so long before the start: what lies earlier is no silence
KINDS = {True: "outage", False: "worker"}


def _machine(now: datetime, ahead: timedelta) -> int:
    """Milliseconds by the machine's own clock."""
    return int((now - ahead).timestamp() * 1000)


def _moment(machine: int, ahead: timedelta, like: datetime) -> datetime:
    return datetime.fromtimestamp(machine / 1000, UTC).astimezone(like.tzinfo) + ahead


def running(session: Session, now: datetime) -> list[Auction]:
    """Auctions that take prices at this moment, or should, or will within minutes; paused ones among them."""
    near = (Auction.state == "PUBLISHED") & (Auction.opens_at <= now + AHEAD)
    query = select(Auction).where(or_(near, Auction.state.in_((*LIVE, "PAUSED"))))
    return list(session.scalars(query.order_by(Auction.id)))


# Whether some auction needs the pulse {soon: what begins by then is near}.
NEEDED = Prepared(
    select(Auction.id).where(
        or_(
            (Auction.state == "PUBLISHED") & (Auction.opens_at <= bindparam("soon")),
            *(Auction.state == state for state in (*LIVE, "PAUSED")),
        )
    )
)


def start_all(tx: Tx) -> None:
    """The whole service starts: of the processes that ran before none is left. Whatever time has gone by since the last
    sign of life was lost."""
    last = tx.session.scalar(select(AuctionPulse.at).order_by(AuctionPulse.at.desc()).limit(1))
    tx.session.execute(delete(AuctionPulse))
    _break_since(tx, last, whole=True)


def start_one(tx: Tx, worker: int) -> None:
    """One process of several starts anew: its lines were cut, the others went on."""
    mine = tx.session.get(AuctionPulse, worker)
    others = select(AuctionPulse.at).where(AuctionPulse.worker != worker).order_by(AuctionPulse.at.desc()).limit(1)
    alive = tx.session.scalar(others)
    here = _machine(tx.now, tx.ahead)
    whole = alive is None or here - alive > _longest(tx.now)
    if mine is not None:
        _break_since(tx, max(mine.at, alive or 0) if whole else mine.at, whole=whole)
    beat(tx, worker)


def _longest(now: datetime) -> int:
    """Milliseconds of silence that are none; of the rows in force, whatever auction they belong to."""
    return rules.RULES.at(now.astimezone(CST).date())["AUC-GAP"].number * 1000


def beat(tx: Tx, worker: int) -> None:
    """This process is alive; a silence of its own before is noted with every auction it touches."""
    here = _machine(tx.now, tx.ahead)
    row = tx.session.get(AuctionPulse, worker)
    if row is None:
        tx.session.add(AuctionPulse(worker=worker, at=here))
        return
    if here - row.at > _longest(tx.now):
        others = select(AuctionPulse.at).where(AuctionPulse.worker != worker).order_by(AuctionPulse.at.desc()).limit(1)
        alive = tx.session.scalar(others)
        _break_since(tx, row.at, whole=alive is None or here - alive > _longest(tx.now), least=True)
    row.at = here


def _break_since(tx: Tx, machine: int | None, *, whole: bool, least: bool = False) -> None:
    """`least`: a silence counts only from a certain length on; a new start always does."""
    for row in running(tx.session, tx.now):
        since = row.opens_at if machine is None else _moment(machine, tx.ahead, tx.now)  # nothing has run at all
        one = Broken(min(since, tx.now), tx.now, whole)
        if row.state == "PAUSED" or (least and not rules.counts(row.opens_at, one, book_of(row))):
            continue
        ends = rules.after_break(row.opens_at, row.ends_at, one, last_window(row))
        if ends > row.ends_at:
            _move(tx, row, one, ends)


def _move(tx: Tx, row: Auction, one: Broken, ends: datetime) -> None:
    kind, before = KINDS[one.whole], row.ends_at
    tx.session.add(
        AuctionBreak(auction_id=row.id, kind=kind, since=one.since, until=one.until, end_before=before, end_after=ends)
    )
    row.ends_at = ends
    jobs.plan(tx.session, ends, "auction.close", row.id)
    body = {"auction": row.id, "kind": kind, "since": one.since, "until": one.until, "end_before": before,
            "ends_at": ends}  # fmt: skip
    tx.record(stream(row.id), "auction.interrupted", body)
    told = {"kind": kind, "since": one.since.isoformat(), "until": one.until.isoformat(), "ends_at": ends.isoformat()}
    tx.publish(channel(row.id), "auction.interrupted", told)


def gone(tx: Tx, worker: int) -> None:
    """One process of several has ended: nothing closes while its bidders look for another line."""
    mine = tx.session.get(AuctionPulse, worker)
    if mine is not None:
        _break_since(tx, mine.at, whole=False)


def touch(tx: Tx) -> None:
    """The demo's clock is moved: the time that is jumped over is no silence."""
    for row in tx.session.scalars(select(AuctionPulse)):
        row.at = _machine(tx.now, tx.ahead)


def silent(session: Session, now: datetime, ahead: timedelta) -> bool:
    """Whether some process that takes prices is not known to run at this moment, or none has ever said so."""
    here, longest = _machine(now, ahead), _longest(now)
    beats = list(session.scalars(select(AuctionPulse.at)))
    return not beats or any(here - one > longest for one in beats)
