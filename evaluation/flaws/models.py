"""What a committee holds to be wrong with the tender file, each member's vote on it, and the tenderer's answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class FileFlaw(Keyed, Base):
    """`clause`: where in the file. `state`: open (voted on), none (no majority), found (the sitting stands still until
    the tenderer answers), accepted (the tender failed) or declined (the sitting went on)."""

    __tablename__ = "file_flaw"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    clause: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="open")
    settled_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("state in ('open', 'none', 'found', 'accepted', 'declined')", name="state"),
        Index("ix_file_flaw_one", "committee_id", unique=True, sqlite_where=text("state in ('open', 'found')"),
              postgresql_where=text("state in ('open', 'found')")),
    )  # fmt: skip


class FlawVote(Base):
    """One member's word; the first is the proposal."""

    __tablename__ = "file_flaw_vote"
    flaw_id: Mapped[str] = mapped_column(ForeignKey("file_flaw.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    flawed: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]
