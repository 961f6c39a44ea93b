"""How far this machine's clock is from national standard time, as SNTP servers answer (RFC 4330).

Network I/O: never inside a transaction. The machine's own clock is measured, also under a demo's movable one.
"""

from __future__ import annotations

import socket
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

# Every cause begins with one of these, so that whoever shows it can say it in the reader's language.
NO_RESPONSE, UNREACHABLE, NO_NAME = "No response", "not reachable", "unknown name"
OTHER, UNSYNC, SLOW, GARBAGE = "not an answer to what was asked", "not synchronised", "round trip", "Invalid NTP packet"
CAUSES = (NO_RESPONSE, UNREACHABLE, NO_NAME, OTHER, UNSYNC, SLOW, GARBAGE)


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
    except ntplib.NTPException as error:
        return Answer(server, cause=NO_RESPONSE if str(error).startswith(NO_RESPONSE) else GARBAGE)
    except OSError as error:
        return Answer(server, cause=NO_NAME if isinstance(error, socket.gaierror) else UNREACHABLE)
    if not before - SLACK <= found.orig_time <= time.time() + SLACK:
        return Answer(server, cause=OTHER)
    if found.mode != SERVER or found.leap == UNSYNCHRONISED or not 1 <= found.stratum <= MOST_STRATUM:
        return Answer(server, cause=f"{UNSYNC} (stratum {found.stratum})")
    if found.delay > MOST_DELAY:
        return Answer(server, cause=f"{SLOW} of {found.delay:.3f} s")
    return Answer(server, _rounded(found.offset), _rounded(found.delay), found.stratum)


def kind_of(cause: str) -> str:
    """Which of CAUSES it is, "" for none of them."""
    return next((one for one in CAUSES if cause.startswith(one)), "")


def _rounded(seconds: float) -> Decimal:
    return Decimal(seconds).quantize(MILLISECOND)
