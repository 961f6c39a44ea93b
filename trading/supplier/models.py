"""Tables of the mall's suppliers. The organisation itself is registered once, in accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

STATES = ("applied", "active", "refused", "suspended", "removed")


class MallSupplier(Keyed, Base):
    """An organisation's entry into the mall. `categories`: codes it may supply, a code covers all below it.
    `regions`: GB/T 2260 codes it delivers to, a code covers all below it. `points`: credit points, 100 at entry."""

    __tablename__ = "mall_supplier"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), unique=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    categories: Mapped[list[Any]]
    regions: Mapped[list[Any]]
    points: Mapped[int] = mapped_column(default=100)
    reason: Mapped[str] = mapped_column(String(300), default="")
    applied_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"),)
