"""Drafts, of which many come at once: what the members of all rooms note down while they work.

Such an act goes the ordinary way first. Its guards are asked, and it hands back what they allowed as a `Grant`. As long
as nothing but such drafts and what moves no guard (STILL) has been written to the case since (the size of its stream
tells), the same actor's next one is judged by the grant, and those of a batch are written together in a few statements:
the same rows, entries and events as on the ordinary way (tests/evaluation/test_drafts.py). What a grant does not cover
goes the ordinary way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, insert, inspect, select, update

from core import ledger, live
from core.access import Actor
from core.db import Base
from core.faults import Fault, Unusable
from core.ledger import Entry
from core.live import LiveEvent
from core.once import ActOnce
from core.prepared import Prepared
from core.rules import Refused

Payload = dict[str, Any]
MOST = 20_000  # grants kept; then all are asked for anew
STILL: set[str] = set()  # kinds of entries after which no guard of a draft refuses what it allowed: grants outlive them


@dataclass(frozen=True)
class Written:
    """What a draft writes: rows of one table (`fresh` ones and ones that stand there already), its ledger entry, its
    event and its answer."""

    table: type[Base]
    fresh: list[dict[str, Any]]
    known: list[dict[str, Any]]
    kind: str
    body: dict[str, Any]
    channel: str
    event: str
    data: dict[str, Any]
    answer: Payload


class Grant(Protocol):
    """What the guards allowed one actor for one act of one case."""

    actor: Actor  # as the ledger names them
    holds: timedelta  # from when the guards were asked; short where one of them looks at the clock

    def write(self, payload: Payload, now: datetime) -> Written:
        """Refused or Unusable exactly as the act itself; what it returns counts as written from then on."""
        ...


@dataclass(frozen=True)
class Draft:
    """One sending of a draft act; `once` is its id ("" = none), `digest` what that id stands for."""

    actor: Actor
    act: str
    case: str
    payload: Payload
    once: str
    digest: str

    @property
    def stream(self) -> str:
        return f"case:{self.case}"


@dataclass
class Outcome:
    """`left`: this draft goes the ordinary way."""

    draft: Draft
    left: bool = True
    answer: Payload | None = None
    error: Exception | None = None
    entry: Entry | None = None
    event: LiveEvent | None = None


@dataclass
class _Case:
    """`size`: of the case's stream when nothing but drafts had been written since its grants were given."""

    size: int = -1
    grants: dict[tuple[Actor, str], tuple[Grant, datetime]] = field(default_factory=dict)


class Grants:
    """What this process remembers. Whoever else writes to the case makes the size differ, and all is asked anew."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}
        self._count = 0

    def known(self, case: str) -> bool:
        return case in self._cases

    def find(self, draft: Draft, size: int, now: datetime) -> Grant | None:
        case = self._cases.get(draft.case)
        found = case.grants.get((draft.actor, draft.act)) if case and case.size == size else None
        return found[0] if found and now - found[1] <= found[0].holds else None

    def give(self, draft: Draft, grant: Grant, index: int, now: datetime) -> None:
        """After the commit of an ordinary draft whose entry stands at `index` of the case's stream."""
        if self._count >= MOST:
            self._cases, self._count = {}, 0
        case = self._cases.setdefault(draft.case, _Case())
        if case.size != index:
            self._count -= len(case.grants)
            case.grants.clear()
        case.size = index + 1
        self._count += (draft.actor, draft.act) not in case.grants
        case.grants[draft.actor, draft.act] = grant, now

    def grow(self, case: str, size: int) -> None:
        self._cases[case].size = size

    def pass_over(self, case: str, index: int) -> None:
        """After the commit of an entry of a kind in STILL."""
        found = self._cases.get(case)
        if found is not None and found.size == index:
            found.size = index + 1

    def forget(self, cases: Iterable[str]) -> None:
        for case in cases:
            gone = self._cases.pop(case, None)
            self._count -= len(gone.grants) if gone else 0


def write_all(connection: Connection, drafts: Sequence[Draft], grants: Grants, now: datetime) -> list[Outcome]:
    """Judge and write what grants cover, in order. The caller forgets the grants of these cases when this fails or the
    commit does: they count as written what is not."""
    found = [Outcome(one) for one in drafts]
    heads = ledger.heads(connection, {one.stream for one in drafts})
    covered = [(one, grant) for one in found if (grant := _grant(one.draft, heads, grants, now)) is not None]
    if not covered:
        return found
    again = _sent_before(connection, [one.draft for one, _ in covered])
    written: list[tuple[Outcome, Grant, Written]] = []
    for one, grant in covered:
        key = (one.draft.actor.person, one.draft.once)
        if one.draft.once and key in again:
            continue
        again.add(key)
        one.left = False
        try:
            written.append((one, grant, grant.write(one.draft.payload, now)))
        except (Refused, Unusable, Fault) as error:  # as the ordinary way would have raised it
            one.error = error
    _store(connection, written, heads, now)
    for one, _, what in written:
        one.answer = what.answer
    for stream in {one.draft.stream for one, _, _ in written}:
        grants.grow(stream.removeprefix("case:"), heads[stream].size)
    return found


def _grant(draft: Draft, heads: dict[str, ledger.Head], grants: Grants, now: datetime) -> Grant | None:
    head = heads.get(draft.stream)
    return grants.find(draft, head.size, now) if head else None


def _sent_before(connection: Connection, drafts: Sequence[Draft]) -> set[tuple[str, str]]:
    keys = [(one.actor.person, one.once) for one in drafts if one.once]
    return {(person, once) for person, once in keys if _SENT.first(connection, {"who": person, "sent": once})}


def _store(
    connection: Connection, written: Sequence[tuple[Outcome, Grant, Written]], heads: dict[str, ledger.Head],
    now: datetime,
) -> None:  # fmt: skip
    entries = ledger.Batch(heads, now)
    events = live.Batch(connection, {what.channel for _, _, what in written}, now)
    kept = []
    for one, grant, what in written:
        draft = one.draft
        one.entry = entries.add(draft.stream, what.kind, what.body, actor=grant.actor, case=draft.case)
        one.event = events.add(what.channel, what.event, what.data)
        if draft.once:
            kept.append({"person": draft.actor.person, "once": draft.once, "act": draft.act, "case": draft.case,
                         "digest": draft.digest, "result": what.answer, "at": now})  # fmt: skip
    rows(connection, [what for _, _, what in written])
    entries.store(connection)
    events.store(connection)
    _KEEP.many(connection, kept)


_KEEP = Prepared(insert(ActOnce))
_SENT = Prepared(
    select(ActOnce.once).where(ActOnce.once == bindparam("sent"), ActOnce.person == bindparam("who"))
)  # fmt: skip


def rows(connection: Connection, written: Sequence[Written]) -> None:
    """Write the rows of drafts, in order."""
    tables: dict[type[Base], tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {}
    for what in written:
        fresh, known = tables.setdefault(what.table, ([], []))
        fresh += what.fresh
        known += what.known
    for table, (fresh, known) in tables.items():
        add, change = _of(table)
        add.many(connection, fresh)
        change.many(connection, known)


@cache
def _of(table: type[Base]) -> tuple[Prepared, Prepared]:
    """A new row; every other column of the row with this primary key."""
    columns = inspect(table).columns
    where = [column == bindparam(f"k_{column.name}") for column in columns if column.primary_key]
    values: dict[str, Any] = {c.name: bindparam(f"k_{c.name}") for c in columns if not c.primary_key}
    return Prepared(insert(table)), Prepared(update(table).where(*where).values(values), prefix="k_")
