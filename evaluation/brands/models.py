"""What the committee finds of the brands of core products, and the lot that decides between full equals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class BidBrand(Base):
    """The brand of one core product as the committee reads it in the bid, in the place of what the sheet says."""

    __tablename__ = "bid_brand"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    core: Mapped[str] = mapped_column(String(20), primary_key=True)
    brand: Mapped[str] = mapped_column(String(60))
    page: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str]
    at: Mapped[datetime]


class BrandLot(Base):
    """A committee's seed. `commitment` is told in the ledger before a bid is reviewed; `sealed` opens with
    evaluation.vault to {seed}; `seed` and `drawn` [[bid]] are told when a lot was needed."""

    __tablename__ = "brand_lot"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), primary_key=True)
    commitment: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str]
    made_at: Mapped[datetime]
    seed: Mapped[str] = mapped_column(String(64), default="")
    drawn: Mapped[list[Any]] = mapped_column(default=list)
