"""What everyone outside the committee sees of a sitting: one question an audience (domain.md §4, visibility)."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role, denied
from core.doors import asking
from core.rules import Refused
from evaluation import cases
from evaluation.brands import queries as brands
from evaluation.cases import CaseFacts
from evaluation.clarify.queries import of_committee
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import committee_of, counts, members, places
from evaluation.failures import standing
from evaluation.failures.seats import spares
from evaluation.figures import queries as figures
from evaluation.flaws import queries as flaws
from evaluation.lowprice import queries as lowprice
from evaluation.lowprice.rules import GROUND
from evaluation.report.making import report_of
from evaluation.review import queries as review
from evaluation.scoring import sheet, unlocking
from evaluation.sitting.models import Incident, Sitting
from evaluation.views import board, name_of, sites, sitting_for, summary
from venues.queries import centre_of

P = dict[str, Any]
WEIGHTS = {"SIGN_IN": 0, "LEADER": 5, "BLIND": 8, "PRELIM": 10, "LACK": 40, "SCORING": 45, "LOWPRICE": 75,
           "SUMMARY": 80, "REPORT": 90, "SIGNED": 100}  # fmt: skip


def percent(session: Session, case: CaseFacts, sitting: Sitting, rows: list[Member]) -> int:
    """How far the sitting is; within a stage by the members who have locked, never by what they decided."""
    base = WEIGHTS[sitting.stage]
    if not rows or sitting.stage not in ("PRELIM", "SCORING"):
        return base
    locked = [row.review_locked_at if sitting.stage == "PRELIM" else row.scores_locked_at for row in rows]
    return base + int(Fraction(sum(one is not None for one in locked), len(rows)) * 30)


def _open(session: Session, case: str) -> tuple[CaseFacts, Committee | None]:
    return cases.facts(session, case), committee_of(session, case)


@asking("room.progress", Role.TENDERER, Role.AGENCY)
def progress(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """Tenderer and agency: stage and per cent, counts a site; no score, no name. After the report, the report."""
    facts, committee = _open(session, case)
    if actor.org not in facts.parties:
        raise Refused(denied("CASE-PARTY", "tenderer or agency of this case", actor.org_name or actor.org))
    if committee is None:
        return {"stage": "", "percent": 0, "sites": {}, "report": "", "flaws": []}
    sitting = sitting_for(session, committee)
    report = report_of(session, committee)
    return {
        "stage": sitting.stage, "percent": percent(session, facts, sitting, members(session, committee)),
        "paused": bool(sitting.paused), "sites": counts(session, committee), "flaws": flaws.told(session, committee),
        "report": report.document_id if report and report.state == "sealed" else "",
    }  # fmt: skip


@asking("room.venue", Role.CENTRE)
def venue(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """Staff of a booked venue: their own seats, who has signed in there, alarms; no bid, no opinion."""
    facts, committee = _open(session, case)
    centre = centre_of(session, actor.org)
    if centre is None or actor.org not in cases.venue_orgs(session, facts):
        raise Refused(denied("CENTRE", "a venue of this case", actor.org_name or actor.org))
    if committee is None:
        return {"stage": "", "seats": [], "incidents": []}
    sitting, rows = sitting_for(session, committee), members(session, committee)
    own = next(one for one in sites(session, facts, rows, now, names=True) if one["site"] == centre.region)
    query = select(Incident).where(Incident.committee_id == committee.id, Incident.site.in_(("", centre.region)))
    return {
        "stage": sitting.stage, "paused": sitting.paused, "at": committee.at.isoformat(),
        "until": sitting.until.isoformat(), "expected": own["expected"], "seats": own["seats"],
        "codes": standing.codes(session, facts, centre.id, [one["seat"] for one in own["seats"]], now),
        "spares": spares(session, facts, committee, own["seats"], centre, now),
        "main": own["part"] == "main", "leader": sitting.leader_id,
        "own_report": any(one.site == centre.region for one in standing.reports(session, committee)),
        **standing.seen(session, facts, committee, sitting, rows, now),
        "identity": {row.id: row.identity.get("how", "") for row in rows if row.site == centre.region and row.seat_id},
        "incidents": [
            {"at": one.at.isoformat(), "text": one.text} for one in session.scalars(query.order_by(Incident.at))
            if one.kind != "member.left"
        ],
    }  # fmt: skip


@asking("room.watch", Role.REGULATOR, Role.AUDITOR)
def watch(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """Supervisors, read only: presence and how far each is, live; opinions and scores only after all have locked."""
    facts, committee = _open(session, case)
    if actor.has(Role.REGULATOR) and facts.regulator not in ("", actor.org):
        raise Refused(denied("WATCH", "the regulator of this case", actor.org_name or actor.org))
    if committee is None:
        return {"stage": ""}
    sitting, rows = sitting_for(session, committee), members(session, committee)
    query = select(Incident).where(Incident.committee_id == committee.id).order_by(Incident.at)
    answer: P = {
        "stage": sitting.stage, "paused": sitting.paused, "percent": percent(session, facts, sitting, rows),
        "places": places(committee), "sites": sites(session, facts, rows, now, names=True),
        "leader": sitting.leader_id, "board": board(session, facts, rows),
        "incidents": [{"at": o.at.isoformat(), "kind": o.kind, "site": o.site, "text": o.text}
                      for o in session.scalars(query)],
        **standing.seen(session, facts, committee, sitting, rows, now),
        "clarifications": len(of_committee(session, committee.id)), "summary": summary(session, facts, sitting, rows),
    }  # fmt: skip
    if review.all_marked(rows) and sitting.stage not in ("SIGN_IN", "LEADER"):
        names = sheet.labels(rows)
        answer["fails"] = [
            {"member": names[m.member_id], "bid": m.bid_id, "item": m.item, "ground": m.ground, "reason": m.reason}
            for m in review.marks(session, rows) if not m.passed
        ]  # fmt: skip
        answer["rejected"] = dict(sitting.rejected)
        answer["figures"] = [figures.shown(one) for one in figures.of_committee(session, committee)]
    if sitting.stage in lowprice.OPEN_FROM:
        answer["low_price"] = lowprice.watched(session, facts, committee, sitting, rows)
    answer["unlocks"] = unlocking.shown(session, rows)
    answer["flaws"] = flaws.told(session, committee)
    report = report_of(session, committee)
    answer["report"] = report.document_id if report and report.state == "sealed" else ""
    answer["members"] = [{"member": row.id, "number": row.number, "name": name_of(session, row)} for row in rows]
    return answer


@asking("room.bidder", Role.BIDDER)
def bidder(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """A bidder: the questions put to it; after the report its own result and the reasons, never another's."""
    _, committee = _open(session, case)
    bid = next((one for one in cases.bids(session, case) if one["org"] == actor.org), None)
    if bid is None or committee is None:
        return {"clarifications": [], "figures": [], "result": None}
    asked = [
        {"id": c.id, "ground": c.ground if c.ground == GROUND else "", "question": c.question,
         "asked_at": c.asked_at.isoformat(), "until": c.answer_until.isoformat(), "answer": c.answer,
         "attachments": c.attachments, "answered": c.answered_at is not None}
        for c in of_committee(session, committee.id) if c.org_id == actor.org
    ]  # fmt: skip
    corrected = figures.of_bidder(session, committee, actor.org)
    report = report_of(session, committee)
    if report is None or report.state != "sealed":
        return {"clarifications": asked, "figures": corrected, "result": None}
    record, own = report.record, bid["id"]
    result = (record["scoring"] or {}).get("result", {})
    grounds = [one for one in record["review"]["rejected"] if one["bid"] == own]
    alike = own in brands.out(sitting_for(session, committee))
    return {
        "clarifications": asked, "figures": corrected,
        "result": {
            "rejected": [{"ground": one["ground"], "text": one["text"]} for one in grounds],
            "price_score": result.get("price_scores", {}).get(own), "total": result.get("totals", {}).get(own),
            "criterion_scores": result.get("criterion_scores", {}).get(own), "benchmark": result.get("benchmark"),
            **({"same_brand": True} if alike else {}),
        },
    }  # fmt: skip


@asking("room.admin", Role.ADMIN)
def admin(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """The system administrator: that a sitting runs and where it stands; never a bid, a name or a score."""
    _, committee = _open(session, case)
    if committee is None:
        return {"stage": ""}
    sitting = sitting_for(session, committee)
    return {"stage": sitting.stage, "paused": bool(sitting.paused), "until": sitting.until.isoformat()}
