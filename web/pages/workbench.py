"""The workbench of every role: what I must do, by deadline, and what waits for others."""

from __future__ import annotations

from datetime import datetime, time

from flask import Blueprint, g, render_template
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.clock import CST
from trading.project import periods
from trading.project.models import Case, Project
from trading.project.queries import cases_of
from trading.project.states import procedure_of, stands_as
from web import turns, workbench
from web.front import Permit, permit, reading
from web.nav import Link
from web.pages.cases import ACTS, PLACES
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("workbench", __name__)
LINKS = (Link(N_("Workbench"), "/workbench", "ti-checklist", Permit((), person=True), 20),)
MOST = 200


def periods_due(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """What the law gives a period for: the end of the bids' validity, and for who only watches, each act's own."""
    parties = (Case.tenderer_org, Case.agency_org, Case.regulator_org)
    mine = or_(*(column == actor.org for column in parties)) if actor.org else Case.id == ""
    query = select(Case, Project.name).join(Project, Project.id == Case.project_id)
    rows = session.execute(query.where(mine, Case.announced_at.is_not(None)).order_by(Case.id.desc()).limit(MOST)).all()
    running = periods.running(session, [row for row, _ in rows], now)
    found: list[Item] = []
    for row, name in rows:
        roles = stands_as(row, actor)
        for one in running[row.id]:
            bids = one.binding
            steps = procedure_of(row).machine.open_acts(row.state)
            # The next steps of who takes part say when they are due by themselves.
            told = bool(roles & turns.ACTING) and any(s.act == one.act and s.target != row.state for s in steps)
            if (bids and not (one.soon or one.late)) or (told and not bids):
                continue
            can = any(step.act == one.act and roles & set(step.roles) for step in steps)
            title = N_("The bids bind only until then: settle the winner") if bids else ACTS[one.act]
            found.append(
                {
                    "title": title, "subject": name, "href": PLACES.get(one.act, "/cases/{case}").format(case=row.id),
                    "act": N_("Open"), "due": datetime.combine(one.due.date, time.max, CST), "waiting": not can,
                }
            )  # fmt: skip
    return found


workbench.PROVIDERS += [periods_due, turns.work, turns.bids]


@blueprint.get("/workbench")
@permit(person=True)
def index() -> str:
    session = reading()
    mine, others = workbench.items(session, g.actor, g.now)
    return render_template("portal/workbench.html", mine=mine, others=others, cases=cases_of(session, g.actor)["items"])
