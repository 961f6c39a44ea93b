"""Tables of reverse auctions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Yuan
from trading.auction.machine import MACHINE

REGIMES = ("government", "state_firm")
ENTRANTS = ("open", "invited")
BREAKS = ("outage", "worker", "pause")
OFFERS = ("waiting", "confirmed", "declined", "lapsed", "rejected")


class Auction(Keyed, Base):
    """`lines`: [{category, name, brand, model, unit, quantity, specs}]; a bid is the price of all of them together.
    `planned_end`: as published, `ends_at`: as it stands now. `window`, `extend`: seconds. `most_extensions` 0 = any
    number. `far`: percent below the best from which a price is asked for again. `number`: JJ, day and a serial."""

    __tablename__ = "auction"
    number: Mapped[str] = mapped_column(String(20), unique=True)
    buyer_org: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    buyer_person: Mapped[str] = mapped_column(String(16))
    regime: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(6))
    address: Mapped[str] = mapped_column(String(200))
    receiver: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(2000), default="")
    lines: Mapped[list[Any]]
    entrants: Mapped[str] = mapped_column(String(8))
    invited: Mapped[list[Any]] = mapped_column(default=list)
    ceiling: Mapped[Decimal] = mapped_column(Yuan)
    step: Mapped[Decimal] = mapped_column(Yuan)
    window: Mapped[int]
    extend: Mapped[int]
    most_extensions: Mapped[int] = mapped_column(default=0)
    far: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    opens_at: Mapped[datetime]
    planned_end: Mapped[datetime]
    ends_at: Mapped[datetime]
    extensions: Mapped[int] = mapped_column(default=0)
    bids: Mapped[int] = mapped_column(default=0)
    best: Mapped[Decimal | None] = mapped_column(Yuan)
    best_org: Mapped[str] = mapped_column(String(16), default="")
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    order_id: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (
        CheckConstraint(f"regime IN {REGIMES}", name="regime"),
        CheckConstraint(f"entrants IN {ENTRANTS}", name="entrants"),
        CheckConstraint(f"state IN {tuple(MACHINE.states)}", name="state"),
        CheckConstraint("ends_at >= planned_end", name="end_only_later"),
        Index("ix_auction_state_ends", "state", "ends_at", "id"),
    )


class AuctionEntry(Keyed, Base):
    """A bidder of one auction under its mask. `alias`: drawn for this auction alone, it tells neither name nor order.
    `mark`: by which its own pages, and nobody else, know its prices among all (rules.mark)."""

    __tablename__ = "auction_entry"
    auction_id: Mapped[str] = mapped_column(ForeignKey("auction.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    alias: Mapped[str] = mapped_column(String(12))
    mark: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    best: Mapped[Decimal | None] = mapped_column(Yuan)
    best_seq: Mapped[int] = mapped_column(default=0)
    __table_args__ = (UniqueConstraint("auction_id", "org_id"), UniqueConstraint("auction_id", "alias"))


class AuctionBid(Base):
    """Prices in the one order in which they were taken. The last guards against a lost or doubled price stand here."""

    __tablename__ = "auction_bid"
    auction_id: Mapped[str] = mapped_column(ForeignKey("auction.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(ForeignKey("auction_entry.id"))
    price: Mapped[Decimal] = mapped_column(Yuan)
    at: Mapped[datetime]
    ends_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("auction_id", "price"), CheckConstraint("price > 0", name="price"))


class AuctionBreak(Keyed, Base):
    """Time in which nobody, or not everybody, could bid, and what the end became by it. `kind`: outage = nothing ran,
    worker = one of several processes had to start anew, pause = by the centre."""

    __tablename__ = "auction_break"
    auction_id: Mapped[str] = mapped_column(ForeignKey("auction.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    end_before: Mapped[datetime]
    end_after: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_person: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (CheckConstraint(f"kind IN {BREAKS}", name="kind"),)


class AuctionOffer(Keyed, Base):
    """Who may confirm, in the order of the lowest prices; the next in line only when the one before fell out."""

    __tablename__ = "auction_offer"
    auction_id: Mapped[str] = mapped_column(ForeignKey("auction.id"))
    rank: Mapped[int]
    entry_id: Mapped[str] = mapped_column(ForeignKey("auction_entry.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("org.id"), index=True)
    price: Mapped[Decimal] = mapped_column(Yuan)
    offered_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    prices: Mapped[list[Any]] = mapped_column(default=list)
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        UniqueConstraint("auction_id", "rank"),
        CheckConstraint(f"state IN {OFFERS}", name="state"),
    )


class AuctionPulse(Base):
    """When each process that takes bids was last seen alive while an auction ran; `at` by the machine's own clock in
    milliseconds of the epoch: a demo's clock that is moved makes no outage."""

    __tablename__ = "auction_pulse"
    worker: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
