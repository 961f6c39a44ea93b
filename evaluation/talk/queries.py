"""Reading the talk: its lines newest last, raised hands, digests for the report, who is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.rules import Breach, RuleRow
from evaluation.committee.models import Committee, Member
from evaluation.talk import rules
from evaluation.talk.models import Hand, Recording, TalkLine

PAGE = 50


def shown(row: TalkLine) -> dict[str, Any]:
    return {"number": row.number, "member": row.member_id, "at": row.at.isoformat(), "stage": row.stage,
            "text": row.text}  # fmt: skip


def lines(session: Session, committee: Committee, before: int = 0, limit: int = PAGE) -> list[TalkLine]:
    """The `limit` newest lines below number `before` (0 = of all), oldest first."""
    query = select(TalkLine).where(TalkLine.committee_id == committee.id)
    if before:
        query = query.where(TalkLine.number < before)
    return list(reversed(list(session.scalars(query.order_by(TalkLine.number.desc()).limit(limit)))))


def hands(session: Session, committee: Committee) -> list[dict[str, Any]]:
    """Raised hands in their order; `called`: has the word. A member who left asks for nothing any more."""
    query = select(Hand).join(Member, Member.id == Hand.member_id)
    query = query.where(Hand.committee_id == committee.id, Member.state == "pledged")
    rows = session.scalars(query.order_by(Hand.number))
    return [{"member": row.member_id, "called": row.called_at is not None} for row in rows]


def talk_digest(session: Session, committee: Committee) -> dict[str, Any]:
    """{lines, sha256} of the whole talk, for the report's record."""
    query = select(TalkLine.commitment).where(TalkLine.committee_id == committee.id).order_by(TalkLine.number)
    found = list(session.scalars(query))
    return {"lines": len(found), "sha256": rules.digest(found)}


def recording_digest(session: Session, committee: Committee) -> dict[str, Any]:
    """{pieces, sha256} of what was recorded so far, in the order of keeping."""
    query = select(Recording.sha256).where(Recording.committee_id == committee.id)
    found = list(session.scalars(query.order_by(Recording.at, Recording.id)))
    return {"pieces": len(found), "sha256": rules.digest(found)}


def pieces(session: Session, committee: Committee, after: str = "", limit: int = PAGE) -> list[Recording]:
    """Kept pieces in the order of time, after the piece `after`."""
    query = select(Recording).where(Recording.committee_id == committee.id)
    last = session.get(Recording, after) if after else None
    if last is not None:
        later = Recording.from_at > last.from_at
        query = query.where(later | ((Recording.from_at == last.from_at) & (Recording.id > last.id)))
    return list(session.scalars(query.order_by(Recording.from_at, Recording.id).limit(limit)))


def recorded(
    session: Session, committee: Committee, rows: list[Member], regime: str, now: datetime,
    book: Mapping[str, RuleRow],
) -> list[Breach]:  # fmt: skip
    """Whether every member of `rows` is being recorded now (rules.recording)."""
    ends = select(Recording.member_id, Recording.site, func.max(Recording.until_at))
    ends = ends.where(Recording.committee_id == committee.id).group_by(Recording.member_id, Recording.site)
    seats: dict[str, datetime] = {}
    sites: dict[str, datetime] = {}
    for member, site, until in session.execute(ends):
        (seats if member else sites)[member or site] = until
    silent = rules.unrecorded([(row.id, row.site) for row in rows], seats, sites, now, book)
    return rules.recording(regime, silent, len(rows), book)
