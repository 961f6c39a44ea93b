"""The procedure on an abnormally low price: who wants it, and what each member says of the bidder's explanation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class LowPriceStart(Base):
    """One member's word on whether a price is to be explained; the first of a bid is the proposal."""

    __tablename__ = "low_price_start"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    start: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]


class LowPriceVote(Base):
    """One member's vote on the explanation. `sources`: what the member looked up for it; it is archived."""

    __tablename__ = "low_price_vote"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    justified: Mapped[bool]
    reason: Mapped[str]
    sources: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
