"""Says every two seconds, while an auction runs, that this process takes prices (trading/auction/breaks.py)."""

from __future__ import annotations

import logging
import time

from core.access import SYSTEM
from core.acts import Acts
from trading.auction import breaks

log = logging.getLogger("gongheng.web")


def begin_all(acts: Acts) -> None:
    """The service starts: whatever was lost meanwhile is given back before any timer closes an auction."""
    acts.act(breaks.start_all, SYSTEM)
    once(acts, 0)


def begin_one(acts: Acts, worker: int) -> None:
    acts.act(breaks.start_one, SYSTEM, worker)


def once(acts: Acts, worker: int) -> bool:
    needed = acts.peek(breaks.NEEDED, {"soon": acts.house.clock.now() + breaks.AHEAD}) is not None
    if needed:
        acts.act(breaks.beat, SYSTEM, worker)
    return needed


def go_on(acts: Acts, worker: int) -> None:
    while True:
        time.sleep(breaks.EVERY.total_seconds())
        try:
            once(acts, worker)
        except Exception as error:  # a pulse that is missed is a silence, and the next look tries again
            log.error("auction pulse: %s", type(error).__name__)
