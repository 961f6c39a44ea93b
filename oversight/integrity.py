"""Whether what the database holds of a case is still what was entered: the stranger's checks, run over the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canon, ledger, merkle
from core.faults import Fault, Unusable
from core.ledger import EntryRow, Stream
from oversight.guards import SEALED, quoted_roots, sealed_heads, size_at
from oversight.models import LogCheckpoint
from verifier import ledger as lines


@dataclass(frozen=True)
class Held:
    """A stream as it was recomputed; `checkpoint` the size under the newest checkpoint, 0 for none."""

    stream: str
    size: int
    root: str
    checkpoint: int


def integrity(session: Session, case: str) -> list[Held]:
    """Every shown stream of the case, recomputed from its rows; Fault names the first thing that does not hold.

    A sealed stream whose head has not been published is checked as well, but nothing is said of its entries.
    """
    shown = sealed_heads(session, [case])
    quoted = quoted_roots(session, [case])
    point = session.scalar(
        select(LogCheckpoint).where(LogCheckpoint.heads_root != "").order_by(LogCheckpoint.size.desc()).limit(1)
    )
    taken: dict[str, Any] = point.heads if point else {}
    held = [_stream(session, f"case:{case}", taken)]
    name = f"{SEALED}{case}"
    published = shown.get(name, {"size": 0})["size"]
    try:
        sealed = _stream(session, name, taken)
    except (Fault, Unusable):
        if published and published == ledger.head(session, name)["size"]:
            raise
        raise Fault(f"stream {name} does not hold") from None
    root = quoted[name].last if name in quoted else merkle.EMPTY_ROOT.hex()
    if root != merkle.EMPTY_ROOT.hex() and not size_at(session, name, root):
        raise Fault(f"stream {name} does not hold: it never had the head that the case stream quotes")
    return [*held, Held(name, published, shown[name]["root"], sealed.checkpoint)] if published else held


def _stream(session: Session, name: str, taken: dict[str, Any]) -> Held:
    rows = list(session.scalars(select(EntryRow).where(EntryRow.stream == name).order_by(EntryRow.index)))
    head = ledger.head(session, name)
    if session.get(Stream, name) is None and not rows:
        return Held(name, 0, head["root"], 0)
    for row in rows:
        _columns(row)
    found = [lines.line(canon.loads(r.leaf), r.salt, canon.loads(r.body), canon.loads(r.actor)) for r in rows]
    lines.read(lines.lines(found), canon.dumps({name: head}))
    if name in taken:
        _prefix(session, name, taken[name], "checkpoint")
    return Held(name, head["size"], head["root"], taken.get(name, {"size": 0})["size"])


def _columns(row: EntryRow) -> None:
    """What is searched by must be what was hashed."""
    leaf = canon.loads(row.leaf)
    stated = {"stream": row.stream, "index": row.index, "at": row.at.isoformat(), "kind": row.kind}
    for key, value in stated.items():
        if leaf.get(key) != value:
            raise Fault(f"entry {row.index} of {row.stream}: {key} is {value}, {leaf.get(key)} was recorded")
    if merkle.leaf_hash(row.leaf.encode()).hex() != row.leaf_hash:
        raise Fault(f"entry {row.index} of {row.stream}: the leaf is not what its hash says")


def _prefix(session: Session, name: str, head: dict[str, Any], where: str) -> None:
    query = select(EntryRow.leaf_hash).where(EntryRow.stream == name, EntryRow.index < head["size"])
    hashes = [bytes.fromhex(one) for one in session.scalars(query.order_by(EntryRow.index))]
    if len(hashes) != head["size"] or merkle.root_of(hashes).hex() != head["root"]:
        raise Fault(f"stream {name} no longer begins as the {where} says")
