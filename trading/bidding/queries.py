"""The bid desk and the download list; `bidders` answers by audience and by time (domain.md §4, Visibility)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.rules import Breach
from core.staged import Upload
from trading.bidding import rules
from trading.bidding.models import Bid, Download, SealedReference
from trading.document.models import Clarification, Question
from trading.opening.queries import live_bids, named
from trading.project.models import Case, CaseDocument
from trading.project.queries import blocked_by, org_names
from trading.project.states import book_of, case_row, stands_as

OWNERS = frozenset({Role.TENDERER, Role.AGENCY})


def _version(bid: Bid) -> dict[str, Any]:
    keys = (
        "id", "version", "kind", "state", "ciphertext_sha256", "size", "received_at", "receipt", "manifest", "ended_at",
    )  # fmt: skip
    return {key: getattr(bid, key) for key in keys}


def bid_desk(session: Session, case: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """A bidder's own side of a case: {deadline, open, lot, sealing, versions, unfinished, downloads, clarifications,
    lots, breaches}.

    `sealing`: {kind, lot, custodians} for the page that seals; `versions` newest first, nobody else's; `unfinished`:
    transfers that the deadline ended, deemed withdrawn (20号令 art. 27).
    """
    row = case_row(session, case)
    mine = (Bid.case_id == case, Bid.round == row.round, Bid.org_id == actor.org)
    own = bool(actor.org) and Role.BIDDER in stands_as(row, actor)
    versions = list(session.scalars(select(Bid).where(*mine).order_by(Bid.version.desc()))) if own else []
    taken = (Download.case_id == case, Download.round == row.round, Download.org_id == actor.org)
    downloads = list(session.scalars(select(Download).where(*taken).order_by(Download.at))) if own else []
    notes = select(Clarification).where(Clarification.case_id == case, Clarification.round == row.round)
    held = row.settings.get("custodians") or {}
    return {
        "case": row.id,
        "deadline": row.deadline,
        "open": row.state == "ANNOUNCED" and row.deadline is not None and now < row.deadline,
        "unit": row.unit,
        "ceiling": row.ceiling,
        "sealing": {"kind": "bid", "lot": row.id, "custodians": {role: one["spki"] for role, one in held.items()}},
        "versions": [_version(bid) for bid in versions],
        "unfinished": _unfinished(session, row, actor) if own else [],
        "downloads": [{"id": d.id, "document": d.document_id, "at": d.at} for d in downloads],
        "clarifications": [
            {
                "number": c.number,
                "text": c.text,
                "document": c.document_id,
                "at": c.sent_at,
                "deadline": c.deadline_after,
            }
            for c in session.scalars(notes.order_by(Clarification.number))
        ],
        "lots": other_lots(session, row, actor, now) if own else [],
        "breaches": _submit_blocked(session, row, actor, now),
    }


def other_lots(session: Session, row: Case, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The other lots of the project that are public, with the version of this bidder in force there and no other's:
    [{case, lot_no, lot_name, state, deadline, open, may_bid, version}]. A bid is sealed for one lot."""
    query = select(Case).where(Case.project_id == row.project_id, Case.id != row.id, Case.announced_at.is_not(None))
    found = []
    for lot in session.scalars(query.order_by(Case.lot_no)):
        mine = (Bid.case_id == lot.id, Bid.round == lot.round, Bid.org_id == actor.org, Bid.state == "received")
        found.append(
            {
                "case": lot.id, "lot_no": lot.lot_no, "lot_name": lot.lot_name, "state": lot.state,
                "deadline": lot.deadline, "may_bid": Role.BIDDER in stands_as(lot, actor),
                "open": lot.state == "ANNOUNCED" and lot.deadline is not None and now < lot.deadline,
                "version": session.scalar(select(Bid.version).where(*mine)),
            }
        )  # fmt: skip
    return found


def _unfinished(session: Session, row: Case, actor: Actor) -> list[dict[str, Any]]:
    query = select(Upload).where(Upload.subject == row.id, Upload.state == "withdrawn", Upload.org_id == actor.org)
    query = query.where(Upload.created_at >= (row.announced_at or row.deadline)).order_by(Upload.created_at)
    return [{"id": u.id, "size": u.size, "begun_at": u.created_at, "at": u.ended_at} for u in session.scalars(query)]


def has_taken(session: Session, row: Case, org: str) -> bool:
    """Whether an organisation took the tender file of this round."""
    query = select(Download.id).where(Download.case_id == row.id, Download.round == row.round, Download.org_id == org)
    return bool(org) and session.scalar(query.limit(1)) is not None


def downloads(session: Session, case: str, actor: Actor) -> list[dict[str, Any]]:
    """Who took the file, for the tenderer and its agency alone (E-12): [{org, org_name, document, kind, at}]."""
    row = case_row(session, case)
    if not stands_as(row, actor) & OWNERS:
        return []
    query = select(Download, CaseDocument).join(CaseDocument, CaseDocument.id == Download.document_id)
    found = session.execute(query.where(Download.case_id == case, Download.round == row.round).order_by(Download.at))
    rows = [(download, document) for download, document in found]
    orgs = org_names(session, (download.org_id for download, _ in rows))
    return [
        {"org": d.org_id, "org_name": orgs[d.org_id].name, "document": doc.id, "kind": doc.kind, "at": d.at}
        for d, doc in rows
    ]


def questions(session: Session, case: str, actor: Actor) -> list[dict[str, Any]]:
    """What was asked, for the tenderer and its agency, without who asked; a bidder sees its own."""
    row = case_row(session, case)
    roles = stands_as(row, actor)
    query = select(Question).where(Question.case_id == case).order_by(Question.asked_at, Question.id)
    if not roles & OWNERS:
        query = query.where(Question.org_id == (actor.org if Role.BIDDER in roles and actor.org else ""))
    return [{"id": q.id, "text": q.text, "asked_at": q.asked_at} for q in session.scalars(query)]


def bidders(session: Session, case: str, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Who has bid: before the opening begins only one's own bid, afterwards all names; [{bid, org, org_name}].

    After a tender that failed for want of bidders the others stay unknown: their files were never opened.
    """
    row = case_row(session, case)
    own = actor.org if actor.org and Role.BIDDER in stands_as(row, actor) else ""
    bids = [bid for bid in live_bids(session, row) if named(row) or bid.org_id == own]
    orgs = org_names(session, (bid.org_id for bid in bids))
    return [{"bid": bid.id, "org": bid.org_id, "org_name": orgs[bid.org_id].name} for bid in bids]


def reference_state(session: Session, case: str, actor: Actor) -> dict[str, Any] | None:
    """For the tenderer and its agency: when and with which hash the 标底 was sealed."""
    row = case_row(session, case)
    sealed = session.get(SealedReference, (case, row.round)) if stands_as(row, actor) & OWNERS else None
    if sealed is None:
        return None
    return {
        "sealed_at": sealed.sealed_at, "ciphertext_sha256": sealed.ciphertext_sha256, "size": sealed.size,
        "manifest": sealed.manifest,
    }  # fmt: skip


@blocked_by("bid.submit")
def _submit_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return rules.in_time(now, row.deadline, book_of(row, now)) if row.deadline and row.announced_at else []


@blocked_by("bid.withdraw")
def _withdraw_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return _submit_blocked(session, row, actor, now)
