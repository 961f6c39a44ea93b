"""Marks and votes of the members still in; whoever left has no say any more (实施条例 art. 48)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.rules import Breach
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.models import Member
from evaluation.committee.rules import more_than_half
from evaluation.review import rules
from evaluation.review.models import LackVote, Mark, RejectVote


def marks(session: Session, rows: Sequence[Member]) -> list[Mark]:
    ids = [row.id for row in rows]
    query = select(Mark).where(Mark.member_id.in_(ids)).order_by(Mark.bid_id, Mark.item, Mark.member_id)
    # drafts are written past the session (core.quick): what it holds of an earlier act of its batch may be old
    return list(session.scalars(query.execution_options(populate_existing=True)))


def marked(session: Session, member: Member) -> set[tuple[str, str]]:
    """(bid, item) of a member's own findings."""
    query = select(Mark.bid_id, Mark.item).where(Mark.member_id == member.id)
    return {(bid, item) for bid, item in session.execute(query)}


def votes(session: Session, rows: Sequence[Member]) -> list[RejectVote]:
    ids = [row.id for row in rows]
    query = select(RejectVote).where(RejectVote.member_id.in_(ids))
    return list(session.scalars(query.order_by(RejectVote.bid_id, RejectVote.ground, RejectVote.member_id)))


def lack_votes(session: Session, rows: Sequence[Member]) -> list[LackVote]:
    ids = [row.id for row in rows]
    return list(session.scalars(select(LackVote).where(LackVote.member_id.in_(ids)).order_by(LackVote.member_id)))


def questions(
    session: Session, case: CaseFacts, rows: Sequence[Member], bids: Sequence[dict[str, Any]]
) -> list[tuple[str, str]]:
    """(bid, ground) pairs on which every member must vote: all that a member failed, and unreadable prices."""
    asked = {(one.bid_id, one.ground) for one in marks(session, rows) if not one.passed}
    asked |= {(bid["id"], case.unreadable) for bid in bids if not bid["price"]}
    return sorted(asked)


def findings(session: Session, rows: Sequence[Member], bid: str, ground: str) -> list[Mark]:
    """The fails that put this pair to the vote."""
    return [one for one in marks(session, rows) if not one.passed and (one.bid_id, one.ground) == (bid, ground)]


def weighed(
    session: Session, case: CaseFacts, rows: Sequence[Member], bid: Mapping[str, Any], ground: str
) -> tuple[bool, list[Breach]]:
    """(whether the bidder must be heard before this ground rejects, what warns before such a vote)."""
    found, row = findings(session, rows, bid["id"], ground), case.ground_rows[ground]
    items = {one["id"]: one for one in case.items}
    failed = [items[name] for name in sorted({one.item for one in found}) if name in items]
    first = rules.asks_first(row, any(one.unclear for one in found), str(bid["price"] or ""), case.ceiling)
    return first, rules.clerical(row, failed, cases.book(case))


def all_marked(rows: Sequence[Member]) -> bool:
    return all(row.review_locked_at is not None for row in rows)


def outcome(
    session: Session, case: CaseFacts, rows: Sequence[Member], bids: Sequence[dict[str, Any]]
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """(pairs still short of votes, {bid: ground} rejected by more than half of all members)."""
    cast: dict[tuple[str, str], list[bool]] = {}
    for vote in votes(session, rows):
        cast.setdefault((vote.bid_id, vote.ground), []).append(vote.reject)
    open_pairs = []
    rejected: dict[str, str] = {}
    for pair in questions(session, case, rows, bids):
        if len(cast.get(pair, [])) < len(rows):
            open_pairs.append(pair)
        elif more_than_half(sum(cast[pair]), len(rows)):
            rejected.setdefault(*pair)
    return open_pairs, rejected
