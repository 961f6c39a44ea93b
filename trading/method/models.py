"""Templates of evaluation methods and their versions; a version is never changed, for files name it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class MethodTemplate(Keyed, Base):
    """`procedure`: the project type it is for; `method`: of its newest version. `state`: kept or deleted."""

    __tablename__ = "method_template"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    procedure: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default="kept")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("state IN ('kept', 'deleted')", name="state"),)


class MethodTemplateVersion(Base):
    """`evaluation`: as a tender file holds it; `case_id`: the file it was kept from."""

    __tablename__ = "method_template_version"
    template_id: Mapped[str] = mapped_column(ForeignKey("method_template.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(60))
    evaluation: Mapped[dict[str, Any]]
    case_id: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(16))
