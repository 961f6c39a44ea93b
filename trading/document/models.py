"""Questions of those who took the file, and clarifications; both are numbered within a case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Question(Keyed, Base):
    """Who asked is shown to nobody: not even the tenderer may learn it (20号令 art. 21)."""

    __tablename__ = "tender_question"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    org_id: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(4000))
    asked_at: Mapped[datetime]


class Clarification(Keyed, Base):
    """Part of the tender file from the moment it is sent (实施条例 art. 21)."""

    __tablename__ = "tender_clarification"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    round: Mapped[int]
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(4000))
    affects_bids: Mapped[bool]
    sent_at: Mapped[datetime]
    deadline_before: Mapped[datetime]
    deadline_after: Mapped[datetime]
    document_id: Mapped[str] = mapped_column(String(16))
    __table_args__ = (UniqueConstraint("case_id", "round", "number"),)
