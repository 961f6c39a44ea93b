"""Checkpoints of the platform log, the witnesses that cosign them, and case files handed out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Witness(Base):
    """A regulator's cosigning key (`vkey`: certs.checkpoint verifier key). One key in force an organisation."""

    __tablename__ = "witness"
    vkey: Mapped[str] = mapped_column(String(300), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(16), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LogCheckpoint(Base):
    """The platform log at `size` entries, the last of which took the `heads` {stream: {size, root}} of all streams.

    `note` is signed by the log alone; cosignatures stand apart. `frontier` lets the next one prove that the log only
    grew. `heads` is emptied once a newer checkpoint can carry case files.
    """

    __tablename__ = "log_checkpoint"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    heads_root: Mapped[str] = mapped_column(String(64))
    frontier: Mapped[list[Any]]
    heads: Mapped[dict[str, Any]] = mapped_column(deferred=True)


class Cosignature(Base):
    """A witness's line under a checkpoint; `witnessed_at` is the witness's own POSIX time, `at` ours."""

    __tablename__ = "cosignature"
    size: Mapped[int] = mapped_column(ForeignKey("log_checkpoint.size"), primary_key=True)
    vkey: Mapped[str] = mapped_column(ForeignKey("witness.vkey"), primary_key=True)
    line: Mapped[str] = mapped_column(String(600))
    witnessed_at: Mapped[int]
    at: Mapped[datetime]


class CaseFileExport(Keyed, Base):
    """A case file as handed out; the bytes lie in the blob store. `state` is the case's at that moment."""

    __tablename__ = "casefile_export"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    edition: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    checkpoint: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    by_person: Mapped[str] = mapped_column(String(16))
    __table_args__ = (
        CheckConstraint("edition IN ('public', 'supervisor')", name="edition"),
        Index("ix_casefile_export_case", "case_id", "edition", "at"),
    )
