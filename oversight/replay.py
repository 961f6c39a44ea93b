"""The regulator's slider: the course of a case from its ledger, entry by entry (verifier/replay), as far as §4 lets
supervisors see it at the time of asking.

While a committee works, nobody outside reads what members said, only that they said it and how far they are; totals
stand in the system's own entry once all have locked. After the report all is opened, points by the report's record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.queries import names
from core import canon, fields
from core.access import Actor
from core.doors import Payload, asking
from core.faults import Unusable
from core.ledger import Entry
from evaluation import cases
from evaluation.committee.models import Committee, Member
from evaluation.report.models import Report
from oversight.guards import Veil, veil_of, watched
from oversight.queries import WATCHING, entries_of, plain_json, shown_actor
from trading.project.models import Case, CaseMove
from venues import queries as venues
from venues.models import Seat
from verifier.replay.course import STEPS, fold, openings
from verifier.replay.state import Line, State

MOST = 5000  # events an answer
WORKING = ("OPENED", "COMMITTEE_SET", "EVALUATING")
SHUT = ("fails", "words", "sheets")  # what only members said, and when it is opened
UNSAID = {"members": ("stance", "dissent", "reference"), "questions": ("question",)}
COUNTED = {"votes": ("cast",), "lowprice": ("starts", "votes")}


def shut(changed: State) -> State:
    """What may be told of a change while the committee works."""
    return {
        section: {key: facts and _shut(section, facts) for key, facts in rows.items()}
        for section, rows in changed.items() if section not in SHUT
    }  # fmt: skip


def _shut(section: str, facts: dict[str, Any]) -> dict[str, Any]:
    left = {name: fact for name, fact in facts.items() if name not in UNSAID.get(section, ())}
    return left | {name: len(left[name]) for name in COUNTED.get(section, ()) if name in left}


def replay(session: Session, case: str, actor: Actor, *, after: str = "", limit: int = MOST) -> dict[str, Any]:
    """{stations: [{at, state, act}], events: [{at, kind, person, org_name, step, changes}], next, last}.

    `changes` are laid over the state before (verifier.replay.state.lay); `last` is the cursor of the newest event.
    """
    row = watched(session, case, actor)
    veil, working = veil_of(session, row), row.state in WORKING
    found = entries_of(session, case)
    opened = {} if working else _opened(session, case, found)
    own = [one for one in found if one.stream == f"case:{case}"]
    told = {one.leaf_hash: changed for one, (_, changed) in zip(own, fold(_lines(own), opened), strict=True)}
    place = _place(found, after)
    shown = found[place : place + max(1, min(limit, MOST))]
    moves = session.scalars(select(CaseMove).where(CaseMove.case_id == case).order_by(CaseMove.position))
    return {
        "stations": [{"at": m.at, "state": m.target, "act": m.act, "round": m.round} for m in moves],
        "events": [_event(one, veil, told.get(one.leaf_hash, {}), working) for one in shown],
        "next": cursor(shown[-1]) if place + len(shown) < len(found) else "",
        "last": cursor(found[-1]) if found else "",
    }  # fmt: skip


def _event(entry: Entry, veil: Veil, changed: State, working: bool) -> dict[str, Any]:
    who = shown_actor(entry, veil)
    changes = shut(changed) if working else changed
    return {"at": entry.at, "kind": entry.kind, "person": who["person"], "org_name": who["org_name"],
            "step": entry.kind in STEPS, "changes": changes}  # fmt: skip


def _place(entries: list[Entry], after: str) -> int:
    place = next((n for n, one in enumerate(entries, 1) if cursor(one) == after), 0) if after else 0
    if after and not place:
        raise Unusable("after: not a cursor of this list")
    return place


def cursor(entry: Entry) -> str:
    return f"{entry.at.isoformat()}|{entry.stream}|{entry.index}"


def _lines(entries: list[Entry]) -> list[Line]:
    return [Line(one.kind, str(one.leaf["at"]), one.body) for one in entries]


def _opened(session: Session, case: str, entries: list[Entry]) -> dict[str, Any]:
    """Sheets of the sealed reports whose records the ledger names: their bytes are what the digest says."""
    named = {one.body.get("record_sha256") for one in entries if one.kind == "report.made"}
    query = select(Report.record).join(Committee, Committee.id == Report.committee_id)
    records = session.scalars(query.where(Committee.case_id == case, Report.state == "sealed"))
    found: dict[str, Any] = {}
    for record in records:
        if canon.sha256_hex(canon.dumps(record)) in named:
            found |= openings(record)
    return found


@asking("audit.replay", *WATCHING)
def ask_replay(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{after?}"""
    fields.only(p, "after")
    found: Payload = plain_json(replay(session, case, actor, after=fields.text(p, "after", default="")))
    return found


# -- what ids are called ----------------------------------------------------------------------------------------------


def labels(session: Session, row: Case) -> dict[str, Any]:
    """Names for the ids of the ledger: {members: {id: {number, name}}, seats: {id: label}, sites: {region: name},
    criteria: {id: name}, items: {id: name}, grounds: {id: text}}; a member's name only after the result."""
    facts, veil = cases.facts(session, row.id), veil_of(session, row)
    query = select(Member).join(Committee, Committee.id == Member.committee_id).where(Committee.case_id == row.id)
    people = list(session.scalars(query.where(Member.state != "spare").order_by(Member.number)))
    called = names(session, [one.person_id for one in people if one.person_id]) if veil.result else {}
    booked = venues.booked(session, row.id, facts.parties)
    seats = select(Seat.id, Seat.label).where(Seat.centre_id.in_([centre.id for _, centre in booked]))
    return {
        "members": {one.id: {"number": one.number, "name": called.get(one.person_id, "")} for one in people},
        "seats": {row.id: row.label for row in session.execute(seats)},
        "sites": {centre.region: centre.name for _, centre in booked},
        "criteria": {one["id"]: one.get("name", one["id"]) for one in facts.criteria},
        "items": {one["id"]: one.get("name", one["id"]) for one in facts.items},
        "grounds": facts.grounds,
    }  # fmt: skip
