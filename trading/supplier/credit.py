"""Credit points, suspension, removal: by the regulator, or by the points themselves (rules.consequence)."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import fields, jobs, staged
from core.access import SYSTEM, Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import RuleRow, refuse_if
from trading.supplier import queries, rules
from trading.supplier.actions import own_entry, told
from trading.supplier.machine import CREDIT, ENTRY, OFFICES
from trading.supplier.models import Credit, MallSupplier

POINTS, REGULATOR = "points", "regulator"
SECOND = timedelta(seconds=1)


def _row(tx: Tx, p: Payload) -> MallSupplier:
    return queries.supplier_row(tx.session, fields.text(p, "supplier", limit=16))


def _credit(tx: Tx, p: Payload) -> tuple[Credit, MallSupplier]:
    one = tx.session.get(Credit, fields.text(p, "credit", limit=16))
    if one is None:
        raise Unusable("credit: no such entry")
    return one, queries.supplier_row(tx.session, one.supplier_id)


@acting("supplier.credit", *OFFICES)
def give(tx: Tx, case: str, p: Payload) -> Payload:
    """{supplier, ground, evidence, file?} → {credit, points, consequence}: `ground` a code of the dated table, `file`
    the SHA-256 of what was uploaded. What the balance leads to happens in the same act."""
    fields.only(p, "supplier", "ground", "evidence", "file")
    row, book = _row(tx, p), rules.book_at(tx.now)
    ENTRY.move(row.state, "supplier.credit", tx.actor)
    known = rules.grounds(book)
    ground = known[fields.choice(p, "ground", frozenset(known))]
    evidence = fields.text(p, "evidence", limit=1000)
    file = fields.sha256(p, "file") if p.get("file") else ""
    if file and not staged.brought(tx, file):
        raise Unusable("file: upload the file first")
    one, outcome = enter(tx, row, ground, evidence, file=file)
    return {"credit": one.id, "points": row.points, "consequence": outcome}


def enter(
    tx: Tx, row: MallSupplier, ground: RuleRow, evidence: str, *, file: str = "", order: str = "",
    change: int | None = None,
) -> tuple[Credit, str]:  # fmt: skip
    """(the entry, what its balance leads to): points, entry and consequence in the act's own transaction. `change`:
    less than the ground's own points, where those are capped."""
    before, whole = row.points, rules.balance(row.points, ground.number)
    row.points = whole if change is None else rules.balance(before, change)
    one = Credit(
        supplier_id=row.id, ground=ground.id, points=row.points - before, balance=row.points, file=file,
        evidence=evidence, order_id=order, withheld=abs(whole - row.points), given_by=tx.actor.person,
        given_org=tx.actor.org, at=tx.now,
    )  # fmt: skip
    tx.session.add(one)
    tx.session.flush()
    body = {"credit": one.id, "ground": one.ground, "points": one.points, "balance": one.balance, "file": file,
            "evidence": one.evidence} | ({"order": order} if order else {})  # fmt: skip
    if one.withheld:
        body |= {"withheld": one.withheld, "rule": "CREDIT-RATED/most"}
    told(tx, row, "supplier.credited", body)
    outcome = rules.consequence(row.points, rules.book_at(tx.now)) if one.points < 0 else ""
    _follow(tx, row, outcome)
    return one, outcome


def _follow(tx: Tx, row: MallSupplier, outcome: str) -> None:
    """A warning is said; suspension and removal by points never shorten what the regulator has ordered."""
    book = rules.book_at(tx.now)
    if outcome == "warn":
        told(tx, row, "supplier.warned", {"points": row.points, "below": book["CREDIT-WARN"].number})
    elif outcome == "suspend" and row.state == "active":
        until = tx.now + timedelta(days=book["CREDIT-SUSPEND/days"].number)
        _suspend(tx, row, until, POINTS, f"{row.points} < {book['CREDIT-SUSPEND'].number}")
    elif outcome == "remove":
        _remove(tx, row, POINTS, f"{row.points} < {book['CREDIT-REMOVE'].number}")


def _suspend(tx: Tx, row: MallSupplier, until: datetime, cause: str, reason: str) -> None:
    row.state, row.suspended_until, row.cause, row.reason = "suspended", until, cause, reason
    jobs.plan(tx.session, until + SECOND, "supplier.resume", row.id, {})
    told(tx, row, "supplier.suspended", {"until": until, "cause": cause, "reason": reason})


def _remove(tx: Tx, row: MallSupplier, cause: str, reason: str) -> None:
    row.state, row.suspended_until, row.cause, row.reason, row.left_at = "removed", None, cause, reason, tx.now
    row.change, row.filed_at, row.due = {}, None, None
    told(tx, row, "supplier.removed", {"cause": cause, "reason": reason})


@acting("credit.answer", Role.BIDDER)
def answer(tx: Tx, case: str, p: Payload) -> Payload:
    """{credit, text}: the supplier's own words on points it lost or was given, once."""
    fields.only(p, "credit", "text")
    row = own_entry(tx)
    one = tx.session.get(Credit, fields.text(p, "credit", limit=16))
    if one is None or one.supplier_id != row.id:  # another's is as unknown as one that never was
        raise Unusable("credit: no such entry")
    one.state = CREDIT.move(one.state, "credit.answer", tx.actor).target
    one.answer, one.answered_at = fields.text(p, "text", limit=1000), tx.now
    told(tx, row, "supplier.credit_answered", {"credit": one.id, "text": one.answer})
    return {}


@acting("credit.settle", *OFFICES)
def settle(tx: Tx, case: str, p: Payload) -> Payload:
    """{credit, keep, reason} → {points, state}: by another person than who gave them. Points that are withdrawn come
    back, and with them an entry that only the points had suspended or removed."""
    fields.only(p, "credit", "keep", "reason")
    one, row = _credit(tx, p)
    book = rules.book_at(tx.now)
    refuse_if(rules.by_another(one.given_by, tx.actor.person, book))
    keep, reason = fields.yes_no(p, "keep"), fields.text(p, "reason", limit=300)
    one.state = CREDIT.move(one.state, "credit.keep" if keep else "credit.withdraw", tx.actor).target
    one.reason, one.settled_by, one.settled_at = reason, tx.actor.person, tx.now
    if not keep:
        row.points = rules.balance(row.points, -one.points)
    body = {"credit": one.id, "keep": keep, "reason": reason, "balance": row.points}
    told(tx, row, "supplier.credit_settled", body)
    if not keep and row.cause == POINTS and rules.consequence(row.points, book) not in ("suspend", "remove"):
        _resume(tx, row, "points withdrawn")
    return {"points": row.points, "state": row.state}


def _resume(tx: Tx, row: MallSupplier, why: str) -> None:
    row.state, row.suspended_until, row.cause, row.reason, row.left_at = "active", None, "", "", None
    told(tx, row, "supplier.resumed", {"why": why})


@acting("supplier.suspend", Role.REGULATOR)
def suspend(tx: Tx, case: str, p: Payload) -> Payload:
    """{supplier, days, reason} → {until}: from now on its items are neither shown nor sold."""
    fields.only(p, "supplier", "days", "reason")
    row = _row(tx, p)
    ENTRY.move(row.state, "supplier.suspend", tx.actor)
    until = tx.now + timedelta(days=fields.integer(p, "days", least=1, most=1095))
    _suspend(tx, row, until, REGULATOR, fields.text(p, "reason", limit=300))
    return {"until": until.isoformat()}


@acting("supplier.resume")
def resume(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: the timer at the end of a suspension; one that was lengthened or lifted meanwhile is left as it is."""
    row = queries.supplier_row(tx.session, case)
    if row.state != "suspended" or row.suspended_until is None or tx.now < row.suspended_until:
        return {}
    tx.actor = SYSTEM
    _resume(tx, row, "end of the suspension")
    return {"state": row.state}


@acting("supplier.lift", Role.REGULATOR)
def lift(tx: Tx, case: str, p: Payload) -> Payload:
    """{supplier, reason}: a suspension ends before its time."""
    fields.only(p, "supplier", "reason")
    row = _row(tx, p)
    ENTRY.move(row.state, "supplier.lift", tx.actor)
    _resume(tx, row, fields.text(p, "reason", limit=300))
    return {}


@acting("supplier.remove", Role.REGULATOR)
def remove(tx: Tx, case: str, p: Payload) -> Payload:
    """{supplier, reason}: out of the mall; a new application is possible after the waiting time."""
    fields.only(p, "supplier", "reason")
    row = _row(tx, p)
    ENTRY.move(row.state, "supplier.remove", tx.actor)
    _remove(tx, row, REGULATOR, fields.text(p, "reason", limit=300))
    return {}
