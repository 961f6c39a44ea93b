"""确认页: where many were there, bidders confirm the record on pages of their own, so many to a page.

A signature makes a file longer, and the next signer fetches and checks it whole: hundreds of them one after the other
would take hours. Each page names the record by the SHA-256 of its first revision and is signed beside the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certs import desk
from certs.desk import First, Signer
from certs.models import SigningField
from core import canon
from core.acts import Tx
from trading.opening import papers
from trading.opening.models import Opening
from trading.project.models import CaseDocument
from trading.project.papers import file_document

KIND = "opening_confirmation"
ON_ONE = 20  # bidders who sign on one document


@dataclass(frozen=True)
class Page:
    title: str
    first: First


def shared_out(signers: Sequence[Signer]) -> tuple[list[Signer], list[list[Signer]]]:
    """Who signs the record itself, and who signs on each page; all sign the record while they are few."""
    bidders = [one for one in signers if one.role == "bidder"]
    if len(bidders) <= ON_ONE:
        return list(signers), []
    others = [one for one in signers if one.role != "bidder"]
    return others, [bidders[at : at + ON_ONE] for at in range(0, len(bidders), ON_ONE)]


def compose(
    record: Mapping[str, Any], pdf: bytes, pages: Sequence[Sequence[Signer]], labels: Mapping[str, str], *, demo: bool
) -> list[Page]:
    """Pages for the record whose first revision is `pdf`. Takes 10 to 50 ms each, outside every transaction."""
    keys = ("case", "round", "name", "codes")
    by_field = {f"bidder-{one['number']}": one for one in record["bids"]}
    found = []
    for number, signers in enumerate(pages, 1):
        bidders = [{key: by_field[one.field][key] for key in ("number", "bid", "org_name")} for one in signers]
        said = {"schema": "opening-confirmation/1", **{key: record[key] for key in keys}, "page": number,
                "of": len(pages), "opening_record": canon.sha256_hex(pdf), "bidders": bidders}  # fmt: skip
        paper = papers.confirmation(said, [(one.field, labels[one.field]) for one in signers], demo=demo)
        first = desk.first_revision(paper.bytes, paper.boxes, said, signers)
        found.append(Page(f"{record['name']} 开标记录确认页 {number}/{len(pages)}", first))
    return found


def open_pages(tx: Tx, case: str, pages: Sequence[Page], *, audience: str, confirmed: str) -> None:
    """On the desk and among the case's papers; `confirmed` reads them once they are sealed."""
    for one in pages:
        signing = desk.open_document(tx, one.first, case=case, kind=KIND, title=one.title, audience=confirmed)
        file_document(tx, case, KIND, one.title, one.first.pdf, audience, signing_doc=signing)


def pages_of(session: Session, opening: Opening) -> list[CaseDocument]:
    mine = (CaseDocument.case_id == opening.case_id, CaseDocument.round == opening.round, CaseDocument.kind == KIND)
    in_turn = (func.length(CaseDocument.title), CaseDocument.title)  # 2/12 before 10/12
    return list(session.scalars(select(CaseDocument).where(*mine).order_by(*in_turn)))


def places(session: Session, documents: Sequence[CaseDocument]) -> list[SigningField]:
    """Who signs on any of them, in one question."""
    desks = [one.signing_doc for one in documents if one.signing_doc]
    query = select(SigningField).where(SigningField.doc_id.in_(desks))
    return list(session.scalars(query.order_by(SigningField.doc_id, SigningField.position)))


def close_over(tx: Tx, document: str) -> None:
    """At the end of the time to sign: silence is assent, and a page that nobody has signed says nothing."""
    state = desk.state(tx.session, document)
    if state["state"] != "open":
        return
    if any(one["signed_at"] for one in state["fields"]):
        desk.complete_without(tx, document)
    else:
        desk.void_document(tx, document, "签署时限内无人签署，视为认可开标记录")
