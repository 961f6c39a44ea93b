"""Merkle tree hashing and proofs of RFC 9162 §2.1 (the same as RFC 6962 §2.1), SHA-256.

A hash is 32 bytes. A frontier is the compact state of a log: the roots of its perfect subtrees, largest first, as
many as the size has one-bits. Proof makers take leaf hashes; `verify_*` need only roots and raise Fault.

Edges, decided here because the RFC leaves them open: a tree of size 0 has the root SHA-256(""); nothing is included in
it; every tree is consistent with size 0 only by an empty proof and the empty root; equal sizes need an empty proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from core.faults import Fault, Unusable

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(frontier: Sequence[bytes], size: int, leaf: bytes) -> list[bytes]:
    """Frontier of size + 1 after adding the leaf hash `leaf`; Unusable when frontier and size disagree."""
    if size < 0 or len(frontier) != size.bit_count():
        raise Unusable(f"a frontier of {len(frontier)} hashes does not belong to size {size}")
    grown = [*frontier, leaf]
    while size & 1:
        right = grown.pop()
        grown[-1] = node_hash(grown[-1], right)
        size >>= 1
    return grown


def root(frontier: Sequence[bytes]) -> bytes:
    """Root hash of the tree whose frontier this is."""
    if not frontier:
        return EMPTY_ROOT
    top = frontier[-1]
    for left in reversed(frontier[:-1]):
        top = node_hash(left, top)
    return top


def frontier_of(leaves: Iterable[bytes]) -> list[bytes]:
    frontier: list[bytes] = []
    for size, leaf in enumerate(leaves):
        frontier = append(frontier, size, leaf)
    return frontier


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root hash over leaf hashes in order."""
    return root(frontier_of(leaves))


def _split(size: int) -> int:
    """Largest power of two smaller than size (size ≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int, size: int | None = None) -> list[bytes]:
    """Audit path of leaf `index` in the tree of the first `size` leaf hashes (all by default), leaf side first."""
    size = len(leaves) if size is None else size
    if not 0 <= index < size <= len(leaves):
        raise Unusable(f"no leaf {index} in a tree of size {size} over {len(leaves)} leaves")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(root_of(leaves[middle:end]))
            end = middle
        else:
            path.append(root_of(leaves[start:middle]))
            start = middle
    return path[::-1]


def consistency_proof(leaves: Sequence[bytes], old: int, new: int | None = None) -> list[bytes]:
    """Proof that the tree of the first `new` leaf hashes extends that of the first `old` (RFC 9162 §2.1.4.1)."""
    new = len(leaves) if new is None else new
    if not 0 <= old <= new <= len(leaves):
        raise Unusable(f"no consistency proof from size {old} to {new} over {len(leaves)} leaves")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end - start:
        middle = _split(end - start)
        if old <= middle:
            path.append(root_of(leaves[start + middle : end]))
            end = start + middle
        else:
            path.append(root_of(leaves[start : start + middle]))
            start, old, whole = start + middle, old - middle, False
    if not whole:
        path.append(root_of(leaves[start:end]))
    return path[::-1]


def _hashes(proof: Sequence[bytes]) -> None:
    if any(len(step) != 32 for step in proof):
        raise Fault("a proof holds something that is not a 32-byte hash")


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Fault unless `proof` leads from the leaf hash at `index` to the root `expected` of size `size`."""
    _hashes(proof)
    if not 0 <= index < size:
        raise Fault(f"entry {index} cannot be in a log of size {size}")
    node, last, reached = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise Fault("the inclusion proof is too long")
        if node & 1 or node == last:
            reached = node_hash(step, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, step)
        node, last = node >> 1, last >> 1
    if last:
        raise Fault("the inclusion proof is too short")
    if reached != expected:
        raise Fault(f"entry {index} does not lead to the root of size {size}")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Fault unless the log of size `new` with `new_root` contains the log of size `old` with `old_root` unchanged."""
    _hashes(proof)
    if not 0 <= old <= new:
        raise Fault(f"a log of size {new} cannot extend one of size {old}")
    if old in (0, new):
        if proof:
            raise Fault("the consistency proof should be empty")
        if old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise Fault(f"the root of size {old} differs")
        return
    # the root of a perfect old tree is itself the first node of the path, and is left out of the proof
    steps = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not steps:
        raise Fault("the consistency proof is too short")
    before, after = _climb(old, new, steps)
    if before != old_root:
        raise Fault(f"the proof does not lead to the root of size {old}")
    if after != new_root:
        raise Fault(f"the proof does not lead to the root of size {new}")


def _climb(old: int, new: int, steps: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Roots of both sizes reached by the path (RFC 9162 §2.1.4.2)."""
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Fault("the consistency proof is too long")
        if node & 1 or node == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, step)
        node, last = node >> 1, last >> 1
    if last:
        raise Fault("the consistency proof is too short")
    return before, after
