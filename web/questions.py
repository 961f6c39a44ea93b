"""Reading doors for programs over what pages also read; a room that guards more declares its questions itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from certs import desk, drawdesk
from core import fields
from core.access import Actor, Role, denied
from core.doors import Payload, asking
from core.faults import Unusable
from core.ledger import EntryRow
from core.rules import Refused, shown
from trading.bidding import queries as bidding
from trading.opening import queries as opening
from trading.project import queries as projects
from trading.project.states import case_row, stands_as
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
    acts = [{k: v for k, v in one.items() if k != "breaches"} | {"late": shown(one["late"])} for one in page["acts"]]
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


def _watching(session: Session, actor: Actor, case: str) -> None:
    if not stands_as(case_row(session, case), actor) & {Role.REGULATOR, Role.AUDITOR}:
        raise Refused(denied("OVERSIGHT", "regulator of this case, or auditor", actor.org_name or "-"))


@asking("paper.list", Role.REGULATOR, Role.AUDITOR)
def case_papers(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """Every document of the case on the signing desk, oldest first, for whoever supervises it."""
    _watching(session, actor, case)
    return {"papers": desk.documents(session, case)}


@asking("draw.records", Role.REGULATOR, Role.AUDITOR)
def draw_records(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """The finished draw records of the case."""
    _watching(session, actor, case)
    done = [row for row in drawdesk.of_case(session, case) if row.record is not None]
    return {"draws": [{"draw": row.id, "purpose": row.purpose, "record": row.record} for row in done]}


@asking("case.result", Role.TENDERER, Role.AGENCY, Role.REGULATOR, Role.AUDITOR)
def case_result(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{result, winner, signatures_on_report, entries} for the case's own parties and supervisors."""
    row = case_row(session, case)
    if not stands_as(row, actor):
        raise Refused(denied("ACCESS", "a party of this case", actor.org_name or "-"))
    sealed = [d for d in desk.documents(session, case) if d["kind"] == "evaluation_report" and d["state"] == "sealed"]
    signed = [one for one in sealed[-1]["fields"] if one["signed_at"]] if sealed else []
    entries = select(func.count()).select_from(EntryRow).where(EntryRow.stream == f"case:{case}")
    result = {key: value for key, value in row.result.items() if key != "members"}
    return {
        "result": result,
        "winner": row.winner_bid,
        "signatures_on_report": len(signed) + bool(sealed and sealed[-1]["seal"]),
        "entries": session.scalar(entries) or 0,
    }
