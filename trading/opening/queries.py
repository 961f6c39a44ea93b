"""The hall by audience and by time; plain data for evaluation. Nobody but the bidder sees a bid before the opening."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org, Person
from core.access import Actor, Role
from core.rules import Breach
from trading.bidding import rules as bidding_rules
from trading.bidding.facts import Bidder
from trading.bidding.models import Bid, SealedReference
from trading.opening import rules
from trading.opening.facts import Hall, Lock
from trading.opening.models import OpenedBid, Opening, OpeningObjection, SignIn, Unlock
from trading.project.models import Case, Project
from trading.project.queries import blocked_by, org_names
from trading.project.states import book_of, case_row, stands_as


def live_bids(session: Session, row: Case) -> list[Bid]:
    """Bids in force, in the order of receipt: the order of the opening (only for what acts after the deadline)."""
    query = select(Bid).where(Bid.case_id == row.id, Bid.round == row.round, Bid.state == "received")
    return list(session.scalars(query.order_by(Bid.received_at, Bid.id)))


def named(row: Case) -> bool:
    """Names are public while the hall is open and once prices are out; never after an opening that failed."""
    return row.state == "OPENING" or row.opened_at is not None


def opening_of(session: Session, row: Case) -> Opening | None:
    return session.get(Opening, (row.id, row.round))


def hall_facts(session: Session, row: Case, opening: Opening) -> Hall:
    live = (Bid.case_id == row.id, Bid.round == row.round, Bid.state == "received")
    bids = list(session.scalars(select(Bid.id).where(*live)))
    unlocks = {u.bid_id: u for u in session.scalars(select(Unlock).where(Unlock.bid_id.in_(bids)))}
    sealed = session.get(SealedReference, (row.id, row.round)) is not None
    locks = tuple(Lock(bid, bool(unlocks[bid].how), unlocks[bid].cause) for bid in bids)
    fallback = bool(row.settings.get("custodians"))
    return Hall(locks, opening.window_until, fallback, sealed and not opening.reference_key)


def hall(session: Session, case: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """{case, state, deadline, began_at, window_until, rows, objections, reference, own}.

    A row: {number, bid, org, org_name, received_at, signed_in_at, status, unlocked_at, how, cause, reason} and, once
    opened, {price, duration_days, quality, manager, flags, problem}. Status: sealed, unlocked, failed, opened.
    `rows` is empty before the opening begins and after one that failed; `own` is the actor's own bid.
    """
    row = case_row(session, case)
    opening = opening_of(session, row)
    project = session.get_one(Project, row.project_id)
    base: dict[str, Any] = {
        "case": row.id, "name": project.name, "lot": row.lot_name, "lot_code": row.lot_code, "state": row.state,
        "unit": row.unit, "ceiling": row.ceiling, "deadline": row.deadline, "failed_reason": row.failed_reason,
        "began_at": opening.began_at if opening else None, "closed_at": opening.closed_at if opening else None,
        "window_until": opening.window_until if opening else None, "reference": opening.reference if opening else "",
        "document": opening.document_id if opening else "",
    }  # fmt: skip
    base["own"] = own_bid(session, row, actor)
    base["rows"] = _rows(session, row) if named(row) else []
    base["objections"] = _objections(session, row) if named(row) else []
    return base


def own_bid(session: Session, row: Case, actor: Actor) -> str:
    """The id of the actor's live bid, "" without one."""
    if Role.BIDDER not in stands_as(row, actor):
        return ""
    mine = (Bid.case_id == row.id, Bid.round == row.round, Bid.org_id == actor.org, Bid.state == "received")
    return session.scalar(select(Bid.id).where(*mine)) or ""


def _rows(session: Session, row: Case) -> list[dict[str, Any]]:
    bids = live_bids(session, row)
    ids = [bid.id for bid in bids]
    orgs = org_names(session, (bid.org_id for bid in bids))
    unlocks = {u.bid_id: u for u in session.scalars(select(Unlock).where(Unlock.bid_id.in_(ids)))}
    signed = {s.bid_id: s for s in session.scalars(select(SignIn).where(SignIn.bid_id.in_(ids)))}
    opened = {o.bid_id: o for o in session.scalars(select(OpenedBid).where(OpenedBid.bid_id.in_(ids)))}
    return [
        _row(number, bid, orgs[bid.org_id].name, unlocks.get(bid.id), signed.get(bid.id), opened.get(bid.id))
        for number, bid in enumerate(bids, 1)
    ]


def _row(
    number: int, bid: Bid, name: str, unlock: Unlock | None, signed: SignIn | None, opened: OpenedBid | None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": number, "bid": bid.id, "org": bid.org_id, "org_name": name, "received_at": bid.received_at,
        "signed_in_at": signed.at if signed else None, "status": "sealed", "unlocked_at": None, "how": "", "cause": "",
        "reason": "",
    }  # fmt: skip
    if unlock is not None:
        found |= {"unlocked_at": unlock.at, "how": unlock.how, "cause": unlock.cause, "reason": unlock.reason}
        found["status"] = "unlocked" if unlock.how else "failed" if unlock.cause else "sealed"
    if opened is not None:
        keys = ("price", "duration_days", "quality", "manager", "flags", "problem")
        found |= {key: getattr(opened, key) for key in keys} | {"status": "opened"}
    return found


def _objections(session: Session, row: Case) -> list[dict[str, Any]]:
    query = select(OpeningObjection).where(OpeningObjection.case_id == row.id, OpeningObjection.round == row.round)
    keys = ("id", "bid_id", "text", "at", "answer", "answered_at")
    found = session.scalars(query.order_by(OpeningObjection.at, OpeningObjection.id))
    return [{key: getattr(o, key) for key in keys} for o in found]


def halls(session: Session, *, limit: int = 50) -> list[dict[str, Any]]:
    """Openings that wait or run: [{case, name, lot, state, deadline}], the next first; no counts."""
    query = select(Case, Project).join(Project, Project.id == Case.project_id)
    query = query.where(Case.state.in_(("SEALED", "OPENING"))).order_by(Case.deadline, Case.id).limit(limit)
    return [
        {"case": case.id, "name": project.name, "lot": case.lot_name, "state": case.state, "deadline": case.deadline}
        for case, project in session.execute(query)
    ]


def opened_bids(session: Session, case: str) -> list[dict[str, Any]]:
    """What evaluation gets, in opening order: [{id, bid, number, org, org_name, uscc, price, duration_days, quality,
    manager, flags, pdf_sha256, sheet_sha256, attachments, readable, problem}]. `price` is "" when unreadable."""
    row = case_row(session, case)
    query = select(OpenedBid).where(OpenedBid.case_id == case, OpenedBid.round == row.round)
    found = list(session.scalars(query.order_by(OpenedBid.number)))
    orgs = org_names(session, (o.org_id for o in found))
    keys = (
        "number", "price", "duration_days", "quality", "manager", "flags", "pdf_sha256", "sheet_sha256", "attachments",
        "problem",
    )  # fmt: skip
    return [
        {"id": o.bid_id, "bid": o.bid_id, "org": o.org_id, "org_name": orgs[o.org_id].name, "uscc": orgs[o.org_id].uscc,
         "readable": bool(o.price)} | {key: getattr(o, key) for key in keys}
        for o in found
    ]  # fmt: skip


def avoid_list(session: Session, case: str) -> dict[str, list[str]]:
    """{usccs: of all bidders in force, persons: ID hashes of the people of bidders, tenderer and agency}.

    For the draw alone: names of bidders stay hidden from whoever runs it.
    """
    row = case_row(session, case)
    bidders = [bid.org_id for bid in live_bids(session, row)]
    usccs = session.scalars(select(Org.uscc).where(Org.id.in_(bidders)).order_by(Org.uscc))
    sides = [*bidders, *(org for org in (row.tenderer_org, row.agency_org) if org)]
    people = session.scalars(select(Person.id_hash).where(Person.org_id.in_(sides)).order_by(Person.id_hash))
    return {"usccs": list(usccs), "persons": list(people)}


def related_bidders(session: Session, case: str) -> list[Breach]:
    """R1-36 for the committee, from what is registered; only after the opening."""
    row = case_row(session, case)
    if row.opened_at is None:
        return []
    orgs = org_names(session, [row.tenderer_org, *(bid.org_id for bid in live_bids(session, row))])
    facts = {org: Bidder(org, one.uscc, one.legal_person) for org, one in orgs.items()}
    tenderer = facts.pop(row.tenderer_org)
    return bidding_rules.related(list(facts.values()), tenderer, book_of(row, row.opened_at))


@blocked_by("opening.close")
def _close_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    opening = opening_of(session, row)
    assert opening is not None
    return rules.may_close(hall_facts(session, row, opening), now, book_of(row, now))


@blocked_by("opening.unlock")
def _unlock_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    opening = opening_of(session, row)
    assert opening is not None
    return rules.in_window(opening.window_until, now, book_of(row, now))
