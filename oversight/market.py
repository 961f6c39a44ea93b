"""Figures of the mall: what was ordered of whom in a year, by month, way of buying and category, and what was saved.

All sums are made by the database over whole fen, in a fixed number of statements. Called-off orders do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.money import half_up
from trading.framework import machine
from trading.framework.models import Framework, FrameworkMember
from trading.mall.categories import categories
from trading.order.models import Order, OrderLine

CALLED_OFF, FRAMEWORK = "CANCELLED", "framework"
MOST = 10  # buyers, suppliers and categories that a list names


@dataclass(frozen=True)
class Scope:
    """What is counted: a fiscal year, and one side's own orders where it is named."""

    year: int
    buyer: str = ""
    supplier: str = ""

    def where(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [Order.fiscal_year == self.year, Order.state != CALLED_OFF]
        found += [Order.buyer_org == self.buyer] if self.buyer else []
        return found + ([Order.supplier_org == self.supplier] if self.supplier else [])


@dataclass(frozen=True)
class Share:
    """One row of a list: `orders` and their `amount` in yuan."""

    key: str
    name: str
    orders: int
    amount: Decimal


@dataclass(frozen=True)
class Figures:
    """`referenced`: amount of the orders that had a reference; `reference`: the sum of these references.
    `agreements`: framework agreements that run, `entered`: suppliers in them now, whoever bought."""

    year: int
    orders: int
    amount: Decimal
    buyers: int
    suppliers: int
    reference: Decimal
    referenced: Decimal
    months: list[Share]
    ways: list[Share]
    categories: list[Share]
    top_buyers: list[Share]
    top_suppliers: list[Share]
    agreements: int
    entered: int

    @property
    def called(self) -> Share:
        """What was ordered under framework agreements."""
        return next((way for way in self.ways if way.key == FRAMEWORK), Share(FRAMEWORK, FRAMEWORK, 0, Decimal(0)))

    @property
    def mall(self) -> Share:
        """What was ordered in the mall itself."""
        return Share("mall", "mall", self.orders - self.called.orders, self.amount - self.called.amount)

    @property
    def saved(self) -> Decimal:
        return self.reference - self.referenced

    @property
    def saved_share(self) -> Decimal | None:
        """In percent of the references, two decimals; None without any."""
        return half_up(self.saved * 100 / self.reference, 2) if self.reference else None


def years(session: Session) -> list[int]:
    """Fiscal years with orders, the newest first."""
    return list(session.scalars(select(Order.fiscal_year).distinct().order_by(Order.fiscal_year.desc())))


def figures(session: Session, scope: Scope) -> Figures:
    where = scope.where()
    with_reference = Order.reference.is_not(None)
    one = session.execute(
        select(
            func.count(), func.coalesce(func.sum(Order.total), Decimal(0)),
            func.count(Order.buyer_org.distinct()), func.count(Order.supplier_org.distinct()),
            func.sum(Order.reference), func.sum(Order.total).filter(with_reference),
        ).where(*where)
    ).one()  # fmt: skip
    return Figures(
        scope.year, one[0], one[1], one[2], one[3], one[4] or Decimal(0), one[5] or Decimal(0),
        months(session, scope),
        _shares(session, _grouped(Order.source, where)), by_category(session, scope),
        _orgs(session, Order.buyer_org, where), _orgs(session, Order.supplier_org, where),
        *_frameworks(session),
    )  # fmt: skip


def _frameworks(session: Session) -> tuple[int, int]:
    running = select(func.count()).where(Framework.state.in_(machine.RUNNING))
    inside = (
        select(func.count(FrameworkMember.org_id.distinct()))
        .join(Framework, Framework.id == FrameworkMember.framework_id)
        .where(Framework.state.in_(machine.RUNNING), FrameworkMember.state.in_(machine.SUPPLYING))
    )
    return session.scalar(running) or 0, session.scalar(inside) or 0


def _grouped(key: Any, where: list[ColumnElement[bool]]) -> Select[Any]:
    amount = func.sum(Order.total)
    return select(key, key, func.count(), amount).where(*where).group_by(key).order_by(amount.desc(), key)


def _shares(session: Session, query: Executable) -> list[Share]:
    return [Share(*row) for row in session.execute(query)]


def months(session: Session, scope: Scope) -> list[Share]:
    """The twelve months by China's clock, which an order's number carries."""
    month = func.substr(Order.number, 7, 2)
    query = select(month, month, func.count(), func.sum(Order.total)).where(*scope.where()).group_by(month)
    found = {share.key: share for share in _shares(session, query)}
    return [found.get(f"{n:02d}", Share(f"{n:02d}", f"{n:02d}", 0, Decimal(0))) for n in range(1, 13)]


def by_category(session: Session, scope: Scope) -> list[Share]:
    """By the second level of the official list (A02, B05…), of the lines' amounts; the largest and the rest."""
    second, amount = func.substr(OrderLine.category, 1, 3), func.sum(OrderLine.amount)
    query = (
        select(second, func.count(OrderLine.order_id.distinct()), amount)
        .join(Order, Order.id == OrderLine.order_id)
        .where(*scope.where())
        .group_by(second)
        .order_by(amount.desc(), second)
    )
    rows = [Share(code, _name(code), count, total) for code, count, total in session.execute(query)]
    rest = rows[MOST:]
    if rest:
        rows = [*rows[:MOST], Share("", "", sum(r.orders for r in rest), sum((r.amount for r in rest), Decimal(0)))]
    return rows


def _name(second: str) -> str:
    found = categories().by_code.get(f"{second}000000")
    return found.name if found else second


def _orgs(session: Session, side: Any, where: list[ColumnElement[bool]]) -> list[Share]:
    amount = func.sum(Order.total)
    query = (
        select(Org.id, Org.name, func.count(), amount)
        .join(Order, side == Org.id)
        .where(*where)
        .group_by(Org.id, Org.name)
        .order_by(amount.desc(), Org.id)
        .limit(MOST)
    )
    return _shares(session, query)
