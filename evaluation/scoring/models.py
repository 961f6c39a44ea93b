"""Scores of the members, and what they said about scores that stand out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
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
