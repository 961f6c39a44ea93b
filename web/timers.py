"""Rings due jobs. They only announce: each act decides by the clock inside its own transaction (core.jobs)."""

from __future__ import annotations

import logging
import time
from typing import Any

from flask import Flask

from certs.desk_sign import seal_waiting
from core import jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.doors import TABLE
from core.faults import Unusable
from web.front import Wired

PERIOD = 0.5  # seconds between two looks
log = logging.getLogger("gongheng.web")


def perform(acts: Acts, name: str, case: str, payload: dict[str, Any]) -> dict[str, Any]:
    """An act by the system itself: through the same table, without a person's permit and proof."""
    door = TABLE.get(name)
    if door is None:
        raise Unusable(f"no such act: {name}")
    return acts.act(door.fn, SYSTEM, case, payload)


def _finish(tx: Tx, job: str, error: str) -> None:
    row = tx.session.get(jobs.DueJob, job)
    if row is None:
        return
    row.error = error
    row.done_at = None if error else tx.now


def run_once(acts: Acts) -> int:
    """Perform what is due now; the number of jobs done. Failures stay on their rows."""

    def due() -> list[jobs.DueJob]:
        with acts.reading() as session:
            found = jobs.due(session, acts.house.clock.now())
            session.expunge_all()
            return found

    return jobs.run_due(
        due,
        lambda name, case, payload: perform(acts, name, case, payload),
        lambda job, error: acts.act(_finish, SYSTEM, job, error),
    )


def run_for_ever(app: Flask) -> None:
    house: Wired = app.extensions["gongheng"]
    while True:
        try:
            run_once(house.acts)
            seal_waiting(house.acts)
        except Exception as error:  # the next look tries again
            log.error("timers: %s", type(error).__name__)
        time.sleep(PERIOD)
