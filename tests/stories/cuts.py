"""A crowd of members without browsers: each has a line of its own that can be cut, acts with ids of its own and sends
again what was not acknowledged, as web/static/src/pages/deliver.js and live.js do."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from benchmarks.rooms import Room
from tests.browser.relay import Relay

PATIENCE = 120  # seconds that anything may take before the test gives up
TIMEOUT = 10  # as live.js: an answer that does not come is asked for again
FIRST_DELAY = 0.05  # seconds between two lines, doubled while none can be had
Event = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """`cells`: {(bid, criterion or item): value} that it writes."""

    name: str
    payload: dict[str, Any]
    cells: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def once(self) -> str:
        return str(self.payload["once"])


class Crowd:
    """Everybody of all rooms. `acked` counts acknowledged acts; `wrong` is what must not be."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.acked, self.over = dice, 0, False
        self.wrong: list[str] = []
        self.changed = asyncio.Condition()

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(what)

    async def more(self, count: int) -> None:
        """Until so many acts more are acknowledged."""
        goal = self.acked + count
        await self.until(lambda: self.acked >= goal)


class Member:
    """One page of one room."""

    def __init__(self, crowd: Crowd, room: Room, place: int, items: list[str], relay: Relay) -> None:
        self.crowd, self.room, self.place, self.items, self.relay = crowd, room, place, items, relay
        self.cookie, self.id = room.tokens[place], room.members[place]
        names = (f"room:{room.case}", f"talk:{room.case}")
        self.channels: dict[str, list[Event]] = {name: [] for name in names}  # what was heard, in order
        self.on_line: dict[tuple[int, str], int] = {}  # by line and channel: the newest number that came over it
        self.done: list[Act] = []
        self.sent_again = self.came_back = self.lines = 0
        self.up = asyncio.Event()
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # of the line that is now
        self.inbox: asyncio.Queue[tuple[int, Event]] = asyncio.Queue()  # with the number of the line it came over
        self.leaves = asyncio.Event()
        self.line = socketio.AsyncClient(reconnection=False)

    async def begin(self) -> None:
        self.http = aiohttp.ClientSession(headers={"Cookie": f"gh_session={self.cookie}", "X-Gongheng": "1"},
                                          timeout=aiohttp.ClientTimeout(TIMEOUT))  # fmt: skip
        self.over = aiohttp.ClientSession()  # of the lines, one after the other
        self.tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._stay())]
        async with asyncio.timeout(PATIENCE):
            await self.up.wait()

    async def end(self) -> None:
        self.leaves.set()
        await self.line.disconnect()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.http.close()
        await self.over.close()

    # -- the line -------------------------------------------------------------------------------------------------

    async def _stay(self) -> None:
        """Line after line. Each has a client of its own: one that makes lines anew by itself takes a line for standing
        that fell while it was being made."""
        delay = FIRST_DELAY
        while not self.leaves.is_set():
            self.lines += 1
            self.gone = asyncio.get_running_loop().create_future()
            self.line = socketio.AsyncClient(reconnection=False, http_session=self.over)
            self.line.on("connect", partial(self._connected, self.gone))
            self.line.on("live", partial(self._heard, self.lines))
            try:
                await self.line.connect(self.relay.base, headers={"Cookie": f"gh_session={self.cookie}"},
                                        transports=["websocket"], wait=False)  # fmt: skip
                await self.line.eio.wait()
                delay = FIRST_DELAY
            except SocketIOError:
                delay = min(2 * delay, 10 * FIRST_DELAY)
            self.up.clear()
            self.gone.set_result(None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaves.wait(), delay)

    def _heard(self, line: int, event: Event) -> None:
        self.inbox.put_nowait((line, event))

    async def _connected(self, gone: asyncio.Future[None]) -> None:
        for channel in self.channels:
            while not await self._join(channel):
                if gone.done():
                    return
        if not gone.done():
            self.came_back += 1
            self.up.set()
            await self.crowd.tell()

    async def _join(self, channel: str) -> bool:
        """Whether the channel is heard and level; as live.js, asked again for as long as the line stands."""
        answer = await self._call("join", {"channel": channel})
        if answer is None:
            return False
        if answer["status"] != 200:
            self.crowd.wrong.append(f"join {channel}: {answer}")
        return await self._catch_up(channel)

    async def _call(self, event: str, data: dict[str, Any]) -> Event | None:
        """The answer; None when the line fell, or nothing came for too long."""
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        line, gone = self.line, self.gone

        def heard(value: Event) -> None:
            if not answer.done():
                answer.set_result(value)

        try:
            await line.emit(event, data, callback=heard)
        except SocketIOError:  # it falls at this moment
            await asyncio.wait({gone}, timeout=TIMEOUT)
            return None
        first: list[asyncio.Future[Any]] = [answer, gone]
        await asyncio.wait(first, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None

    # -- what is heard ----------------------------------------------------------------------------------------------

    def seen(self, channel: str) -> int:
        return len(self.channels[channel])

    async def _listen(self) -> None:
        while True:
            line, event = await self.inbox.get()
            channel, number = event["channel"], event["seq"]
            before = self.on_line.get((line, channel))
            if before is not None and number != before + 1:
                self.crowd.wrong.append(f"one line gave {number} after {before} of {channel}")
            self.on_line[line, channel] = number
            if number > self.seen(channel) + 1:
                while not await self._catch_up(channel) and self.up.is_set() and line == self.lines:
                    pass  # as live.js: asked again while the line stands
            else:
                self._take(event)
            await self.crowd.tell()

    def _take(self, event: Event) -> None:
        heard, number = self.channels[event["channel"]], event["seq"]
        if number == len(heard) + 1:
            heard.append(event)
        elif number > len(heard) + 1:
            self.crowd.wrong.append(f"{event['channel']}: {number} was caught up with after {len(heard)}")
        elif heard[number - 1] != event:
            self.crowd.wrong.append(f"{event['channel']}: {number} was told in two ways")

    async def _catch_up(self, channel: str) -> bool:
        """Everything missed since the last number; False when it could not be had."""
        while True:
            try:
                address = f"{self.relay.base}/api/v1/live/{channel}"
                async with self.http.get(address, params={"after": str(self.seen(channel))}) as answer:
                    found = await answer.json()
            except (aiohttp.ClientError, TimeoutError):
                return False
            if answer.status != 200:
                self.crowd.wrong.append(f"{channel}: {answer.status} {found}")
                return True
            for event in found["events"]:
                self._take(event)
            if len(found["events"]) < 500:
                return True

    async def last(self, channel: str) -> int:
        """The channel's newest number, as the server says."""
        async with self.http.get(f"{self.relay.base}/api/v1/live/{channel}", params={"after": "9" * 12}) as answer:
            return int((await answer.json())["last"])

    # -- what is done -----------------------------------------------------------------------------------------------

    async def work(self) -> None:
        while not self.crowd.over:
            await self.do(self._next())

    async def do(self, act: Act) -> None:
        """Again and again until the server has answered; a refusal is a fault, for nothing here may be refused."""
        again = False
        while True:
            self.sent_again += again
            result = await self._send(act, over_line=not again or self.crowd.dice.random() < 0.5)
            if result is not None:
                break
            again = True
            if self.crowd.dice.random() < 0.5:  # else the other way at once, while the server may still be at it
                await self._back()
        if result["status"] != 200:
            self.crowd.wrong.append(f"{act.name}: {result}")
        self.done.append(act)
        self.crowd.acked += 1
        await self.crowd.tell()

    async def _back(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.up.wait()

    async def _send(self, act: Act, *, over_line: bool) -> Event | None:
        body = {"case": self.room.case, "payload": act.payload, "proof": {}}
        if over_line and self.up.is_set():
            return await self._call("act", {"name": act.name, **body})
        try:
            async with self.http.post(f"{self.relay.base}/api/v1/acts/{act.name}", json=body) as answer:
                return {"status": answer.status, **await answer.json()}
        except (aiohttp.ClientError, TimeoutError):
            if not over_line or not self.up.is_set():
                await self._back()
            return None

    def _next(self) -> Act:
        dice, once = self.crowd.dice, f"{self.id}-{len(self.done):06d}-{self.crowd.dice.getrandbits(32):08x}"
        if dice.random() < 0.1:
            return Act("talk.say", {"text": f"发言{once}", "once": once})
        bid = dice.choice(self.room.bids)
        if self.items:
            item = dice.choice(self.items)
            value = {"pass": True} if dice.random() < 0.7 else {
                "pass": False, "page": str(dice.randint(1, 900)), "reason": once, "ground": "TL51-3"}  # fmt: skip
            return Act("prelim.mark", {"bid": bid, "item": item, "once": once, **value}, {(bid, item): value})
        cells = {(bid, one): str(dice.randint(0, 100)) for one in dice.sample(self.room.criteria, dice.randint(1, 3))}
        scores = [{"bid": bid, "criterion": one, "points": points} for (_, one), points in cells.items()]
        return Act("score.save", {"scores": scores, "once": once}, dict(cells))


Mend = Callable[[], None]
Trouble = Callable[[], Awaitable[Mend | None]]
