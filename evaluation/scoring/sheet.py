"""From rows to a scoring/1 object and back: what the committee computes is what anyone can recompute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canon
from core.money import D
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.models import Member
from evaluation.scoring import policy
from evaluation.scoring.models import AnomalyReason, Correction, LockedSheet, Score
from methods import criteria as criteria_methods

_CRITERION = ("id", "name", "max", "weight", "kind", "trim", "eliminate_below")
Cell = tuple[str, str, str]  # member id, bid id, criterion id


def label(position: int) -> str:
    """The name under which the n-th member's scores are published: the report says whose they are."""
    return f"member-{position}"


def commitment(salt: str, own: Mapping[str, Any]) -> str:
    """SHA-256 hex of the salt and the canonical sheet {bid: {criterion: points}}: told at the lock, opened later."""
    return canon.sha256_hex(bytes.fromhex(salt) + canon.dumps(dict(own)))


def labels(rows: Sequence[Member]) -> dict[str, str]:
    """{member id: label} in the order of drawing."""
    return {row.id: label(n) for n, row in enumerate(rows, 1)}


def scores(session: Session, rows: Sequence[Member]) -> dict[Cell, str]:
    query = select(Score.member_id, Score.bid_id, Score.criterion, Score.points)
    query = query.where(Score.member_id.in_([row.id for row in rows]))
    return {(member, bid, criterion): points for member, bid, criterion, points in session.execute(query)}


def locked(session: Session, rows: Sequence[Member]) -> dict[str, dict[str, Any]]:
    """{member id: {bid: {criterion: points}}}: what locks committed to, whatever was rejected or corrected later."""
    query = select(LockedSheet).where(LockedSheet.member_id.in_([row.id for row in rows if row.scores_salt]))
    return {one.member_id: one.sheet for one in session.scalars(query)}


def before_corrections(session: Session, rows: Sequence[Member]) -> dict[Cell, str]:
    """Points as they were locked. A correction comes after the lock, so the first of a cell says what it held."""
    query = select(Correction).where(Correction.member_id.in_([row.id for row in rows]))
    changed = session.scalars(query.order_by(Correction.at.desc(), Correction.id.desc()))
    return scores(session, rows) | {(one.member_id, one.bid_id, one.criterion): one.before for one in changed}


def wanted(case: CaseFacts, bids: Sequence[Mapping[str, Any]], rejected: Mapping[str, str]) -> list[tuple[str, str]]:
    """(bid, criterion) cells every member fills: valid bids × criteria."""
    return [(bid["id"], one["id"]) for bid in bids if bid["id"] not in rejected for one in case.criteria]


def missing(
    case: CaseFacts, bids: Sequence[Mapping[str, Any]], rejected: Mapping[str, str], given: Mapping[Cell, str],
    member: Member,
) -> list[tuple[str, str]]:  # fmt: skip
    return [cell for cell in wanted(case, bids, rejected) if (member.id, *cell) not in given]


def sheet(session: Session, case: CaseFacts, rows: Sequence[Member], rejected: Mapping[str, str]) -> dict[str, Any]:
    """The scoring/1 object of this sitting. Bids without a readable price cannot stand in it; they are rejected."""
    bids = cases.bids(session, case.id)
    given, names = scores(session, rows), labels(rows)
    listed = []
    for bid in bids:
        if not bid["price"]:
            continue
        row: dict[str, Any] = {"id": bid["id"], "price": str(bid["price"])}
        row |= policy.claims(bid, case.evaluation["price"])
        if bid["id"] in rejected:
            row["rejected"] = rejected[bid["id"]]
        listed.append(row)
    told = case.evaluation
    data: dict[str, Any] = {"schema": "scoring/1", "bids": listed, "price": cases.price(session, case)}
    if case.ceiling:
        data["ceiling"] = case.ceiling
    mark = cases.reference(session, case)
    if mark:
        data["reference"] = mark
    data["criteria"] = [{key: one[key] for key in _CRITERION if key in one} for one in case.criteria]
    by_member: dict[str, dict[str, dict[str, str]]] = {}
    for row_member in rows:
        filled: dict[str, dict[str, str]] = {}
        for bid_id, criterion in wanted(case, bids, rejected):
            if (row_member.id, bid_id, criterion) in given:
                filled.setdefault(bid_id, {})[criterion] = given[row_member.id, bid_id, criterion]
        by_member[names[row_member.id]] = filled
    data["scores"] = by_member
    data |= {key: told[key] for key in ("total_round", "ties") if key in told}
    return data


def objective_gaps(case: CaseFacts, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(bid, criterion) of objective items on which members differ: they block the summary (财政部令87号 art. 64)."""
    found = []
    for one in case.criteria:
        if one.get("kind") != "objective":
            continue
        for bid in data["bids"]:
            values = {D(s[bid["id"]][one["id"]]) for s in data["scores"].values() if one["id"] in s.get(bid["id"], {})}
            if len(values) > 1:
                found.append((bid["id"], one["id"]))
    return found


def outside(case: CaseFacts, data: Mapping[str, Any], label: str) -> set[tuple[str, str]]:
    """Objective cells on which this member is the one to look again: most agree on another value, or nobody does."""
    found = set()
    for bid, criterion in objective_gaps(case, data):
        given = [D(items[bid][criterion]) for items in data["scores"].values()]
        mine = D(data["scores"][label][bid][criterion])
        agreed = [value for value in set(given) if 2 * given.count(value) > len(given)]
        if mine not in agreed:
            found.add((bid, criterion))
    return found


def anomalies(session: Session, case: CaseFacts, rows: Sequence[Member], data: Mapping[str, Any]) -> list[Any]:
    """Subjective scores that stand out, each with its author's reason if one was given for these very points."""
    subjective = {one["id"] for one in case.criteria if one.get("kind") != "objective"}
    only = {
        member: {bid: {c: v for c, v in items.items() if c in subjective} for bid, items in bids.items()}
        for member, bids in data["scores"].items()
    }
    query = select(AnomalyReason).where(AnomalyReason.member_id.in_([row.id for row in rows]))
    said = {(one.member_id, one.bid_id, one.criterion, one.points): one.reason for one in session.scalars(query)}
    ids = {name: member for member, name in labels(rows).items()}
    found = []
    for flag in criteria_methods.anomalies(only, case.evaluation.get("tolerance_pct", 30)):
        points = data["scores"][flag["expert"]][flag["bid"]][flag["criterion"]]
        member = ids[flag["expert"]]
        reason = said.get((member, flag["bid"], flag["criterion"], points), "")
        found.append(flag | {"score": points, "member": member, "reason": reason})
    return found
