"""The report, one row a version: a dissent or a refusal to sign makes a new one, and everybody signs that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Report(Keyed, Base):
    """`record` is the machine record (evaluation-report/1); `document_id` the document on the signing desk."""

    __tablename__ = "evaluation_report"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    version: Mapped[int]
    record: Mapped[dict[str, Any]]
    record_sha256: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    made_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("committee_id", "version"),
        CheckConstraint("state in ('open', 'superseded', 'sealed')", name="state"),
    )


class Refusal(Base):
    """A member who will not sign and gives no reason is deemed to agree (实施条例 art. 53); a witness says so."""

    __tablename__ = "report_refusal"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    witness_person: Mapped[str] = mapped_column(String(16))
    witness_name: Mapped[str] = mapped_column(String(60))
    reference: Mapped[str]
    at: Mapped[datetime]
