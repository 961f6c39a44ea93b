"""Tables of framework agreements."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan
from trading.bidding.models import Sealed

_LIVE = text("state = 'received'")
_CURRENT = text("ended_at IS NULL")


class Framework(Keyed, Base):
    """`kind`: closed or open. `regime`: gov (110号令) or soe (GB/T 43711). `parent`: the agreement that a supplementary
    call belongs to. `settings`: what the solicitation says, as `scheme.SETTINGS`. `result`: the review as computed."""

    __tablename__ = "framework"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(6))
    regime: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16))
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    agency_org: Mapped[str] = mapped_column(String(16), default="", index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    region: Mapped[str] = mapped_column(String(6))
    parent: Mapped[str] = mapped_column(String(16), default="", index=True)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    report_doc: Mapped[str] = mapped_column(String(16), default="")
    signer: Mapped[str] = mapped_column(String(16), default="")
    failed_reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    solicited_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    unlock_until: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    sign_until: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    copied_at: Mapped[datetime | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    summary_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("kind IN ('closed', 'open')", name="kind"),
        CheckConstraint("regime IN ('gov', 'soe')", name="regime"),
        Index("ix_framework_state_created", "state", "created_at"),
        Index("ix_framework_solicited", "solicited_at", "id"),
    )


class FrameworkMove(Keyed, Base):
    """A station of an agreement's life."""

    __tablename__ = "framework_move"
    framework_id: Mapped[str] = mapped_column(ForeignKey("framework.id"), index=True)
    position: Mapped[int]
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    act: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[str] = mapped_column(String(16), default="")
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("framework_id", "position"),)


class FrameworkItem(Keyed, Base):
    """What is bought under it. `ceiling`: 最高限制单价. `weight`: how often its price counts in the evaluated price."""

    __tablename__ = "framework_item"
    framework_id: Mapped[str] = mapped_column(ForeignKey("framework.id"))
    position: Mapped[int]
    category: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(120))
    specs: Mapped[str] = mapped_column(String(500), default="")
    unit: Mapped[str] = mapped_column(String(10))
    ceiling: Mapped[Decimal] = mapped_column(Yuan)
    weight: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        UniqueConstraint("framework_id", "position"),
        CheckConstraint("ceiling > 0", name="ceiling"),
        CheckConstraint("weight > 0", name="weight"),
    )


class FrameworkSealed(Sealed):
    """A response (`subject` = the agreement) or a quote in a mini-competition (= the need).

    `opened`: {items: {item: {price, brand, model}}, pdf, problem}, {} while sealed.
    """

    __tablename__ = "framework_sealed"
    subject: Mapped[str] = mapped_column(String(16))
    file_key: Mapped[str] = mapped_column(String(44), default="")
    unlocked_at: Mapped[datetime | None]
    opened: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (
        CheckConstraint("state IN ('received', 'replaced', 'withdrawn')", name="state"),
        Index("ix_framework_sealed_org_id", "org_id"),
        Index("uq_framework_sealed_live", "subject", "org_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_framework_sealed_version", "subject", "org_id", "version"),
    )


class FrameworkMember(Keyed, Base):
    """An organisation at an agreement, from the opening of its response (closed) or its application (open) on.

    `review`: {qualification, conformity: {pass, reason}, points}. `cause`: code of a suspension or removal.
    """

    __tablename__ = "framework_member"
    framework_id: Mapped[str] = mapped_column(ForeignKey("framework.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(12))
    number: Mapped[int]
    review: Mapped[dict[str, Any]] = mapped_column(default=dict)
    place: Mapped[int | None]
    points: Mapped[str] = mapped_column(String(20), default="")
    evaluated: Mapped[Decimal | None] = mapped_column(Yuan)
    document: Mapped[str] = mapped_column(String(16), default="")
    statement: Mapped[str] = mapped_column(String(1000), default="")
    cause: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    applied_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_framework_member_state", "framework_id", "state"),
        UniqueConstraint("framework_id", "number"),
    )


class FrameworkPrice(Keyed, Base):
    """A member's price of an item; one that was adjusted ends and another follows."""

    __tablename__ = "framework_price"
    member_id: Mapped[str] = mapped_column(ForeignKey("framework_member.id"))
    item_id: Mapped[str] = mapped_column(ForeignKey("framework_item.id"))
    price: Mapped[Decimal] = mapped_column(Yuan)
    brand: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(100), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_framework_price_current", "member_id", "item_id", unique=True, sqlite_where=_CURRENT,
              postgresql_where=_CURRENT),
        CheckConstraint("price > 0", name="price"),
    )  # fmt: skip


class FrameworkNotice(Keyed, Base):
    """What was published: `body` as it stands in the ledger by its digest."""

    __tablename__ = "framework_notice"
    framework_id: Mapped[str] = mapped_column(ForeignKey("framework.id"))
    need_id: Mapped[str] = mapped_column(String(16), default="")
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]
    __table_args__ = (Index("ix_framework_notice_published", "framework_id", "published_at"),)


class FrameworkNeed(Keyed, Base):
    """One purchase of the second stage. `way`: direct, mini or rota. `lines`: [{item, quantity}]. `prices`: {item:
    yuan} of the offer. `tried`: members who have been offered it."""

    __tablename__ = "framework_need"
    framework_id: Mapped[str] = mapped_column(ForeignKey("framework.id"))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    buyer_org: Mapped[str] = mapped_column(ForeignKey("org.id"))
    person_id: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(6))
    state: Mapped[str] = mapped_column(String(12))
    lines: Mapped[list[Any]]
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200))
    receiver: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(300), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    invited: Mapped[list[Any]] = mapped_column(default=list)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tried: Mapped[list[Any]] = mapped_column(default=list)
    member_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    prices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    end_at: Mapped[datetime | None]
    unlock_until: Mapped[datetime | None]
    offered_at: Mapped[datetime | None]
    offer_until: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    order_id: Mapped[str] = mapped_column(String(16), default="")
    result_by: Mapped[date | None]
    published_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("way IN ('direct', 'mini', 'rota')", name="way"),
        Index("ix_framework_need_buyer", "buyer_org", "created_at"),
        Index("ix_framework_need_framework", "framework_id", "created_at"),
    )


class FrameworkTurn(Keyed, Base):
    """A supplier's turn in a round of the rota: at most one, whatever became of it."""

    __tablename__ = "framework_turn"
    framework_id: Mapped[str] = mapped_column(ForeignKey("framework.id"))
    round: Mapped[int]
    member_id: Mapped[str] = mapped_column(ForeignKey("framework_member.id"))
    need_id: Mapped[str] = mapped_column(ForeignKey("framework_need.id"))
    outcome: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("framework_id", "round", "member_id"),
        CheckConstraint("outcome IN ('offered', 'awarded', 'declined')", name="outcome"),
    )
