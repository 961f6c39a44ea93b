"""Blind parts (暗标): the codes of a case, sealed until the blind criteria are locked, and who has locked them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class BlindCodes(Base):
    """The codes of one committee's bids. `sealed` opens with evaluation.vault to {seed, codes: {bid: code}}.

    `commitment` is SHA-256 of the seed and stands in the ledger before a bid is shown; `revealed` is what `sealed`
    held, in clear once every member has locked. `parts`: what was made of each, by code (desk.py).
    """

    __tablename__ = "blind_codes"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), primary_key=True)
    commitment: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[str]
    made_at: Mapped[datetime]
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    checked_at: Mapped[datetime | None]
    revealed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revealed_at: Mapped[datetime | None]


class BlindLock(Base):
    """A member's points on the blind criteria are final; `salt` opens the commitment in the ledger."""

    __tablename__ = "blind_lock"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    at: Mapped[datetime]
    salt: Mapped[str] = mapped_column(String(32))
