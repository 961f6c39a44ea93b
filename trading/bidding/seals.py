"""What is handed in sealed – bids, quotes, responses – with its versions, receipts and withdrawal, in one way for all;
whoever calls has asked before whether this organisation may, and until when.

What happens here goes into the sealed stream alone: nobody learns who handed in, or how many, before the opening.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from certs import authority, receipts, sealing, suite
from certs.receipts import Receipt
from certs.sealing import Context, Manifest
from core import canon, fields, staged
from core.acts import Tx
from core.doors import Payload
from core.faults import Fault, Unusable
from trading.bidding.models import Sealed

Version = TypeVar("Version", bound=Sealed)


def sealed_stream(subject: str) -> str:
    return f"sealed:{subject}"


@dataclass(frozen=True)
class Shelf(Generic[Version]):
    """Where the versions for one subject lie. `here`: conditions on the table. `kind`: what they are sealed as, and
    what answers and entries call one. `word`: what the kinds of its entries begin with."""

    table: type[Version]
    here: tuple[ColumnElement[bool], ...]
    subject: str
    kind: str
    word: str

    def live(self, session: Session) -> list[Version]:
        """Versions in force, in the order of their receipt."""
        query = select(self.table).where(*self.here, self.table.state == "received")
        return list(session.scalars(query.order_by(self.table.received_at, self.table.id)))

    def versions(self, session: Session, org: str) -> list[Version]:
        """One organisation's, the newest first."""
        query = select(self.table).where(*self.here, self.table.org_id == org)
        return list(session.scalars(query.order_by(self.table.version.desc()))) if org else []

    def of(self, session: Session, org: str) -> Version | None:
        """One organisation's version in force."""
        query = select(self.table).where(*self.here, self.table.org_id == org, self.table.state == "received")
        return session.scalar(query) if org else None

    def own(self, tx: Tx, name: str = "") -> Version:
        """The actor's, when it is the one called `name`; Unusable without one."""
        found = self.of(tx.session, tx.actor.org)
        if found is None or (name and found.id != name):
            raise Unusable(f"{self.kind}: no live bid of yours")
        return found

    def last(self, session: Session, org: str) -> int:
        """The number of the last version so far, in force or not."""
        query = select(func.max(self.table.version)).where(*self.here, self.table.org_id == org)
        return session.scalar(query) or 0


def context_of(tx: Tx, kind: str, subject: str, p: Payload) -> Context:
    """What a seal is bound to: the id that its maker drew, and the certificate that signs the act."""
    name = p["manifest"].get("bid") if isinstance(p.get("manifest"), dict) else None
    if not isinstance(name, str) or len(name) != 16 or not set(name) <= set("0123456789abcdef"):
        raise Unusable("manifest.bid: 16 random hex characters are expected")
    return Context(kind, subject, name, sealer(tx))


def sealer(tx: Tx) -> str:
    if not tx.actor.certificate:
        raise Unusable("certificate: a seal is bound to the sealer's signing certificate")
    return tx.actor.certificate


def read_seal(tx: Tx, p: Payload, context: Context) -> tuple[Manifest | None, str]:
    """The manifest, or why this is no sealed upload. Shape, binding, hash, size and header are checked."""
    sha256, size = fields.sha256(p, "ciphertext_sha256"), fields.integer(p, "size", least=1, most=1 << 40)
    if not staged.brought(tx, sha256):
        raise Unusable("ciphertext_sha256: upload the file first")
    if not isinstance(p.get("manifest"), dict):
        return None, "no manifest"
    try:
        manifest = sealing.read_manifest(canon.dumps(p["manifest"]), context)
    except (Unusable, Fault, TypeError) as error:
        return None, str(error)
    with tx.blobs.path(sha256).open("rb") as file:
        header = file.read(sealing.HEADER_BYTES)
    if (manifest.sha256, manifest.size) != (sha256, size) or tx.blobs.path(sha256).stat().st_size != size:
        return None, "the manifest is for another file"
    whole = header == manifest.header and sealing.possible_size(size)
    return (manifest, "") if whole else (None, "the file is not sealed")


def shares_of(manifest: Manifest | None) -> tuple[tuple[str, str], ...]:
    """(role, SHA-256 of its SPKI) of the custodians whose shares a seal carries."""
    return tuple(sorted((role, one.key) for role, one in manifest.held.items())) if manifest else ()


def keys_of(custodians: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """The same of the custodians that were named, () without a fallback."""
    held = (custodians or {}).items()
    return tuple(sorted((role, canon.sha256_hex(suite.unb64(one["spki"], "spki"))) for role, one in held))


def hand_in(
    tx: Tx, shelf: Shelf[Version], name: str, manifest: Manifest, p: Payload, kind: str = "replacement", **more: Any
) -> Version:
    """A version called `name` in the place of an earlier one: row, entry, receipt. `kind`: how it stands beside an
    earlier one; with nothing to stand beside (any more) it is a first one. `more`: columns of the shelf's own table."""
    if tx.session.get(shelf.table, name) is not None:
        raise Unusable("manifest.bid: seal again with a fresh id")
    before = shelf.of(tx.session, tx.actor.org)
    if before is None:
        kind = ""
    else:
        before.state, before.ended_at = "replaced", tx.now
        tx.session.flush()
    version = shelf.last(tx.session, tx.actor.org) + 1
    body = {shelf.kind: name, "version": version, "kind": kind or shelf.kind, "ciphertext_sha256": manifest.sha256,
            "size": manifest.size, "manifest_sha256": manifest.digest}  # fmt: skip
    entry = tx.record(sealed_stream(shelf.subject), f"{shelf.word}.received", body)
    row = shelf.table(
        id=name, org_id=tx.actor.org, person_id=tx.actor.person, version=version, manifest=p["manifest"],
        ciphertext_sha256=manifest.sha256, size=manifest.size, received_at=tx.now, entry_hash=entry,
        receipt=_receipt(tx, shelf.subject, name, version, manifest, entry, kind), **more,
    )  # fmt: skip
    tx.session.add(row)
    return row


def _receipt(
    tx: Tx, subject: str, name: str, version: int, manifest: Manifest, entry: str, kind: str
) -> dict[str, Any]:
    at = tx.now.replace(microsecond=0).isoformat()
    unsigned = Receipt(name, version, subject, manifest.sha256, manifest.size, at, entry, kind)
    found: dict[str, Any] = canon.loads(receipts.sign(unsigned, authority.of(tx.config).platform_key))
    return found


def received(shelf: Shelf[Version], row: Version) -> Payload:
    """What a supplier is answered: {<kind>: id, version, receipt}."""
    return {shelf.kind: row.id, "version": row.version, "receipt": row.receipt}


def take_back(tx: Tx, shelf: Shelf[Version], row: Version) -> Payload:
    """{<kind>: id, entry}: taken back before the end; another may follow."""
    row.state, row.ended_at = "withdrawn", tx.now
    body = {shelf.kind: row.id, "version": row.version}
    return {shelf.kind: row.id, "entry": tx.record(sealed_stream(shelf.subject), f"{shelf.word}.withdrawn", body)}
