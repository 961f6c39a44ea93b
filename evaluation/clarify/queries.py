"""Questions put to bidders, oldest first."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.sitting.models import Clarification


def of_committee(session: Session, committee_id: str) -> list[Clarification]:
    query = select(Clarification).where(Clarification.committee_id == committee_id)
    return list(session.scalars(query.order_by(Clarification.asked_at, Clarification.id)))
