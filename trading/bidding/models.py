"""What must stay unseen before the opening: who took the file, who has bid. Rows of the sealed stream, never of the
case stream."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

_LIVE = text("state = 'received'")


class Download(Keyed, Base):
    """One taking of the tender file or of a clarification."""

    __tablename__ = "download"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    round: Mapped[int] = mapped_column(default=1)
    document_id: Mapped[str] = mapped_column(String(16))
    org_id: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime]


class Sealed(Keyed, Base):
    """One sealed version of whatever is handed in: a bid, a quote, a response (seals.py). `id` is chosen before
    sealing: it is bound into the ciphertext."""

    __abstract__ = True
    org_id: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="received")
    manifest: Mapped[dict[str, Any]]
    ciphertext_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    received_at: Mapped[datetime]
    receipt: Mapped[dict[str, Any]]
    entry_hash: Mapped[str] = mapped_column(String(64), default="")
    ended_at: Mapped[datetime | None]


class Bid(Sealed):
    """`kind`: a first bid, or one that replaces or supplements the version before (招标投标法 art. 29)."""

    __tablename__ = "bid"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    round: Mapped[int] = mapped_column(default=1)
    address: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(String(12), default="bid", server_default="bid")
    __table_args__ = (
        Index("ix_bid_org_id", "org_id"),
        CheckConstraint("state IN ('received', 'replaced', 'withdrawn')", name="state"),
        CheckConstraint("kind IN ('bid', 'replacement', 'supplement')", name="kind"),
        Index("uq_bid_live", "case_id", "round", "org_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_bid_case_org", "case_id", "org_id", "version"),
    )


class SealedReference(Base):
    """The tenderer's 标底, sealed like a bid (实施条例 art. 27, 50)."""

    __tablename__ = "sealed_reference"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    manifest: Mapped[dict[str, Any]]
    ciphertext_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sealed_at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))


class Affiliate(Base):
    """Companies the platform's operator controls or manages: they may not bid here (20号令 art. 23)."""

    __tablename__ = "operator_affiliate"
    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    basis: Mapped[str] = mapped_column(String(200))
    declared_at: Mapped[datetime]
