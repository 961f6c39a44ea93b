"""Opening what was unlocked: decrypted outside every transaction, and compared in one act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.blobs import Blobs
from core.doors import Payload, acting
from core.faults import Fault, Unusable
from core.money import plain
from trading.buying.quotes import contents, rules
from trading.buying.quotes.contents import Offer
from trading.buying.quotes.guards import go, guard, lines_of, shelf_of
from trading.buying.quotes.models import Quote, QuoteRequest
from trading.opening import reading
from trading.opening.reading import Locked

UNOPENED = "未在规定时限内解密"
OVER = "总价超过最高限价"
LATE = "交货期超过采购要求"
LOST = "平台存储的报价文件缺失或不可读"


@dataclass(frozen=True)
class Work:
    """What the long part needs: (quote, ciphertext with its key), the positions asked for."""

    locked: tuple[Locked, ...]
    positions: tuple[int, ...]


Reads = dict[str, tuple[Offer | None, str]]


def due(session: Session, row: QuoteRequest, now: datetime) -> bool:
    """All are unlocked, or nobody has time left to unlock one."""
    if row.state != "OPENING" or row.custody_until is None:
        return False
    return now >= row.custody_until or all(one.how or one.problem for one in shelf_of(row.id).live(session))


def prepare(session: Session, request: str, now: datetime) -> Work | None:
    row = session.get(QuoteRequest, request)
    if row is None or not due(session, row, now):
        return None
    quotes = [one for one in shelf_of(request).live(session) if one.how]
    locked = tuple(Locked(one.id, one.manifest, one.file_key, one.size) for one in quotes)
    return Work(locked, tuple(one.position for one in lines_of(session, request)))


def read_all(blobs: Blobs, work: Work) -> Reads:
    return {one.bid: _read(blobs, one, work.positions) for one in work.locked}


def _read(blobs: Blobs, one: Locked, positions: tuple[int, ...]) -> tuple[Offer | None, str]:
    """Nothing a supplier put inside makes this raise; a file the platform lost is said to be lost by the platform."""
    try:
        data = reading.part_of(blobs, one, contents.NAME, contents.LARGEST + 1)
        return contents.read(data, positions), ""
    except (Fault, Unusable) as error:
        return None, f"报价文件无法读取：{error}"[:300]
    except FileNotFoundError:
        return None, LOST


@jobs.long("quote.settle")
def settle(acts: Acts, request: str, p: Payload | None = None) -> Payload:
    """Long work outside every transaction, then the act; {} when the time has not come."""
    with acts.reading() as session:
        work = prepare(session, request, acts.house.clock.now())
    if work is None:
        return {}
    reads = run_blocking(lambda: read_all(acts.house.blobs, work))
    return acts.act(write, SYSTEM, request, reads)


@acting("quote.settle")
def settle_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: what `settle` does, inside one transaction."""
    work = prepare(tx.session, case, tx.now)
    return write(tx, case, read_all(tx.blobs, work)) if work else {}


def write(tx: Tx, request: str, reads: Reads) -> Payload:
    """OPENING → COMPARED with all quotes in one commit; keys are forgotten. {} when somebody was first."""
    row = tx.session.get(QuoteRequest, request)
    if row is None or not due(tx.session, row, tx.now):
        return {}
    row, step = guard(tx, request, "quote.settle")
    quantities = {one.position: one.quantity for one in lines_of(tx.session, request)}
    quotes = shelf_of(request).live(tx.session)
    for quote in quotes:
        _take(row, quote, reads.get(quote.id), quantities)
    row.compared_at = tx.now
    shown = [
        {"quote": one.id, "total": plain(one.total) if one.total is not None else "", "how": one.how,
         "problem": one.problem} for one in quotes
    ]  # fmt: skip
    go(tx, row, step.target, "quote.compared", {"quotes": shown})
    for quote in quotes:
        tx.publish(f"org:{quote.org_id}", "quote.compared", {"request": row.id})
    return {"compared": len(quotes)}


def _take(row: QuoteRequest, quote: Quote, read: tuple[Offer | None, str] | None, quantities: dict[int, int]) -> None:
    offer, problem = read if read is not None else (None, quote.problem or UNOPENED)
    quote.file_key, quote.problem = "", problem
    if offer is None:
        return
    total = offer.total(quantities)
    quote.read, quote.total = offer.plain(), total
    if total >= Decimal(10) ** 12 or not rules.within_ceiling(total, row.ceiling):
        quote.problem = OVER
        quote.total = total if total < Decimal(10) ** 12 else None
    elif offer.delivery_days > row.delivery_days:
        quote.problem = LATE
