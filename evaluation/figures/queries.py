"""Corrections of a sitting, for its members, the bidder, supervisors and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.amounts import UNITS
from core.money import D, plain
from evaluation.aid.models import BidReading
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee
from evaluation.figures.models import PriceCorrection
from evaluation.figures.rules import ARTICLE, GROUND

P = dict[str, Any]


def of_committee(session: Session, committee: Committee) -> list[PriceCorrection]:
    query = select(PriceCorrection).where(PriceCorrection.committee_id == committee.id)
    return list(session.scalars(query.order_by(PriceCorrection.asked_at, PriceCorrection.id)))


def shown(one: PriceCorrection) -> P:
    return {
        "id": one.id, "bid": one.bid_id, "findings": list(one.findings), "steps": list(one.steps), "before": one.before,
        "after": one.after, "asked_at": one.asked_at.isoformat(), "until": one.answer_until.isoformat(),
        "answer": one.answer, "answered_at": one.answered_at.isoformat() if one.answered_at else "",
    }  # fmt: skip


def view(
    session: Session, case: CaseFacts, committee: Committee, bids: Sequence[Mapping[str, Any]], *, leading: bool
) -> P:
    """{corrections, sums: {bid: what its unit prices come to}}; {} where the law of the procedure knows none."""
    if GROUND not in case.by_rule:
        return {}
    sums = _sums(session, case, [bid["id"] for bid in bids]) if leading else {}
    return {"corrections": [shown(one) for one in of_committee(session, committee)], "sums": sums}


def _sums(session: Session, case: CaseFacts, bids: list[str]) -> dict[str, str]:
    """In the case's unit, as the machine added them up when it read the bids; only where the tender has a bill."""
    query = select(BidReading.bid_id, BidReading.facts).where(BidReading.bid_id.in_(bids))
    scale = UNITS[case.unit]
    return {bid: plain(D(facts["sum"]) / scale) for bid, facts in session.execute(query) if facts.get("sum")}


def of_bidder(session: Session, committee: Committee, org: str) -> list[P]:
    return [shown(one) for one in of_committee(session, committee) if one.org_id == org]


def archive(session: Session, committee: Committee) -> P:
    """For the report: {figures: {article, corrections}}; {} where nothing was corrected. A report is made only when no
    bidder's word is waited for."""
    listed = [shown(one) | {"invalid": one.answer != "confirmed"} for one in of_committee(session, committee)]
    return {"figures": {"article": ARTICLE, "corrections": listed}} if listed else {}
