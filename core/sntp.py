"""How far this machine's clock is from national standard time, as SNTP servers answer (RFC 4330).

Network I/O: never inside a transaction. The machine's own clock is measured, also under a demo's movable one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import ntplib

PATIENCE = 2.0  # seconds for one server
SERVER, UNSYNCHRONISED, MOST_STRATUM = 4, 3, 15  # mode, leap indicator, worst distance from a reference clock
MOST_DELAY = 1.0  # seconds there and back: the offset is as uncertain as half of it
SLACK = 0.001  # seconds: a timestamp goes through the 32 bits of its fraction
MILLISECOND = Decimal("0.001")


@dataclass(frozen=True)
class Answer:
    """One server's. `offset`: seconds to add to our clock, `delay`: seconds there and back; None where `cause` says why
    there is none."""

    server: str
    offset: Decimal | None = None
    delay: Decimal | None = None
    stratum: int | None = None
    cause: str = ""


def compare(servers: Sequence[str]) -> tuple[Answer, ...]:
    """One after the other, each within PATIENCE."""
    return tuple(ask(server) for server in servers)


def middle(answers: Sequence[Answer]) -> Answer | None:
    """The median: of three, one that lies changes nothing. Of an even number the one farther from zero of the middle
    two, so that a doubt rather asks a person than stays unseen. None where nobody answered."""
    known = sorted((one for one in answers if one.offset is not None), key=lambda one: one.offset or Decimal(0))
    if not known:
        return None
    two = known[(len(known) - 1) // 2], known[len(known) // 2]
    return max(two, key=lambda one: abs(one.offset or Decimal(0)))


def ask(server: str) -> Answer:
    host, _, port = server.partition(":")
    before = time.time()
    try:
        found = ntplib.NTPClient().request(host, version=4, port=port or "ntp", timeout=PATIENCE)
    except (ntplib.NTPException, OSError) as error:
        return Answer(server, cause=str(error) or type(error).__name__)
    if not before - SLACK <= found.orig_time <= time.time() + SLACK:
        return Answer(server, cause="not an answer to what was asked")
    if found.mode != SERVER or found.leap == UNSYNCHRONISED or not 1 <= found.stratum <= MOST_STRATUM:
        return Answer(server, cause=f"not synchronised (stratum {found.stratum})")
    if found.delay > MOST_DELAY:
        return Answer(server, cause=f"round trip of {found.delay:.3f} s")
    return Answer(server, _rounded(found.offset), _rounded(found.delay), found.stratum)


def _rounded(seconds: float) -> Decimal:
    return Decimal(seconds).quantize(MILLISECOND)
