"""A version of the report, made where no transaction stands: read, composed, and good while nothing has changed.

The record of 161 bids, seven members and 40 criteria with its paper takes seconds, and nobody in the house could write
meanwhile (measured by benchmarks/rank_161.py). So a door makes it ahead of the act (core.doors), which asks its guards
as ever and looks whether the case's ledger has grown since by anything that the report tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import desk
from certs.blocking import run_blocking
from core import canon, ledger
from core.acts import Acts, Stale, Tx
from core.paper import PaperResult
from core.rules import Breach
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members
from evaluation.flaws.queries import open_question
from evaluation.report import papers
from evaluation.report import record as records
from evaluation.report.models import Report
from evaluation.scoring import sheet
from evaluation.sitting.models import Sitting
from venues import queries as venues

M87 = "政府采购货物和服务招标投标管理办法 第64条"
# The report counts what was said and recorded up to the moment it was read; both go on while it is made.
COUNTED = frozenset({"talk.said", "hand.raised", "hand.lowered", "hand.called", "recording.kept"})
Change = Callable[[dict[str, Any]], None]
Asked = tuple[CaseFacts, Committee, Sitting]


@dataclass(frozen=True)
class Work:
    """What was read: the raw record, whose certificate signs, the main venue's seal, `size` of the case's stream."""

    size: int
    raw: dict[str, Any]
    signs: dict[str, tuple[str, str]]
    sealer: desk.Sealer | None


@dataclass(frozen=True)
class Ready:
    """A first revision that waits for its act; `last`: the leader's field."""

    size: int
    record: dict[str, Any]
    sha256: str
    first: desk.First
    last: str


def report_of(session: Session, committee: Committee) -> Report | None:
    """The newest version."""
    query = select(Report).where(Report.committee_id == committee.id)
    return session.scalars(query.order_by(Report.version.desc()).limit(1)).first()


def flaws(session: Session, case: CaseFacts, sitting: Sitting, rows: list[Member]) -> list[Breach]:
    """Why there is no report yet: a question on the file, objective scores that differ, scores that stand out and have
    no reason."""
    asked = open_question(session, case, sitting.committee_id)
    data = sitting.scoring
    if not data:
        return asked
    found = asked + [
        Breach("OBJECTIVE", M87, "B", "equal for all members", f"{bid} {criterion}")
        for bid, criterion in sheet.objective_gaps(case, data)
    ]
    return found + [
        Breach("ANOMALY", M87, "B", "a reason or a correction", f"{one['expert']} {one['bid']} {one['criterion']}")
        for one in sheet.anomalies(session, case, rows, data)
        if not one["reason"]
    ]


def read(session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, now: datetime) -> Work:
    """Refused when the main venue has no seal in force."""
    # First of all: what is written after this moment makes the size differ, whatever the session shows of it.
    size = grown(session, case.id)
    before = report_of(session, committee)
    raw = records.read(session, committee, sitting, before.version + 1 if before else 1)
    signs = {row.id: (row.person_id, row.certificate) for row in members(session, committee)}
    main = next(centre for row, centre in venues.booked(session, case.id, case.parties) if row.part == "main")
    return Work(size, raw, signs, desk.sealer(session, main.org_id, now))


def grown(session: Session, case: str) -> int:
    size: int = ledger.head(session, f"case:{case}")["size"]
    return size


def compose(work: Work, *, demo: bool) -> Ready:
    """Record, paper and empty fields; members sign in any order, the leader last, then the seal, each with the
    certificate of the sign-in."""

    def print_it() -> tuple[dict[str, Any], str, PaperResult]:
        record = records.plain(work.raw)
        return record, canon.sha256_hex(canon.dumps(record)), papers.build(record, demo=demo)

    record, sha256, paper = run_blocking(print_it)
    leading = {one["member"] for one in record["committee"] if one["leader"]}
    signers, last = [], ""
    for one in papers.signers(record):
        if one["seal"]:
            continue
        person, certificate = work.signs[one["member"]]
        leads = one["member"] in leading
        signers.append(desk.Signer(one["field"], person, "leader" if leads else "member", certificate))
        last = one["field"] if leads else last
    first = desk.first_revision(paper.bytes, paper.boxes, record, signers, work.sealer)
    return Ready(work.size, record, sha256, first, last)


def made_ahead(tx: Tx, case: str) -> Ready | None:
    """What the act's door made ahead, None when it made nothing; Stale when the report would be another one now. Ask
    before the act writes an entry of its own."""
    ready: Ready | None = tx.ready
    if ready is not None and set(ledger.kinds(tx.session, f"case:{case}", ready.size)) - COUNTED:
        raise Stale
    return ready


def ahead(acts: Acts, found: Callable[[Session], Asked | None], change: Change) -> Ready | None:
    """The version that an act would make, None where `found` says that it will make none."""
    with acts.reading() as session:
        room = found(session)
        if room is None:
            return None
        work = read(session, *room, acts.house.clock.now())
    change(work.raw)
    return compose(work, demo=acts.house.config.demo)
