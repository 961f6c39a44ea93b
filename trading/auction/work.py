"""What waits for whom, for the workbench."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from trading.auction.machine import LIVE
from trading.auction.models import Auction, AuctionEntry, AuctionOffer

MOST = 50


def _item(row: Auction, title: str, act: str, due: datetime | None, *, waiting: bool = False) -> dict[str, Any]:
    return {"title": title, "act": act, "href": f"/mall/auctions/{row.id}", "subject": row.title, "due": due,
            "waiting": waiting}  # fmt: skip


def work(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The buyer's next step, a bidder's auctions and offers, what the centre has paused."""
    found: list[dict[str, Any]] = []
    if actor.org and actor.has(Role.TENDERER):
        found += _buying(session, actor.org)
    if actor.org and actor.has(Role.BIDDER):
        found += _bidding(session, actor.org)
    return found


def _buying(session: Session, org: str) -> list[dict[str, Any]]:
    query = select(Auction).where(Auction.buyer_org == org, Auction.state.in_(("DRAFT", "CLOSED", "LOWEST_CONFIRMED")))
    said = {
        "DRAFT": ("Publish the auction", False), "CLOSED": ("The lowest bidder confirms", True),
        "LOWEST_CONFIRMED": ("Confirm the purchase", False),
    }  # fmt: skip
    return [
        _item(row, said[row.state][0], "Go there", None, waiting=said[row.state][1])
        for row in session.scalars(query.order_by(Auction.ends_at.desc()).limit(MOST))
    ]


def _bidding(session: Session, org: str) -> list[dict[str, Any]]:
    query = select(Auction).join(AuctionEntry, AuctionEntry.auction_id == Auction.id)
    mine = query.where(AuctionEntry.org_id == org, Auction.state.in_(("PUBLISHED", *LIVE, "PAUSED")))
    found = [_item(row, "Reverse auction", "Give this price", row.ends_at)
             for row in session.scalars(mine.order_by(Auction.ends_at).limit(MOST))]  # fmt: skip
    waiting = select(Auction, AuctionOffer).join(AuctionOffer, AuctionOffer.auction_id == Auction.id)
    waiting = waiting.where(AuctionOffer.org_id == org, AuctionOffer.state == "waiting", Auction.state == "CLOSED")
    found += [_item(row, "Confirm the lowest price", "Go there", one.due_at)
              for row, one in session.execute(waiting.limit(MOST))]  # fmt: skip
    return found


WORK = work
