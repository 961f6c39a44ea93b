"""The committee corrects a bid's contradicting figures; the bidder confirms, or the bid is invalid (87号令 art. 59)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core import fields, jobs
from core.access import Role, denied
from core.acts import Tx
from core.db import new_id
from core.doors import acting
from core.faults import Unusable
from core.money import D, plain
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.clarify.actions import LEAST, MOST, USUAL
from evaluation.committee.actions import required, unnamed
from evaluation.committee.models import Committee
from evaluation.committee.queries import committee_of, members
from evaluation.figures.models import PriceCorrection
from evaluation.figures.queries import of_committee
from evaluation.figures.rules import ARTICLE, GROUND
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import as_leader, complete, enter, sitting_of
from methods import figures

P = dict[str, Any]
OPEN = ("PRELIM", "SCORING")
LATER = timedelta(seconds=30)  # between two looks while a sitting stands still


def _findings(p: P) -> tuple[list[P], list[figures.Found]]:
    given = fields.mapping(p, "findings")
    fields.only(given, *figures.ORDER)
    said, found = [], []
    for kind in (one for one in figures.ORDER if one in given):
        one = fields.mapping(given, kind)
        fields.only(one, "found", "page")
        value = fields.decimal(one, "found", least=Decimal("0.000001"))
        said.append({"kind": kind, "found": plain(value), "page": fields.text(one, "page", limit=40)})
        found.append(figures.Found(kind, value))
    return said, found


def _bid(tx: Tx, case: str, rejected: dict[str, Any], p: P) -> P:
    bid = next((one for one in cases.bids(tx.session, case) if one["id"] == p.get("bid")), None)
    if bid is None or bid["id"] in rejected or not bid["price"]:
        raise Unusable("bid: not a valid bid of this case with a price that can be read")
    return bid


@acting("figures.correct", *MEMBERS)
def correct(tx: Tx, case: str, p: P) -> P:
    """{bid, findings: {list | words | point | sum: {found, page}}, minutes?} → {correction, after, until}: by the
    leader for the committee, once a bid, before prices are scored. What holds follows from the law's order."""
    fields.only(p, "bid", "findings", "minutes")
    room = as_leader(enter(tx, case, *OPEN))
    if GROUND not in room.case.by_rule:
        raise Unusable("findings: in this procedure contradictions are cleared up by a question")
    bid = _bid(tx, case, room.sitting.rejected, p)
    if any(one.bid_id == bid["id"] for one in of_committee(tx.session, room.committee)):
        raise Refused(Breach("FIGURES-DONE", ARTICLE, "B", "one correction", "corrected already", "bid"))
    said, found = _findings(p)
    after, steps = figures.corrected(D(bid["price"]), found)
    minutes = fields.integer(p, "minutes", least=LEAST, most=MOST, default=USUAL)
    row = PriceCorrection(
        id=new_id(), committee_id=room.committee.id, bid_id=bid["id"], org_id=bid["org"], findings=said,
        steps=[{"kind": one.kind, "before": plain(one.before), "value": plain(one.value), "after": plain(one.after)}
               for one in steps],
        before=bid["price"], after=_fits(after), asked_at=tx.now, answer_until=tx.now + timedelta(minutes=minutes),
        answer="",
    )  # fmt: skip
    tx.session.add(row)
    body = {"correction": row.id, "bid": row.bid_id, "findings": said, "before": row.before, "after": row.after,
            "until": row.answer_until}  # fmt: skip
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "figures.asked", body, case=case))
    flow.tell(tx, case, "figures.asked", {"correction": row.id})
    tx.publish(f"org:{row.org_id}", "figures.asked", {"case": case, "correction": row.id})
    jobs.plan(tx.session, row.answer_until + timedelta(seconds=1), "figures.settle", case)
    return {"correction": row.id, "after": row.after, "until": row.answer_until.isoformat()}


def _fits(price: Decimal) -> str:
    text = plain(price)
    if len(text) > 20:
        raise Unusable("found: out of range")
    return text


@acting("figures.answer", Role.BIDDER, signed=True)
def answer(tx: Tx, case: str, p: P) -> P:
    """{correction, confirm}: by the bidder whose price it is, in time, once. Confirmed, the corrected price binds."""
    fields.only(p, "correction", "confirm")
    committee = required(tx, case)
    row = tx.session.get(PriceCorrection, fields.text(p, "correction", limit=16))
    if row is None or row.committee_id != committee.id or row.org_id != tx.actor.org:
        raise Refused(denied("CORRECTION", "the bidder whose price it is", tx.actor.org_name or tx.actor.org))
    if row.answer:
        raise Refused(Breach("FIGURES-DONE", ARTICLE, "B", "one answer", row.answer, "confirm"))
    if tx.now > row.answer_until:
        raise Refused(Breach("CLARIFY-LATE", ARTICLE, "B", row.answer_until.isoformat(), tx.now.isoformat()))
    row.answer, row.answered_at = "confirmed" if fields.yes_no(p, "confirm") else "declined", tx.now
    body = {"correction": row.id, "bid": row.bid_id, "answer": row.answer, "after": row.after}
    tx.record(f"case:{case}", "figures.answered", body, case=case)
    flow.tell(tx, case, "figures.answered", {"correction": row.id})
    _go_on(tx, committee)
    return {"answer": row.answer}


@acting("figures.settle")
def settle(tx: Tx, case: str, p: P) -> P:
    """Timer: {}. A bidder's time is over; the sitting may have waited for nothing else."""
    committee = committee_of(tx.session, case)
    if committee is not None:
        _go_on(tx, committee)
    return {}


def _go_on(tx: Tx, committee: Committee) -> None:
    """A sitting that stands still is looked at again."""
    sitting = sitting_of(tx, committee)
    if sitting.stage not in OPEN:
        return
    if sitting.paused or not complete(committee, members(tx.session, committee)):
        jobs.plan(tx.session, tx.now + LATER, "figures.settle", committee.case_id)
    else:
        flow.advance(tx, committee)
