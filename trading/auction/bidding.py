"""A price: judged and numbered in one transaction by the moment of that transaction, whatever process took it.

There is one order because there is one writer: the number, the best price and the end are read and written under the
database's write lock. A price that was taken cannot be taken back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core import fields, jobs
from core.access import Role
from core.acts import Tx
from core.amounts import capital
from core.doors import Payload, acting
from core.money import plain
from core.rules import Refused, refuse_if
from trading.auction import rules
from trading.auction.facts import Terms
from trading.auction.guards import (
    auction_row,
    book_of,
    channel,
    eligible,
    entry_of,
    moved,
    standing,
    stream,
)  # fmt: skip
from trading.auction.machine import LIVE, MACHINE
from trading.auction.models import Auction, AuctionBid, AuctionEntry

FEN = Decimal("0.01")


@acting("auction.begin")
def begin(tx: Tx, case: str, p: Payload) -> Payload:
    """The start has come: told to the pages. A price that comes first begins it as well."""
    row = auction_row(tx.session, case)
    if row.state == "PUBLISHED" and row.opens_at <= tx.now:
        _begin(tx, row)
    return {"state": row.state}


def _begin(tx: Tx, row: Auction) -> None:
    moved(tx, row, "auction.begin")
    tx.record(stream(row.id), "auction.begun", {"auction": row.id})
    tx.publish(channel(row.id), "auction.begun", {"ends_at": row.ends_at.isoformat()})


def _open(tx: Tx, row: Auction, own: rules.Book) -> None:
    """Refused unless prices are taken at this moment."""
    if row.state == "PAUSED":
        raise Refused(own["AUC-PAUSED"].breach("PAUSED", required=" / ".join(LIVE)))
    late = rules.in_time(tx.now, standing(row), own)
    if row.state in ("PUBLISHED", *LIVE, "CLOSED", "VOID"):
        refuse_if(late)
    if row.state == "PUBLISHED":
        _begin(tx, row)
    MACHINE.move(row.state, "auction.bid", tx.actor)


def _entered(tx: Tx, row: Auction, own: rules.Book) -> AuctionEntry:
    entry = entry_of(tx.session, row.id, tx.actor.org)
    if entry is None:
        raise Refused(own["AUC-ENTRANT"].breach("-", required="auction.enter"))
    return entry


@acting("auction.bid", Role.BIDDER)
def bid(tx: Tx, case: str, p: Payload) -> Payload:
    """{price, sure?} → {seq, price, words, at, ends_at, mark}. `sure` repeats a price that is far below the best."""
    fields.only(p, "price", "sure")
    row = auction_row(tx.session, case)
    own = book_of(row)
    offered = fields.decimal(p, "price", least=FEN, places=2)
    _open(tx, row, own)
    entry = _entered(tx, row, own)
    refuse_if(eligible(tx.session, row, tx.actor.org))
    here = standing(row)
    refuse_if(rules.price(offered, here, own))
    if fields.decimal(p, "sure", places=2, default=Decimal(0)) != offered:
        refuse_if(rules.far(offered, here, own))
    return _take(tx, row, entry, offered)


def _take(tx: Tx, row: Auction, entry: AuctionEntry, offered: Decimal) -> Payload:
    row.bids += 1
    row.best, row.best_org = offered, entry.org_id
    entry.best, entry.best_seq = offered, row.bids
    longer = _extend(tx, row)
    tx.session.add(AuctionBid(auction_id=row.id, seq=row.bids, entry_id=entry.id, price=offered, at=tx.now,
                              ends_at=row.ends_at))  # fmt: skip
    tx.record(stream(row.id), "auction.bid", {"auction": row.id, "seq": row.bids, "alias": entry.alias,
                                              "price": plain(offered), "ends_at": row.ends_at})  # fmt: skip
    told: dict[str, Any] = {"bid": row.bids, "price": plain(offered), "at": tx.now.isoformat(),
                            "ends_at": row.ends_at.isoformat(), "next": plain(rules.highest(standing(row))),
                            "mark": rules.mark(entry.mark, row.bids)}  # fmt: skip
    if row.regime != "state_firm":  # there even the number of bidders is hidden
        told["alias"] = entry.alias
    if longer:
        told["extended"] = row.extensions
    tx.publish(channel(row.id), "auction.bid", told)
    return {"seq": row.bids, "price": plain(offered), "words": capital(offered), "at": tx.now, "ends_at": row.ends_at,
            "mark": told["mark"]}  # fmt: skip


def _extend(tx: Tx, row: Auction) -> bool:
    ends = rules.extended(tx.now, row.ends_at, Terms(row.window, row.extend, row.most_extensions, row.extensions))
    if ends == row.ends_at:
        return False
    row.ends_at, row.extensions = ends, row.extensions + 1
    moved(tx, row, "auction.extend")
    jobs.plan(tx.session, ends, "auction.close", row.id)
    return True
