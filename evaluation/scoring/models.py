"""Scores of the members, and what they said about scores that stand out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Score(Base):
    """One member's points for one criterion of one bid, decimal text with at most two places."""

    __tablename__ = "score"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(40), primary_key=True)
    points: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]


class LockedSheet(Base):
    """{bid: {criterion: points}} as the lock committed to it: bids may be rejected, points corrected later."""

    __tablename__ = "locked_sheet"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    sheet: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AnomalyReason(Base):
    """The author's reason for a score that stands out; bound to the points it was given for."""

    __tablename__ = "anomaly_reason"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(40), primary_key=True)
    points: Mapped[str] = mapped_column(String(12), primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]


class Correction(Keyed, Base):
    """A score changed by its author after the lock, before the report; both values go into the report."""

    __tablename__ = "score_correction"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), index=True)
    bid_id: Mapped[str] = mapped_column(String(16))
    criterion: Mapped[str] = mapped_column(String(40))
    before: Mapped[str] = mapped_column(String(12))
    after: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str]
    at: Mapped[datetime]


class UnlockRequest(Keyed, Base):
    """A member asks to reopen a locked sheet. Granted, `salt` and `sheet` open the commitment of the former lock."""

    __tablename__ = "unlock_request"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), index=True)
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="asked")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(16), default="")
    answer: Mapped[str] = mapped_column(default="")
    salt: Mapped[str] = mapped_column(String(32), default="")
    sheet: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (CheckConstraint("state in ('asked', 'granted', 'refused')", name="state"),)
