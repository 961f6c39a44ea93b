"""Rings due jobs. They only announce: each act decides by the clock inside its own transaction (core.jobs)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
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
AGAIN = timedelta(seconds=30)  # a long job that failed would otherwise begin anew at every look
log = logging.getLogger("gongheng.web")


def perform(acts: Acts, name: str, case: str, payload: dict[str, Any]) -> Any:
    """An act by the system itself: through the same table, without a person's permit and proof."""
    door = TABLE.get(name)
    if door is None:
        raise Unusable(f"no such act: {name}")
    if name in jobs.LONG:
        return jobs.LONG[name](acts, case, payload)
    return acts.act(door.fn, SYSTEM, case, payload)


def _finish(tx: Tx, job: str, error: str) -> None:
    row = tx.session.get(jobs.DueJob, job)
    if row is None:
        return
    row.error = error
    row.done_at = None if error else tx.now
    if error and row.act in jobs.LONG:
        row.at = tx.now + AGAIN


class Aside:
    """Long jobs in threads of their own (greenlets on the server): no other deadline waits for a decryption."""

    def __init__(self) -> None:
        self.running: set[str] = set()

    def start(self, job: jobs.DueJob, work: Callable[[jobs.DueJob], object]) -> None:
        def run() -> None:
            try:
                work(job)
            finally:
                self.running.discard(job.id)

        self.running.add(job.id)
        threading.Thread(target=run, daemon=True).start()


def run_once(acts: Acts, aside: Aside | None = None) -> int:
    """Perform what is due now; the number of jobs done. Failures stay on their rows. Long ones go `aside`, if given."""

    def perform_here(name: str, case: str, payload: dict[str, Any]) -> object:
        return perform(acts, name, case, payload)

    def finish(job: str, error: str) -> None:
        acts.act(_finish, SYSTEM, job, error)

    def due() -> list[jobs.DueJob]:
        if acts.peek(jobs.ANY_DUE, {"now": acts.house.clock.now()}) is None:
            return []
        with acts.reading() as session:
            found = jobs.due(session, acts.house.clock.now())
            session.expunge_all()
        if aside is None:
            return found
        fresh = [job for job in found if job.id not in aside.running]
        for job in fresh:
            if job.act in jobs.LONG:
                aside.start(job, lambda one: jobs.run_due(lambda: [one], perform_here, finish))
        return [job for job in fresh if job.act not in jobs.LONG]

    return jobs.run_due(due, perform_here, finish)


def run_for_ever(app: Flask) -> None:
    house: Wired = app.extensions["gongheng"]
    aside = Aside()
    while True:
        try:
            run_once(house.acts, aside)
            seal_waiting(house.acts)
        except Exception as error:  # the next look tries again
            log.error("timers: %s", type(error).__name__)
        time.sleep(PERIOD)
