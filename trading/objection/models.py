"""An objection with its answer. Whether a case is suspended is read from these rows; no flag is kept beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

# Subject → the state in which one objects to it and is answered; a suspended case cannot leave it.
STATES = {"file": "ANNOUNCED", "candidates": "CANDIDATE_PUBLIC"}
_OPEN = text("answered_at IS NULL AND withdrawn_at IS NULL")


class Objection(Keyed, Base):
    """`late`: too near to the deadline, so registered only: it has no `due` and suspends nothing (实施条例 art. 22).

    `draft` is an answer that waits for the tenderer's signature: {text, upheld, measure}.
    """

    __tablename__ = "objection"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    round: Mapped[int]
    subject: Mapped[str] = mapped_column(String(10))
    org_id: Mapped[str] = mapped_column(String(16), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(4000))
    grounds: Mapped[str] = mapped_column(String(4000))
    raised_at: Mapped[datetime]
    late: Mapped[bool]
    due: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    draft: Mapped[dict[str, Any]] = mapped_column(default=dict)
    answer: Mapped[str] = mapped_column(String(4000), default="")
    upheld: Mapped[bool] = mapped_column(default=False)
    measure: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(16), default="")
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("subject IN ('file', 'candidates')", name="subject"),
        CheckConstraint("answered_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        Index("ix_objection_case_raised", "case_id", "raised_at"),
        Index(
            "uq_objection_open", "case_id", "round", "subject", "org_id", unique=True, sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )  # fmt: skip

    @property
    def waits(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None


def suspending() -> tuple[ColumnElement[bool], ...]:
    """What makes an objection suspend its case: in time, neither answered nor withdrawn."""
    return (Objection.late.is_(False), Objection.answered_at.is_(None), Objection.withdrawn_at.is_(None))
