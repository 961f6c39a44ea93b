"""Framework agreements for everybody: the list, an agreement's life, notices and prices; and the solicitor's desk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, g, request
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Org
from certs import desk
from core import data
from core.access import Role
from core.doors import ask
from core.money import yuan
from trading.deadline import ends
from trading.framework import machine, picks, queries, review, rules, scheme, sealed, summary
from trading.framework.models import Framework, FrameworkNotice
from trading.framework.states import book_of, items_of, members_of, owns, scheme_of
from web import channels, files, framework_words, framework_work, words, workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.words import N_

blueprint = Blueprint("frameworks", __name__)
LINKS = (Link(N_("Framework agreements"), "/frameworks", "ti-file-description", Permit((Role.PUBLIC,)), 28),)
OWN = (Role.TENDERER, Role.AGENCY)
READERS = (*OWN, Role.REGULATOR, Role.AUDITOR)
TABS = (("", N_("All")), ("soliciting", N_("Soliciting")), ("running", N_("In force")), ("ended", N_("Ended")))

words.teach(framework_words.SENTENCES)
for _states in (
    framework_words.STATES,
    *({k: v[0] for k, v in one.items()} for one in (framework_words.MEMBERS, framework_words.NEEDS)),
):
    for _code, _text in _states.items():
        words.STATES.setdefault(_code, _text)
workbench.PROVIDERS += [framework_work.solicitors, framework_work.suppliers, framework_work.buyers]


channels.allow("framework", lambda session, actor, key: queries.seen(session, key, actor) is not None)


def seen(framework: str) -> Framework:
    """404 for what this reader may not know of."""
    row = queries.seen(reading(), framework, g.actor)
    if row is None:
        abort(404)
    return row


def owned(framework: str) -> Framework:
    row = seen(framework)
    if not owns(row, g.actor):
        abort(404)
    return row


def shown(template: str, script_words: tuple[str, ...] = (), **values: Any) -> str:
    return page(f"framework/{template}", script_words, fw=framework_words, **values)


@blueprint.get("/frameworks")
@permit(Role.PUBLIC)
def index() -> str:
    """?q= ?tab= ?after="""
    args = {name: request.args.get(name, "").strip() for name in ("q", "tab", "after")}
    found = queries.listed(reading(), g.actor, text=args["q"], tab=args["tab"], after=args["after"])
    own = g.actor.has(*OWN)
    tabs = [*TABS, ("own", N_("Ours"))] if own else list(TABS)
    return shown("list.html", found=found, args=args, tabs=tabs, own=own, place=data.regions().full_name)


@blueprint.get("/frameworks/new")
@permit(*OWN)
def new() -> str:
    session = reading()
    other = "agency" if g.actor.has(Role.TENDERER) else "tenderer"
    table = data.regions()
    own = accounts.org(session, g.actor.org) or {}
    places = [(c.code, table.full_name(c.code)) for p in table.under(None) for c in (table.under(p.code) or [p])]
    here = own.get("region", "")
    if here and here not in dict(places):
        places.insert(0, (here, table.full_name(here)))
    orgs = [(one["id"], one["name"]) for one in accounts.orgs(session, kind=other, limit=500)]
    return shown("new.html", other=other, orgs=orgs, places=places, here=here, said=None)


@blueprint.get("/frameworks/<framework>/scheme")
@permit(*OWN)
def edit(framework: str) -> str:
    session, row = reading(), owned(framework)
    if row.state != "SCHEME":
        abort(404)
    broken = scheme.blocked(session, row, g.now)
    return shown("scheme.html", row=row, items=items_of(session, row.id), said=row.settings, broken=broken,
                 days=book_of(row, g.now).get("FA-03/days"))  # fmt: skip


def rate_of(session: Session, row: Framework) -> dict[str, Any]:
    """What leaves in the first stage: the rule that says it and the share in percent."""
    read, own = scheme_of(session, row), book_of(row, g.now)
    rule = rules.rate_of(read, own)
    return {"rule": rule, "share": rules.cut_of(read, own).rate * 100}


@blueprint.get("/frameworks/<framework>")
@permit(Role.PUBLIC)
def show(framework: str) -> str:
    session, row = reading(), seen(framework)
    owner, agency = session.get_one(Org, row.org_id), session.get(Org, row.agency_org)
    mine = queries.own_member(session, row, g.actor)
    inner = queries.inner(row, g.actor)
    oversees = g.actor.has(Role.REGULATOR)
    return shown(
        "agreement.html", row=row, owner=owner, agency=agency, items=items_of(session, row.id),
        members=queries.members(session, row, g.actor), notices=queries.notices(session, row),
        stations=queries.stations(session, row), breaks=ends.breaks(session, row.id),
        mine=mine, inner=inner, owns=owns(row, g.actor),
        guards=owns(row, g.actor) or oversees, rate=rate_of(session, row) if row.kind == "closed" else None,
        place=data.regions().full_name(row.region), rota=rota_of(session, row), causes=causes(),
        needs=queries.needs_of(session, row, g.actor) if g.actor.org else {"items": [], "next": ""},
        figures=summary.figures(session, row) if inner and row.state in ("EXPIRED", "ACTIVE", "OPEN_CALL") else None,
        parties=parties(session, row) if owns(row, g.actor) and _draws(session, row) else {},
        draws=draws(row), can_buy=row.state in machine.RUNNING and g.actor.has(Role.TENDERER),
        papers=signed_papers(session, row, mine, inner),
    )  # fmt: skip


def causes() -> dict[str, list[tuple[str, str]]]:
    every = {"suspend": rules.SUSPENSIONS, "remove": rules.REMOVALS, "quit": rules.QUITS}
    return {act: [(one, framework_words.CAUSES[one]) for one in codes] for act, codes in every.items()}


def rota_of(session: Session, row: Framework) -> list[dict[str, Any]]:
    """[{number, name, turns}] in the order that was told to all."""
    order = picks.order_of(session, row)
    if not order:
        return []
    found = {one["row"].id: one for one in queries.members(session, row, g.actor)}
    turns: dict[str, int] = {}
    for turn in picks.turns_of(session, row):
        turns[turn.member_id] = turns.get(turn.member_id, 0) + 1
    return [{"name": found[one]["org_name"], "state": found[one]["row"].state, "turns": turns.get(one, 0)}
            for one in order if one in found]  # fmt: skip


def _draws(session: Session, row: Framework) -> bool:
    """Whether the order of the rota waits for a draw to be prepared."""
    wanted = "rota" in row.settings["ways"] and row.settings["rota"] == "draw" and row.state in machine.RUNNING
    return wanted and not picks.order_of(session, row) and picks.draw_of(session, row) is None


def draws(row: Framework) -> list[dict[str, Any]]:
    """Draws in which this person is a party, for draw.js."""
    if not g.actor.has(Role.TENDERER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR):
        return []
    found: list[dict[str, Any]] = ask(wired().acts, g.actor, "draw.list", row.id, {})["draws"]
    return found


def parties(session: Session, row: Framework) -> dict[str, list[tuple[str, str]]]:
    """Who may be a party of the draw: {party: [(person, name)]}."""
    bodies = {
        "tenderer": [row.org_id],
        "centre": _bodies(session, "centre"),
        "supervisor": _bodies(session, "regulator"),
    }
    roles = {"tenderer": Role.TENDERER, "centre": Role.CENTRE, "supervisor": Role.REGULATOR}
    found: dict[str, list[tuple[str, str]]] = {}
    for party, orgs in bodies.items():
        people = [one for org in orgs for one in accounts.people(session, org)]
        able = [one for one in people if one["state"] == "active" and roles[party] in one["roles"]]
        found[party] = [(one["id"], one["name"]) for one in able]
    return found


def _bodies(session: Session, kind: str) -> list[str]:
    return [one["id"] for one in accounts.orgs(session, kind=kind, limit=50)]


def signed_papers(session: Session, row: Framework, mine: Any, inner: bool) -> list[dict[str, Any]]:
    """Report and agreements as their readers may open them: [{id, title, state}]."""
    wanted = [one.document for one in members_of(session, row.id) if one.document] if inner else []
    wanted += [row.report_doc] if inner and row.report_doc else []
    if not inner and mine is not None and mine.document:
        wanted.append(mine.document)
    return [desk.state(session, one) for one in wanted]


@blueprint.get("/frameworks/<framework>/papers/<document>")
@permit(person=True)
def paper(framework: str, document: str) -> Response:
    """The newest version of the report or of an agreement, for the parties and those who supervise them."""
    session, row = reading(), seen(framework)
    mine = queries.own_member(session, row, g.actor)
    listed = signed_papers(session, row, mine, queries.inner(row, g.actor))
    found = next((one for one in listed if one["id"] == document), None)
    if found is None:
        abort(404)
    return files.blob(found["head"], f"{found['title']}.pdf")


@blueprint.get("/frameworks/<framework>/notices/<notice>")
@permit(Role.PUBLIC)
def notice(framework: str, notice: str) -> str:
    session, row = reading(), seen(framework)
    found = session.get(FrameworkNotice, notice)
    if found is None or found.framework_id != row.id:
        abort(404)
    return shown("notice.html", row=row, one=found, owner=session.get_one(Org, row.org_id))


@blueprint.get("/frameworks/<framework>/review")
@permit(*READERS)
def reviewed(framework: str) -> str:
    """The responses and what is found of each, for the solicitor; supervisors read."""
    session, row = reading(), seen(framework)
    if not queries.inner(row, g.actor) or row.opened_at is None or row.kind != "closed":
        abort(404)
    offered = review.offers(session, row)
    listed = [one | {"offers": offered.get(one["row"].org_id, {})} for one in queries.members(session, row, g.actor)]
    files_of = {one.org_id: one for one in sealed.shelf_of(row.id).live(session) if one.opened}
    reviewing = row.state == "OPENED" and owns(row, g.actor)
    outcome = None
    if reviewing and not review.incomplete(session, row, g.now):
        _, outcome = review.outcome(session, row, g.now, [])
    report = desk.state(session, row.report_doc) if row.report_doc else None
    return shown(
        "review.html", row=row, listed=listed, items=items_of(session, row.id), files=files_of, reviewing=reviewing,
        problems=review.problems(session, row), outcome=outcome, report=report, yuan=yuan,
        totals={org: Decimal(one.numerator) / one.denominator for org, one in review.totals(session, row).items()},
        people=reviewers(session, row) if reviewing else [], incomplete=review.incomplete(session, row, g.now),
        rate=rate_of(session, row), owns=owns(row, g.actor),
        numbers={one["row"].id: one["row"].number for one in listed},
        high={one["row"].id: review.too_high(row, one["offers"], items_of(session, row.id), g.now) for one in listed},
    )  # fmt: skip


def reviewers(session: Session, row: Framework) -> list[dict[str, Any]]:
    """Those of the solicitor and its agency who may review, and experts."""
    found = accounts.people(session, row.org_id)
    if row.agency_org:
        found += accounts.people(session, row.agency_org)
    held = {Role.TENDERER, Role.AGENCY, Role.EXPERT}
    return [one for one in found if one["state"] == "active" and set(one["roles"]) & held]


@blueprint.get("/frameworks/<framework>/responses/<response>")
@permit(*READERS)
def response_file(framework: str, response: str) -> Response:
    """The PDF of an opened response."""
    session, row = reading(), seen(framework)
    if not queries.inner(row, g.actor):
        abort(404)
    found = next((one for one in sealed.shelf_of(row.id).live(session) if one.id == response), None)
    if found is None or not found.opened.get("pdf"):
        abort(404)
    return files.blob(found.opened["pdf"], "response.pdf")
