"""Placing an order: the one way in for every way of buying, which has asked its own guards before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from core import data, jobs
from core.acts import Tx
from core.clock import CST
from core.faults import Unusable
from core.money import plain
from trading.order import hooks, rules, tally
from trading.order.models import Order, OrderLine

FIRST = "PLACED"


@dataclass(frozen=True)
class Line:
    """`price` in yuan with at most two decimals, for one `unit`."""

    category: str
    name: str
    unit: str
    quantity: int
    price: Decimal
    item_id: str = ""
    brand: str = ""
    model: str = ""
    specs: dict[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity


@dataclass(frozen=True)
class Placing:
    """What is ordered of whom. `source`: direct, quote, auction or framework, `source_id` its row.

    `settings` {deliver_by: ISO date}: until when it is delivered, where that was asked for.
    """

    buyer_org: str
    buyer_person: str
    supplier_org: str
    source: str
    source_id: str
    region: str
    address: str
    receiver: str
    lines: tuple[Line, ...]
    note: str = ""
    reference: Decimal | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def stream(order: str) -> str:
    return f"order:{order}"


def place(tx: Tx, placing: Placing) -> Order:
    """The order with its lines and its first entry; Unusable when buyer and supplier are one or nothing is ordered."""
    if not placing.lines:
        raise Unusable("lines: nothing is ordered")
    if any(one.price < 0 for one in placing.lines) or not any(one.amount for one in placing.lines):
        raise Unusable("lines: an amount above zero is expected")
    if placing.buyer_org == placing.supplier_org:
        raise Unusable("supplier: one does not buy of oneself")
    today = tx.now.astimezone(CST)
    book = rules.RULES.at(today.date(), placing.region)
    confirm_by = rules.until(book, "ORD-CONFIRM", tx.now, data.calendar())
    row = Order(
        number=_number(tx, f"DD{today:%Y%m%d}"), buyer_org=placing.buyer_org, buyer_person=placing.buyer_person,
        supplier_org=placing.supplier_org, source=placing.source, source_id=placing.source_id, state=FIRST,
        total=sum((one.amount for one in placing.lines), Decimal(0)), reference=placing.reference,
        fiscal_year=today.year, region=placing.region, address=placing.address, receiver=placing.receiver,
        note=placing.note, settings=placing.settings, placed_at=tx.now,
        confirm_by=confirm_by, due_at=confirm_by,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    lines = [
        OrderLine(
            order_id=row.id, position=position, item_id=one.item_id, category=one.category, name=one.name,
            brand=one.brand, model=one.model, specs=one.specs, unit=one.unit, quantity=one.quantity,
            price=one.price, amount=one.amount, buyer_org=row.buyer_org, fiscal_year=row.fiscal_year,
        )
        for position, one in enumerate(placing.lines, 1)
    ]  # fmt: skip
    tx.session.add_all(lines)
    tx.session.flush()
    tally.share(tx.session.connection(), row, 1)
    jobs.plan(tx.session, confirm_by + timedelta(seconds=1), "order.lapse", row.id)
    body = {"order": row.id, "number": row.number, "buyer": row.buyer_org, "supplier": row.supplier_org,
            "source": row.source, "source_id": row.source_id, "total": plain(row.total),
            "reference": plain(row.reference) if row.reference is not None else "",
            "lines": [{"item": one.item_id, "category": one.category, "name": one.name, "quantity": one.quantity,
                       "price": plain(one.price)} for one in placing.lines]}  # fmt: skip
    tx.record(stream(row.id), "order.placed", body, case=row.id)
    tx.publish(f"org:{row.supplier_org}", "order.placed", {"order": row.id})
    hooks.tell(tx, row, hooks.Happening("placed", row.total, {one.id: one.quantity for one in lines}))
    return row


def _number(tx: Tx, day: str) -> str:
    last = tx.session.scalar(select(func.max(Order.number)).where(Order.number >= day, Order.number < f"{day}~"))
    return f"{day}{int(last[len(day) :]) + 1 if last else 1:06d}"
