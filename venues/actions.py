"""Acts of venue staff, and the booking of a venue by a tenderer or its agency."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from venues.models import Booking, Centre, Room, Seat, SeatUse
from venues.rules import ARTICLE, room_for

P = dict[str, Any]


def own_centre(tx: Tx) -> Centre:
    """The actor's own centre; Refused for anyone else's staff."""
    row = tx.session.scalar(select(Centre).where(Centre.org_id == tx.actor.org))
    if row is None or not tx.actor.org:
        raise Refused(denied("CENTRE", "staff of an opened centre", tx.actor.org_name or tx.actor.org))
    return row


@acting("venue.open", Role.CENTRE)
def open_centre(tx: Tx, case: str, p: P) -> P:
    """{name, region}: the actor's organisation becomes a venue, once."""
    fields.only(p, "name", "region")
    region = fields.text(p, "region", limit=6)
    if len(region) != 6 or not region.isdigit():
        raise Unusable("region: six digits are expected")
    if tx.session.scalar(select(Centre.id).where(Centre.org_id == tx.actor.org)):
        raise Refused(Breach("VENUE-TWICE", ARTICLE, "B", "one venue an organisation", tx.actor.org_name))
    row = Centre(org_id=tx.actor.org, region=region, name=fields.text(p, "name", limit=120))
    tx.session.add(row)
    tx.session.flush()
    tx.record(f"venue:{row.id}", "venue.opened", {"name": row.name, "region": region})
    return {"centre": row.id}


@acting("venue.add_room", Role.CENTRE)
def add_room(tx: Tx, case: str, p: P) -> P:
    """{name, purpose, seats: [{cell, label, x, y}]} → {room, seats: {label: id}}."""
    fields.only(p, "name", "purpose", "seats")
    centre = own_centre(tx)
    name = fields.text(p, "name", limit=80)
    if tx.session.scalar(select(Room.id).where(Room.centre_id == centre.id, Room.name == name)):
        raise Refused(Breach("ROOM-TWICE", ARTICLE, "B", "a new name", name, "name"))
    purpose = fields.choice(p, "purpose", ["evaluation", "opening", "award", "control"])
    room = Room(centre_id=centre.id, name=name, purpose=purpose)
    tx.session.add(room)
    tx.session.flush()
    known = set(tx.session.scalars(select(Seat.label).where(Seat.centre_id == centre.id)))
    spots: set[tuple[int, int]] = set()
    rows = []
    for one in fields.items(p, "seats"):
        if not isinstance(one, dict):
            raise Unusable("seats: objects are expected")
        label = fields.text(one, "label", limit=40)
        spot = fields.integer(one, "x", least=0, most=999), fields.integer(one, "y", least=0, most=999)
        if label in known or spot in spots:
            raise Refused(Breach("SEAT-TWICE", ARTICLE, "B", "one seat a label and place", label, "seats"))
        known.add(label)
        spots.add(spot)
        cell = fields.text(one, "cell", limit=40)
        rows.append(Seat(centre_id=centre.id, room_id=room.id, cell=cell, label=label, x=spot[0], y=spot[1]))
    tx.session.add_all(rows)
    tx.session.flush()
    tx.record(f"venue:{centre.id}", "venue.room_added", {"room": room.id, "name": name, "seats": len(rows)})
    return {"room": room.id, "seats": {row.label: row.id for row in rows}}


@acting("seat.check", Role.CENTRE)
def check_seat(tx: Tx, case: str, p: P) -> P:
    """{seats: [id], camera, screen, microphone, clock: bool, note?}: the device check record of own seats."""
    fields.only(p, "seats", "camera", "screen", "microphone", "clock", "note")
    centre = own_centre(tx)
    found = {name: fields.yes_no(p, name) for name in ("camera", "screen", "microphone", "clock")}
    good = all(found.values())
    note = fields.text(p, "note", default="") if not good else ""
    ids = fields.items(p, "seats")
    rows = list(tx.session.scalars(select(Seat).where(Seat.centre_id == centre.id, Seat.id.in_(ids))))
    if len(rows) != len(set(map(str, ids))) or not rows:
        raise Unusable("seats: a seat is not one of this centre")
    for row in rows:
        row.online, row.device_ok_at = good, tx.now if good else row.device_ok_at
    seats = sorted(row.id for row in rows)
    tx.record(f"venue:{centre.id}", "seat.checked", {"seats": seats, "found": found, "note": note})
    tx.publish(f"venue:{centre.id}", "seat.checked", {"seats": seats, "ok": good})
    return {"ok": good}


@acting("venue.request", Role.TENDERER, Role.AGENCY)
def request(tx: Tx, case: str, p: P) -> P:
    """{centre, part: main|sub, from_at, until_at, seats} → {booking}."""
    fields.only(p, "centre", "part", "from_at", "until_at", "seats")
    centre = tx.session.get(Centre, fields.text(p, "centre", limit=16))
    if centre is None:
        raise Unusable("centre: there is no such centre")
    begin, end = fields.moment(p, "from_at"), fields.moment(p, "until_at")
    if not tx.now < begin < end:
        raise Refused(Breach("VENUE-TIME", ARTICLE, "B", f"> {tx.now.isoformat()}", begin.isoformat(), "from_at"))
    part = fields.choice(p, "part", ["main", "sub"])
    live = Booking.state.in_(["requested", "accepted"])
    mine = list(
        tx.session.scalars(
            select(Booking).where(Booking.case_id == case, Booking.org_id == tx.actor.org, live)
        )
    )
    if any(row.centre_id == centre.id for row in mine):
        raise Refused(Breach("VENUE-TWICE", ARTICLE, "B", "one booking a centre", centre.name, "centre"))
    if part == "main" and any(row.part == "main" for row in mine):
        raise Refused(Breach("VENUE-MAIN", ARTICLE, "B", "one main venue", "2", "part"))
    seats = fields.integer(p, "seats", least=1, most=200)
    row = Booking(
        case_id=case, centre_id=centre.id, org_id=tx.actor.org, part=part, from_at=begin, until_at=end,
        seats=seats, asked_at=tx.now,
    )  # fmt: skip
    refuse_if(_capacity(tx, row))
    tx.session.add(row)
    tx.session.flush()
    body = {"booking": row.id, "centre": centre.id, "part": part, "from": begin, "until": end, "seats": seats}
    tx.record(f"venue:{centre.id}", "venue.requested", body, case=case)
    tx.publish(f"venue:{centre.id}", "venue.requested", {"booking": row.id})
    return {"booking": row.id}


def _capacity(tx: Tx, row: Booking) -> list[Breach]:
    total = select(func.count()).select_from(Seat).join(Room, Room.id == Seat.room_id)
    capacity = tx.session.scalar(total.where(Seat.centre_id == row.centre_id, Room.purpose == "evaluation")) or 0
    others = tx.session.scalars(
        select(Booking).where(Booking.centre_id == row.centre_id, Booking.state == "accepted", Booking.id != row.id)
    )
    taken = [((one.from_at, one.until_at), one.seats) for one in others]
    return room_for(row.seats, (row.from_at, row.until_at), taken, capacity)


def _asked(tx: Tx, p: P, *states: str) -> Booking:
    row = tx.session.get(Booking, fields.text(p, "booking", limit=16), with_for_update=True)
    if row is None:
        raise Unusable("booking: there is no such booking")
    if row.state not in states:
        raise Refused(Breach("BOOKING-STATE", ARTICLE, "B", " / ".join(states), row.state))
    return row


def _answer(tx: Tx, p: P, state: str) -> Booking:
    centre = own_centre(tx)
    row = _asked(tx, p, "requested")
    if row.centre_id != centre.id:
        raise Refused(denied("CENTRE", centre.id, row.centre_id))
    row.state, row.answered_at = state, tx.now
    return row


@acting("venue.accept", Role.CENTRE)
def accept(tx: Tx, case: str, p: P) -> P:
    """{booking, rooms?: [id]}: rooms given to the case; all evaluation rooms when none is named."""
    fields.only(p, "booking", "rooms")
    row = _answer(tx, p, "accepted")
    refuse_if(_capacity(tx, row))
    own = set(
        tx.session.scalars(select(Room.id).where(Room.centre_id == row.centre_id, Room.purpose == "evaluation"))
    )
    rooms = [str(one) for one in fields.items(p, "rooms")] if p.get("rooms") else sorted(own)
    if not set(rooms) <= own:
        raise Unusable("rooms: not an evaluation room of this centre")
    row.rooms = sorted(set(rooms))
    tx.record(f"venue:{row.centre_id}", "venue.accepted", {"booking": row.id, "rooms": row.rooms}, case=row.case_id)
    return {"booking": row.id, "state": row.state}


@acting("venue.refuse", Role.CENTRE)
def refuse(tx: Tx, case: str, p: P) -> P:
    fields.only(p, "booking", "reason")
    row = _answer(tx, p, "refused")
    row.reason = fields.text(p, "reason")
    body = {"booking": row.id, "reason": row.reason}
    tx.record(f"venue:{row.centre_id}", "venue.refused", body, case=row.case_id)
    return {"booking": row.id, "state": row.state}


@acting("venue.release", Role.TENDERER, Role.AGENCY, Role.CENTRE)
def release(tx: Tx, case: str, p: P) -> P:
    """{booking, reason}: by whoever asked for it, or by the centre; its seats are free again."""
    fields.only(p, "booking", "reason")
    row = _asked(tx, p, "requested", "accepted")
    staff = tx.session.scalar(select(Centre.org_id).where(Centre.id == row.centre_id))
    if tx.actor.org not in (row.org_id, staff):
        raise Refused(denied("BOOKING", "the party that booked, or the centre", tx.actor.org_name))
    row.state, row.reason = "released", fields.text(p, "reason")
    free_seats(tx, row.case_id, row.centre_id)
    body = {"booking": row.id, "reason": row.reason}
    tx.record(f"venue:{row.centre_id}", "venue.released", body, case=row.case_id)
    return {"booking": row.id, "state": row.state}


def give_seat(tx: Tx, seat: str, booking: Booking) -> None:
    """Mark a seat as used by the booking's case for its whole time."""
    tx.session.add(
        SeatUse(seat_id=seat, case_id=booking.case_id, from_at=booking.from_at, until_at=booking.until_at)
    )


def free_seats(tx: Tx, case: str, centre: str = "", seat: str = "") -> None:
    """End the case's use of all its seats, of those at one centre, or of one seat."""
    query = select(SeatUse).join(Seat, Seat.id == SeatUse.seat_id)
    query = query.where(SeatUse.case_id == case, SeatUse.released_at.is_(None))
    if centre:
        query = query.where(Seat.centre_id == centre)
    if seat:
        query = query.where(Seat.id == seat)
    for row in tx.session.scalars(query):
        row.released_at = tx.now
