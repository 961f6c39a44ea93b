"""Ends of sealed responses and of quotes in mini-competitions, where the platform could not be reached: they move."""

from __future__ import annotations

from collections.abc import Iterable
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
# table → (column of the end, of the day suppliers were told of it; timer at the end)
COLUMNS = {
    Framework: ("deadline", "solicited_at", "framework.close"),
    FrameworkNeed: ("end_at", "created_at", "framework.quote_end"),
}


def end_of(row: Framework | FrameworkNeed) -> End:
    """Of an agreement's responses, or of the quotes for one purchase under it."""
    column, since, timer = COLUMNS[type(row)]
    at: datetime = getattr(row, column)

    def move(tx: Tx, later: datetime, body: dict[str, Any]) -> None:
        assert row.unlock_until is not None
        row.unlock_until += later - at
        setattr(row, column, later)
        jobs.plan(tx.session, later, timer, row.id)
        whose, said = (row.id, {}) if isinstance(row, Framework) else (row.framework_id, {"need": row.id})
        tx.record(stream(whose), KIND, said | body)
        for one in _listening(tx.session, row):
            tx.publish(one, KIND, {"framework": whose, "ends_at": later.isoformat()} | said)

    return End(row.id, getattr(row, since), at, move)


def _listening(session: Session, row: Framework | FrameworkNeed) -> Iterable[str]:
    """Whoever sees the agreement and those who answered; of one purchase those who are invited."""
    if isinstance(row, Framework):
        return [channel(row.id), *(f"me:{one.person_id}" for one in sealed.shelf_of(row.id).live(session))]
    asked = FrameworkMember.id.in_([one["member"] for one in row.invited])
    return [f"me:{person}" for person in session.scalars(select(FrameworkMember.person_id).where(asked))]


def waits(tx: Tx, row: Framework | FrameworkNeed) -> bool:
    """Whether nothing ends now: the end has moved, or it is not known yet whether everybody could be there."""
    end = end_of(row)
    if ends.put_off(tx, end):
        return True
    again = ends.unsure(tx.session, end, tx.now)
    if again is not None:
        jobs.plan(tx.session, again, COLUMNS[type(row)][-1], row.id)
    return again is not None


def _open(session: Session, first: datetime, last: datetime) -> list[End]:
    calls = select(Framework).where(Framework.state == "SOLICITED", Framework.deadline.between(first, last))
    needs = select(FrameworkNeed).where(FrameworkNeed.state == "QUOTING", FrameworkNeed.end_at.between(first, last))
    found = session.scalars(calls.order_by(Framework.id)), session.scalars(needs.order_by(FrameworkNeed.id))
    return [end_of(row) for rows in found for row in rows]


ends.ENDS.append(_open)
