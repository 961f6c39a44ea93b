"""A bidder's entry into the mall: applied for, reviewed by the centre, changed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from core import fields, jobs
from core.access import SYSTEM, Role
from core.acts import Tx
from core.clock import CST
from core.data import calendar, regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Refused, refuse_if
from trading.mall.categories import categories
from trading.supplier import queries, rules
from trading.supplier.machine import ENTRY
from trading.supplier.models import MallSupplier

KEYS = ("categories", "regions", "promise")


def stream(supplier: str) -> str:
    return f"supplier:{supplier}"


def own_entry(tx: Tx) -> MallSupplier:
    """The acting bidder's entry; Refused without one."""
    row = queries.entry(tx.session, tx.actor.org) if tx.actor.org else None
    if row is None:
        raise Refused(rules.book_at(tx.now)["SUP-ACTIVE"].breach("-", required="active"))
    return row


def told(tx: Tx, row: MallSupplier, kind: str, body: dict[str, Any]) -> None:
    """On record, and to the supplier's own people at once."""
    tx.record(stream(row.id), kind, {"supplier": row.id, "org": row.org_id, **body})
    tx.publish(f"org:{row.org_id}", kind, {"supplier": row.id})


def _codes(p: Payload, key: str) -> list[str]:
    given = fields.items(p, key, most=500)
    if not given or not all(isinstance(one, str) for one in given):
        raise Unusable(f"{key}: one or more codes are expected")
    return sorted(set(given))


def _asked(tx: Tx, p: Payload, before: list[str]) -> dict[str, Any]:
    """What is applied for, checked. A category that stands in the entry already is not asked about again."""
    fields.only(p, *KEYS)
    book = rules.book_at(tx.now)
    wanted, places = _codes(p, "categories"), _codes(p, "regions")
    for one in wanted:
        categories().get(one)
    for one in places:
        regions().check(one)
    found = rules.enterable([one for one in wanted if one not in before], book, categories())
    found += rules.few_enough(len(wanted), "categories", book) + rules.few_enough(len(places), "regions", book)
    refuse_if(found)
    return {"categories": wanted, "regions": places, "promise": fields.text(p, "promise", limit=1000)}


def _file(tx: Tx, row: MallSupplier) -> datetime:
    """From now on the centre's working days run."""
    until = rules.review_until(tx.now, rules.book_at(tx.now), calendar()).date
    due = datetime.combine(until, time(23, 59, 59), CST)
    row.filed_at, row.due = tx.now, due
    tx.session.flush()
    jobs.plan(tx.session, due + timedelta(seconds=1), "supplier.overdue", row.id, {"filed": tx.now.isoformat()})
    return due


@acting("supplier.apply", Role.BIDDER)
def apply(tx: Tx, case: str, p: Payload) -> Payload:
    """{categories, regions, promise} → {supplier, due}: the first entry, one after a refusal, or one after a removal
    and its waiting time."""
    if not tx.actor.org:
        raise Unusable("org: no such organisation")
    row, book = queries.entry(tx.session, tx.actor.org), rules.book_at(tx.now)
    asked = _asked(tx, p, [])
    if row is None:
        row = MallSupplier(org_id=tx.actor.org, state=ENTRY.first, applied_at=tx.now, points=rules.FULL, **asked)
        tx.session.add(row)
    else:
        step = ENTRY.move(row.state, "supplier.apply", tx.actor)
        refuse_if(rules.may_reenter(row.left_at, tx.now, book))
        if row.left_at is not None:
            row.points = rules.FULL
        row.state, row.applied_at, row.reason, row.cause, row.left_at = step.target, tx.now, "", "", None
        row.categories, row.regions, row.promise = (asked[key] for key in KEYS)
    tx.session.flush()
    due = _file(tx, row)
    told(tx, row, "supplier.applied", {**asked, "due": due})
    return {"supplier": row.id, "due": due.isoformat()}


@acting("supplier.change", Role.BIDDER)
def change(tx: Tx, case: str, p: Payload) -> Payload:
    """{categories, regions, promise} → {due}: in force once the centre has approved it; until then the old ones are."""
    row = own_entry(tx)
    ENTRY.move(row.state, "supplier.change", tx.actor)
    book = rules.book_at(tx.now)
    if row.change:
        raise Refused(book["SUP-WAITING"].breach("pending"))
    asked = _asked(tx, p, list(row.categories))
    if asked == {"categories": sorted(row.categories), "regions": sorted(row.regions), "promise": row.promise}:
        raise Refused(book["SUP-SAME"].breach("same"))
    row.change = asked
    due = _file(tx, row)
    told(tx, row, "supplier.change_filed", {**asked, "due": due})
    return {"due": due.isoformat()}


@acting("supplier.decide", Role.CENTRE)
def decide(tx: Tx, case: str, p: Payload) -> Payload:
    """{supplier, approve, reason?} → {state}: on an application, or on the change that waits."""
    fields.only(p, "supplier", "approve", "reason")
    row = queries.supplier_row(tx.session, fields.text(p, "supplier", limit=16))
    approve = fields.yes_no(p, "approve")
    reason = fields.text(p, "reason", limit=300, default="" if approve else None)
    late = row.due is not None and tx.now > row.due
    if row.change:
        _settle_change(tx, row, approve, reason, late)
        return {"state": row.state}
    step = ENTRY.move(row.state, "supplier.approve" if approve else "supplier.refuse", tx.actor)
    row.state, row.reason, row.reviewed_at, row.filed_at, row.due = step.target, reason, tx.now, None, None
    kind = "supplier.approved" if approve else "supplier.refused"
    told(tx, row, kind, {"reason": reason, "late": late, "categories": row.categories, "regions": row.regions})
    return {"state": row.state}


def _settle_change(tx: Tx, row: MallSupplier, approve: bool, reason: str, late: bool) -> None:
    """What no longer stands in the entry is no longer sold: buyers' rooms hear of it by the entry."""
    wanted = dict(row.change)
    if approve:
        row.categories, row.regions, row.promise = (wanted[key] for key in KEYS)
    row.change, row.reason, row.reviewed_at, row.filed_at, row.due = {}, reason, tx.now, None, None
    kind = "supplier.changed" if approve else "supplier.change_refused"
    told(tx, row, kind, {"reason": reason, "late": late, **wanted})


@acting("supplier.overdue")
def overdue(tx: Tx, case: str, p: Payload) -> Payload:
    """{filed}: the timer after the last working day; on record once, for what was filed then and still waits."""
    row = queries.supplier_row(tx.session, case)
    waits = row.filed_at is not None and row.filed_at == fields.moment(p, "filed")
    if not waits or row.due is None or tx.now <= row.due:
        return {}
    body = {"supplier": row.id, "org": row.org_id, "due": row.due}
    tx.record(stream(row.id), "supplier.review_overdue", body, actor=SYSTEM)
    return {"supplier": row.id}
