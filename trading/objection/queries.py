"""Objections by audience. Who objected may tell who has the file (E-12): only the parties that answer, and those who
supervise, read names."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.clock import CST
from core.doors import Payload, asking
from core.rules import Breach
from trading.award.models import Publicity
from trading.objection import rules
from trading.objection.models import STATES, Objection, suspending
from trading.project.models import Case, Project
from trading.project.queries import org_names
from trading.project.states import book_of, case_row, stands_as

OWNERS = frozenset({Role.TENDERER, Role.AGENCY})
WATCHERS = frozenset({Role.REGULATOR, Role.AUDITOR})
READERS = (Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)


def objections(session: Session, case: str, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """What this actor may read, oldest first.

    Parties and supervisors read everything, an objector its own; bidders and the centre read text and answer of what
    concerns the tender file, without who objected and why; the public reads nothing.
    """
    row = case_row(session, case)
    roles = stands_as(row, actor)
    query = select(Objection).where(Objection.case_id == case).order_by(Objection.raised_at, Objection.id)
    mine = Objection.org_id == actor.org if actor.org and Role.BIDDER in roles else Objection.org_id == ""
    if not roles & (OWNERS | WATCHERS):
        shared = and_(Objection.subject == "file", Objection.withdrawn_at.is_(None))
        query = query.where(or_(mine, shared) if roles & {Role.BIDDER, Role.CENTRE} else mine)
    found = list(session.scalars(query))
    orgs = org_names(session, (one.org_id for one in found))
    return [_shown(one, orgs[one.org_id].name, actor, roles, now) for one in found]


def _shown(one: Objection, name: str, actor: Actor, roles: frozenset[Role], now: datetime) -> dict[str, Any]:
    keys = ("id", "subject", "round", "text", "raised_at", "late", "due", "answer", "upheld", "measure", "answered_at",
            "withdrawn_at", "waits")  # fmt: skip
    mine = Role.BIDDER in roles and one.org_id == actor.org
    whole = mine or bool(roles & (OWNERS | WATCHERS))
    overdue = one.due is not None and (one.answered_at or now) > one.due and one.withdrawn_at is None
    return {key: getattr(one, key) for key in keys} | {
        "mine": mine, "overdue": overdue, "grounds": one.grounds if whole else "",
        "org_name": name if whole else "", "draft": one.draft if roles & OWNERS else {},
    }  # fmt: skip


def publicity_until(session: Session, case: str) -> datetime | None:
    """Until when the candidates that stand now are public."""
    query = select(Publicity.until).where(Publicity.case_id == case).order_by(Publicity.published_at.desc())
    return session.scalar(query.limit(1))


def own_open(session: Session, row: Case, org: str, subject: str) -> Objection | None:
    """The organisation's objection that still waits."""
    mine = (Objection.case_id == row.id, Objection.round == row.round, Objection.org_id == org)
    waits = (Objection.subject == subject, Objection.answered_at.is_(None), Objection.withdrawn_at.is_(None))
    return session.scalar(select(Objection).where(*mine, *waits))


def raising(session: Session, row: Case, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """What a bidder could object to now: {subject, until, late, days, breaches}; None at any other stage.

    `until`: the last moment in time; `late`: it would be registered only; `days` the answer may take.
    """
    subject = next((name for name, state in STATES.items() if state == row.state), "")
    if not subject or Role.BIDDER not in stands_as(row, actor):
        return None
    book, late = book_of(row, now), False
    if subject == "file":
        assert row.deadline is not None
        until = datetime.combine(rules.last_day(row.deadline, book), time(23, 59, 59), CST)
        late, found = bool(rules.to_file(now, row.deadline, book)), rules.before_deadline(now, row.deadline, book)
    else:
        ends = publicity_until(session, row.id)
        assert ends is not None
        until, found = ends, rules.to_candidates(now, ends, book)
    found += rules.once(own_open(session, row, actor.org, subject) is not None, book)
    days = book["R1-09"].number
    return {"subject": subject, "until": until, "late": late, "days": days, "breaches": found}


def first_due(session: Session, row: Case) -> datetime | None:
    """When the answer is due that the case waits for first; None while nothing suspends it."""
    query = select(Objection.due).where(Objection.case_id == row.id, Objection.round == row.round, *suspending())
    return session.scalar(query.order_by(Objection.due).limit(1))


def unfollowed(session: Session, row: Case, published: datetime, now: datetime) -> list[Breach]:
    """Breaches while an upheld objection to the candidates published then has led to nothing.

    A new vote, a candidate taken back and a new tender all end this publicity, so whatever stands in it was not
    followed.
    """
    upheld = select(Objection.id).where(
        Objection.case_id == row.id, Objection.round == row.round, Objection.subject == "candidates",
        Objection.upheld.is_(True), Objection.raised_at >= published,
    )  # fmt: skip
    return rules.followed(session.scalar(upheld.limit(1)) is not None, book_of(row, now))


def waiting(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Objections that wait for this actor's answer, or for the answer to its own: [{case, project, due, mine}]."""
    sides = []
    if actor.has(Role.TENDERER):
        sides.append(Case.tenderer_org == actor.org)
    if actor.has(Role.AGENCY):
        sides.append(Case.agency_org == actor.org)
    if actor.has(Role.BIDDER):
        sides.append(Objection.org_id == actor.org)
    if not actor.org or not sides:
        return []
    query = select(Objection.case_id, Objection.due, Objection.org_id, Objection.draft, Project.name)
    query = query.join(Case, and_(Case.id == Objection.case_id, Case.round == Objection.round))
    query = query.join(Project, Project.id == Case.project_id).where(or_(*sides), *suspending())
    return [
        {"case": case, "due": due, "mine": org == actor.org, "drafted": bool(draft), "project": name}
        for case, due, org, draft, name in session.execute(query.order_by(Objection.due))
    ]


@asking("objection.list", *READERS)
def ask_list(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {objections}: `objections` for JSON clients."""
    moments = ("raised_at", "due", "answered_at", "withdrawn_at")
    found = objections(session, case, actor, now)
    said = [one | {key: one[key].isoformat() if one[key] else "" for key in moments} for one in found]
    return {"objections": said}
