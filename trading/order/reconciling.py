"""Payments beside the bank's statement: a line belongs to the payment with its number, its amount and its payer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, tuple_, union_all
from sqlalchemy.orm import Session

from core import jobs
from core.access import SYSTEM, Actor, Role
from core.acts import Acts, Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.jobs import DueJob
from core.money import plain
from trading.order import bank
from trading.order.models import Order, OrderBankLine, OrderPayment
from trading.project.queries import cursor_of

PERIOD = timedelta(minutes=10)
LATEST = timedelta(days=10)  # P: a payment whose line has not come by then is looked for by people
SIDES = ((Role.TENDERER, OrderPayment.buyer_org), (Role.BIDDER, OrderPayment.supplier_org))


def ring(tx: Tx, wait: timedelta) -> None:
    """Read the statement then, unless it is read before anyway."""
    waiting = select(DueJob.id).where(DueJob.act == "order.reconcile", DueJob.done_at.is_(None))
    if tx.session.scalar(waiting.where(DueJob.at <= tx.now + wait).limit(1)) is None:
        jobs.plan(tx.session, tx.now + wait, "order.reconcile", "")


@jobs.long("order.reconcile")
def read(acts: Acts, case: str, p: Payload) -> None:
    """The feed is read outside every transaction."""
    house = bank.of(acts.house.config)
    if house is None:
        return
    with acts.reading() as session:
        last = session.scalar(select(func.max(OrderBankLine.number))) or 0
    acts.act(reconcile, SYSTEM, case, {"lines": house.lines(last)})


@acting("order.reconcile")
def reconcile(tx: Tx, case: str, p: Payload) -> Payload:
    """System: {lines} → {matched}: each line once, whoever reads it first."""
    last, matched = tx.session.scalar(select(func.max(OrderBankLine.number))) or 0, 0
    for line in p.get("lines", ()):
        if line.number <= last:
            continue
        found = OrderBankLine(number=line.number, buyer_org=line.payer, bank_ref=line.bank_ref, amount=line.amount,
                              at=line.at)  # fmt: skip
        tx.session.add(found)
        tx.session.flush()
        query = select(OrderPayment).where(OrderPayment.bank_ref == line.bank_ref)
        for payment in tx.session.scalars(query):
            matched += match(tx, payment, found)
    since = tx.now - LATEST
    unmatched = (OrderPayment.line == 0, OrderPayment.at >= since, OrderPayment.amount > Decimal(0))
    if tx.session.scalar(select(OrderPayment.id).where(*unmatched).limit(1)) is not None:
        ring(tx, PERIOD)
    return {"matched": matched}


def match(tx: Tx, payment: OrderPayment, line: OrderBankLine) -> int:
    fits = (payment.buyer_org, payment.bank_ref, payment.amount) == (line.buyer_org, line.bank_ref, line.amount)
    if not fits or payment.line or line.payment_id:
        return 0
    payment.line, line.payment_id = line.number, payment.id
    body = {"payment": payment.id, "bank_ref": line.bank_ref, "amount": plain(line.amount), "line": line.number}
    tx.record(f"order:{payment.order_id}", "order.payment_matched", body, case=payment.order_id)
    tx.session.flush()
    return 1


def entered(tx: Tx, payment: OrderPayment) -> None:
    """A payment that was entered after its line had been read."""
    line = select(OrderBankLine).where(OrderBankLine.bank_ref == payment.bank_ref, OrderBankLine.payment_id == "")
    for one in tx.session.scalars(line):
        match(tx, payment, one)


# -- reading ----------------------------------------------------------------------------------------------------------


def payments(session: Session, actor: Actor, *, after: str = "", limit: int = 20) -> dict[str, Any]:
    """{items: [{order, number, buyer_org, supplier_org, amount, bank_ref, paid_on, state, late}], next, lines}, newest
    first, of the own organisation. `state`: matched, waiting, or refund (it comes from the supplier's bank, whose
    statement is not read). `lines`: of the own statement that no payment was entered for, as a buyer."""
    sides = [column for role, column in SIDES if actor.org and actor.has(role)]
    if not sides:
        raise Unusable("side: one of your own is expected")
    where = []
    if after:
        at, key = cursor_of(after)
        where = [tuple_(OrderPayment.at, OrderPayment.id) < (at, key)]
    newest = (OrderPayment.at.desc(), OrderPayment.id.desc())
    parts = [select(OrderPayment.id).where(side == actor.org, *where).order_by(*newest).limit(limit + 1).subquery()
             for side in sides]  # fmt: skip
    listed = union_all(*(select(part) for part in parts)).subquery()
    query = select(OrderPayment, Order).join(listed, listed.c.id == OrderPayment.id)
    query = query.join(Order, Order.id == OrderPayment.order_id).order_by(*newest).limit(limit + 1)
    rows = [(one, order) for one, order in session.execute(query)]
    last = rows[limit - 1][0] if len(rows) > limit else None
    lines = select(OrderBankLine).where(OrderBankLine.buyer_org == actor.org, OrderBankLine.payment_id == "")
    own = actor.has(Role.TENDERER)
    return {
        "items": [_shown(*one) for one in rows[:limit]],
        "next": f"{last.at.isoformat()}|{last.id}" if last else "",
        "lines": list(session.scalars(lines.order_by(OrderBankLine.number.desc()).limit(limit))) if own else [],
    }  # fmt: skip


def _shown(one: OrderPayment, order: Order) -> dict[str, Any]:
    state = "matched" if one.line else "refund" if one.amount < 0 else "waiting"
    late = order.pay_by is not None and one.amount > 0 and one.paid_on > order.pay_by.date()
    keys = ("amount", "bank_ref", "paid_on", "buyer_org", "supplier_org")
    return {key: getattr(one, key) for key in keys} | {
        "order": order.id, "number": order.number, "state": state, "late": late,
    }  # fmt: skip
