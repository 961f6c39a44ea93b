"""What the server's clock is compared with, on every page: national standard time by SNTP, or honestly nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app
from flask_babel import gettext

from certs.blocking import run_blocking
from core import sntp
from core.sntp import Answer
from web import words
from web.front import wired
from web.words import N_

CAUSES = {
    sntp.NO_RESPONSE: N_("no response"),
    sntp.UNREACHABLE: N_("not reachable"),
    sntp.NO_NAME: N_("unknown name"),
    sntp.OTHER: N_("not an answer to what was asked"),
    sntp.UNSYNC: N_("not synchronised"),
    sntp.SLOW: N_("the answer took too long"),
    sntp.GARBAGE: N_("not a time"),
}
EVERY = 300  # seconds between two comparisons
log = logging.getLogger("gongheng.web")


@dataclass
class Compared:
    """The last comparison of this process; `answers` is () before the first."""

    servers: tuple[str, ...]
    at: datetime | None = None
    answers: tuple[Answer, ...] = ()


def compare(app: Flask) -> None:
    kept: Compared = app.extensions["gongheng.time"]
    answers = run_blocking(lambda: sntp.compare(kept.servers))
    kept.at, kept.answers = app.extensions["gongheng"].acts.house.clock.now(), answers


def compare_for_ever(app: Flask) -> None:
    """In the process that serves pages; nothing to do where no server is set."""
    while app.extensions["gongheng.time"].servers:
        try:
            compare(app)
        except Exception as error:  # the next round tries again
            log.error("standard time: %s", type(error).__name__)
        time.sleep(EVERY)


def sentence() -> str:
    """For this reader. The offset is what our clock would have to be moved by."""
    kept: Compared = current_app.extensions["gongheng.time"]
    said = _said(kept)
    if wired().config.demo:
        said += " " + gettext("Demo: the clock shown is moved by hand; only the machine's own is ever compared.")
    return said


def causes(answers: Sequence[tuple[str, str]]) -> str:
    """Why each (server, cause) gave no time, in this reader's words; a text of an earlier release as it stands."""
    return "; ".join(f"{server}: {_word(cause)}" for server, cause in answers if cause)


def _word(cause: str) -> str:
    known = CAUSES.get(sntp.kind_of(cause))
    return str(gettext(known)) if known else cause


def _said(kept: Compared) -> str:
    if not kept.servers:
        return str(gettext("It is not compared with national standard time: no time server is set."))
    if kept.at is None:
        return str(gettext("It is being compared with national standard time."))
    held, at = sntp.middle(kept.answers), words.moment(kept.at, "%H:%M:%S")
    if held is None:
        cause = causes([(one.server, one.cause) for one in kept.answers])
        return str(gettext("At %(at)s no time server could be reached (%(cause)s).", at=at, cause=cause))
    return str(
        gettext(
            "At %(at)s it was compared with %(server)s (stratum %(stratum)s): %(offset)s s, round trip %(delay)s s.",
            at=at, server=held.server, stratum=held.stratum, offset=f"{held.offset:+}", delay=held.delay,
        )
    )  # fmt: skip
