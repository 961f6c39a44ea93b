"""Ends of sealed responses and of quotes in mini-competitions, where the platform could not be reached: they move."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import jobs
from core.acts import Tx
from trading.deadline import ends
from trading.deadline.ends import End
from trading.framework import sealed
from trading.framework.models import Framework, FrameworkMember, FrameworkNeed
from trading.framework.states import channel, stream

KIND = "framework.interrupted"


def of_framework(row: Framework) -> End:
    assert row.deadline is not None

    def move(tx: Tx, later: datetime, body: dict[str, Any]) -> None:
        assert row.deadline is not None and row.unlock_until is not None
        row.unlock_until += later - row.deadline
        row.deadline = later
        jobs.plan(tx.session, later, "framework.close", row.id)
        tx.record(stream(row.id), KIND, body)
        tx.publish(channel(row.id), KIND, {"ends_at": later.isoformat()})
        for one in sealed.shelf_of(row.id).live(tx.session):
            tx.publish(f"me:{one.person_id}", KIND, {"framework": row.id, "ends_at": later.isoformat()})

    return End(row.id, row.solicited_at or row.deadline, row.deadline, move)


def of_need(need: FrameworkNeed) -> End:
    assert need.end_at is not None

    def move(tx: Tx, later: datetime, body: dict[str, Any]) -> None:
        assert need.end_at is not None and need.unlock_until is not None
        need.unlock_until += later - need.end_at
        need.end_at = later
        jobs.plan(tx.session, later, "framework.quote_end", need.id)
        tx.record(stream(need.framework_id), KIND, {"need": need.id} | body)
        asked = [one["member"] for one in need.invited]
        for person in tx.session.scalars(select(FrameworkMember.person_id).where(FrameworkMember.id.in_(asked))):
            tx.publish(f"me:{person}", KIND, {"need": need.id, "ends_at": later.isoformat()})

    return End(need.id, need.created_at, need.end_at, move)


def waits(tx: Tx, end: End, act: str) -> bool:
    """Whether nothing ends now: the end has moved, or it is not known yet whether everybody could be there."""
    if ends.put_off(tx, end):
        return True
    again = ends.unsure(tx.session, end, tx.now)
    if again is not None:
        jobs.plan(tx.session, again, act, end.subject)
    return again is not None


def _open(session: Session, first: datetime, last: datetime) -> list[End]:
    calls = select(Framework).where(Framework.state == "SOLICITED", Framework.deadline.between(first, last))
    needs = select(FrameworkNeed).where(FrameworkNeed.state == "QUOTING", FrameworkNeed.end_at.between(first, last))
    found = [of_framework(row) for row in session.scalars(calls.order_by(Framework.id))]
    return found + [of_need(row) for row in session.scalars(needs.order_by(FrameworkNeed.id))]


ends.ENDS.append(_open)
