"""Blind parts made ready outside every transaction: properties taken off, text looked through for an identity."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from certs.blocking import run_blocking
from core import jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.blobs import Blobs
from core.doors import acting
from core.faults import Unusable
from evaluation import cases
from evaluation.blind import codes, pdf, rules
from evaluation.blind.models import BlindCodes
from evaluation.committee.queries import committee_of
from trading.opening.queries import contents_of
from trading.opening.reading import patience

P = dict[str, Any]


def _identity(session: Session, bid: P) -> rules.Identity:
    people = session.scalars(select(Person.name).where(Person.org_id == bid["org"])).all()
    return rules.Identity(bid["org_name"], bid["uscc"], tuple(people), str(bid.get("manager") or ""))


def _source(session: Session, bid: P, part: str) -> str:
    """SHA-256 of the file that is this bid's blind part, "" where it has none."""
    listed = contents_of(session, bid["id"]).get("parts", [])
    name = next((one["file"] for one in listed if one["id"] == part), "")
    return next((one["sha256"] for one in bid["attachments"] if one["name"] == name), "")


def _work(session: Session, case: str) -> list[tuple[str, str, rules.Identity]]:
    """[(code, SHA-256 of the part, whose it is)], [] when there is nothing left to do."""
    committee = committee_of(session, case)
    row = session.get(BlindCodes, committee.id) if committee else None
    if committee is None or row is None or row.checked_at is not None:
        return []
    part, named = cases.facts(session, case).blind["part"], codes.of_bids(session, case, committee)
    return [(named[bid["id"]], _source(session, bid, part), _identity(session, bid))
            for bid in cases.bids(session, case) if bid["id"] in named]  # fmt: skip


def _ready(blobs: Blobs, sha256: str, who: rules.Identity) -> P:
    """{sha256, pages, findings, problem} of one part; the file's own digest is not in it, it would name the bid."""
    if not sha256 or not blobs.has(sha256):
        return {"sha256": "", "pages": 0, "findings": [], "problem": "missing"}
    try:
        clean, pages, findings = _in_time(blobs.get(sha256), who)
    except Unusable:
        return {"sha256": "", "pages": 0, "findings": [], "problem": "unreadable"}
    return {"sha256": blobs.put(clean).sha256, "pages": pages, "findings": findings, "problem": ""}


def _looked_through(data: bytes, who: rules.Identity) -> tuple[bytes, int, list[dict[str, str]]]:
    clean, texts = pdf.stripped(data)
    return clean, len(texts), rules.lint(texts, who)


def _in_time(data: bytes, who: rules.Identity) -> tuple[bytes, int, list[dict[str, str]]]:
    """Off the event loop; Unusable for a file on which the reader hangs: one bidder's part stops nobody else's."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(run_blocking, partial(_looked_through, data, who)).result(patience(len(data)))
    except FutureTimeout:
        raise Unusable("not read in time") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@jobs.long("blind.prepare")
def prepare(acts: Acts, case: str, p: P | None = None) -> P:
    """The long work, then the act."""
    with acts.reading() as session:
        work = _work(session, case)
    made = {code: _ready(acts.house.blobs, sha256, who) for code, sha256, who in work}
    return acts.act(write, SYSTEM, case, made) if made else {}


@acting("blind.prepare")
def prepare_act(tx: Tx, case: str, p: P) -> P:
    """System: what `prepare` does, inside one transaction."""
    made = {code: _ready(tx.blobs, sha256, who) for code, sha256, who in _work(tx.session, case)}
    return write(tx, case, made) if made else {}


def write(tx: Tx, case: str, made: P) -> P:
    """{code: part} is kept; the ledger hears what was made of each, under its code."""
    committee = committee_of(tx.session, case)
    row = tx.session.get(BlindCodes, committee.id) if committee else None
    if row is None or row.checked_at is not None:
        return {}
    row.parts, row.checked_at = made, tx.now
    cases.note(tx, case, "blind.prepared", {"parts": made})
    tx.publish(f"room:{case}", "blind.prepared", {})
    return {"parts": len(made)}
