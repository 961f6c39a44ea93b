"""Acts of scoring: own drafts, the lock, and what may still happen to a score after it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core import fields
from core.access import Actor
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.money import D, plain
from core.quick import Written
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.committee.actions import nameless, unnamed
from evaluation.scoring import sheet
from evaluation.scoring.models import AnomalyReason, Correction, LockedSheet, Score
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, enter

P = dict[str, Any]
ARTICLE = "招标投标法 第40条"
M87 = "政府采购货物和服务招标投标管理办法 第64条"


def points_of(most: Mapping[str, Decimal], criterion: str, p: P) -> str:
    if criterion not in most:
        raise Unusable("criterion: not one of this tender")
    points = fields.decimal(p, "points", places=2)
    if not 0 <= points <= most[criterion]:
        raise Refused(Breach("POINTS", M87, "B", f"0 – {plain(most[criterion])}", plain(points), "points"))
    return plain(points)


def most(room: Room) -> dict[str, Decimal]:
    return {one["id"]: D(one["max"]) for one in room.case.criteria}


@dataclass
class Sheet:
    """One member's sheet while it is open: which cells there are, which of them hold points. A core.quick.Grant."""

    actor: Actor
    holds: timedelta
    member: str
    case: str
    most: Mapping[str, Decimal]  # of each criterion
    cells: set[tuple[str, str]]
    given: set[tuple[str, str]]
    blind: Collection[str]
    done: int = field(init=False)

    def __post_init__(self) -> None:
        self.done = len(self.given & self.cells)  # points on a bid rejected since count for nothing

    def _row(self, one: Any, now: datetime) -> dict[str, Any]:
        if not isinstance(one, dict):
            raise Unusable("scores: objects are expected")
        fields.only(one, "bid", "criterion", "points")
        bid, criterion = fields.text(one, "bid", limit=16), fields.text(one, "criterion", limit=40)
        points = points_of(self.most, criterion, one)
        if (bid, criterion) not in self.cells:
            raise Unusable("bid: not a valid bid of this case")
        if criterion in self.blind:
            raise Refused(Breach("LOCKED", ARTICLE, "B", "before blind.lock", "blind criteria", "criterion"))
        return {"member_id": self.member, "bid_id": bid, "criterion": criterion, "points": points, "at": now}

    def write(self, payload: P, now: datetime) -> Written:
        given = fields.items(payload, "scores", most=2000) if "scores" in payload else [payload]
        rows = [self._row(one, now) for one in given]
        fresh: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for row in rows:
            cell = row["bid_id"], row["criterion"]
            if cell in self.given:
                known.append(row)
            else:
                fresh.append(row)
                self.given.add(cell)
                self.done += 1
        named = [{"bid": row["bid_id"], "criterion": row["criterion"]} for row in rows]
        return Written(
            Score, fresh, known, "score.saved", {"member": self.member, "cells": named}, f"room:{self.case}",
            "score.progress", {"member": self.member, "done": self.done}, {"done": self.done, "of": len(self.cells)},
        )  # fmt: skip


def _cells(tx: Tx, room: Room) -> set[tuple[str, str]]:
    bids = cases.bids(tx.session, room.case.id)
    return set(sheet.wanted(room.case, bids, room.sitting.rejected))


@acting("score.save", *MEMBERS, draft=True)
def save(tx: Tx, case: str, p: P) -> P:
    """{bid, criterion, points} or {scores: [those]}: a draft of one's own; nobody else can read it.

    The ledger keeps that a draft was saved and a salted hash of it, not the points, until the lock.
    """
    room = enter(tx, case, "SCORING")
    if room.me.scores_locked_at is not None:
        raise Refused(Breach("LOCKED", ARTICLE, "B", "before score.lock", room.me.scores_locked_at.isoformat()))
    given = {(bid, one) for _, bid, one in sheet.scores(tx.session, [room.me])}
    mine = Sheet(nameless(tx.actor, room.me), room.holds, room.me.id, case, most(room), _cells(tx, room),
                 given, room.case.blind.get("criteria", ()))  # fmt: skip
    return tx.draft(case, mine, p)


@acting("score.lock", *MEMBERS, signed=True)
def lock(tx: Tx, case: str, p: P) -> P:
    """{scores?: {bid: {criterion: points}}}: final. With `scores` the proof covers the sheet, which must be as saved.

    The ledger gets a salted commitment now; salt and sheet come with the report, so that no score changes unseen.
    """
    fields.only(p, "scores")
    room = enter(tx, case, "SCORING")
    if room.me.scores_locked_at is not None:
        raise Refused(Breach("LOCKED", ARTICLE, "B", "one lock", room.me.scores_locked_at.isoformat()))
    given = sheet.scores(tx.session, [room.me])
    lacking = sheet.missing(room.case, cases.bids(tx.session, case), room.sitting.rejected, given, room.me)
    if lacking:
        wanted = len(_cells(tx, room))
        raise Refused(Breach("INCOMPLETE-SCORES", ARTICLE, "B", str(wanted), str(wanted - len(lacking))))
    cells = _cells(tx, room)
    mine: dict[str, dict[str, str]] = {}
    for (_, bid, criterion), points in given.items():
        if (bid, criterion) in cells:
            mine.setdefault(bid, {})[criterion] = points
    if "scores" in p and fields.mapping(p, "scores") != mine:
        raise Refused(Breach("OTHER-SCORES", ARTICLE, "B", "the scores as saved", "another sheet", "scores"))
    room.me.scores_locked_at, room.me.scores_salt = tx.now, secrets.token_hex(16)
    tx.session.merge(LockedSheet(member_id=room.me.id, sheet=mine))
    tx.session.flush()
    body = {"member": room.me.id, "sheet": sheet.commitment(room.me.scores_salt, mine)}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "score.locked", body, case=case))
    flow.tell(tx, case, "score.locked", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee)}


def _own_cell(room: Room, p: P) -> tuple[str, str]:
    cell = fields.text(p, "bid", limit=16), fields.text(p, "criterion", limit=40)
    given = room.sitting.scoring.get("scores", {}).get(sheet.labels(room.all)[room.me.id], {})
    if cell[1] not in given.get(cell[0], {}):
        raise Unusable("bid, criterion: not a score of yours")
    return cell


@acting("anomaly.confirm", *MEMBERS)
def confirm(tx: Tx, case: str, p: P) -> P:
    """{bid, criterion, reason}: the author stands by a score that stands out (财政部令87号 art. 64)."""
    fields.only(p, "bid", "criterion", "reason")
    room = enter(tx, case, "SUMMARY")
    bid, criterion = _own_cell(room, p)
    reason = fields.text(p, "reason", limit=500)
    flags = sheet.anomalies(tx.session, room.case, room.all, room.sitting.scoring)
    flag = next(
        (one for one in flags if (one["member"], one["bid"], one["criterion"]) == (room.me.id, bid, criterion)), None
    )
    if flag is None:
        raise Refused(Breach("ANOMALY", M87, "B", "an own score that stands out", "-"))
    tx.session.merge(
        AnomalyReason(member_id=room.me.id, bid_id=bid, criterion=criterion, points=flag["score"], reason=reason,
                      at=tx.now)
    )  # fmt: skip
    body = {"member": room.me.id, "bid": bid, "criterion": criterion, "points": flag["score"], "reason": reason}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "anomaly.confirmed", body, case=case))
    flow.tell(tx, case, "anomaly.answered", {"member": room.me.id})
    return {}


@acting("score.correct", *MEMBERS, signed=True)
def correct(tx: Tx, case: str, p: P) -> P:
    """{bid, criterion, points, reason}: only an own score that stands out, or an objective one that differs."""
    fields.only(p, "bid", "criterion", "points", "reason")
    room = enter(tx, case, "SUMMARY")
    bid, criterion = _own_cell(room, p)
    value, reason = points_of(most(room), criterion, p), fields.text(p, "reason", limit=500)
    data = room.sitting.scoring
    flags = sheet.anomalies(tx.session, room.case, room.all, data)
    open_cells = {(one["bid"], one["criterion"]) for one in flags if one["member"] == room.me.id}
    open_cells |= set(sheet.objective_gaps(room.case, data))
    if (bid, criterion) not in open_cells:
        raise Refused(Breach("R2-30", M87, "B", "a score that stands out or differs", f"{bid} {criterion}"))
    row = tx.session.get_one(Score, (room.me.id, bid, criterion))
    before, row.points, row.at = row.points, value, tx.now
    tx.session.add(
        Correction(member_id=room.me.id, bid_id=bid, criterion=criterion, before=before, after=value, reason=reason,
                   at=tx.now)
    )  # fmt: skip
    body = {"member": room.me.id, "bid": bid, "criterion": criterion, "before": before, "after": value,
            "reason": reason}  # fmt: skip
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "score.corrected", body, case=case))
    flow.summarise(flow.state(tx, room.committee))
    flow.tell(tx, case, "anomaly.answered", {"member": room.me.id})
    return {"totals": room.sitting.result.get("totals", {})}
