"""Questions of those who took the file, clarifications (both numbered within a case), the bill of quantities."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


class TenderBill(Base):
    """The bill of quantities of a round, `bill-of-quantities/1`; {} where the round has dropped that of an earlier one.

    `sha256`: of its canonical form, which the signed tender file carries.
    """

    __tablename__ = "tender_bill"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[dict[str, Any]]
    name: Mapped[str] = mapped_column(String(200))
    lines: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime]
