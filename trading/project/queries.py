"""Read models of cases: the portal, the case page, the parties. Nothing here knows a bid before the opening."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import Actor, Role
from core.clock import CST
from core.faults import Unusable
from core.machine import SUSPENDED
from core.rules import Breach
from trading.project import periods
from trading.project.models import Case, CaseDocument, CaseMove, Project
from trading.project.states import case_row, procedure_of, stands_as

__all__ = ["admitted", "allow", "case_page", "case_row", "cases_of", "documents", "names", "parties", "portal"]

NOTICES = {
    "plan": ("plan",),
    "notice": ("notice", "tender_file", "clarification", "postponement"),
    "opening": ("opening_record",),
    "candidates": ("candidate_notice",),
    "result": ("result_notice", "failure_notice", "termination"),
    "contract": ("contract_notice",),
}
Guard = Callable[[Session, Case, Actor, datetime], list[Breach]]
# act → what would block it now; filled by the rooms that own the act.
GUARDS: dict[str, Guard] = {}


def blocked_by(act: str) -> Callable[[Guard], Guard]:
    """Declare the function that tells a page why `act` would be refused at this moment."""

    def declare(fn: Guard) -> Guard:
        GUARDS[act] = fn
        return fn

    return declare


def org_names(session: Session, ids: Iterable[str]) -> dict[str, Org]:
    return {org.id: org for org in session.scalars(select(Org).where(Org.id.in_({i for i in ids if i})))}


def parties(session: Session, case: str) -> dict[str, dict[str, str]]:
    """{role: {org, name, uscc}} for tenderer, agency, centre, regulator; a role nobody holds is absent."""
    row = case_row(session, case)
    ids = {
        "tenderer": row.tenderer_org, "agency": row.agency_org, "centre": row.centre_org,
        "regulator": row.regulator_org,
    }  # fmt: skip
    found = org_names(session, ids.values())
    return {
        role: {"org": org, "name": found[org].name, "uscc": found[org].uscc}
        for role, org in ids.items()
        if org in found
    }


def names(session: Session, row: Case) -> dict[str, str]:
    """{role: name of the organisation}, for papers."""
    return {role: party["name"] for role, party in parties(session, row.id).items()}


Judge = Callable[[Session, Actor, Case], bool]
# audience → who else than the case's parties is let in; filled by the rooms that know them.
INSIDERS: dict[str, list[Judge]] = {}


def allow(audience: str, judge: Judge) -> None:
    """Another way into an audience: `judge(session, actor, case)`."""
    INSIDERS.setdefault(audience, []).append(judge)


def admitted(session: Session, row: Case, audience: str, actor: Actor, roles: frozenset[Role]) -> bool:
    """Who may open documents for `audience`: `bidders` are those who may bid while the file is out."""
    inside = roles & {Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR}
    match audience:
        case "public":
            return True
        case "parties" | "members" | "opening" if inside:
            return True
        case "bidders" if inside or Role.BIDDER in roles:
            return True
        case "regulator" if roles & {Role.REGULATOR, Role.AUDITOR}:
            return True
        case "owner" if actor.org in (row.tenderer_org, row.agency_org) and roles:
            return True
    return any(judge(session, actor, row) for judge in INSIDERS.get(audience, ()))


def documents(session: Session, case: str, actor: Actor) -> list[dict[str, Any]]:
    """Documents of a case this actor may open, newest first."""
    row = case_row(session, case)
    roles = stands_as(row, actor)
    query = select(CaseDocument).where(CaseDocument.case_id == case)
    found = list(session.scalars(query.order_by(CaseDocument.created_at.desc(), CaseDocument.id.desc())))
    open_to = {one: admitted(session, row, one, actor, roles) for one in {d.audience for d in found}}
    return [_document(d) for d in found if open_to[d.audience]]


def _document(d: CaseDocument) -> dict[str, Any]:
    keys = ("id", "kind", "title", "sha256", "size", "media", "audience", "stage", "round", "signing_doc", "created_at")
    return {key: getattr(d, key) for key in keys}


def cursor_of(after: str) -> tuple[datetime, str]:
    """(moment, id) of the last row a page showed; Unusable for anything else."""
    moment, _, last = after.partition("|")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not last:
        raise Unusable("after: not a cursor of this list")
    return at, last


def _page(items: list[dict[str, Any]], limit: int, moment: str, key: str) -> dict[str, Any]:
    """The first `limit` items and where the next page begins."""
    shown = items[:limit]
    return {"items": shown, "next": f"{shown[-1][moment].isoformat()}|{shown[-1][key]}" if len(items) > limit else ""}


def _public(kinds: tuple[str, ...]) -> Select[CaseDocument, Case, Project]:
    return (
        select(CaseDocument, Case, Project)
        .join(Case, Case.id == CaseDocument.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(CaseDocument.audience == "public", CaseDocument.kind.in_(kinds))
    )


def portal(
    session: Session,
    *,
    tab: str = "",
    region: str = "",
    category: str = "",
    stage: str = "",
    since: date | None = None,
    until: date | None = None,
    text: str = "",
    after: str = "",
    limit: int = 20,
) -> dict[str, Any]:
    """Public notices, newest first: {items: [...], next: cursor or ""}.

    `tab` is a key of NOTICES, `region` a GB/T 2260 code (a province or city covers what lies in it), `stage` a state.
    """
    if tab and tab not in NOTICES:
        raise Unusable(f"tab: one of {', '.join(NOTICES)} is expected")
    kinds = NOTICES[tab] if tab else tuple(kind for group in NOTICES.values() for kind in group)
    query = _public(kinds)
    if region:
        prefix = region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region
        query = query.where(Case.region.startswith(prefix, autoescape=True))
    if category:
        query = query.where(Project.category.startswith(category, autoescape=True))
    if stage:
        query = query.where(Case.state == stage)
    if text:
        like = [c.contains(text, autoescape=True) for c in (Project.name, Case.lot_name, Case.lot_code)]
        query = query.where(or_(*like))
    if since:
        query = query.where(CaseDocument.created_at >= datetime.combine(since, time.min, CST))
    if until:
        query = query.where(CaseDocument.created_at <= datetime.combine(until, time.max, CST))
    if after:
        at, last = cursor_of(after)
        query = query.where(tuple_(CaseDocument.created_at, CaseDocument.id) < (at, last))
    query = query.order_by(CaseDocument.created_at.desc(), CaseDocument.id.desc()).limit(limit + 1)
    items = [_notice(document, case, project) for document, case, project in session.execute(query)]
    return _page(items, limit, "at", "document")


def _notice(document: CaseDocument, case: Case, project: Project) -> dict[str, Any]:
    return {
        "document": document.id, "kind": document.kind, "title": document.title, "at": document.created_at,
        "sha256": document.sha256, "size": document.size, "case": case.id, "state": case.state, "region": case.region,
        "category": project.category, "lot_code": case.lot_code, "deadline": case.deadline,
    }  # fmt: skip


def cases_of(session: Session, actor: Actor, *, after: str = "", limit: int = 50) -> dict[str, Any]:
    """Cases in which the actor's organisation is a party, newest project first: {items, next}."""
    mine = or_(*(c == actor.org for c in (Case.tenderer_org, Case.agency_org, Case.centre_org, Case.regulator_org)))
    query = select(Case, Project, Case.suspended).join(Project, Project.id == Case.project_id)
    if not actor.has(Role.AUDITOR):
        query = query.where(mine if actor.org else Case.id == "")
    if after:
        at, last = cursor_of(after)
        query = query.where(tuple_(Project.created_at, Case.id) < (at, last))
    query = query.order_by(Project.created_at.desc(), Case.id.desc()).limit(limit + 1)
    items = [_case(case, project, suspended) for case, project, suspended in session.execute(query)]
    return _page(items, limit, "created_at", "case")


def _case(case: Case, project: Project, suspended: bool) -> dict[str, Any]:
    return {
        "case": case.id,
        "name": project.name,
        "lot": case.lot_name,
        "state": case.state,
        "deadline": case.deadline,
        "suspended": suspended,
        "created_at": project.created_at,
    }


def case_page(session: Session, case: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """{case, project, parties, stations, documents, acts}: what this actor may see and do at `now`.

    A station: {state, act, at, by, done}; an act: {act, target, breaches, late}, see open_acts.
    """
    row = case_row(session, case)
    project = session.get_one(Project, row.project_id)
    keys = (
        "id", "lot_no", "lot_name", "lot_code", "deal_code", "duration_days", "state", "suspended", "round", "unit",
        "procedure", "regime", "region", "announced_at", "file_from", "file_until", "deadline", "opened_at",
        "failed_reason",
    )  # fmt: skip
    facts: dict[str, Any] = {key: getattr(row, key) for key in keys}
    roles = stands_as(row, actor)
    if row.announced_at or roles & {Role.TENDERER, Role.AGENCY}:
        for key in ("ceiling", "bid_bond", "validity_days", "evaluation", "award", "remote", "sections", "settings"):
            facts[key] = getattr(row, key)
    own = ("id", "name", "region", "category", "funds", "project_code", "tender_code", "approval_no")
    return {
        "case": facts,
        "project": {key: getattr(project, key) for key in own} | {"plan_published_at": project.plan_published_at},
        "parties": parties(session, case),
        "roles": sorted(roles),
        "stations": stations(session, row),
        "documents": documents(session, case, actor),
        "acts": open_acts(session, row, actor, now),
    }


def stations(session: Session, row: Case) -> list[dict[str, Any]]:
    """Steps taken, then the states still ahead on the straight road."""
    moves = list(session.scalars(select(CaseMove).where(CaseMove.case_id == row.id).order_by(CaseMove.position)))
    orgs = org_names(session, (move.org for move in moves))
    taken = [
        {"state": m.target, "act": m.act, "at": m.at, "by": orgs[m.org].name if m.org in orgs else "", "done": True,
         "round": m.round, "entry": m.entry_hash}
        for m in moves
    ]  # fmt: skip
    road = [
        s
        for s in procedure_of(row).fields.ROAD
        if row.award.get("separate") or s not in ("AWARD_MEETING", "AWARDED_DRAFT")
    ]
    ahead = road[road.index(row.state) + 1 :] if row.state in road else []
    return taken + [{"state": s, "act": "", "at": None, "by": "", "done": False, "round": row.round} for s in ahead]


def open_acts(session: Session, row: Case, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Acts the table opens to this actor from here, each with the breaches that would refuse it now and the `late` ones
    that would be recorded with it."""
    roles, running = stands_as(row, actor), periods.running(session, [row], now)[row.id]
    found: dict[str, dict[str, Any]] = {}
    suspended = row.suspended
    for step in procedure_of(row).machine.open_acts(row.state):
        if not roles & set(step.roles) or step.act in found:
            continue
        breaches = GUARDS[step.act](session, row, actor, now) if step.act in GUARDS else []
        if suspended and step.forward:
            breaches = [SUSPENDED, *breaches]
        late = [breach for one in running if one.act == step.act for breach in one.late]
        found[step.act] = {
            "act": step.act, "target": step.target, "article": step.article, "breaches": breaches, "late": late,
        }  # fmt: skip
    return list(found.values())
