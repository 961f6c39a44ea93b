"""Draws of a case: what was asked for, the three parties' commitments and reveals, freezing the lists."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, g
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from certs import drawdesk, draws
from core.access import Actor, Role
from core.doors import ask
from core.rules import Breach
from evaluation.cases import CaseFacts, facts
from evaluation.committee.models import Committee
from evaluation.committee.queries import committee_of, members, places
from evaluation.committee.rules import REMOTE
from trading.project.queries import documents
from trading.project.states import case_row, stands_as
from venues import queries as venues
from web import standing, words, workbench
from web.front import permit, reading, wired
from web.pages.cases import page
from web.pages.room import heard
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("draws", __name__)
PARTY_ROLES = {"tenderer": Role.TENDERER, "centre": Role.CENTRE, "supervisor": Role.REGULATOR}
ARTICLE = "招标投标法实施条例 第46条"
SEEING = (Role.TENDERER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
PURPOSES = {
    "experts": N_("Draw of the experts"),
    "seating": N_("Draw of the seats"),
    "coefficient": N_("Draw of the coefficient"),
    "award-committee": N_("Draw of the award committee"),
    "tie": N_("Draw among candidates side by side"),
}
PARTIES = {"tenderer": N_("tenderer"), "centre": N_("trading centre"), "supervisor": N_("supervisor")}

SAID = (
    N_("This file holds no secret of this draw."),
    N_("Commit to a secret"),
    N_("Reveal the secret"),
    N_("Signing and sending…"),
)

words.teach(
    {
        "COMMITTEE": N_("No committee has been asked for yet."),
        "COMMITTEE-TWICE": N_("This case has its committee already."),
        "COMMITTEE-TIME": N_("The sitting must begin in the future and end after it begins."),
        "REPRESENTATIVE": N_("A representative is one of the tenderer's own people, each once."),
        "DRAW-PARTY": N_("Each of the three parties is a person of the right body."),
        "DRAW-STATE": N_("The draw is not at this step."),
        "DRAW-TWICE": N_("This has been done already; there is never a second draw."),
        "DRAW-SIGNED": N_("The signature or the value does not hold."),
        "REMOTE-MAIN": N_("The main venue must have accepted first."),
        "REMOTE-SITES": N_("Places are given to the booked venues, all of them and no others."),
        "REMOTE-SHARE": N_("The sub-venues need their share of the members."),
        "POOL-SMALL": N_("The pool is small for this request."),
        "SEATING": N_("There is no seating that meets all constraints yet."),
        "SEATING-COMPLETE": N_("Every place of the committee must be accepted first."),
        "SEATING-TWICE": N_("Everybody has a seat already."),
        "CASE-PARTY": N_("Only the tenderer or the agency of this case does this."),
        "CENTRE": N_("Only staff of the venue concerned does this."),
    }
)


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Draws that wait for this person's commitment or reveal."""
    if not actor.has(*PARTY_ROLES.values()):
        return []
    rows = session.scalars(select(drawdesk.Draw).where(drawdesk.Draw.state.in_(("COMMITTING", "REVEALING"))))
    found = []
    for row in rows:
        party = next((name for name, person in row.holders.items() if person == actor.person), "")
        if not party:
            continue
        made = row.commitments if row.state == "COMMITTING" else row.reveals
        done = any(one["party"] == party for one in made)
        act = N_("Commit to a secret") if row.state == "COMMITTING" else N_("Reveal the secret")
        found.append(
            Item(title=PURPOSES.get(row.purpose, N_("Draw")), href=f"/draws/{row.case}", act=act, due=row.reveal_until,
                 waiting=done)
        )  # fmt: skip
    return found


workbench.PROVIDERS.append(work)


def _rows(session: Session, case: str) -> list[dict[str, Any]]:
    """The draws as the parties see them, the newest first; names only the bodies, never a candidate."""
    listed = ask(wired().acts, g.actor, "draw.list", case, {})["draws"]
    terms = {row.id: row.reveal_until for row in drawdesk.of_case(session, case)}
    people = {row.id: row.holders for row in drawdesk.of_case(session, case)}
    names = accounts.names(session, [one for held in people.values() for one in held.values()])
    for one in listed:
        one["until"] = terms[one["draw"]]
        one["holders"] = {party: names.get(person, "") for party, person in people[one["draw"]].items()}
    order = {"COMMITTING": 0, "REVEALING": 0, "DONE": 1}
    return sorted(listed, key=lambda one: order.get(one["state"], 2))


def _people(session: Session, org: str, role: Role) -> list[tuple[str, str]]:
    """(id, name) of active people of a body who can sign as that party."""
    return [
        (one["id"], one["name"])
        for one in (accounts.people(session, org) if org else [])
        if one["state"] == "active" and role in one["roles"]
    ]


def _parties(session: Session, case: CaseFacts) -> dict[str, list[tuple[str, str]]]:
    """Who may stand for each of the three parties of this case."""
    main = [centre for row, centre in venues.booked(session, case.id, case.parties) if row.part == "main"]
    regulators = [case.regulator] if case.regulator else [one["id"] for one in accounts.orgs(session, kind="regulator")]
    return {
        "tenderer": _people(session, case.tenderer, Role.TENDERER),
        "centre": _people(session, main[0].org_id, Role.CENTRE) if main else [],
        "supervisor": [one for org in regulators for one in _people(session, org, Role.REGULATOR)],
    }


def _freeze_breach(session: Session, case: CaseFacts, committee: Committee | None) -> Breach | None:
    """Why the list of experts cannot be frozen now; the act asks the same inside."""
    if committee is None:
        return Breach("COMMITTEE", ARTICLE, "B", "draw.request", "-")
    first = session.get(drawdesk.Draw, committee.first_draw_id) if committee.first_draw_id else None
    if first is not None and first.state == "DONE" and not committee.wanted:
        return Breach("DRAW-TWICE", ARTICLE, "B", "", "")
    newest = session.get(drawdesk.Draw, committee.draw_id) if committee.draw_id else None
    if newest is not None and newest.state == "REVEALING":
        return Breach("DRAW-STATE", ARTICLE, "B", "DONE", newest.state)
    allowed = (*case.drawn_in, "COMMITTEE_SET", "EVALUATING")
    return None if case.state in allowed else Breach("STATE", ARTICLE, "B", " / ".join(case.drawn_in), case.state)


def _seating_breach(session: Session, case: CaseFacts, committee: Committee | None) -> Breach | None:
    if committee is None:
        return Breach("COMMITTEE", ARTICLE, "B", "draw.request", "-")
    rows = [row for row in members(session, committee) if row.state != "invited"]
    if len(rows) != places(committee):
        return Breach("SEATING-COMPLETE", ARTICLE, "B", str(places(committee)), str(len(rows)))
    if all(row.seat_sealed for row in rows):
        return Breach("SEATING-TWICE", ARTICLE, "B", "", "")
    states = (case.drawn_in[-1], "COMMITTEE_SET", "EVALUATING")
    return None if case.state in states else Breach("STATE", ARTICLE, "B", " / ".join(states[1:]), case.state)


@blueprint.get("/draws/<case>")
@permit(Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def show(case: str) -> str:
    """Progress of every draw for those who take part or supervise; results stay with the committee's own views."""
    session = reading()
    row, found = case_row(session, case), facts(session, case)
    booked = venues.booked(session, case, found.parties)
    roles = set(stands_as(row, g.actor)) - {Role.BIDDER}
    if any(centre.org_id == g.actor.org for _, centre in booked):
        roles.add(Role.CENTRE)
    listed = _rows(session, case) if g.actor.has(*SEEING) else []
    if not roles and not any(one["party"] for one in listed):
        abort(404)
    committee = committee_of(session, case)
    shown = ask(wired().acts, g.actor, "committee.show", case, {})
    asking = None
    if committee is not None:
        asking = Breach("COMMITTEE-TWICE", ARTICLE, "B", "1", "1")
    elif row.state not in found.drawn_in:
        asking = Breach("STATE", ARTICLE, "B", " / ".join(found.drawn_in), row.state)
    elif not any(booking.part == "main" for booking, _ in booked):
        asking = Breach("REMOTE-MAIN", REMOTE, "B", "main venue accepted", "-")
    return page(
        "evaluation/draws.html", SAID, row=row, found=found, roles=roles, draws=listed, committee=shown, asking=asking,
        mode_options=[(key, gettext(text)) for key, text in standing.MODES.items()],
        sites=[(centre.region, centre.name, booking.seats) for booking, centre in booked],
        parties=_parties(session, found), freeze=_freeze_breach(session, found, committee),
        seating=_seating_breach(session, found, committee), party_names=PARTIES, purposes=PURPOSES,
        order=draws.PARTIES, term=int(drawdesk.REVEAL_TERM / timedelta(minutes=1)),
        representatives=_people(session, found.tenderer, Role.TENDERER) if Role.CENTRE not in roles else [],
        records=[one for one in documents(session, case, g.actor) if one["kind"] == "draw_record"],
        begin=g.now + timedelta(hours=1), channels=heard(session, f"me:{g.actor.person}"),
    )  # fmt: skip
