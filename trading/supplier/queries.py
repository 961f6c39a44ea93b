"""What others may read of the mall's suppliers: their standing, and the lists of the offices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from accounts.models import Org
from core.faults import Unusable
from trading.order.models import Order
from trading.supplier.facts import Standing
from trading.supplier.models import Credit, MallSupplier


def entry(session: Session, org: str) -> MallSupplier | None:
    return session.scalar(select(MallSupplier).where(MallSupplier.org_id == org))


def _standing(row: MallSupplier) -> Standing:
    return Standing(row.org_id, row.state, tuple(row.categories), tuple(row.regions), row.points, row.suspended_until)


def standing(session: Session, org: str) -> Standing:
    """Of any organisation; one without an entry has state ""."""
    row = entry(session, org)
    return _standing(row) if row is not None else Standing(org)


def standings(session: Session, orgs: Iterable[str]) -> dict[str, Standing]:
    """As `standing`, of many at once."""
    wanted = set(orgs)
    rows = session.scalars(select(MallSupplier).where(MallSupplier.org_id.in_(wanted)))
    return {org: Standing(org) for org in wanted} | {row.org_id: _standing(row) for row in rows}


def supplier_row(session: Session, supplier: str) -> MallSupplier:
    row = session.get(MallSupplier, supplier)
    if row is None:
        raise Unusable("supplier: no such supplier")
    return row


def waiting(session: Session, after: str = "", limit: int = 50) -> list[tuple[MallSupplier, Org]]:
    """Applications and changes that wait for the centre, the longest first; `after` = id of the last one seen."""
    query = select(MallSupplier, Org).join(Org, Org.id == MallSupplier.org_id)
    query = query.where(MallSupplier.filed_at.is_not(None))
    last = session.get(MallSupplier, after) if after else None
    if last is not None and last.filed_at is not None:
        query = query.where(tuple_(MallSupplier.filed_at, MallSupplier.id) > (last.filed_at, last.id))
    rows = session.execute(query.order_by(MallSupplier.filed_at, MallSupplier.id).limit(limit))
    return [(row, org) for row, org in rows]


def listed(
    session: Session, *, state: str = "", text: str = "", after: str = "", limit: int = 50
) -> list[tuple[MallSupplier, Org]]:
    """Entries by the organisation's name, those after the name `after`; `text` is part of it."""
    query = select(MallSupplier, Org).join(Org, Org.id == MallSupplier.org_id).where(Org.name > after)
    if state:
        query = query.where(MallSupplier.state == state)
    if text:
        query = query.where(Org.name.contains(text, autoescape=True))
    return [(row, org) for row, org in session.execute(query.order_by(Org.name).limit(limit))]


def credits(session: Session, supplier: str, limit: int = 100) -> list[Credit]:
    query = select(Credit).where(Credit.supplier_id == supplier).order_by(Credit.at.desc(), Credit.id)
    return list(session.scalars(query.limit(limit)))


def moved_by(session: Session, supplier: str, buyer: str, since: datetime, *, down: bool) -> int:
    """Points that ratings of this buyer have taken (`down`) or given after `since`, those withdrawn left out; ≥ 0."""
    query = select(func.coalesce(func.sum(Credit.points), 0)).join(Order, Order.id == Credit.order_id)
    query = query.where(Credit.supplier_id == supplier, Credit.at > since, Credit.state != "withdrawn")
    query = query.where(Order.buyer_org == buyer, Credit.points < 0 if down else Credit.points > 0)
    return abs(int(session.scalar(query) or 0))


def unanswered(session: Session, supplier: str) -> int:
    """Points that were taken and that the supplier may still answer; given ones ask for no answer."""
    query = (
        select(Credit.id).where(Credit.supplier_id == supplier, Credit.state == "told", Credit.points < 0).limit(100)
    )
    return len(list(session.scalars(query)))


def to_settle(session: Session, limit: int = 50) -> list[tuple[Credit, Org]]:
    """Answers of suppliers that wait for an office, the oldest first."""
    query = select(Credit, Org).join(MallSupplier, MallSupplier.id == Credit.supplier_id)
    query = query.join(Org, Org.id == MallSupplier.org_id).where(Credit.state == "answered")
    return [(one, org) for one, org in session.execute(query.order_by(Credit.at, Credit.id).limit(limit))]


def public_entry(session: Session, org: str) -> dict[str, Any] | None:
    """What everybody may know of a supplier: {org, name, region, state, categories, regions, promise}."""
    row, named = entry(session, org), session.get(Org, org)
    if row is None or named is None or row.state in ("applied", "refused"):
        return None
    keys = ("state", "categories", "regions", "promise")
    return {"org": org, "name": named.name, "region": named.region} | {key: getattr(row, key) for key in keys}
