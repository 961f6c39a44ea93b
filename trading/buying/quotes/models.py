"""Tables of requests for quotes. Rows of a quote are nobody's but its supplier's before the end of its request."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan
from trading.bidding.models import Sealed

KINDS = ("comparison", "inquiry")  # 比价, 询价
TO_WHOM = ("open", "suppliers", "brands")
_LIVE = text("state = 'received'")


class QuoteRequest(Keyed, Base):
    """`to_whom`: open to all, to the suppliers invited, or naming brands (each "or equal"). `deduction`: percent off
    the price of small firms, for the comparison only. `custodians`: as in a tender file, {} without a fallback.

    `window_until`: until when suppliers unlock; `custody_until`: until when custodians may. `result`: what is public.
    """

    __tablename__ = "quote_request"
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"))
    person_id: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    regime: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10))
    to_whom: Mapped[str] = mapped_column(String(9))
    brands: Mapped[list[Any]] = mapped_column(default=list)
    ceiling: Mapped[Decimal] = mapped_column(Yuan)
    deduction: Mapped[int] = mapped_column(default=0)
    funds: Mapped[str] = mapped_column(String(6))
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200))
    receiver: Mapped[str] = mapped_column(String(60))
    delivery_days: Mapped[int]
    note: Mapped[str] = mapped_column(String(1000), default="")
    centre_org: Mapped[str] = mapped_column(String(16), default="")
    regulator_org: Mapped[str] = mapped_column(String(16), default="")
    custodians: Mapped[dict[str, Any]] = mapped_column(default=dict)
    published_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    extended: Mapped[bool] = mapped_column(default=False)
    window_until: Mapped[datetime | None]
    custody_until: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"to_whom IN {TO_WHOM}", name="to_whom"),
        Index("ix_quote_request_published", "published_at", "id"),
        Index("ix_quote_request_org", "org_id", "published_at"),
        Index("ix_quote_request_state", "state", "ends_at"),
    )


class QuoteLine(Keyed, Base):
    """What is asked for: the specification decides what meets it."""

    __tablename__ = "quote_line"
    request_id: Mapped[str] = mapped_column(ForeignKey("quote_request.id"))
    position: Mapped[int]
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(200))
    spec: Mapped[str] = mapped_column(String(2000))
    unit: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int]
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
    )


class QuoteInvite(Base):
    """A supplier the buyer invites; shown to nobody else before the end."""

    __tablename__ = "quote_invite"
    request_id: Mapped[str] = mapped_column(ForeignKey("quote_request.id"), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), primary_key=True, index=True)


class Quote(Sealed):
    """A supplier's quote for a request.

    `file_key` comes after the end and goes once it was read. `read`: {lines, total, delivery_days, small_firm, note};
    `evaluated` is the total less the deduction. `problem`: why it cannot be compared. `unfit`: why the buyer finds that
    it does not meet the specification.
    """

    __tablename__ = "quote"
    request_id: Mapped[str] = mapped_column(ForeignKey("quote_request.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"))
    entry_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    unlocked_at: Mapped[datetime | None]
    how: Mapped[str] = mapped_column(String(8), default="")
    file_key: Mapped[str] = mapped_column(String(44), default="")
    read: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total: Mapped[Decimal | None] = mapped_column(Yuan)
    problem: Mapped[str] = mapped_column(String(300), default="")
    unfit: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        CheckConstraint("state IN ('received', 'replaced', 'withdrawn')", name="state"),
        CheckConstraint("how IN ('', 'supplier', 'shares')", name="how"),
        Index("uq_quote_live", "request_id", "org_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_quote_org", "org_id", "request_id", "version"),
    )


class QuoteShare(Base):
    """A custodian's share, released for one quote."""

    __tablename__ = "quote_share"
    quote_id: Mapped[str] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    share: Mapped[str] = mapped_column(String(44))
    person_id: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
