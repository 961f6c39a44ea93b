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
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import canon, merkle
from core.access import Actor
from core.db import Base


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
    case: Mapped[str] = mapped_column(String(40), default="", index=True)
    leaf: Mapped[str]
    leaf_hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(44))
    body: Mapped[str]
    actor: Mapped[str]
    __table_args__ = (UniqueConstraint("leaf_hash"), Index("ix_ledger_entry_case_at", "case", "at"))


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
        salt = secrets.token_bytes(32)
        body_bytes, actor_bytes = canon.dumps(body), canon.dumps(actor_facts(actor))
        leaf = canon.dumps(
            {
                "v": 1, "stream": stream, "index": head.size, "at": now.isoformat(), "kind": kind,
                "actor": _salted(salt[16:], actor_bytes), "body": _salted(salt[:16], body_bytes),
            }
        )  # fmt: skip
        leaf_hash = merkle.leaf_hash(leaf)
        row = EntryRow(
            stream=stream, index=head.size, at=now, kind=kind, case=case, leaf=leaf.decode(),
            leaf_hash=leaf_hash.hex(), salt=base64.b64encode(salt).decode(), body=body_bytes.decode(),
            actor=actor_bytes.decode(),
        )  # fmt: skip
        frontier = [bytes.fromhex(node) for node in head.frontier]
        head.frontier = [node.hex() for node in merkle.append(frontier, head.size, leaf_hash)]
        head.size += 1
        session.add(row)
        session.flush()
        return from_row(row)

    def tell(self, entry: Entry) -> None:
        for listener in self.listeners:
            listener(entry)


def head(session: Session, stream: str) -> dict[str, Any]:
    """{size, root} of a stream; root is hex."""
    row = session.get(Stream, stream)
    frontier = [bytes.fromhex(node) for node in row.frontier] if row else []
    return {"size": row.size if row else 0, "root": merkle.root(frontier).hex()}


def entries(session: Session, stream: str, *, after: int = -1, limit: int | None = None) -> list[Entry]:
    """Entries of one stream in order, those with index > `after`."""
    query = select(EntryRow).where(EntryRow.stream == stream, EntryRow.index > after).order_by(EntryRow.index)
    return [from_row(row) for row in session.scalars(query.limit(limit))]
