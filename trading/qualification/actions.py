"""The tenderer or its agency examines who is qualified, and closes the examination with a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.queries import signing_certificate
from certs import desk
from core import fields
from core.access import Actor, Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from trading.opening.ending import announce_failure
from trading.opening.queries import opened_bids
from trading.project.models import Case, CaseDocument, Project
from trading.project.papers import case_facts, file_document, named, with_record
from trading.project.queries import blocked_by, names
from trading.project.states import book_of, go, guard
from trading.qualification import papers, queries, rules
from trading.qualification.models import Examined, Qualification

KIND = "qualification_report"


def _finding(tx: Tx, bid: str, item: str, one: Any, article: str) -> Examined | None:
    """None where nothing was found on this item yet."""
    if not isinstance(one, dict):
        raise Unusable("items: an object is expected")
    fields.only(one, "pass", "page", "reason")
    if "pass" not in one:
        return None
    passed = fields.yes_no(one, "pass")
    page = fields.text(one, "page", limit=40, default="") if not passed else ""
    reason = fields.text(one, "reason", limit=500, default="") if not passed else ""
    if not passed and not reason:
        raise Refused(Breach("FAIL-REASON", article, "B", "reason", "-", "reason"))
    return Examined(
        bid_id=bid, item=item, passed=passed, page=page, reason=reason, person_id=tx.actor.person, at=tx.now
    )


@acting("qualification.mark", Role.TENDERER, Role.AGENCY)
def mark(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid, items: {item: {pass, page?, reason?}}} → {done, of}: one bidder's items, changeable until concluded."""
    fields.only(p, "bid", "items")
    row, step = guard(tx, case, "qualification.mark")
    bids = [one["id"] for one in opened_bids(tx.session, case)]
    items = [one["id"] for one in queries.items_of(row)]
    bid, given = fields.choice(p, "bid", bids), fields.mapping(p, "items")
    if not set(given) <= set(items):
        raise Unusable("items: only those of the tender file")
    article = book_of(row, tx.now)["R2-10"].article
    found = [_finding(tx, bid, item, one, article) for item, one in given.items()]
    rows = [one for one in found if one is not None]
    for one in rows:
        tx.session.merge(one)
    tx.session.flush()
    said = [{"item": one.item, "pass": one.passed, "page": one.page, "reason": one.reason} for one in rows]
    go(tx, row, step, "qualification.marked", {"bid": bid, "items": said})
    return {"done": len(queries.findings(tx.session, bids)), "of": len(bids) * len(items)}


def _incomplete(session: Session, row: Case, now: datetime) -> list[Breach]:
    bids = [one["id"] for one in opened_bids(session, row.id)]
    items = [one["id"] for one in queries.items_of(row)]
    return rules.complete(bids, items, queries.findings(session, bids), book_of(row, now))


@blocked_by("qualification.conclude")
def _conclude_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return _incomplete(session, row, now)


@acting("qualification.conclude", Role.TENDERER, Role.AGENCY, signed=True)
def conclude(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {document, qualified, state}: 资格审查报告. Fewer than three qualified: nothing is evaluated (R2-09)."""
    fields.only(p)
    row, step = guard(tx, case, "qualification.conclude")
    refuse_if(_incomplete(tx.session, row, tx.now))
    book = book_of(row, tx.now)
    shown = queries.sheet(tx.session, row)
    document = _file(tx, row, shown, book["R2-09/qualified"].number)
    tx.session.add(
        Qualification(case_id=case, round=row.round, concluded_at=tx.now, person_id=tx.actor.person,
                      document_id=document.id)
    )  # fmt: skip
    tx.session.flush()
    out = queries.unqualified(tx.session, row)
    body = named(document) | {"qualified": shown["qualified"], "unqualified": sorted(out)}
    short = rules.enough(shown["counted"], book)
    if short:
        alike = "（提供相同品牌产品的按一家计算）" if shown["alike"] else ""
        why = f"通过资格审查的投标人{alike}不足 {book['R2-09/qualified'].number} 家，不得评标。"
        notice = announce_failure(tx, row, short[0], why, opened=True)
        body |= {"rule": short[0].rule, "required": short[0].required, "notice": named(notice)}
    go(tx, row, step, "qualification.concluded", body, target="FAILED" if short else "QUALIFIED")
    return {"document": document.id, "qualified": shown["qualified"], "state": row.state}


def _file(tx: Tx, row: Case, shown: dict[str, Any], least: int) -> CaseDocument:
    """On the signing desk for the person who concluded it, where that person can sign papers."""
    project = tx.session.get_one(Project, row.project_id)
    certificate = signing_certificate(tx.session, tx.actor.person, tx.now)
    name, title = f"{project.name} {row.lot_name}", f"{project.name} 资格审查报告"
    record = papers.record(row.id, row.round, shown, tx.now, tx.actor.org_name)
    heads = case_facts(project, row, names(tx.session, row))
    signed = tx.actor.org_name if certificate is not None else ""
    paper = papers.report(name, heads, record, least, signed=signed, demo=tx.config.demo)
    if certificate is None:
        return file_document(tx, row.id, KIND, title, with_record(paper.bytes, record), "parties")
    role = "tenderer" if tx.actor.org == row.tenderer_org else "agency"
    signer = desk.Signer("examiner", tx.actor.person, role, certificate.fingerprint, tx.actor.org)
    first = desk.first_revision(paper.bytes, paper.boxes, record, [signer])
    signing = desk.open_document(tx, first, case=row.id, kind=KIND, title=title, audience="parties")
    return file_document(tx, row.id, KIND, title, first.pdf, "parties", signing_doc=signing)
