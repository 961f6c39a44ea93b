"""Pure judgments on bookings and seats."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.rules import Breach

ARTICLE = "电子招标投标办法 第33条"
BUFFER = timedelta(minutes=30)  # domain.md §4, practice
DEVICE_FRESH = timedelta(minutes=10)

Span = tuple[datetime, datetime]


def overlap(a: Span, b: Span, buffer: timedelta = BUFFER) -> bool:
    """Whether two uses come closer to each other than the buffer."""
    return a[0] < b[1] + buffer and b[0] < a[1] + buffer


def room_for(asked: int, wanted: Span, taken: Iterable[tuple[Span, int]], capacity: int) -> list[Breach]:
    """A centre never promises more seats at one time than it has; `taken` are its accepted bookings."""
    used = sum(seats for span, seats in taken if overlap(span, wanted))
    free = capacity - used
    return [] if asked <= free else [Breach("VENUE-FULL", ARTICLE, "B", f"≤ {free}", str(asked), "seats")]


def device_fresh(checked: datetime | None, now: datetime) -> bool:
    """Camera and screen capture must have been found working within ten minutes."""
    return checked is not None and timedelta(0) <= now - checked <= DEVICE_FRESH
