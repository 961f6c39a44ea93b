"""All prices at once: decrypting and printing outside the transaction, then one short act that writes what came out.

`opening.close` freezes the keys and plans `opening.settle`. Whoever rings that job may call `settle(acts, case)` here,
which does the long work outside; the bare act does the same inside, so that nothing depends on who rings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.queries import signing_certificate
from certs import desk
from certs.blocking import run_blocking
from certs.desk import First, Signer
from core import jobs, ledger
from core.access import SYSTEM, Role
from core.acts import Acts, Tx
from core.blobs import Blobs
from core.doors import Payload, acting
from trading.bidding.asked import asked_of
from trading.bidding.models import Bid, SealedReference
from trading.bidding.seals import sealed_stream
from trading.deadline import queries as deadline
from trading.opening import confirmations, papers, reading, record, rules
from trading.opening.ending import fail
from trading.opening.models import OpenedBid, Opening, OpeningObjection, SignIn, Unlock
from trading.opening.queries import live_bids, opening_of, pauses, present, said, troubles, words_of
from trading.opening.reading import Locked, Read
from trading.project.models import Case, CaseDocument, Project
from trading.project.papers import case_facts, file_document, named, with_record
from trading.project.queries import names, org_names
from trading.project.states import book_of, case_row, go, guard
from trading.record import queries as layouts
from trading.record.rules import Layout

SCHEMA = "opening-record/1"
OPENED = (
    "price", "duration_days", "quality", "manager", "flags", "pdf_sha256", "sheet_sha256", "attachments", "problem",
    "number",
)  # fmt: skip
SHOWN = ("number", "bid", "org_name", "price", "duration_days", "quality", "how", "cause")


@dataclass(frozen=True)
class Work:
    """Everything the long part needs, read once. `record` lacks only what the bids say."""

    locked: tuple[Locked, ...]
    reference: Locked | None
    record: dict[str, Any]
    heads: list[tuple[str, str]]
    signers: tuple[Signer, ...]
    labels: dict[str, str]
    layout: Layout
    demo: bool


@dataclass(frozen=True)
class Outcome:
    reads: dict[str, Read]
    reference: tuple[str, str]
    record: dict[str, Any]
    pdf: bytes
    first: First | None
    pages: Sequence[confirmations.Page] = ()


def prepare(session: Session, case: str, *, demo: bool) -> Work | None:
    """The work that waits, None when there is none (not closing, or settled already)."""
    row = case_row(session, case)
    opening = opening_of(session, row)
    if opening is None or opening.closing_at is None or opening.closed_at is not None:
        return None
    project = session.get_one(Project, row.project_id)
    bids = live_bids(session, row)
    unlocks = {u.bid_id: u for u in session.scalars(select(Unlock).where(Unlock.bid_id.in_([b.id for b in bids])))}
    sealed = session.get(SealedReference, (row.id, row.round))
    signers, labels = _signers(session, row, opening, bids)
    asked = asked_of(session, row)
    unlocked_reference = sealed is not None and bool(opening.reference_key)
    layout = layouts.in_force(session, row.centre_org)
    return Work(
        locked=tuple(
            Locked(b.id, b.manifest, unlocks[b.id].file_key, b.size, asked, b.kind) for b in bids if unlocks[b.id].how
        ),
        reference=Locked("", sealed.manifest, opening.reference_key) if sealed and unlocked_reference else None,
        record=_record(session, row, project, opening, bids, unlocks, sealed) | {"template": layout.said()},
        heads=case_facts(project, row, names(session, row)),
        signers=signers,
        labels=labels,
        layout=layout,
        demo=demo,
    )


def _record(
    session: Session, row: Case, project: Project, opening: Opening, bids: list[Bid], unlocks: dict[str, Unlock],
    sealed: SealedReference | None,
) -> dict[str, Any]:  # fmt: skip
    orgs = org_names(session, (b.org_id for b in bids))
    here = present(session, row)
    by_bid = {b.id: orgs[b.org_id].name for b in bids}
    objections = select(OpeningObjection).where(OpeningObjection.case_id == row.id, OpeningObjection.round == row.round)
    host = session.get(Person, opening.host_person)
    return {
        "schema": SCHEMA, "case": row.id, "round": row.round, "name": f"{project.name} {row.lot_name}",
        "codes": {"tender": project.tender_code, "lot": row.lot_code, "deal": row.deal_code}, "unit": row.unit,
        "ceiling": row.ceiling, "deadline": row.deadline, "host": host.name if host else "",
        "began_at": opening.began_at, "window_until": opening.window_until, "closing_at": opening.closing_at,
        "sealed_stream": ledger.head(session, sealed_stream(row.id)),
        "reference": sealed and {"price": "", "problem": "not unlocked", "sealed_at": sealed.sealed_at},
        "bids": [
            _line(number, bid, orgs[bid.org_id].name, orgs[bid.org_id].uscc, unlocks[bid.id], here.get(bid.id))
            for number, bid in enumerate(bids, 1)
        ],
        "objections": [
            {"at": o.at, "org_name": by_bid[o.bid_id], "text": o.text, "answer": o.answer}
            for o in session.scalars(objections.order_by(OpeningObjection.at, OpeningObjection.id))
        ],
        "pauses": [
            {"at": o.at, "until": o.resumed_at, "by": o.role, "reason": o.reason} for o in pauses(session, row)
        ],
        "failures": [
            {key: one[key] for key in ("bid", "receipt", "stored", "compared_at", "tries", "cause", "reason")}
            for one in troubles(session, row)
        ],
        **deadline.record_part(session, row),
    }  # fmt: skip


def _line(number: int, bid: Bid, name: str, uscc: str, unlock: Unlock, signed: SignIn | None) -> dict[str, Any]:
    return {
        "number": number, "bid": bid.id, "org_name": name, "uscc": uscc, "version": bid.version,
        "received_at": bid.received_at, "ciphertext_sha256": bid.ciphertext_sha256, "entry_hash": bid.entry_hash,
        "signed_in_at": signed and signed.at, "unlocked_at": unlock.at, "how": unlock.how, "cause": unlock.cause,
        "reason": unlock.reason, "price": "", "duration_days": None, "quality": "", "manager": {}, "flags": [],
        "pdf_sha256": "", "sheet_sha256": "", "attachments": [], "problem": "",
    }  # fmt: skip


def _signers(
    session: Session, row: Case, opening: Opening, bids: list[Bid]
) -> tuple[tuple[Signer, ...], dict[str, str]]:
    """Host, one for each bidder present, supervisor or witness; those who can sign. The absent have accepted."""
    assert opening.closing_at is not None
    wanted = [("host", opening.host_person, "host", "主持人")]
    here = present(session, row)
    orgs = org_names(session, (b.org_id for b in bids))
    for number, bid in enumerate(bids, 1):
        if bid.id in here:
            wanted.append((f"bidder-{number}", here[bid.id].person_id, "bidder", f"投标人 {orgs[bid.org_id].name}"))
    witness = _witness(session, row, opening)
    if witness:
        wanted.append(("witness", witness, "witness", "监督(见证)人"))
    found: list[Signer] = []
    labels: dict[str, str] = {}
    for field, person, role, label in wanted:
        certificate = signing_certificate(session, person, opening.closing_at)
        if certificate is not None and certificate.fingerprint not in [s.fingerprint for s in found]:
            silent = role == "bidder"  # its silence is assent
            found.append(Signer(field, person, role, certificate.fingerprint, certificate.org_id, silent))
            labels[field] = label
    return tuple(found), labels


def _witness(session: Session, row: Case, opening: Opening) -> str:
    """The regulator's person, else the centre's (见证) who is not the host; who can sign comes first."""
    for org, role in ((row.regulator_org, Role.REGULATOR), (row.centre_org, Role.CENTRE)):
        people = session.scalars(
            select(Person).where(Person.org_id == org, Person.state == "active").order_by(Person.login)
        )
        for person in people:
            able = signing_certificate(session, person.id, opening.closing_at or opening.began_at) is not None
            if role in person.roles and person.id != opening.host_person and able:
                return person.id
    return ""


def carry_out(blobs: Blobs, work: Work) -> Outcome:
    """Decrypt everything, one bid after the other, and print the record."""
    return compose(blobs, work, {one.bid: reading.read_bid(blobs, one) for one in work.locked})


def compose(blobs: Blobs, work: Work, reads: dict[str, Read]) -> Outcome:
    """Print the record of what was read, place its signature fields."""
    whole = work.record | {"bids": [_filled(line, reads.get(line["bid"])) for line in work.record["bids"]]}
    reference = ("", "")
    if whole["reference"] is not None:
        reference = ("", "not unlocked")
        if work.reference is not None:
            reference = reading.read_reference(blobs, work.reference)
        whole["reference"] = whole["reference"] | {"price": reference[0], "problem": reference[1]}
    signers, shared = confirmations.shared_out(work.signers)
    whole["confirmation_pages"] = len(shared)
    places = [(one.field, work.labels[one.field]) for one in signers]
    paper = papers.opening_record(whole, work.heads, places, work.layout, demo=work.demo)
    if not signers:
        return Outcome(reads, reference, whole, with_record(paper.bytes, whole), None)
    first = desk.first_revision(paper.bytes, paper.boxes, whole, signers)
    pages = confirmations.compose(whole, first.pdf, shared, work.labels, demo=work.demo)
    return Outcome(reads, reference, whole, first.pdf, first, pages)


def _filled(line: dict[str, Any], read: Read | None) -> dict[str, Any]:
    if read is None:
        return line
    if read.lost:
        return line | {"how": "", "cause": "platform", "reason": read.lost}
    sheet = read.sheet
    said = {} if sheet is None else {
        "price": sheet.price, "duration_days": sheet.duration_days, "quality": sheet.quality, "manager": sheet.manager,
        "flags": list(sheet.flags),
    } | ({"small": sheet.small} if sheet.small else {})  # fmt: skip
    return line | said | {
        "pdf_sha256": read.pdf_sha256, "sheet_sha256": read.sheet_sha256, "attachments": read.attachments,
        "problem": read.problem,
    }  # fmt: skip


@jobs.long("opening.settle")
def settle(acts: Acts, case: str, p: Payload | None = None) -> Payload:
    """Long work outside every transaction, then the act; {} when there was nothing to do."""
    with acts.reading() as session:
        work = prepare(session, case, demo=acts.house.config.demo)
    if work is None:
        return {}
    blobs = acts.house.blobs
    reads = reading.read_all(blobs, work.locked)
    outcome = run_blocking(lambda: compose(blobs, work, reads))
    return acts.act(write, SYSTEM, case, outcome)


@acting("opening.settle")
def settle_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: what `settle` does, inside one transaction."""
    work = prepare(tx.session, case, demo=tx.config.demo)
    return write(tx, case, carry_out(tx.blobs, work)) if work else {}


def write(tx: Tx, case: str, outcome: Outcome) -> Payload:
    """Rows, document, state, hall: OPENING → OPENED with all prices in one commit. {} when somebody was first.

    What the platform lost is not opened and not the bidder's fault; with fewer than three left the opening fails.
    """
    row = case_row(tx.session, case)
    opening = opening_of(tx.session, row)
    if opening is None or opening.closed_at is not None or row.state != "OPENING":
        return {}
    row, step = guard(tx, case, "opening.settle")
    _note_lost(tx, outcome)
    lines = [line for line in outcome.record["bids"] if line["how"]]
    short = rules.enough_bids(len(lines), book_of(row, tx.now))
    if short:
        fail(tx, row, step, short[0], "opening.failed")
        return {}
    opening.reference, opening.reference_problem = outcome.reference
    opening.closed_at = row.opened_at = tx.now
    orgs = {b.id: b.org_id for b in live_bids(tx.session, row)}
    for line in lines:
        checked = outcome.reads[line["bid"]].contents
        values = {key: line[key] for key in OPENED} | {"contents": checked, "findings": checked.get("count", 0)}
        said = outcome.reads[line["bid"]].sheet
        values |= {"brands": dict(said.brands), "small": dict(said.small)} if said else {"brands": {}, "small": {}}
        tx.session.add(OpenedBid(bid_id=line["bid"], case_id=case, round=row.round, org_id=orgs[line["bid"]], **values))
    document, signing = _file(tx, case, outcome)
    opening.document_id = document.id
    if signing:
        record.begin_signing(tx, row, opening)
    else:
        opening.published_at = tx.now
    shown = [{key: line[key] for key in SHOWN} for line in outcome.record["bids"]]
    body = named(document) | {"bids": shown, "reference": outcome.reference[0], "signing": signing}
    go(tx, row, step, "opening.opened", body, target="OPENED")
    heard = [_heard(line, row.unit) for line in outcome.record["bids"]]
    tx.publish(
        f"hall:{case}", "opening.opened", {"rows": heard, "reference": opening.reference, "document": document.id}
    )
    return {"document": document.id, "signing": signing, "opened": len(lines)}


def _note_lost(tx: Tx, outcome: Outcome) -> None:
    for bid, read in sorted(outcome.reads.items()):
        if read.lost:
            held = tx.session.get_one(Unlock, bid)
            held.how, held.file_key, held.cause, held.reason = "", "", "platform", read.lost
            held.decided_at = tx.now


def _file(tx: Tx, case: str, outcome: Outcome) -> tuple[CaseDocument, str]:
    title, signing = f"{outcome.record['name']} 开标记录表", ""
    if outcome.first is not None:
        signing = desk.open_document(
            tx, outcome.first, case=case, kind=record.KIND, title=title, audience=record.CONFIRMED
        )
        confirmations.open_pages(tx, case, outcome.pages, audience=record.UNCONFIRMED, confirmed=record.CONFIRMED)
    audience = record.UNCONFIRMED if signing else record.CONFIRMED
    return file_document(tx, case, record.KIND, title, outcome.pdf, audience, signing_doc=signing), signing


def _heard(line: dict[str, Any], unit: str) -> dict[str, Any]:
    """A row as the hall's pages show and read it, so that four hundred of them need not ask again."""
    keys = ("bid", "price", "duration_days", "quality", "manager", "how", "cause", "reason", "problem")
    say = said(line["number"], line["org_name"], line["price"], unit, line["duration_days"])
    return {key: line[key] for key in keys} | {
        "words": words_of(line["price"], unit),
        "say": say if line["how"] else "",
    }
