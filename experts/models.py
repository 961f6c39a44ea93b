"""The expert pool. The row's id is the person's id; names and ID numbers stay with the person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Expert(Base):
    """`region`: of the centre that keeps the expert. `employments`: [{uscc, name, from, until}] of former employers.

    `level`: senior, equal (a level equal to 高级职称, with `basis`), middle, junior. `state`: applied, active, paused,
    removed.
    """

    __tablename__ = "expert"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), index=True)
    specialities: Mapped[list[Any]]
    title: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(8))
    basis: Mapped[str] = mapped_column(default="")
    years: Mapped[int]
    born_year: Mapped[int]
    employer_name: Mapped[str] = mapped_column(String(120), default="")
    employer_uscc: Mapped[str] = mapped_column(String(18), default="")
    employments: Mapped[list[Any]] = mapped_column(default=list)
    id_hash: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(8), default="applied")
    paused_until: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("state in ('applied', 'active', 'paused', 'removed')", name="state"),
        CheckConstraint("level in ('senior', 'equal', 'middle', 'junior')", name="level"),
    )
