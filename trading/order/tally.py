"""Sums of orders kept in the act that changes them: what lists, statements and figures show costs the same at a
thousand orders and at a million.

Nobody has to think of it: whatever changes an order's state or amounts through the session is seen at the flush, so the
sums are of the same commit (or of the same undone act). `recount` makes them anew after rows came by other ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, event, func, inspect, select, text
from sqlalchemy.orm import Mapper, Session

from core.access import Actor, Role
from trading.order.models import Order, OrderLine, OrderSum

AMOUNTS = ("total", "accepted", "invoiced", "paid")
CALLED_OFF = "CANCELLED"  # such orders stand in lists and statements, and count in no figure
BUYER, SUPPLIER, ALL = "b", "s", ""
_ADD_SUM = text(
    "INSERT INTO mall_order_sum (party, month, state, number, total, accepted, invoiced, paid) "
    "VALUES (:party, :month, :state, :number, :total, :accepted, :invoiced, :paid) "
    "ON CONFLICT (party, month, state) DO UPDATE SET number = mall_order_sum.number + excluded.number, "
    "total = mall_order_sum.total + excluded.total, accepted = mall_order_sum.accepted + excluded.accepted, "
    "invoiced = mall_order_sum.invoiced + excluded.invoiced, paid = mall_order_sum.paid + excluded.paid"
)
_ADD_SHARE = text(
    "INSERT INTO mall_order_share (party, year, kind, key, orders, amount) "
    "VALUES (:party, :year, :kind, :key, :orders, :amount) ON CONFLICT (party, year, kind, key) DO UPDATE SET "
    "orders = mall_order_share.orders + excluded.orders, amount = mall_order_share.amount + excluded.amount"
)
Row = dict[str, Any]


def parties(row: Order) -> tuple[str, str, str]:
    """Whose sums an order stands in: everybody's, its buyer's, its supplier's."""
    return ALL, BUYER + row.buyer_org, SUPPLIER + row.supplier_org


def month(row: Order) -> str:
    """Of the placing, by China's clock, as the number says it: 202603."""
    return row.number[2:8]


def _fen(amount: Decimal) -> int:
    return int(amount * 100)


def _sums(row: Order, state: str, number: int, amounts: dict[str, Decimal]) -> list[Row]:
    said = {key: number * _fen(amount) for key, amount in amounts.items()}
    return [{"party": party, "month": month(row), "state": state, "number": number, **said} for party in parties(row)]


@event.listens_for(Order, "after_insert")
def _inserted(_mapper: Mapper[Any], connection: Connection, row: Order) -> None:
    connection.execute(_ADD_SUM, _sums(row, row.state, 1, {key: getattr(row, key) for key in AMOUNTS}))


@event.listens_for(Order, "after_update")
def _updated(_mapper: Mapper[Any], connection: Connection, row: Order) -> None:
    said = inspect(row).attrs
    before = {key: (said[key].history.deleted or [getattr(row, key)])[0] for key in ("state", *AMOUNTS)}
    now = {key: getattr(row, key) for key in before}
    if before == now:
        return
    left, reached = str(before.pop("state")), str(now.pop("state"))
    connection.execute(_ADD_SUM, [*_sums(row, left, -1, before), *_sums(row, reached, 1, now)])
    if (left == CALLED_OFF) != (reached == CALLED_OFF):
        share(connection, row, -1 if reached == CALLED_OFF else 1)


def share(connection: Connection, row: Order, times: int) -> None:
    """An order with its lines enters the figures of its year (times 1) or leaves them (-1)."""
    second, total = func.substr(OrderLine.category, 1, 3), _fen(row.total)
    lines = select(second, func.sum(OrderLine.amount)).where(OrderLine.order_id == row.id).group_by(second)
    found = [("category", key, _fen(amount)) for key, amount in connection.execute(lines)]
    found += [("all", "", total), ("month", month(row)[4:], total), ("way", row.source, total),
              ("buyer", row.buyer_org, total), ("supplier", row.supplier_org, total)]  # fmt: skip
    if row.reference is not None:
        found += [("referenced", "", total), ("reference", "", _fen(row.reference))]
    connection.execute(_ADD_SHARE, [
        {"party": party, "year": row.fiscal_year, "kind": kind, "key": key, "orders": times, "amount": times * amount}
        for party in parties(row) for kind, key, amount in found
    ])  # fmt: skip


# -- reading ----------------------------------------------------------------------------------------------------------


def seen(actor: Actor, readers: Iterable[Role]) -> list[str]:
    """Whose sums this actor may read."""
    if actor.has(*readers):
        return [ALL]
    sides = ((Role.TENDERER, BUYER), (Role.BIDDER, SUPPLIER))
    return [side + actor.org for role, side in sides if actor.org and actor.has(role)]


def by_state(session: Session, whose: list[str], *within: ColumnElement[bool]) -> dict[str, list[Any]]:
    """{state: [number, total, accepted, invoiced, paid]}; nobody is buyer and supplier of one order."""
    columns = [func.sum(getattr(OrderSum, key)) for key in ("number", *AMOUNTS)]
    query = select(OrderSum.state, *columns).where(OrderSum.party.in_(whose), *within).group_by(OrderSum.state)
    return {state: list(found) for state, *found in session.execute(query)}


def together(found: Iterable[list[Any]]) -> dict[str, Any]:
    """{count, sums: {total, accepted, invoiced, paid}} in yuan."""
    rows = list(found)
    added = {key: sum((row[n] for row in rows), Decimal(0)) for n, key in enumerate(AMOUNTS, 1)}
    return {"count": sum(row[0] for row in rows), "sums": added}


# -- anew -------------------------------------------------------------------------------------------------------------

_PARTIES = ("''", "'b' || o.buyer_org", "'s' || o.supplier_org")
_SUMS = """INSERT INTO mall_order_sum (party, month, state, number, total, accepted, invoiced, paid)
SELECT {party}, substr(o.number, 3, 6), o.state, count(*), sum(o.total), sum(o.accepted), sum(o.invoiced), sum(o.paid)
FROM mall_order o GROUP BY 1, 2, 3"""
_SHARES = """INSERT INTO mall_order_share (party, year, kind, key, orders, amount)
SELECT {party}, o.fiscal_year, {kind}, {key}, count(*), sum({amount})
FROM mall_order o WHERE o.state <> '{off}'{more} GROUP BY 1, 2, 3, 4"""
_CATEGORIES = """INSERT INTO mall_order_share (party, year, kind, key, orders, amount)
SELECT {party}, o.fiscal_year, 'category', substr(l.category, 1, 3), count(DISTINCT o.id), sum(l.amount)
FROM mall_order o JOIN mall_order_line l ON l.order_id = o.id WHERE o.state <> '{off}' GROUP BY 1, 2, 3, 4"""
_KINDS = (
    ("'all'", "''", "o.total", ""), ("'month'", "substr(o.number, 7, 2)", "o.total", ""),
    ("'way'", "o.source", "o.total", ""), ("'buyer'", "o.buyer_org", "o.total", ""),
    ("'supplier'", "o.supplier_org", "o.total", ""),
    ("'referenced'", "''", "o.total", " AND o.reference IS NOT NULL"),
    ("'reference'", "''", "o.reference", " AND o.reference IS NOT NULL"),
)  # fmt: skip


def recount(session: Session) -> None:
    """All sums anew from the orders as they stand."""
    session.flush()
    session.execute(text("DELETE FROM mall_order_sum"))
    session.execute(text("DELETE FROM mall_order_share"))
    for party in _PARTIES:
        session.execute(text(_SUMS.format(party=party)))
        for kind, key, amount, more in _KINDS:
            shares = _SHARES.format(party=party, kind=kind, key=key, amount=amount, more=more, off=CALLED_OFF)
            session.execute(text(shares))
        session.execute(text(_CATEGORIES.format(party=party, off=CALLED_OFF)))
    session.expire_all()
