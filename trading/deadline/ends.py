"""The end until which sealed quotes and responses may be handed in: time in which the platform could not be reached
moves it, by itself and never silently. (A tender's deadline is the tenderer's to decide about: outages.py.)

Judged by the platform's own heartbeats (core.heartbeat) over a time before an end (rules.RULES), with every beat and
at the end itself; while uploads are not known to have run, no clock closes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import heartbeat
from core.acts import Tx
from core.clock import CST
from core.heartbeat import EVERY, PROCESSES, UPLOAD
from core.rules import shown
from trading.deadline import rules
from trading.deadline.models import SealedBreak
from trading.deadline.rules import Book

# Beats come from so long before an end on, more than any END-JUDGED, and until so long after it.
AHEAD, BEHIND = timedelta(hours=2), timedelta(days=2)


@dataclass(frozen=True)
class End:
    """An end that is waited for. `told`: when suppliers were first told of it, by which its rules are dated. `move`:
    write the later one, with its entry, and tell those who are asked."""

    subject: str
    told: datetime
    at: datetime
    move: Callable[[Tx, datetime, dict[str, Any]], None]


# Open ends between two moments; filled by the rooms that have them.
ENDS: list[Callable[[Session, datetime, datetime], list[End]]] = []


def _book(end: End) -> Book:
    return rules.ends_book(end.told.astimezone(CST).date())


def near(session: Session, now: datetime) -> list[End]:
    return [end for find in ENDS for end in find(session, now - BEHIND, now + AHEAD)]


def watched(session: Session, now: datetime) -> bool:
    return bool(near(session, now))


def look(tx: Tx) -> None:
    for end in near(tx.session, tx.now):
        put_off(tx, end)


def lost(session: Session, end: End, now: datetime) -> list[tuple[datetime, datetime]]:
    """Times without service that have ended and were not given back yet, in their order and apart from each other."""
    book = _book(end)
    longest, judged = rules.longest(book), rules.judged_since(end.at, book)
    query = select(SealedBreak.until).where(SealedBreak.subject == end.subject).order_by(SealedBreak.until.desc())
    since = max(judged, session.scalar(query.limit(1)) or judged)
    gaps = [gap for one in PROCESSES for gap in heartbeat.gaps(session, one, since, end.at, now, longest)]
    found: list[tuple[datetime, datetime]] = []
    for begun, until in sorted((max(gap.since, since), gap.until) for gap in gaps if gap.until is not None):
        if found and begun <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], until)
        else:
            found.append((begun, until))
    return found


def put_off(tx: Tx, end: End) -> bool:
    """Give the lost time back; whether there was any. Who was kept away has as long again, and not from a moment on
    at which nobody could be there."""
    times = lost(tx.session, end, tx.now)
    if not times:
        return False
    away = sum((min(until, end.at) - begun for begun, until in times), timedelta(0))
    later = max(end.at, times[-1][1]) + away
    tx.session.add(
        SealedBreak(subject=end.subject, since=times[0][0], until=times[-1][1], end_before=end.at, end_after=later)
    )
    body = {"since": times[0][0], "until": times[-1][1], "end_before": end.at, "ends_at": later,
            "lost_seconds": int(away.total_seconds())}  # fmt: skip
    end.move(tx, later, body | {"warnings": shown(rules.kept_away(times, _book(end)))})
    return True


def unsure(session: Session, end: End, now: datetime) -> datetime | None:
    """When to look again whether uploads ran until the end; None when that is known, or the platform never beat."""
    newest = heartbeat.newest(session, UPLOAD)
    return None if newest is None or newest >= end.at else now + EVERY


def breaks(session: Session, subject: str) -> list[SealedBreak]:
    query = select(SealedBreak).where(SealedBreak.subject == subject).order_by(SealedBreak.until)
    return list(session.scalars(query))
