"""One clock. Requests and transactions read it once; the demo clock can be moved, forward only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

from core.rules import Breach, Refused

CST = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, in CST, to the millisecond."""
        ...

    @property
    def ahead(self) -> timedelta:
        """How far it has been moved away from the machine's own clock; zero everywhere but in the demo."""
        ...


def _trim(moment: datetime) -> datetime:
    return moment.astimezone(CST).replace(microsecond=moment.microsecond // 1000 * 1000)


class SystemClock:
    """The machine's clock; production keeps it right with NTP and shows it on every page."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return _trim(datetime.now(UTC))


class DemoClock:
    """Runs at real speed from a movable start; exists only where DEMO=1. `offset` is what must be stored."""

    def __init__(self, offset: timedelta) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return _trim(datetime.now(UTC) + self.offset)

    @property
    def ahead(self) -> timedelta:
        return self.offset

    def move_to(self, moment: datetime) -> datetime:
        """Jump forward; Refused when `moment` lies in the past of this clock."""
        here = self.now()
        if moment < here:
            raise Refused(Breach("CLOCK", "demo", "B", f"≥ {here.isoformat()}", moment.isoformat()))
        self.offset += moment - here
        return self.now()


class FixedClock:
    """For tests: stands still until told."""

    ahead = timedelta(0)

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return _trim(self.moment)
