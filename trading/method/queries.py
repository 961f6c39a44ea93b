"""Templates of evaluation methods: to look at and to begin a file from; one's own, and what centres keep for all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import Actor, Role
from core.faults import Unusable
from trading.method.models import MethodTemplate, MethodTemplateVersion
from trading.project.models import Case, Project
from trading.project.states import stands_as


def may_read_file(row: Case, actor: Actor) -> bool:
    """Whether the actor may keep this file's evaluation part: its authors; its centre once it is issued."""
    roles = stands_as(row, actor)
    return bool(roles & {Role.TENDERER, Role.AGENCY}) or (Role.CENTRE in roles and row.announced_at is not None)


def templates(session: Session, actor: Actor, *, procedure: str = "", method: str = "") -> list[dict[str, Any]]:
    """[{id, name, procedure, method, version, changed_at, own, org_name}] that the actor may take, its own first."""
    query = select(MethodTemplate, Org).join(Org, Org.id == MethodTemplate.org_id)
    query = query.where(MethodTemplate.state == "kept")
    if procedure:
        query = query.where(MethodTemplate.procedure == procedure)
    if method:
        query = query.where(MethodTemplate.method == method)
    keys = ("id", "name", "procedure", "method", "version", "changed_at")
    found = [
        {key: getattr(row, key) for key in keys} | {"own": row.org_id == actor.org, "org_name": org.name}
        for row, org in session.execute(query.order_by(MethodTemplate.procedure, MethodTemplate.method,
                                                       MethodTemplate.name))
        if row.org_id == actor.org or "centre" in org.kinds
    ]  # fmt: skip
    return sorted(found, key=lambda one: not one["own"])


def versions(session: Session, actor: Actor, template: str) -> list[MethodTemplateVersion]:
    """Every version of a template the actor may take, newest first; [] for any other."""
    row = session.get(MethodTemplate, template)
    org = session.get(Org, row.org_id) if row else None
    if row is None or org is None or row.state == "deleted" or not (row.org_id == actor.org or "centre" in org.kinds):
        return []
    query = select(MethodTemplateVersion).where(MethodTemplateVersion.template_id == template)
    return list(session.scalars(query.order_by(MethodTemplateVersion.version.desc())))


def taken(session: Session, actor: Actor, template: str, procedure: str) -> MethodTemplateVersion:
    """The newest version, for a file of this project type; Unusable where it is not offered."""
    found = versions(session, actor, template)
    row = session.get(MethodTemplate, template)
    if not found or row is None or row.procedure != procedure:
        raise Unusable("template: none that is offered for this project type")
    return found[0]


def sources(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """(case, title) of files whose evaluation part the actor may keep, newest first."""
    query = select(Case, Project.name).join(Project, Project.id == Case.project_id)
    mine = or_(Case.tenderer_org == actor.org, Case.agency_org == actor.org, Case.centre_org == actor.org)
    rows = session.execute(query.where(mine).order_by(Case.announced_at.desc(), Case.id.desc()).limit(100))
    return [(row.id, f"{name} {row.lot_name}") for row, name in rows if row.evaluation and may_read_file(row, actor)]
