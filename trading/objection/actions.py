"""Objections are raised, withdrawn and answered, through the platform only (20号令 art. 33, 39)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core import fields, jobs
from core.access import SYSTEM, Role
from core.acts import Tx
from core.data import calendar
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if, shown
from trading.bidding.seals import sealed_stream
from trading.objection import rules
from trading.objection.models import STATES, Objection
from trading.objection.queries import own_open, publicity_until
from trading.project.models import Case
from trading.project.states import book_of, guard, trading_org

SECOND = timedelta(seconds=1)


@acting("objection.raise", Role.BIDDER, signed=True)
def raise_objection(tx: Tx, case: str, p: Payload) -> Payload:
    """{subject: file | candidates, text, grounds} → {objection, due, breaches}.

    One to the file that is late is registered with its breach and suspends nothing; `due` is then "".
    """
    fields.only(p, "subject", "text", "grounds")
    row, step = guard(tx, case, "objection.raise")
    trading_org(tx.session, tx.actor.org)
    subject = fields.choice(p, "subject", tuple(STATES))
    if row.state != STATES[subject]:
        raise Refused(Breach("STATE", step.article, "B", STATES[subject], row.state, "subject"))
    said = {key: fields.text(p, key, limit=4000) for key in ("text", "grounds")}
    late, book = _late(tx, row, subject), book_of(row, tx.now)
    refuse_if(rules.once(own_open(tx.session, row, tx.actor.org, subject) is not None, book))
    due = None if late else rules.due(tx.now, book, calendar())
    one = Objection(
        case_id=case, round=row.round, subject=subject, org_id=tx.actor.org, person_id=tx.actor.person,
        raised_at=tx.now, late=bool(late), due=due, **said,
    )  # fmt: skip
    tx.session.add(one)
    tx.session.flush()
    _record(tx, one, "objection.raised", "objection.received", {"due": due, "late": bool(late)}, said)
    if due is not None:
        jobs.plan(tx.session, due + SECOND, "objection.overdue", case, {"objection": one.id})
        tx.publish(f"hall:{case}", "case.suspended", {})
    for org in filter(None, (row.tenderer_org, row.agency_org)):
        tx.publish(f"org:{org}", "objection.raised", {"case": case, "objection": one.id})
    return {"objection": one.id, "due": due.isoformat() if due else "", "breaches": shown(late)}


def _late(tx: Tx, row: Case, subject: str) -> list[Breach]:
    """Why an objection is registered only; Refused where it cannot be raised any more."""
    book = book_of(row, tx.now)
    if subject == "file":
        assert row.deadline is not None
        refuse_if(rules.before_deadline(tx.now, row.deadline, book))
        return rules.to_file(tx.now, row.deadline, book)
    until = publicity_until(tx.session, row.id)
    assert until is not None
    refuse_if(rules.to_candidates(tx.now, until, book))
    return []


def _record(
    tx: Tx, one: Objection, kind: str, unnamed: str, facts: dict[str, Any], said: dict[str, Any] | None = None
) -> None:
    """Before the opening who objects stands in the sealed stream alone: it may tell who has the file (E-12).

    The case stream then hears from the system that it happened (`unnamed`): it suspends or frees the case.
    """
    body = {"objection": one.id, "subject": one.subject, **facts}
    if one.subject == "candidates":
        tx.record(f"case:{one.case_id}", kind, body | (said or {}), case=one.case_id)
        return
    tx.record(sealed_stream(one.case_id), kind, body | (said or {}))
    objector, tx.actor = tx.actor, SYSTEM
    try:
        tx.record(f"case:{one.case_id}", unnamed, body, case=one.case_id)
    finally:
        tx.actor = objector


def _waiting(tx: Tx, row: Case, p: Payload) -> Objection:
    """The objection of this case and round that the payload names; Refused once it has ended."""
    one = tx.session.get(Objection, fields.text(p, "objection", limit=16))
    if one is None or (one.case_id, one.round) != (row.id, row.round):
        raise Unusable("objection: no such objection in this case")
    end = "answered" if one.answered_at else "withdrawn" if one.withdrawn_at else ""
    refuse_if(rules.still_open(end, book_of(row, tx.now)))
    return one


@acting("objection.withdraw", Role.BIDDER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{objection}: its own objector takes it back before the answer; the case goes on."""
    fields.only(p, "objection")
    row, _ = guard(tx, case, "objection.withdraw")
    known = tx.session.get(Objection, fields.text(p, "objection", limit=16))
    if known is None or known.org_id != tx.actor.org:  # another's is as unknown as one that never was
        raise Unusable("objection: no such objection of yours")
    one = _waiting(tx, row, p)
    one.withdrawn_at = tx.now
    _record(tx, one, "objection.withdrawn", "objection.ended", {})
    _go_on(tx, row, one)
    return {}


def _answered(p: Payload) -> dict[str, Any]:
    """{text, upheld, measure}: what is done is said wherever an objection is upheld."""
    upheld = fields.yes_no(p, "upheld")
    measure = fields.text(p, "measure", limit=1000, default=None if upheld else "")
    return {"text": fields.text(p, "text", limit=4000), "upheld": upheld, "measure": measure}


@acting("objection.prepare", Role.TENDERER, Role.AGENCY)
def prepare(tx: Tx, case: str, p: Payload) -> Payload:
    """{objection, text, upheld, measure?}: an answer as the agency writes it; only the tenderer signs one."""
    fields.only(p, "objection", "text", "upheld", "measure")
    row, _ = guard(tx, case, "objection.prepare")
    one = _waiting(tx, row, p)
    one.draft = _answered(p)
    tx.record(f"case:{case}", "objection.prepared", {"objection": one.id}, case=case)
    return {}


@acting("objection.answer", Role.TENDERER, signed=True)
def answer(tx: Tx, case: str, p: Payload) -> Payload:
    """{objection, text, upheld, measure?} → {breaches}: R1-09; a late answer is taken, with its warning on record."""
    fields.only(p, "objection", "text", "upheld", "measure")
    row, _ = guard(tx, case, "objection.answer")
    one = _waiting(tx, row, p)
    said = _answered(p)
    warned = shown(rules.answered_in_time(tx.now, one.due, book_of(row, tx.now)))
    one.answer, one.upheld, one.measure, one.draft = said["text"], said["upheld"], said["measure"], {}
    one.answered_at, one.answered_by = tx.now, tx.actor.person
    body = {"objection": one.id, "subject": one.subject, "warnings": warned, **said}
    tx.record(f"case:{case}", "objection.answered", body, case=case)
    tx.publish(f"org:{one.org_id}", "objection.answered", {"case": case, "objection": one.id})
    _go_on(tx, row, one)
    return {"breaches": warned}


def _go_on(tx: Tx, row: Case, one: Objection) -> None:
    """Once nothing suspends the case any more, a deadline that came meanwhile is kept."""
    tx.session.flush()
    if one.late or row.suspended:
        return
    tx.publish(f"hall:{row.id}", "case.resumed", {})
    if row.state in ("ANNOUNCED", "SEALED") and row.deadline is not None and row.deadline <= tx.now:
        jobs.plan(tx.session, tx.now, "tender.deadline", row.id)


@acting("objection.overdue")
def overdue(tx: Tx, case: str, p: Payload) -> Payload:
    """{objection}: the timer after the third day tells the regulator that no answer came; it happens once."""
    one = tx.session.get_one(Objection, fields.text(p, "objection", limit=16))
    row = tx.session.get_one(Case, one.case_id)
    found = rules.answered_in_time(tx.now, one.due, book_of(row, tx.now)) if one.waits else []
    if not found or one.overdue_at is not None or one.round != row.round:
        return {}
    one.overdue_at = tx.now
    body = {"objection": one.id, "subject": one.subject, "warnings": shown(found)}
    tx.record(f"case:{row.id}", "objection.overdue", body, case=row.id)
    tx.publish(f"watch:{row.id}", "objection.overdue", {"objection": one.id})
    tx.publish(f"org:{row.tenderer_org}", "objection.overdue", {"case": row.id, "objection": one.id})
    return {"objection": one.id}
