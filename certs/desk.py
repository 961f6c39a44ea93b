"""The signing desk: documents open, are signed by the people they name, in any order but the last, and are sealed.

One signature is a lease on the newest version, PDF work outside every transaction, and a compare-and-set that moves the
head: two signatures prepared on one head would silently drop one of them. The desk knows no tender; the room that
opened a document listens for the ledger kinds paper.signed and paper.sealed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import authority, issuer, pdfsign
from certs.desk_rules import breach, certificate, may_sign
from certs.models import Certificate, SigningDoc, SigningField
from core import canon
from core.access import Actor
from core.acts import Tx
from core.config import Config
from core.faults import Unusable
from core.paper import Box
from core.rules import Breach, Refused

SEAL, PLATFORM = "seal", "platform"


# What the room of a kind of document asks before a signer reads or signs: fn(session, actor, document, signing).
JUDGES: dict[str, Callable[[Session, Actor, SigningDoc, bool], list[Breach]]] = {}


def barred(session: Session, actor: Actor, doc: SigningDoc, *, signing: bool) -> list[Breach]:
    """Why this signer may not read or sign here and now, for all the document's own room says."""
    judge = JUDGES.get(doc.kind)
    return judge(session, actor, doc, signing) if judge else []


@dataclass(frozen=True)
class Signer:
    """One expected signature: `field` in the PDF, who signs, in which role, with which certificate.

    `may_lack`: silence counts as assent, so the document may be closed without it; its own record says so.
    """

    field: str
    person: str
    role: str
    fingerprint: str
    org: str = ""
    may_lack: bool = False

    def named(self) -> dict[str, Any]:
        """As the machine record names the signer."""
        said: dict[str, Any] = {"field": self.field, "fingerprint": self.fingerprint, "role": self.role}
        return said | ({"may_lack": True} if self.may_lack else {})


@dataclass(frozen=True)
class Sealer:
    """The organisation whose seal closes the document (field "seal") and the seal's certificate; or the platform, with
    its own key (field "platform")."""

    org: str
    fingerprint: str

    @property
    def field(self) -> str:
        return PLATFORM if self.org == PLATFORM else SEAL


@dataclass(frozen=True)
class First:
    """A first revision: `record` with its signers stands inside `pdf`; `sha256` is that of the record."""

    pdf: bytes
    record: dict[str, Any]
    sha256: str
    signers: tuple[Signer, ...]
    sealer: Sealer | None


def signer(session: Session, person: str, field: str, role: str, now: datetime, org: str = "") -> Signer:
    """The person with the newest certificate they can sign with now; Refused D-NONE when there is none."""
    row = _newest(session, now, Certificate.person_id == person, Certificate.profile == "person-sign")
    if row is None:
        raise Refused(breach("D-NONE", field))
    return Signer(field, person, role, row.fingerprint, org or row.org_id)


def sealer(session: Session, org: str, now: datetime) -> Sealer:
    """The organisation's seal in force; Refused D-NONE when it has none."""
    row = _newest(session, now, Certificate.org_id == org, Certificate.profile == "seal")
    if row is None:
        raise Refused(breach("D-NONE", SEAL))
    return Sealer(org, row.fingerprint)


def platform(config: Config) -> Sealer:
    """The platform's own signature, where no organisation's seal closes a paper."""
    return Sealer(PLATFORM, issuer.fingerprint(authority.of(config).platform_certificate))


def _newest(session: Session, now: datetime, *where: Any) -> Certificate | None:
    rows = session.scalars(select(Certificate).where(*where).order_by(Certificate.not_before.desc()))
    return next((r for r in rows if not certificate(r.not_before, r.not_after, r.revoked_at, now)), None)


def first_revision(
    body: bytes, boxes: Sequence[Box], record: Mapping[str, Any], signers: Sequence[Signer], seal: Sealer | None = None
) -> First:
    """Body, machine record and empty fields in one file. Takes 10 to 50 ms: do it before the act that opens it.

    `boxes` come with the body (core.paper); a field without one is invisible. The expected signers enter the record
    here, before anybody signs: a file with a signer cut off no longer matches its own record, but for those of whom it
    says that they may lack: who of them has signed is shown by the ledger. Without signers a seal alone closes it.
    """
    if not signers and seal is None:
        raise Unusable("signers: a document on the desk is signed by somebody")
    named = [one.named() for one in signers]
    if seal is not None:
        named.append({"field": seal.field, "fingerprint": seal.fingerprint, "role": seal.field})
    if any({one.role, one.field} & {SEAL, PLATFORM} for one in signers):
        raise Unusable("signers: the names seal and platform are kept for what closes a document")
    if len({one["fingerprint"] for one in named}) != len(named):
        raise Unusable("signers: one certificate signs one field of a document")
    places = {box.field: box for box in boxes}
    fields = [
        pdfsign.Field(one["field"], places.get(one["field"]), seal=one["field"] in (SEAL, PLATFORM)) for one in named
    ]
    whole = {**record, "signers": named}
    sha256 = canon.sha256_hex(canon.dumps(whole))
    return First(pdfsign.first_revision(body, whole, fields), whole, sha256, tuple(signers), seal)


def open_document(
    tx: Tx, first: First, *, case: str, kind: str, title: str, audience: str, last: str = "", stream: str = ""
) -> str:
    """Put a first revision on the desk; its id. `last` is the field signed after all others (the leader's). What nobody
    signs waits for its seal alone (desk_sign.seal_waiting)."""
    if last and last not in {one.field for one in first.signers}:
        raise Unusable("last: no such field")
    blob = tx.blobs.put(first.pdf)
    doc = SigningDoc(
        case=case, kind=kind, title=title, audience=audience, stream=stream or f"case:{case}", last_field=last,
        first=blob.sha256, first_size=blob.size, head=blob.sha256, size=blob.size, opened_at=tx.now,
        record_sha256=first.sha256, state="open" if first.signers else "signed",
        seal=first.sealer.org if first.sealer else "",
        seal_fingerprint=first.sealer.fingerprint if first.sealer else "",
    )  # fmt: skip
    tx.session.add(doc)
    tx.session.flush()
    for position, one in enumerate(first.signers):
        tx.session.add(
            SigningField(
                doc_id=doc.id, name=one.field, person_id=one.person, org_id=one.org, role=one.role,
                fingerprint=one.fingerprint, position=position, may_lack=one.may_lack,
            )
        )  # fmt: skip
        tx.publish(f"me:{one.person}", "paper.waiting", {"document": doc.id, "title": title, "field": one.field})
    tx.session.flush()
    body = {
        "document": doc.id, "kind": kind, "title": title, "sha256": doc.first, "size": doc.size,
        "record_sha256": doc.record_sha256, "signers": first.record["signers"],
    }  # fmt: skip
    tx.record(doc.stream, "paper.opened", body, case=case)
    return doc.id


def void_document(tx: Tx, document: str, reason: str) -> None:
    """Take an unsealed document off the desk (a signer was replaced, a certificate lost): its room opens another."""
    doc = row(tx.session, document)
    if doc.state not in ("open", "signed"):
        raise Refused(breach("D-CLOSED", doc.state))
    drop_prepared(tx, doc)
    doc.state, doc.void_reason, doc.lease, doc.prepared = "void", reason, "", {}
    tx.record(doc.stream, "paper.voided", {"document": doc.id, "kind": doc.kind, "reason": reason}, case=doc.case)


def complete_without(tx: Tx, document: str) -> bool:
    """Close the signing over those who may lack and have not signed; False while somebody else must sign still, and
    where nobody has signed at all.

    Closing or sealing follows as after a last signature.
    """
    doc, listed = row(tx.session, document), places(tx.session, document)
    left = [one for one in listed if one.signed_at is None]
    if doc.state != "open" or not 0 < len(left) < len(listed) or not all(one.may_lack for one in left):
        return False
    drop_prepared(tx, doc)
    doc.state, doc.lease, doc.prepared = "signed", "", {}
    body = {"document": doc.id, "kind": doc.kind, "fields": [one.name for one in left]}
    tx.record(doc.stream, "paper.left_out", body, case=doc.case)
    return True


def drop_prepared(tx: Tx, doc: SigningDoc) -> None:
    """A prepared file lives as long as its lease."""
    if doc.prepared:
        path = tx.blobs.path(doc.prepared["pdf"])
        tx.after(lambda: path.unlink(missing_ok=True))


def row(session: Session, document: str) -> SigningDoc:
    """Unusable when there is no such document."""
    found = session.get(SigningDoc, document)
    if found is None:
        raise Unusable("document: no such document")
    return found


def places(session: Session, document: str) -> list[SigningField]:
    """The document's fields in their order."""
    query = select(SigningField).where(SigningField.doc_id == document).order_by(SigningField.position)
    return list(session.scalars(query))


def state(session: Session, document: str) -> dict[str, Any]:
    """{id, case, kind, title, audience, state, first, head, size, record_sha256, last, seal, opened_at, sealed_at,
    void_reason, fields: [{field, person, role, fingerprint, signed_at, may_lack}]}; `head` is the file to show."""
    doc = row(session, document)
    keys = ("id", "case", "kind", "title", "audience", "state", "first", "head", "size", "record_sha256", "seal")
    listed = [
        {
            "field": one.name, "person": one.person_id, "role": one.role, "fingerprint": one.fingerprint,
            "signed_at": one.signed_at, "may_lack": one.may_lack,
        }
        for one in places(session, document)
    ]  # fmt: skip
    return {
        **{key: getattr(doc, key) for key in keys},
        "last": doc.last_field,
        "opened_at": doc.opened_at,
        "sealed_at": doc.sealed_at,
        "void_reason": doc.void_reason,
        "fields": listed,
    }


def documents(session: Session, case: str) -> list[dict[str, Any]]:
    """`state` of every document of a case, oldest first."""
    query = select(SigningDoc.id).where(SigningDoc.case == case).order_by(SigningDoc.opened_at, SigningDoc.id)
    return [state(session, document) for document in session.scalars(query)]


def waiting(session: Session, person: str) -> list[dict[str, Any]]:
    """What this person has to sign, oldest first: [{document, case, kind, title, field, role, opened_at, ready}].

    `ready` is False while somebody must sign before.
    """
    query = (
        select(SigningField, SigningDoc)
        .join(SigningDoc, SigningDoc.id == SigningField.doc_id)
        .where(SigningField.person_id == person, SigningField.signed_at.is_(None), SigningDoc.state == "open")
        .order_by(SigningDoc.opened_at, SigningDoc.id)
    )
    found = []
    for place, doc in session.execute(query):
        unsigned = [one.name for one in places(session, doc.id) if one.signed_at is None]
        found.append(
            {
                "document": doc.id, "case": doc.case, "kind": doc.kind, "title": doc.title, "field": place.name,
                "role": place.role, "opened_at": doc.opened_at,
                "ready": not may_sign(doc.state, place.name, doc.last_field, unsigned),
            }
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Offer:
    """What the signer's browser checks and signs. `start`, `end`: the placeholder in `pdf`; `until`: the lease."""

    document: str
    field: str
    lease: str
    until: datetime
    pdf: bytes
    start: int
    end: int
    tbs: bytes
    first_sha256: str
    first_length: int

    def public(self) -> dict[str, Any]:
        """For JSON, bytes in base64."""
        return {
            "document": self.document, "field": self.field, "lease": self.lease, "until": self.until.isoformat(),
            "prepared": base64.b64encode(self.pdf).decode(), "region": {"start": self.start, "end": self.end},
            "tbs": base64.b64encode(self.tbs).decode(),
            "first_revision": {"sha256": self.first_sha256, "length": self.first_length},
        }  # fmt: skip
