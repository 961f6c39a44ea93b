"""Comparing the texts of all bids with each other: a job of its own after they were read, for it takes longest.

Outside every transaction and page by page; what was found stands beside the other facts, with the pages to look at.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
from sqlalchemy import select
from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.blobs import Blobs
from core.doors import Payload, acting
from evaluation import cases
from evaluation.aid import alike, rules
from evaluation.aid.models import BidReading, CaseReading
from evaluation.blind.pdf import ONE_AT_A_TIME
from trading.bidding.asked import asked_of
from trading.opening.models import OpenedBid
from trading.project.states import case_row

log = logging.getLogger(__name__)
Page = tuple[str, int]  # digest of a file, page from 0


@dataclass(frozen=True)
class Work:
    """`files`: {bid: digests of its PDFs, its own first}; `words`: what the tender's bill says."""

    round: int
    pages: int
    files: Mapping[str, tuple[str, ...]]
    tender: tuple[str, ...]
    words: tuple[str, ...]
    least: Decimal
    run: int


def prepare(session: Session, case: str) -> Work | None:
    """None while the bids are not read."""
    row = case_row(session, case)
    if session.get(CaseReading, (case, row.round)) is None or row.announced_at is None:
        return None
    query = select(OpenedBid.bid_id, BidReading.papers, BidReading.facts)
    query = query.join(BidReading, BidReading.bid_id == OpenedBid.bid_id)
    query = query.where(OpenedBid.case_id == case, OpenedBid.round == row.round).order_by(OpenedBid.number)
    read = list(session.execute(query))
    book = rules.RULES.at(row.announced_at.date(), row.region)
    bill = asked_of(session, row).bill
    words = tuple(f"{line.code}{line.name}{line.feature}{line.unit}" for line in bill.lines) if bill else ()
    share = book["C8"].value
    assert share is not None
    return Work(
        row.round, sum(int(facts.get("pages", 0)) for _, _, facts in read),
        {bid: tuple(one["sha256"] for one in papers) for bid, papers, _ in read},
        tuple(one["sha256"] for one in cases.tender_papers(session, case)), words, share, book["C8/run"].number,
    )  # fmt: skip


def pages_of(path: Path) -> Iterator[str]:
    """The text of each page; a page that cannot be read is empty, a file that cannot be read has none."""
    try:
        with ONE_AT_A_TIME:
            source = pypdfium2.PdfDocument(path)
            count = len(source)
    except (pypdfium2.PdfiumError, OSError, ValueError) as error:
        log.info("%s: no text: %s", path.name[:16], type(error).__name__)
        return
    try:
        for number in range(count):
            yield _page(source, number)
    finally:
        with ONE_AT_A_TIME:
            source.close()


def _page(source: Any, number: int) -> str:
    with ONE_AT_A_TIME:
        try:
            page = source[number]
            words = page.get_textpage()
            text = str(words.get_text_bounded())
            words.close()
            page.close()
        except pypdfium2.PdfiumError:
            return ""
    return text


def one_page(path: Path, number: int) -> str:
    with ONE_AT_A_TIME:
        source = pypdfium2.PdfDocument(path)
    try:
        return _page(source, number)
    finally:
        with ONE_AT_A_TIME:
            source.close()


def compare(blobs: Blobs, work: Work) -> dict[str, Any]:
    """{read: {bid: characters}, pairs: [{bids, share, places: [{pages: [{file, page}] of each, run, text}]}]}; pages
    from 1, `share` in percent of the shorter bid's own text."""
    found, bids = alike.Grams(alike.scale_of(work.pages)), list(work.files)
    for text in work.words:
        found.leave_out(text)
    for sha256 in work.tender:
        if blobs.has(sha256):
            for text in pages_of(blobs.path(sha256)):
                found.leave_out(text)
    places: list[list[Page]] = []
    for bid in bids:
        places.append([])
        found.add(_read(blobs, work.files[bid], places[-1]))
    near = [(a, b, n) for a, b, n in found.pairs() if found.share(a, b, n) >= work.least][: alike.MOST_PAIRS]
    listed = found.pages([(a, b) for a, b, _ in near])
    pairs = []
    for a, b, shared in near:
        seen = [_place(blobs, found, places[a][one], places[b][other]) for one, other in listed[a, b]]
        if any(one["run"] >= work.run for one in seen):
            pairs.append({"bids": [bids[a], bids[b]], "share": str(found.share(a, b, shared)), "places": seen})
    return {"read": dict(zip(bids, found.chars, strict=True)), "pairs": pairs}


def _read(blobs: Blobs, files: Sequence[str], places: list[Page]) -> Iterator[str]:
    for sha256 in files:
        if blobs.has(sha256):
            for number, text in enumerate(pages_of(blobs.path(sha256))):
                places.append((sha256, number))
                yield text


def _place(blobs: Blobs, found: alike.Grams, one: Page, other: Page) -> dict[str, Any]:
    said, repeated = (one_page(blobs.path(file), page) for file, page in (one, other))
    run = alike.longest_run(said, repeated, found.tender)
    return {"pages": [{"file": file, "page": page + 1} for file, page in (one, other)], **alike.shown(run)}


@jobs.long("aid.alike")
def read(acts: Acts, case: str, p: Payload | None = None) -> Payload:
    """Compare outside the transaction, then write; {} while the bids are not read."""
    with acts.reading() as session:
        work = prepare(session, case)
    if work is None:
        return {}
    found = run_blocking(lambda: compare(acts.house.blobs, work))
    return acts.act(write, SYSTEM, case, work, found)


@acting("aid.alike")
def read_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: what `read` does, inside one transaction."""
    work = prepare(tx.session, case)
    return write(tx, case, work, compare(tx.blobs, work)) if work else {}


def write(tx: Tx, case: str, work: Work, found: Mapping[str, Any]) -> Payload:
    """Beside the other facts of this reading; the ledger learns that it was done, and not what was found."""
    row = tx.session.get(CaseReading, (case, work.round))
    if row is None or case_row(tx.session, case).round != work.round:
        return {}
    row.texts = {"at": tx.now.isoformat(), **found}
    cases.note(tx, case, "aid.compared", {"bids": len(work.files)})
    return {"bids": len(work.files)}
