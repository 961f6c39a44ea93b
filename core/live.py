"""Channels with numbered events: what a page missed it can always fetch by the last number it saw.

A channel belongs to one audience (`hall:<case>`, `room:<case>`, `watch:<case>`), so its numbers tell nothing about
what other audiences see. Delivery is never trusted; the row is the truth, the socket only hurries it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base


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


def since(session: Session, channel: str, after: int, limit: int = 500) -> list[LiveEvent]:
    """Events of `channel` with a number > `after`, oldest first, at most `limit`."""
    query = select(LiveEventRow).where(LiveEventRow.channel == channel, LiveEventRow.seq > after)
    rows = session.scalars(query.order_by(LiveEventRow.seq).limit(limit))
    return [LiveEvent(r.channel, r.seq, r.at, r.kind, r.data) for r in rows]


def last(session: Session, channel: str) -> int:
    """Number of the newest event, 0 for a silent channel."""
    row = session.get(LiveChannel, channel)
    return row.last if row else 0
