"""Bids whose price is to be explained, derived from prices and words of the members still in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.clarify.queries import of_committee
from evaluation.committee.models import Committee, Member
from evaluation.lowprice.models import LowPriceStart, LowPriceVote
from evaluation.lowprice.rules import GROUND, Suspect
from evaluation.sitting.models import Clarification, Sitting
from methods.lowprice import abnormally_low

# Rejected together or for the price itself, a bid still counts among those the lines are drawn from.
STILL_COMPARED = (GROUND, "LACK")
OPEN_FROM = ("LOWPRICE", "SUMMARY", "REPORT", "SIGNED")


def conforming(sitting: Sitting, bids: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """{bid: price} of the bids that passed the preliminary review."""
    out = {bid for bid, ground in sitting.rejected.items() if ground not in STILL_COMPARED}
    return {bid["id"]: str(bid["price"]) for bid in bids if bid["price"] and bid["id"] not in out}


def starts(session: Session, rows: Sequence[Member]) -> list[LowPriceStart]:
    query = select(LowPriceStart).where(LowPriceStart.member_id.in_([row.id for row in rows]))
    return list(session.scalars(query.order_by(LowPriceStart.bid_id, LowPriceStart.at, LowPriceStart.member_id)))


def votes(session: Session, rows: Sequence[Member]) -> list[LowPriceVote]:
    query = select(LowPriceVote).where(LowPriceVote.member_id.in_([row.id for row in rows]))
    return list(session.scalars(query.order_by(LowPriceVote.bid_id, LowPriceVote.member_id)))


def suspects(
    session: Session, case: CaseFacts, sitting: Sitting, rows: Sequence[Member], *, lines: bool = True
) -> list[Suspect]:
    """Every bid below a line or named by a member, in bid-number order; `lines` False: only what members say."""
    prices = conforming(sitting, cases.bids(session, case.id))
    told = case.low_price.get("lines")
    found = abnormally_low(prices, case.rules_day, limit=case.most, raised=told, regime=case.regime) if lines else []
    below: dict[str, list[Mapping[str, str]]] = {}
    for one in found:
        below.setdefault(one["bid"], []).append(one)
    wanted: dict[str, dict[str, bool]] = {}
    for start in starts(session, rows):
        wanted.setdefault(start.bid_id, {})[start.member_id] = start.start
    cast: dict[str, dict[str, bool]] = {}
    for vote in votes(session, rows):
        cast.setdefault(vote.bid_id, {})[vote.member_id] = vote.justified
    return [
        Suspect(bid, tuple(below.get(bid, ())), wanted.get(bid, {}), cast.get(bid, {}))
        for bid in prices if bid in below or bid in wanted
    ]  # fmt: skip


def request(session: Session, committee: Committee, bid: str) -> Clarification | None:
    """The written request to explain the price, None before it was sent."""
    asked = of_committee(session, committee.id)
    return next((one for one in asked if one.bid_id == bid and one.ground == GROUND), None)


def explained(one: Clarification | None, now: datetime) -> bool:
    """The bidder has answered, or its time is over."""
    return one is not None and (one.answered_at is not None or now > one.answer_until)


def view(
    session: Session, now: datetime, case: CaseFacts, committee: Committee, sitting: Sitting, rows: list[Member],
    me: Member,
) -> list[dict[str, Any]]:  # fmt: skip
    """For a member: each suspect, one's own words, and of the others only how many have spoken until all have."""
    if sitting.stage not in OPEN_FROM and not starts(session, rows):
        return []  # the usual room: one question to the database
    found = []
    said = [one for one in starts(session, rows) if one.start]
    for one in suspects(session, case, sitting, rows, lines=sitting.stage in OPEN_FROM):
        asked = request(session, committee, one.bid)
        found.append(
            {
                "bid": one.bid, "triggers": [dict(line) for line in one.triggers], "state": one.state(len(rows)),
                "proposed": [start.reason for start in said if start.bid_id == one.bid][:1],
                "my_start": one.starts.get(me.id), "my_vote": one.votes.get(me.id), "spoken": len(one.starts),
                "voted": len(one.votes), "asked": asked.id if asked else "", "explained": explained(asked, now),
                "invalid": one.invalid(len(rows)) if one.done(len(rows)) else None,
            }
        )  # fmt: skip
    return found


def archive(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, rows: list[Member], names: dict[str, str]
) -> list[dict[str, Any]]:
    """For the report: every procedure with its lines, request, answer, votes and what was looked up."""
    found = []
    lines = sitting.stage == "LOWPRICE" or bool(sitting.scoring) or GROUND in sitting.rejected.values()
    for one in suspects(session, case, sitting, rows, lines=lines):
        asked = request(session, committee, one.bid)
        found.append(
            {
                "bid": one.bid, "triggers": [dict(line) for line in one.triggers],
                "opened": one.state(len(rows)) == "open",
                "starts": [{"member": names[s.member_id], "start": s.start, "reason": s.reason}
                           for s in starts(session, rows) if s.bid_id == one.bid],
                "question": asked.question if asked else "", "asked_at": asked.asked_at if asked else None,
                "until": asked.answer_until if asked else None, "answer": asked.answer if asked else "",
                "answered_at": asked.answered_at if asked else None,
                "attachments": list(asked.attachments) if asked else [],
                "votes": [{"member": names[v.member_id], "justified": v.justified, "reason": v.reason,
                           "sources": v.sources} for v in votes(session, rows) if v.bid_id == one.bid],
                "invalid": one.invalid(len(rows)),
            }
        )  # fmt: skip
    return found


def watched(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, rows: list[Member]
) -> list[dict[str, Any]]:
    """For supervisors, once every member has locked: lines, question, answer, and votes without names."""
    names = {row.id: "" for row in rows}
    keys = ("bid", "triggers", "opened", "question", "answer", "invalid")
    return [
        {key: one[key] for key in keys}
        | {"votes": [vote["justified"] for vote in one["votes"]],
           "done": not one["opened"] or len(one["votes"]) == len(rows)}
        for one in archive(session, case, committee, sitting, rows, names)
    ]  # fmt: skip
