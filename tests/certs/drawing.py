"""Whole draws for tests: three parties with certificates of a throw-away CA, in fixed keys so that nothing flakes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from certs import draws, issuer, suite, vrf

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CA = issuer.LocalCA(issuer.create("draw test", NOW, demo=True))
KEYS = {party: ec.derive_private_key(number, ec.SECP256R1()) for number, party in enumerate(draws.PARTIES, 1001)}
VRF_SECRET = hashlib.sha256(b"centre's fallback").digest()
ROOT = issuer.load(CA.chain[-1])


def parties() -> list[dict[str, Any]]:
    rows = []
    for party, key in KEYS.items():
        leaf = CA.issue(suite.spki_of(key), issuer.Subject(party, f"{party} body"), "org-sign", NOW)
        chain = [suite.b64(der) for der in (leaf, *CA.chain[:-1])]
        rows.append({"party": party, "key": suite.b64(suite.spki_of(key)), "certificates": chain})
    return rows


PARTY_ROWS = parties()


def secret_of(draw: str, party: str) -> bytes:
    return hashlib.sha256(f"{draw}|{party}".encode()).digest()


def expert_pool() -> tuple[list[str], list[dict[str, str]], dict[str, Any]]:
    """160 candidates on four sites, quotas 1/2/2/2 with a spare each; four are excluded."""
    ids = [hashlib.sha256(f"expert {number}".encode()).hexdigest() for number in range(160)]
    sites = ["420112", "420203", "410600", "610900"]
    constraints = {
        "sites": [{"site": site, "take": 1 if site == "420112" else 2, "spares": 1} for site in sites],
        "site_of": {one: sites[number // 40] for number, one in enumerate(ids)},
        "specialities_of": {one: [f"A080{number % 3 + 1}"] for number, one in enumerate(ids)},
        "specialities": ["A0801", "A0802", "A0803"],
        "employer_of": dict.fromkeys(ids),
        "kept": [],
    }
    excluded = [
        {"id": ids[number], "rule": rule} for number, rule in ((3, "E-01"), (44, "E-01"), (90, "E-02"), (150, "E-01"))
    ]
    return ids, excluded, constraints


def frozen(draw: str = "draw-1", **change: Any) -> draws.Record:
    ids, excluded, constraints = expert_pool()
    values: dict[str, Any] = {
        "purpose": "experts", "candidates": ids, "excluded": excluded, "constraints": constraints,
        "parties": PARTY_ROWS, "fallback_key": vrf.public_key(VRF_SECRET),
    } | change  # fmt: skip
    return draws.freeze(draw, **values)


def committed(record: draws.Record) -> draws.Record:
    made = [draws.commit(record, party, secret_of(record["draw"], party), key) for party, key in KEYS.items()]
    return draws.with_commitments(record, made)


def drawn(record: draws.Record, withheld: tuple[str, ...] = ()) -> draws.Record:
    record = committed(record)
    shown = [
        draws.reveal(record, party, secret_of(record["draw"], party), key)
        for party, key in KEYS.items()
        if party not in withheld
    ]
    return draws.complete(record, shown, draws.fallback(record, VRF_SECRET) if withheld else None)
