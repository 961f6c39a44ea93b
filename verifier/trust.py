"""Whom the verifier believes: CA roots, log, witness and receipt keys. It comes from the reader, never from a server.

trust.json: {ca_roots: [PEM], log_keys: [verifier key], witness_keys: [verifier key], receipt_keys: [P-256 SPKI in
base64], witnesses_needed}. `witnesses_needed` may be absent: 1 where a witness is named, else 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from certs import checkpoint, suite
from certs.checkpoint import VerifierKey
from certs.suite import PublicKey, exact_keys, unb64
from core import canon
from core.faults import Unusable

_KEYS = {"ca_roots", "log_keys", "witness_keys", "receipt_keys"}


@dataclass(frozen=True)
class Trust:
    """`fingerprint`: SHA-256 of the canonical JSON; compare it with the one its keeper publishes elsewhere."""

    roots: tuple[x509.Certificate, ...]
    logs: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...]
    needed: int
    receipt_keys: dict[str, PublicKey]
    fingerprint: str


def _root(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise Unusable("a CA root of the trust file cannot be read") from None


def parse(data: bytes) -> Trust:
    """Unusable unless it is a trust file with at least one root or key."""
    value: Any = canon.loads(data)
    optional = {"witnesses_needed"} if isinstance(value, dict) and "witnesses_needed" in value else set()
    value = exact_keys(value, _KEYS | optional, "trust file")
    for name in _KEYS:
        if not isinstance(value[name], list) or not all(isinstance(one, str) for one in value[name]):
            raise Unusable(f"trust file: {name} is not a list of texts")
    witnesses = tuple(checkpoint.verifier_key(one) for one in value["witness_keys"])
    needed = value.get("witnesses_needed", min(1, len(witnesses)))
    if type(needed) is not int or not 0 <= needed <= len(witnesses):
        raise Unusable("trust file: witnesses_needed does not fit the number of witnesses")
    keys = [suite.load_spki(unb64(one, "receipt key")) for one in value["receipt_keys"]]
    found = Trust(
        tuple(_root(one) for one in value["ca_roots"]),
        tuple(checkpoint.verifier_key(one) for one in value["log_keys"]),
        witnesses,
        needed,
        {suite.spki_id(key): key for key in keys},
        canon.sha256_hex(canon.dumps(value)),
    )
    if not (found.roots or found.logs or found.receipt_keys):
        raise Unusable("the trust file trusts nobody")
    return found


def for_path(path: Path, given: Path | None) -> Trust:
    """The given trust file, else `trust.json` beside `path`; Unusable when there is none."""
    source = given or path.parent / "trust.json"
    if not source.is_file():
        raise Unusable(f"no trust file: {source.name} is not there, name one with --trust")
    return parse(source.read_bytes())
