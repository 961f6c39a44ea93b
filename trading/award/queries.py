"""The award room as its own people see it; ballots only as totals of rounds that are closed (domain.md §5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import desk, drawdesk
from core import ledger
from core.access import Actor, Role, denied
from core.doors import asking
from core.rules import Refused
from methods import vote
from trading.award import rules
from trading.award.models import AwardMeeting, AwardRound, Elector, Speech, Voted
from trading.award.publicity import candidate_rows, publicity_of, until_of
from trading.opening.queries import opened_bids
from trading.project.models import Case, Project
from trading.project.states import case_row, stands_as

INSIDE = frozenset({Role.TENDERER, Role.REGULATOR, Role.AUDITOR})


def seat_of(session: Session, case: str, person: str) -> Elector | None:
    """The person's place at the table; one who has recused has none."""
    query = select(Elector).where(Elector.case_id == case, Elector.person_id == person, Elector.recused == "")
    return session.scalar(query) if person else None


def may_see(session: Session, row: Case, actor: Actor) -> bool:
    """Who has a seat, the tenderer, its regulator, auditors."""
    return bool(stands_as(row, actor) & INSIDE) or seat_of(session, row.id, actor.person) is not None


def room(session: Session, case: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """{state, method, candidates, seats, mine, draw, open, rounds, tied, winner, reason, report, minutes}; Refused for
    outsiders.

    `open` is the ballot under way: {no, runoff, candidates, voted, of} without a single choice; `rounds` are closed
    ones: {no, runoff, valid, counts, eliminated, next}. State "" before a meeting was convened.
    """
    row = case_row(session, case)
    if not may_see(session, row, actor):
        raise Refused(denied("AW-SEAT", "a seat at this meeting", actor.name or "-"))
    meeting = session.get(AwardMeeting, case)
    found: dict[str, Any] = {
        "case": case, "state": meeting.state if meeting else "", "unit": row.unit, "seats": [], "mine": None,
        "candidates": candidates(session, row), "draw": None, "open": None, "rounds": [], "tied": [], "winner": "",
        "reason": "", "report": None, "minutes": [], "method": row.award.get("method", ""), "spares": 0,
        "abstentions": "forbidden",
    }  # fmt: skip
    if meeting is None:
        return found
    ballot = _open_ballot(session, case)
    voted = _voters(session, ballot)
    draw = session.get(drawdesk.Draw, meeting.draw_id)
    found |= {
        "method": meeting.vote["method"], "abstentions": meeting.vote["abstentions"], "winner": meeting.winner,
        "reason": meeting.reason, "spares": len(meeting.spares), "seats": _seats(session, case, voted),
        "draw": {"id": draw.id, "state": draw.state} if draw else None,
        "open": _shown(ballot, len(voted), meeting), "report": _report(session, meeting, actor),
        "minutes": _minutes(session, case),
    }  # fmt: skip
    found |= _counted(session, meeting)
    found["mine"] = next((one for one in found["seats"] if one["person"] == actor.person), None)
    return found


def candidates(session: Session, row: Case) -> list[dict[str, Any]]:
    """Side by side: price, total, remarks of the committee; in bid-number order where the file does not rank."""
    if not row.result.get("candidates"):
        return []
    numbers = {one["id"]: one["number"] for one in opened_bids(session, row.id)}
    remarks = row.result.get("remarks") or {}
    return [
        one | {"number": numbers[one["bid"]], "remark": remarks.get(one["bid"], "")}
        for one in candidate_rows(session, row)
    ]


def _open_ballot(session: Session, case: str) -> AwardRound | None:
    return session.scalar(select(AwardRound).where(AwardRound.case_id == case, AwardRound.closed_at.is_(None)))


def _voters(session: Session, ballot: AwardRound | None) -> set[str]:
    if ballot is None:
        return set()
    return set(session.scalars(select(Voted.person_id).where(Voted.round_id == ballot.id)))


def _shown(ballot: AwardRound | None, voted: int, meeting: AwardMeeting) -> dict[str, Any] | None:
    if ballot is None:
        return None
    return {"no": ballot.no, "runoff": ballot.runoff, "candidates": ballot.candidates, "voted": voted,
            "of": meeting.vote["electors"], "opened_at": ballot.opened_at}  # fmt: skip


def _seats(session: Session, case: str, voted: set[str]) -> list[dict[str, Any]]:
    query = select(Elector).where(Elector.case_id == case).order_by(Elector.order, Elector.id)
    return [
        {"id": one.id, "person": one.person_id, "name": one.name, "kind": one.kind, "signed_in_at": one.signed_in_at,
         "pledged_at": one.pledged_at, "recused": one.recused, "voted": one.person_id in voted}
        for one in session.scalars(query)
        if not one.recused
    ]  # fmt: skip


def _counted(session: Session, meeting: AwardMeeting) -> dict[str, Any]:
    """Closed rounds with their totals, and who is tied where only the chair's reasons can go on."""
    if not meeting.vote["rounds"]:
        return {"rounds": [], "tied": []}
    counted = vote.count(meeting.vote)
    rounds = [
        {"no": place, "runoff": "runoff" in given, "valid": one["valid"], "counts": one["counts"],
         "eliminated": one["eliminated"], "next": one["runoff"]}
        for place, (given, one) in enumerate(zip(meeting.vote["rounds"], counted["rounds"], strict=True), 1)
    ]  # fmt: skip
    tied = rules.stalemate(meeting.vote["method"], meeting.vote["candidates"], meeting.vote["rounds"], counted)
    return {"rounds": rounds, "tied": tied if meeting.state == "VOTING" else []}


def _minutes(session: Session, case: str) -> list[dict[str, Any]]:
    query = select(Speech).where(Speech.case_id == case).order_by(Speech.at, Speech.id)
    return [{"at": one.at, "name": one.name, "text": one.text} for one in session.scalars(query)]


def _report(session: Session, meeting: AwardMeeting, actor: Actor) -> dict[str, Any] | None:
    if not meeting.report_id:
        return None
    state = desk.state(session, meeting.report_id)
    return {
        "id": meeting.report_id, "state": state["state"], "expected": len(state["fields"]),
        "signed": sum(one["signed_at"] is not None for one in state["fields"]),
        "mine": any(one["person"] == actor.person and one["signed_at"] is None for one in state["fields"]),
    }  # fmt: skip


def meetings_of(session: Session, person: str) -> list[dict[str, Any]]:
    """Meetings this person has a seat in that are not over: [{case, state, kind, signed_in, pledged, voted}]."""
    query = select(Elector, AwardMeeting).join(AwardMeeting, AwardMeeting.case_id == Elector.case_id)
    query = query.where(Elector.person_id == person, Elector.recused == "", AwardMeeting.state != "REPORTED")
    found = []
    for seat, meeting in session.execute(query.order_by(AwardMeeting.opened_at)):
        voted = person in _voters(session, _open_ballot(session, meeting.case_id))
        found.append(
            {"case": meeting.case_id, "state": meeting.state, "kind": seat.kind, "voted": voted,
             "signed_in": seat.signed_in_at is not None, "pledged": seat.pledged_at is not None}
        )  # fmt: skip
    return found


def result(session: Session, case: str) -> dict[str, Any]:
    """What is public after the evaluation: {publicity, winner}; None and {} while nothing is."""
    row = case_row(session, case)
    shown = publicity_of(session, case)
    until, provisional = until_of(row, shown) if shown else (None, False)
    won = next((one for one in opened_bids(session, case) if one["id"] == row.winner_bid), None)
    return {
        "publicity": None if shown is None else {
            "published_at": shown.published_at, "until": until, "provisional": provisional, **shown.body,
        },
        "winner": won if row.winner_bid else None,
    }  # fmt: skip


@asking("award.room", Role.TENDERER, Role.REGULATOR, Role.AUDITOR, Role.ELECTOR)
def ask_room(session: Session, now: datetime, actor: Actor, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """`room` for JSON clients."""
    return room(session, case, actor, now)


def notice_of(session: Session, case: str, record: str) -> dict[str, Any] | None:
    """The award notice whose machine record has this digest, as the ledger of this operator has it; None without one.

    {project, lot, lot_code, winner, price, unit, at, entry, document, sha256}
    """
    for entry in ledger.entries(session, f"case:{case}"):
        if entry.kind == "award.notified" and entry.body.get("record_sha256") == record:
            row = case_row(session, case)
            won = next(bid for bid in opened_bids(session, case) if bid["id"] == entry.body["winner"])
            return {
                "project": session.get_one(Project, row.project_id).name, "lot": row.lot_name, "lot_code": row.lot_code,
                "winner": won["org_name"], "price": won["price"], "unit": row.unit, "at": entry.at,
                "entry": entry.leaf_hash, "document": entry.body["document"], "sha256": entry.body["sha256"],
            }  # fmt: skip
    return None
