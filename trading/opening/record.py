"""The record of the opening: read and signed by those who were there, then published (20号令 art. 32).

Host and witness sign. A bidder who is absent, or has not signed when the time to sign ends, is taken to accept (A-114):
the record says of each field whether it may lack. Until then those who have bid and the parties read it; what the law
keeps secret stays with them.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import desk
from core import fields, jobs
from core.access import SYSTEM, Actor, Role
from core.acts import Acts, Tx
from core.doors import TABLE, Payload, acting
from core.ledger import Entry
from core.rules import refuse_if
from trading.bidding.models import Bid
from trading.opening import confirmations, rules
from trading.opening.models import Opening, SignIn
from trading.opening.queries import opening_of
from trading.project.models import Case, CaseDocument
from trading.project.papers import named
from trading.project.queries import allow
from trading.project.states import book_of, case_row, go, guard

KIND = "opening_record"
KINDS = (KIND, confirmations.KIND)
OPEN = ("open", "signed")  # of a document on the desk
UNCONFIRMED, CONFIRMED = "opening", "public"  # who reads it


def _bid_here(session: Session, actor: Actor, case: Case) -> bool:
    mine = (Bid.case_id == case.id, Bid.round == case.round, Bid.org_id == actor.org, Bid.state == "received")
    return bool(actor.org) and session.scalar(select(Bid.id).where(*mine)) is not None


allow(UNCONFIRMED, _bid_here)


def begin_signing(tx: Tx, row: Case, opening: Opening) -> None:
    """From the moment the prices are out."""
    assert row.opened_at is not None
    opening.sign_until = rules.sign_until(row.opened_at, book_of(row, tx.now))
    jobs.plan(tx.session, opening.sign_until, "opening.confirm", row.id, {"document": opening.document_id})


def _signed(tx: Tx, case: str, document: str) -> tuple[Case, Opening, CaseDocument] | None:
    """The opening whose record, or a page of it, is on the desk under this id or filed under it; with the record."""
    row = case_row(tx.session, case)
    filed = (CaseDocument.id == document) | (CaseDocument.signing_doc == document)
    paper = tx.session.scalar(select(CaseDocument).where(filed, CaseDocument.case_id == case))
    if paper is None or not paper.signing_doc or paper.kind not in KINDS:
        return None
    opening = tx.session.get(Opening, (case, paper.round))
    return (row, opening, tx.session.get_one(CaseDocument, opening.document_id)) if opening is not None else None


@acting("opening.confirm")
def confirm(tx: Tx, case: str, p: Payload) -> Payload:
    """{document} → {complete}: at the end of the time to sign, and after each signature that comes later."""
    found = _signed(tx, case, str(p.get("document", "")))
    if found is None:
        return {"complete": False}
    row, opening, paper = found
    assert opening.closed_at is not None
    if opening.published_at or rules.still_signing(opening.closed_at, tx.now, book_of(row, tx.now)):
        return {"complete": False}
    for page in confirmations.pages_of(tx.session, opening):
        confirmations.close_over(tx, page.signing_doc)
    return {"complete": desk.complete_without(tx, paper.signing_doc)}


@acting("opening.publish")
def publish(tx: Tx, case: str, p: Payload) -> Payload:
    """{document}: the closed record takes the place of the one on the desk, open to everybody; once.

    The ledger says who signed and who is taken to accept, and on what basis it is kept from the public if it is.
    """
    found = _signed(tx, case, str(p.get("document", "")))
    if found is None:
        return {}
    row, opening, paper = found
    papers = [paper, *confirmations.pages_of(tx.session, opening)]
    states = [desk.row(tx.session, one.signing_doc) for one in papers]
    if opening.published_at is not None or states[0].state != "sealed" or any(one.state in OPEN for one in states):
        return {}
    closed = [(one, state) for one, state in zip(papers, states, strict=True) if state.state == "sealed"]
    for one, state in closed:
        one.sha256, one.size = state.head, state.size
        one.audience = UNCONFIRMED if opening.withheld else CONFIRMED
    opening.published_at = tx.now
    signed = [one.name for one in confirmations.places(tx.session, papers) if one.signed_at is not None]
    accepted = _silent(tx, paper, set(signed))
    body = named(paper) | {"signed": signed, "accepted": accepted, "withheld": opening.withheld}
    if papers[1:]:
        body["pages"] = [state.head for _, state in closed[1:]]
    tx.record(f"case:{row.id}", "opening.published", body, case=row.id)
    tx.publish(f"hall:{row.id}", "opening.published", {"document": paper.id})
    return {"document": paper.id}


def _silent(tx: Tx, paper: CaseDocument, signed: set[str]) -> list[dict[str, str]]:
    """Bidders who did not sign and are taken to accept: absent from the hall, or there and silent."""
    mine = (Bid.case_id == paper.case_id, Bid.round == paper.round)
    here = set(tx.session.scalars(select(Bid.org_id).join(SignIn, SignIn.bid_id == Bid.id).where(*mine)))
    bids = tx.session.scalars(select(Bid).where(*mine, Bid.state == "received").order_by(Bid.received_at, Bid.id))
    return [
        {"bid": bid.id, "why": "silent" if bid.org_id in here else "absent"}
        for number, bid in enumerate(bids, 1)
        if f"bidder-{number}" not in signed
    ]


@acting("opening.withhold", Role.REGULATOR, signed=True)
def withhold(tx: Tx, case: str, p: Payload) -> Payload:
    """{basis}: the record stays with those who have bid and the parties, as a secret by law (20号令 art. 32)."""
    fields.only(p, "basis")
    row, step = guard(tx, case, "opening.withhold")
    opening = opening_of(tx.session, row)
    assert opening is not None
    refuse_if(rules.may_withhold(opening.published_at, book_of(row, tx.now)))
    opening.withheld = fields.text(p, "basis", limit=300)
    entry = go(tx, row, step, "opening.withheld", {"basis": opening.withheld})
    tx.publish(f"hall:{case}", "opening.withheld", {})
    return {"entry": entry}


def _ring(act: str, acts: Acts, entry: Entry) -> None:
    if entry.body.get("kind") in KINDS:
        acts.act(TABLE[act].fn, SYSTEM, entry.case, {"document": entry.body["document"]})


def on_signed(acts: Acts, entry: Entry) -> None:
    """The host may be the last one, after the time to sign."""
    _ring("opening.confirm", acts, entry)


def on_sealed(acts: Acts, entry: Entry) -> None:
    _ring("opening.publish", acts, entry)


LISTENERS = {"paper.signed": on_signed, "paper.sealed": on_sealed, "paper.voided": on_sealed}
