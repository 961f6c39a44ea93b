"""Reading doors for programs over what pages also read; a room that guards more declares its questions itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts import queries as accounts
from certs import desk
from core import fields
from core.access import Actor, Role
from core.doors import Payload, asking
from core.faults import Unusable
from trading.bidding import queries as bidding
from trading.opening import queries as opening
from trading.project import queries as projects
from venues import queries as venues

SIGNED_IN = tuple(role for role in Role if role is not Role.PUBLIC)


@asking("org.find", Role.PUBLIC)
def find_org(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{name}: a verified organisation by its exact name or code → {org, name, uscc}."""
    wanted = fields.text(p, "name", limit=100)
    for one in accounts.orgs(session, text=wanted):
        if wanted in (one["name"], one["uscc"]):
            return {"org": one["id"], "name": one["name"], "uscc": one["uscc"]}
    raise Unusable("name: no verified organisation of that name")


@asking("case.show", Role.PUBLIC)
def show_case(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """What the case page shows this asker: {case, project, parties, stations, documents, acts} and the state on top."""
    page = projects.case_page(session, case, actor, now)
    acts = [{k: v for k, v in one.items() if k != "breaches"} for one in page["acts"]]
    return {**page, "acts": acts, "state": page["case"]["state"]}


@asking("bid.desk", Role.BIDDER)
def bid_desk(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """The asker's own side: how to seal, own versions and receipts."""
    found = bidding.bid_desk(session, case, actor, now)
    return {**found, "custodians": found["sealing"]["custodians"], "breaches": len(found["breaches"])}


@asking("opening.hall", Role.PUBLIC)
def hall(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    return opening.hall(session, case, actor, now)


@asking("venue.list", Role.PUBLIC)
def centres(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    return {"centres": venues.centres(session)}


@asking("venue.seats", Role.CENTRE)
def seats(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """Rooms and seats of the asker's own centre."""
    own = venues.centre_of(session, actor.org)
    return {"rooms": venues.seat_map(session, own.id, now) if own else []}


@asking("paper.waiting", *SIGNED_IN)
def papers(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """What waits for the asker's signature."""
    found: list[dict[str, Any]] = desk.waiting(session, actor.person)
    return {"papers": found}
