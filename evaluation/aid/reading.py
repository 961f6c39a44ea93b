"""Reading all opened bids once, when the case comes to OPENED: long work outside every transaction, then one act.

Nothing a bidder put into a file stops it: what cannot be read is said in the bid's facts.
"""

from __future__ import annotations

import hashlib
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import canon, jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.blobs import Blobs
from core.doors import Payload, acting
from core.money import D, plain
from core.paper import MAKER
from evaluation import cases
from evaluation.aid import pdf, rules
from evaluation.aid.models import BidReading, CaseReading
from methods import bill as bills
from trading.bidding import contents, signs, workbook
from trading.bidding.asked import asked_of
from trading.bidding.models import Bid
from trading.opening.models import OpenedBid
from trading.opening.reading import patience
from trading.project.models import Case
from trading.project.states import ENTERED, case_row

log = logging.getLogger(__name__)
MOST_AWAY = 100  # lines far from the mean that a row keeps; the count says how many there are
LARGEST_CORE = 1 << 16
# Findings of the bill that two bidders do not make by chance.
WRONG = ("amount", "quantity", "code", "name", "feature", "unit", "fixed", "added")
_SAVED_BY = re.compile(r"<cp:lastModifiedBy>([^<]{1,200})</cp:lastModifiedBy>")


@dataclass(frozen=True)
class Asked:
    """One bid to read. `files`: {name, media, sha256} with its own PDF first."""

    bid: str
    at: datetime
    address: str
    price: str
    manager: str
    files: tuple[Mapping[str, Any], ...]
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """Everything reading needs, so that it needs no database; `day` is the day of announcement.

    `tender`: digests of the tender file's own papers: whoever fills in a form of it carries its marks.
    """

    case: str
    round: int
    day: Any
    region: str
    bill: bills.Bill | None
    components: tuple[Mapping[str, Any], ...]
    bids: tuple[Asked, ...]
    tender: tuple[str, ...] = ()


@dataclass
class Found:
    """What came of one bid."""

    facts: dict[str, Any]
    papers: list[dict[str, Any]] = field(default_factory=list)
    prices: dict[str, Any] = field(default_factory=dict)


def prepare(session: Session, case: str) -> Work | None:
    """None while nothing is opened."""
    row = case_row(session, case)
    if row.opened_at is None or row.announced_at is None:
        return None
    query = select(OpenedBid, Bid, OpenedBid.contents).join(Bid, Bid.id == OpenedBid.bid_id)
    query = query.where(OpenedBid.case_id == case, OpenedBid.round == row.round).order_by(OpenedBid.number)
    asked = asked_of(session, row)
    found = [_asked(opened, bid, said or {}) for opened, bid, said in session.execute(query)]
    tender = tuple(one["sha256"] for one in cases.tender_papers(session, case))
    return Work(
        case, row.round, row.announced_at.date(), row.region, asked.bill, asked.components, tuple(found), tender,
    )  # fmt: skip


def _asked(opened: OpenedBid, bid: Bid, said: Mapping[str, Any]) -> Asked:
    own = {"name": contents.PDF, "media": "application/pdf", "sha256": opened.pdf_sha256}
    files = [own] if opened.pdf_sha256 else []
    manager = str(opened.manager.get("certificate") or "")
    return Asked(
        bid.id, bid.received_at, bid.address, opened.price, manager, (*files, *opened.attachments), said,
    )  # fmt: skip


# -- one bid ----------------------------------------------------------------------------------------------------------


def read_bid(blobs: Blobs, work: Work, one: Asked) -> Found:
    """Digests compared, PDFs walked, the priced bill read anew."""
    found = Found({"digest_holds": all(_same(blobs, file["sha256"]) for file in one.files), "problem": ""})
    made: dict[str, str] = {}
    for file in one.files:
        if blobs.has(file["sha256"]):
            made |= _maker(blobs, file, found) | made  # the bid's own PDF speaks first
    listed = {part["id"] for part in one.said.get("parts", ())}
    found.facts |= {
        "made": made, "pages": sum(paper["pages"] for paper in found.papers),
        "missing": [row["id"] for row in work.components if row["required"] and row["id"] not in listed],
        "kinds": dict(Counter(finding["kind"] for finding in one.said.get("findings", ()))),
        "total": one.said.get("total", ""), "lines": one.said.get("lines", 0),
    }  # fmt: skip
    if work.bill is not None:
        found.prices = _prices(blobs, work.bill, one)
        total = rules.summed(work.bill, found.prices)
        found.facts |= {"sum": plain(total) if total is not None else "",
                        "over": len(rules.over_limit(work.bill, found.prices))}  # fmt: skip
    return found


def _same(blobs: Blobs, sha256: str) -> bool:
    """B-023: the bytes that lie there are those the opening recorded."""
    if not blobs.has(sha256):
        return False
    digest = hashlib.sha256()
    for block in blobs.stream(sha256):
        digest.update(block)
    return digest.hexdigest() == sha256


def _maker(blobs: Blobs, file: Mapping[str, Any], found: Found) -> dict[str, str]:
    """Who made a file, as it says itself; a PDF's outline and pages on the way."""
    try:
        if file["media"] == "application/pdf":
            with blobs.path(file["sha256"]).open("rb") as source:
                read = pdf.read(source)
            index = blobs.put(read.index).sha256 if read.index else ""
            found.papers.append(
                {"sha256": file["sha256"], "name": file["name"], "pages": read.pages, "outline": read.outline,
                 "index": index}
            )  # fmt: skip
            return _own_marks(read.made)
        if file["name"].endswith(".xlsx"):
            return _saved_by(blobs, file["sha256"])
    except Exception as error:  # whatever a bidder wrote: the page says that it could not be read
        log.info("%s: not read: %s", file["name"], type(error).__name__)
        found.facts["problem"] = f"{file['name']}: {type(error).__name__}"[:200]
    return {}


def _own_marks(made: Mapping[str, str]) -> dict[str, str]:
    """What this platform printed bears the platform's marks and tells nothing."""
    ours = made.get("producer") == MAKER
    return {} if ours else {key: made[key] for key in ("document_id", "author") if key in made}


def _saved_by(blobs: Blobs, sha256: str) -> dict[str, str]:
    with zipfile.ZipFile(blobs.path(sha256)) as archive, archive.open("docProps/core.xml") as part:
        said = _SAVED_BY.search(part.read(LARGEST_CORE).decode("utf-8", "replace"))
    return {"saved_by": said[1].strip()} if said else {}


def _prices(blobs: Blobs, bill: bills.Bill, one: Asked) -> dict[str, Any]:
    """{number: Decimal} of the priced bill; {} where the opening's check found none it could read."""
    names = {file["name"]: file["sha256"] for file in one.files}
    if one.said.get("lines") and workbook.NAME in names and blobs.has(names[workbook.NAME]):
        rows = workbook.rows(blobs.get(names[workbook.NAME]))
        return dict(rules.unit_prices(bill, bills.priced_of(rows)))
    if one.said.get("lines") and workbook.DATA in names and blobs.has(names[workbook.DATA]):
        priced = bills.read_priced(canon.loads(blobs.get(names[workbook.DATA])))
        return dict(rules.unit_prices(bill, priced))
    return {}


# -- all bids ---------------------------------------------------------------------------------------------------------


def compare(work: Work, found: Mapping[str, Found]) -> dict[str, Any]:
    """Signs between bids, mean unit prices, and what is far from them."""
    marks, prices = signs.RULES.at(work.day, work.region), rules.RULES.at(work.day, work.region)
    listed = signs.signs([_facts(one, found[one.bid]) for one in work.bids], marks)
    means = rules.line_means([one.prices for one in found.values()], prices)
    away = {bid: rules.unbalanced(one.prices, means, prices) for bid, one in found.items()}
    return {
        "signs": [
            {"rule": one.rule, "level": one.level, "article": one.article, "found": one.found, "bids": list(one.bids)}
            for one in listed
        ],
        "means": {no: plain(value.quantize(D("0.0001"))) for no, value in means.items()},
        "away": {
            bid: {"count": len(rows), "lines": [
                [one.no, plain(one.price), plain(one.mean.quantize(D("0.0001"))), plain(one.deviation)]
                for one in rows[:MOST_AWAY]]}
            for bid, rows in away.items() if rows
        },
    }  # fmt: skip


def _facts(one: Asked, found: Found) -> signs.BidFacts:
    wrong = frozenset(
        (row["kind"], row["no"], row["found"]) for row in one.said.get("findings", ()) if row["kind"] in WRONG
    )
    return signs.BidFacts(
        one.bid, D(one.price) if one.price else None, one.at, one.address, one.manager,
        frozenset(file["sha256"] for file in one.files), found.facts["made"], found.prices, wrong,
    )  # fmt: skip


def _in_time(one: Asked, blobs: Blobs, work: Callable[[], Found]) -> Found:
    """A file on which a reader would hang is given up; the bid is judged without the machine."""
    size = sum(blobs.path(file["sha256"]).stat().st_size for file in one.files if blobs.has(file["sha256"]))
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(run_blocking, work).result(patience(size))
    except FutureTimeout:
        return _unread("TimeoutError")
    except MemoryError:
        raise
    except Exception as error:  # as above
        log.info("bid %s: not read: %s", one.bid, type(error).__name__)
        return _unread(type(error).__name__)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _unread(why: str) -> Found:
    nothing = {"made": {}, "pages": 0, "missing": [], "kinds": {}, "total": "", "lines": 0}
    return Found(nothing | {"digest_holds": False, "problem": why})


def read_all(blobs: Blobs, work: Work) -> dict[str, Found]:
    """Every bid by itself; what the tender file brought into it says nothing of its maker."""
    found = {one.bid: _in_time(one, blobs, partial(read_bid, blobs, work, one)) for one in work.bids}
    brought = run_blocking(lambda: {mark for sha256 in work.tender for mark in _marks(blobs, sha256).items()})
    for one in found.values():
        one.facts["made"] = {key: value for key, value in one.facts["made"].items() if (key, value) not in brought}
    return found


def _marks(blobs: Blobs, sha256: str) -> dict[str, str]:
    """Of a paper of the tender file; {} where it cannot be read."""
    if not blobs.has(sha256):
        return {}
    try:
        with blobs.path(sha256).open("rb") as source:
            return _own_marks(pdf.made(source))
    except Exception as error:  # as above: pyHanko raises whatever a broken file leads it to
        log.info("tender paper %s: not read: %s", sha256[:16], type(error).__name__)
        return {}


@jobs.long("aid.read")
def read(acts: Acts, case: str, p: Payload | None = None) -> Payload:
    """Read every bid outside the transaction, then write what was found; {} while nothing is opened."""
    blobs = acts.house.blobs
    with acts.reading() as session:
        work = prepare(session, case)
    if work is None:
        return {}
    found = read_all(blobs, work)
    together = run_blocking(lambda: compare(work, found))
    return acts.act(write, SYSTEM, case, work, found, together)


@acting("aid.read")
def read_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: what `read` does, inside one transaction."""
    work = prepare(tx.session, case)
    if work is None:
        return {}
    found = read_all(tx.blobs, work)
    return write(tx, case, work, found, compare(work, found))


def write(tx: Tx, case: str, work: Work, found: Mapping[str, Found], together: Mapping[str, Any]) -> Payload:
    """In place of what was read before; the ledger learns how much was read, and not what."""
    if case_row(tx.session, case).round != work.round:
        return {}
    tx.session.execute(delete(BidReading).where(BidReading.case_id == case, BidReading.round == work.round))
    tx.session.execute(delete(CaseReading).where(CaseReading.case_id == case, CaseReading.round == work.round))
    for bid, one in found.items():
        lines = {no: plain(value) for no, value in one.prices.items()}
        tx.session.add(
            BidReading(bid_id=bid, case_id=case, round=work.round, at=tx.now, facts=one.facts, papers=one.papers,
                       lines=lines)
        )  # fmt: skip
    tx.session.add(CaseReading(case_id=case, round=work.round, at=tx.now, texts={}, **together))
    jobs.plan(tx.session, tx.now, "aid.alike", case)
    cases.note(tx, case, "aid.read", {"bids": len(found)})
    return {"bids": len(found)}


def on_opened(tx: Tx, row: Case) -> None:
    """Every bid is read as soon as all are open."""
    if row.state == "OPENED":
        jobs.plan(tx.session, tx.now, "aid.read", row.id)


ENTERED.append(on_opened)
