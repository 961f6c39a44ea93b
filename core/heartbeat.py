"""The platform's own pulse: each process says that it runs, in a ledger stream and a table of its own.

A gap between two beats is time in which nobody could reach that process. It is judged between beats only, so that a
database no server has served yet shows none, and measured by the machine's clock: where a demo's clock was moved in
between, that much is taken off (`ahead` is zero in production, whatever is moved).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import BigInteger, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.acts import Tx
from core.db import Base, Keyed

STREAM = "heartbeat"
PAGE, UPLOAD = "page", "upload"
PROCESSES = (PAGE, UPLOAD)
EVERY = timedelta(seconds=30)
KEPT = timedelta(days=90)  # in the table; the stream keeps all


class Heartbeat(Keyed, Base):
    """`ahead`: milliseconds by which the demo's clock stood before the machine's own."""

    __tablename__ = "heartbeat"
    process: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    ahead: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("ix_heartbeat_process_at", "process", "at"),)


@dataclass(frozen=True)
class Gap:
    """No beat of `process` after `since` before `until`; None = none until now."""

    process: str
    since: datetime
    until: datetime | None


def beat(tx: Tx, *processes: str) -> None:
    """One entry each; never says why it was time for one."""
    ahead = tx.ahead // timedelta(milliseconds=1)
    for process in processes:
        tx.session.add(Heartbeat(process=process, at=tx.now, ahead=ahead))
        tx.record(STREAM, "heartbeat", {"process": process} | ({"ahead_ms": ahead} if ahead else {}))
        _forget(tx.session, process, tx.now - KEPT)


def _forget(session: Session, process: str, before: datetime) -> None:
    """The newest of the old ones stays: a silence that reaches into the kept time begins with it."""
    mine = Heartbeat.process == process
    last = session.scalar(select(func.max(Heartbeat.at)).where(mine, Heartbeat.at < before))
    if last is not None:
        session.execute(delete(Heartbeat).where(mine, Heartbeat.at < last))


def newest(session: Session, process: str) -> datetime | None:
    return session.scalar(select(func.max(Heartbeat.at)).where(Heartbeat.process == process))


def next_after(session: Session, process: str, moment: datetime) -> datetime | None:
    return session.scalar(select(func.min(Heartbeat.at)).where(Heartbeat.process == process, Heartbeat.at > moment))


def gaps(
    session: Session, process: str, since: datetime, until: datetime, now: datetime, longest: timedelta
) -> list[Gap]:
    """Gaps longer than `longest` that reach into `since`…`until`; the time between the last beat and `now` is one."""
    if min(until, now) <= since:
        return []
    mine = Heartbeat.process == process
    before = session.scalar(select(func.max(Heartbeat.at)).where(mine, Heartbeat.at <= since))
    after = session.scalar(select(func.min(Heartbeat.at)).where(mine, Heartbeat.at >= until))
    query = select(Heartbeat.at, Heartbeat.ahead).where(mine, Heartbeat.at >= (before or since))
    query = query.where(Heartbeat.at <= (after or now)).order_by(Heartbeat.at, Heartbeat.ahead)
    beats = [(at, ahead) for at, ahead in session.execute(query)]
    return [Gap(process, one, other) for one, other in _long(beats, None if after else now, longest)]


def _long(
    beats: Sequence[tuple[datetime, int]], now: datetime | None, longest: timedelta
) -> list[tuple[datetime, datetime | None]]:
    found: list[tuple[datetime, datetime | None]] = []
    for (one, then), (other, later) in pairwise(beats):
        if other - one - timedelta(milliseconds=later - then) > longest:
            found.append((one, other))
    if beats and now is not None and now - beats[-1][0] > longest:
        found.append((beats[-1][0], None))
    return found
