"""The certificate door: a legal act happens only under its holder's own signature over exactly this act.

Implements core.doors.Prover. Everything is read and the nonce spent inside the act's transaction: a refused act
leaves the nonce unspent and nothing written.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn, cast

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import CursorResult, delete, update

from accounts import rules
from accounts.guards import SIGNED_IN, me
from certs import challenge, desk_rules, issuer, suite, typed
from certs.models import Certificate, Nonce
from core import fields
from core.access import Actor
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Fault, Unusable
from core.rules import Refused, refuse_if

# Stands in the typed text where an act belongs to no case.
CASELESS = "-"
PROFILES = ("person-sign",)
NONCE_LIFE = challenge.MAX_AGE


def whole(moment: datetime) -> datetime:
    """To the second, as typed texts say it."""
    return moment.astimezone(CST).replace(microsecond=0)


@acting("nonce.issue", *SIGNED_IN)
def issue(tx: Tx, case: str, p: Payload) -> Payload:
    """For the act the holder is about to sign: {act, object} → {act, case, object, nonce, time, expires}.

    `object` is the SHA-256 the proof will cover. The page composes the text itself from what it shows.
    """
    fields.only(p, "act", "object")
    person = me(tx)
    act, bound = typed.act(p.get("act")), fields.sha256(p, "object")
    case = typed.word(case or CASELESS, "case")
    tx.session.execute(delete(Nonce).where(Nonce.person_id == person.id, Nonce.expires_at < tx.now - NONCE_LIFE))
    now = whole(tx.now)
    row = Nonce(
        value=secrets.token_urlsafe(24), person_id=person.id, act=act, case=case, object=bound,
        issued_at=now, expires_at=now + NONCE_LIFE,
    )  # fmt: skip
    tx.session.add(row)
    answer = {"act": act, "case": case, "object": bound, "nonce": row.value, "time": now.isoformat()}
    return {**answer, "expires": row.expires_at.isoformat()}


def spend(tx: Tx, value: str, person: str, act: str, case: str, digest: str) -> None:
    """Spend the nonce made for exactly this; Refused S-NONCE names what differs."""
    row = tx.session.get(Nonce, value)
    wanted = {"person": person, "act": act, "case": case or CASELESS, "object": digest}
    if row is None:
        raise Refused(rules.breach("S-NONCE", "unknown"))
    held = {"person": row.person_id, "act": row.act, "case": row.case, "object": row.object}
    for name, value_wanted in wanted.items():
        if held[name] != value_wanted:
            raise Refused(rules.breach("S-NONCE", f"{name}: {'another' if name == 'person' else held[name]}", name))
    if row.spent_at is not None:
        raise Refused(rules.breach("S-NONCE", f"spent {row.spent_at.isoformat()}"))
    if tx.now > row.expires_at:
        raise Refused(rules.breach("S-NONCE", tx.now.isoformat(), f"≤ {row.expires_at.isoformat()}"))
    mine = update(Nonce).where(Nonce.value == value, Nonce.spent_at.is_(None)).values(spent_at=tx.now)
    if cast("CursorResult[Any]", tx.session.execute(mine)).rowcount != 1:
        raise Refused(rules.breach("S-NONCE", "spent"))


def prove(tx: Tx, act: str, case: str, digest: str, proof: Mapping[str, Any]) -> Actor:
    """core.doors.Prover. `proof` is {certificate: fingerprint, text: base64, signature: base64 of r‖s}."""
    if set(proof) != {"certificate", "text", "signature"}:
        _refuse("S-SIGN", "no proof" if not proof else ", ".join(sorted(map(str, proof))))
    person = me(tx)
    row = own_certificate(tx, fields.sha256(proof, "certificate"), person.id)
    refuse_if(desk_rules.certificate(row.not_before, row.not_after, row.revoked_at, tx.now))
    text = suite.unb64(proof["text"], "text")
    try:
        nonce = challenge.parse(text).nonce
    except Unusable as error:
        _refuse("S-SIGN", error)
    spend(tx, nonce, person.id, act, case, digest)
    try:
        challenge.verify(
            public_key(row), text, suite.unb64(proof["signature"], "signature"),
            act=act, case=case or CASELESS, object=digest, nonce=nonce, now=tx.now, max_age=NONCE_LIFE,
        )  # fmt: skip
    except Fault as fault:
        _refuse("S-SIGN", fault)
    return replace(tx.actor, certificate=row.fingerprint)


def own_certificate(tx: Tx, fingerprint: str, person: str) -> Certificate:
    """The person's own signing certificate, whole as issued."""
    row = tx.session.get(Certificate, fingerprint)
    if row is None or hashlib.sha256(row.der).hexdigest() != fingerprint:
        raise Refused(rules.breach("S-CERT", fingerprint))
    if row.person_id != person or row.profile not in PROFILES:
        raise Refused(rules.breach("S-OWNER", row.profile if row.person_id == person else "another person's"))
    return row


def public_key(row: Certificate) -> ec.EllipticCurvePublicKey:
    key = issuer.load(row.der).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def _refuse(rule: str, found: object) -> NoReturn:
    raise Refused(rules.breach(rule, found))
