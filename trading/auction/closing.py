"""The end, who is offered the purchase, and the order.

The clock closes an auction only when nobody was kept from bidding in its last window: what is not known to have run is
waited for, and comes back with a later end (breaks.py).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import fields, jobs, ledger
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Refused, refuse_if, shown
from trading.auction import breaks, filing, rules
from trading.auction.bidding import FEN
from trading.auction.guards import auction_row, book_of, buyers, channel, moved, sealed, stream
from trading.auction.machine import LIVE
from trading.auction.models import Auction, AuctionEntry, AuctionOffer
from trading.order.placing import Line, Placing, place

AGAIN = timedelta(seconds=2)  # between two looks whether the service is whole again


def ranking(session: Session, auction: str) -> list[AuctionEntry]:
    """Who has a price, the lowest first; no two are equal."""
    query = select(AuctionEntry).where(AuctionEntry.auction_id == auction, AuctionEntry.best.is_not(None))
    return list(session.scalars(query.order_by(AuctionEntry.best)))


@acting("auction.close")
def close(tx: Tx, case: str, p: Payload) -> Payload:
    """At the end as it stands now; what was planned for an earlier one does nothing when it rings."""
    row = auction_row(tx.session, case)
    if row.state == "PUBLISHED" and row.ends_at <= tx.now:  # nobody came, and no timer told of the start
        moved(tx, row, "auction.begin")
    if row.state not in LIVE or tx.now < row.ends_at:
        return {"state": row.state}
    if breaks.silent(tx.session, tx.now, tx.ahead):
        jobs.plan(tx.session, tx.now + AGAIN, "auction.close", row.id)
        return {"state": row.state, "waits": True}
    ranked = ranking(tx.session, case)
    few = rules.enough(len(ranked), book_of(row))
    row.closed_at = tx.now
    if few:
        _void(tx, row, "too few bidders", {"breaches": shown(few)})
        return {"state": row.state}
    moved(tx, row, "auction.close")
    body = {"auction": row.id, "bids": row.bids, "best": plain(row.best or Decimal(0)), "bidders": len(ranked),
            "sealed_head": ledger.head(tx.session, sealed(case))}  # fmt: skip
    tx.record(stream(case), "auction.closed", body)
    tx.publish(channel(case), "auction.closed", {"bids": row.bids})
    filing.call_for(tx, row, filing.RECORD)
    _offer(tx, row, ranked, 1)
    return {"state": row.state}


def _void(tx: Tx, row: Auction, reason: str, more: Payload) -> None:
    moved(tx, row, "auction.void")
    row.reason = reason
    tx.record(stream(row.id), "auction.void", {"auction": row.id, "reason": reason} | more)
    tx.publish(channel(row.id), "auction.void", {"reason": reason})
    filing.call_for(tx, row, filing.RESULT)


def _offer(tx: Tx, row: Auction, ranked: list[AuctionEntry], rank: int) -> None:
    """To the bidder at `rank`; void when nobody is left."""
    if rank > len(ranked):
        _void(tx, row, "nobody left in line", {})
        return
    entry = ranked[rank - 1]
    assert entry.best is not None
    due = tx.now + timedelta(hours=book_of(row)["AUC-CONFIRM"].number)
    one = AuctionOffer(auction_id=row.id, rank=rank, entry_id=entry.id, org_id=entry.org_id, price=entry.best,
                       offered_at=tx.now, due_at=due, state="waiting")  # fmt: skip
    tx.session.add(one)
    tx.session.flush()
    jobs.plan(tx.session, due, "auction.lapse", row.id, {"offer": one.id})
    body = {"auction": row.id, "rank": rank, "org": entry.org_id, "price": plain(entry.best), "due_at": due}
    tx.record(stream(row.id), "auction.offered", body)
    tx.publish(channel(row.id), "auction.offered", {"rank": rank})


def current(session: Session, auction: str) -> AuctionOffer | None:
    query = select(AuctionOffer).where(AuctionOffer.auction_id == auction)
    return session.scalars(query.order_by(AuctionOffer.rank.desc()).limit(1)).first()


def _mine(tx: Tx, row: Auction) -> AuctionOffer:
    """The offer that waits for the actor's organisation; its time is not over."""
    own, one = book_of(row), current(tx.session, row.id)
    if one is None or one.org_id != tx.actor.org or one.state != "waiting":
        raise Refused(own["AUC-TURN"].breach("-", required="offered"))
    if tx.now >= one.due_at:
        raise Refused(own["AUC-CONFIRM"].breach(tx.now.isoformat(), required=f"< {one.due_at.isoformat()}"))
    return one


def _fallen(tx: Tx, row: Auction, one: AuctionOffer, state: str, reason: str) -> None:
    """Out of line, recorded; the next one is asked."""
    one.state, one.answered_at, one.reason = state, tx.now, reason
    body = {"auction": row.id, "rank": one.rank, "org": one.org_id, "how": state, "reason": reason}
    tx.record(stream(row.id), "auction.passed_on", body)
    _offer(tx, row, ranking(tx.session, row.id), one.rank + 1)


@acting("auction.confirm", Role.BIDDER, signed=True)
def confirm(tx: Tx, case: str, p: Payload) -> Payload:
    """{prices: [unit price a line]}: together they do not exceed the price that was bid."""
    fields.only(p, "prices")
    row = auction_row(tx.session, case)
    one = _mine(tx, row)
    given = fields.items(p, "prices", most=50)
    if len(given) != len(row.lines):
        raise Unusable(f"prices: a list of at most {len(row.lines)} is expected")
    prices = [fields.decimal({"prices": each}, "prices", least=FEN, places=2) for each in given]
    refuse_if(rules.split(prices, [line["quantity"] for line in row.lines], one.price, book_of(row)))
    moved(tx, row, "auction.confirm", tx.actor)
    one.state, one.answered_at, one.prices = "confirmed", tx.now, [plain(each) for each in prices]
    body = {"auction": row.id, "rank": one.rank, "org": one.org_id, "price": plain(one.price), "prices": one.prices}
    tx.record(stream(row.id), "auction.confirmed", body)
    tx.publish(channel(row.id), "auction.confirmed", {"rank": one.rank})
    return {"state": row.state}


@acting("auction.decline", Role.BIDDER)
def decline(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: the price was given and is not taken back; who declines is recorded, and the next in line is asked."""
    fields.only(p, "reason")
    row = auction_row(tx.session, case)
    one = _mine(tx, row)
    moved(tx, row, "auction.decline", tx.actor)
    _fallen(tx, row, one, "declined", fields.text(p, "reason", limit=300))
    return {"state": row.state}


@acting("auction.lapse")
def lapse(tx: Tx, case: str, p: Payload) -> Payload:
    """The time to confirm is over without a word."""
    row, one = auction_row(tx.session, case), current(tx.session, case)
    if one is None or one.id != p.get("offer") or one.state != "waiting" or tx.now < one.due_at:
        return {"state": row.state}
    if row.state == "CLOSED":
        moved(tx, row, "auction.lapse")
        _fallen(tx, row, one, "lapsed", "")
    return {"state": row.state}


@acting("auction.reject", Role.TENDERER, signed=True)
def reject(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: the first in line does not meet the notice, or its price was examined and cannot hold (GB/T 43711)."""
    fields.only(p, "reason")
    row = buyers(tx, case)
    reason = fields.text(p, "reason", limit=300)
    moved(tx, row, "auction.reject", tx.actor)
    one = current(tx.session, case)
    assert one is not None
    _fallen(tx, row, one, "rejected", reason)
    return {"state": row.state}


@acting("auction.accept", Role.TENDERER, signed=True)
def accept(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {order}: the buyer confirms, and the order is placed."""
    fields.only(p)
    row = buyers(tx, case)
    moved(tx, row, "auction.accept", tx.actor)
    one = current(tx.session, case)
    assert one is not None
    lines = tuple(
        Line(category=each["category"], name=each["name"], unit=each["unit"], quantity=each["quantity"],
             price=Decimal(price), brand=each["brand"], model=each["model"], specs=each["specs"])
        for each, price in zip(row.lines, one.prices, strict=True)
    )  # fmt: skip
    order = place(tx, Placing(
        buyer_org=row.buyer_org, buyer_person=tx.actor.person, supplier_org=one.org_id, source="auction",
        source_id=row.id, region=row.region, address=row.address, receiver=row.receiver, lines=lines,
        note=f"{row.number} {row.title}"[:300], reference=row.ceiling,
    ))  # fmt: skip
    row.order_id = order.id
    body = {"auction": row.id, "order": order.id, "number": order.number, "org": one.org_id, "price": plain(one.price)}
    tx.record(stream(row.id), "auction.placed", body)
    tx.publish(channel(row.id), "auction.placed", {"order": order.number})
    filing.call_for(tx, row, filing.RESULT)
    return {"order": order.id}


def shares(row: Auction, price: Decimal) -> list[Decimal]:
    """Unit prices to begin with: the price spread evenly over all that is bought, to the fen, never above it. One line
    alone is exact wherever fen can be."""
    count = sum(one["quantity"] for one in row.lines)
    return [(price / count).quantize(FEN, rounding=ROUND_DOWN) for _ in row.lines]
