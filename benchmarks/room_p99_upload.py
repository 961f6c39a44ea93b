"""Acts over sockets while four 1 GiB uploads run: in a process of their own, and in the process of the sockets."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable

import socketio

from benchmarks.house import House, house
from benchmarks.row import Row
from benchmarks.upload import CHUNK, SIZE, send

MEMBERS, PERIOD, IDLE, UPLOADS = 20, 0.2, 15, 4
ACT = {"name": "nonce.issue", "payload": {"act": "bid.submit", "object": "0" * 64}}


class Member(threading.Thread):
    """One connection that acts five times a second; each answer comes after a durable commit."""

    def __init__(self, base: str, token: str, over: threading.Event) -> None:
        super().__init__()
        self.over, self.waited = over, list[float]()
        self.line = socketio.Client(reconnection=False)
        self.line.connect(base, transports=["websocket"], headers={"Cookie": f"gh_session={token}"}, wait_timeout=30)

    def run(self) -> None:
        while not self.over.wait(PERIOD):
            began = time.perf_counter()
            assert self.line.call("act", ACT, timeout=120)["status"] == 200
            self.waited.append((time.perf_counter() - began) * 1000)
        self.line.disconnect()


def _latency(own: House, meanwhile: Callable[[], None]) -> tuple[float, float]:
    """p50 and p99 in milliseconds of all acts while `meanwhile` runs."""
    over = threading.Event()
    members = [Member(own.base, own.tokens[number], over) for number in range(MEMBERS)]
    for one in members:
        one.start()
    try:
        meanwhile()
    finally:
        over.set()
        for one in members:
            one.join()
    cuts = statistics.quantiles([wait for one in members for wait in one.waited], n=100)
    return round(cuts[49], 1), round(cuts[98], 1)


def _uploads(own: House, address: str) -> Callable[[], None]:
    def run() -> None:
        fresh = multiprocessing.get_context("spawn")
        senders = [
            fresh.Process(target=send, args=(address, SIZE, f"gh_session={own.tokens[number]}", os.urandom(CHUNK)))
            for number in range(UPLOADS)
        ]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
            assert one.exitcode == 0

    return run


def run() -> Row:
    with house(MEMBERS) as own:
        _latency(own, lambda: time.sleep(2))
        idle = _latency(own, lambda: time.sleep(IDLE))
        apart = _latency(own, _uploads(own, own.uploads))
        within = _latency(own, _uploads(own, f"{own.base}/uploads"))
    return Row(
        "room_p99_upload", apart[1], within[1], "the same uploads in the process of the sockets",
        round(within[1] / apart[1], 2), "ms p99",
        f"{MEMBERS} sockets, {MEMBERS / PERIOD:.0f} acts/s with a durable commit each, {UPLOADS} uploads of 1 GiB at "
        f"full speed from the same machine, {os.cpu_count()} cores",
        f"p50/p99: idle {idle[0]}/{idle[1]}, uploads in their own process {apart[0]}/{apart[1]}, in the same "
        f"{within[0]}/{within[1]}",
    )  # fmt: skip
