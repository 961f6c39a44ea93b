"""A corrected price: what the committee found, and the bidder's word on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class PriceCorrection(Keyed, Base):
    """One a bid. `findings`: [{kind, found, page}]; `steps`: [{kind, before, value, after}] (methods.figures).

    `answer`: confirmed, declined, "" while there is none; after `answer_until` none is taken.
    """

    __tablename__ = "price_correction"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"))
    org_id: Mapped[str] = mapped_column(String(16), index=True)
    findings: Mapped[list[Any]]
    steps: Mapped[list[Any]]
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    answer_until: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(10), default="")
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("committee_id", "bid_id"),
        CheckConstraint("answer in ('', 'confirmed', 'declined')", name="answer"),
    )
