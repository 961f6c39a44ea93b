"""The award room, the candidates' publicity and the result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g
from flask_babel import gettext
from sqlalchemy.orm import Session

from accounts import queries as accounts
from core import live
from core.access import Actor, Role
from trading.award import announcement, queries, winner
from trading.award.methods import METHODS
from trading.award.models import AwardMeeting
from trading.document.rules import least_pool
from trading.opening.coefficient import bodies
from trading.project.models import Case, Project
from trading.project.queries import allow, documents, open_acts
from trading.project.states import book_of, stands_as
from web import channels, files, words, workbench
from web.front import permit, reading
from web.pages.cases import SINCE_REPORT, page
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("award", __name__)
METHOD_WORDS = {
    "majority": N_("a majority of all votes wins"),
    "plurality": N_("most votes win"),
    "elimination": N_("ballot by ballot the last one leaves, until one has a majority"),
    "points": N_("each elector ranks the candidates; most points win"),
    "lowest_price": N_("the lowest price wins"),
    "nearest_below_mean": N_("the price nearest below the mean wins"),
    "lottery": N_("a lot among those the ballots leave"),
}
MEETING = {
    "": N_("not convened"),
    "DRAWING": N_("the committee is being drawn"),
    "GATHERING": N_("members sign in and pledge"),
    "VOTING": N_("voting"),
    "DECIDED": N_("decided"),
    "REPORTED": N_("the report is sealed"),
}
NOTICES = ("candidate_notice", "result_notice", "award_notice", "result_letter")
WORDS = (
    N_("Choose a candidate."),
    N_("Give each rank once."),
    N_("Your ballot"),
    N_("Round %(no)s"),
)

words.teach(
    {
        "AW-STATE": N_("The award meeting is not at this step."),
        "AW-SEAT": N_("Only someone with a seat at this meeting does this."),
        "AW-TWICE": N_("Each person stands in the lists once."),
        "AW-EVALUATOR": N_("Who evaluated does not award."),
        "AW-PLEDGE": N_("The pledge must be confirmed."),
        "AW-SPARE": N_("No spare is left."),
        "AW-ABSTAIN": N_("The tender file forbids abstentions."),
        "AW-ROUND": N_("This ballot is closed; another round is open."),
        "AW-VOTED": N_("You have voted in this round already."),
        "AW-RESOLVE": N_("The chair decides only after two ties in a row."),
    }
)


def _tenderer(session: Session, actor: Actor, case: str) -> bool:
    row = session.get(Case, case)
    return row is not None and Role.TENDERER in stands_as(row, actor)


def _seated(session: Session, actor: Actor, case: Case) -> bool:
    return queries.seat_of(session, case.id, actor.person) is not None


def method_name(code: str) -> str:
    """The method as the tender file calls it; in English what it does."""
    name = METHODS.get(code, code)
    return name if words.chinese() else gettext(METHOD_WORDS.get(code, name))


channels.allow("award", _tenderer)
allow("owner", _seated)
allow("parties", _seated)


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """What someone with a seat must do next."""
    found: list[Item] = []
    for one in queries.meetings_of(session, actor.person):
        row = session.get_one(Case, one["case"])
        subject = session.get_one(Project, row.project_id).name
        href = f"/award/{one['case']}"
        item: Item = {"title": N_("Award meeting"), "href": href, "act": N_("Enter"), "subject": subject}
        must = (one["state"] == "GATHERING" and not one["pledged"]) or (
            one["state"] == "VOTING" and one["kind"] == "elector" and not one["voted"]
        )
        found.append(item if must else item | {"waiting": True})
    return found


workbench.PROVIDERS.append(work)


def people_of(session: Session, org: str, *roles: Role) -> list[tuple[str, str]]:
    """Active people of an organisation holding one of `roles`: (id, name)."""
    wanted = set(roles)
    listed = accounts.people(session, org) if org else []
    found = [(one["id"], one["name"]) for one in listed if one["state"] == "active" and wanted & set(one["roles"])]
    return sorted(found, key=lambda one: one[1])


def convening(session: Session, row: Case, shown: dict[str, Any]) -> dict[str, Any]:
    """What the tenderer picks from: pool, supervisors, who commits to the draw; {} when there is nothing."""
    acts = {one["act"]: one for one in open_acts(session, row, g.actor, g.now)}
    if shown["state"] or "award.open" not in acts:
        return {}
    book, committee = book_of(row, g.now), int(row.award.get("committee", 0))
    return {
        "breaches": acts["award.open"]["breaches"],
        "late": acts["award.open"]["late"],
        "pool": people_of(session, row.tenderer_org, Role.ELECTOR),
        "supervisors": people_of(session, row.regulator_org, Role.REGULATOR),
        "parties": [
            ("tenderer", people_of(session, row.tenderer_org, Role.TENDERER)),
            ("centre", people_of(session, row.centre_org, Role.CENTRE)),
            ("supervisor", people_of(session, row.regulator_org, Role.REGULATOR)),
        ],
        "committee": committee,
        "needed": max(book["AW-04"].number, int(row.award.get("supervisors", 0))),
        "least": least_pool(committee, book),
    }


@blueprint.get("/award/<case>")
@permit(Role.TENDERER, Role.ELECTOR, Role.REGULATOR, Role.AUDITOR)
def room(case: str) -> str:
    session = reading()
    row = session.get(Case, case)
    if row is None or not row.award.get("separate") or row.state not in SINCE_REPORT:
        abort(404)
    shown = queries.room(session, case, g.actor, g.now)
    names = {one["bid"]: one["name"] for one in shown["candidates"]}
    return page(
        "award/room.html",
        WORDS,
        row=row,
        project=session.get_one(Project, row.project_id),
        room=shown,
        names=names,
        roles=stands_as(row, g.actor),
        convene=convening(session, row, shown),
        method=METHOD_WORDS.get(shown["method"], shown["method"]),
        meeting=MEETING[shown["state"]],
        best=min((float(one["price"]) for one in shown["candidates"] if one["price"]), default=0),
        last=live.last(session, f"award:{case}"),
    )


def settling(session: Session, row: Case) -> dict[str, Any]:
    """Where the purchaser settles the winner: who stands first, who was drawn, who may draw."""
    first = winner.side_by_side(row)
    return {
        "first": first,
        "drawn": winner.drawn_of(session, row) if len(first) > 1 else "",
        "drawing": len(first) > 1 and winner.draw_of(session, row) is not None,
        "way": row.award.get("tie_way", ""),
        "parties": [(one, people_of(session, org, role)) for one, (org, role) in bodies(row).items()],
    }


@blueprint.get("/cases/<case>/letter")
@permit(Role.BIDDER)
def letter(case: str) -> Response:
    """A bidder's own letter with the result; 404 for everybody else's."""
    session = reading()
    row = session.get(Case, case)
    found = announcement.letter_of(session, row, g.actor) if row else None
    if found is None:
        abort(404)
    return files.blob(found.sha256, words.kind("result_letter"))


@blueprint.get("/cases/<case>/result")
@permit(Role.PUBLIC)
def result(case: str) -> str:
    """Candidates in publicity, then the winner; with the acts that lead there for those who do them."""
    session = reading()
    row = session.get(Case, case)
    if row is None or row.state not in SINCE_REPORT:
        abort(404)
    roles = stands_as(row, g.actor)
    shown = queries.result(session, case)
    meeting = session.get(AwardMeeting, case)
    inside, book = bool(roles & {Role.TENDERER, Role.AGENCY}), book_of(row, g.now)
    project = session.get_one(Project, row.project_id)
    candidates = queries.candidates(session, row) if inside else []
    return page(
        "award/result.html",
        row=row,
        days=book["R1-23"].number if "R1-23" in book else 0,
        settling=settling(session, row) if inside else {},
        settled=row.result.get("settled", "") if inside else "",
        mine=announcement.letter_of(session, row, g.actor),
        project=project,
        shown=shown,
        roles=roles,
        acts={one["act"]: one for one in open_acts(session, row, g.actor, g.now)},
        candidates=candidates,
        names={one["bid"]: one["name"] for one in candidates or (shown["publicity"] or {}).get("candidates", [])},
        method=method_name((shown["publicity"] or {}).get("method", "")),
        meeting=meeting.state if meeting else "",
        may_choose=inside and bool(shown["publicity"]) and project.funds != "state" and not row.award.get("separate"),
        papers=[one for one in documents(session, case, g.actor) if one["kind"] in NOTICES],
    )
