"""Blind parts made ready outside every transaction: properties taken off, text looked through for an identity."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
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
from evaluation.blind import codes, layout, looks, pdf, rules
from evaluation.blind.models import BlindCodes
from evaluation.committee.queries import committee_of
from trading.opening.queries import contents_of
from trading.opening.reading import patience

P = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What a part is looked through for: whose it is, and how it must look (None: nothing is demanded)."""

    who: rules.Identity
    demand: Mapping[str, Any] | None


def _identity(session: Session, bid: P) -> rules.Identity:
    people = session.scalars(select(Person.name).where(Person.org_id == bid["org"])).all()
    return rules.Identity(bid["org_name"], bid["uscc"], tuple(people), str(bid.get("manager") or ""))


def _source(session: Session, bid: P, part: str) -> str:
    """SHA-256 of the file that is this bid's blind part, "" where it has none."""
    listed = contents_of(session, bid["id"]).get("parts", [])
    name = next((one["file"] for one in listed if one["id"] == part), "")
    return next((one["sha256"] for one in bid["attachments"] if one["name"] == name), "")


def _work(session: Session, case: str) -> list[tuple[str, str, Look]]:
    """[(code, SHA-256 of the part, what it is looked through for)], [] when there is nothing left to do."""
    committee = committee_of(session, case)
    row = session.get(BlindCodes, committee.id) if committee else None
    if committee is None or row is None or row.checked_at is not None:
        return []
    told, named = cases.facts(session, case).blind, codes.of_bids(session, case, committee)
    demand = told.get("layout")
    return [(named[bid["id"]], _source(session, bid, told["part"]), Look(_identity(session, bid), demand))
            for bid in cases.bids(session, case) if bid["id"] in named]  # fmt: skip


def _ready(blobs: Blobs, sha256: str, look: Look) -> P:
    """{sha256, pages, findings, problem, layout?} of one part; the file's own digest is not in it, it would name the
    bid. `layout` stands where the tender file demands one (evaluation.blind.layout.signs)."""
    if not sha256 or not blobs.has(sha256):
        return {"sha256": "", "pages": 0, "findings": [], "problem": "missing"}
    try:
        clean, found = _in_time(blobs.get(sha256), look)
    except Unusable:
        return {"sha256": "", "pages": 0, "findings": [], "problem": "unreadable"}
    return {"sha256": blobs.put(clean).sha256, "problem": ""} | found


def _looked_through(data: bytes, look: Look) -> tuple[bytes, P]:
    clean, texts = pdf.stripped(data)
    found: P = {"pages": len(texts), "findings": rules.lint(texts, look.who)}
    if look.demand is not None:
        found["layout"] = layout.signs(looks.looks(clean), look.demand)
    return clean, found


def _in_time(data: bytes, look: Look) -> tuple[bytes, P]:
    """Off the event loop; Unusable for a file on which the reader hangs: one bidder's part stops nobody else's."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(run_blocking, partial(_looked_through, data, look)).result(patience(len(data)))
    except FutureTimeout:
        raise Unusable("not read in time") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@jobs.long("blind.prepare")
def prepare(acts: Acts, case: str, p: P | None = None) -> P:
    """The long work, then the act."""
    with acts.reading() as session:
        work = _work(session, case)
    made = {code: _ready(acts.house.blobs, sha256, look) for code, sha256, look in work}
    return acts.act(write, SYSTEM, case, made) if made else {}


@acting("blind.prepare")
def prepare_act(tx: Tx, case: str, p: P) -> P:
    """System: what `prepare` does, inside one transaction."""
    made = {code: _ready(tx.blobs, sha256, look) for code, sha256, look in _work(tx.session, case)}
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
