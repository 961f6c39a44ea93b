"""Events of one process on the lines of another: a wake-up over a local socket, the numbers as the truth.

After a commit the others are told which channels have grown; each reads what it lacks by number and tells its own
lines, in order. A wake-up that is lost is healed by the next one, or by a look every second. Where a channel's number
is behind when this process itself has written to it, what lies between is read first.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from pathlib import Path

import gevent
from gevent import get_hub
from gevent import socket as sockets

from core import live
from core.access import SYSTEM
from core.live import LiveEvent
from web.socket import Socket

LOOK = 1.0  # seconds between two looks
ORDERS = "lines"  # a channel of the processes themselves
MOST = 8000  # bytes of one wake-up
log = logging.getLogger("gongheng.web")


class Bus:
    """One a process. `folder` is readable by this user alone."""

    def __init__(self, hub: Socket, folder: Path, me: int, count: int) -> None:
        self._hub, self._acts = hub, hub.house.acts
        self._others = [str(folder / f"{one}.sock") for one in range(count) if one != me]
        self._own = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
        place = folder / f"{me}.sock"
        place.unlink(missing_ok=True)
        self._own.bind(str(place))
        self._told: dict[str, int] = {}
        self._grown: set[str] = set()
        self._lock = threading.RLock()
        self.watch(ORDERS)
        hub.bus = self
        self._acts.house.hub.push = self.push

    def run(self) -> None:
        gevent.spawn(self._hear)
        gevent.spawn(self._heal)

    def close(self) -> None:
        self._own.close()

    # -- this process has written -----------------------------------------------------------------------------------

    def push(self, event: LiveEvent) -> None:
        """After a commit of our own: to our lines, in order, and a wake-up to the others."""
        if not self._grown:
            get_hub().loop.run_callback(self._wake)
        self._grown.add(event.channel)
        with self._lock:
            last = self._told.get(event.channel)
            if last is None or event.seq <= last:
                return
            if event.seq == last + 1:
                self._tell(event)
            else:
                self._level(event.channel)

    def _wake(self) -> None:
        """In the loop itself, when it has done what it was doing: one datagram for many commits."""
        names, self._grown = sorted(self._grown), set()
        while names:
            part, size = [names.pop()], 0
            while names and (size := size + len(names[-1]) + 4) < MOST:
                part.append(names.pop())
            said = json.dumps(part).encode()
            for other in self._others:
                with contextlib.suppress(OSError):  # away, or its queue is full: it looks by itself
                    self._own._sock.sendto(said, sockets.MSG_DONTWAIT, other)

    def order(self, kind: str, data: dict[str, str]) -> None:
        """Something that every process does with its own lines."""
        self._acts.act(lambda tx: tx.publish(ORDERS, kind, data), SYSTEM)

    # -- another one has written ------------------------------------------------------------------------------------

    def watch(self, channel: str) -> None:
        """From now on this process's lines hear `channel`; called before a line is let in."""
        with self._lock:
            if channel not in self._told:
                with self._acts.reading() as session:
                    self._told[channel] = live.last(session, channel)

    def _hear(self) -> None:
        while True:
            said = self._own.recv(1 << 16)
            try:
                for channel in json.loads(said):
                    self._look(channel)
            except Exception as error:  # the next look heals what this one left
                log.error("wake-up: %s", type(error).__name__)

    def _heal(self) -> None:
        while True:
            gevent.sleep(LOOK)
            try:
                self.heal()
            except Exception as error:  # the next look tries again
                log.error("bus: %s", type(error).__name__)

    def heal(self) -> None:
        """Level with every channel that has a line here; the others are forgotten."""
        heard = {ORDERS}.union(*(line.joined for line in list(self._hub.lines.values())))
        for channel in list(self._told):
            if channel in heard:
                self._look(channel)
            else:
                with self._lock:
                    self._told.pop(channel, None)

    def _look(self, channel: str) -> None:
        with self._lock:
            if channel in self._told:
                self._level(channel)

    def _level(self, channel: str) -> None:
        with self._acts.reading() as session:
            while found := live.since(session, channel, self._told[channel]):
                for event in found:
                    self._tell(event)

    def _tell(self, event: LiveEvent) -> None:
        self._told[event.channel] = event.seq
        if event.channel == ORDERS:
            if event.kind == "drop":
                self._hub.cut(event.data["token"])
            return
        self._hub.push(event)
