"""What was bought under an agreement: figures from its purchases and their orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.money import plain
from trading.framework.models import Framework, FrameworkMember, FrameworkNeed
from trading.order.models import Order


def figures(session: Session, row: Framework) -> dict[str, Any]:
    """{orders, total, ways: {way: {orders, total}}, suppliers: [{name, state, orders, total}], declined, removed}."""
    ways = {way: {"orders": count, "total": plain(Decimal(total))} for way, count, total in _by_way(session, row)}
    suppliers = _by_supplier(session, row)
    mine = (FrameworkNeed.framework_id == row.id, FrameworkNeed.state == "DECLINED")
    declined = session.scalar(select(func.count(FrameworkNeed.id)).where(*mine)) or 0
    return {
        "starts_on": row.starts_on.isoformat() if row.starts_on else "",
        "ends_on": row.ends_on.isoformat() if row.ends_on else "",
        "orders": sum(int(one["orders"]) for one in suppliers),
        "total": plain(sum((Decimal(one["total"]) for one in suppliers), Decimal(0))),
        "ways": ways, "suppliers": suppliers, "declined": declined,
        "removed": [one["name"] for one in suppliers if one["state"] == "REMOVED"],
    }  # fmt: skip


def _by_way(session: Session, row: Framework) -> list[tuple[str, int, Decimal]]:
    query = select(FrameworkNeed.way, func.count(Order.id), func.sum(Order.total))
    query = query.join(Order, Order.id == FrameworkNeed.order_id).where(FrameworkNeed.framework_id == row.id)
    return [(way, count, total) for way, count, total in session.execute(query.group_by(FrameworkNeed.way))]


def _by_supplier(session: Session, row: Framework) -> list[dict[str, Any]]:
    sums = (
        select(FrameworkNeed.member_id, func.count(Order.id).label("orders"), func.sum(Order.total).label("total"))
        .join(Order, Order.id == FrameworkNeed.order_id)
        .where(FrameworkNeed.framework_id == row.id)
        .group_by(FrameworkNeed.member_id)
        .subquery()
    )
    query = (
        select(FrameworkMember, Org.name, sums.c.orders, sums.c.total)
        .join(Org, Org.id == FrameworkMember.org_id)
        .join(sums, sums.c.member_id == FrameworkMember.id, isouter=True)
        .where(FrameworkMember.framework_id == row.id, FrameworkMember.joined_at.is_not(None))
        .order_by(FrameworkMember.number)
    )
    return [
        {"name": name, "state": member.state, "orders": orders or 0, "total": plain(Decimal(total or 0))}
        for member, name, orders, total in session.execute(query)
    ]
