"""Templates to look at, and the one an opening takes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from trading.record.models import RecordTemplate, RecordTemplateVersion
from trading.record.rules import Layout


def _layout(version: RecordTemplateVersion) -> Layout:
    return Layout(
        version.template_id, version.name, version.version, frozenset(version.columns), version.opening_words,
        version.closing_words,
    )  # fmt: skip


def in_force(session: Session, centre_org: str) -> Layout:
    """The template of this centre's openings now; the house's own where it has chosen none."""
    chosen = (RecordTemplate.centre_org == centre_org, RecordTemplate.state == "in_force")
    row = session.scalar(select(RecordTemplate).where(*chosen))
    return _layout(session.get_one(RecordTemplateVersion, (row.id, row.version))) if row else Layout()


def templates(session: Session, actor: Actor, *, text: str = "", deleted: bool = False) -> list[dict[str, Any]]:
    """Templates of the actor's centre whose name has `text` in it, the one in force first: [{id, name, state, version,
    changed_at, layout}]."""
    if not actor.has(Role.CENTRE) or not actor.org:
        return []
    query = select(RecordTemplate, RecordTemplateVersion).join(
        RecordTemplateVersion,
        (RecordTemplateVersion.template_id == RecordTemplate.id)
        & (RecordTemplateVersion.version == RecordTemplate.version),
    )
    query = query.where(RecordTemplate.centre_org == actor.org, (RecordTemplate.state == "deleted") == deleted)
    if text:
        query = query.where(RecordTemplate.name.contains(text, autoescape=True))
    found = session.execute(query.order_by(RecordTemplate.state, RecordTemplate.changed_at.desc(), RecordTemplate.id))
    keys = ("id", "name", "state", "version", "changed_at")
    return [{key: getattr(row, key) for key in keys} | {"layout": _layout(version)} for row, version in found]


def versions(session: Session, actor: Actor, template: str) -> list[Layout]:
    """Every version of a template of the actor's centre, newest first; also of a deleted one."""
    row = session.get(RecordTemplate, template)
    if row is None or not actor.has(Role.CENTRE) or row.centre_org != actor.org:
        return []
    mine = select(RecordTemplateVersion).where(RecordTemplateVersion.template_id == template)
    return [_layout(one) for one in session.scalars(mine.order_by(RecordTemplateVersion.version.desc()))]
