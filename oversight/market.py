"""Figures of the mall: what was ordered of whom in a year, by month, way of buying and category, and what was saved.

All sums are those that trading.order.tally keeps, so that the page costs the same however many orders there are.
Called-off orders do not count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.money import half_up
from trading.framework import machine
from trading.framework.models import Framework, FrameworkMember
from trading.mall.categories import categories
from trading.order import tally
from trading.order.models import OrderShare

FRAMEWORK = "framework"
SMALL = ("all", "reference", "referenced", "month", "way", "category")  # kinds that are read whole
MOST = 10  # buyers, suppliers and categories that a list names


@dataclass(frozen=True)
class Scope:
    """What is counted: a fiscal year, and one side's own orders where it is named."""

    year: int
    buyer: str = ""
    supplier: str = ""

    def where(self) -> list[ColumnElement[bool]]:
        supplier = tally.SUPPLIER + self.supplier if self.supplier else tally.ALL
        party = tally.BUYER + self.buyer if self.buyer else supplier
        return [OrderShare.party == party, OrderShare.year == self.year, OrderShare.orders > 0]


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
    whole = (OrderShare.party == tally.ALL, OrderShare.kind == "all", OrderShare.orders > 0)
    return list(session.scalars(select(OrderShare.year).where(*whole).order_by(OrderShare.year.desc())))


def figures(session: Session, scope: Scope) -> Figures:
    """In a fixed number of statements, over sums that are kept: none of them reads an order."""
    kept: dict[str, list[Share]] = {kind: [] for kind in SMALL}
    amount = OrderShare.amount
    query = select(OrderShare.kind, OrderShare.key, OrderShare.orders, amount)
    query = query.where(*scope.where(), OrderShare.kind.in_(SMALL)).order_by(amount.desc(), OrderShare.key)
    for kind, key, orders, yuan in session.execute(query):
        kept[kind].append(Share(key, key, orders, yuan))
    nothing = Share("", "", 0, Decimal(0))
    whole, reference, referenced = (next(iter(kept[one]), nothing) for one in ("all", "reference", "referenced"))
    return Figures(
        scope.year, whole.orders, whole.amount, _count(session, scope, "buyer"), _count(session, scope, "supplier"),
        reference.amount, referenced.amount, _months(kept["month"]), kept["way"], _categories(kept["category"]),
        _top(session, scope, "buyer"), _top(session, scope, "supplier"), *_frameworks(session),
    )  # fmt: skip


def _frameworks(session: Session) -> tuple[int, int]:
    running = select(func.count()).where(Framework.state.in_(machine.RUNNING))
    inside = (
        select(func.count(FrameworkMember.org_id.distinct()))
        .join(Framework, Framework.id == FrameworkMember.framework_id)
        .where(Framework.state.in_(machine.RUNNING), FrameworkMember.state.in_(machine.SUPPLYING))
    )
    return session.scalar(running) or 0, session.scalar(inside) or 0


def _months(found: list[Share]) -> list[Share]:
    """The twelve months by China's clock, which an order's number carries."""
    known = {share.key: share for share in found}
    return [known.get(f"{n:02d}", Share(f"{n:02d}", f"{n:02d}", 0, Decimal(0))) for n in range(1, 13)]


def _categories(found: list[Share]) -> list[Share]:
    """By the second level of the official list (A02, B05…), of the lines' amounts; the largest and the rest."""
    rows = [replace(share, name=_name(share.key)) for share in found]
    rest = rows[MOST:]
    if rest:
        rows = [*rows[:MOST], Share("", "", sum(r.orders for r in rest), sum((r.amount for r in rest), Decimal(0)))]
    return rows


def _name(second: str) -> str:
    found = categories().by_code.get(f"{second}000000")
    return found.name if found else second


def _count(session: Session, scope: Scope, kind: str) -> int:
    return session.scalar(select(func.count()).where(*scope.where(), OrderShare.kind == kind)) or 0


def _top(session: Session, scope: Scope, kind: str) -> list[Share]:
    amount = OrderShare.amount
    query = (
        select(OrderShare.key, Org.name, OrderShare.orders, amount)
        .join(Org, Org.id == OrderShare.key)
        .where(*scope.where(), OrderShare.kind == kind)
        .order_by(amount.desc(), OrderShare.key)
        .limit(MOST)
    )
    return [Share(*row) for row in session.execute(query)]
