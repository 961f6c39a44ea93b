"""The one way to act on the database.

Acts of all threads or greenlets gather while the previous batch commits; one of the waiting callers then takes them
all: one BEGIN IMMEDIATE, a SAVEPOINT an act, one durable COMMIT, and only then are results handed back and the
after-commit hooks run. So a row and its ledger entry are one commit, an answer is never sent before it is durable,
and nothing yields while the write lock is held (grounds: group commit measured in docs/decisions/0002).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core import live
from core.access import Actor
from core.blobs import Blobs
from core.clock import Clock
from core.config import Config
from core.ledger import Ledger
from core.live import Hub

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class House:
    """What is built once per process and handed to every act."""

    clock: Clock
    ledger: Ledger
    hub: Hub
    blobs: Blobs
    config: Config


class Tx:
    """What an act may use: the session, one reading of the clock, the actor, the ledger and after-commit hooks."""

    def __init__(self, session: Session, now: datetime, actor: Actor, house: House) -> None:
        self.session, self.now, self.actor = session, now, actor
        self.ledger, self.hub, self.blobs, self.config = house.ledger, house.hub, house.blobs, house.config
        self.ahead = house.clock.ahead
        self.hooks: list[Callable[[], None]] = []

    def record(
        self, stream: str, kind: str, body: dict[str, Any], *, case: str = "", actor: Actor | None = None
    ) -> str:
        """Append an entry to `stream` in this transaction; returns the entry's leaf hash (hex).

        `actor`: whom the entry is about when a timer writes it.
        """
        who = actor or self.actor
        entry = self.ledger.append(self.session, stream, kind, body, actor=who, now=self.now, case=case)
        self.hooks.append(lambda: self.ledger.tell(entry))
        return entry.leaf_hash

    def publish(self, channel: str, kind: str, data: dict[str, Any]) -> None:
        """Number an event in `channel` in this transaction; sockets hear of it after the commit."""
        event = live.append(self.session, channel, kind, data, now=self.now)
        self.hooks.append(lambda: self.hub.tell(event))

    def after(self, hook: Callable[[], None]) -> None:
        """Run `hook` once the commit is durable; it must not raise and must not act on the database itself."""
        self.hooks.append(hook)


class _Job(Generic[T]):
    def __init__(self, run: Callable[[Session, datetime], tuple[T, list[Callable[[], None]]]]) -> None:
        self.run, self.done = run, False
        self.value: T | None = None
        self.error: BaseException | None = None
        self.hooks: list[Callable[[], None]] = []


class Acts:
    """Runs acts in batches. One per process; safe for threads and for gevent (patched) greenlets."""

    def __init__(self, engine: Engine, house: House) -> None:
        self.engine, self.house = engine, house
        self._waiting: list[_Job[Any]] = []
        self._lock = threading.Lock()
        self._writer = engine.execution_options(write=True)

    def act(self, fn: Callable[Concatenate[Tx, P], T], actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(tx, *args, **kwargs)` in a transaction; its result after the durable commit, or its exception."""

        def run(session: Session, now: datetime) -> tuple[T, list[Callable[[], None]]]:
            tx = Tx(session, now, actor, self.house)
            value = fn(tx, *args, **kwargs)
            session.flush()
            return value, tx.hooks

        job: _Job[T] = _Job(run)
        self._waiting.append(job)
        with self._lock:
            if not job.done:
                self._commit_waiting()
        if job.error is not None:
            raise job.error
        for hook in job.hooks:
            hook()
        return job.value  # type: ignore[return-value]

    def _commit_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            with Session(self._writer, expire_on_commit=False) as session:
                session.connection()  # begins: another process may be writing, and its moments come before ours
                now = self.house.clock.now()
                for job in batch:
                    self._run(session, job, now)
                session.commit()
        except BaseException as error:  # the COMMIT failed: nobody's act happened
            for job in batch:
                job.error, job.hooks = job.error or error, []
        for job in batch:
            job.done = True

    @staticmethod
    def _run(session: Session, job: _Job[Any], now: datetime) -> None:
        point = session.begin_nested()
        try:
            job.value, job.hooks = job.run(session, now)
            point.commit()
        except Exception as error:
            point.rollback()
            session.expire_all()
            job.error = error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading; anything written in it is lost."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.rollback()
