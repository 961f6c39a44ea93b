"""Tables of keys and signatures: certificates, nonces, wrapped keys, documents on the signing desk.

Holders are named by id only; names live in `accounts`. No private key and no decryption key is ever stored here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Certificate(Base):
    """An issued certificate. `fingerprint` SHA-256 hex of `der`; `serial` hex; one key gets one certificate."""

    __tablename__ = "certificate"
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    serial: Mapped[str] = mapped_column(String(40), unique=True)
    profile: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    org_id: Mapped[str] = mapped_column(String(16), default="", index=True)
    spki_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    der: Mapped[bytes]
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str] = mapped_column(String(40), default="")
    __table_args__ = (
        CheckConstraint("length(fingerprint) = 64", name="fingerprint"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name="revoked"),
    )


class Nonce(Base):
    """Made for one person, act, case and object; spent once, by the act it was made for."""

    __tablename__ = "nonce"
    value: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(16), index=True)
    act: Mapped[str] = mapped_column(String(64))
    case: Mapped[str] = mapped_column(String(120))
    object: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]


class KeyBlob(Keyed, Base):
    """A signing key wrapped in its holder's browser; the passphrase never comes here."""

    __tablename__ = "key_blob"
    person_id: Mapped[str] = mapped_column(String(16), index=True)
    fingerprint: Mapped[str] = mapped_column(ForeignKey("certificate.fingerprint"), unique=True)
    envelope: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]


class SigningDoc(Keyed, Base):
    """A document on the desk. `head` is the SHA-256 of its newest version; a lease lets one signer move it."""

    __tablename__ = "signing_doc"
    case: Mapped[str] = mapped_column(String(40), default="", index=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    audience: Mapped[str] = mapped_column(String(20))
    stream: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10), default="open")
    first: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))
    first_size: Mapped[int]
    record_sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    last_field: Mapped[str] = mapped_column(String(60), default="")
    seal: Mapped[str] = mapped_column(String(16), default="")
    seal_fingerprint: Mapped[str] = mapped_column(String(64), default="")
    opened_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    lease: Mapped[str] = mapped_column(String(32), default="")
    lease_field: Mapped[str] = mapped_column(String(60), default="")
    lease_until: Mapped[datetime | None]
    lease_base: Mapped[str] = mapped_column(String(64), default="")
    prepared: Mapped[dict[str, Any]] = mapped_column(default=dict)
    void_reason: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = (
        CheckConstraint("state IN ('open', 'signed', 'sealed', 'void')", name="state"),
        Index("ix_signing_doc_signed", "state", sqlite_where=text("state = 'signed'"),
              postgresql_where=text("state = 'signed'")),
    )  # fmt: skip


class SigningField(Base):
    """Who signs where. `fingerprint` is the certificate expected, fixed before the first revision was built.

    `may_lack`: whoever opened the document may go on without this signature (desk.complete_without).
    """

    __tablename__ = "signing_field"
    doc_id: Mapped[str] = mapped_column(ForeignKey("signing_doc.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(16))
    org_id: Mapped[str] = mapped_column(String(16), default="")
    role: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    may_lack: Mapped[bool] = mapped_column(default=False, server_default=false())
    signed_at: Mapped[datetime | None]
    version_sha256: Mapped[str] = mapped_column(String(64), default="")
    __table_args__ = (
        Index("ix_signing_field_person", "person_id", "signed_at"),
        UniqueConstraint("doc_id", "fingerprint", name="uq_signing_field_doc_certificate"),
    )
