"""What every act asks first: the auction, whether it is at this stage, and who knocks."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import Actor, Role
from core.acts import Tx
from core.clock import CST
from core.faults import Unusable
from core.rules import Breach, Refused
from trading.auction import rules
from trading.auction.facts import Standing
from trading.auction.machine import MACHINE
from trading.auction.models import Auction, AuctionEntry
from trading.supplier.queries import standing as supplier_standing
from trading.supplier.rules import may_supply


def stream(auction: str) -> str:
    return f"auction:{auction}"


def sealed(auction: str) -> str:
    """Who entered, and how many, nobody learns before the close (GB/T 43711)."""
    return f"sealed:{auction}"


def channel(auction: str) -> str:
    return f"auction:{auction}"


def auction_row(session: Session, auction: str) -> Auction:
    row = session.get(Auction, auction)
    if row is None:
        raise Unusable("auction: no such auction")
    return row


def day_of(row: Auction) -> date:
    """An auction keeps the numbers of the day of its notice."""
    return (row.published_at or row.created_at).astimezone(CST).date()


def book_of(row: Auction) -> rules.Book:
    return rules.book(row.regime, day_of(row))


def last_window(row: Auction) -> int:
    """Seconds that must be whole before the end, also where no bid extends it."""
    return row.window or book_of(row)["AUC-WINDOW"].number


def moved(tx: Tx, row: Auction, act: str, actor: Actor | None = None) -> None:
    """To the state that `act` leads to; Refused with the states it is open in."""
    row.state = MACHINE.move(row.state, act, actor).target


def buyers(tx: Tx, auction: str) -> Auction:
    """An auction of the actor's own organisation."""
    row = auction_row(tx.session, auction)
    if row.buyer_org != tx.actor.org:
        raise Refused(book_of(row)["AUC-PARTY"].breach(tx.actor.org_name or "-", required=Role.TENDERER))
    return row


def watches(session: Session, row: Auction, actor: Actor) -> bool:
    """The centre of the place: its region covers the auction's."""
    org = session.get(Org, actor.org) if actor.org else None
    if org is None or not actor.has(Role.CENTRE):
        return False
    prefix = org.region[:2] if org.region.endswith("0000") else org.region[:4]
    return row.region.startswith(prefix)


def hosted(tx: Tx, auction: str) -> Auction:
    row = auction_row(tx.session, auction)
    if not watches(tx.session, row, tx.actor):
        raise Refused(book_of(row)["AUC-PARTY"].breach(tx.actor.org_name or "-", required=Role.CENTRE))
    return row


def entry_of(session: Session, auction: str, org: str) -> AuctionEntry | None:
    query = select(AuctionEntry).where(AuctionEntry.auction_id == auction, AuctionEntry.org_id == org)
    return session.scalars(query).first()


def standing(row: Auction) -> Standing:
    return Standing(row.opens_at, row.ends_at, row.ceiling, row.step, row.best, row.far)


def eligible(session: Session, row: Auction, org: str) -> list[Breach]:
    """In the mall, for all of these categories, to this place; invited where only those may come."""
    own = book_of(row)["AUC-ENTRANT"]
    if org == row.buyer_org:
        return [own.breach("buyer", required="another organisation")]
    if row.entrants == "invited" and org not in row.invited:
        return [own.breach("not invited", required="invited")]
    seller = supplier_standing(session, org)
    found = {
        (one.rule, one.found): one for line in row.lines for one in may_supply(seller, line["category"], row.region)
    }
    return [own.breach(one.found, required=one.required) for one in found.values()]
