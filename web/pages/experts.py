"""An expert's invitations and own facts; the pool as the centre that keeps it sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, g, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Person
from core import data
from core.access import Actor, Role
from core.doors import ask
from experts import queries
from experts.models import Expert
from trading.project.models import Case
from venues import queries as venues
from web import words, workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.room import heard
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("experts", __name__)
LINKS = (
    Link(N_("Invitations"), "/invitations", "ti-mail-opened", Permit((Role.EXPERT,)), 25),
    Link(N_("Expert pool"), "/pool", "ti-users", Permit((Role.CENTRE,)), 45),
)
PAGE = 50
BEFORE_REPORT = ("SEALED", "OPENING", "OPENED", "QUALIFIED", "COMMITTEE_SET", "EVALUATING")
STATES = {
    "applied": (N_("applied"), "orange"),
    "active": (N_("in the pool"), "green"),
    "paused": (N_("paused"), "secondary"),
    "removed": (N_("removed"), "red"),
}
LEVELS = [
    ("senior", N_("senior title")),
    ("equal", N_("level equal to a senior title")),
    ("middle", N_("middle title")),
    ("junior", N_("junior title")),
]
ANSWERS = {
    "invited": (N_("answer awaited"), "orange"),
    "accepted": (N_("accepted"), "blue"),
    "signed_in": (N_("signed in"), "green"),
    "pledged": (N_("taking part"), "green"),
    "declined": (N_("declined"), "secondary"),
    "no_answer": (N_("not answered in time"), "secondary"),
    "recused": (N_("stepped down"), "secondary"),
    "removed": (N_("removed"), "secondary"),
}
REASONS = (
    N_("illness"),
    N_("other duties at this time"),
    N_("a relation to a party of this tender"),
    N_("not in the region"),
)

words.teach(
    {
        "INVITED": N_("Only an invited expert answers."),
        "INVITATION": N_("The invitation has been answered already."),
        "INVITATION-LATE": N_("The time to answer is over; the next in order was asked."),
        "POOL-STATE": N_("The expert is not in this state."),
        "POOL-TWICE": N_("This person is in the pool already."),
        "POOL-PAUSE": N_("The pause has not ended yet."),
    }
)


def _invitations(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Own invitations: time and venue. The project's name waits for the sign-in (domain.md §4)."""
    found: list[dict[str, Any]] = ask(wired().acts, actor, "invitation.mine", "", {})["invitations"]
    named = {one["region"]: one["name"] for one in venues.centres(session)}
    for one in found:
        one["venue"] = named.get(one["site"], one["site"])
        one["at"] = datetime.fromisoformat(one["at"])
        one["answer_until"] = datetime.fromisoformat(one["answer_until"]) if one["answer_until"] else None
        if one["state"] not in ("signed_in", "pledged"):
            one.pop("title", None)
    return found


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Invitations to answer and sittings to go to."""
    if not actor.has(Role.EXPERT):
        return []
    found = []
    for one in _invitations(session, actor):
        where = f"{one['venue']} · {one['at']:%Y-%m-%d %H:%M}"
        if one["state"] == "invited":
            found.append(
                Item(title=N_("Invitation to an evaluation"), href="/invitations", act=N_("Answer"), subject=where,
                     due=one["answer_until"])
            )  # fmt: skip
        elif one["state"] in ("accepted", "signed_in", "pledged") and not _over(session, one["case"]):
            found.append(
                Item(title=N_("Evaluation sitting"), href=f"/room/{one['case']}", act=N_("Enter"), subject=where,
                     due=one["at"])
            )  # fmt: skip
    return found


def _over(session: Session, case: str) -> bool:
    row = session.get(Case, case)
    return row is None or row.state not in BEFORE_REPORT


workbench.PROVIDERS.append(work)


@blueprint.get("/invitations")
@permit(Role.EXPERT)
def invitations() -> str:
    """Invitations, and what the pool knows of the asker."""
    session = reading()
    row = session.get(Expert, g.actor.person)
    return render_template(
        "experts/invitations.html", invitations=_invitations(session, g.actor), answers=ANSWERS, reasons=REASONS,
        expert=row, states=STATES, levels=LEVELS,
        certificate=accounts.signing_certificate(session, g.actor.person, g.now),
        places=[(c["region"], data.regions().full_name(c["region"])) for c in venues.centres(session)],
        channels=heard(session, f"me:{g.actor.person}"),
    )  # fmt: skip


@blueprint.get("/pool")
@permit(Role.CENTRE)
def pool() -> str:
    """?state= ?region= ?after=: the pool by id; admission, pause, return and removal from here."""
    session = reading()
    centre = venues.centre_of(session, g.actor.org) if g.actor.org else None
    state, after = request.args.get("state", ""), request.args.get("after", "")
    region = request.args.get("region", centre.region if centre else "")
    rows = queries.pool(session, region=region, state=state if state in STATES else "", after=after, limit=PAGE + 1)
    people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_([row.id for row in rows])))}
    return render_template(
        "experts/pool.html", rows=rows[:PAGE], people=people, more=rows[PAGE - 1].id if len(rows) > PAGE else "",
        states=STATES, levels=dict(LEVELS), state=state, region=region,
        regions=[(c["region"], c["name"]) for c in venues.centres(session)],
    )  # fmt: skip
