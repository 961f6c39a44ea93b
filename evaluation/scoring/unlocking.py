"""Sheets that are to be reopened: asked for by their member, decided by the leader (domain.md §3.6, independence)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.committee.models import Member
from evaluation.scoring.models import UnlockRequest


def requests(session: Session, rows: Sequence[Member]) -> list[UnlockRequest]:
    query = select(UnlockRequest).where(UnlockRequest.member_id.in_([row.id for row in rows]))
    return list(session.scalars(query.order_by(UnlockRequest.asked_at, UnlockRequest.id)))


def waiting(session: Session, rows: Sequence[Member]) -> list[UnlockRequest]:
    """Not decided yet: the summary does not come before they are."""
    return [one for one in requests(session, rows) if one.state == "asked"]


def shown(session: Session, rows: Sequence[Member]) -> list[dict[str, Any]]:
    """Who asked, why, and what was decided; never a point."""
    return [
        {"id": one.id, "member": one.member_id, "reason": one.reason, "at": one.asked_at.isoformat(),
         "state": one.state, "answer": one.answer}
        for one in requests(session, rows)
    ]  # fmt: skip
