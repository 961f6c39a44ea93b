"""Who is there now: heartbeats live in memory alone, never in the database (domain.md §4: 5 s, lost 30 s)."""

from __future__ import annotations

from datetime import datetime, timedelta

LOST = timedelta(seconds=30)


class Presence:
    """One per process; the socket layer calls `beat`. Rooms are cases, places are member ids."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, datetime]] = {}

    def beat(self, case: str, member: str, now: datetime) -> bool:
        """Note a heartbeat; True when the member was not there before (worth telling the room)."""
        seen = self._seen.setdefault(case, {})
        before = seen.get(member)
        seen[member] = now
        return before is None or now - before > LOST

    def present(self, case: str, now: datetime) -> set[str]:
        return {member for member, at in self._seen.get(case, {}).items() if now - at <= LOST}

    def lost(self, case: str, now: datetime) -> set[str]:
        """Members whose line fell silent since they were last told to be there; each is named once."""
        gone = {member for member, at in self._seen.get(case, {}).items() if now - at > LOST}
        for member in gone:
            del self._seen[case][member]
        return gone

    def close(self, case: str) -> None:
        self._seen.pop(case, None)


PRESENCE = Presence()
