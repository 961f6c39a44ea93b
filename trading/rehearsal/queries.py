"""A person's own rehearsal, and nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.doors import Payload, asking
from trading.opening.queries import said, words_of
from trading.rehearsal.models import Rehearsal

UNIT = "万元"


def mine(session: Session, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """The one under way: {id, state, begun_at, until, version, size, manifest, receipt, received_at, unlocked_at, row};
    `row` is the line read out, once opened."""
    query = select(Rehearsal).where(Rehearsal.person_id == actor.person, Rehearsal.state != "left")
    found = session.scalar(query.where(Rehearsal.until > now).order_by(Rehearsal.begun_at.desc()).limit(1))
    if found is None or not actor.person:
        return None
    keys = (
        "id", "state", "begun_at", "until", "version", "size", "manifest", "receipt", "received_at", "unlocked_at",
    )  # fmt: skip
    return {key: getattr(found, key) for key in keys} | {"row": _row(found, actor) if found.opened else None}


def _row(found: Rehearsal, actor: Actor) -> dict[str, Any]:
    """As a line of the hall."""
    price, days = found.opened["price"], found.opened["duration_days"]
    return found.opened | {
        "number": 1, "org_name": actor.org_name, "words": words_of(price, UNIT),
        "say": said(1, actor.org_name, price, UNIT, days),
    }  # fmt: skip


@asking("rehearsal.mine", Role.BIDDER)
def ask_mine(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {rehearsal: null or what `mine` says}."""
    return {"rehearsal": mine(session, actor, now)}
