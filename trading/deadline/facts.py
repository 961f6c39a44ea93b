"""When the clock is compared around a deadline, and readings for the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Step:
    """A comparison so long before (or at) the moment it serves."""

    name: str
    before: timedelta


# P: what is compared before every deadline; the last of them with the deadline itself.
STEPS = (
    Step("30 min", timedelta(minutes=30)),
    Step("5 min", timedelta(minutes=5)),
    Step("deadline", timedelta(0)),
)
WINDOW = Step("window", timedelta(minutes=1))  # before the time to unlock ends

GO_ON, POSTPONE = "go_on", "postpone"
DECISIONS = (GO_ON, POSTPONE)


@dataclass(frozen=True)
class Silence:
    """A process that did not answer: "page" or "upload". `until` None = still."""

    process: str
    since: datetime
    until: datetime | None
