"""The machine record evaluation-report/1: all that the report says, as data anyone can recompute.

{schema, version, case, bids, tender_documents, committee, draws, review, clarifications, blind, low_price, scoring,
 commitments, unlocks, anomalies, corrections, outcome, ranked, candidates, ranking, mode, interruptions, incidents,
 talk, recording, signers}. Scores stand under labels member-1 … member-n; `committee` says whose they are. `ranking` is
null where the award is separated from the evaluation (domain.md §5). `same_brand` and `figures` stand there only where
the tender file names core products (87号令 art. 31) and where prices were corrected (art. 59), `flaws` only where the
committee held the file to be flawed and went on after the answer; `bids` hold prices as opened. `talk` and
`recording` hold counts and digests alone: what was said stays secret. In `commitments` and
`blind.locks` stands beside each salt the sheet as it was locked, with bids that were rejected and points that were
corrected later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org, Person
from certs import drawdesk, draws
from core import canon
from evaluation import cases
from evaluation.blind import queries as blind
from evaluation.brands import queries as brands
from evaluation.cases import CaseFacts
from evaluation.clarify.queries import of_committee
from evaluation.committee.models import OUT, Committee, Member
from evaluation.committee.queries import members
from evaluation.failures import standing
from evaluation.figures import queries as figures
from evaluation.flaws import queries as flaws
from evaluation.lowprice import queries as lowprice
from evaluation.lowprice.rules import GROUND, TEXT
from evaluation.report.models import Refusal
from evaluation.review import queries as review
from evaluation.scoring import sheet, unlocking
from evaluation.scoring.models import Correction
from evaluation.sitting.flow import LACK
from evaluation.sitting.models import Incident, Sitting
from evaluation.talk.queries import recording_digest, talk_digest
from experts.queries import employers
from methods.scoring import unranked
from venues.models import Seat

SCHEMA = "evaluation-report/1"


def _case(session: Session, case: CaseFacts) -> dict[str, Any]:
    def name(org: str) -> str:
        row = session.get(Org, org) if org else None
        return row.name if row else ""

    return {
        "id": case.id, "title": case.title, "lot_code": case.lot_code, "region": case.region, "regime": case.regime,
        "unit": case.unit, "ceiling": case.ceiling, "tenderer": name(case.tenderer), "agency": name(case.agency),
        "method": str(case.evaluation.get("method", "")), "remote": str(case.remote.get("mode", "")),
        "opened_at": case.opened_at.isoformat() if case.opened_at else None,
    }  # fmt: skip


def _bids(bids: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = ("id", "number", "org_name", "price", "duration_days", "quality", "flags", "pdf_sha256")
    return [
        {key: bid.get(key) for key in keys} | {"price": bid.get("opened_price", bid["price"])}
        | ({"small": bid["small"]} if bid.get("small") else {})
        for bid in bids
    ]  # fmt: skip


def _unqualified(session: Session, case: CaseFacts) -> dict[str, Any]:
    """Only where somebody was found so before the evaluation."""
    out = cases.turned_away(session, case.id)
    return {"unqualified": out} if out else {}


def _committee(session: Session, sitting: Sitting, rows: Sequence[Member]) -> list[dict[str, Any]]:
    work = employers(session, [row.person_id for row in rows])
    duty, found = standing.duties(session, rows), []
    for row in rows:
        person = session.get(Person, row.person_id)
        seat = session.get(Seat, row.seat_id)
        found.append(
            {
                "label": sheet.labels(rows)[row.id], "member": row.id, "name": person.name if person else "",
                "kind": row.kind, "leader": row.id == sitting.leader_id, "site": row.site,
                "employer": work.get(row.person_id, ("", ""))[0], "seat": seat.label if seat else "",
                "signed_in_at": row.signed_in_at, "pledged_at": row.pledged_at, "identity": row.identity.get("how", ""),
                "duty": duty.get(row.id, ""),
                "certificate": row.certificate, "stance": row.stance or "agree", "dissent": row.dissent,
            }
        )  # fmt: skip
    return found


def _draws(session: Session, case: str) -> list[dict[str, Any]]:
    return [
        {"draw": row.id, "purpose": row.purpose, "list": draws.list_hash(row.frozen),
         "record_sha256": canon.sha256_hex(canon.dumps(row.record)),
         "withheld": sorted({"centre", "supervisor", "tenderer"} - {one["party"] for one in row.reveals})}
        for row in sorted(drawdesk.of_case(session, case), key=lambda one: (one.purpose, one.id))
        if row.record is not None and row.purpose in ("coefficient", "experts", "seating")
    ]  # fmt: skip


def _review(session: Session, case: CaseFacts, sitting: Sitting, rows: Sequence[Member]) -> dict[str, Any]:
    names = sheet.labels(rows)
    marks = [
        {"member": names[one.member_id], "bid": one.bid_id, "item": one.item, "pass": one.passed, "page": one.page,
         "reason": one.reason, "ground": one.ground}
        for one in review.marks(session, rows)
    ]  # fmt: skip
    votes = [
        {"member": names[one.member_id], "bid": one.bid_id, "ground": one.ground, "reject": one.reject,
         "reason": one.reason}
        for one in review.votes(session, rows)
    ]  # fmt: skip
    lack = [
        {"member": names[one.member_id], "lack": one.lack, "reason": one.reason}
        for one in review.lack_votes(session, rows)
    ]
    grounds = case.grounds | dict(case.by_rule) | {LACK: "有效投标不足三个且明显缺乏竞争，评标委员会否决全部投标",
                              GROUND: TEXT[case.regime]}  # fmt: skip
    rejected = [{"bid": bid, "ground": g, "text": grounds[g]} for bid, g in sorted(sitting.rejected.items())]
    items = [dict(one) for one in case.items]
    return {"items": items, "marks": marks, "votes": votes, "rejected": rejected, "lack_votes": lack,
            "lack": sitting.lack or None}  # fmt: skip


def candidates(
    case: CaseFacts, bids: Sequence[dict[str, Any]], result: dict[str, Any], out: Collection[str] = ()
) -> list[str]:
    """R1-22: as many as the file says, at most the law's number unless the award is separate, by total.

    In ranked order, or, where no rank may be printed, in bid-number order. `out`: another bid stands for their brand.
    """
    limit = cases.book(case)["R1-22"].number
    asked = int(case.award.get("candidates", limit))
    most = asked if case.award.get("separate") else min(asked, limit)
    best = [bid for bid in result.get("ranking", []) if bid not in out][:most]
    return best if case.ranked else [bid["id"] for bid in bids if bid["id"] in best]


def _scores(session: Session, case: CaseFacts, sitting: Sitting, rows: Sequence[Member]) -> dict[str, Any]:
    """Input, result, commitments, scores that stood out and what was corrected."""
    names, result = sheet.labels(rows), dict(sitting.result)
    flags = sheet.anomalies(session, case, rows, sitting.scoring) if sitting.scoring else []
    locked = sheet.locked(session, rows)
    changed = session.scalars(
        select(Correction)
        .where(Correction.member_id.in_([row.id for row in rows]))
        .order_by(Correction.at, Correction.id)
    )
    return {
        "scoring": {"input": sitting.scoring, "result": result if case.ranked else unranked(result)}
        if result else None,
        "commitments": {names[row.id]: {"salt": row.scores_salt, "sheet": locked.get(row.id)}
                        for row in rows if row.scores_salt},
        "unlocks": [
            {"member": names[one.member_id], "reason": one.reason, "state": one.state, "answer": one.answer,
             "salt": one.salt, "sheet": one.sheet}
            for one in unlocking.requests(session, rows)
        ],
        "anomalies": [
            {key: one[key] for key in ("expert", "bid", "criterion", "score", "median", "deviation_pct", "reason")}
            for one in flags
        ],
        "corrections": [
            {"member": names[one.member_id], "bid": one.bid_id, "criterion": one.criterion, "before": one.before,
             "after": one.after, "reason": one.reason}
            for one in changed
        ],
    }  # fmt: skip


def _interruptions(session: Session, committee: Committee) -> list[dict[str, Any]]:
    """Every time the sitting stood still: from, until, cause, and by whose word it went on."""

    def name(org: str) -> str:
        row = session.get(Org, org) if org else None
        return row.name if row else ""

    return [
        {
            "kind": halt.kind, "cause": halt.cause, "site": halt.site, "reason": halt.reason, "from": halt.from_at,
            "until": halt.until_at, "ended": halt.ended, "said": halt.said, "by": name(halt.by_org),
            "confirmed": [
                {"party": party if not one.member_id or party == "leader" else "member", "org": name(one.org_id),
                 "at": one.at}
                for party, one in sorted(standing.consents(session, halt).items(), key=lambda item: item[1].at)
            ],
        }
        for halt in standing.halts(session, committee)
    ]  # fmt: skip


def _seldom(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, bids: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Parts that stand only in a report of a sitting that had them."""
    return {**brands.archive(session, case, committee, sitting, bids), **figures.archive(session, committee),
            **flaws.archive(session, case, committee)}  # fmt: skip


def read(session: Session, committee: Committee, sitting: Sitting, version: int) -> dict[str, Any]:
    """The record as of now, not yet `plain`; the same rows give the same record."""
    case = cases.facts(session, committee.case_id)
    rows, bids = members(session, committee), cases.bids(session, committee.case_id)
    names, result = sheet.labels(rows), dict(sitting.result)
    out = brands.out(sitting)
    ranking = [bid for bid in result.get("ranking", []) if bid not in out]
    refused = select(Refusal).where(Refusal.member_id.in_([row.id for row in rows]))
    refusals = {row.member_id: row for row in session.scalars(refused)}
    told = select(Incident).where(Incident.committee_id == committee.id).order_by(Incident.at, Incident.id)
    incidents = session.scalars(told)
    return {
        "schema": SCHEMA, "version": version, "case": _case(session, case), "bids": _bids(bids),
        **_unqualified(session, case),
        "tender_documents": cases.tender_papers(session, case.id),
        "committee": _committee(session, sitting, rows), "draws": _draws(session, case.id),
        "left": [{"site": row.site, "how": row.state, "reason": row.reason}
                 for row in members(session, committee, *OUT) if row.signed_in_at],
        "began_at": sitting.began_at, "review": _review(session, case, sitting, rows),
        "clarifications": [
            {"bid": one.bid_id, "question": one.question, "asked_at": one.asked_at, "answer": one.answer,
             "answered_at": one.answered_at, "attachments": one.attachments}
            for one in of_committee(session, committee.id)
        ],
        "blind": blind.archive(session, case, committee, rows),
        "low_price": lowprice.archive(session, case, committee, sitting, rows, names),
        **_scores(session, case, sitting, rows),
        "outcome": "void" if sitting.lack.get("void") else "evaluated" if result.get("ranking") else "all_rejected",
        "ranked": case.ranked, "ranking": ranking if case.ranked else None,
        "candidates": candidates(case, bids, result, out),
        **_seldom(session, case, committee, sitting, bids),
        "refusals": [
            {"member": names[member], "witness": one.witness_name, "reference": one.reference}
            for member, one in sorted(refusals.items(), key=lambda item: names[item[0]])
        ],
        "mode": standing.mode_of(case, committee), "interruptions": _interruptions(session, committee),
        "incidents": [
            {"at": one.at, "kind": one.kind, "site": one.site, "text": one.text} for one in incidents
        ],
        "talk": talk_digest(session, committee), "recording": recording_digest(session, committee),
    }  # fmt: skip


def plain(raw: dict[str, Any]) -> dict[str, Any]:
    """One round through canonical JSON: what is stored is what is hashed, times and decimals as text."""
    record: dict[str, Any] = canon.loads(canon.dumps(raw))
    return record


def dissenting(raw: dict[str, Any], member: str, text: str) -> None:
    """`raw` as it will read when this member's opinion is a row."""
    for one in raw["committee"]:
        if one["member"] == member:
            one["stance"], one["dissent"] = "dissent", text


def deemed(raw: dict[str, Any], member: str, witness: str, reference: str) -> None:
    """`raw` as it will read when a witness's word on this member is a row."""
    for one in raw["committee"]:
        if one["member"] == member:
            one["stance"] = "deemed"
            raw["refusals"].append({"member": one["label"], "witness": witness, "reference": reference})
    raw["refusals"].sort(key=lambda one: str(one["member"]))
