"""Who was heard when: heartbeats live in memory alone, never in the database (domain.md §4: one every 5 s).

What follows from silence is judged and written in evaluation/failures/lines.py.
"""

from __future__ import annotations

from datetime import datetime


class Presence:
    """One per process; the socket layer calls `beat`. Rooms are cases, places member ids, times the machine's own."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, datetime]] = {}

    def beat(self, case: str, member: str, now: datetime) -> None:
        self._seen.setdefault(case, {})[member] = now

    def last(self, case: str, member: str) -> datetime | None:
        """When the member was last heard by this process, None when never."""
        return self._seen.get(case, {}).get(member)

    def close(self, case: str) -> None:
        self._seen.pop(case, None)


PRESENCE = Presence()
