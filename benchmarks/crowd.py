"""So many open pages in a process of their own: each one socket, and the moment it heard each event."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import socketio

TOGETHER = 40  # connections that are being opened at one time
PATIENCE = 60


@dataclass(frozen=True)
class Crowd:
    line: Connection
    size: int

    def heard(self, count: int) -> list[list[float]]:
        """The first `count` events since all were in: the moments (time.monotonic) at which each page had them."""
        self.line.send(count)
        found: list[list[float]] = self.line.recv()
        assert all(len(one) == self.size for one in found), "a page missed an event"
        return found


async def _listen(base: str, cookies: Sequence[str], channel: str, line: Connection) -> None:
    heard: list[list[float]] = []
    places: dict[Any, int] = {}
    clients = [socketio.AsyncClient(reconnection=False) for _ in cookies]

    def listener(own: socketio.AsyncClient) -> Callable[[Any], None]:
        def hear(_event: Any) -> None:
            at, place = time.monotonic(), places.get(own, 0)
            places[own] = place + 1
            if place == len(heard):
                heard.append([])
            heard[place].append(at)

        return hear

    turn = asyncio.Semaphore(TOGETHER)

    async def enter(client: socketio.AsyncClient, cookie: str) -> None:
        async with turn:
            client.on("live", listener(client))
            headers = {"Cookie": f"gh_session={cookie}"} if cookie else {}
            await client.connect(base, transports=["websocket"], headers=headers, wait_timeout=PATIENCE)
            answer = await client.call("join", {"channel": channel}, timeout=PATIENCE)
            assert answer["status"] == 200, answer

    await asyncio.gather(*(enter(client, cookie) for client, cookie in zip(clients, cookies, strict=True)))
    line.send("in")
    loop = asyncio.get_running_loop()
    while (count := await loop.run_in_executor(None, line.recv)) is not None:
        until = time.monotonic() + PATIENCE
        while any(places.get(client, 0) < count for client in clients) and time.monotonic() < until:
            await asyncio.sleep(0.01)
        line.send(heard[:count])
    for client in clients:
        with contextlib.suppress(Exception):
            await client.disconnect()


def _run(base: str, cookies: Sequence[str], channel: str, line: Connection) -> None:
    asyncio.run(_listen(base, cookies, channel, line))


@contextmanager
def crowd(base: str, cookies: Sequence[str], channel: str) -> Iterator[Crowd]:
    """All of them connected and in `channel`."""
    fresh = multiprocessing.get_context("spawn")
    mine, theirs = fresh.Pipe()
    process = fresh.Process(target=_run, args=(base, cookies, channel, theirs))
    process.start()
    try:
        assert mine.poll(PATIENCE * 3) and mine.recv() == "in"
        yield Crowd(mine, len(cookies))
        mine.send(None)
        process.join(PATIENCE)
    finally:
        process.kill()


def last_delivery(moments: Sequence[Sequence[float]], said: Sequence[float]) -> tuple[float, float]:
    """Median and worst of the milliseconds from the moment each event was asked for to its last arrival."""
    waits = [(max(arrived) - at) * 1000 for arrived, at in zip(moments, said, strict=True)]
    return statistics.median(waits), max(waits)
