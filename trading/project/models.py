"""Projects, their lots (a Case is one lot, the unit of life), their moves and documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, exists, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, object_session

from core.db import Base, Keyed
from trading.objection.models import STATES, Objection, suspending

AUDIENCES = ("public", "parties", "bidders", "members", "regulator", "owner")


class Project(Keyed, Base):
    """Codes of 17 and 20 places are given at registration. Organisations are ids of accounts."""

    __tablename__ = "project"
    name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6), index=True)
    regime: Mapped[str] = mapped_column(String(2))
    procedure: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(40), index=True)
    funds: Mapped[str] = mapped_column(String(10))
    approval_no: Mapped[str] = mapped_column(String(80), default="")
    tenderer_org: Mapped[str] = mapped_column(String(16), index=True)
    agency_org: Mapped[str] = mapped_column(String(16), default="", index=True)
    centre_org: Mapped[str] = mapped_column(String(16), default="")
    regulator_org: Mapped[str] = mapped_column(String(16), default="")
    project_code: Mapped[str] = mapped_column(String(17), default="")
    tender_code: Mapped[str] = mapped_column(String(20), default="")
    serial: Mapped[int | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    plan_published_at: Mapped[datetime | None]


class Case(Keyed, Base):
    """One lot. Money is decimal text in `unit`; `evaluation` and `award` have the shape of a case file's blocks.

    `attend_from`: whence the sign-in time after the deadline counts, None = from the deadline.
    """

    __tablename__ = "trading_case"
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), index=True)
    lot_no: Mapped[str] = mapped_column(String(3))
    lot_name: Mapped[str] = mapped_column(String(100))
    lot_code: Mapped[str] = mapped_column(String(23), default="")
    deal_code: Mapped[str] = mapped_column(String(43), default="")
    duration_days: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), index=True)
    round: Mapped[int] = mapped_column(default=1)
    procedure: Mapped[str] = mapped_column(String(40))
    regime: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(6), index=True)
    tenderer_org: Mapped[str] = mapped_column(String(16), index=True)
    agency_org: Mapped[str] = mapped_column(String(16), default="", index=True)
    centre_org: Mapped[str] = mapped_column(String(16), default="", index=True)
    regulator_org: Mapped[str] = mapped_column(String(16), default="", index=True)
    unit: Mapped[str] = mapped_column(String(4))
    estimate: Mapped[str] = mapped_column(String(20))
    ceiling: Mapped[str] = mapped_column(String(20), default="")
    bid_bond: Mapped[str] = mapped_column(String(20), default="")
    validity_days: Mapped[int] = mapped_column(default=0)
    evaluation: Mapped[dict[str, Any]] = mapped_column(default=dict)
    award: Mapped[dict[str, Any]] = mapped_column(default=dict)
    remote: Mapped[dict[str, Any]] = mapped_column(default=dict)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sections: Mapped[dict[str, Any]] = mapped_column(default=dict)
    planned_notice: Mapped[str] = mapped_column(String(10), default="")
    announced_at: Mapped[datetime | None]
    file_from: Mapped[datetime | None]
    file_until: Mapped[datetime | None]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    attend_from: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    failed_reason: Mapped[str] = mapped_column(String(300), default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    winner_bid: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (
        UniqueConstraint("project_id", "lot_no"),
        CheckConstraint("unit IN ('元', '万元')", name="unit"),
        CheckConstraint("round >= 1", name="round"),
    )

    @hybrid_property
    def suspended(self) -> bool:
        """While an objection raised in time waits for its answer (实施条例 art. 22, 54); read anew each time."""
        session = object_session(self)
        assert session is not None
        if self.state not in STATES.values():  # asked by every act of the room
            return False
        mine = exists().where(Objection.case_id == self.id, Objection.round == self.round, *suspending())
        return bool(session.scalar(select(mine)))

    @suspended.inplace.expression
    @classmethod
    def _suspended(cls) -> ColumnElement[bool]:
        mine = exists().where(Objection.case_id == cls.id, Objection.round == cls.round, *suspending())
        return and_(cls.state.in_(STATES.values()), mine)


class CaseMove(Keyed, Base):
    """One step of the state machine, for the line of stations; the ledger entry `entry_hash` is the proof."""

    __tablename__ = "case_move"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    position: Mapped[int]
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(20))
    person: Mapped[str] = mapped_column(String(16))
    org: Mapped[str] = mapped_column(String(16), default="")
    round: Mapped[int]
    entry_hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("case_id", "position"),)


class CaseDocument(Keyed, Base):
    """A finished document of a case; the bytes lie in the blob store under `sha256`."""

    __tablename__ = "case_document"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    media: Mapped[str] = mapped_column(String(60), default="application/pdf")
    audience: Mapped[str] = mapped_column(String(10))
    stage: Mapped[str] = mapped_column(String(20))
    round: Mapped[int] = mapped_column(default=1)
    signing_doc: Mapped[str] = mapped_column(String(16), default="")
    created_at: Mapped[datetime]
    by_person: Mapped[str] = mapped_column(String(16))
    __table_args__ = (
        CheckConstraint(
            "audience IN ('public', 'parties', 'bidders', 'opening', 'members', 'regulator', 'owner')", "audience"
        ),
        Index("ix_case_document_audience_created", "audience", "created_at", "id"),
    )
