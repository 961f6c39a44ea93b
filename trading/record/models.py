"""Templates of a centre and their versions; a version is never changed, for records name it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

_IN_FORCE = text("state = 'in_force'")


class RecordTemplate(Keyed, Base):
    """`state`: kept, in_force (one a centre), deleted. `version` is the newest one."""

    __tablename__ = "record_template"
    centre_org: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="kept")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("state IN ('kept', 'in_force', 'deleted')", name="state"),
        Index(
            "uq_record_template_in_force", "centre_org", unique=True, sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
    )  # fmt: skip


class RecordTemplateVersion(Base):
    """`columns`: names of trading.record.rules; `opening_words` and `closing_words`: "" prints nothing."""

    __tablename__ = "record_template_version"
    template_id: Mapped[str] = mapped_column(ForeignKey("record_template.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[list[Any]]
    opening_words: Mapped[str] = mapped_column(String(1000), default="")
    closing_words: Mapped[str] = mapped_column(String(1000), default="")
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(16))
