"""Flaws of a tender file, for members, the tenderer's side, supervisors and the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.rules import Breach
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import committee_of
from evaluation.flaws.models import FileFlaw, FlawVote

P = dict[str, Any]


def of_committee(session: Session, committee: Committee) -> list[FileFlaw]:
    query = select(FileFlaw).where(FileFlaw.committee_id == committee.id)
    return list(session.scalars(query.order_by(FileFlaw.at, FileFlaw.id)))


def standing(session: Session, committee: str, *states: str) -> FileFlaw | None:
    """The one that is voted on or waits for the tenderer, if there is one in `states`."""
    query = select(FileFlaw).where(FileFlaw.committee_id == committee, FileFlaw.state.in_(states))
    return session.scalars(query).first()


def waits(session: Session, case: str) -> bool:
    """Whether the tenderer's side is to answer."""
    committee = committee_of(session, case)
    return committee is not None and standing(session, committee.id, "found") is not None


def votes(session: Session, flaw: FileFlaw, rows: Sequence[Member]) -> list[FlawVote]:
    """Of the members still in: whoever left has said nothing."""
    query = select(FlawVote).where(FlawVote.flaw_id == flaw.id, FlawVote.member_id.in_([row.id for row in rows]))
    return list(session.scalars(query.order_by(FlawVote.at, FlawVote.member_id)))


def open_question(session: Session, case: CaseFacts, committee: str) -> list[Breach]:
    """No report is made over a question about the file that the members have not answered."""
    one = standing(session, committee, "open", "found")
    return [cases.book(case)["FLAW"].breach(one.state, required="none / declined")] if one else []


def shown(one: FileFlaw) -> P:
    return {
        "id": one.id, "clause": one.clause, "reason": one.reason, "at": one.at.isoformat(), "state": one.state,
        "answer": one.answer, "answered_at": one.answered_at.isoformat() if one.answered_at else "",
    }  # fmt: skip


def view(session: Session, committee: Committee, rows: Sequence[Member], me: Member) -> list[P]:
    """What a member sees: `mine` the own word (None before it), `cast` how many have spoken, `yes` once settled."""
    found = []
    for one in of_committee(session, committee):
        cast = votes(session, one, rows)
        mine = next((vote.flawed for vote in cast if vote.member_id == me.id), None)
        yes = None if one.state == "open" else sum(vote.flawed for vote in cast)
        found.append(shown(one) | {"mine": mine, "cast": len(cast), "of": len(rows), "yes": yes})
    return found


def told(session: Session, committee: Committee) -> list[P]:
    """For the tenderer's side and supervisors: what was found, never what was only proposed and never who voted how."""
    return [shown(one) for one in of_committee(session, committee) if one.state not in ("open", "none")]


def archive(session: Session, case: CaseFacts, committee: Committee) -> P:
    """For the report of a sitting that went on after the answer: {flaws: {article, found}}; {} where nothing was."""
    listed = told(session, committee)
    return {"flaws": {"article": cases.book(case)["FLAW"].article, "found": listed}} if listed else {}
