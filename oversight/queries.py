"""What regulators and auditors read: who did what when, the watch list, signs, figures.

Everything comes from the ledger, so a page can't say what the case file does not. Nothing of a sealed stream is shown
before the opening begins, not even that there is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from accounts.models import Org
from core import canon, fields
from core.access import Actor, Role
from core.doors import Payload, asking
from core.faults import Fault, Unusable
from core.jobs import DueJob
from core.ledger import Entry, EntryRow, from_row
from oversight import checkpoints, rules
from oversight.casefile import texts
from oversight.guards import RESULT, Veil, area, sealed_heads, veil_of, watched
from oversight.integrity import integrity
from oversight.models import CaseFileExport, LogCheckpoint
from trading.bidding.models import Bid
from trading.bidding.signs import BidFacts
from trading.bond.queries import shared_payers
from trading.opening.models import OpenedBid
from trading.project.models import Case, Project
from trading.project.states import case_row

OPENED = ("OPENED", "QUALIFIED", "COMMITTEE_SET", "EVALUATING", "EVALUATED", "AWARD_MEETING", "AWARDED_DRAFT",
          "CANDIDATE_PUBLIC", *RESULT)  # fmt: skip
WATCHING = (Role.REGULATOR, Role.AUDITOR)
MOST = 200
GRACE = timedelta(minutes=1)  # a timer rings within a second; what a look meets on the way is not late


# -- timeline ---------------------------------------------------------------------------------------------------------


def _of_case(session: Session, case: str) -> ColumnElement[bool]:
    """Entries of the case that may be shown: its own stream, its venues', its sealed one as far as published."""
    own = or_(EntryRow.stream == f"case:{case}", EntryRow.stream.startswith("venue:"))
    shown = [
        and_(EntryRow.stream == name, EntryRow.index < head["size"])
        for name, head in sealed_heads(session, [case]).items()
    ]
    return or_(and_(EntryRow.case == case, own), *shown)


def _actor_says(key: str, value: str) -> ColumnElement[bool]:
    """The actor column is canonical JSON: a text stands in it in one way only."""
    said = canon.dumps({key: value}).decode()[1:-1]
    return EntryRow.actor.contains(said, autoescape=True)


def _page_of(session: Session, where: ColumnElement[bool], after: str, limit: int) -> tuple[list[Entry], str]:
    query = select(EntryRow).where(where)
    key = (EntryRow.at, EntryRow.stream, EntryRow.index)
    if after:
        query = query.where(tuple_(*key) > _cursor(after))
    rows = [from_row(row) for row in session.scalars(query.order_by(*key).limit(limit + 1))]
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return shown, f"{last.at.isoformat()}|{last.stream}|{last.index}" if last else ""


def _cursor(after: str) -> tuple[datetime, str, int]:
    moment, _, rest = after.partition("|")
    stream, _, index = rest.rpartition("|")
    try:
        at = datetime.fromisoformat(moment)
        number = int(index)
    except ValueError:
        raise Unusable("after: not a cursor of this list") from None
    if at.tzinfo is None or not stream:
        raise Unusable("after: not a cursor of this list")
    return at, stream, number


def timeline(
    session: Session,
    case: str,
    actor: Actor,
    *,
    kind: str = "",
    person: str = "",
    org: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """Who did what when, from where, with which certificate, oldest first: {items, next}.

    `kind` is a whole kind or its first word; `after` the cursor of the last page. Statements do not grow with items.
    """
    row = watched(session, case, actor)
    veil = veil_of(session, row)
    where = [_of_case(session, case)]
    if kind:
        where.append(or_(EntryRow.kind == kind, EntryRow.kind.startswith(f"{kind}.", autoescape=True)))
    if person:
        where.append(_actor_says("person", person))
    if org:
        # Whoever is still covered must not be found by an employer's name.
        hidden = [] if veil.result else sorted(veil.members)
        where += [_actor_says("org", org), *(~_actor_says("person", one) for one in hidden)]
    if since:
        where.append(EntryRow.at >= since)
    if until:
        where.append(EntryRow.at <= until)
    found, next_ = _page_of(session, and_(true(), *where), after, max(1, min(limit, MOST)))
    return {"items": [_item(entry, veil) for entry in found], "next": next_}


def _item(entry: Entry, veil: Veil) -> dict[str, Any]:
    """One line; `documents` are the digests the entry names. A covered actor keeps id and certificate alone."""
    who = shown_actor(entry, veil)
    body = None if veil.hides_body(entry) else entry.body
    return {
        "at": entry.at, "stream": entry.stream, "index": entry.index, "kind": entry.kind, "actor": who,
        "documents": sorted(one for one in texts(body) if _is_digest(one)), "facts": body, "entry": entry.leaf_hash,
    }  # fmt: skip


def shown_actor(entry: Entry, veil: Veil) -> dict[str, Any]:
    covered = {"name": "", "org": "", "org_name": "", "address": ""} if veil.hides_actor(entry) else {}
    return dict(entry.actor) | covered


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def entries_of(session: Session, case: str) -> list[Entry]:
    """Everything of the case that may be shown, oldest first."""
    key = (EntryRow.at, EntryRow.stream, EntryRow.index)
    return [from_row(row) for row in session.scalars(select(EntryRow).where(_of_case(session, case)).order_by(*key))]


# -- live watch -------------------------------------------------------------------------------------------------------


def _seen(session: Session, actor: Actor) -> ColumnElement[bool]:
    actor.require(*WATCHING)
    if actor.has(Role.AUDITOR):
        return true()
    return or_(
        and_(Case.regulator_org != "", Case.regulator_org == actor.org),
        Case.region.startswith(area(session, actor), autoescape=True),
    )


def watch(
    session: Session, actor: Actor, now: datetime, *, state: str = "", after: str = "", limit: int = 50
) -> dict[str, Any]:
    """{states: {state: count}, items: [{case, …, alarms, channels}], next}; `channels` are those to hear."""
    seen = _seen(session, actor)
    counts = session.execute(select(Case.state, func.count()).where(seen).group_by(Case.state)).all()
    query = select(Case, Project.name, Org.name, Case.suspended).join(Project, Project.id == Case.project_id)
    query = query.outerjoin(Org, Org.id == Case.tenderer_org).where(seen, Case.id > after)
    if state:
        query = query.where(Case.state == state)
    size = max(1, min(limit, MOST))
    rows = session.execute(query.order_by(Case.id).limit(size + 1)).all()
    alarms = _alarms(session, {row.id: suspended for row, _, _, suspended in rows[:size]}, now)
    items = [
        {
            "case": row.id, "name": name, "lot": row.lot_name, "tenderer": tenderer, "state": row.state,
            "region": row.region, "deadline": row.deadline, "alarms": alarms[row.id],
            "channels": [f"watch:{row.id}", f"hall:{row.id}", f"room:{row.id}"],
        }
        for row, name, tenderer, _ in rows[:size]
    ]  # fmt: skip
    return {"states": {row[0]: row[1] for row in counts}, "items": items,
            "next": items[-1]["case"] if len(rows) > size else ""}  # fmt: skip


def _alarms(session: Session, cases: Mapping[str, bool], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Suspension, timers that are late or failed, warnings that were recorded, of {case: whether it is suspended}."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for case, suspended in cases.items():
        if suspended:
            found[case].append({"alarm": "suspended", "article": "招标投标法实施条例 第22条、第54条"})
    ids = list(cases)
    for case, jobs in overdue(session, ids, now).items():
        found[case] += [{"alarm": "overdue", **job} for job in jobs]
    for case, breaches in warnings(session, ids).items():
        found[case].append({"alarm": "warnings", "rules": sorted({one["rule"] for one in breaches})})
    return found


def overdue(session: Session, cases: Sequence[str], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Timers past their moment by GRACE and not done; the error's words stay with the operator (they may name bids)."""
    query = select(DueJob).where(DueJob.case.in_(cases), DueJob.done_at.is_(None), DueJob.at < now - GRACE)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for job in session.scalars(query.order_by(DueJob.at)):
        found[job.case].append({"act": job.act, "at": job.at, "failed": bool(job.error)})
    return found


def warnings(session: Session, cases: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """W breaches recorded with an act: {case: [{rule, article, found}]}."""
    query = select(EntryRow.case, EntryRow.body).where(
        EntryRow.case.in_(cases),
        EntryRow.stream.startswith("case:"),
        EntryRow.body.contains('"warnings":[{', autoescape=True),
    )
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for case, text in session.execute(query.order_by(EntryRow.at, EntryRow.index)):
        listed = canon.loads(text).get("warnings", [])
        found[case] += [one for one in listed if isinstance(one, dict) and {"rule", "article"} <= set(one)]
    return found


def red_flags(session: Session, case: str, actor: Actor, now: datetime) -> list[rules.Flag]:
    """Signs worth a look; those of bids only once the bids are open."""
    row = watched(session, case, actor)
    bids: list[BidFacts] = []
    payers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    if row.state in OPENED:
        payers = tuple((one["found"], tuple(one["bids"])) for one in shared_payers(session, row))
        query = select(Bid, OpenedBid.price).join(OpenedBid, OpenedBid.bid_id == Bid.id)
        query = query.where(Bid.case_id == case, Bid.round == row.round).order_by(OpenedBid.number)
        bids = [
            BidFacts(bid.id, Decimal(price) if price else None, bid.received_at, bid.address)
            for bid, price in session.execute(query)
        ]
    late = tuple(job["act"] for job in overdue(session, [case], now).get(case, []))
    told = tuple(warnings(session, [case]).get(case, []))
    return rules.flags(rules.CaseSigns(row.suspended, row.round, late, told, tuple(bids), payers))


def statistics(session: Session, actor: Actor) -> dict[str, Any]:
    """{cases, suspended, regions: {region: {state: count}}} of what the actor watches; nothing about bids."""
    seen = select(Case.region, Case.state, Case.suspended.label("held")).where(_seen(session, actor)).subquery()
    keys = (seen.c.region, seen.c.state, seen.c.held)
    regions: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    total = held = 0
    for region, state, suspended, count in session.execute(select(*keys, func.count()).group_by(*keys)):
        regions[region][state] += count
        total, held = total + count, held + (count if suspended else 0)
    return {"cases": total, "suspended": held, "regions": {name: dict(one) for name, one in sorted(regions.items())}}


# -- questions --------------------------------------------------------------------------------------------------------


def plain_json(value: Any) -> Any:
    """Plain JSON: moments as text."""
    match value:
        case datetime():
            return value.isoformat()
        case dict():
            return {key: plain_json(item) for key, item in value.items()}
        case list() | tuple():
            return [plain_json(item) for item in value]
    return value


@asking("audit.timeline", *WATCHING)
def ask_timeline(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{kind?, person?, org?, since?, until?, after?, limit?}"""
    fields.only(p, "kind", "person", "org", "since", "until", "after", "limit")
    found: Payload = plain_json(
        timeline(
            session, case, actor,
            kind=fields.text(p, "kind", limit=60, default=""), person=fields.text(p, "person", limit=40, default=""),
            org=fields.text(p, "org", limit=16, default=""),
            since=fields.moment(p, "since") if p.get("since") else None,
            until=fields.moment(p, "until") if p.get("until") else None,
            after=fields.text(p, "after", default=""), limit=fields.integer(p, "limit", least=1, most=MOST, default=50),
        )
    )  # fmt: skip
    return found


@asking("audit.watch", *WATCHING)
def ask_watch(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{state?, after?}"""
    fields.only(p, "state", "after")
    state, after = fields.text(p, "state", limit=20, default=""), fields.text(p, "after", limit=16, default="")
    found: Payload = plain_json(watch(session, actor, now, state=state, after=after))
    return found


@asking("audit.integrity", *WATCHING)
def ask_integrity(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {holds, fault, streams: [{stream, size, root, checkpoint}]}"""
    fields.only(p)
    watched(session, case, actor)
    try:
        held = integrity(session, case)
    except (Fault, Unusable) as fault:
        return {"holds": False, "fault": str(fault), "streams": []}
    return {"holds": True, "fault": "", "streams": [asdict(one) for one in held]}


@asking("audit.flags", *WATCHING)
def ask_flags(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    fields.only(p)
    found: Payload = plain_json({"flags": [asdict(one) for one in red_flags(session, case, actor, now)]})
    return found


@asking("audit.statistics", *WATCHING)
def ask_statistics(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    fields.only(p)
    return statistics(session, actor)


@asking("checkpoint.latest", Role.PUBLIC)
def ask_checkpoint(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{size?, old?}: the newest checkpoint (or that of `size`) with the proof that it extends the log of `old`."""
    fields.only(p, "size", "old")
    size = fields.integer(p, "size", least=0, most=1 << 53, default=0)
    point = session.get(LogCheckpoint, size) if size else checkpoints.newest(session)
    if point is None:
        raise Unusable("size: no such checkpoint")
    return checkpoints.shown(session, point, fields.integer(p, "old", least=0, most=point.size, default=0))


@asking("casefile.public", Role.PUBLIC)
def ask_public(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {sha256, size, checkpoint, at}: the newest public edition, for anyone after the result."""
    fields.only(p)
    row = case_row(session, case)
    query = select(CaseFileExport).where(CaseFileExport.case_id == case, CaseFileExport.edition == "public")
    found = session.scalar(query.order_by(CaseFileExport.at.desc(), CaseFileExport.checkpoint.desc()).limit(1))
    if row.state not in RESULT or found is None:
        raise rules.refused("PUBLIC-EDITION", "after the result and its checkpoint", row.state)
    return {"sha256": found.sha256, "size": found.size, "checkpoint": found.checkpoint, "at": found.at.isoformat()}
