"""Read models of venues: the seat map, bookings of a case, seats as plain data for a seating plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from venues.models import Booking, Centre, Room, Seat, SeatUse
from venues.rules import device_fresh


def centres(session: Session) -> list[dict[str, Any]]:
    return [
        {"id": row.id, "org": row.org_id, "region": row.region, "name": row.name}
        for row in session.scalars(select(Centre).order_by(Centre.region, Centre.id))
    ]


def centre_of(session: Session, org: str) -> Centre | None:
    return session.scalar(select(Centre).where(Centre.org_id == org))


def booked(session: Session, case: str, orgs: Sequence[str]) -> list[tuple[Booking, Centre]]:
    """Accepted bookings of a case made by one of `orgs`, the main venue first, then as they were asked for."""
    query = select(Booking, Centre).join(Centre, Centre.id == Booking.centre_id)
    query = query.where(Booking.case_id == case, Booking.state == "accepted", Booking.org_id.in_(orgs))
    return [(row[0], row[1]) for row in session.execute(query.order_by(Booking.part, Booking.asked_at, Centre.region))]


def bookings(session: Session, *, case: str = "", centre: str = "") -> list[dict[str, Any]]:
    """Bookings of a case or of a centre, newest first."""
    query = select(Booking, Centre.name).join(Centre, Centre.id == Booking.centre_id)
    if case:
        query = query.where(Booking.case_id == case)
    if centre:
        query = query.where(Booking.centre_id == centre)
    return [
        {
            "id": row.id, "case": row.case_id, "centre": row.centre_id, "centre_name": name, "part": row.part,
            "from_at": row.from_at.isoformat(), "until_at": row.until_at.isoformat(), "seats": row.seats,
            "rooms": row.rooms, "state": row.state, "reason": row.reason,
        }
        for row, name in session.execute(query.order_by(Booking.from_at.desc(), Booking.id))
    ]  # fmt: skip


def seat_map(session: Session, centre: str, now: datetime) -> list[dict[str, Any]]:
    """Rooms with their seats, device state and the next use of each; no case content."""
    uses = select(SeatUse).join(Seat, Seat.id == SeatUse.seat_id).where(Seat.centre_id == centre)
    coming: dict[str, SeatUse] = {}
    for use in session.scalars(uses.where(SeatUse.released_at.is_(None), SeatUse.until_at > now)):
        if use.seat_id not in coming or use.from_at < coming[use.seat_id].from_at:
            coming[use.seat_id] = use
    rooms = []
    seats = list(session.scalars(select(Seat).where(Seat.centre_id == centre).order_by(Seat.label)))
    for room in session.scalars(select(Room).where(Room.centre_id == centre).order_by(Room.name)):
        inside = [_seat(seat, coming.get(seat.id), now) for seat in seats if seat.room_id == room.id]
        rooms.append({"id": room.id, "name": room.name, "purpose": room.purpose, "seats": inside})
    return rooms


def _seat(seat: Seat, use: SeatUse | None, now: datetime) -> dict[str, Any]:
    return {
        "id": seat.id, "label": seat.label, "cell": seat.cell, "x": seat.x, "y": seat.y, "online": seat.online,
        "device_ok": device_fresh(seat.device_ok_at, now),
        "device_ok_at": seat.device_ok_at.isoformat() if seat.device_ok_at else None,
        "next": {"from_at": use.from_at.isoformat(), "until_at": use.until_at.isoformat()} if use else None,
    }  # fmt: skip


def plan_seats(session: Session, bookings: Sequence[tuple[Booking, Centre]], case: str) -> list[dict[str, Any]]:
    """The seats of all booked rooms as certs.seating wants them; `site` is the centre's region."""
    found = []
    for booking, centre in bookings:
        query = select(Seat).where(Seat.room_id.in_(booking.rooms)).order_by(Seat.id)
        for seat in session.scalars(query):
            busy = session.scalars(
                select(SeatUse).where(
                    SeatUse.seat_id == seat.id, SeatUse.released_at.is_(None), SeatUse.case_id != case
                )
            )
            found.append(
                {
                    "id": seat.id, "site": centre.region, "room": seat.room_id, "cell": seat.cell, "x": seat.x,
                    "y": seat.y, "online": seat.online,
                    "device_ok_at": seat.device_ok_at.isoformat() if seat.device_ok_at else None,
                    "busy": [{"start": u.from_at.isoformat(), "end": u.until_at.isoformat()} for u in busy],
                }
            )  # fmt: skip
    return found
