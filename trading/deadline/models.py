"""Readings of the clock, outages of the platform around a deadline, and the tenderer's decisions about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class ClockReading(Keyed, Base):
    """Our clock against the servers' at one step.

    `offset` and `delay`: seconds as decimal text, "" where nobody answered; then `cause` says why. `answers`: every
    server's own. `decision_id`: what settled its alarm, "" while open.
    """

    __tablename__ = "clock_reading"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    round: Mapped[int]
    deadline: Mapped[datetime]
    step: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    server: Mapped[str] = mapped_column(String(260))
    offset: Mapped[str] = mapped_column(String(20))
    delay: Mapped[str] = mapped_column(String(20))
    stratum: Mapped[int | None]
    cause: Mapped[str] = mapped_column(String(300))
    answers: Mapped[list[Any]]
    alarm: Mapped[bool]
    decision_id: Mapped[str] = mapped_column(String(16), default="")


class Outage(Keyed, Base):
    """A process of ours that was silent around the deadline; `until` None while it is. `process`: page or upload."""

    __tablename__ = "deadline_outage"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    round: Mapped[int]
    deadline: Mapped[datetime]
    process: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    noted_at: Mapped[datetime]
    decision_id: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (
        UniqueConstraint("case_id", "round", "deadline", "process", "since"),
        CheckConstraint("process IN ('page', 'upload')", name="process"),
    )


class DeadlineDecision(Keyed, Base):
    """`what`: go_on or postpone, then with the deadline `after` and the public notice of it."""

    __tablename__ = "deadline_decision"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    round: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(1000))
    before: Mapped[datetime]
    after: Mapped[datetime | None]
    document_id: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (CheckConstraint("what IN ('go_on', 'postpone')", name="what"),)


class SealedBreak(Keyed, Base):
    """Time without service before the end of sealed quotes or responses, and what the end became by it. `subject`: the
    request, the agreement or the need."""

    __tablename__ = "sealed_break"
    subject: Mapped[str] = mapped_column(String(16), index=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    end_before: Mapped[datetime]
    end_after: Mapped[datetime]
