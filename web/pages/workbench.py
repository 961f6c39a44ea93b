"""The workbench of every role: what I must do, by deadline, and what waits for others."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from trading.project.queries import cases_of
from web import turns, workbench
from web.front import Permit, permit, reading
from web.nav import Link
from web.words import N_

blueprint = Blueprint("workbench", __name__)
LINKS = (Link(N_("Workbench"), "/workbench", "ti-checklist", Permit((), person=True), 20),)

workbench.PROVIDERS += [turns.work, turns.bids]


@blueprint.get("/workbench")
@permit(person=True)
def index() -> str:
    session = reading()
    mine, others = workbench.items(session, g.actor, g.now)
    return render_template("portal/workbench.html", mine=mine, others=others, cases=cases_of(session, g.actor)["items"])
