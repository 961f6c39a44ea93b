"""Taking the file, sealing the reference price, submitting and withdrawing bids.

Everything a bidder does here goes into the sealed stream (`sealed:<case>`, entries without a case of their own), never
into the case stream, a live channel or a count: nobody learns who bids or how many (20号令 art. 21, 27, 56).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from certs.receipts import KINDS
from certs.sealing import Context
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Refused, refuse_if
from trading.bidding import rules
from trading.bidding.facts import Submission
from trading.bidding.models import Affiliate, Bid, Download, SealedReference
from trading.bidding.seals import (
    Shelf,
    context_of,
    hand_in,
    keys_of,
    read_seal,
    received,
    sealed_stream,
    sealer,
    shares_of,
    take_back,
)
from trading.document.actions import refuse_late
from trading.project.models import Case, CaseDocument
from trading.project.states import book_of, go, guard, trading_org

FETCHED = ("tender_file", "clarification")


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


def operator_tie(session: Session, org: Org, row: Case) -> str:
    """Why this organisation belongs to the platform's operator, "" when it does not."""
    if "centre" in org.kinds or org.id == row.centre_org:
        return "operator"
    return "affiliate" if session.get(Affiliate, org.uscc) is not None else ""


def shelf_of(row: Case) -> Shelf[Bid]:
    return Shelf(Bid, (Bid.case_id == row.id, Bid.round == row.round), row.id, "bid", "bid")


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
    context = context_of(tx, "bid", row.id, p)
    manifest, why = read_seal(tx, p, context)
    assert row.deadline is not None
    held, asked = shares_of(manifest), keys_of(row.settings.get("custodians"))
    facts = Submission(tx.now, row.deadline, why, operator_tie(tx.session, org, row), held, asked)
    refuse_if(rules.submission(facts, book_of(row, tx.now)))
    assert manifest is not None
    kind = fields.choice({"kind": p.get("kind") or "replacement"}, "kind", KINDS)
    shelf, place = shelf_of(row), {"case_id": case, "round": row.round, "address": tx.actor.address}
    bid = hand_in(tx, shelf, context.bid, manifest, p, kind, **place)
    bid.kind = bid.receipt.get("kind", "bid")
    return received(shelf, bid)


def may_bid(tx: Tx, case: str, act: str) -> tuple[Case, Org]:
    """The case and the verified bidder; the deadline is asked first, so that late is always called late."""
    row = tx.session.get(Case, case)
    if row is not None and row.deadline is not None and row.announced_at is not None:
        refuse_late(row, tx.now)
    row, _ = guard(tx, case, act)
    return row, trading_org(tx.session, tx.actor.org)


@acting("bid.withdraw", Role.BIDDER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid}: take back one's own live version before the deadline; a new one may follow."""
    fields.only(p, "bid")
    row, _ = may_bid(tx, case, "bid.withdraw")
    shelf = shelf_of(row)
    return take_back(tx, shelf, shelf.own(tx, fields.text(p, "bid", limit=16)))


@acting("reference.seal", Role.TENDERER, signed=True)
def seal_reference(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size}: the one 标底, sealed like a bid; kind "reference", bid = the case's id."""
    fields.only(p, "manifest", "ciphertext_sha256", "size")
    row, step = guard(tx, case, "reference.seal")
    if row.deadline is not None and row.announced_at is not None:
        refuse_late(row, tx.now)
    manifest, why = read_seal(tx, p, Context("reference", row.id, row.id, sealer(tx)))
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
