"""How a sitting goes on by itself: each stage is left as soon as what it waits for is there.

A member who leaves takes all his opinions with him (实施条例 art. 48): the sitting falls back to signing in and walks
forward again over what the others have locked, as far as the newcomer lets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from core.acts import Tx
from evaluation import cases
from evaluation.blind import codes as blind
from evaluation.brands import queries as alike
from evaluation.brands import standing as brands
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members
from evaluation.committee.rules import competition, more_than_half
from evaluation.figures import queries as figures
from evaluation.figures import rules as corrections
from evaluation.lowprice import queries as lowprice
from evaluation.lowprice.rules import GROUND, record
from evaluation.review import queries as review
from evaluation.review.models import LackVote
from evaluation.scoring import sheet, unlocking
from evaluation.sitting.guards import complete, sitting_of
from evaluation.sitting.models import LeaderVote, Sitting
from methods.scoring import score

LACK = "LACK"  # the ground of bids rejected together for lack of competition (12号令 art. 27)


@dataclass(frozen=True)
class State:
    tx: Tx
    case: CaseFacts
    committee: Committee
    sitting: Sitting
    rows: list[Member]
    bids: list[dict[str, Any]]

    def valid(self) -> int:
        """Bidders whose bids stand: those of one brand count as one (87号令 art. 31)."""
        left = [bid for bid in self.bids if bid["id"] not in self.sitting.rejected]
        return alike.count(self.tx.session, self.case, self.committee, left)


def _sign_in(s: State) -> str:
    if not complete(s.committee, s.rows):
        return ""
    blind.draw(s.tx, s.case, s.committee, s.bids)
    brands.commit(s.tx, s.case, s.committee)
    return "LEADER"


def _leader(s: State) -> str:
    if not s.sitting.leader_id:
        return ""
    if s.sitting.began_at is None:
        s.sitting.began_at = s.tx.now
    return "BLIND" if s.case.blind and s.bids else "PRELIM"


def _blind(s: State) -> str:
    if not blind.all_locked(s.tx.session, s.rows):
        return ""
    blind.reveal(s.tx, s.case, s.committee)
    return "PRELIM"


def _prelim(s: State) -> str:
    if not review.all_marked(s.rows):
        return ""
    waiting, rejected = review.outcome(s.tx.session, s.case, s.rows, s.bids)
    corrected = figures.of_committee(s.tx.session, s.committee)
    if waiting or corrections.waiting(corrected, s.tx.now):
        return ""
    s.sitting.rejected, s.sitting.lack = corrections.unconfirmed(corrected, s.tx.now) | rejected, {}
    others = brands.by_price(s.tx, s.case, s.committee, s.sitting, s.bids)
    rejected = s.sitting.rejected = s.sitting.rejected | others
    valid = s.valid()
    body = {"rejected": rejected, "valid": valid}
    cases.note(s.tx, s.case.id, "review.settled", body)
    if valid == 0:
        return "SUMMARY"
    short = competition(valid, cases.book(s.case))
    if short and short[0].blocks:
        return _void(s, valid)
    return "LACK" if short else _open_scoring(s)


def _void(s: State, valid: int) -> str:
    """Government procurement: too few conform, nothing is scored, the tender is void (政府采购法 art. 36)."""
    s.sitting.lack, s.sitting.scoring, s.sitting.result = {"void": True, "valid": valid}, {}, {}
    cases.note(s.tx, s.case.id, "evaluation.void", dict(s.sitting.lack))
    return "SUMMARY"


def _lack(s: State) -> str:
    votes = review.lack_votes(s.tx.session, s.rows)
    if len(votes) < len(s.rows):
        return ""
    yes = sum(one.lack for one in votes)
    lack, valid = more_than_half(yes, len(s.rows)), s.valid()
    s.sitting.lack = {"lack": lack, "yes": yes, "no": len(votes) - yes, "valid": valid}
    cases.note(s.tx, s.case.id, "lack.settled", dict(s.sitting.lack))
    if not lack:
        return _open_scoring(s)
    s.sitting.rejected = {bid["id"]: LACK for bid in s.bids} | s.sitting.rejected
    return "SUMMARY"


def _open_scoring(s: State) -> str:
    """A lock stands only over a full sheet: a bid that came back with a replacement's vote must be scored too."""
    given = sheet.scores(s.tx.session, s.rows)
    for row in s.rows:
        if row.scores_locked_at and sheet.missing(s.case, s.bids, s.sitting.rejected, given, row):
            row.scores_locked_at = None
            cases.note(s.tx, s.case.id, "score.reopened", {"member": row.id})
    return "SCORING"


def _scoring(s: State) -> str:
    if not all(row.scores_locked_at for row in s.rows) or unlocking.waiting(s.tx.session, s.rows):
        return ""
    if corrections.waiting(figures.of_committee(s.tx.session, s.committee), s.tx.now):
        return ""
    _unconfirmed(s)  # before any line is drawn under which a price is explained
    return _low_price(s) or "LOWPRICE"


def _unconfirmed(s: State) -> None:
    """Prices corrected while points were given, and not confirmed (87号令 art. 59)."""
    out = corrections.unconfirmed(figures.of_committee(s.tx.session, s.committee), s.tx.now)
    if out.keys() - s.sitting.rejected.keys():
        s.sitting.rejected = out | s.sitting.rejected
        cases.note(s.tx, s.case.id, "figures.settled", {"invalid": sorted(out)})


def _low_price(s: State) -> str:
    """Prices that must be explained come before the first price score; without any this stage is not seen."""
    found, all_of_us = lowprice.suspects(s.tx.session, s.case, s.sitting, s.rows), len(s.rows)
    if not all(one.done(all_of_us) for one in found):
        if s.sitting.stage != "LOWPRICE":
            body = {"bids": [record(one, all_of_us) for one in found]}
            cases.note(s.tx, s.case.id, "lowprice.opened", body)
        return ""
    invalid = {one.bid: GROUND for one in found if one.invalid(all_of_us)}
    if invalid.keys() - s.sitting.rejected.keys():
        s.sitting.rejected = s.sitting.rejected | invalid
        cases.note(s.tx, s.case.id, "lowprice.settled", {"invalid": sorted(invalid)})
    valid = s.valid()
    if valid == 0:
        s.sitting.scoring, s.sitting.result = {}, {}
        return "SUMMARY"
    short = competition(valid, cases.book(s.case))
    if short and short[0].blocks:
        return _void(s, valid)
    if short and s.sitting.lack.get("valid") != valid:
        # Fewer bids than the committee judged on before: every member says it anew.
        s.tx.session.execute(delete(LackVote).where(LackVote.member_id.in_([row.id for row in s.rows])))
        return "LACK"
    summarise(s)
    return "SUMMARY"


def summarise(s: State) -> None:
    """Totals by methods.scoring, once objective items agree; until then there is no result and so no report."""
    data = sheet.sheet(s.tx.session, s.case, s.rows, s.sitting.rejected)
    s.sitting.scoring = data
    s.sitting.result = {} if sheet.objective_gaps(s.case, data) else score(data)
    brands.by_points(s.tx, s.case, s.committee, s.sitting, s.bids)
    body = {"totals": s.sitting.result.get("totals", {}), "benchmark": s.sitting.result.get("benchmark")}
    cases.note(s.tx, s.case.id, "scores.summarised", body)


STEPS: dict[str, Callable[[State], str]] = {
    "SIGN_IN": _sign_in, "LEADER": _leader, "BLIND": _blind, "PRELIM": _prelim, "LACK": _lack, "SCORING": _scoring,
    "LOWPRICE": _low_price,
}  # fmt: skip


def state(tx: Tx, committee: Committee) -> State:
    tx.session.flush()
    case = cases.facts(tx.session, committee.case_id)
    rows = members(tx.session, committee)
    return State(tx, case, committee, sitting_of(tx, committee), rows, cases.bids(tx.session, case.id))


def advance(tx: Tx, committee: Committee) -> str:
    """Walk forward as far as possible; returns the stage reached. Stages are told to the room and to watchers."""
    s = state(tx, committee)
    while step := STEPS.get(s.sitting.stage):
        goal = step(s)
        if not goal:
            break
        s.sitting.stage = goal
        tell(tx, s.case.id, "sitting.stage", {"stage": goal})
        cases.note(tx, s.case.id, "sitting.stage", {"stage": goal})
        if goal == "LEADER" and s.case.state == "COMMITTEE_SET":
            cases.move(tx, s.case.id, "evaluation.begin")
    return s.sitting.stage


def fall_back(tx: Tx, committee: Committee, gone: Member) -> None:
    """After a member who had signed in is out: nobody goes on until the place is filled and the newcomer is level."""
    sitting = sitting_of(tx, committee)
    sitting.stage, sitting.result, sitting.scoring, sitting.alike = "SIGN_IN", {}, {}, []
    if sitting.leader_id == gone.id:
        sitting.leader_id, sitting.leader_round = "", 1
        # The election starts anew; who voted for whom before stands in the ledger.
        ids = [row.id for row in members(tx.session, committee)] + [gone.id]
        tx.session.execute(delete(LeaderVote).where(LeaderVote.voter_id.in_(ids)))
    tell(tx, committee.case_id, "sitting.stage", {"stage": "SIGN_IN"})


def tell(tx: Tx, case: str, kind: str, data: dict[str, Any]) -> None:
    """To the room and to those who watch it; never a score, a name or a bid (venue staff hear the room too)."""
    tx.publish(f"room:{case}", kind, data)
    tx.publish(f"watch:{case}", kind, data)
