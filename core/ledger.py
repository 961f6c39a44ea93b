"""The append-only record of acts: one Merkle log a stream (RFC 9162 hashing), hashes only in the leaves.

A stream is any aggregate: `case:<id>`, `org:<id>`, `pool`, `venue:<id>`, `platform`. `sealed:<lot>` holds downloads and
bids before the deadline; its head enters the case stream at the deadline, so nobody can count bids before.
A leaf holds salted hashes; the body stands beside it and can be withheld (or erased) without breaking the log. Body and
actor have a salt each (the halves of `salt`): an opened body must not let anyone guess who acted.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, Index, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import canon, merkle
from core.access import Actor
from core.db import Base
from core.prepared import Prepared


class Stream(Base):
    """Head of one log. `frontier`: the roots of its perfect subtrees, hex, largest first."""

    __tablename__ = "ledger_stream"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    size: Mapped[int] = mapped_column(default=0)
    frontier: Mapped[list[Any]] = mapped_column(default=list)


class EntryRow(Base):
    __tablename__ = "ledger_entry"
    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    index: Mapped[int] = mapped_column("idx", primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    case: Mapped[str] = mapped_column(String(40), default="")
    leaf: Mapped[str]
    leaf_hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(44))
    body: Mapped[str]
    actor: Mapped[str]
    __table_args__ = (Index("ix_ledger_entry_case_at", "case", "at"),)


@dataclass(frozen=True)
class Entry:
    """One entry as listeners and pages see it; `body` and `actor` are the opened values."""

    stream: str
    index: int
    at: datetime
    kind: str
    case: str
    leaf: dict[str, Any]
    leaf_hash: str
    salt: str
    body: dict[str, Any]
    actor: dict[str, Any]


def _salted(salt: bytes, value: bytes) -> str:
    return hashlib.sha256(salt + value).hexdigest()


def actor_facts(actor: Actor) -> dict[str, Any]:
    """Who, from where and with which certificate (20号令 art. 49)."""
    return {
        "person": actor.person,
        "name": actor.name,
        "org": actor.org,
        "org_name": actor.org_name,
        "address": actor.address,
        "certificate": actor.certificate,
    }


def from_row(row: EntryRow) -> Entry:
    return Entry(
        row.stream, row.index, row.at, row.kind, row.case, canon.loads(row.leaf), row.leaf_hash, row.salt,
        canon.loads(row.body), canon.loads(row.actor),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _told(actor: Actor) -> tuple[dict[str, Any], bytes]:
    facts = actor_facts(actor)
    return facts, canon.dumps(facts)


def compose(
    stream: str, index: int, kind: str, body: dict[str, Any], *, actor: Actor, now: datetime, case: str
) -> tuple[Entry, dict[str, Any]]:
    """The entry and the columns of its row; nothing is written."""
    salt = secrets.token_bytes(32)
    facts, actor_bytes = _told(actor)
    body_bytes = canon.dumps(body)
    leaf = {
        "v": 1, "stream": stream, "index": index, "at": now.isoformat(), "kind": kind,
        "actor": _salted(salt[16:], actor_bytes), "body": _salted(salt[:16], body_bytes),
    }  # fmt: skip
    leaf_bytes = orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS)  # as canon.dumps: text and whole numbers alone
    leaf_hash, salt_text = merkle.leaf_hash(leaf_bytes).hex(), base64.b64encode(salt).decode()
    row = {
        "stream": stream, "idx": index, "at": now, "kind": kind, "case": case, "leaf": leaf_bytes.decode(),
        "leaf_hash": leaf_hash, "salt": salt_text, "body": body_bytes.decode(), "actor": actor_bytes.decode(),
    }  # fmt: skip
    return Entry(stream, index, now, kind, case, leaf, leaf_hash, salt_text, body, facts), row


@dataclass
class Head:
    """Of one stream, while a batch grows it."""

    size: int
    frontier: list[bytes]


def heads(connection: Connection, streams: Collection[str]) -> dict[str, Head]:
    """Of those that exist."""
    rows = ((name, _HEAD.first(connection, {"stream": name})) for name in streams)
    return {name: Head(row[0], [bytes.fromhex(node) for node in row[1]]) for name, row in rows if row is not None}


class Batch:
    """Entries of many acts for streams that exist, written together."""

    def __init__(self, heads: dict[str, Head], now: datetime) -> None:
        self._heads, self._now = heads, now
        self._rows: list[dict[str, Any]] = []
        self._grown: set[str] = set()

    def add(self, stream: str, kind: str, body: dict[str, Any], *, actor: Actor, case: str) -> Entry:
        head = self._heads[stream]
        entry, row = compose(stream, head.size, kind, body, actor=actor, now=self._now, case=case)
        head.frontier = merkle.append(head.frontier, head.size, bytes.fromhex(entry.leaf_hash))
        head.size += 1
        self._rows.append(row)
        self._grown.add(stream)
        return entry

    def store(self, connection: Connection) -> None:
        _ADD.many(connection, self._rows)
        heads = [(name, self._heads[name]) for name in self._grown]
        grown = [{"stream": name, "grown": head.size, "nodes": [node.hex() for node in head.frontier]}
                 for name, head in heads]  # fmt: skip
        _GROW.many(connection, grown)


_ADD = Prepared(insert(EntryRow))
_HEAD = Prepared(select(Stream.size, Stream.frontier).where(Stream.name == bindparam("stream")))
_GROW = Prepared(
    update(Stream).where(Stream.name == bindparam("stream")).values(
        size=bindparam("grown"), frontier=bindparam("nodes")
    )
)  # fmt: skip


class Ledger:
    """Appends inside the caller's transaction; listeners hear after the commit."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Entry], None]] = []

    def append(
        self, session: Session, stream: str, kind: str, body: dict[str, Any], *, actor: Actor, now: datetime, case: str
    ) -> Entry:
        """Write the entry and move the head; the caller holds the one write transaction."""
        head = session.get(Stream, stream, with_for_update=True)
        if head is None:
            head = Stream(name=stream, size=0, frontier=[])
            session.add(head)
        entry, row = compose(stream, head.size, kind, body, actor=actor, now=now, case=case)
        frontier = [bytes.fromhex(node) for node in head.frontier]
        leaf_hash = bytes.fromhex(entry.leaf_hash)
        head.frontier = [node.hex() for node in merkle.append(frontier, head.size, leaf_hash)]
        head.size += 1
        session.flush()
        _ADD.many(session.connection(), [row])
        return entry

    def tell(self, entry: Entry) -> None:
        for listener in self.listeners:
            listener(entry)


def head(session: Session, stream: str) -> dict[str, Any]:
    """{size, root} of a stream; root is hex."""
    row = session.get(Stream, stream)
    frontier = [bytes.fromhex(node) for node in row.frontier] if row else []
    return {"size": row.size if row else 0, "root": merkle.root(frontier).hex()}


def kinds(session: Session, stream: str, size: int) -> list[str]:
    """Of the entries that came after the first `size` of them, in order."""
    query = select(EntryRow.kind).where(EntryRow.stream == stream, EntryRow.index >= size)
    return list(session.scalars(query.order_by(EntryRow.index)))


def entries(session: Session, stream: str, *, after: int = -1, limit: int | None = None) -> list[Entry]:
    """Entries of one stream in order, those with index > `after`."""
    query = select(EntryRow).where(EntryRow.stream == stream, EntryRow.index > after).order_by(EntryRow.index)
    return [from_row(row) for row in session.scalars(query.limit(limit))]
