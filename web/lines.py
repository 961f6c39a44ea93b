"""Looks every few seconds who of the sittings' members has fallen silent, whether or not anybody has a page open."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from flask import Flask

from core.access import SYSTEM
from core.acts import Acts
from core.doors import TABLE
from evaluation.failures import lines
from evaluation.sitting.presence import PRESENCE
from web.socket import Socket

EVERY = 5.0  # seconds
log = logging.getLogger("gongheng.web")


def write(hub: Socket, case: str, name: str, said: dict[str, Any]) -> None:
    """A change of somebody's line into the ledger, then onto the pages of the room and of those who watch."""
    acts = hub.house.acts
    acts.act(TABLE[name].fn, SYSTEM, case, said)
    if "member" in said:
        told = {"case": case, "member": said["member"], "there": name == "member.beat"}
        for channel in (f"room:{case}", f"watch:{case}"):
            hub.server.emit("heartbeat", told, room=channel)


def once(hub: Socket, started: datetime, over: float = 0) -> int:
    """One look at each room where something may be due; how much was written. `started`: since when this process
    listens, by the machine's clock: after a restart nobody is lost before there was time to come back. `over`: seconds
    over which the looks are spread, so that with many rooms nobody waits for all of them."""
    acts, written = hub.house.acts, 0
    clock = acts.house.clock
    with acts.reading() as session:
        cases = lines.restless(session, PRESENCE, started, machine_now(acts))
    for case in cases:
        hub.server.sleep(over / len(cases))
        with acts.reading() as session:
            due = lines.due(session, case, PRESENCE, started, clock.now(), clock.ahead)
        for name, said in due:
            write(hub, case, name, said)
        written += len(due)
    return written


def machine_now(acts: Acts) -> datetime:
    return acts.house.clock.now() - acts.house.clock.ahead


def go_on(app: Flask) -> None:
    hub: Socket = app.extensions["gongheng.socket"]
    started = machine_now(hub.house.acts)
    while True:
        began = time.monotonic()
        try:
            once(hub, started, EVERY - 1)
        except Exception as error:  # the next look tries again
            log.error("lines: %s", type(error).__name__)
        time.sleep(max(0, began + EVERY - time.monotonic()))
