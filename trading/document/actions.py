"""The tender file: compiled, saved, issued, asked about, clarified."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.queries import decryption_certificate, signing_certificate
from certs import desk, issuer, shares, suite
from core import fields
from core.access import Actor, Role
from core.acts import Tx
from core.calendar import Calendar
from core.clock import CST
from core.data import calendar
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if, shown
from trading.bidding.models import Download, SealedReference
from trading.deadline import timers
from trading.document import drafts, papers, rules
from trading.document.bills import bill_of
from trading.document.models import Clarification, Question
from trading.document.papers import Tender
from trading.method import queries as method
from trading.project.models import Case, CaseDocument, Project
from trading.project.papers import file_document, named, terms, with_record
from trading.project.queries import blocked_by, names
from trading.project.states import book_of, go, guard, procedure_of


def breaches_of(session: Session, row: Case, now: datetime) -> list[Breach]:
    """Everything that would block or warn if the file were issued `now`."""
    project, kind = session.get_one(Project, row.project_id), procedure_of(row)
    book, cal = kind.rules.at(now.astimezone(CST).date(), row.region), calendar()
    sealed = session.get(SealedReference, (row.id, row.round)) is not None
    plan = _planned_days(row, now, cal)
    with session.no_autoflush:
        draft = drafts.draft_of(project, row, kind, now, reference_sealed=sealed, days=plan)
    found = [*rules.before_issue(draft, book, cal, kind.checks), *drafts.trial_warning(row, book)]
    if row.settings.get("fallback"):
        found += [
            book["FILE-01"].breach(role, required="custodian certificate", field="settings.fallback")
            for role, certificate in _custodians(session, row, now).items()
            if certificate is None
        ]
    return found


def _planned_days(row: Case, now: datetime, cal: Calendar) -> dict[str, datetime | None]:
    """Moments as written, or counted from the issue by issue_days and bidding_days (a last day off moves on)."""
    start = row.file_from.astimezone(CST) if row.file_from else now.astimezone(CST).replace(second=0, microsecond=0)

    def after(key: str) -> datetime | None:
        days = row.settings.get(key)
        if not days:
            return None
        due = cal.add_days(start.date(), int(days), end_on_workday=True)
        return datetime.combine(due.date, start.timetz())

    return {
        "file_from": row.file_from,
        "file_until": row.file_until or after("issue_days"),
        "deadline": row.deadline or after("bidding_days"),
    }


def _custodians(session: Session, row: Case, now: datetime) -> dict[str, dict[str, str] | None]:
    """Who holds the three shares: {role: {org, fingerprint, spki}}, None where a certificate is missing."""
    orgs = dict(zip(shares.ROLES, (row.tenderer_org, row.centre_org, row.regulator_org), strict=True))
    found: dict[str, dict[str, str] | None] = {}
    for role, org in orgs.items():
        certificate = decryption_certificate(session, org, "custodian-encrypt", now) if org else None
        if certificate is None:
            found[role] = None
            continue
        spki = suite.b64(suite.spki_of(_public(certificate.der)))
        found[role] = {"org": org, "fingerprint": certificate.fingerprint, "spki": spki}
    return found


def _public(der: bytes) -> suite.PublicKey:
    key = issuer.load(der).public_key()
    if not isinstance(key, suite.PublicKey):
        raise Unusable("a custodian's key is on P-256")
    return key


@acting("file.compile", Role.TENDERER, Role.AGENCY)
def compile_file(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: begin the tender file from the procedure's standard text."""
    fields.only(p)
    row, step = guard(tx, case, "file.compile")
    kind = procedure_of(row)
    standard = {key: words for key, (_, words) in kind.fields.SECTIONS.items() if words}
    row.sections = standard | row.sections
    term = kind.rules.at(tx.now.astimezone(CST).date(), row.region).get("R2-01")
    row.settings = drafts.settings({}, row.settings) | ({"notice_days": term.number} if term else {})
    go(tx, row, step, "file.compiled", {"round": row.round})
    return {"sections": row.sections, "preliminary": list(kind.fields.PRELIMINARY)}


@acting("file.save", Role.TENDERER, Role.AGENCY)
def save_file(tx: Tx, case: str, p: Payload) -> Payload:
    """Any of drafts.KEYS, or {template} → {breaches}: what would block or warn if the file were issued now.

    `template`: its newest version becomes the file's evaluation part; what becomes of it later does not touch the file.
    """
    row, step = guard(tx, case, "file.save")
    body: dict[str, Any] = {"fields": sorted(p)}
    if p.get("template"):
        fields.only(p, "template")
        taken = method.taken(tx.session, tx.actor, fields.text(p, "template", limit=16), row.procedure)
        p = {"evaluation": dict(taken.evaluation)}
        body |= {"template": {"id": taken.template_id, "version": taken.version, "name": taken.name}}
    drafts.save(row, procedure_of(row), p)
    found = breaches_of(tx.session, row, tx.now)
    go(tx, row, step, "file.saved", body)
    return {"breaches": shown(found)}


def _accepted(found: list[Breach], p: Payload) -> str:
    """The reason for accepted warnings; Refused while one blocks or is not accepted."""
    if any(b.blocks for b in found):
        raise Refused(found)
    accepted = [str(rule) for rule in fields.items(p, "accept_warnings")] if p.get("accept_warnings") else []
    open_ones = [b for b in found if b.rule not in accepted]
    if open_ones:
        raise Refused(open_ones)
    return fields.text(p, "reason", limit=1000) if found else ""


@acting("tender.issue", Role.TENDERER, signed=True)
def issue(tx: Tx, case: str, p: Payload) -> Payload:
    """{accept_warnings?: [rule], reason?} → {notice, tender_file, deadline, warnings}: the announcement.

    Refused with every breach at once; warnings pass when each is accepted with a reason, which the file prints.
    """
    fields.only(p, "accept_warnings", "reason")
    row, step = guard(tx, case, "tender.issue")
    found = breaches_of(tx.session, row, tx.now)
    reason = _accepted(found, p)
    days = _planned_days(row, tx.now, calendar())
    row.announced_at = tx.now
    row.file_from, row.file_until, row.deadline = days["file_from"] or tx.now, days["file_until"], days["deadline"]
    assert row.deadline is not None
    custodians = _custodians(tx.session, row, tx.now) if row.settings.get("fallback") else {}
    row.settings = row.settings | {"custodians": custodians}
    tender = tender_of(tx, row, tuple(b.field for b in found if b.rule == "CAL-01"))
    title = f"{tender.project.name} {row.lot_name}"
    file = _file_tender(tx, tender, f"{title} 招标文件", found, reason)
    heading = f"{title} {terms(row)['notice']}"
    notice = file_document(tx, case, "notice", heading, papers.notice(tender), "public")
    body = {
        "file": named(file), "notice": named(notice), "deadline": row.deadline, "round": row.round,
        "warnings": shown(found), "reason": reason,
    }  # fmt: skip
    go(tx, row, step, "tender.issued", body)
    timers.plan(tx.session, row)
    return {
        "notice": notice.id, "tender_file": file.id, "deadline": row.deadline.isoformat(), "warnings": shown(found),
    }  # fmt: skip


def _file_tender(tx: Tx, tender: Tender, title: str, found: list[Breach], reason: str) -> CaseDocument:
    """The tender file, on the signing desk for the tenderer who issues it (20号令 art. 40)."""
    certificate = signing_certificate(tx.session, tx.actor.person, tx.now)
    paper, case = papers.tender_file(tender, found, reason, signed=certificate is not None), tender.case.id
    record = papers.file_record(tender)
    if certificate is None:
        return file_document(tx, case, "tender_file", title, with_record(paper.bytes, record), "bidders")
    signer = desk.Signer("tenderer", tx.actor.person, "tenderer", certificate.fingerprint, tx.actor.org)
    first = desk.first_revision(paper.bytes, paper.boxes, record, [signer])
    signing = desk.open_document(tx, first, case=case, kind="tender_file", title=title, audience="bidders")
    return file_document(tx, case, "tender_file", title, first.pdf, "bidders", signing_doc=signing)


def tender_of(tx: Tx, row: Case, provisional: tuple[str, ...]) -> Tender:
    project = tx.session.get_one(Project, row.project_id)
    held = names(tx.session, row)
    bill = bill_of(tx.session, row)
    return Tender(project, row, procedure_of(row), held, tx.config.public_url, provisional, tx.config.demo, bill)


@blocked_by("tender.issue")
def _issue_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return breaches_of(session, row, now)


@acting("question.ask", Role.BIDDER)
def ask(tx: Tx, case: str, p: Payload) -> Payload:
    """{text} → {question}. In the sealed stream: who asks takes part."""
    fields.only(p, "text")
    row, _ = guard(tx, case, "question.ask")
    refuse_late(row, tx.now)
    question = Question(case_id=case, org_id=tx.actor.org, text=fields.text(p, "text", limit=4000), asked_at=tx.now)
    tx.session.add(question)
    tx.session.flush()
    tx.record(f"sealed:{case}", "question.asked", {"question": question.id, "text": question.text})
    return {"question": question.id}


def refuse_late(row: Case, now: datetime) -> None:
    """Nothing reaches a file whose deadline has come."""
    assert row.deadline is not None
    if now >= row.deadline:
        book = book_of(row, now)
        raise Refused(book["E-02"].breach(now.isoformat(), required=f"< {row.deadline.isoformat()}"))


def tell_takers(tx: Tx, row: Case, kind: str, said: dict[str, Any]) -> None:
    """Everyone who took the file hears of it, each alone: no channel tells how many they are (实施条例 art. 21)."""
    took = select(Download.person_id).where(Download.case_id == row.id, Download.round == row.round).distinct()
    for person in tx.session.scalars(took):
        tx.publish(f"me:{person}", kind, said)


@acting("tender.clarify", Role.TENDERER, Role.AGENCY)
def clarify(tx: Tx, case: str, p: Payload) -> Payload:
    """{text, affects_bids, keeps_subject?} → {document, number, deadline, breaches}: part of the file; extends
    the deadline (R1-07). `keeps_subject`: neither what is bought nor who may bid is changed (R2-04)."""
    fields.only(p, "text", "affects_bids", "keeps_subject")
    row, step = guard(tx, case, "tender.clarify")
    refuse_late(row, tx.now)
    assert row.deadline is not None
    text, affects = fields.text(p, "text", limit=4000), fields.yes_no(p, "affects_bids")
    refuse_if(rules.keeps_subject(fields.yes_no(p, "keeps_subject", default=False), book_of(row, tx.now)))
    before = row.deadline.astimezone(CST)
    after, found = rules.clarified_deadline(tx.now, before, affects, book_of(row, tx.now), calendar())
    done = select(func.count()).select_from(Clarification)
    number = 1 + (tx.session.scalar(done.where(Clarification.case_id == case, Clarification.round == row.round)) or 0)
    row.deadline = after
    tender = tender_of(tx, row, tuple(b.field for b in found if b.rule == "CAL-01"))
    paper = papers.clarification(tender, number, text, before, after, tx.now)
    title = f"{tender.project.name} 招标文件澄清与修改(第{number}次)"
    document = file_document(tx, case, "clarification", title, paper, "public")
    tx.session.add(
        Clarification(
            case_id=case, round=row.round, number=number, text=text, affects_bids=affects, sent_at=tx.now,
            deadline_before=before, deadline_after=after, document_id=document.id,
        )
    )  # fmt: skip
    body = named(document) | {"number": number, "affects_bids": affects, "deadline": after, "breaches": shown(found)}
    go(tx, row, step, "tender.clarified", body)
    if after != before:
        timers.plan(tx.session, row)
    told = {"case": case, "number": number, "document": document.id, "title": title}
    tell_takers(tx, row, "tender.clarified", told)
    return {"document": document.id, "number": number, "deadline": after.isoformat(), "breaches": shown(found)}
