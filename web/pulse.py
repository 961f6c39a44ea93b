"""Says that this process runs, while some deadline needs to know (core.heartbeat), and looks what the beats tell."""

from __future__ import annotations

import logging
import time

from core import heartbeat
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.heartbeat import PAGE, PROCESSES
from trading.auction import breaks
from trading.deadline import ends, outages

log = logging.getLogger("gongheng.web")


def begin(acts: Acts, process: str) -> None:
    """The first beat of a process, whether or not anybody needs it: from here on its silence counts."""
    acts.act(_beat, SYSTEM, process)


def _beat(tx: Tx, process: str) -> None:
    heartbeat.beat(tx, process)
    if process == PAGE:
        outages.look(tx)
        ends.look(tx)


def beat_all(acts: Acts) -> None:
    """For the demo's clock, which leaves out what lies between."""
    acts.act(heartbeat.beat, SYSTEM, *PROCESSES)
    acts.act(breaks.touch, SYSTEM)


def once(acts: Acts, process: str) -> bool:
    """A beat, where a deadline is near or an opening runs; whether there was one."""
    with acts.reading() as session:
        now = acts.house.clock.now()
        needed = outages.watched(session, now) or ends.watched(session, now)
    if needed:
        acts.act(_beat, SYSTEM, process)
    return needed


def go_on(acts: Acts, process: str, *, first: bool = False) -> None:
    """For ever, every `heartbeat.EVERY`; the first beat at once where `first`, else it has been already."""
    while True:
        if not first:
            time.sleep(heartbeat.EVERY.total_seconds())
        try:
            if first:
                begin(acts, process)
            else:
                once(acts, process)
            first = False
        except Exception as error:  # a beat that is missed is a gap, and the next look tries again
            log.error("heartbeat: %s", type(error).__name__)
            time.sleep(1)
