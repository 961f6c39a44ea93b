"""What the shop's pages show of items: cards, one item with its supplier, several side by side. Only what is public."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from trading.mall.categories import categories
from trading.mall.models import Item, PriceChange
from trading.mall.queries import price_history
from trading.supplier.models import MallSupplier

COMPARED = 4  # items side by side
ACTIVE = "active"


@dataclass(frozen=True)
class Card:
    """An item as lists show it. `offered`: buyers can have it now."""

    item: Item
    supplier: str
    regions: list[str]
    offered: bool


def _regions(item: Item, supplier: MallSupplier | None) -> list[str]:
    return list(item.regions or (supplier.regions if supplier else ()))


def _card(item: Item, org: Org, supplier: MallSupplier | None) -> Card:
    offered = item.state == "listed" and supplier is not None and supplier.state == ACTIVE
    return Card(item, org.name, _regions(item, supplier), offered)


def cards(session: Session, ids: Iterable[str]) -> list[Card]:
    """In the order of `ids`; items that were never listed are left out."""
    listed = list(ids)
    query = (
        select(Item, Org, MallSupplier)
        .join(Org, Org.id == Item.supplier_org)
        .outerjoin(MallSupplier, MallSupplier.org_id == Item.supplier_org)
        .where(Item.id.in_(listed), Item.listed_at.is_not(None))
    )
    found = {item.id: _card(item, org, supplier) for item, org, supplier in session.execute(query)}
    return [found[one] for one in listed if one in found]


@dataclass(frozen=True)
class Shelf:
    """One item's page. `points`: its prices with the moment from which each held, oldest first."""

    card: Card
    org: Org
    supplier: MallSupplier
    path: list[Any]
    points: list[PriceChange]
    listed: int

    @property
    def lowest(self) -> Decimal:
        return min((point.price for point in self.points), default=self.card.item.price)


def one(session: Session, item: str) -> Shelf | None:
    """None when there is no such item or it was never listed. `listed`: how many items its supplier offers."""
    query = (
        select(Item, Org, MallSupplier)
        .join(Org, Org.id == Item.supplier_org)
        .join(MallSupplier, MallSupplier.org_id == Item.supplier_org)
        .where(Item.id == item, Item.listed_at.is_not(None))
    )
    found = session.execute(query).first()
    if found is None:
        return None
    row, org, supplier = found
    count = select(func.count()).where(Item.supplier_org == org.id, Item.state == "listed")
    return Shelf(
        _card(row, org, supplier), org, supplier, categories().path(row.category), price_history(session, item)[::-1],
        session.scalar(count) or 0,
    )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row of the comparison: what it is of, one value an item, whether they differ."""

    name: str
    values: list[str]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def specifications(items: Sequence[Item]) -> list[Line]:
    """Every specification that one of them has, in the order met; "" where an item does not say."""
    names = dict.fromkeys(name for item in items for name in item.specs)
    return [Line(name, [str(item.specs.get(name, "")) for item in items]) for name in names]


def names(session: Session, orgs: Iterable[str]) -> dict[str, str]:
    query = select(Org.id, Org.name).where(Org.id.in_(list(orgs)))
    return dict(session.execute(query).all())


def since(points: Sequence[PriceChange], now: datetime) -> list[dict[str, Any]]:
    """The prices as steps for the picture, up to this moment: [{at, price}]."""
    steps = [{"at": point.at.isoformat(), "price": str(point.price)} for point in points]
    return [*steps, {"at": now.isoformat(), "price": steps[-1]["price"]}] if steps else []
