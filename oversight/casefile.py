"""The case file: everything of one case under its newest cosigned checkpoint, for a stranger to verify (verifier).

What is in it is decided here, its format in verifier.casefile. Editions: `supervisor` opens every entry with who acted
from where; `public` opens only what names a public document or says nothing of a person. Neither shows a name of a
committee member before the result. What the ledger does not name by then is left out, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import drawdesk, heads, pdfcheck
from certs.authority import Authority
from certs.models import SigningDoc
from core import canon, ledger, merkle
from core.blobs import Blobs
from core.faults import Fault
from core.ledger import Entry, EntryRow
from oversight import checkpoints, rules
from oversight.guards import SEALED, Veil, sealed_heads, veil_of
from oversight.models import LogCheckpoint
from trading.bidding.models import Bid
from trading.project.models import Case, CaseDocument
from trading.project.states import case_row
from verifier import casefile
from verifier import ledger as lines
from verifier.casefile import Edition
from verifier.ledger import PLATFORM

# Papers that name committee members or electors; draw records have a folder of their own.
NAMING = ("evaluation_report", "award_report")
# Keys of facts that are of no person: what the public edition opens.
PLAIN = frozenset({
    "from", "to", "document", "kind", "title", "sha256", "size", "draw", "purpose", "list", "candidates", "party",
    "value", "record_sha256", "withheld", "outcome", "report_sha256", "round", "stream", "root", "edition",
    "checkpoint", "warnings", "rule", "article", "action", "required", "found", "field", "at", "until", "result",
})  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """A document: `sha256` "" until all have signed, `first` the unsigned revision, `record` its machine record."""

    kind: str
    title: str
    audience: str
    sha256: str
    media: str
    first: str
    record: str = ""
    unsigned: bool = False


@dataclass
class Made:
    """`left_out`: titles of documents that are not in it, each with the reason."""

    data: bytes
    checkpoint: int
    left_out: list[dict[str, str]] = field(default_factory=list)


def build(session: Session, blobs: Blobs, authority: Authority, case: str, edition: Edition) -> bytes:
    """The archive; Refused without a cosigned checkpoint over the case, or for a public edition before the result."""
    return make(session, blobs, authority, case, edition).data


def make(session: Session, blobs: Blobs, authority: Authority, case: str, edition: Edition) -> Made:
    row = case_row(session, case)
    veil = veil_of(session, row)
    if edition == "public" and not veil.result:
        raise rules.refused("PUBLIC-EDITION", "after the result", row.state)
    point = checkpoints.usable(session)
    streams = _streams(session, point, case)
    if f"case:{case}" not in streams:
        raise rules.refused("CHECKPOINT", "a cosigned checkpoint after the case began", point.at.isoformat())
    papers = list(_papers(session, row))
    public = {sha256 for one in papers if one.audience == "public" for sha256 in (one.sha256, one.first)}
    shown = _lines(session, streams, veil, public if edition == "public" else None)
    files = {
        "trust.json": canon.dumps(checkpoints.trust(session, authority)),
        "ledger/entries.jsonl": lines.lines(shown),
        "ledger/streams.json": canon.dumps(streams),
        "ledger/platform.json": canon.dumps(_platform(session, point, streams)),
        "ledger/checkpoint": checkpoints.note_of(session, point),
    }
    log = lines.read(files["ledger/entries.jsonl"], files["ledger/streams.json"])
    made = Made(b"", point.size)
    files |= _documents(blobs, papers, edition, veil, log.texts, made)
    files |= _draws(session, case, log.texts)
    if edition == "supervisor":
        files |= _receipts(session, case, log.hashes)
    made.data = casefile.write(files, case, edition)
    return made


def _streams(session: Session, point: LogCheckpoint, case: str) -> dict[str, dict[str, Any]]:
    """The heads under the checkpoint; not the sealed one while it reaches beyond what may be shown."""
    found = {name: point.heads[name] for name in (f"case:{case}", f"{SEALED}{case}") if name in point.heads}
    shown = sealed_heads(session, [case]).get(f"{SEALED}{case}", {"size": 0})
    return {name: head for name, head in found.items() if name != f"{SEALED}{case}" or head["size"] <= shown["size"]}


# -- ledger -----------------------------------------------------------------------------------------------------------


def _lines(
    session: Session, streams: Mapping[str, dict[str, Any]], veil: Veil, public: set[str] | None
) -> list[dict[str, Any]]:
    return [
        _line(entry, veil, public)
        for name in sorted(streams)
        for entry in ledger.entries(session, name, limit=streams[name]["size"])
    ]


def _line(entry: Entry, veil: Veil, public: set[str] | None) -> dict[str, Any]:
    """`public` are the digests of public documents, None for the supervisor's edition."""
    if public is None:
        actor, body = not veil.hides_actor(entry), not veil.hides_body(entry)
    else:
        actor, body = False, plain(entry.body) or bool(texts(entry.body) & public)
    return lines.line(entry.leaf, entry.salt, entry.body if body else None, entry.actor if actor else None)


def plain(value: Any) -> bool:
    """Whether facts hold only keys that say nothing of a person."""
    match value:
        case dict():
            return all(key in PLAIN and plain(item) for key, item in value.items())
        case list():
            return all(plain(item) for item in value)
    return True


def texts(value: Any) -> set[str]:
    match value:
        case str():
            return {value}
        case dict():
            return set().union(*(texts(item) for item in value.values()))
        case list():
            return set().union(*(texts(item) for item in value))
    return set()


def _platform(session: Session, point: LogCheckpoint, streams: Mapping[str, Any]) -> dict[str, Any]:
    """The last entry under the checkpoint, its path to the root, and each exported stream's head in it."""
    query = select(EntryRow.leaf_hash).where(EntryRow.stream == PLATFORM, EntryRow.index < point.size)
    hashes = [bytes.fromhex(one) for one in session.scalars(query.order_by(EntryRow.index))]
    (entry,) = ledger.entries(session, PLATFORM, after=point.size - 2, limit=1)
    run = heads.Heads(point.heads)
    return {
        "entry": lines.line(entry.leaf, entry.salt, entry.body, None),
        "proof": [step.hex() for step in merkle.inclusion_proof(hashes, point.size - 1)],
        "heads": [run.shown(name) for name in sorted(streams)],
    }


# -- papers, records, draws, receipts ---------------------------------------------------------------------------------


def _papers(session: Session, row: Case) -> Iterator[Paper]:
    """Documents of the case in order. One that still waits for signatures stands as it was filed, unsigned."""
    desk = {one.id: one for one in session.scalars(select(SigningDoc).where(SigningDoc.case == row.id))}
    filed = select(CaseDocument).where(CaseDocument.case_id == row.id)
    told: set[str] = set()
    for one in session.scalars(filed.order_by(CaseDocument.created_at, CaseDocument.id)):
        doc = desk.get(one.signing_doc)
        paper = Paper(one.kind, one.title, one.audience, one.sha256, one.media, one.sha256, unsigned=doc is not None)
        if doc is not None and doc.state == "sealed":
            paper = replace(paper, sha256=doc.head, record=doc.record_sha256, unsigned=False)
        told.add(one.signing_doc)
        if one.kind != "draw_record" and paper.sha256 not in told:
            told.add(paper.sha256)
            yield paper
    for doc in sorted(desk.values(), key=lambda one: (one.opened_at, one.id)):
        if doc.id not in told and doc.state != "void":
            head = doc.head if doc.state == "sealed" else ""
            yield Paper(doc.kind, doc.title, doc.audience, head, "application/pdf", doc.first, doc.record_sha256)


def _kept_back(paper: Paper, edition: Edition, veil: Veil, named: set[str]) -> str:
    """Why a document is not in this edition, "" when it is."""
    if paper.audience == "owner" or (edition == "public" and paper.audience != "public"):
        return "not for this edition"
    if paper.kind in NAMING and not veil.result:
        return "names members before the result"
    if not paper.sha256:
        return "not signed by all"
    return "" if paper.sha256 in named else "after the checkpoint"


def _documents(
    blobs: Blobs, papers: list[Paper], edition: Edition, veil: Veil, named: set[str], made: Made
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for number, paper in enumerate(papers, 1):
        why = _kept_back(paper, edition, veil, named)
        if why:
            made.left_out.append({"title": paper.title, "kind": paper.kind, "reason": why})
            continue
        if not blobs.has(paper.sha256):
            raise Fault(f"{paper.title}: its bytes are not in the store")
        data, name = blobs.get(paper.sha256), f"{number:03d}-{re.sub('[^a-z0-9]+', '-', paper.kind.lower())}"
        suffix = "pdf" if paper.media == "application/pdf" else "dat"
        files[f"documents/{name}{'-unsigned' if paper.unsigned else ''}.{suffix}"] = data
        if paper.record and paper.record in named:
            files[f"records/{name}.json"] = canon.dumps(pdfcheck.machine_record(data)[0])
    return files


def _draws(session: Session, case: str, named: set[str]) -> dict[str, bytes]:
    done = [canon.dumps(row.record) for row in drawdesk.of_case(session, case) if row.record is not None]
    found = [(canon.loads(data), data) for data in done if canon.sha256_hex(data) in named]
    return {f"draws/{record['purpose']}-{record['draw']}.json": data for record, data in found}


def _receipts(session: Session, case: str, hashes: set[str]) -> dict[str, bytes]:
    rows = session.scalars(select(Bid).where(Bid.case_id == case).order_by(Bid.id))
    return {f"receipts/{row.id}.json": canon.dumps(row.receipt) for row in rows if row.entry_hash in hashes}
