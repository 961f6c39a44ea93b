"""An auction on a real server with several processes, and a crowd of bidders whose lines and server are cut.

Each bidder has a line to one of the processes, acts with ids of its own and sends again what was not acknowledged, as
web/static/src/pages/deliver.js and live.js do.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from benchmarks.auction_house import House

PATIENCE, TIMEOUT = 120, 5
FIRST_DELAY = 0.05
Event = dict[str, Any]


@dataclass
class Crowd:
    """What all have in common. `goal`: accepted prices after which nobody bids any more."""

    house: House
    goal: int
    dice: random.Random
    taken: int = 0
    wrong: list[str] = field(default_factory=list)
    over: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, what: Callable[[], bool], patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience), self.changed:
            await self.changed.wait_for(what)


class Bidder:
    """One page of one supplier."""

    def __init__(self, crowd: Crowd, place: int) -> None:
        self.crowd, self.place, self.house = crowd, place, crowd.house
        self.channel = f"auction:{crowd.house.made.auction}"
        self.cookie = crowd.house.made.tokens[place]
        self.heard: list[Event] = []
        self.accepted: dict[str, Event] = {}  # by once: the answer
        self.inbox: asyncio.Queue[Event] = asyncio.Queue()
        self.up, self.leaves = asyncio.Event(), asyncio.Event()
        self.line = socketio.AsyncClient(reconnection=False)
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tries = 0

    async def begin(self) -> None:
        self.http = aiohttp.ClientSession(headers={"Cookie": f"gh_session={self.cookie}", "X-Gongheng": "1"},
                                          timeout=aiohttp.ClientTimeout(TIMEOUT))  # fmt: skip
        self.wires = aiohttp.ClientSession()
        self.tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._listen())]
        async with asyncio.timeout(PATIENCE):
            await self.up.wait()

    async def end(self) -> None:
        self.leaves.set()
        await self.line.disconnect()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.http.close()
        await self.wires.close()

    async def cut(self) -> None:
        """This line falls; the next one comes by itself."""
        await self.line.disconnect()

    async def _stay(self) -> None:
        """Line after line, each with a client of its own; where its own process is away, to the first one."""
        delay, failed = FIRST_DELAY, 0
        while not self.leaves.is_set():
            self.gone = asyncio.get_running_loop().create_future()
            self.line = socketio.AsyncClient(reconnection=False, http_session=self.wires)
            self.line.on("connect", partial(self._connected, self.gone))
            self.line.on("live", self.inbox.put_nowait)
            try:
                address = self.house.address(self.place if failed < 3 else 0)
                await self.line.connect(address, headers={"Cookie": f"gh_session={self.cookie}"}, wait=False,
                                        transports=["websocket"])  # fmt: skip
                failed, delay = 0, FIRST_DELAY
                await self.line.eio.wait()
            except SocketIOError:
                failed, delay = failed + 1, min(2 * delay, 10 * FIRST_DELAY)
            self.up.clear()
            self.gone.set_result(None)
            self.tries += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaves.wait(), delay)

    async def _connected(self, gone: asyncio.Future[None]) -> None:
        while not gone.done():
            answer = await self._call("join", {"channel": self.channel})
            if answer is not None and answer["status"] != 200:
                self.crowd.wrong.append(f"join: {answer}")
            if answer is not None and await self.catch_up():
                break
        if not gone.done():
            self.up.set()
            await self.crowd.tell()

    async def _call(self, event: str, data: Event) -> Event | None:
        """The answer; None when the line fell, or nothing came for too long."""
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        gone = self.gone

        def heard(value: Event) -> None:
            if not answer.done():
                answer.set_result(value)

        try:
            await self.line.emit(event, data, callback=heard)
        except SocketIOError:
            return None
        await asyncio.wait({answer, gone}, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None

    # -- what is heard ------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            event = await self.inbox.get()
            if event["seq"] > len(self.heard) + 1:
                while not await self.catch_up() and self.up.is_set():
                    pass
            else:
                self._take(event)
            await self.crowd.tell()

    def _take(self, event: Event) -> None:
        number = event["seq"]
        if number == len(self.heard) + 1:
            self.heard.append(event)
        elif number <= len(self.heard) and self.heard[number - 1] != event:
            self.crowd.wrong.append(f"{number} was told in two ways")

    async def catch_up(self) -> bool:
        while True:
            try:
                address = f"{self.house.base}/api/v1/live/{self.channel}"
                async with self.http.get(address, params={"after": str(len(self.heard))}) as answer:
                    found = await answer.json()
            except (aiohttp.ClientError, TimeoutError):
                return False
            for event in found["events"]:
                self._take(event)
            if len(found["events"]) < 500:
                return True

    # -- what is done -------------------------------------------------------------------------------------------------

    def next_price(self) -> Decimal:
        bids = [one["data"] for one in self.heard[-8:] if one["kind"] == "auction.bid"]
        return Decimal(bids[-1]["next"]) if bids else self.house.made.ceiling

    async def work(self, pause: Callable[[], float]) -> None:
        """Price after price, each a step or more below the best it has heard of."""
        number = 0
        while not self.crowd.over and self.crowd.taken < self.crowd.goal:
            await asyncio.sleep(pause())
            number += 1
            price = self.next_price() - self.house.made.step * self.crowd.dice.randint(0, 1)
            await self.bid(price, f"b{self.place:03d}-{number:06d}-{self.crowd.dice.getrandbits(32):08x}")

    async def bid(self, price: Decimal, once: str) -> Event:
        """Again and again until the server has answered; a price that came second is refused, and that is an answer."""
        body = {"case": self.house.made.auction, "payload": {"price": str(price), "once": once}, "proof": {}}
        again = False
        while True:
            answer = await self._send(body, over_line=not again or self.crowd.dice.random() < 0.5)
            if answer is not None:
                break
            again = True
            if self.crowd.over:
                return {"status": 0}
        rules = {one["rule"] for one in answer.get("breaches", ())}
        if answer["status"] == 200:
            self.accepted[once] = answer["result"]
            self.crowd.taken += 1
            await self.crowd.tell()
        elif answer["status"] != 409 or not rules <= {"AUC-STEP", "AUC-CEILING", "AUC-FAR"}:
            self.crowd.wrong.append(f"{once}: {answer}")
        return answer

    async def _send(self, body: Event, *, over_line: bool) -> Event | None:
        if over_line and self.up.is_set():
            return await self._call("act", {"name": "auction.bid", **body})
        try:
            async with self.http.post(f"{self.house.base}/api/v1/acts/auction.bid", json=body) as answer:
                return {"status": answer.status, **await answer.json()}
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(FIRST_DELAY)
            return None


Trouble = Callable[[list[Bidder]], Awaitable[None]]


async def play(house: House, bidders: int, goal: int, pause: Callable[[], float], trouble: Trouble,
               seed: int) -> list[Bidder]:  # fmt: skip
    """Everybody bids until the goal under the trouble; then all are level. The bidders, with what each has heard."""
    crowd = Crowd(house, goal, random.Random(seed))
    people = [Bidder(crowd, place) for place in range(bidders)]
    work: list[asyncio.Task[None]] = []
    try:
        await asyncio.gather(*(one.begin() for one in people))
        work += [asyncio.create_task(one.work(pause)) for one in people]
        await trouble(people)
        async with asyncio.timeout(PATIENCE + goal / 5):
            await asyncio.gather(*work)
        crowd.over = True
        await _level(crowd, people)
    finally:
        crowd.over = True
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await asyncio.gather(*(one.end() for one in people))
    assert not crowd.wrong, crowd.wrong[:5]
    return people


async def _level(crowd: Crowd, people: list[Bidder]) -> None:
    """Until each has heard the newest number, over its own line alone."""
    async with people[0].http.get(f"{crowd.house.base}/api/v1/live/{people[0].channel}",
                                  params={"after": "9" * 12}) as answer:  # fmt: skip
        last = int((await answer.json())["last"])
    await crowd.until(lambda: all(len(one.heard) >= last for one in people), 60)
