"""Checkpoints over the platform log: the heads of all streams under one root, signed, and cosigned by regulators.

A sealed stream takes part only with a head that may be shown (guards.sealed_heads): neither a new head nor a grown
number of heads may tell that somebody took a file or bid. Until then its root is under the case stream's own head.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, undefer

from certs import authority, checkpoint, heads
from certs.authority import Authority
from certs.checkpoint import VerifierKey
from core import ledger, merkle
from core.acts import Tx
from core.faults import Fault, Unusable
from core.ledger import EntryRow, Stream
from oversight.guards import SEALED, sealed_heads
from oversight.models import Cosignature, LogCheckpoint, Witness
from oversight.rules import refused
from verifier.ledger import PLATFORM


def newest(session: Session) -> LogCheckpoint | None:
    return session.scalar(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1))


def witnesses(session: Session) -> list[Witness]:
    """Those in force."""
    return list(session.scalars(select(Witness).where(Witness.ended_at.is_(None)).order_by(Witness.vkey)))


def trust(session: Session, house: Authority) -> dict[str, Any]:
    """The content of trust.json at this moment."""
    return house.trust([one.vkey for one in witnesses(session)])


def usable(session: Session) -> LogCheckpoint:
    """The newest checkpoint that a stranger will believe: cosigned, where a witness is registered."""
    query = select(LogCheckpoint).options(undefer(LogCheckpoint.heads)).order_by(LogCheckpoint.size.desc()).limit(1)
    in_force = select(Witness.vkey).where(Witness.ended_at.is_(None))
    if session.scalar(in_force.limit(1)) is not None:
        query = query.where(exists().where(Cosignature.size == LogCheckpoint.size, Cosignature.vkey.in_(in_force)))
    found = session.scalar(query)
    if found is None:
        raise refused("CHECKPOINT", "a cosigned checkpoint", "none")
    return found


def note_of(session: Session, point: LogCheckpoint) -> bytes:
    """The note with the cosignatures of the witnesses in force; others would be unknown keys to a strict reader."""
    query = (
        select(Cosignature.line)
        .join(Witness, Witness.vkey == Cosignature.vkey)
        .where(Cosignature.size == point.size, Witness.ended_at.is_(None))
        .order_by(Cosignature.at, Cosignature.vkey)
    )
    return (point.note + "".join(f"{line}\n" for line in session.scalars(query))).encode()


def stream_heads(session: Session) -> dict[str, dict[str, Any]]:
    """{stream: {size, root}} of every stream that may be shown; the platform log itself is under the checkpoint.

    A sealed head that was signed once is carried on: no stream leaves the checkpoints or shrinks in them.
    """
    shown, last = sealed_heads(session), newest(session)
    for name, head in last.heads.items() if last else ():
        if name.startswith(SEALED) and head["size"] > shown.get(name, {"size": 0})["size"]:
            shown[name] = head
    found = {}
    for name, size, frontier in session.execute(select(Stream.name, Stream.size, Stream.frontier)):
        if name == PLATFORM:
            continue
        if not name.startswith(SEALED):
            found[name] = {"size": size, "root": merkle.root([bytes.fromhex(one) for one in frontier]).hex()}
        elif name in shown:
            found[name] = shown[name]
    return found


def take(tx: Tx) -> LogCheckpoint:
    """Enter the heads of all streams in the platform log and sign it; the last checkpoint when nothing has changed."""
    house = authority.of(tx.config)
    last, run = newest(tx.session), heads.Heads(stream_heads(tx.session))
    unchanged = last is not None and last.size == ledger.head(tx.session, PLATFORM)["size"]
    if last is not None and unchanged and last.heads_root == run.body["heads"]:
        return last
    tx.record(PLATFORM, heads.KIND, run.body)
    frontier, size = _grown(tx.session, last)
    root = merkle.root(frontier)
    note = checkpoint.sign(checkpoint.Checkpoint(house.log_name, size, root), house.log_key)
    point = LogCheckpoint(
        size=size, root=root.hex(), note=note.decode(), at=tx.now, heads_root=run.body["heads"],
        frontier=[one.hex() for one in frontier],
        heads={one.stream: {"size": one.size, "root": one.root} for one in run.heads},
    )  # fmt: skip
    tx.session.add(point)
    if not witnesses(tx.session):
        forget(tx.session, size)
    return point


def _grown(session: Session, last: LogCheckpoint | None) -> tuple[list[bytes], int]:
    """Frontier and size of the platform log, built on what was signed before; Fault for a shrunken or forked log."""
    frontier = [bytes.fromhex(one) for one in last.frontier] if last else []
    size = last.size if last else 0
    query = select(EntryRow.leaf).where(EntryRow.stream == PLATFORM, EntryRow.index >= size).order_by(EntryRow.index)
    for leaf in session.scalars(query):
        frontier, size = merkle.append(frontier, size, merkle.leaf_hash(leaf.encode())), size + 1
    stated = session.get_one(Stream, PLATFORM)
    if (stated.size, stated.frontier) != (size, [one.hex() for one in frontier]):
        raise Fault("the platform log is not the one that was signed before")
    return frontier, size


def forget(session: Session, before: int) -> None:
    """Heads of older checkpoints carry no case file any more."""
    old = update(LogCheckpoint).where(LogCheckpoint.size < before, LogCheckpoint.heads_root != "")
    session.execute(old.values(heads={}, heads_root=""), execution_options={"synchronize_session": False})


def register(tx: Tx, text: str) -> VerifierKey:
    """A witness key for the actor's organisation; its earlier key is no longer counted."""
    key = checkpoint.verifier_key(text)
    house = authority.of(tx.config)
    if key.algorithm != checkpoint.WITNESS:
        raise Unusable("vkey: a witness key (algorithm 4) is expected")
    if key.name == house.log_name or key.public == house.log_key.public_key().public_bytes_raw():
        raise refused("WITNESS-OWN", "a witness that is not the log", key.name)
    others = [checkpoint.verifier_key(one.vkey) for one in tx.session.scalars(select(Witness))]
    mine = {one.vkey for one in tx.session.scalars(select(Witness).where(Witness.org_id == tx.actor.org))}
    if any(one.public == key.public or (one.name == key.name and one.text not in mine) for one in others):
        raise refused("WITNESS-TWICE", "a key and name of one's own", key.name)
    ended = update(Witness).where(Witness.org_id == tx.actor.org, Witness.ended_at.is_(None))
    tx.session.execute(ended.values(ended_at=tx.now), execution_options={"synchronize_session": False})
    tx.session.add(Witness(vkey=key.text, org_id=tx.actor.org, person_id=tx.actor.person, at=tx.now))
    return key


def cosign(tx: Tx, size: int, line: str) -> LogCheckpoint:
    """Add the cosignature of the actor's organisation to a checkpoint, after it has held."""
    point = tx.session.get(LogCheckpoint, size)
    if point is None:
        raise Unusable("size: no checkpoint of this size")
    query = select(Witness).where(Witness.org_id == tx.actor.org, Witness.ended_at.is_(None))
    witness = tx.session.scalar(query) if tx.actor.org else None
    if witness is None:
        raise refused("WITNESS", "a registered witness key", "none")
    if tx.session.get(Cosignature, (size, witness.vkey)) is not None:
        raise refused("COSIGNED", "one cosignature a witness", size)
    at = _witnessed(authority.of(tx.config), point, checkpoint.verifier_key(witness.vkey), line)
    tx.session.add(Cosignature(size=size, vkey=witness.vkey, line=line, witnessed_at=at, at=tx.now))
    tx.session.flush()
    forget(tx.session, size)
    return point


def _witnessed(house: Authority, point: LogCheckpoint, witness: VerifierKey, line: str) -> int:
    log = checkpoint.key_of(house.log_key, house.log_name)
    try:
        _, held = checkpoint.open_note(f"{point.note}{line}\n".encode(), [log, witness], strict=True)
    except (Fault, Unusable) as error:
        raise refused("COSIGNATURE", "a cosignature that holds", error) from None
    if [one.key for one in held] != [log, witness] or held[1].at is None:
        raise refused("COSIGNATURE", "one line by this witness", len(held) - 1)
    return held[1].at


def shown(session: Session, point: LogCheckpoint, old: int) -> dict[str, Any]:
    """What a witness needs: the note, and the proof that the log of `old` entries is part of this one."""
    proof: list[str] = []
    if old:
        query = select(EntryRow.leaf_hash).where(EntryRow.stream == PLATFORM, EntryRow.index < point.size)
        leaves = [bytes.fromhex(one) for one in session.scalars(query.order_by(EntryRow.index))]
        proof = [step.hex() for step in merkle.consistency_proof(leaves, old, point.size)]
    count = session.scalar(select(func.count()).select_from(Cosignature).where(Cosignature.size == point.size))
    return {
        "size": point.size, "root": point.root, "at": point.at.isoformat(), "note": note_of(session, point).decode(),
        "cosignatures": count, "consistency": {"old": old, "proof": proof},
    }  # fmt: skip
