"""Tables of a buyer's own notes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Favourite(Base):
    __tablename__ = "mall_favourite"
    person_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("mall_item.id"), primary_key=True)
    at: Mapped[datetime]
    __table_args__ = (Index("ix_mall_favourite_person_at", "person_id", "at", "item_id"),)


class Seen(Base):
    """`at`: when the person looked at the item last."""

    __tablename__ = "mall_seen"
    person_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("mall_item.id"), primary_key=True)
    at: Mapped[datetime]
    __table_args__ = (Index("ix_mall_seen_person_at", "person_id", "at", "item_id"),)
