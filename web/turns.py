"""The tenders' own share of the workbench: the next step of every case of mine and of every tender I bid in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from trading.bidding.models import Bid, Download
from trading.opening.models import Unlock
from trading.project import periods
from trading.project.models import Case, Project
from trading.project.states import procedure_of, stands_as
from web.pages.cases import PLACES, turns
from web.words import N_, party
from web.workbench import Item

SHOWN = 50
OWNERS = frozenset({Role.TENDERER, Role.AGENCY})
ACTING = OWNERS | {Role.CENTRE}


def _subject(row: Case, project: Project) -> str:
    return f"{project.name} · {row.lot_name}"


def _step(row: Case, project: Project, turn: dict[str, Any], roles: frozenset[Role], now: datetime) -> Item | None:
    """One next step as this organisation sees it; None for what it neither does nor waits for."""
    due, mine = turn["due"], bool(roles & set(turn["roles"]))
    early = due is not None and due > now and turn["word"] in ("from", "after")
    if not turn["roles"] or not (mine or roles & OWNERS):
        return None
    href = PLACES.get(turn["act"], f"/cases/{{case}}#act-{turn['act'].replace('.', '-')}").format(case=row.id)
    what = turn["text"]
    item = Item(title=what, href=href, act=N_("Go there"), subject=_subject(row, project), due=due)
    if mine and not early:
        return item if turn["word"] == N_("until") else item | {"due": None}
    named = procedure_of(row).fields.ROLES
    who = " / ".join(party(one, named) for one in turn["roles"])
    said = {"who": who, "what": gettext(what)}
    return item | {"title": N_("%(who)s: %(what)s"), "values": said, "href": f"/cases/{row.id}", "waiting": True}


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Next steps of the cases in which this organisation tenders, represents or hosts."""
    if not actor.org or not actor.has(*ACTING):
        return []
    party = or_(*(column == actor.org for column in (Case.tenderer_org, Case.agency_org, Case.centre_org)))
    query = select(Case, Project).join(Project, Project.id == Case.project_id).where(party)
    found: list[Item] = []
    rows = session.execute(query.order_by(Case.deadline.desc()).limit(SHOWN)).all()
    running = periods.running(session, [row for row, _ in rows], now)
    for row, project in rows:
        roles = stands_as(row, actor)
        if not roles or row.suspended or row.state in procedure_of(row).machine.final:
            continue
        steps = (_step(row, project, turn, roles, now) for turn in turns(session, row, running[row.id]))
        found += [step for step in steps if step is not None]
    return found


def _bidding(session: Session, row: Case, org: str) -> tuple[str, str, bool] | None:
    """(what to do, where, whether it waits for others) of a bidder in this case."""
    mine = (Bid.case_id == row.id, Bid.round == row.round, Bid.org_id == org, Bid.state == "received")
    bid = session.scalars(select(Bid).where(*mine)).first()
    if row.state == "ANNOUNCED":
        place = f"/cases/{row.id}/bid"
        return (N_("The bid is handed in; it may be replaced until the deadline"), place, True) if bid else (
            N_("Submit a bid"), place, False)  # fmt: skip
    if bid is None:
        return None
    if row.state == "SEALED":
        return N_("The host opens the hall"), f"/cases/{row.id}/hall", True
    unlock = session.get(Unlock, bid.id)
    if unlock is None or not (unlock.how or unlock.cause):
        return None  # the hall itself calls for the key
    return N_("All prices are published at once"), f"/cases/{row.id}/hall", True


def bids(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Tenders whose file this bidder took, until all prices are out."""
    if not actor.org or not actor.has(Role.BIDDER):
        return []
    taken = select(Download.case_id).where(Download.org_id == actor.org)
    query = select(Case, Project).join(Project, Project.id == Case.project_id)
    query = query.where(Case.id.in_(taken), Case.state.in_(("ANNOUNCED", "SEALED", "OPENING")))
    found: list[Item] = []
    for row, project in session.execute(query.order_by(Case.deadline).limit(SHOWN)):
        what = _bidding(session, row, actor.org)
        if what is not None:
            title, href, waiting = what
            due = row.deadline if row.state == "ANNOUNCED" else None
            found.append(Item(title=title, href=href, act=N_("Go there"), subject=_subject(row, project), due=due,
                              waiting=waiting))  # fmt: skip
    return found
