"""Centres, rooms, seats and who uses them when. A cell is a room or a closed partition of one (domain.md §4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Centre(Keyed, Base):
    """A trading centre: one organisation, one region (GB/T 2260, six digits)."""

    __tablename__ = "venue_centre"
    org_id: Mapped[str] = mapped_column(String(16), unique=True)
    region: Mapped[str] = mapped_column(String(6), index=True)
    name: Mapped[str] = mapped_column(String(120))


class Room(Keyed, Base):
    __tablename__ = "venue_room"
    centre_id: Mapped[str] = mapped_column(ForeignKey("venue_centre.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(20))
    __table_args__ = (UniqueConstraint("centre_id", "name"),)


class Seat(Keyed, Base):
    """`x`, `y`: whole-number position in the room. `device_ok_at`: camera and screen capture last found working."""

    __tablename__ = "venue_seat"
    centre_id: Mapped[str] = mapped_column(ForeignKey("venue_centre.id"), index=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("venue_room.id"), index=True)
    cell: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(40))
    x: Mapped[int]
    y: Mapped[int]
    online: Mapped[bool] = mapped_column(default=False)
    device_ok_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("centre_id", "label"), UniqueConstraint("room_id", "x", "y"))


class Terminal(Keyed, Base):
    """The machine of a seat, known by a token its browser keeps; `code` (hashed) lets a machine register once.

    A centre with a terminal in force takes members only at their own seat's machine, or with the venue's code.
    """

    __tablename__ = "venue_terminal"
    seat_id: Mapped[str] = mapped_column(ForeignKey("venue_seat.id"), index=True)
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    code_until: Mapped[datetime]
    token_sha256: Mapped[str] = mapped_column(String(64), default="", index=True)
    registered_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class Booking(Keyed, Base):
    """`org_id` asked for it; a room that reads bookings of a case takes only those of the case's own parties."""

    __tablename__ = "venue_booking"
    case_id: Mapped[str] = mapped_column(String(16), index=True)
    centre_id: Mapped[str] = mapped_column(ForeignKey("venue_centre.id"))
    org_id: Mapped[str] = mapped_column(String(16))
    part: Mapped[str] = mapped_column(String(4))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    seats: Mapped[int]
    rooms: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(10), default="requested")
    reason: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("part in ('main', 'sub')", name="part"),
        CheckConstraint("state in ('requested', 'accepted', 'refused', 'released')", name="state"),
        CheckConstraint("from_at < until_at and seats > 0", name="span"),
        Index("ix_venue_booking_centre_from", "centre_id", "from_at"),
    )


class SeatUse(Keyed, Base):
    """A seat given to a case for a time; who sits there is the case's own secret."""

    __tablename__ = "venue_seat_use"
    seat_id: Mapped[str] = mapped_column(ForeignKey("venue_seat.id"), index=True)
    case_id: Mapped[str] = mapped_column(String(16), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
