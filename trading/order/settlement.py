"""Invoices against what was accepted, payments against what was invoiced, and the rating at the end.

A payment is what the buyer's bank receipt says; where a bank is connected it is ordered there (remitting).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import fields, staged
from core.access import Actor, Role
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, Refused, refuse_if, shown
from trading.order import hooks, reconciling, rules
from trading.order.models import Order, OrderInvoice, OrderPayment, OrderRating
from trading.order.states import amounts, blocked_by, book_of, go, guard, order_row

CENT = Decimal("0.01")
KINDS = ("e", "paper")
LARGEST = 20 << 20
HEADS = (b"%PDF-", b"PK\x03\x04")  # a PDF, or an OFD, which is a zip


def past_day(p: Mapping[str, Any], key: str, row: Order, now: datetime) -> date:
    """A day from the placing of the order to today."""
    day = fields.day(p, key)
    if not row.placed_at.astimezone(CST).date() <= day <= now.astimezone(CST).date():
        raise Unusable(f"{key}: out of range")
    return day


def _file(tx: Tx, p: Mapping[str, Any]) -> str:
    """The digest of the invoice's file, "" without one."""
    if p.get("sha256") in (None, ""):
        return ""
    sha256 = fields.sha256(p, "sha256")
    if not staged.brought(tx, sha256):
        raise Unusable("sha256: upload the file first")
    path = tx.blobs.path(sha256)
    with path.open("rb") as file:
        head = file.read(5)
    if not head.startswith(HEADS) or path.stat().st_size > LARGEST:
        raise Unusable("sha256: a PDF or OFD of at most 20 MB is expected")
    return sha256


def write_invoice(tx: Tx, row: Order, p: Mapping[str, Any], kind: str, amount: Decimal) -> OrderInvoice:
    """An invoice of this amount, red ones negative; Refused for a number of the wrong shape or one that was here."""
    book, today = book_of(row), tx.now.astimezone(CST).date()
    code, number = fields.text(p, "code", limit=12, default=""), fields.text(p, "number", limit=20)
    shape = "e" if kind == "e" or (kind == "red" and not code) else "paper"
    refuse_if(rules.number_shape(shape, code, number, today, book))
    same = select(OrderInvoice.id).where(OrderInvoice.code == code, OrderInvoice.number == number)
    if tx.session.scalar(same) is not None:
        raise Refused(book["ORD-TWICE"].breach(number, required="once", field="number"))
    made = OrderInvoice(
        order_id=row.id, kind=kind, code=code, number=number, amount=amount, sha256=_file(tx, p), at=tx.now,
        issued_on=past_day(p, "issued_on", row, tx.now), person_id=tx.actor.person,
    )  # fmt: skip
    tx.session.add(made)
    row.invoiced += amount
    tx.session.flush()
    hooks.tell(tx, row, hooks.Happening("invoiced", amount))
    return made


def invoice_body(made: OrderInvoice) -> dict[str, Any]:
    return {"kind": made.kind, "code": made.code, "number": made.number, "amount": plain(made.amount),
            "issued_on": made.issued_on.isoformat(), "sha256": made.sha256}  # fmt: skip


@acting("order.invoice", Role.BIDDER)
def invoice(tx: Tx, order: str, p: Payload) -> Payload:
    """{kind: e | paper, code?, number, amount, issued_on, sha256?} → {state}: in one or several, together what was
    accepted."""
    fields.only(p, "kind", "code", "number", "amount", "issued_on", "sha256")
    row, step = guard(tx, order, "order.invoice")
    kind = fields.choice(p, "kind", KINDS)
    amount = fields.decimal(p, "amount", least=CENT, places=2)
    refuse_if(rules.invoicing(amount, amounts(row), book_of(row)))
    made = write_invoice(tx, row, p, kind, amount)
    whole = row.invoiced == row.accepted
    go(tx, row, step, "order.invoiced", invoice_body(made), target="INVOICED" if whole else "INSPECTED")
    return {"state": row.state}


def write_payment(tx: Tx, row: Order, bank_ref: str, day: date, amount: Decimal, person: str) -> str:
    """A payment, or a refund as a negative one; what an invoiced order is with it. A bank's number is taken once."""
    same = select(OrderPayment.id).where(OrderPayment.order_id == row.id, OrderPayment.bank_ref == bank_ref)
    if tx.session.scalar(same) is not None:
        raise Refused(book_of(row)["ORD-TWICE"].breach(bank_ref, required="once", field="bank_ref"))
    made = OrderPayment(order_id=row.id, amount=amount, bank_ref=bank_ref, at=tx.now, person_id=person, paid_on=day,
                        buyer_org=row.buyer_org, supplier_org=row.supplier_org)  # fmt: skip
    tx.session.add(made)
    row.paid += amount
    tx.session.flush()
    hooks.tell(tx, row, hooks.Happening("paid", amount))
    reconciling.entered(tx, made)
    return "PAID" if row.paid == row.accepted else "INVOICED"


@acting("order.pay", Role.TENDERER)
def pay(tx: Tx, order: str, p: Payload) -> Payload:
    """{amount, bank_ref, paid_on} → {state, warnings}: as the bank's receipt says; late is taken and recorded."""
    fields.only(p, "amount", "bank_ref", "paid_on")
    row, step = guard(tx, order, "order.pay")
    amount = fields.decimal(p, "amount", least=CENT, places=2)
    refuse_if(rules.paying(amount, amounts(row), book_of(row)))
    bank_ref, day = fields.text(p, "bank_ref", limit=60), past_day(p, "paid_on", row, tx.now)
    target = write_payment(tx, row, bank_ref, day, amount, tx.actor.person)
    warnings = shown(rules.paid_late(day, row.pay_by, book_of(row)))
    body = {"amount": plain(amount), "bank_ref": bank_ref, "paid_on": day.isoformat(), "warnings": warnings}
    go(tx, row, step, "order.paid", body, target=target)
    reconciling.ring(tx, reconciling.PERIOD)
    return {"state": row.state, "warnings": warnings}


@acting("order.late")
def late(tx: Tx, order: str, p: Payload) -> Payload:
    """Timer: not paid in time. Recorded once, for the regulator and both sides; a dispute under way is waited for."""
    row = order_row(tx.session, order)
    found = rules.in_time("ORD-PAY", row.pay_by, tx.now, book_of(row))
    if row.state not in ("INSPECTED", "INVOICED") or row.late_at is not None or not found:
        return {"late": row.late_at is not None}
    row, step = guard(tx, order, "order.late")
    row.late_at = tx.now
    owed = row.accepted - row.paid
    a_day = rules.interest(owed, 1, book_of(row))
    body = {"owed": plain(owed), "interest_a_day": plain(a_day), "warnings": shown(found)}
    go(tx, row, step, "order.payment_late", body, target=row.state)
    return {"late": True}


# -- rating -----------------------------------------------------------------------------------------------------------

ASPECTS = ("goods", "delivery", "service")


@acting("order.rate", Role.TENDERER)
def rate(tx: Tx, order: str, p: Payload) -> Payload:
    """{goods, delivery, service: 1 to 5, text?} → {state}: once; the one spot from which credit points hear of it."""
    fields.only(p, *ASPECTS, "text")
    row, step = guard(tx, order, "order.rate")
    stars = {key: fields.integer(p, key, least=1, most=5) for key in ASPECTS}
    text = fields.text(p, "text", limit=500, default="")
    tx.session.add(OrderRating(order_id=row.id, **stars, text=text, at=tx.now, person_id=tx.actor.person))
    tx.session.flush()
    go(tx, row, step, "order.rated", stars | {"text": text})
    hooks.tell(tx, row, hooks.Happening("rated", said=stars | {"text": text}))
    return {"state": row.state}


@blocked_by("order.answer_rating")
def _answered(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    rating = session.get(OrderRating, row.id)
    if rating is not None and rating.answered_at is None:
        return []
    return [book_of(row)["ORD-RATED"].breach("answered", required="once")]


@blocked_by("order.rate")
def _rated(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    """A return after the rating leads back to where it began: the rating stands."""
    if session.get(OrderRating, row.id) is None:
        return []
    return [book_of(row)["ORD-RATED"].breach("rated", required="once")]


@acting("order.answer_rating", Role.BIDDER)
def answer_rating(tx: Tx, order: str, p: Payload) -> Payload:
    """{text}: the supplier's word on it, once."""
    fields.only(p, "text")
    row, step = guard(tx, order, "order.answer_rating")
    rating = tx.session.get_one(OrderRating, row.id)
    rating.answer, rating.answered_at = fields.text(p, "text", limit=500), tx.now
    go(tx, row, step, "order.rating_answered", {"text": rating.answer})
    return {}
