"""Sums of a buyer's fiscal year beside the local numbers: limits of direct purchase, and what warns of splitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import CST
from core.rules import Breach
from trading.buying import rules
from trading.buying.facts import Local, Year
from trading.buying.guards import Numbers
from trading.buying.machine import WAITING
from trading.buying.models import Purchase, PurchaseLine
from trading.mall.categories import covers, stem
from trading.order.models import Order, OrderLine

# An order that came to nothing counts nothing.
VOID = ("CANCELLED",)


@dataclass(frozen=True)
class Warned:
    breach: Breach
    year: Year
    threshold: Decimal


def bought(session: Session, org: str, year: int, group: str, *, way: str = "") -> Decimal:
    """What is ordered of a category and all below it in a fiscal year, and what waits for approval; by one way of
    buying, or all."""
    below = OrderLine.category.startswith(stem(group), autoescape=True)
    ordered = select(func.sum(OrderLine.amount)).join(Order, Order.id == OrderLine.order_id)
    ordered = ordered.where(OrderLine.buyer_org == org, OrderLine.fiscal_year == year, below, Order.state.not_in(VOID))
    waiting = select(func.sum(PurchaseLine.amount))
    waiting = waiting.join(Purchase, Purchase.id == PurchaseLine.purchase_id)
    waiting = waiting.where(
        Purchase.org_id == org, Purchase.fiscal_year == year, Purchase.state == WAITING,
        PurchaseLine.category.startswith(stem(group), autoescape=True),
    )  # fmt: skip
    if way:
        ordered, waiting = ordered.where(Order.source == way), waiting.where(Purchase.way == way)
    return Decimal(session.scalar(ordered) or 0) + Decimal(session.scalar(waiting) or 0)


def direct(session: Session, numbers: Numbers, org: str, now: datetime, lines: Sequence[PurchaseLine]) -> list[Breach]:
    """Each category is in the catalogue; an order of it, one a supplier, and its year stay within their limits."""
    found: list[Breach] = []
    for supplier in sorted({line.supplier_org for line in lines}):
        per: dict[str, tuple[Local | None, Decimal]] = {}
        for line in lines:
            if line.supplier_org == supplier:
                limit = numbers.local("BUY-DIRECT-ORDER", line.category)
                key = limit.category if limit else line.category
                per[key] = (limit, per.get(key, (limit, Decimal(0)))[1] + line.amount)
        for category, (limit, amount) in sorted(per.items()):
            found += rules.direct_order(category, amount, limit, numbers.book)
    for year, most in _years(session, numbers, org, now, lines, "BUY-DIRECT-YEAR", way="direct"):
        found += rules.direct_year(year, most, numbers.book)
    return found


def splitting(
    session: Session, numbers: Numbers, org: str, now: datetime, lines: Sequence[PurchaseLine]
) -> list[Warned]:
    """Categories in which this purchase takes the buyer's year past the threshold (实施条例 art. 28)."""
    found = []
    for year, limit in _years(session, numbers, org, now, lines, "BUY-SPLIT"):
        for breach in rules.split(year, limit, numbers.book):
            assert limit.value is not None
            found.append(Warned(breach, year, limit.value))
    return found


def _years(
    session: Session, numbers: Numbers, org: str, now: datetime, lines: Sequence[PurchaseLine], rule: str, *,
    way: str = "",
) -> list[tuple[Year, Local]]:  # fmt: skip
    """The categories of these lines as the local number of `rule` sums them, with what the year holds already."""
    today, found = now.astimezone(CST).year, {}
    for category in sorted({line.category for line in lines}):
        limit = numbers.local(rule, category)
        if limit is None:
            continue
        group = rules.summed(category, limit)
        more = sum((line.amount for line in lines if covers(group, line.category)), Decimal(0))
        found[group] = (Year(group, bought(session, org, today, group, way=way), more), limit)
    return list(found.values())
