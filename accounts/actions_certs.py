"""Certificates of people and organisations: proved, issued, revoked; wrapped signing keys kept for their holders.

Every issuance stands in the platform's ledger: a CA that issues in secret would have to rewrite a public log.
"""

from __future__ import annotations

from cryptography import x509

from accounts import rules
from accounts.guards import SIGNED_IN, managed_org, me
from accounts.models import Org, Person
from accounts.proof import own_certificate, public_key, spend
from certs import authority, issuer, keys, suite
from certs.issuer import Subject
from certs.models import Certificate, KeyBlob
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Fault, Unusable
from core.rules import Refused, refuse_if

MAX_KEYS = 5
_ORG_USES = {"bidder": "org-encrypt", "custodian": "custodian-encrypt"}
_CUSTODIANS = {"tenderer", "agency", "owner", "centre", "regulator"}


def _proved(tx: Tx, act: str, use: keys.Use, uid: str, p: Payload) -> bytes:
    """The SPKI whose possession is proved; spends the nonce bound to it. Refused S-POP, S-KEY, S-NONCE."""
    spki = suite.unb64(p.get("spki"), "spki")
    nonce = fields.text(p, "nonce", limit=64)
    text, signature = suite.unb64(p.get("text"), "text"), suite.unb64(p.get("signature"), "signature")
    try:
        key = keys.verify_pop(use, uid, nonce, spki, text, signature)
    except Fault as fault:
        raise Refused(rules.breach("S-POP", fault)) from None
    spend(tx, nonce, tx.actor.person, act, "", suite.spki_id(key))
    taken = tx.session.query(Certificate).filter_by(spki_sha256=suite.spki_id(key)).first()
    if taken is not None:
        raise Refused(rules.breach("S-KEY", taken.fingerprint))
    return spki


def register_certificate(tx: Tx, der: bytes, profile: str, *, person: str = "", org: str = "") -> Certificate:
    """Row and ledger entry of an issued certificate."""
    loaded = issuer.load(der)
    row = Certificate(
        fingerprint=issuer.fingerprint(der), serial=f"{loaded.serial_number:x}", profile=profile, person_id=person,
        org_id=org, spki_sha256=_spki_id(loaded), der=der,
        not_before=loaded.not_valid_before_utc, not_after=loaded.not_valid_after_utc,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    body = {"fingerprint": row.fingerprint, "profile": profile, "person": person, "org": org, "serial": row.serial}
    tx.record("platform", "certificate.issued", {**body, "until": row.not_after.isoformat()})
    return row


def _spki_id(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if not isinstance(key, suite.PublicKey):
        raise Unusable("certificates are issued for P-256 keys only")
    return suite.spki_id(key)


def _answer(tx: Tx, row: Certificate) -> Payload:
    chain = [suite.b64(der) for der in authority.of(tx.config).chain]
    return {"fingerprint": row.fingerprint, "certificate": suite.b64(row.der), "chain": chain}


@acting("cert.enrol", *SIGNED_IN)
def enrol(tx: Tx, case: str, p: Payload) -> Payload:
    """Own signing certificate: {spki, nonce, text, signature} (certs.keys.pop_text, uid = person id), all base64.

    The nonce is of act cert.enrol with the SHA-256 of the SPKI as object. → {fingerprint, certificate, chain}.
    """
    fields.only(p, "spki", "nonce", "text", "signature")
    person = me(tx)
    org = tx.session.get(Org, person.org_id) if person.org_id else None
    if org is not None:
        refuse_if(rules.may_trade(org.state, org.suspended))
    held = tx.session.query(Certificate).filter_by(person_id=person.id, profile="person-sign", revoked_at=None)
    if held.filter(Certificate.not_after >= tx.now).count() >= MAX_KEYS:
        raise Refused(rules.breach("S-KEY", MAX_KEYS, f"< {MAX_KEYS}"))
    spki = _proved(tx, "cert.enrol", "sign", person.id, p)
    subject = Subject(person.name, org.name if org else "评标专家", org.uscc if org else "", person.id)
    der = authority.of(tx.config).issuer.issue(spki, subject, "person-sign", tx.now)
    return _answer(tx, register_certificate(tx, der, "person-sign", person=person.id, org=person.org_id or ""))


@acting("cert.enrol_org", Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.CENTRE, Role.REGULATOR, signed=True)
def enrol_org(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager: the organisation's decryption certificate. {use: bidder | custodian, spki, nonce, text, signature}
    (certs.keys.pop_text, use decrypt, uid = organisation id) → {fingerprint, certificate, chain}."""
    fields.only(p, "use", "spki", "nonce", "text", "signature")
    _, org = managed_org(tx)
    use = fields.choice(p, "use", tuple(_ORG_USES))
    fitting = {"bidder"} if use == "bidder" else _CUSTODIANS
    if not fitting & set(org.kinds):
        raise Refused(rules.breach("U-ROLE", ", ".join(org.kinds), " / ".join(sorted(fitting)), "use"))
    spki = _proved(tx, "cert.enrol_org", "decrypt", org.id, p)
    profile = _ORG_USES[use]
    der = authority.of(tx.config).issuer.issue(spki, Subject(org.name, org.name, org.uscc, org.id), profile, tx.now)
    return _answer(tx, register_certificate(tx, der, profile, org=org.id))


@acting("cert.make_seal", Role.CENTRE, signed=True)
def make_seal(tx: Tx, case: str, p: Payload) -> Payload:
    """Manager of a centre: its electronic seal, whose key stays with the server; an older seal is superseded.

    {} → {fingerprint, certificate, chain}.
    """
    fields.only(p)
    _, org = managed_org(tx)
    if "centre" not in org.kinds:
        raise Refused(rules.breach("S-SEAL", ", ".join(org.kinds)))
    for old in tx.session.query(Certificate).filter_by(org_id=org.id, profile="seal", revoked_at=None):
        _revoke(tx, old, "superseded")
    mark = "演示 DEMO " if tx.config.demo else ""
    subject = Subject(f"{mark}{org.name} 电子签章", org.name, org.uscc, org.id)
    seal = authority.of(tx.config).make_seal(org.id, subject, tx.now)
    return _answer(tx, register_certificate(tx, seal.certificate, "seal", org=org.id))


def _revoke(tx: Tx, row: Certificate, reason: str) -> None:
    row.revoked_at, row.revoked_reason = tx.now, reason
    body = {"fingerprint": row.fingerprint, "serial": row.serial, "reason": reason}
    tx.record("platform", "certificate.revoked", body)


@acting("cert.revoke", *SIGNED_IN)
def revoke(tx: Tx, case: str, p: Payload) -> Payload:
    """{certificate, reason} → {}. Own, or a manager's of the organisation, or any by a centre; holds from now on.

    `reason` is keyCompromise, affiliationChanged, superseded or cessationOfOperation (RFC 5280 §5.3.1).
    """
    fields.only(p, "certificate", "reason")
    reasons = ("keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation")
    reason = fields.choice(p, "reason", reasons)
    row = tx.session.get(Certificate, fields.sha256(p, "certificate"))
    person = me(tx)
    if row is None:
        raise Refused(rules.breach("S-CERT", p["certificate"]))
    if not _may_revoke(tx, person, row):
        raise Refused(rules.breach("S-OWNER", "another's"))
    if row.revoked_at is not None:
        raise Refused(rules.breach("S-REVOKED", row.revoked_at.isoformat()))
    _revoke(tx, row, reason)
    return {}


def _may_revoke(tx: Tx, person: Person, row: Certificate) -> bool:
    ours = bool(person.org_id) and row.org_id == person.org_id and person.manager
    return row.person_id == person.id or ours or tx.actor.has(Role.CENTRE)


@acting("keyblob.store", *SIGNED_IN)
def store(tx: Tx, case: str, p: Payload) -> Payload:
    """{certificate, envelope}: own signing key, wrapped in the browser (certs.keys.wrap) → {}. A decryption key is
    refused: it never reaches the server (20号令 art. 27, 40)."""
    fields.only(p, "certificate", "envelope")
    person = me(tx)
    row = own_certificate(tx, fields.sha256(p, "certificate"), person.id)
    try:
        checked = keys.check_envelope(p.get("envelope"), "sign", person.id, public_key(row))
    except Fault as fault:
        raise Refused(rules.breach("S-OWNER", fault)) from None
    old = tx.session.query(KeyBlob).filter_by(fingerprint=row.fingerprint).one_or_none()
    if old is not None:
        old.envelope, old.stored_at = checked.raw, tx.now
    else:
        blob = KeyBlob(person_id=person.id, fingerprint=row.fingerprint, envelope=checked.raw, stored_at=tx.now)
        tx.session.add(blob)
    _note_key(tx, person, "key.stored", row.fingerprint)
    return {}


@acting("keyblob.get", *SIGNED_IN)
def get(tx: Tx, case: str, p: Payload) -> Payload:
    """{certificate} → {envelope}: own wrapped key, to sign from another machine; every fetch is on record."""
    fields.only(p, "certificate")
    person = me(tx)
    row = own_certificate(tx, fields.sha256(p, "certificate"), person.id)
    blob = tx.session.query(KeyBlob).filter_by(fingerprint=row.fingerprint, person_id=person.id).one_or_none()
    if blob is None:
        raise Unusable("certificate: no wrapped key is stored for it")
    _note_key(tx, person, "key.fetched", row.fingerprint)
    return {"envelope": blob.envelope}


def _note_key(tx: Tx, person: Person, kind: str, fingerprint: str) -> None:
    body = {"person": person.id, "fingerprint": fingerprint}
    tx.record(f"org:{person.org_id}" if person.org_id else "pool", kind, body)
