"""One signature, step by step: lease, prepare, (the browser signs), embed, move the head; after the last one, the seal.

Every step that touches the database is a short act of its own; PDF work and timestamps stand between them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from cryptography.x509.oid import NameOID
from sqlalchemy import CursorResult, literal_column, or_, select, update
from sqlalchemy.orm import Session

from certs import authority, desk, issuer, pdfsign, stamps
from certs.desk import Offer
from certs.desk_rules import LEASE, breach, certificate, may_sign
from certs.models import Certificate, SigningDoc, SigningField
from core.access import SYSTEM, Actor, denied
from core.acts import Acts, Tx
from core.faults import Fault, Unusable
from core.prepared import Prepared
from core.rules import Refused, refuse_if


@dataclass(frozen=True)
class _Held:
    """Plain values of a document under lease, for the work outside the transaction."""

    lease: str
    until: datetime
    base: str
    first: str
    first_size: int
    der: bytes
    fingerprint: str
    crls: tuple[bytes, ...]
    prepared: dict[str, Any]
    now: datetime


def prepare_signature(acts: Acts, actor: Actor, document: str, field: str) -> Offer:
    """Take the lease and prepare the file for this signer.

    Refused: not the named signer, certificate not valid now, closed, signed already, not the last one's turn, or
    somebody else is signing at this moment (D-LEASE: try again in a moment).
    """
    held = acts.act(_take, actor, document, field)
    blobs, house, stored = acts.house.blobs, authority.of(acts.house.config), ""
    try:
        stamp = stamps.name_stamp(issuer.common_name(held.der), held.fingerprint, held.now)
        made = pdfsign.prepare(blobs.get(held.base), field, held.der, house.chain, held.crls, stamp, held.now)
        stored = blobs.put(made.pdf).sha256
        acts.act(_keep, actor, document, held.lease, {**made.as_json(), "pdf": stored})
    except BaseException:
        acts.act(_release, actor, document, held.lease)
        if stored:
            blobs.path(stored).unlink(missing_ok=True)
        raise
    return Offer(
        document, field, held.lease, held.until, made.pdf, made.start, made.end, made.tbs, held.first, held.first_size
    )


def finish_signature(acts: Acts, actor: Actor, document: str, field: str, raw: bytes, lease: str) -> dict[str, Any]:
    """Embed `raw` (r‖s, 64 bytes) and move the head; after the last signature, seal. The document's `desk.state`.

    Refused: S-SIGN another key or other bytes, D-LEASE somebody was faster (prepare again), and all of prepare.
    """
    with acts.reading() as session:
        held = _holding(session, acts.house.clock.now(), actor, document, field, lease)
    blobs, stored = acts.house.blobs, held.prepared["pdf"]
    if not blobs.has(stored):
        raise Refused(breach("D-LEASE", "taken over"))
    prepared = replace(pdfsign.Prepared.from_json({**held.prepared, "pdf": ""}), pdf=blobs.get(stored))
    try:
        stamper = authority.of(acts.house.config).tsa.stamper(held.now)
        version = blobs.put(pdfsign.embed(prepared, raw, stamper))
    except Fault as fault:
        acts.act(_release, actor, document, lease)
        raise Refused(breach("S-SIGN", fault)) from None
    except BaseException:
        acts.act(_release, actor, document, lease)
        raise
    try:
        complete = acts.act(_accept, actor, document, field, lease, held.base, version.sha256, version.size)
    except Refused:
        # Valid on a branch that nobody follows: it must not lie about as if it were the document.
        blobs.path(version.sha256).unlink(missing_ok=True)
        raise
    if complete:
        seal_document(acts, document)
    with acts.reading() as session:
        return desk.state(session, document)


def _place(session: Session, actor: Actor, document: str, field: str) -> tuple[SigningDoc, SigningField]:
    """The document and the actor's own field in it."""
    doc, place = desk.row(session, document), session.get(SigningField, (document, field))
    if not actor.person:
        raise Refused(denied("ACCESS", "login", "public"))
    if place is None:
        raise Unusable("field: the document has no such field")
    if place.person_id != actor.person:
        raise Refused(breach("D-SIGNER", "another person"))
    return doc, place


def _judge(session: Session, actor: Actor, doc: SigningDoc, place: SigningField, now: datetime) -> Certificate:
    """The signer's certificate, when the signature may happen now."""
    unsigned = [one.name for one in desk.places(session, doc.id) if one.signed_at is None]
    refuse_if(may_sign(doc.state, place.name, doc.last_field, unsigned))
    refuse_if(desk.barred(session, actor, doc, signing=True))
    found = session.get(Certificate, place.fingerprint)
    if found is None or found.person_id != place.person_id:
        raise Refused(breach("D-SIGNER", "certificate of another person"))
    refuse_if(certificate(found.not_before, found.not_after, found.revoked_at, now))
    return found


def _take(tx: Tx, document: str, field: str) -> _Held:
    doc, place = _place(tx.session, tx.actor, document, field)
    signing = _judge(tx.session, tx.actor, doc, place, tx.now)
    lease, until = secrets.token_hex(16), tx.now + LEASE
    mine = [one.name for one in desk.places(tx.session, doc.id) if one.person_id == tx.actor.person]
    free = or_(SigningDoc.lease == "", SigningDoc.lease_until <= tx.now, SigningDoc.lease_field.in_(mine))
    values = {"lease": lease, "lease_field": field, "lease_until": until, "lease_base": doc.head, "prepared": {}}
    desk.drop_prepared(tx, doc)
    if not _set(tx, doc, free, values=values):
        raise Refused(breach("D-LEASE", f"until {doc.lease_until.isoformat()}" if doc.lease_until else "moved"))
    crls = authority.of(tx.config).crls(tx.session, tx.now)
    return _Held(lease, until, doc.head, doc.first, doc.first_size, signing.der, signing.fingerprint, crls, {}, tx.now)


def _set(tx: Tx, doc: SigningDoc, *where: Any, values: dict[str, Any]) -> bool:
    """Compare and set on the open document: whether it was still as expected."""
    change = update(SigningDoc).where(SigningDoc.id == doc.id, *where).values(**values)
    done = cast("CursorResult[Any]", tx.session.execute(change, execution_options={"synchronize_session": False}))
    # Acts of one batch share a session: the next one must read what this one wrote.
    tx.session.refresh(doc)
    return done.rowcount == 1


def _keep(tx: Tx, document: str, lease: str, prepared: dict[str, Any]) -> None:
    doc = desk.row(tx.session, document)
    if not _set(tx, doc, SigningDoc.lease == lease, values={"prepared": prepared}):
        raise Refused(breach("D-LEASE", "taken over"))


def _release(tx: Tx, document: str, lease: str) -> None:
    doc = desk.row(tx.session, document)
    if doc.lease == lease:
        desk.drop_prepared(tx, doc)
    _set(tx, doc, SigningDoc.lease == lease, values={"lease": "", "prepared": {}})


def _holding(session: Session, now: datetime, actor: Actor, document: str, field: str, lease: str) -> _Held:
    """What was prepared under this lease. An expired lease that nobody took is as good as a fresh one."""
    doc, place = _place(session, actor, document, field)
    signing = _judge(session, actor, doc, place, now)
    if not lease or doc.lease != lease or doc.lease_field != field or not doc.prepared:
        raise Refused(breach("D-LEASE", "taken over" if doc.lease else "none"))
    assert doc.lease_until is not None
    return _Held(
        lease, doc.lease_until, doc.lease_base, doc.first, doc.first_size, signing.der, signing.fingerprint, (),
        dict(doc.prepared), now,
    )  # fmt: skip


def _accept(tx: Tx, document: str, field: str, lease: str, base: str, sha256: str, size: int) -> bool:
    """Move the head; whether every signature is there now."""
    doc, place = _place(tx.session, tx.actor, document, field)
    _judge(tx.session, tx.actor, doc, place, tx.now)
    unsigned = [one for one in desk.places(tx.session, doc.id) if one.signed_at is None and one.name != field]
    values = {"head": sha256, "size": size, "lease": "", "prepared": {}, "state": "open" if unsigned else "signed"}
    desk.drop_prepared(tx, doc)
    still = (SigningDoc.lease == lease, SigningDoc.head == base, SigningDoc.state == "open")
    if not _set(tx, doc, *still, values=values):
        raise Refused(breach("D-LEASE", "taken over"))
    place.signed_at, place.version_sha256 = tx.now, sha256
    body = {
        "document": doc.id, "kind": doc.kind, "field": field, "role": place.role, "person": place.person_id,
        "fingerprint": place.fingerprint, "base": base, "sha256": sha256, "size": size,
    }  # fmt: skip
    tx.actor = replace(tx.actor, certificate=place.fingerprint)
    tx.record(doc.stream, "paper.signed", body, case=doc.case)
    return not unsigned


def seal_document(acts: Acts, document: str) -> None:
    """Seal (or, without a seal, close) a document with all its signatures; a second call changes nothing.

    When the timestamp service or the seal fails, the document stays "signed" and `seal_waiting` tries again.
    """
    house, blobs, now = authority.of(acts.house.config), acts.house.blobs, acts.house.clock.now()
    with acts.reading() as session:
        doc = desk.row(session, document)
        if doc.state != "signed":
            return
        base, org, fingerprint = doc.head, doc.seal, doc.seal_fingerprint
        crls = house.crls(session, now)
    if org:
        ours = org == desk.PLATFORM
        mark, field = (house.platform_seal, desk.PLATFORM) if ours else (house.seal_of(org, fingerprint), desk.SEAL)
        stamp = stamps.seal_stamp(_organisation(mark.certificate), demo=house.demo)
        pdf = pdfsign.seal(blobs.get(base), field, mark.key, mark.certificate, house.chain, crls, stamp, house.tsa, now)
    else:
        pdf = pdfsign.close(blobs.get(base), house.chain, crls, house.tsa, now)
    version = blobs.put(pdf)
    if not acts.act(_sealed, SYSTEM, document, base, version.sha256, version.size):
        blobs.path(version.sha256).unlink(missing_ok=True)


def _organisation(der: bytes) -> str:
    return str(issuer.load(der).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def _sealed(tx: Tx, document: str, base: str, sha256: str, size: int) -> bool:
    doc = desk.row(tx.session, document)
    values = {"head": sha256, "size": size, "state": "sealed", "sealed_at": tx.now}
    if not _set(tx, doc, SigningDoc.head == base, SigningDoc.state == "signed", values=values):
        return False
    body = {
        "document": doc.id, "kind": doc.kind, "title": doc.title, "sha256": sha256, "size": size,
        "first_revision": doc.first, "record_sha256": doc.record_sha256, "seal": doc.seal_fingerprint,
        "signers": [one.fingerprint for one in desk.places(tx.session, doc.id) if one.signed_at is not None],
    }  # fmt: skip
    tx.record(doc.stream, "paper.sealed", body, case=doc.case)
    return True


def seal_waiting(acts: Acts) -> int:
    """Seal what an earlier failure left behind; how many. The composition root calls it with its timers."""
    if acts.peek(ANY_SIGNED, {}) is None:
        return 0
    with acts.reading() as session:
        left = [doc.id for doc in session.query(SigningDoc).filter_by(state="signed")]
    for document in left:
        seal_document(acts, document)
    return len(left)


# The state stands in the statement: SQLite takes no partial index for a value that is handed in.
ANY_SIGNED = Prepared(select(SigningDoc.id).where(SigningDoc.state == literal_column("'signed'")))
