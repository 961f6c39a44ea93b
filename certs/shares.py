"""The fallback: a file key split 2 of 3 (Shamir, GF(256)), each share wrapped by HPKE to one custodian.

A share is 33 bytes: 32 of y, 1 of x; as npm shamir-secret-sharing. One share, or any number of share digests, tells
nothing about the key; two do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pyshamir
from cryptography.exceptions import InvalidTag

from certs import suite, typed
from certs.suite import HPKE, PrivateKey, PublicKey, b64, exact_keys, unb64
from core.faults import Fault, Unusable

ROLES = ("tenderer", "centre", "regulator")
THRESHOLD = 2
SHARE_BYTES = 33
_WRAPPED_BYTES = 65 + SHARE_BYTES + 16
_PREFIX = b"gongheng/share/1\n"


@dataclass(frozen=True)
class HeldShare:
    """A wrapped share: `key` names the custodian's key, `commitment` is a digest over the share itself."""

    key: str
    wrapped: bytes
    commitment: str


def _commitment(share: bytes, info: bytes) -> str:
    return hashlib.sha256(_PREFIX + info + b"\n" + share).hexdigest()


def split(file_key: bytes, custodians: Mapping[str, PublicKey]) -> dict[str, bytes]:
    """Role → share; Unusable unless there is exactly one key for each role, all different."""
    if set(custodians) != set(ROLES) or len({suite.spki_id(key) for key in custodians.values()}) != len(ROLES):
        raise Unusable(f"shares need three different custodian keys, one each for {', '.join(ROLES)}")
    parts = pyshamir.split(file_key, len(ROLES), THRESHOLD)
    return {role: bytes(part) for role, part in zip(ROLES, parts, strict=True)}


def wrap(share: bytes, custodian: PublicKey, info: bytes) -> HeldShare:
    return HeldShare(suite.spki_id(custodian), HPKE.encrypt(share, custodian, info), _commitment(share, info))


def check(held: HeldShare, share: bytes, info: bytes) -> None:
    if len(share) != SHARE_BYTES or _commitment(share, info) != held.commitment:
        raise Fault("the share is not the one its sealer committed to")


def unwrap(held: HeldShare, private: PrivateKey, info: bytes) -> bytes:
    if suite.spki_id(private) != held.key:
        raise Fault("this share is wrapped to another custodian's key")
    try:
        share = HPKE.decrypt(held.wrapped, private, info)
    except InvalidTag:
        raise Fault("the wrapped share does not open: it was changed or belongs to another seal") from None
    check(held, share, info)
    return share


def candidates(released: list[bytes]) -> Iterator[bytes]:
    """Possible file keys, one for each pair of shares; Fault when fewer than two different ones were released."""
    if len({share[-1:] for share in released}) < THRESHOLD:
        raise Fault(f"{THRESHOLD} different shares are needed")
    for pair in combinations(released, THRESHOLD):
        if pair[0][-1] != pair[1][-1]:
            yield bytes(pyshamir.combine([bytearray(share) for share in pair]))


def to_json(held: Mapping[str, HeldShare]) -> dict[str, Any] | None:
    if not held:
        return None
    return {role: {"key": s.key, "wrapped": b64(s.wrapped), "commitment": s.commitment} for role, s in held.items()} | {
        "threshold": THRESHOLD
    }


def from_json(value: Any) -> dict[str, HeldShare]:
    if value is None:
        return {}
    body = exact_keys(value, {*ROLES, "threshold"}, "shares")
    if body["threshold"] != THRESHOLD:
        raise Unusable(f"the threshold of shares is {THRESHOLD}")
    held = {}
    for role in ROLES:
        share = exact_keys(body[role], {"key", "wrapped", "commitment"}, f"share of {role}")
        held[role] = HeldShare(
            typed.digest(share["key"], "custodian key"),
            unb64(share["wrapped"], "wrapped share", _WRAPPED_BYTES),
            typed.digest(share["commitment"], "commitment"),
        )
    return held
