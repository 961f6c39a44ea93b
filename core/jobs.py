"""Due work: rows that say `perform this act at that moment`. They only announce: the act itself decides by the clock
inside its own transaction whether the time has come, so a timer that fires late never moves a deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, Keyed
from core.prepared import Prepared


class DueJob(Keyed, Base):
    """`error` keeps the last failure in words; a failed job is tried again at every round and shown to the admin."""

    __tablename__ = "due_job"
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(60))
    case: Mapped[str] = mapped_column(String(40), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        Index("ix_due_job_waiting", "at", sqlite_where=text("done_at is null"),
              postgresql_where=text("done_at is null")),
    )  # fmt: skip


# act → the same work with its long part outside every transaction: fn(acts, case, payload). Whoever rings jobs calls
# it in the act's place; filled by the rooms that own the act.
LONG: dict[str, Callable[..., Any]] = {}


def long(act: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the way to do a job of `act` that would hold the one writer for too long inside a transaction."""

    def declare(fn: Callable[..., Any]) -> Callable[..., Any]:
        LONG[act] = fn
        return fn

    return declare


def plan(session: Session, at: datetime, act: str, case: str, payload: dict[str, Any] | None = None) -> None:
    session.add(DueJob(at=at, act=act, case=case, payload=payload or {}))


def due(session: Session, now: datetime) -> list[DueJob]:
    """Jobs whose moment has come, oldest first."""
    query = select(DueJob).where(DueJob.done_at.is_(None), DueJob.at <= now).order_by(DueJob.at, DueJob.id)
    return list(session.scalars(query))


# Whether anything is due {now}: asked twice a second, while nothing is nearly always the answer (core.acts.Acts.peek).
ANY_DUE = Prepared(select(DueJob.id).where(DueJob.done_at.is_(None), DueJob.at <= bindparam("now")))


def run_due(
    reading: Callable[[], list[DueJob]],
    perform: Callable[[str, str, dict[str, Any]], object],
    finish: Callable[[str, str], None],
) -> int:
    """Perform every due job; `finish(job id, error text)` notes the outcome. Returns how many were done."""
    done = 0
    for job in reading():
        try:
            perform(job.act, job.case, job.payload)
        except Exception as error:  # noted on the row and shown, never lost
            finish(job.id, f"{type(error).__name__}: {error}")
        else:
            finish(job.id, "")
            done += 1
    return done
