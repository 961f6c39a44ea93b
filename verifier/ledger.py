"""The ledger inside a case file: entries, their openings, stream roots, and the way up to a cosigned checkpoint.

ledger/entries.jsonl    a canonical line an entry: {leaf, salts: {body, actor}, body, actor}; null where withheld
ledger/streams.json     {stream: {size, root}}
ledger/platform.json    {entry, proof: [hex], heads: [{stream, size, root, index, proof}]}: the last platform entry
                        (certs.heads), its path to the checkpoint, and each exported stream's head in it
ledger/checkpoint       signed and cosigned checkpoint of the platform log
A leaf is {v, stream, index, at, kind, actor, body}; `actor` and `body` are SHA-256 of own salt || canonical value.
Each has a salt of its own, so that an opened body does not let anyone guess the withheld actor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from certs import checkpoint, heads
from certs.suite import b64, exact_keys, unb64
from core import canon, merkle
from core.faults import Fault
from verifier.trust import Trust

PLATFORM = "platform"
_LINE = {"leaf", "salts", "body", "actor"}
_PARTS = ("body", "actor")
_LEAF = {"v", "stream", "index", "at", "kind", "actor", "body"}


@dataclass(frozen=True)
class Entry:
    """`body` and `actor` are None where withheld; `hash` is the Merkle leaf hash in hex."""

    stream: str
    index: int
    at: str
    kind: str
    body: Any
    actor: Any
    hash: str

    @property
    def name(self) -> str:
        return f"entry {self.index} of {self.stream}"


def line(leaf: Mapping[str, Any], salt: str, body: Any, actor: Any) -> dict[str, Any]:
    """One line of entries.jsonl. `salt`: the entry's 32 bytes in base64, the body's half first; what is withheld
    (None) takes its half of the salt with it."""
    both = unb64(salt, "salt", 32)
    salts = {"body": None if body is None else b64(both[:16]), "actor": None if actor is None else b64(both[16:])}
    return {"leaf": dict(leaf), "salts": salts, "body": body, "actor": actor}


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(canon.dumps(row) + b"\n" for row in rows)


def read_entry(value: Any) -> Entry:
    """Fault unless the leaf has its shape and every opened value is the one that was hashed."""
    row = exact_keys(value, _LINE, "ledger line")
    leaf = exact_keys(row["leaf"], _LEAF, "ledger leaf")
    if leaf["v"] != 1 or type(leaf["index"]) is not int or not isinstance(leaf["stream"], str):
        raise Fault("a ledger leaf is not of version 1")
    digest = merkle.leaf_hash(canon.dumps(leaf)).hex()
    entry = Entry(leaf["stream"], leaf["index"], leaf["at"], leaf["kind"], row["body"], row["actor"], digest)
    salts = exact_keys(row["salts"], set(_PARTS), "salts")
    for part in _PARTS:
        if row[part] is None:
            continue
        if salts[part] is None:
            raise Fault(f"{entry.name}: the {part} is opened without its salt")
        salted = unb64(salts[part], "salt") + canon.dumps(row[part])
        if hashlib.sha256(salted).hexdigest() != leaf[part]:
            raise Fault(f"{entry.name}: the {part} is not what was recorded")
    return entry


@dataclass(frozen=True)
class Ledger:
    entries: tuple[Entry, ...]
    heads: dict[str, tuple[int, bytes]]

    def opened(self, kind: str | None = None) -> Iterator[Entry]:
        return (one for one in self.entries if one.body is not None and kind in (None, one.kind))

    @property
    def hashes(self) -> set[str]:
        return {one.hash for one in self.entries}

    @property
    def texts(self) -> set[str]:
        """Every text in every opened body: where a digest must stand to be bound to the ledger."""
        found: set[str] = set()
        for one in self.opened():
            _gather(one.body, found)
        return found


def quoted(ledger: Ledger) -> int:
    """How many opened entries quote a head {stream, size, root} of an exported stream; Fault when one is false.

    The sealed log of bids is bound this way: its head enters the case stream at the deadline.
    """
    count = 0
    for one in ledger.opened():
        if not {"stream", "size", "root"} <= set(one.body) or one.body["stream"] not in ledger.heads:
            continue
        name, size = one.body["stream"], one.body["size"]
        hashes = [bytes.fromhex(other.hash) for other in ledger.entries if other.stream == name][:size]
        if len(hashes) != size or merkle.root_of(hashes).hex() != one.body["root"]:
            raise Fault(f"{one.name} quotes a head of stream {name} that the stream does not have")
        count += 1
    return count


def _gather(value: Any, found: set[str]) -> None:
    match value:
        case str():
            found.add(value)
        case dict():
            for item in value.values():
                _gather(item, found)
        case list():
            for item in value:
                _gather(item, found)


def read(entries: bytes, streams: bytes) -> Ledger:
    """Fault unless the entries of every stream are complete, in order, and lead to the stated roots."""
    if entries and not entries.endswith(b"\n"):
        raise Fault("the last ledger line is cut off")
    found = tuple(read_entry(canon.loads_canonical(text)) for text in entries.split(b"\n")[:-1])
    stated = {
        name: exact_keys(head, {"size", "root"}, "stream head") for name, head in canon.loads_canonical(streams).items()
    }
    by_stream: dict[str, list[Entry]] = {name: [] for name in stated}
    for one in found:
        row = by_stream.get(one.stream)
        if row is None:
            raise Fault(f"{one.name} belongs to no stated stream")
        if one.index != len(row):
            raise Fault(f"{one.name} stands where entry {len(row)} should be: one is missing or out of order")
        if row and _moment(one) < _moment(row[-1]):
            raise Fault(f"{one.name} is earlier than the entry before it")
        row.append(one)
    found_heads = {}
    for name, row in by_stream.items():
        if len(row) != stated[name]["size"]:
            raise Fault(f"stream {name} has {len(row)} entries, {stated[name]['size']} are stated")
        root = merkle.root_of(bytes.fromhex(one.hash) for one in row)
        if root.hex() != stated[name]["root"]:
            raise Fault(f"the entries of stream {name} do not lead to its root")
        found_heads[name] = (len(row), root)
    if tuple(sorted(found, key=lambda one: (one.stream, one.index))) != found:
        raise Fault("the ledger lines are not sorted by stream and index")
    return Ledger(found, found_heads)


def _moment(entry: Entry) -> datetime:
    try:
        return datetime.fromisoformat(entry.at)
    except ValueError:
        raise Fault(f"{entry.name} has no readable time") from None


def anchor(ledger: Ledger, platform: bytes, note: bytes, trust: Trust) -> str:
    """Bind every stream head to the cosigned checkpoint; the answer's line. Fault when one is not bound.

    The entry with the heads must be the last one under the checkpoint: an older one could hide what came after.
    """
    signed = checkpoint.verify(note, trust.logs, trust.witnesses, trust.needed)
    state = signed.checkpoint
    shown = exact_keys(canon.loads_canonical(platform), {"entry", "proof", "heads"}, "platform proof")
    entry = read_entry(shown["entry"])
    if entry.stream != PLATFORM or entry.kind != heads.KIND or entry.body is None:
        raise Fault(f"{entry.name} is not an opened platform entry with the heads of streams")
    if entry.index != state.size - 1:
        raise Fault(f"{entry.name} is not the last one under the checkpoint of {state.size} entries")
    proof = [bytes.fromhex(step) for step in shown["proof"]]
    merkle.verify_inclusion(bytes.fromhex(entry.hash), entry.index, state.size, proof, state.root)
    bound = [heads.verify(entry.body, one) for one in shown["heads"]]
    for head in bound:
        held = ledger.heads.get(head.stream)
        if held is None or (head.size, head.root) != (held[0], held[1].hex()):
            raise Fault(f"the platform log holds another head of stream {head.stream}")
    missing = set(ledger.heads) - {head.stream for head in bound}
    if missing:
        raise Fault(f"stream {min(missing)} is not bound to the checkpoint")
    return checkpoint_line(signed)


def checkpoint_line(signed: checkpoint.Witnessed) -> str:
    by = ", ".join(f"{name} at {datetime.fromtimestamp(at, UTC).isoformat()}" for name, at in signed.witnesses)
    state = signed.checkpoint
    return f"checkpoint of {state.origin}: {state.size} entries, cosigned by {by or 'nobody'}"
