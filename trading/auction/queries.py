"""What of an auction is shown to whom. Until the close nobody sees a name, the buyer and the centre included; where
GB/T 43711 holds not even how many bid. After the close the list of prices is public with names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core import canon, live
from core.access import Actor, Role
from core.doors import Payload, asking
from core.faults import Unusable
from core.money import plain
from trading.auction import rules
from trading.auction.actions import noticed
from trading.auction.closing import current
from trading.auction.filing import OPEN_LOG as OPEN_LOG
from trading.auction.filing import listed
from trading.auction.guards import auction_row, book_of, channel, eligible, entry_of, standing, watches
from trading.auction.machine import LIVE
from trading.auction.models import Auction, AuctionBid, AuctionBreak, AuctionEntry, AuctionOffer

TABS: dict[str, tuple[str, ...]] = {
    "live": (*LIVE, "PAUSED"), "coming": ("PUBLISHED",), "closed": (*OPEN_LOG, "VOID", "CANCELLED"),
}  # fmt: skip
LIMIT = 20
SHOWN = 200  # prices of the log a page holds; the rest page by page


@dataclass(frozen=True)
class Reader:
    """Who reads: the buyer of this auction, the centre that watches it, a bidder with its mask."""

    buyer: bool
    centre: bool
    entry: AuctionEntry | None


def names(session: Session, orgs: list[str]) -> dict[str, str]:
    """Organisations by id."""
    found = session.execute(select(Org.id, Org.name).where(Org.id.in_(orgs))) if orgs else ()
    return {org: name for org, name in found}  # noqa: C416  pairs, not rows


def reader(session: Session, row: Auction, actor: Actor) -> Reader:
    entry = entry_of(session, row.id, actor.org) if actor.org and actor.has(Role.BIDDER) else None
    return Reader(bool(actor.org) and row.buyer_org == actor.org, watches(session, row, actor), entry)


def _brief(row: Auction) -> dict[str, Any]:
    return {
        "id": row.id, "number": row.number, "title": row.title, "state": row.state, "regime": row.regime,
        "region": row.region, "opens_at": row.opens_at, "ends_at": row.ends_at, "ceiling": plain(row.ceiling),
        "best": plain(row.best) if row.best is not None else "", "buyer": row.buyer_org, "bids": row.bids,
    }  # fmt: skip


def auctions(session: Session, actor: Actor, tab: str, *, before: str = "", text: str = "") -> dict[str, Any]:
    """{rows, next}: public ones of a tab, the next end first (of closed ones the last); `mine`: of the actor's own
    organisation, drafts among them. `before` is `next` of the page before."""
    query, down = select(Auction), tab in ("closed", "mine")
    if tab == "mine":
        entered = select(AuctionEntry.auction_id).where(AuctionEntry.org_id == actor.org)
        query = query.where(or_(Auction.buyer_org == actor.org, Auction.id.in_(entered)))
    else:
        query = query.where(Auction.state.in_(TABS[tab]))
    if text:
        query = query.where(or_(Auction.title.contains(text, autoescape=True), Auction.number == text))
    if before:
        query = query.where(_after(before, down))
    order = (Auction.ends_at.desc(), Auction.id.desc()) if down else (Auction.ends_at, Auction.id)
    rows = list(session.scalars(query.order_by(*order).limit(LIMIT + 1)))
    called = names(session, [row.buyer_org for row in rows])
    last = rows[LIMIT - 1] if len(rows) > LIMIT else None
    return {
        "rows": [_brief(row) | {"buyer": called.get(row.buyer_org, "")} for row in rows[:LIMIT]],
        "next": f"{last.ends_at.isoformat()}~{last.id}" if last else "",
    }


def _after(key: str, down: bool) -> Any:
    moment, _, last = key.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise Unusable("before: unknown page") from None
    if at.tzinfo is None:
        raise Unusable("before: unknown page")
    if down:
        return or_(Auction.ends_at < at, (Auction.ends_at == at) & (Auction.id < last))
    return or_(Auction.ends_at > at, (Auction.ends_at == at) & (Auction.id > last))


def counts(session: Session) -> dict[str, int]:
    """How many stand in each public tab."""
    grouped = session.execute(select(Auction.state, func.count()).group_by(Auction.state))
    found = {state: count for state, count in grouped}  # noqa: C416  pairs, not rows
    return {tab: sum(found.get(state, 0) for state in states) for tab, states in TABS.items()}


def seen(session: Session, auction: str, actor: Actor) -> Auction:
    """The auction; a draft is its buyer's alone."""
    row = auction_row(session, auction)
    if row.state == "DRAFT" and row.buyer_org != actor.org:
        raise Unusable("auction: no such auction")
    return row


def view(session: Session, row: Auction, actor: Actor, now: datetime) -> dict[str, Any]:
    """Everything the page shows to this reader at this moment."""
    here, own = reader(session, row, actor), book_of(row)
    opened = row.state in OPEN_LOG
    seen = _brief(row) | noticed(row) | {
        "buyer": names(session, [row.buyer_org]).get(row.buyer_org, ""), "address": row.address, "note": row.note,
        "receiver": row.receiver if here.buyer or _won(session, row, actor) else "",
        "lines": row.lines, "entrants": row.entrants, "step": plain(row.step), "window": row.window,
        "extend": row.extend, "most_extensions": row.most_extensions, "far": row.far, "extensions": row.extensions,
        "planned_end": row.planned_end, "published_at": row.published_at, "closed_at": row.closed_at,
        "reason": row.reason, "next": plain(rules.highest(standing(row))), "gap": own["AUC-GAP"].number,
        "log": log(session, row), "breaks": breaks_of(session, row.id), "opened": opened,
        "hides_number": row.regime == "state_firm" and not opened,
        "ranking": ranked(session, row) if opened else [], "heard": live.last(session, channel(row.id)),
        "papers": listed(session, row, buying=here.buyer),
    }  # fmt: skip
    return seen | _own(session, row, here, actor, now)


def _won(session: Session, row: Auction, actor: Actor) -> bool:
    one = current(session, row.id)
    return one is not None and bool(actor.org) and one.org_id == actor.org


def _own(session: Session, row: Auction, here: Reader, actor: Actor, now: datetime) -> dict[str, Any]:
    """What belongs to this reader alone."""
    entry, one = here.entry, current(session, row.id)
    may = actor.has(Role.BIDDER) and entry is None and row.state in ("PUBLISHED", *LIVE) and now < row.ends_at
    return {
        "buying": here.buyer, "watching": here.centre, "alias": entry.alias if entry else "",
        "mark": entry.mark if entry else "", "mine": plain(entry.best) if entry and entry.best is not None else "",
        "leads": entry is not None and row.best_org == entry.org_id, "may_enter": may,
        "entry_breaches": eligible(session, row, actor.org) if may else [],
        "offer": _offer_for(session, row, one, here, actor), "order": row.order_id if here.buyer else "",
    }  # fmt: skip


def _offer_for(
    session: Session, row: Auction, one: AuctionOffer | None, here: Reader, actor: Actor
) -> dict[str, Any] | None:
    if one is None or not (here.buyer or here.centre or one.org_id == actor.org):
        return None
    return {
        "id": one.id, "rank": one.rank, "org": names(session, [one.org_id]).get(one.org_id, ""),
        "price": plain(one.price), "due_at": one.due_at, "state": one.state, "prices": one.prices,
        "mine": one.org_id == actor.org,
    }  # fmt: skip


def log(session: Session, row: Auction, *, after: int = 0, limit: int = 0) -> list[dict[str, Any]]:
    """Prices in their order; without `limit` the newest SHOWN. Names only after the close."""
    query = select(AuctionBid, AuctionEntry).join(AuctionEntry, AuctionEntry.id == AuctionBid.entry_id)
    query = query.where(AuctionBid.auction_id == row.id, AuctionBid.seq > after)
    opened, hidden = row.state in OPEN_LOG, row.regime == "state_firm" and row.state not in OPEN_LOG
    found = list(session.execute(query.order_by(AuctionBid.seq).limit(limit)) if limit else reversed(
        list(session.execute(query.order_by(AuctionBid.seq.desc()).limit(SHOWN)))))  # fmt: skip
    called = names(session, list({entry.org_id for _, entry in found})) if opened else {}
    return [
        {"bid": bid.seq, "price": plain(bid.price), "at": bid.at, "ends_at": bid.ends_at,
         "alias": "" if hidden else entry.alias, "org": called.get(entry.org_id, ""),
         "mark": rules.mark(entry.mark, bid.seq)}
        for bid, entry in found
    ]  # fmt: skip


def breaks_of(session: Session, auction: str) -> list[dict[str, Any]]:
    query = select(AuctionBreak).where(AuctionBreak.auction_id == auction).order_by(AuctionBreak.since)
    keys = ("kind", "since", "until", "end_before", "end_after", "reason")
    return [{key: getattr(one, key) for key in keys} for one in session.scalars(query)]


def ranked(session: Session, row: Auction) -> list[dict[str, Any]]:
    """After the close: every bidder with its lowest price and how the purchase was offered to it."""
    query = select(AuctionEntry).where(AuctionEntry.auction_id == row.id, AuctionEntry.best.is_not(None))
    entries = list(session.scalars(query.order_by(AuctionEntry.best)))
    offers = {one.entry_id: one for one in session.scalars(
        select(AuctionOffer).where(AuctionOffer.auction_id == row.id))}  # fmt: skip
    called = names(session, [one.org_id for one in entries])
    return [
        {"rank": rank, "alias": one.alias, "org": called.get(one.org_id, ""), "price": plain(one.best or row.ceiling),
         "bid": one.best_seq, "offer": offers[one.id].state if one.id in offers else "",
         "reason": offers[one.id].reason if one.id in offers else ""}
        for rank, one in enumerate(entries, 1)
    ]  # fmt: skip


@asking("auction.show", Role.PUBLIC)
def show(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """The auction as its page shows it to this reader."""
    found = view(session, seen(session, case, actor), actor, now)
    plain_form: Payload = canon.plain(found | {"entry_breaches": [one.rule for one in found["entry_breaches"]]})
    return plain_form


@asking("auction.log", Role.PUBLIC)
def prices(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{after?: number of a price} → {bids}: the next prices after it, at most 500."""
    row = seen(session, case, actor)
    after = str(p.get("after") or "0")
    if not after.isdecimal() or len(after) > 9:
        raise Unusable("after: a whole number from 0 to 999999999 is expected")
    answer: Payload = canon.plain({"bids": log(session, row, after=int(after), limit=500), "best": row.best})
    return answer
