"""Findings on what a bidder must be, and the report that closes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Examined(Base):
    """One finding on one item of one bid. A fail has its reason."""

    __tablename__ = "qualification_finding"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(20), primary_key=True)
    passed: Mapped[bool]
    page: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(default="")
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    __table_args__ = (CheckConstraint("passed or reason != ''", name="fail"),)


class Qualification(Base):
    """The examination of one round, concluded: 资格审查报告."""

    __tablename__ = "qualification"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    concluded_at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    document_id: Mapped[str] = mapped_column(String(16))
