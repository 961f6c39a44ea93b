"""Tables of the mall's suppliers. The organisation itself is registered once, in accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

_RATED = text("order_id <> ''")
STATES = ("applied", "active", "refused", "suspended", "removed")
CREDIT_STATES = ("told", "answered", "kept", "withdrawn")


class MallSupplier(Keyed, Base):
    """An organisation's entry into the mall. `categories`: codes it may supply, a code covers all below it.
    `regions`: GB/T 2260 codes it delivers to, a code covers all below it. `points`: credit points, 100 at entry.
    `change`: {categories, regions, promise} that waits for the centre, {} without one; `filed_at` and `due` are of
    what waits. `cause`: points or regulator, of a suspension or removal. `left_at`: of the removal."""

    __tablename__ = "mall_supplier"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), unique=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    categories: Mapped[list[Any]]
    regions: Mapped[list[Any]]
    promise: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    change: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    points: Mapped[int] = mapped_column(default=100)
    reason: Mapped[str] = mapped_column(String(300), default="")
    cause: Mapped[str] = mapped_column(String(10), default="", server_default="")
    applied_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    due: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_mall_supplier_filed", "filed_at", "id"),
    )


class Credit(Keyed, Base):
    """Points taken or given on one coded ground. `points` is signed; `balance` what stood after it. `file`: SHA-256
    of the evidence, "" without one. `state`: told, answered by the supplier, kept or withdrawn. `order_id`: the
    order whose rating gave them, by rule and once; "" for those that an office gave. `withheld`: how many more points
    the rating would have moved, had its buyer's ratings not moved as many already as one buyer's may."""

    __tablename__ = "mall_credit"
    supplier_id: Mapped[str] = mapped_column(ForeignKey("mall_supplier.id"))
    ground: Mapped[str] = mapped_column(String(30))
    points: Mapped[int]
    balance: Mapped[int]
    evidence: Mapped[str] = mapped_column(String(1000))
    file: Mapped[str] = mapped_column(String(64), default="")
    given_by: Mapped[str] = mapped_column(String(16))
    given_org: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    order_id: Mapped[str] = mapped_column(String(16), default="", server_default="")
    withheld: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    state: Mapped[str] = mapped_column(String(10), default="told")
    answer: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(16), default="")
    settled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        CheckConstraint(f"state IN {CREDIT_STATES}", name="state"),
        Index("ix_mall_credit_supplier", "supplier_id", "at"),
        Index("ix_mall_credit_state", "state", "at"),
        Index("uq_mall_credit_order", "order_id", unique=True, sqlite_where=_RATED, postgresql_where=_RATED),
    )
