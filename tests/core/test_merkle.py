"""Vectors: leaves, roots and nodes of transparency-dev/merkle `testonly/constants.go` (Certificate Transparency)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import merkle
from core.faults import Fault, Unusable

LEAVES = [
    merkle.leaf_hash(bytes.fromhex(text))
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
trees = st.integers(1, 70).map(lambda n: [merkle.leaf_hash(str(i).encode()) for i in range(n)])


def naive_root(leaves: list[bytes]) -> bytes:
    """The recursive definition of RFC 9162 §2.1.1, as an oracle."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_reference_roots(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size]


def test_reference_proofs() -> None:
    assert [h.hex() for h in merkle.inclusion_proof(LEAVES, 1, 2)] == [LEAVES[0].hex()]
    assert [h.hex() for h in merkle.inclusion_proof(LEAVES, 2, 3)] == [ROOTS[2]]
    assert [h.hex() for h in merkle.consistency_proof(LEAVES, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ]
    assert [h.hex() for h in merkle.consistency_proof(LEAVES, 2, 5)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


@given(trees)
def test_frontier_equals_the_recursive_definition(leaves: list[bytes]) -> None:
    frontier = merkle.frontier_of(leaves)
    assert merkle.root(frontier) == naive_root(leaves)
    assert len(frontier) == len(leaves).bit_count()


@given(trees, st.data())
def test_inclusion(leaves: list[bytes], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(leaves, index, size)
    expected = naive_root(leaves[:size])
    merkle.verify_inclusion(leaves[index], index, size, proof, expected)
    refused = [
        (merkle.leaf_hash(b"other"), index, size, proof, expected),
        (leaves[index], index, size, [*proof, leaves[0]], expected),
        (leaves[index], index, size, proof, merkle.EMPTY_ROOT),
        (leaves[index], size, size, proof, expected),
        (leaves[index], -1, size, proof, expected),
    ]
    if proof:
        refused.append((leaves[index], index, size, proof[:-1], expected))
        refused.append((leaves[index], index, size, [bytes(32), *proof[1:]], expected))
        refused.append((leaves[index], index ^ 1, size, proof, expected))
        refused.append((leaves[index], index, size, [b"short", *proof[1:]], expected))
    for case in refused:
        with pytest.raises(Fault):
            merkle.verify_inclusion(*case)


@given(trees, st.data())
def test_consistency(leaves: list[bytes], data: st.DataObject) -> None:
    new = data.draw(st.integers(1, len(leaves)))
    old = data.draw(st.integers(0, new))
    proof = merkle.consistency_proof(leaves, old, new)
    roots = naive_root(leaves[:old]), naive_root(leaves[:new])
    merkle.verify_consistency(old, new, proof, *roots)
    with pytest.raises(Fault):
        merkle.verify_consistency(old, new, [*proof, bytes(32)], *roots)
    with pytest.raises(Fault):
        merkle.verify_consistency(old, new, proof, bytes(32), roots[1])
    if old:
        with pytest.raises(Fault):
            merkle.verify_consistency(old, new, proof, roots[0], bytes(32))
    for at in range(len(proof)):
        with pytest.raises(Fault):
            merkle.verify_consistency(old, new, [*proof[:at], bytes(32), *proof[at + 1 :]], *roots)
        with pytest.raises(Fault):
            merkle.verify_consistency(old, new, proof[:at] + proof[at + 1 :], *roots)


def test_edges_are_decided() -> None:
    with pytest.raises(Fault, match="size 0"):
        merkle.verify_inclusion(LEAVES[0], 0, 0, [], merkle.EMPTY_ROOT)
    with pytest.raises(Fault, match="cannot extend"):
        merkle.verify_consistency(3, 2, [], bytes(32), bytes(32))
    with pytest.raises(Fault, match="too short"):
        merkle.verify_consistency(3, 5, [], bytes(32), bytes(32))
    for call in (lambda: merkle.inclusion_proof(LEAVES, 8), lambda: merkle.consistency_proof(LEAVES, 9),
                 lambda: merkle.append([], 1, LEAVES[0])):
        with pytest.raises(Unusable):
            call()
