"""Tables of orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan

SOURCES = ("direct", "quote", "auction", "framework")


class Order(Keyed, Base):
    """`number`: DD, day and a serial of the day. `source`/`source_id`: the way of buying and its row.
    `reference`: what it was allowed to cost at most (budget of a request, ceilings of an auction or agreement), its
    price elsewhere for a direct purchase, None where there is none: savings are counted against it.
    `fiscal_year`: of the placing, by China's clock. `confirm_by`: until when the supplier may confirm."""

    __tablename__ = "mall_order"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    buyer_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    buyer_person: Mapped[str] = mapped_column(String(16))
    supplier_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    source: Mapped[str] = mapped_column(String(10))
    source_id: Mapped[str] = mapped_column(String(16), default="")
    state: Mapped[str] = mapped_column(String(20))
    total: Mapped[Decimal] = mapped_column(Yuan)
    reference: Mapped[Decimal | None] = mapped_column(Yuan)
    fiscal_year: Mapped[int]
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200))
    receiver: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(300), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    placed_at: Mapped[datetime]
    confirm_by: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        Index("ix_mall_order_buyer", "buyer_org", "placed_at"),
        Index("ix_mall_order_supplier", "supplier_org", "placed_at"),
        Index("ix_mall_order_source", "source", "source_id"),
    )


class OrderLine(Keyed, Base):
    """As it was when placed: a later change of the item does not reach it. `item_id` "" where none was listed.
    `amount` is price × quantity. Buyer and year stand here too: the sums asked for splitting are of lines."""

    __tablename__ = "mall_order_line"
    order_id: Mapped[str] = mapped_column(ForeignKey("mall_order.id"))
    position: Mapped[int]
    item_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    brand: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(100), default="")
    specs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unit: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Yuan)
    amount: Mapped[Decimal] = mapped_column(Yuan)
    buyer_org: Mapped[str] = mapped_column(String(16))
    fiscal_year: Mapped[int]
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_mall_order_line_year", "buyer_org", "fiscal_year", "category"),
        CheckConstraint("quantity > 0", name="quantity"),
    )
