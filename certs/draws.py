"""draw/1: experts, award committees, seats, venues and coefficients by one mechanism that anyone can replay.

Order: the candidate list with its exclusions and constraints is frozen and hashed; every party signs a commitment to a
secret of 32 bytes and to that hash; then the secrets are revealed. Together they seed a SHAKE-256 stream, which drives
rejection-sampled Fisher–Yates shuffles over the sorted list. One honest party makes the result unpredictable to all.
A withheld secret is replaced by the centre's VRF output under the key frozen with the list; there is never a new draw.

Limits: the party that would reveal last may look at the outcome and withhold, which offers it one other outcome, and
only if it knows the centre's VRF output too (so the centre itself always could). That it withheld stands in the record.
Signatures are checked with the keys in the record; whether those keys belong to anyone is said by `certificates` and
`roots`, without dates (a draw record carries no trusted time).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from certs import issuer, suite, typed, vrf
from certs.lots import ALGORITHM, PURPOSES
from certs.suite import PrivateKey, b64, exact_keys, unb64
from core import canon
from core.faults import Fault, Unusable

SCHEMA = "draw/1"
TEXT = "gongheng/draw/1"
PARTIES = ("centre", "supervisor", "tenderer")

_FROZEN = ("schema", "draw", "purpose", "candidates", "excluded", "constraints", "parties", "fallback_key",
           "replaces", "algorithm")  # fmt: skip
_RECORD = {*_FROZEN, "commitments", "reveals", "fallback", "result"}
_SIGNED = {"party", "value", "signature", "proof"}

Record = dict[str, Any]


def salted_id(salt: bytes, plain: str) -> str:
    """The id under which a candidate stands in a record; one random salt of ≥ 16 bytes for each candidate."""
    return hashlib.sha256(b"gongheng/draw/1/candidate\n" + salt + plain.encode()).hexdigest()


# -- freezing ---------------------------------------------------------------------------------------------------------


def freeze(
    draw: str, purpose: str, candidates: Sequence[str], excluded: Sequence[Mapping[str, str]],
    constraints: Mapping[str, Any], parties: Sequence[Mapping[str, Any]], fallback_key: bytes,
    replaces: Mapping[str, str] | None = None,
) -> Record:  # fmt: skip
    """The record of a draw before its commitments.

    `excluded` is [{id, rule}] of candidates; `parties` [{party, key: SPKI in base64, certificates: [DER in base64,
    leaf first]}], one for each of PARTIES; `fallback_key` the centre's VRF public key (32 bytes). For `constraints`
    see PURPOSES. Unusable when the shape is wrong.
    """
    record: Record = {
        "schema": SCHEMA,
        "draw": typed.word(draw, "draw id"),
        "purpose": purpose,
        "candidates": sorted(candidates),
        "excluded": sorted((dict(one) for one in excluded), key=lambda one: one["id"]),
        "constraints": dict(constraints),
        "parties": sorted((dict(one) for one in parties), key=lambda one: one["party"]),
        "fallback_key": fallback_key.hex(),
        "replaces": dict(replaces) if replaces else None,
        "algorithm": ALGORITHM,
        "commitments": [],
        "reveals": [],
        "fallback": None,
        "result": None,
    }
    check_shape(record)
    return record


def freeze_replacement(
    original: Record, draw: str, used: Collection[str], constraints: Mapping[str, Any],
    parties: Sequence[Mapping[str, Any]], fallback_key: bytes,
) -> Record:  # fmt: skip
    """A draw for the places that became free: the original's frozen list, minus its exclusions and `used` ids."""
    gone = [*original["excluded"], *({"id": one, "rule": "used"} for one in sorted(used))]
    link = {"draw": original["draw"], "list": list_hash(original)}
    return freeze(draw, original["purpose"], original["candidates"], gone, constraints, parties, fallback_key, link)


def list_hash(record: Record) -> str:
    """SHA-256 (hex) of everything that is frozen: list, exclusions, constraints, parties' keys, fallback key."""
    return canon.sha256_hex(canon.dumps({name: record[name] for name in _FROZEN}))


def _strings(value: Any, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise Unusable(f"{what} is not a list of texts")
    return value


def _rising(values: list[str], what: str) -> None:
    if any(a >= b for a, b in pairwise(values)):
        raise Fault(f"{what} is not sorted, or an entry stands twice")


def check_shape(record: Any) -> Record:
    """The record when its shape is right; Unusable for a wrong shape, Fault for disorder or a foreign exclusion."""
    record = exact_keys(record, _RECORD, "draw record")
    if record["schema"] != SCHEMA or record["algorithm"] != ALGORITHM or record["purpose"] not in PURPOSES:
        raise Unusable("not a draw/1 record with a known purpose and algorithm")
    typed.word(record["draw"], "draw id")
    for one in record["excluded"]:
        exact_keys(one, {"id", "rule"}, "exclusion")
    _rising(_strings(record["candidates"], "the candidate list"), "the candidate list")
    _rising(_strings([one["id"] for one in record["excluded"]], "the exclusion list"), "the exclusion list")
    foreign = {one["id"] for one in record["excluded"]} - set(record["candidates"])
    if foreign:
        raise Fault(f"an excluded id is not a candidate: {min(foreign)}")
    for one in record["parties"]:
        exact_keys(one, {"party", "key", "certificates"}, "party")
    if tuple(one["party"] for one in record["parties"]) != PARTIES:
        raise Unusable(f"a draw has the parties {', '.join(PARTIES)}")
    if len({one["key"] for one in record["parties"]}) != len(PARTIES):
        raise Fault("two parties of the draw hold the same key")
    for kind in ("commitments", "reveals"):
        for one in record[kind]:
            exact_keys(one, _SIGNED, kind)
            if one["proof"] is not None:
                exact_keys(one["proof"], {"stream", "index", "leaf"}, "proof")
        _rising(_strings([one["party"] for one in record[kind]], kind), f"the list of {kind}")
        if not {one["party"] for one in record[kind]} <= set(PARTIES):
            raise Unusable(f"{kind} of an unknown party")
    typed.digest(record["fallback_key"], "fallback key")
    if record["replaces"] is not None:
        exact_keys(record["replaces"], {"draw", "list"}, "replaces")
    return dict(record)


# -- commitments and reveals ------------------------------------------------------------------------------------------


def commitment_value(party: str, draw: str, secret: bytes) -> str:
    """SHA-256 (hex) over party, draw and the 32-byte secret, domain-separated."""
    if len(secret) != 32:
        raise Unusable("a reveal has 32 bytes")
    return hashlib.sha256(typed.compose(f"{TEXT}/secret", {"party": party, "draw": draw}) + secret).hexdigest()


def commitment_text(record: Record, party: str, value: str) -> bytes:
    """What a party signs first. It names the frozen list, so nobody can change the list afterwards."""
    fields = {"act": "commit", "draw": record["draw"], "list": list_hash(record), "party": party, "value": value}
    return typed.compose(TEXT, fields)


def reveal_text(record: Record, party: str, value: str) -> bytes:
    """What a party signs with its secret (hex); it names all commitments."""
    made = canon.sha256_hex(canon.dumps(record["commitments"]))
    fields = {"act": "reveal", "draw": record["draw"], "commitments": made, "party": party, "value": value}
    return typed.compose(TEXT, fields)


def signed(party: str, value: str, signature: bytes, proof: Any = None) -> dict[str, Any]:
    """A commitment or reveal as it stands in a record: `signature` is r || s.

    `proof` names its ledger entry, {stream, index, leaf: leaf hash in hex}, or is None.
    """
    return {"party": party, "value": value, "signature": b64(signature), "proof": proof}


def commit(record: Record, party: str, secret: bytes, key: PrivateKey, proof: Any = None) -> dict[str, Any]:
    """The signed commitment of a party that holds its key in Python (a browser composes and signs the same text)."""
    value = commitment_value(party, record["draw"], secret)
    return signed(party, value, suite.sign_raw(key, commitment_text(record, party, value)), proof)


def reveal(record: Record, party: str, secret: bytes, key: PrivateKey, proof: Any = None) -> dict[str, Any]:
    """The signed reveal; `record` must hold all commitments."""
    return signed(party, secret.hex(), suite.sign_raw(key, reveal_text(record, party, secret.hex())), proof)


def with_commitments(record: Record, commitments: Sequence[Mapping[str, Any]]) -> Record:
    """The record with all commitments, verified; Fault when one is missing or does not hold."""
    made = record | {"commitments": sorted((dict(one) for one in commitments), key=lambda one: one["party"])}
    _check_commitments(check_shape(made))
    return made


def _check_signatures(record: Record, kind: str, text: Any) -> None:
    keys = {one["party"]: one["key"] for one in record["parties"]}
    for one in record[kind]:
        party = one["party"]
        key = suite.load_spki(unb64(keys[party], f"key of {party}"))
        signature = unb64(one["signature"], f"signature of {party}")
        suite.verify_raw(key, text(record, party, typed.digest(one["value"], kind)), signature, f"{party}, {kind}")


def _check_commitments(record: Record) -> None:
    if tuple(one["party"] for one in record["commitments"]) != PARTIES:
        raise Fault("a party's commitment is missing")
    _check_signatures(record, "commitments", commitment_text)


def fallback_input(record: Record) -> bytes:
    """VRF input: the draw, its frozen list and all commitments, so the output exists before any reveal."""
    made = canon.sha256_hex(canon.dumps(record["commitments"]))
    return typed.compose(
        TEXT, {"act": "fallback", "draw": record["draw"], "list": list_hash(record), "commitments": made}
    )


def fallback(record: Record, secret: bytes) -> dict[str, str]:
    """The centre's stand-in for withheld reveals; `secret` belongs to the frozen fallback key."""
    if vrf.public_key(secret).hex() != record["fallback_key"]:
        raise Unusable("this is not the key that was registered before the draw")
    return {"proof": vrf.prove(secret, fallback_input(record))[0].hex()}


def _check_reveals(record: Record) -> bytes | None:
    """Verify reveals and fallback; the VRF output when one stands in."""
    _check_signatures(record, "reveals", reveal_text)
    made = {one["party"]: one["value"] for one in record["commitments"]}
    for one in record["reveals"]:
        if commitment_value(one["party"], record["draw"], bytes.fromhex(one["value"])) != made[one["party"]]:
            raise Fault(f"the reveal of {one['party']} is not what it committed to")
    withheld = [party for party in PARTIES if party not in {one["party"] for one in record["reveals"]}]
    if not withheld:
        if record["fallback"] is not None:
            raise Fault("a fallback stands beside three reveals")
        return None
    if record["fallback"] is None:
        raise Fault(f"the reveal of {withheld[0]} is missing and nothing stands in for it")
    proof = exact_keys(record["fallback"], {"proof"}, "fallback")["proof"]
    if not isinstance(proof, str) or len(proof) != 160 or set(proof) - set("0123456789abcdef"):
        raise Unusable("the fallback proof is not 80 bytes in hex")
    return vrf.verify(bytes.fromhex(record["fallback_key"]), fallback_input(record), bytes.fromhex(proof))


def seed_of(record: Record) -> bytes:
    """The 64-byte seed after everything that makes it was verified."""
    _check_commitments(record)
    stand_in = _check_reveals(record)
    values = {one["party"]: one["value"] for one in record["reveals"]}
    parts = {"draw": record["draw"], "list": list_hash(record), "reveals": values}
    return hashlib.sha512(canon.dumps(parts | {"fallback": stand_in.hex() if stand_in else None})).digest()


# -- completing and replaying -----------------------------------------------------------------------------------------


def complete(record: Record, reveals: Sequence[Mapping[str, Any]], stand_in: Mapping[str, str] | None = None) -> Record:
    """The record with reveals, fallback (only for withheld reveals) and result. Fault when anything does not hold."""
    shown = sorted((dict(one) for one in reveals), key=lambda one: one["party"])
    full = check_shape(record | {"reveals": shown, "fallback": dict(stand_in) if stand_in else None})
    return full | {"result": PURPOSES[full["purpose"]](full, seed_of(full))}


@dataclass(frozen=True)
class Replayed:
    """`holders`: whom the certificates name for each party, None when no roots were given and so nothing was checked.

    That the holder of a party's key is the right body (this tenderer, this regulator) is for the reader to judge.
    `withheld`: the parties that did not reveal.
    """

    result: Any
    holders: dict[str, str] | None
    withheld: tuple[str, ...]


def _certified(party: Mapping[str, Any], roots: Sequence[x509.Certificate]) -> str:
    """Subject of the party's certificate; Fault unless it leads from the key to a root (signatures and CA flags)."""
    name = party["party"]
    chain = [issuer.load(unb64(one, "certificate")) for one in party["certificates"]]
    if not chain or suite.b64(_spki(chain[0])) != party["key"]:
        raise Fault(f"the key of {name} is not certified")
    for certificate, above in pairwise(chain):
        _issued(name, certificate, above)
    top = chain[-1]
    for root in roots:
        if top == root:
            return chain[0].subject.rfc4514_string()
        if top.issuer == root.subject:
            _issued(name, top, root)
            return chain[0].subject.rfc4514_string()
    raise Fault(f"the certificate of {name} leads to no trusted root")


def _spki(certificate: x509.Certificate) -> bytes:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        raise Unusable("the key of a certificate cannot be read") from None
    if not isinstance(key, suite.PublicKey):
        raise Unusable("a certificate of a draw party is not for P-256")
    return suite.spki_of(key)


def _issued(name: str, certificate: x509.Certificate, above: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(above)
        flags = above.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, x509.ExtensionNotFound):
        raise Fault(f"a certificate of {name} was not issued by the one above it") from None
    if not flags.ca:
        raise Fault(f"a certificate of {name} was issued by one that is no authority")


def replay(record: Any, roots: Sequence[x509.Certificate] | None = None, original: Record | None = None) -> Replayed:
    """Recompute the draw from its record; Fault on the first difference, Unusable when it is no record.

    With `roots` every party's key must be certified. `original` is the record that a replacement draw names.
    """
    record = check_shape(record)
    holders = None if roots is None else {one["party"]: _certified(one, roots) for one in record["parties"]}
    if original is not None:
        _check_link(record, original)
    result = PURPOSES[record["purpose"]](record, seed_of(record))
    if canon.dumps(result) != canon.dumps(record["result"]):
        raise Fault("the recorded result is not what the draw gives")
    shown = {one["party"] for one in record["reveals"]}
    return Replayed(result, holders, tuple(party for party in PARTIES if party not in shown))


def _check_link(record: Record, original: Record) -> None:
    if record["replaces"] != {"draw": original["draw"], "list": list_hash(original)}:
        raise Fault("the replacement does not name the original draw and its list")
    if record["candidates"] != original["candidates"]:
        raise Fault("the replacement draws from another list than the original")
    before = [one for one in original["excluded"] if one not in record["excluded"]]
    if before:
        raise Fault(f"the replacement readmits {before[0]['id']}")
