"""What a bidder lodged and what came to the bank. Both tell who bids: rows of the sealed stream before the opening."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

_LODGED = text("state = 'lodged'")


class Bond(Keyed, Base):
    """One bidder's bond for one lot. Money in yuan. `reference`: what the payer writes, the only tie to the bank.

    `guarantee` {issuer, number, amount, valid_until, sha256, size}, {} for a paid bond. States: lodged → returning
    (ordered at the bank) → returned, or forfeited. `working`: how the interest came about, for print.
    """

    __tablename__ = "bond"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"))
    round: Mapped[int]
    org_id: Mapped[str] = mapped_column(String(16), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    form: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    lodged_at: Mapped[datetime]
    guarantee: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="lodged", index=True)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(16), default="")
    principal: Mapped[str] = mapped_column(String(20), default="")
    interest: Mapped[str] = mapped_column(String(20), default="")
    working: Mapped[dict[str, Any]] = mapped_column(default=dict)
    returned_at: Mapped[datetime | None]
    bank_ref: Mapped[str] = mapped_column(String(60), default="")
    line: Mapped[int] = mapped_column(default=0)
    ground: Mapped[str] = mapped_column(String(10), default="")
    reason: Mapped[str] = mapped_column(String(1000), default="")
    warned_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("form IN ('transfer', 'e_guarantee', 'cheque', 'cash')", name="form"),
        CheckConstraint("state IN ('lodged', 'returning', 'returned', 'forfeited')", name="state"),
        Index("ix_bond_case_org", "case_id", "round", "org_id"),
        Index("uq_bond_lodged", "case_id", "round", "org_id", unique=True, sqlite_where=_LODGED,
              postgresql_where=_LODGED),
    )  # fmt: skip


class Arrival(Keyed, Base):
    """Money that came, once a line of the bank's statement. `account_hash` is keyed, the number itself is not kept.

    `line`: its number in the adapter's feed, 0 when a clerk of `centre_org` wrote it down.
    """

    __tablename__ = "bond_arrival"
    reference: Mapped[str] = mapped_column(String(40), index=True)
    amount: Mapped[str] = mapped_column(String(20))
    payer: Mapped[str] = mapped_column(String(100))
    account_hash: Mapped[str] = mapped_column(String(64))
    account_masked: Mapped[str] = mapped_column(String(12))
    bank_ref: Mapped[str] = mapped_column(String(60), unique=True)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(16), default="")
    centre_org: Mapped[str] = mapped_column(String(16), default="", index=True)
    line: Mapped[int] = mapped_column(default=0, index=True)
