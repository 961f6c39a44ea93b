"""Whom the verifier believes: CA roots, log, witness and receipt keys. It comes from the reader, never from a server.

trust.json: {schema: trust/1, ca_roots: [certificate], log_keys: [verifier key], witness_keys: [verifier key],
platform_certificates: [certificate], witnesses_needed}; certificates as DER in base64 or as PEM. Receipts are verified
with the keys of `platform_certificates`. `witnesses_needed` may be absent: 1 where a witness is named, else 0.
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

SCHEMA = "trust/1"
_LISTS = {"ca_roots", "log_keys", "witness_keys", "platform_certificates"}


@dataclass(frozen=True)
class Trust:
    """`fingerprint`: SHA-256 of the canonical JSON; compare it with the one its keeper publishes elsewhere."""

    roots: tuple[x509.Certificate, ...]
    logs: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...]
    needed: int
    receipt_keys: dict[str, PublicKey]
    fingerprint: str


def _certificate(text: str) -> x509.Certificate:
    try:
        if text.startswith("-----BEGIN"):
            return x509.load_pem_x509_certificate(text.encode())
        return x509.load_der_x509_certificate(unb64(text, "certificate"))
    except ValueError:
        raise Unusable("a certificate of the trust file cannot be read") from None


def _key(certificate: x509.Certificate) -> PublicKey:
    key = certificate.public_key()
    if not isinstance(key, PublicKey):
        raise Unusable("a platform certificate of the trust file is not for P-256")
    return key


def parse(data: bytes) -> Trust:
    """Unusable unless it is a trust file with at least one root or key."""
    value: Any = canon.loads(data)
    optional = {"witnesses_needed"} if isinstance(value, dict) and "witnesses_needed" in value else set()
    value = exact_keys(value, {"schema"} | _LISTS | optional, "trust file")
    if value["schema"] != SCHEMA:
        raise Unusable(f"not a {SCHEMA} file")
    for name in _LISTS:
        if not isinstance(value[name], list) or not all(isinstance(one, str) for one in value[name]):
            raise Unusable(f"trust file: {name} is not a list of texts")
    witnesses = tuple(checkpoint.verifier_key(one) for one in value["witness_keys"])
    needed = value.get("witnesses_needed", min(1, len(witnesses)))
    if type(needed) is not int or not 0 <= needed <= len(witnesses):
        raise Unusable("trust file: witnesses_needed does not fit the number of witnesses")
    keys = [_key(_certificate(one)) for one in value["platform_certificates"]]
    found = Trust(
        tuple(_certificate(one) for one in value["ca_roots"]),
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
    """The given trust file, else `trust.json` beside `path` or in the folder above (receipts/, draws/ of one case).

    Unusable when there is none.
    """
    beside = [path.absolute().parent / "trust.json", path.absolute().parent.parent / "trust.json"]
    source = given or next((one for one in beside if one.is_file()), beside[0])
    if not source.is_file():
        raise Unusable(f"no trust file: {source.name} is not there, name one with --trust")
    return parse(source.read_bytes())
