"""Responses and quotes, sealed as bids are: version, receipt, withdrawal, unlocking. One way for both; whoever asks it
has asked before whether this supplier may answer, and until when.

What happens here goes into the sealed stream alone: nobody learns who answered before the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certs import authority, receipts
from certs.receipts import Receipt
from certs.sealing import Context, Manifest
from core import canon, fields
from core.acts import Tx
from core.doors import Payload
from core.faults import Unusable
from core.rules import Refused, refuse_if
from trading.bidding.actions import read_seal
from trading.framework import rules
from trading.framework.models import FrameworkSealed
from trading.framework.rules import Book
from trading.framework.states import sealed_stream
from trading.opening.guards import given_key

KIND = "response"


def live(session: Session, subject: str) -> list[FrameworkSealed]:
    """Versions in force, in the order of their receipt."""
    query = select(FrameworkSealed).where(FrameworkSealed.subject == subject, FrameworkSealed.state == "received")
    return list(session.scalars(query.order_by(FrameworkSealed.received_at, FrameworkSealed.id)))


def of_org(session: Session, subject: str, org: str) -> list[FrameworkSealed]:
    """One's own versions, the newest first."""
    mine = (FrameworkSealed.subject == subject, FrameworkSealed.org_id == org)
    return list(session.scalars(select(FrameworkSealed).where(*mine).order_by(FrameworkSealed.version.desc())))


def _live_of(tx: Tx, subject: str) -> FrameworkSealed | None:
    mine = (FrameworkSealed.subject == subject, FrameworkSealed.org_id == tx.actor.org)
    return tx.session.scalar(select(FrameworkSealed).where(*mine, FrameworkSealed.state == "received"))


def _context(tx: Tx, subject: str, p: Payload) -> Context:
    if not tx.actor.certificate:
        raise Unusable("certificate: a seal is bound to the sealer's signing certificate")
    name = p["manifest"].get("bid") if isinstance(p.get("manifest"), dict) else None
    if not isinstance(name, str) or len(name) != 16 or not set(name) <= set("0123456789abcdef"):
        raise Unusable("manifest.bid: 16 random hex characters are expected")
    return Context(KIND, subject, name, tx.actor.certificate)


def hand_in(tx: Tx, subject: str, p: Payload, until: datetime, own: Book) -> dict[str, Any]:
    """{manifest, ciphertext_sha256, size} → {response, version, receipt}: in the place of an earlier version."""
    fields.only(p, "manifest", "ciphertext_sha256", "size")
    refuse_if(rules.in_time(tx.now, until, own))
    context = _context(tx, subject, p)
    manifest, why = read_seal(tx, p, context)
    if manifest is None:
        raise Refused(own["FH-SEALED"].breach(why, required="gongheng/sealed/1", field="manifest"))
    if tx.session.get(FrameworkSealed, context.bid) is not None:
        raise Unusable("manifest.bid: seal again with a fresh id")
    before = _live_of(tx, subject)
    if before is not None:
        before.state = "replaced"
        tx.session.flush()
    mine = (FrameworkSealed.subject == subject, FrameworkSealed.org_id == tx.actor.org)
    version = (tx.session.scalar(select(func.max(FrameworkSealed.version)).where(*mine)) or 0) + 1
    body = {"response": context.bid, "version": version, "ciphertext_sha256": manifest.sha256, "size": manifest.size,
            "manifest_sha256": manifest.digest}  # fmt: skip
    entry = tx.record(sealed_stream(subject), "framework.received", body)
    receipt = _receipt(tx, context, version, manifest, entry)
    tx.session.add(
        FrameworkSealed(
            id=context.bid, subject=subject, org_id=tx.actor.org, person_id=tx.actor.person, version=version,
            manifest=p["manifest"], ciphertext_sha256=manifest.sha256, size=manifest.size, received_at=tx.now,
            receipt=receipt, entry_hash=entry,
        )
    )  # fmt: skip
    return {"response": context.bid, "version": version, "receipt": receipt}


def _receipt(tx: Tx, context: Context, version: int, manifest: Manifest, entry: str) -> dict[str, Any]:
    at = tx.now.replace(microsecond=0).isoformat()
    unsigned = Receipt(context.bid, version, context.lot, manifest.sha256, manifest.size, at, entry)
    found: dict[str, Any] = canon.loads(receipts.sign(unsigned, authority.of(tx.config).platform_key))
    return found


def take_back(tx: Tx, subject: str, until: datetime, own: Book) -> dict[str, Any]:
    refuse_if(rules.in_time(tx.now, until, own))
    row = _live_of(tx, subject)
    if row is None:
        raise Unusable("response: no live bid of yours")
    row.state = "withdrawn"
    entry = tx.record(sealed_stream(subject), "framework.withdrawn", {"response": row.id, "version": row.version})
    return {"response": row.id, "entry": entry}


def unlock(tx: Tx, subject: str, p: Payload, until: datetime, own: Book) -> bool:
    """{file_key}: the sealer's own key for the version in force; whether everybody has unlocked now."""
    fields.only(p, "file_key")
    row = _live_of(tx, subject)
    if row is None:
        raise Unusable("response: no live bid of yours")
    if tx.now >= until:
        raise Refused(own["FH-UNLOCK"].breach(tx.now.isoformat(), required=f"< {until.isoformat()}"))
    row.file_key = given_key(row.manifest, p, own["FH-UNLOCK"].article)
    row.unlocked_at = row.unlocked_at or tx.now
    tx.record(sealed_stream(subject), "framework.unlocked", {"response": row.id})
    return all(one.file_key for one in live(tx.session, subject))


def keyless(rows: Sequence[FrameworkSealed]) -> list[FrameworkSealed]:
    return [one for one in rows if not one.file_key]
