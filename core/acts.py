"""The one way to act on the database.

Acts of all threads or greenlets gather while the previous batch commits; one of the waiting callers then takes them
all: one BEGIN IMMEDIATE, a SAVEPOINT an act, one durable COMMIT, and only then are results handed back and the
after-commit hooks run. So a row and its ledger entry are one commit, an answer is never sent before it is durable,
and nothing yields while the write lock is held (grounds: group commit measured in docs/decisions/0002).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from core import live, quick
from core.access import Actor
from core.blobs import Blobs
from core.clock import Clock
from core.config import Config
from core.ledger import Entry, Ledger
from core.live import Hub, LiveEvent
from core.prepared import Prepared, Row
from core.quick import Draft, Grant

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("gongheng.acts")
ORDINARY = 4  # acts a commit that no grant covers, which take a hundred times as long: the rest wait for the next


@dataclass(frozen=True)
class House:
    """What is built once per process and handed to every act."""

    clock: Clock
    ledger: Ledger
    hub: Hub
    blobs: Blobs
    config: Config


class Stale(Exception):
    """What was made ahead of an act no longer fits: the act is undone, and its door makes it anew (core.doors)."""


class Tx:
    """What an act may use: the session, one reading of the clock, the actor, the ledger and after-commit hooks."""

    def __init__(self, session: Session, now: datetime, actor: Actor, house: House) -> None:
        self.session, self.now, self.actor = session, now, actor
        self.ledger, self.hub, self.blobs, self.config = house.ledger, house.hub, house.blobs, house.config
        self.ahead = house.clock.ahead
        self.hooks: list[Callable[[], None]] = []
        self.events: list[LiveEvent] = []
        self.granted: tuple[Grant, int] | None = None  # and the place of the draft's entry in the case's stream
        self.entries: list[Entry] = []
        self.ready: Any = None  # what the act's `ahead` made outside (core.doors)

    def record(
        self, stream: str, kind: str, body: dict[str, Any], *, case: str = "", actor: Actor | None = None
    ) -> str:
        """Append an entry to `stream` in this transaction; returns the entry's leaf hash (hex).

        `actor`: whom the entry is about when a timer writes it.
        """
        who = actor or self.actor
        entry = self.ledger.append(self.session, stream, kind, body, actor=who, now=self.now, case=case)
        self.hooks.append(lambda: self.ledger.tell(entry))
        self.entries.append(entry)
        return entry.leaf_hash

    def draft(self, case: str, grant: Grant, payload: dict[str, Any]) -> dict[str, Any]:
        """Write a draft whose guards have been asked; they hold for its like until something else is written to the
        case (core.quick)."""
        what = grant.write(payload, self.now)
        quick.rows(self.session.connection(), [what])
        self.record(f"case:{case}", what.kind, what.body, case=case, actor=grant.actor)
        self.publish(what.channel, what.event, what.data)
        self.granted = grant, self.entries[-1].index
        return what.answer

    def publish(self, channel: str, kind: str, data: dict[str, Any]) -> None:
        """Number an event in `channel` in this transaction; sockets hear of it after the commit."""
        self.events.append(live.append(self.session, channel, kind, data, now=self.now))

    def after(self, hook: Callable[[], None]) -> None:
        """Run `hook` once the commit is durable; it must not raise and must not act on the database itself."""
        self.hooks.append(hook)


class _Job(Generic[T]):
    """`draft`: may be written by a grant; `then`: told of the outcome, for who does not wait; `tx`: what an ordinary
    run of it leaves behind."""

    def __init__(
        self, run: Callable[[Tx], T], actor: Actor, draft: Draft | None = None,
        then: Callable[[Any], None] | None = None,
    ) -> None:  # fmt: skip
        self.run, self.actor, self.draft, self.then, self.done = run, actor, draft, then, False
        self.tx: Tx | None = None
        self.value: T | None = None
        self.error: BaseException | None = None
        self.hooks: list[Callable[[], None]] = []
        self.events: list[LiveEvent] = []


def _told(job: _Job[Any]) -> Any:
    """What who left the job hears, as who waits would: its answer or what was raised."""
    if job.error is not None:
        return job.error
    try:
        for hook in job.hooks:
            hook()
    except Exception as error:
        return error
    return job.value


class Acts:
    """Runs acts in batches. One per process; safe for threads and for gevent (patched) greenlets. `engine` reads;
    `writer`, where there is one, writes."""

    def __init__(self, engine: Engine, house: House, writer: Engine | None = None) -> None:
        self.engine, self.house = engine, house
        self.gather: Callable[[], object] = lambda: None  # lets those who are ready join the batch (web.transport)
        self.wake: Callable[[], object] = self._write_all_left  # whoever writes what was left (web.transport)
        self.turn: Callable[[], AbstractContextManager[object]] = nullcontext  # among several processes (core.turns)
        self.grants = quick.Grants()
        self._waiting: deque[_Job[Any]] = deque()
        self._lock = threading.Lock()
        self._writer = (writer or engine).execution_options(write=True)
        self._connection: Connection | None = None  # the writer's, kept open: a fifth of a draft went into taking it

    def act(self, fn: Callable[Concatenate[Tx, P], T], actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(tx, *args, **kwargs)` in a transaction; its result after the durable commit, or its exception."""
        return self._take(_Job(lambda tx: fn(tx, *args, **kwargs), actor))

    def draft(self, fn: Callable[[Tx], dict[str, Any]], draft: Draft) -> dict[str, Any]:
        """As `act`, by a grant of core.quick where one covers it."""
        return self._take(_Job(fn, draft.actor, draft))

    def leave(self, fn: Callable[[Tx], dict[str, Any]], draft: Draft, then: Callable[[Any], None]) -> None:
        """As `draft`, for who does not wait: `then` hears the answer or the exception after the commit, in the order of
        leaving; it must not raise."""
        self._waiting.append(_Job(fn, draft.actor, draft, then))
        self.wake()

    def write_left(self) -> bool:
        """Write what was left, if nobody has meanwhile; whether there is more."""
        with self._lock:
            if self._waiting:
                self._commit_waiting()
        return bool(self._waiting)

    def _write_all_left(self) -> None:
        while self.write_left():
            pass

    def _take(self, job: _Job[T]) -> T:
        self._waiting.append(job)
        self.gather()
        with self._lock:
            while not job.done:
                self._commit_waiting()
        if job.error is not None:
            raise job.error
        for hook in job.hooks:
            hook()
        return job.value  # type: ignore[return-value]

    def _commit_waiting(self) -> None:
        with self.turn():
            batch, done = self._written()
        for job in batch:
            self._grant(job)
            job.done = True
        for job in batch:
            if job.then is not None:
                job.then(_told(job))
        for job in done:  # here and not by each caller: everybody hears a channel's numbers in their order
            for event in job.events:
                self.house.hub.tell(event)

    def _written(self) -> tuple[list[_Job[Any]], list[_Job[Any]]]:
        """All who wait, and those of them that were run, in the order in which they were written."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        drafts = [job for job in batch if job.draft is not None and self.grants.known(job.draft.case)]
        cases = {job.draft.case for job in drafts if job.draft is not None}
        done: list[_Job[Any]] = []
        try:
            connection = self._connection = self._connection or self._writer.connect()
            begun = connection.begin()  # another process may be writing, and its moments come before ours
            now = self.house.clock.now()
            try:
                done += self._quickly(connection, drafts, now) if drafts else []
            except Exception as error:  # the ordinary way does it, or says what is wrong
                log.error("drafts: %s", type(error).__name__)
                self.grants.forget(cases)
                begun.rollback()
                begun, now = connection.begin(), self.house.clock.now()
            quick_ones = set(done)
            rest = [job for job in batch if job not in quick_ones]
            if len(rest) > ORDINARY:
                self._waiting.extendleft(reversed(rest[ORDINARY:]))
                batch = done + rest[:ORDINARY]
            done += self._ordinarily(connection, rest[:ORDINARY], now)
            begun.commit()
        except BaseException as error:  # the COMMIT failed: nobody's act happened
            self.grants.forget(cases)
            for job in batch:
                job.error, job.hooks, job.events = job.error or error, [], []
            self._hang_up()
        return batch, done

    def _hang_up(self) -> None:
        """What was begun on it is lost, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _quickly(self, connection: Connection, jobs: list[_Job[Any]], now: datetime) -> list[_Job[Any]]:
        """The jobs that are written, or refused, by their grants."""
        outcomes = quick.write_all(connection, [job.draft for job in jobs if job.draft], self.grants, now)
        for job, one in zip(jobs, outcomes, strict=True):
            job.value, job.error = one.answer, one.error
            if one.entry is not None and one.event is not None:
                job.hooks, job.events = [partial(self.house.ledger.tell, one.entry)], [one.event]
        return [job for job, one in zip(jobs, outcomes, strict=True) if not one.left]

    def _ordinarily(self, connection: Connection, jobs: list[_Job[Any]], now: datetime) -> list[_Job[Any]]:
        """All of them, each in a savepoint."""
        if jobs:
            with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
                for job in jobs:
                    self._run(session, job, now)
                session.commit()
        return jobs

    def _run(self, session: Session, job: _Job[Any], now: datetime) -> None:
        point = session.begin_nested()
        try:
            job.tx = Tx(session, now, job.actor, self.house)
            job.value = job.run(job.tx)
            session.flush()
            job.hooks, job.events = job.tx.hooks, job.tx.events
            point.commit()
        except Exception as error:
            point.rollback()
            session.expire_all()
            job.error, job.hooks, job.events = error, [], []

    def _grant(self, job: _Job[Any]) -> None:
        """What was written the ordinary way, as the grants see it."""
        if job.tx is None or job.error is not None:
            return
        for entry in job.tx.entries:
            if entry.kind in quick.STILL and entry.stream == f"case:{entry.case}":
                self.grants.pass_over(entry.case, entry.index)
        if job.draft is not None and job.tx.granted is not None:
            grant, index = job.tx.granted
            self.grants.give(job.draft, grant, index, job.tx.now)

    def close(self) -> None:
        """Hand back every connection: the last to go empties the log into the file."""
        self._hang_up()
        self.engine.dispose()
        self._writer.dispose()

    def peek(self, question: Prepared, row: Row) -> tuple[Any, ...] | None:
        """One question outside of a session, for those who look several times a second."""
        with self.engine.connect() as connection:
            return question.first(connection, row)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading; anything written in it is lost."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.rollback()
