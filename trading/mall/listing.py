"""What buyers see and may buy. Every change that they see goes through `appear`, which the search listens to.

Kinds of entries in `item:<id>`: item.listed, item.changed, item.delisted, item.blocked. A supplier that is suspended,
removed or back again says so once in `supplier:<id>` (supplier.suspended, .removed, .resumed, .changed): its items stay
as they are and are not shown meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from core.acts import Tx
from core.money import plain
from core.rules import Breach, Refused
from trading.mall import rules
from trading.mall.models import Item, PriceChange
from trading.supplier.facts import Standing
from trading.supplier.models import MallSupplier
from trading.supplier.queries import standings
from trading.supplier.rules import may_supply


def stream(item: str) -> str:
    return f"item:{item}"


def appear(tx: Tx, item: Item, kind: str, **more: Any) -> None:
    """Buyers see something else from now on: the version is counted and the entry written."""
    item.version += 1
    item.changed_at = tx.now
    body = {"item": item.id, "supplier": item.supplier_org, "category": item.category, "name": item.name,
            "state": item.state, "price": plain(item.price), "version": item.version}  # fmt: skip
    tx.record(stream(item.id), kind, body | more)


def put_up(tx: Tx, item: Item, before: Decimal | None) -> None:
    """Listed at its price. `before`: the price buyers saw last, None at the first listing."""
    late = {"late": True} if item.due is not None and tx.now > item.due else {}
    item.state, item.reason = "listed", ""
    item.filed_at = item.due = item.late_at = None
    item.listed_at = item.listed_at or tx.now
    if before != item.price:
        note_price(tx, item, before)
    appear(tx, item, "item.listed", **late)


def note_price(tx: Tx, item: Item, before: Decimal | None) -> None:
    row = PriceChange(item_id=item.id, at=tx.now, before=before, price=item.price, by=tx.actor.person)
    tx.session.add(row)


def on_sale() -> ColumnElement[bool]:
    """The condition on Item under which it is shown: listed, by a supplier whose entry is in force."""
    active = exists().where(MallSupplier.org_id == Item.supplier_org, MallSupplier.state == "active")
    return (Item.state == "listed") & active


def sellable(session: Session, items: Iterable[str]) -> dict[str, Item]:
    """Those of `items` that are shown now, by id."""
    wanted = sorted(set(items))
    found: dict[str, Item] = {}
    for start in range(0, len(wanted), 500):
        query = select(Item).where(Item.id.in_(wanted[start : start + 500]), on_sale())
        found |= {row.id: row for row in session.scalars(query)}
    return found


def unsellable(session: Session, wanted: Mapping[str, int], region: str, now: datetime) -> dict[str, list[Breach]]:
    """{item: why not} of those that cannot be bought `wanted` times for delivery to `region`; {} when all can."""
    book = rules.book_at(now)
    rows = {row.id: row for row in session.scalars(select(Item).where(Item.id.in_(list(wanted))))}
    known = standings(session, {row.supplier_org for row in rows.values()})
    found: dict[str, list[Breach]] = {}
    for item, quantity in wanted.items():
        row = rows.get(item)
        if row is None or row.state != "listed":
            state = row.state if row is not None else "-"
            found[item] = [book["ITEM-LISTED"].breach(state, required="listed", field=item)]
        elif why := _why_not(row, known[row.supplier_org], quantity, region, book):
            found[item] = why
    return found


def _why_not(row: Item, standing: Standing, quantity: int, region: str, book: rules.Book) -> list[Breach]:
    found = may_supply(standing, row.category, region)
    if region:
        regions = tuple(row.regions) or standing.regions
        found += may_supply(Standing(row.supplier_org, "active", (row.category,), regions), "", region)
    if quantity > row.stock:
        found.append(book["ITEM-STOCK"].breach(quantity, required=f"≤ {row.stock}", field=row.id))
    return list({(one.rule, one.field): one for one in found}.values())


def take(tx: Tx, wanted: Mapping[str, int]) -> None:
    """Stock that an order takes, within the order's own transaction; Refused (ITEM-STOCK) when it is not there.
    Buyers hear of the last one that went."""
    book = rules.book_at(tx.now)
    short: list[Breach] = []
    for item, quantity in sorted(wanted.items()):
        row = tx.session.get(Item, item)
        if row is None or row.stock < quantity:
            stock = row.stock if row is not None else 0
            short.append(book["ITEM-STOCK"].breach(quantity, required=f"≤ {stock}", field=item))
            continue
        row.stock -= quantity
        row.sold += quantity
        if row.stock == 0 and row.state == "listed":
            appear(tx, row, "item.changed", changed=["stock"])
    if short:
        raise Refused(short)


def give_back(tx: Tx, wanted: Mapping[str, int]) -> None:
    """Stock of an order that came to nothing."""
    for item, quantity in sorted(wanted.items()):
        row = tx.session.get(Item, item)
        if row is not None:
            row.stock, row.sold = row.stock + quantity, max(0, row.sold - quantity)
            if row.stock == quantity and row.state == "listed":
                appear(tx, row, "item.changed", changed=["stock"])
