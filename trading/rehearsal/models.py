"""A practice run of one person. It belongs to no case and goes after a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Rehearsal(Keyed, Base):
    """`state`: begun, handed (a sealed file is in), unlocked (its key came), opened, left.

    Of one that was left nothing stays but that it was begun, which the day's quota counts. `opened`: {price,
    duration_days, quality, problem}.
    """

    __tablename__ = "rehearsal"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    person_id: Mapped[str] = mapped_column(String(16), index=True)
    state: Mapped[str] = mapped_column(String(10), default="begun")
    begun_at: Mapped[datetime]
    until: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=0)
    manifest: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ciphertext_sha256: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    received_at: Mapped[datetime | None]
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict)
    file_key: Mapped[str] = mapped_column(String(44), default="")
    unlocked_at: Mapped[datetime | None]
    opened: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (CheckConstraint("state IN ('begun', 'handed', 'unlocked', 'opened', 'left')", name="state"),)
