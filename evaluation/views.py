"""What a member of the committee sees: the evaluation room in one answer (domain.md §4, visibility).

Before sign-in nothing; signed in, the list of bidders to pledge on; pledged, the bids and one's own work. Nobody sees
another's scores here: the leader alone gets the board of what is done, and the summary once every member has locked.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.models import Person
from certs import desk
from core.access import Actor, Role, denied
from core.doors import asking
from core.rules import Refused
from evaluation import cases
from evaluation.blind import codes
from evaluation.blind import queries as blind
from evaluation.brands import queries as brands
from evaluation.cases import CaseFacts
from evaluation.clarify.queries import of_committee
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import by_person, committee_of, members, places
from evaluation.failures import standing
from evaluation.failures.rules import door
from evaluation.figures import queries as figures
from evaluation.flaws import queries as flaws
from evaluation.lowprice import queries as lowprice
from evaluation.report.making import report_of
from evaluation.review import queries as review
from evaluation.review.models import LackVote
from evaluation.review.rules import heard
from evaluation.scoring import policy, sheet, unlocking
from evaluation.sitting.models import LeaderVote, Sitting
from venues import queries as venues
from venues.models import Seat
from venues.terminals import in_force

TL40 = "招标投标法实施条例 第40条"
BID_KEYS = ("id", "number", "org_name", "price", "duration_days", "quality", "flags", "pdf_sha256", "attachments",
            "problem", "findings")  # fmt: skip


def _bid(bid: dict[str, Any]) -> dict[str, Any]:
    """A bid in the room; of the findings of its check only the count, the list has a page of its own."""
    return {key: bid.get(key) for key in BID_KEYS} | {"opened_price": bid.get("opened_price", "")}


def fresh(committee: Committee) -> Sitting:
    """What stands before the first sign-in."""
    return Sitting(
        committee_id=committee.id, stage="SIGN_IN", leader_id="", leader_round=1, paused="", until=committee.until,
        rejected={}, lack={}, scoring={}, result={}, alike=[],
    )  # fmt: skip


def sitting_for(session: Session, committee: Committee) -> Sitting:
    return session.get(Sitting, committee.id) or fresh(committee)


def name_of(session: Session, member: Member) -> str:
    person = session.get(Person, member.person_id) if member.person_id else None
    return person.name if person else ""


def sites(session: Session, case: CaseFacts, rows: list[Member], now: datetime, *, names: bool) -> list[dict[str, Any]]:
    """Booked venues with the seats already revealed: who has signed in, who is heard, who has been away since when."""
    heard = standing.heard(session, rows)
    found = []
    for booking, centre in venues.booked(session, case.id, case.parties):
        seats = []
        for row in rows:
            if row.site != centre.region or not row.seat_id:
                continue
            seat = session.get_one(Seat, row.seat_id)
            one = {
                "seat": seat.id, "label": seat.label, "cell": seat.cell, "x": seat.x, "y": seat.y, "member": row.id,
                "number": row.number, "state": row.state, "present": row.id in heard and heard[row.id] is None,
                "away_at": away.isoformat() if (away := heard.get(row.id)) else "",
            }  # fmt: skip
            seats.append(one | ({"name": name_of(session, row)} if names else {}))
        expected = sum(row.site == centre.region for row in rows)
        found.append({"site": centre.region, "name": centre.name, "part": booking.part, "expected": expected,
                      "seats": seats})  # fmt: skip
    return found


def _mine(
    session: Session, case: CaseFacts, sitting: Sitting, me: Member, bids: list[dict[str, Any]]
) -> dict[str, Any]:
    marks = review.marks(session, [me])
    given = sheet.scores(session, [me])
    scores: dict[str, dict[str, str]] = {}
    for (_, bid, criterion), points in given.items():
        scores.setdefault(bid, {})[criterion] = points
    done = {
        bid["id"]: {
            "review": sum(one.bid_id == bid["id"] for one in marks), "review_of": len(case.items),
            "scores": len(scores.get(bid["id"], {})), "scores_of": len(case.criteria),
        }
        for bid in bids
    }  # fmt: skip
    return {
        "marks": [
            {"bid": m.bid_id, "item": m.item, "pass": m.passed, "page": m.page, "reason": m.reason, "ground": m.ground,
             "unclear": m.unclear}
            for m in marks
        ],
        "scores": scores, "done": done, "review_locked": me.review_locked_at is not None,
        "scores_locked": me.scores_locked_at is not None, "stance": me.stance,
        "missing": sheet.missing(case, bids, sitting.rejected, given, me),
    }  # fmt: skip


def plain_bonds(session: Session, case: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """({bid: its bond as the hall showed it}, accounts from which several came), as plain data."""
    held, shared = cases.bonds(session, case)
    shown = {
        bid: {"form": one["form"], "amount": one["amount"], "at": one["at"] and one["at"].isoformat(),
              "breaches": [asdict(breach) for breach in one["breaches"]]}
        for bid, one in held.items()
    }  # fmt: skip
    return shown, shared


def _bonds(session: Session, case: str) -> dict[str, Any]:
    """Bid bonds, and which came from one account (C1): facts, no finding."""
    shown, shared = plain_bonds(session, case)
    signs = [{"rule": "C1", "level": "DETERMINED_BASIS", "article": TL40, **one} for one in shared]
    return {"bonds": shown, "signs": signs}


def _votes(
    session: Session, now: datetime, case: CaseFacts, committee: Committee, rows: list[Member], me: Member,
    bids: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """Questions to vote on once all have locked, with what to look at before; only the own vote."""
    if not review.all_marked(rows):
        return {"pairs": [], "waiting": sum(row.review_locked_at is None for row in rows)}
    cast = {(v.bid_id, v.ground): v.reject for v in review.votes(session, [me])}
    fails = [m for m in review.marks(session, rows) if not m.passed]
    asked, by_id = of_committee(session, committee.id), {bid["id"]: bid for bid in bids}
    pairs = []
    for bid, ground in review.questions(session, case, rows, bids):
        first, warned = review.weighed(session, case, rows, by_id[bid], ground)
        here = [one for one in asked if one.bid_id == bid and one.ground == ground]
        pairs.append(
            {
                "bid": bid, "ground": ground, "mine": cast.get((bid, ground)),
                "findings": [{"item": m.item, "page": m.page, "reason": m.reason, "unclear": m.unclear} for m in fails
                             if (m.bid_id, m.ground) == (bid, ground)],
                "ask_first": first and bool(by_id[bid]["price"]) and not heard(here, ground, now),
                "asked": bool(here), "clerical": bool(warned),
            }
        )  # fmt: skip
    return {"pairs": pairs, "waiting": 0}


def _flags(session: Session, case: CaseFacts, sitting: Sitting, rows: list[Member], me: Member) -> list[dict[str, Any]]:
    """Own scores that need a word, without the others': the median is told, it is what the flag is measured from."""
    if sitting.stage != "SUMMARY" or not sitting.scoring:
        return []
    keys = ("bid", "criterion", "score", "median", "deviation_pct", "reason")
    found = [
        {key: one[key] for key in keys}
        for one in sheet.anomalies(session, case, rows, sitting.scoring)
        if one["member"] == me.id
    ]
    label = sheet.labels(rows)[me.id]
    own = sitting.scoring["scores"][label]
    apart = sheet.outside(case, sitting.scoring, label)
    return found + [
        {"bid": bid, "criterion": one, "score": own[bid][one], "objective": True, "reason": "",
         "apart": (bid, one) in apart}
        for bid, one in sheet.objective_gaps(case, sitting.scoring)
    ]  # fmt: skip


def tasks(session: Session, sitting: Sitting, rows: list[Member], me: Member, view: dict[str, Any]) -> list[str]:
    """Names of the acts this member still owes in the present stage."""
    mine, leading = view["mine"], me.id == sitting.leader_id
    match sitting.stage:
        case "LEADER":
            voted = session.get(LeaderVote, (me.id, sitting.leader_round)) is not None
            return [] if voted else ["leader.vote"]
        case "BLIND":
            return [] if mine["blind_locked"] else ["blind.score", "blind.lock"]
        case "PRELIM":
            if not mine["review_locked"]:
                return ["prelim.mark", "prelim.lock"]
            return ["reject.vote"] if any(one["mine"] is None for one in view["votes"]["pairs"]) else []
        case "LACK":
            return [] if session.get(LackVote, me.id) is not None else ["lack.vote"]
        case "SCORING":
            return [] if mine["scores_locked"] else ["score.save", "score.lock"]
        case "LOWPRICE":
            return _low_price_tasks(view["low_price"], leading)
        case "SUMMARY":
            own = ["anomaly.confirm"] if any(not one["reason"] for one in view["flags"]) else []
            return own + (["report.make"] if leading else [])
        case "REPORT":
            report = view["report"]
            return ["paper.sign"] if report and not report["signed_by_me"] and me.stance != "deemed" else []
    return []


def _low_price_tasks(found: list[dict[str, Any]], leading: bool) -> list[str]:
    """A proposal needs every member's word, an open one its request and then every member's vote."""
    owed = []
    if any(one["state"] == "asked" and one["my_start"] is None for one in found):
        owed.append("lowprice.back")
    opened = [one for one in found if one["state"] == "open"]
    if leading and any(not one["asked"] for one in opened):
        owed.append("lowprice.ask")
    if any(one["explained"] and one["my_vote"] is None for one in opened):
        owed.append("lowprice.vote")
    return owed


def board(session: Session, case: CaseFacts, rows: list[Member]) -> list[dict[str, Any]]:
    """The leader's completion board: how far each member is, no content."""
    marks, given = review.marks(session, rows), sheet.scores(session, rows)
    return [
        {
            "member": row.id, "number": row.number, "marks": sum(m.member_id == row.id for m in marks),
            "review_locked": row.review_locked_at is not None, "scores": sum(key[0] == row.id for key in given),
            "scores_locked": row.scores_locked_at is not None,
        }
        for row in rows
    ]  # fmt: skip


def summary(session: Session, case: CaseFacts, sitting: Sitting, rows: list[Member]) -> dict[str, Any] | None:
    """Totals, price scores, everyone's scores and flags: None until every member has locked."""
    if sitting.stage not in ("SUMMARY", "REPORT", "SIGNED") or not sitting.scoring:
        return None
    result = dict(sitting.result)
    return {
        "result": result, "prices": policy.prices(sitting.scoring, result),
        "unheard": policy.unheard(cases.bids(session, case.id), sitting.scoring["price"]),
        "places": policy.places(result, brands.out(sitting)) if case.ranked else {},
        "alike": list(sitting.alike), "scores": sitting.scoring["scores"],
        "objective_gaps": sheet.objective_gaps(case, sitting.scoring),
        "anomalies": [
            {key: value for key, value in one.items() if key != "member"}
            for one in sheet.anomalies(session, case, rows, sitting.scoring)
        ],
    }  # fmt: skip


def _report(session: Session, committee: Committee, me: Member) -> dict[str, Any] | None:
    report = report_of(session, committee)
    if report is None or report.state == "superseded":
        return None
    fields = desk.places(session, report.document_id)
    mine = next((one for one in fields if one.person_id == me.person_id), None)
    return {
        "document": report.document_id, "version": report.version, "state": report.state,
        "field": mine.name if mine else "", "signed_by_me": bool(mine and mine.signed_at),
        "signed": sum(one.signed_at is not None for one in fields), "of": len(fields),
    }  # fmt: skip


def _questions(session: Session, committee: Committee) -> list[dict[str, Any]]:
    return [
        {"id": c.id, "bid": c.bid_id, "ground": c.ground, "question": c.question, "until": c.answer_until.isoformat(),
         "answer": c.answer, "attachments": c.attachments}
        for c in of_committee(session, committee.id)
    ]  # fmt: skip


def is_member(session: Session, actor: Actor, case: str) -> bool:
    """For the channel `room:<case>` and the bids: pledged members alone, at their own seat, not over night."""
    committee = committee_of(session, case)
    me = by_person(session, committee, actor.person) if committee and actor.person else None
    if committee is None or me is None or me.state != "pledged" or standing.frozen(session, committee):
        return False
    return not standing.elsewhere(session, actor, me)


def _outside(
    session: Session, actor: Actor, committee: Committee, sitting: Sitting, me: Member, now: datetime
) -> dict[str, Any] | None:
    """What a member sees who may not read now: over night, or from another session or machine than the seat's own."""
    facts = cases.facts(session, committee.case_id)
    night = standing.frozen(session, committee)
    breaches = standing.elsewhere(session, actor, me)
    if not night and not breaches:
        return None
    halt = standing.shown_halt(session, facts, committee, sitting, members(session, committee), now) if night else None
    back = bool(halt and me.id in halt["back"]) and not breaches
    seat = session.get_one(Seat, me.seat_id)
    return {
        "stage": sitting.stage, "halt": halt, "closed": [asdict(one) for one in breaches], "seat_label": seat.label,
        "codes": standing.asks_for_machine(session, me.seat_id), "back": back,
        "tasks": [] if back or (halt and not halt["open_now"]) else ["sitting.rejoin"],
    }  # fmt: skip


def _door(session: Session, facts: CaseFacts, committee: Committee, me: Member, now: datetime) -> dict[str, Any]:
    """Whether the door is closed to a latecomer, and whether the venue asks for its machines or its code."""
    opened = standing.door_opened(session, committee, me.site)
    late = door(committee.at, opened, now, cases.book(facts)) and not standing.called_late(session, me)
    centre = next((c for _, c in venues.booked(session, facts.id, facts.parties) if c.region == me.site), None)
    return {"door_closed": bool(late), "codes": bool(centre and in_force(session, centre.id))}


def _procured(
    session: Session, facts: CaseFacts, committee: Committee, bids: list[dict[str, Any]], *, leading: bool
) -> dict[str, Any]:
    """Of government procurement alone: bids of one brand, corrected prices, what makes a bid invalid without a vote."""
    return {"by_rule": dict(facts.by_rule), "brands": brands.view(session, facts, committee, bids),
            "figures": figures.view(session, facts, committee, bids, leading=leading)}  # fmt: skip


@asking("room.view", Role.EXPERT, Role.TENDERER)
def view(session: Session, now: datetime, actor: Actor, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """The room for the asking member; a tenderer's representative sees what a member sees."""
    committee = committee_of(session, case)
    me = by_person(session, committee, actor.person) if committee else None
    if committee is None or me is None or me.state not in ("accepted", "signed_in", "pledged"):
        raise Refused(denied("MEMBER", "a member of this committee", "-"))
    facts, sitting = cases.facts(session, case), sitting_for(session, committee)
    answer: dict[str, Any] = {"case": case, "title": facts.title, "state": me.state, "site": me.site,
                              "at": committee.at.isoformat()}  # fmt: skip
    if me.state == "accepted":
        return answer | _door(session, facts, committee, me, now) | {"tasks": ["sitting.signin"]}
    answer |= {"member": me.id, "seat": me.seat_id}
    outside = _outside(session, actor, committee, sitting, me, now)
    if outside is not None and (me.state == "pledged" or outside["closed"]):
        return answer | outside
    bids = cases.bids(session, case)
    answer["bidders"] = [{"org": b["org"], "name": b["org_name"]} for b in bids]
    if me.state == "signed_in":
        return answer | {"tasks": ["pledge.sign"]}
    rows = members(session, committee)
    answer |= {
        "stage": sitting.stage, "paused": sitting.paused, "until": sitting.until.isoformat(),
        "leader": sitting.leader_id, "leader_round": sitting.leader_round, "places": places(committee),
        "unit": facts.unit, "ceiling": facts.ceiling, "sites": sites(session, facts, rows, now, names=True),
        "bids": [_bid(bid) for bid in bids], "items": list(facts.items),
        "grounds": facts.grounds, "criteria": list(facts.criteria), "rejected": dict(sitting.rejected),
        **_bonds(session, case), **standing.seen(session, facts, committee, sitting, rows, now),
        "mine": _mine(session, facts, sitting, me, bids), "clarifications": _questions(session, committee),
        "votes": _votes(session, now, facts, committee, rows, me, bids),
        "flags": _flags(session, facts, sitting, rows, me), "report": _report(session, committee, me),
        "flaws": flaws.view(session, committee, rows, me), "documents": cases.tender_papers(session, case),
        "low_price": lowprice.view(session, now, facts, committee, sitting, rows, me),
        "low_minutes": max(cases.book(facts)["LOWPRICE-TIME"].number, facts.low_price.get("minutes") or 0),
        **_procured(session, facts, committee, bids, leading=me.id == sitting.leader_id),
        "unlocks": [one for one in unlocking.shown(session, rows) if me.id in (one["member"], sitting.leader_id)],
    }  # fmt: skip
    if me.id == sitting.leader_id:
        answer |= {"board": board(session, facts, rows), "summary": summary(session, facts, sitting, rows)}
    answer |= blind.opened(session, facts, committee)
    if codes.hidden(facts, sitting):
        answer |= blind.view(session, facts, committee, sitting, rows, me)
    return answer | {"tasks": tasks(session, sitting, rows, me, answer)}
