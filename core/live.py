"""Channels with numbered events: what a page missed it can always fetch by the last number it saw.

A channel belongs to one audience (`hall:<case>`, `room:<case>`, `watch:<case>`), so its numbers tell nothing about
what other audiences see. Delivery is never trusted; the row is the truth, the socket only hurries it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base
from core.prepared import Prepared


class LiveChannel(Base):
    __tablename__ = "live_channel"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class LiveEventRow(Base):
    __tablename__ = "live_event"
    channel: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]]


@dataclass(frozen=True)
class LiveEvent:
    channel: str
    seq: int
    at: datetime
    kind: str
    data: dict[str, Any]

    def public(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "seq": self.seq,
            "at": self.at.isoformat(),
            "kind": self.kind,
            "data": self.data,
        }


class Hub:
    """Hands committed events to whoever pushes them (the Socket.IO server); silent until one is attached."""

    def __init__(self) -> None:
        self.push: Callable[[LiveEvent], None] | None = None

    def tell(self, event: LiveEvent) -> None:
        if self.push is not None:
            self.push(event)


def append(session: Session, channel: str, kind: str, data: dict[str, Any], *, now: datetime) -> LiveEvent:
    head = session.get(LiveChannel, channel, with_for_update=True)
    if head is None:
        head = LiveChannel(name=channel, last=0)
        session.add(head)
    head.last += 1
    session.add(LiveEventRow(channel=channel, seq=head.last, at=now, kind=kind, data=data))
    return LiveEvent(channel, head.last, now, kind, data)


class Batch:
    """Events of many acts, numbered and written together."""

    def __init__(self, connection: Connection, channels: Collection[str], now: datetime) -> None:
        found = ((name, _LAST.first(connection, {"channel": name})) for name in channels)
        self._last: dict[str, int] = {name: row[0] for name, row in found if row is not None}
        self._fresh = set(channels) - set(self._last)
        self._now = now
        self._rows: list[dict[str, Any]] = []

    def add(self, channel: str, kind: str, data: dict[str, Any]) -> LiveEvent:
        number = self._last[channel] = self._last.get(channel, 0) + 1
        self._rows.append({"channel": channel, "seq": number, "at": self._now, "kind": kind, "data": data})
        return LiveEvent(channel, number, self._now, kind, data)

    def store(self, connection: Connection) -> None:
        _ADD.many(connection, self._rows)
        known = [{"channel": name, "number": last} for name, last in self._last.items() if name not in self._fresh]
        _COUNT.many(connection, known)
        _OPEN.many(connection, [{"name": name, "last": self._last[name]} for name in self._fresh])


_ADD, _OPEN = Prepared(insert(LiveEventRow)), Prepared(insert(LiveChannel))
_LAST = Prepared(select(LiveChannel.last).where(LiveChannel.name == bindparam("channel")))
_COUNT = Prepared(
    update(LiveChannel).where(LiveChannel.name == bindparam("channel")).values(last=bindparam("number"))
)  # fmt: skip


def since(session: Session, channel: str, after: int, limit: int = 500) -> list[LiveEvent]:
    """Events of `channel` with a number > `after`, oldest first, at most `limit`."""
    query = select(LiveEventRow).where(LiveEventRow.channel == channel, LiveEventRow.seq > after)
    rows = session.scalars(query.order_by(LiveEventRow.seq).limit(limit))
    return [LiveEvent(r.channel, r.seq, r.at, r.kind, r.data) for r in rows]


def last(session: Session, channel: str) -> int:
    """Number of the newest event, 0 for a silent channel."""
    row = session.get(LiveChannel, channel)
    return row.last if row else 0
