"""Tables of the mall's goods."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan

STATES = ("draft", "pending", "listed", "refused", "blocked", "delisted")
MARKS = ("energy", "environment")  # 节能产品, 环境标志产品


class Item(Keyed, Base):
    """One thing offered by one supplier. `sku`: the supplier's own number. `specs`: {name of the category's template:
    text}. `elsewhere`: its own price outside the mall. `regions`: as a supplier's. `pictures`: SHA-256 of blobs.
    `agreement_id`: the framework agreement it belongs to, "" for the supermarket. `version` counts what buyers see."""

    __tablename__ = "mall_item"
    supplier_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    sku: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    brand: Mapped[str] = mapped_column(String(60))
    model: Mapped[str] = mapped_column(String(100), default="")
    specs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit: Mapped[str] = mapped_column(String(10))
    price: Mapped[Decimal] = mapped_column(Yuan)
    elsewhere: Mapped[Decimal | None] = mapped_column(Yuan)
    elsewhere_url: Mapped[str] = mapped_column(String(300), default="")
    stock: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    regions: Mapped[list[Any]] = mapped_column(default=list)
    marks: Mapped[list[Any]] = mapped_column(default=list)
    pictures: Mapped[list[Any]] = mapped_column(default=list)
    agreement_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("supplier_org", "sku"),
        Index("ix_mall_item_supplier_state", "supplier_org", "state", "changed_at"),
        Index("ix_mall_item_state_changed", "state", "changed_at"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("stock >= 0", name="stock"),
        CheckConstraint("price > 0", name="price"),
    )
