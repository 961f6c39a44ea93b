"""The desk of a trading centre: rooms and seats, device checks, bookings, who sits where; the seats of a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, g, render_template
from sqlalchemy.orm import Session

from core import data
from core.access import Actor, Role
from core.doors import ask
from core.rules import Refused
from evaluation.cases import facts
from evaluation.committee.queries import committee_of
from trading.project.models import Case, Project
from trading.project.states import case_row, stands_as
from venues import queries
from venues.models import Centre, Seat
from venues.rules import DEVICE_FRESH
from venues.terminals import in_force
from web import words, workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.room import heard
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("venues", __name__)
LINKS = (Link(N_("Venue"), "/venues", "ti-building-community", Permit((Role.CENTRE,)), 35),)
PITCH = 46  # pixels between two seats of a plan
PURPOSES = {
    "evaluation": N_("evaluation"),
    "opening": N_("opening"),
    "award": N_("award"),
    "control": N_("control"),
}
STATES = {
    "requested": (N_("asked for"), "orange"),
    "accepted": (N_("accepted"), "green"),
    "refused": (N_("refused"), "red"),
    "released": (N_("released"), "secondary"),
}
PARTS = {"main": N_("main venue"), "sub": N_("sub-venue")}

words.teach(
    {
        "VENUE-TWICE": N_("This has been booked or opened already."),
        "VENUE-TIME": N_("The time must lie ahead and end after it begins."),
        "VENUE-MAIN": N_("A case has one main venue."),
        "VENUE-FULL": N_("The venue has not so many free seats at this time."),
        "ROOM-TWICE": N_("There is a room of this name."),
        "SEAT-TWICE": N_("Two seats have one label or one place."),
        "BOOKING-STATE": N_("The booking is no longer in this state."),
        "BOOKING": N_("Only the party that booked, or the centre, releases a booking."),
        "SIGNIN": N_("The member has not signed in."),
    }
)


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Bookings that wait for this centre's answer."""
    centre = queries.centre_of(session, actor.org) if actor.org and actor.has(Role.CENTRE) else None
    if centre is None:
        return []
    return [
        Item(
            title=N_("Answer a venue booking"), href="/venues#bookings", act=N_("Answer"),
            due=datetime.fromisoformat(one["from_at"]),
        )
        for one in queries.bookings(session, centre=centre.id)
        if one["state"] == "requested"
    ]  # fmt: skip


workbench.PROVIDERS.append(work)


def plan(seats: list[dict[str, Any]]) -> dict[str, Any]:
    """Seats with their place in a drawing: {width, height, seats}; empty rooms keep one place."""
    wide = max((seat["x"] for seat in seats), default=0) + 1
    high = max((seat["y"] for seat in seats), default=0) + 1
    low = min((seat["y"] for seat in seats), default=0)
    placed = [seat | {"px": seat["x"] * PITCH + 8, "py": (seat["y"] - low) * PITCH + 8} for seat in seats]
    return {"width": wide * PITCH + 8, "height": (high - low) * PITCH + 8, "seats": placed, "side": PITCH - 8}


def status(seat: dict[str, Any], now: datetime) -> str:
    """One word for a seat: used, next, ready, stale or off."""
    use = seat.get("next")
    if use and datetime.fromisoformat(use["from_at"]) <= now:
        return "used"
    if not seat["online"]:
        return "off"
    return "next" if use else "ready" if seat["device_ok"] else "stale"


SEAT_WORDS = {
    "used": N_("in use"),
    "next": N_("booked"),
    "ready": N_("ready"),
    "stale": N_("device check too old"),
    "off": N_("offline"),
}


def _rooms(session: Session, centre: Centre, now: datetime) -> list[dict[str, Any]]:
    rooms = queries.seat_map(session, centre.id, now)
    for room in rooms:
        for seat in room["seats"]:
            seat["status"] = status(seat, now)
        room["plan"] = plan(room["seats"])
    return rooms


def _title(session: Session, case: str) -> str:
    row = session.get(Case, case)
    project = session.get(Project, row.project_id) if row else None
    return f"{project.name} {row.lot_name}" if row and project else case


def _bookings(session: Session, centre: Centre) -> list[dict[str, Any]]:
    found = queries.bookings(session, centre=centre.id)
    for one in found:
        one["from_at"], one["until_at"] = (datetime.fromisoformat(one[key]) for key in ("from_at", "until_at"))
        one["title"] = _title(session, one["case"])
    return found


def _machines(session: Session, centre: Centre) -> list[dict[str, Any]]:
    seats = {seat: row.registered_at for seat, row in in_force(session, centre.id).items()}
    found = [{"seat": seat, "label": session.get_one(Seat, seat).label, "at": at} for seat, at in seats.items()]
    return sorted(found, key=lambda one: str(one["label"]))


def _sittings(session: Session, bookings: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Sittings at this venue now: seats, who signed in, alarms; never a bid or an opinion."""
    found = []
    for one in bookings:
        near = one["from_at"] - timedelta(hours=3) <= now <= one["until_at"] + timedelta(hours=12)
        if one["state"] != "accepted" or not near or committee_of(session, one["case"]) is None:
            continue
        try:
            seen = ask(wired().acts, g.actor, "room.venue", one["case"], {})
        except Refused:
            continue
        seen["plan"] = plan([seat | {"status": "used"} for seat in seen["seats"]])
        found.append({"booking": one, "seen": seen})
    return found


@blueprint.get("/venues")
@permit(Role.CENTRE)
def desk() -> str:
    session = reading()
    centre = queries.centre_of(session, g.actor.org) if g.actor.org else None
    regions = data.regions()
    if centre is None:
        cities = [city for p in regions.under(None) for city in (regions.under(p.code) or [p])]
        places = [(city.code, regions.full_name(city.code)) for city in cities]
        return render_template("venues/open.html", places=places)
    bookings = _bookings(session, centre)
    return render_template(
        "venues/desk.html", centre=centre, rooms=_rooms(session, centre, g.now), bookings=bookings,
        sittings=_sittings(session, bookings, g.now), machines=_machines(session, centre),
        purposes=PURPOSES, states=STATES, parts=PARTS,
        seat_words=SEAT_WORDS, fresh=int(DEVICE_FRESH.total_seconds() // 60),
        channels=heard(session, f"venue:{centre.id}"),
    )  # fmt: skip


@blueprint.get("/venues/<case>")
@permit(Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def of_case(case: str) -> str:
    """The venues of one case for its organisers: bookings, and the seats taken once they are revealed."""
    session = reading()
    row, found = case_row(session, case), facts(session, case)
    roles = stands_as(row, g.actor) - {Role.BIDDER}
    booked = queries.booked(session, case, found.parties)
    if not roles and not any(centre.org_id == g.actor.org for _, centre in booked):
        abort(404)
    parts = []
    for booking, centre in booked:
        rooms = [room for room in _rooms(session, centre, g.now) if room["id"] in booking.rooms]
        parts.append({"booking": booking, "centre": centre, "rooms": rooms})
    committee = committee_of(session, case)
    shown = ask(wired().acts, g.actor, "committee.show", case, {}) if committee else {"committee": None}
    rows = [one for one in queries.bookings(session, case=case) if one["state"] != "released"]
    for one in rows:
        one["from_at"], one["until_at"] = (datetime.fromisoformat(one[key]) for key in ("from_at", "until_at"))
    return render_template(
        "venues/case.html", row=row, found=found, roles=roles, parts=parts, bookings=rows, committee=shown,
        centres=queries.centres(session), states=STATES, part_names=PARTS, seat_words=SEAT_WORDS,
        begin=g.now + timedelta(hours=1), end=g.now + timedelta(hours=10),
    )  # fmt: skip
