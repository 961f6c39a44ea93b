"""Taking the file, sealing the reference price, submitting and withdrawing bids.

Everything a bidder does here goes into the sealed stream (`sealed:<case>`, entries without a case of their own), never
into the case stream, a live channel or a count: nobody learns who bids or how many (20号令 art. 21, 27, 56).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from certs import authority, receipts, sealing, suite
from certs.receipts import Receipt
from certs.sealing import Context, Manifest
from core import canon, fields, staged
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Fault, Unusable
from core.rules import Refused, refuse_if
from trading.bidding import rules
from trading.bidding.facts import Submission
from trading.bidding.models import Affiliate, Bid, Download, SealedReference
from trading.document.actions import refuse_late
from trading.project.models import Case, CaseDocument
from trading.project.states import book_of, go, guard, trading_org

FETCHED = ("tender_file", "clarification")


def sealed_stream(case: str) -> str:
    return f"sealed:{case}"


@acting("file.fetch", Role.BIDDER)
def fetch(tx: Tx, case: str, p: Payload) -> Payload:
    """{document?} → {document, sha256, receipt}: the tender file (or a clarification), recorded, with no step before
    it (R1-33). A first taking is open while the file is issued, a further one until the deadline."""
    fields.only(p, "document")
    row, _ = guard(tx, case, "file.fetch")
    refuse_late(row, tx.now)
    document = _fetched(tx.session, row, fields.text(p, "document", limit=16, default="-"))
    mine = (Download.case_id == case, Download.round == row.round, Download.org_id == tx.actor.org)
    before = tx.session.scalar(select(Download.id).where(*mine).limit(1))
    first = before is None and document.kind == "tender_file"
    if first and row.file_until and not (row.file_from or tx.now) <= tx.now <= row.file_until:
        need = f"{row.file_from} – {row.file_until}"
        raise Refused(book_of(row, tx.now)["R1-04"].breach(tx.now.isoformat(), required=need))
    download = Download(
        case_id=case, round=row.round, document_id=document.id, org_id=tx.actor.org, person_id=tx.actor.person,
        address=tx.actor.address, at=tx.now,
    )  # fmt: skip
    tx.session.add(download)
    tx.session.flush()
    entry = tx.record(sealed_stream(case), "file.fetched", {"document": document.id, "sha256": document.sha256})
    return {"document": document.id, "sha256": document.sha256, "receipt": {"id": download.id, "entry": entry}}


def _fetched(session: Session, row: Case, wanted: str) -> CaseDocument:
    query = select(CaseDocument).where(CaseDocument.case_id == row.id, CaseDocument.round == row.round)
    if wanted == "-":
        query = query.where(CaseDocument.kind == "tender_file")
    else:
        query = query.where(CaseDocument.id == wanted, CaseDocument.kind.in_(FETCHED))
    found = session.scalar(query.order_by(CaseDocument.created_at.desc()).limit(1))
    if found is None:
        raise Unusable("document: no such document of the tender file")
    return found


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


def _context(tx: Tx, row: Case, kind: str, p: Payload) -> Context:
    if not tx.actor.certificate:
        raise Unusable("certificate: a seal is bound to the sealer's signing certificate")
    bid = p["manifest"].get("bid") if isinstance(p.get("manifest"), dict) else None
    name = bid if kind == "bid" and isinstance(bid, str) else row.id
    if kind == "bid" and not _is_id(name):
        raise Unusable("manifest.bid: 16 random hex characters are expected")
    return Context(kind, row.id, name, tx.actor.certificate)


def _is_id(name: str) -> bool:
    return len(name) == 16 and set(name) <= set("0123456789abcdef")


def operator_tie(session: Session, org: Org, row: Case) -> str:
    """Why this organisation belongs to the platform's operator, "" when it does not."""
    if "centre" in org.kinds or org.id == row.centre_org:
        return "operator"
    return "affiliate" if session.get(Affiliate, org.uscc) is not None else ""


def custodian_keys(row: Case) -> tuple[tuple[str, str], ...]:
    """(role, SHA-256 of its SPKI) of the fallback clause, () without one."""
    held = row.settings.get("custodians") or {}
    found = ((role, canon.sha256_hex(suite.unb64(one["spki"], "spki"))) for role, one in held.items())
    return tuple(sorted(found))


@acting("bid.submit", Role.BIDDER, signed=True)
def submit(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size, kind?} → {receipt}: a sealed version, whole, in the place of an earlier one.

    `kind`: replacement (the default beside an earlier version) or supplement, as the bidder means it (招标投标法 art.
    29); the ledger entry and the receipt name it. Every version stays sealed.

    `manifest` is gongheng/sealed/1 with kind "bid", lot = the case's id, bid = 16 fresh random hex characters and
    sealer = the fingerprint of the certificate that signs this act.
    """
    fields.only(p, "manifest", "ciphertext_sha256", "size", "kind")
    row, org = may_bid(tx, case, "bid.submit")
    context = _context(tx, row, "bid", p)
    manifest, why = read_seal(tx, p, context)
    held = tuple(sorted((role, one.key) for role, one in manifest.held.items())) if manifest else ()
    assert row.deadline is not None
    facts = Submission(tx.now, row.deadline, why, operator_tie(tx.session, org, row), held, custodian_keys(row))
    refuse_if(rules.submission(facts, book_of(row, tx.now)))
    assert manifest is not None
    if tx.session.get(Bid, context.bid) is not None:
        raise Unusable("manifest.bid: seal again with a fresh id")
    kind = _kind(tx, row, p)
    version = _end_live(tx, row, "replaced") + 1
    body = {
        "bid": context.bid, "version": version, "kind": kind, "ciphertext_sha256": manifest.sha256,
        "size": manifest.size, "manifest_sha256": manifest.digest,
    }  # fmt: skip
    entry = tx.record(sealed_stream(case), "bid.received", body)
    receipt = _receipt(tx, context, version, manifest, entry, kind)
    tx.session.add(
        Bid(
            id=context.bid, case_id=case, round=row.round, org_id=org.id, person_id=tx.actor.person,
            address=tx.actor.address, version=version, kind=kind, manifest=p["manifest"],
            ciphertext_sha256=manifest.sha256, size=manifest.size, received_at=tx.now, receipt=receipt,
            entry_hash=entry,
        )
    )  # fmt: skip
    return {"bid": context.bid, "version": version, "receipt": receipt}


def may_bid(tx: Tx, case: str, act: str) -> tuple[Case, Org]:
    """The case and the verified bidder; the deadline is asked first, so that late is always called late."""
    row = tx.session.get(Case, case)
    if row is not None and row.deadline is not None and row.announced_at is not None:
        refuse_late(row, tx.now)
    row, _ = guard(tx, case, act)
    return row, trading_org(tx.session, tx.actor.org)


def _receipt(tx: Tx, context: Context, version: int, manifest: Manifest, entry: str, kind: str) -> dict[str, Any]:
    at = tx.now.replace(microsecond=0).isoformat()
    named = "" if kind == "bid" else kind
    unsigned = Receipt(context.bid, version, context.lot, manifest.sha256, manifest.size, at, entry, named)
    data = receipts.sign(unsigned, authority.of(tx.config).platform_key)
    found: dict[str, Any] = canon.loads(data)
    return found


def _live(tx: Tx, row: Case) -> Bid | None:
    mine = (Bid.case_id == row.id, Bid.round == row.round, Bid.org_id == tx.actor.org)
    return tx.session.scalar(select(Bid).where(*mine, Bid.state == "received"))


def _kind(tx: Tx, row: Case, p: Payload) -> str:
    """With nothing to stand beside (any more) it is a bid, whatever it was called: a name refuses no bid in time."""
    kind = fields.choice({"kind": p.get("kind") or "replacement"}, "kind", ("replacement", "supplement"))
    return kind if _live(tx, row) is not None else "bid"


def _end_live(tx: Tx, row: Case, state: str) -> int:
    """End the bidder's live version, if there is one; the number of the last version so far."""
    mine = (Bid.case_id == row.id, Bid.round == row.round, Bid.org_id == tx.actor.org)
    live = _live(tx, row)
    if live is not None:
        live.state, live.ended_at = state, tx.now
        tx.session.flush()
    return tx.session.scalar(select(func.max(Bid.version)).where(*mine)) or 0


@acting("bid.withdraw", Role.BIDDER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid}: take back one's own live version before the deadline; a new one may follow."""
    fields.only(p, "bid")
    row, org = may_bid(tx, case, "bid.withdraw")
    bid = tx.session.get(Bid, fields.text(p, "bid", limit=16))
    if bid is None or bid.org_id != org.id or bid.case_id != row.id or bid.state != "received":
        raise Unusable("bid: no live bid of yours")
    bid.state, bid.ended_at = "withdrawn", tx.now
    entry = tx.record(sealed_stream(case), "bid.withdrawn", {"bid": bid.id, "version": bid.version})
    return {"bid": bid.id, "entry": entry}


@acting("reference.seal", Role.TENDERER, signed=True)
def seal_reference(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size}: the one 标底, sealed like a bid; kind "reference", bid = the case's id."""
    fields.only(p, "manifest", "ciphertext_sha256", "size")
    row, step = guard(tx, case, "reference.seal")
    if row.deadline is not None and row.announced_at is not None:
        refuse_late(row, tx.now)
    manifest, why = read_seal(tx, p, _context(tx, row, "reference", p))
    if manifest is None:
        raise Refused(book_of(row, tx.now)["E-01"].breach(why, required="gongheng/sealed/1", field="manifest"))
    kept = tx.session.get(SealedReference, (case, row.round)) or SealedReference(case_id=case, round=row.round)
    kept.manifest, kept.ciphertext_sha256, kept.size = p["manifest"], manifest.sha256, manifest.size
    kept.sealed_at, kept.person_id = tx.now, tx.actor.person
    tx.session.add(kept)
    body = {"ciphertext_sha256": manifest.sha256, "size": manifest.size, "manifest_sha256": manifest.digest}
    return {"entry": go(tx, row, step, "reference.sealed", body)}


@acting("affiliate.declare", Role.CENTRE)
def declare_affiliate(tx: Tx, case: str, p: Payload) -> Payload:
    """{uscc, name, basis}: a company under the operator's control may not bid here (20号令 art. 23)."""
    fields.only(p, "uscc", "name", "basis")
    uscc = fields.text(p, "uscc", limit=18).upper()
    row = tx.session.get(Affiliate, uscc) or Affiliate(uscc=uscc, declared_at=tx.now)
    row.name, row.basis = fields.text(p, "name", limit=100), fields.text(p, "basis")
    tx.session.add(row)
    tx.record("platform", "affiliate.declared", {"uscc": uscc, "basis": row.basis})
    return {"uscc": uscc}
