"""Papers of a reverse auction for the file: the record of its prices when the clock closes it, its result when it ends.

They name whom the page names: nobody where an auction was void or cancelled, and no mask where the number of bidders is
hidden (GB/T 43711).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from core import canon, jobs
from core.acts import Acts, Tx
from core.config import Config
from core.doors import Payload, acting
from core.money import plain
from methods.lowering import replay
from trading.auction import papers
from trading.auction.guards import auction_row, book_of, channel, stream
from trading.auction.models import Auction, AuctionBid, AuctionBreak, AuctionEntry, AuctionOffer
from trading.mall import filing
from trading.mall.filing import Draft, Record
from trading.order.models import Order

RECORD, RESULT = "auction_record", "auction_result"
OPEN_LOG = ("CLOSED", "LOWEST_CONFIRMED", "PLACED")  # the page shows names
ENDED = ("PLACED", "VOID", "CANCELLED")


def call_for(tx: Tx, row: Auction, kind: str) -> None:
    """Right after this act. Who signs is the buyer's person where that person's act led here; nobody where the clock's
    or a supplier's did."""
    person = tx.actor.person if tx.actor.org and tx.actor.org == row.buyer_org else ""
    jobs.plan(tx.session, tx.now, "auction.paper", row.id, {"kind": kind, "person": person})


@jobs.long("auction.paper")
def draw_up(acts: Acts, auction: str, p: Payload) -> Payload:
    return filing.draw_up(acts, lambda session: _draft(session, acts.house.config, auction, p))


@acting("auction.paper")
def draw_up_act(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: {kind, person} → {document?}: what `draw_up` does, inside one transaction."""
    return filing.draw_up_inside(tx, _draft(tx.session, tx.config, case, p))


def _draft(session: Session, config: Config, auction: str, p: Payload) -> Draft | None:
    row, kind = auction_row(session, auction), str(p.get("kind", ""))
    if row.state not in {RECORD: OPEN_LOG, RESULT: ENDED}.get(kind, ()):
        return None
    buyer = session.get_one(Org, row.buyer_org)
    record = _record(session, row, buyer, kind)
    fill = partial(papers.printed, record, book_of(row), demo=config.demo)
    title = f"{row.number} {papers.title(record)}"
    return Draft(row.id, stream(row.id), channel(row.id), kind, title, record, fill, str(p.get("person", "")),
                 buyer.name)  # fmt: skip


def _record(session: Session, row: Auction, buyer: Org, kind: str) -> Record:
    keys = ("number", "title", "regime", "lines", "entrants", "window", "extend", "most_extensions", "published_at",
            "opens_at", "planned_end", "ends_at", "closed_at")  # fmt: skip
    opened, over = row.state in OPEN_LOG, kind == RESULT
    entries = _masks(session, row)
    masked = opened or row.regime != "state_firm"
    return {
        "schema": "auction-result/1" if over else "auction-record/1", "auction": row.id,
        "buyer": {"org": buyer.id, "name": buyer.name, "uscc": buyer.uscc}, "ceiling": plain(row.ceiling),
        "step": plain(row.step), **{key: getattr(row, key) for key in keys}, "outcome": row.state if over else "CLOSED",
        "reason": row.reason if over else "", "breaks": _breaks(session, row),
        "lowering": _lowering(session, row, entries if masked else {}),
        "names": _names(session, row) if opened else {},
        "offers": _offers(session, row, entries if masked else {}, opened) if over else [],
        "order": _order(session, row) if over else None,
    }  # fmt: skip


def _masks(session: Session, row: Auction) -> dict[str, str]:
    """entry → mask"""
    query = select(AuctionEntry.id, AuctionEntry.alias).where(AuctionEntry.auction_id == row.id)
    return {entry: alias for entry, alias in session.execute(query)}  # noqa: C416  pairs, not rows


def _names(session: Session, row: Auction) -> dict[str, Record]:
    """mask → organisation, of those who gave a price."""
    query = select(AuctionEntry.alias, Org.name, Org.uscc).join(Org, Org.id == AuctionEntry.org_id)
    query = query.where(AuctionEntry.auction_id == row.id, AuctionEntry.best.is_not(None))
    return {alias: {"name": name, "uscc": uscc} for alias, name, uscc in session.execute(query)}


def _breaks(session: Session, row: Auction) -> list[Record]:
    query = select(AuctionBreak).where(AuctionBreak.auction_id == row.id).order_by(AuctionBreak.since, AuctionBreak.id)
    keys = ("kind", "since", "until", "end_before", "end_after", "reason")
    return [{key: getattr(one, key) for key in keys} for one in session.scalars(query)]


def _lowering(session: Session, row: Auction, masks: dict[str, str]) -> Record:
    """{input, result}: whoever holds the paper computes ranking, extensions and end again (methods.lowering)."""
    prices = session.scalars(select(AuctionBid).where(AuctionBid.auction_id == row.id).order_by(AuctionBid.seq))
    said: Record = canon.plain({
        "ceiling": plain(row.ceiling), "step": plain(row.step), "window": row.window, "extend": row.extend,
        "most_extensions": row.most_extensions, "planned_end": row.planned_end,
        "prices": [
            {"seq": one.seq, "price": plain(one.price), "at": one.at, "ends_at": one.ends_at}
            | ({"mask": masks[one.entry_id]} if masks else {}) for one in prices
        ],
        "breaks": [{"until": one["until"], "end_after": one["end_after"]} for one in _breaks(session, row)
                   if one["until"] is not None and one["end_after"] is not None],
    })  # fmt: skip
    return {"input": said, "result": replay(said)}


def _offers(session: Session, row: Auction, masks: dict[str, str], opened: bool) -> list[Record]:
    """Who was asked in turn; what they gave as a reason only where they are named."""
    query = select(AuctionOffer).where(AuctionOffer.auction_id == row.id).order_by(AuctionOffer.rank)
    return [
        {"rank": one.rank, "mask": masks.get(one.entry_id, ""), "price": plain(one.price),
         "offered_at": one.offered_at, "due_at": one.due_at, "state": one.state, "answered_at": one.answered_at,
         "prices": one.prices if opened else [], "reason": one.reason if opened else ""}
        for one in session.scalars(query)
    ]  # fmt: skip


def _order(session: Session, row: Auction) -> dict[str, Any] | None:
    found = session.get(Order, row.order_id) if row.order_id else None
    return {"number": found.number, "placed_at": found.placed_at} if found else None


def listed(session: Session, row: Auction, *, buying: bool) -> list[dict[str, Any]]:
    """What a reader of the page may open: its page is everybody's, what is not signed yet the buyer's. The record names
    bidders, so it is there as long as the page names them."""
    kinds = ((RECORD,) if row.state in OPEN_LOG else ()) + ((RESULT,) if row.state in ENDED else ())
    return filing.papers(session, row.id, kinds, all_of_them=buying) if kinds else []
