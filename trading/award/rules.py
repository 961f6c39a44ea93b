"""Pure judgments of the award step (domain.md §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.money import D
from core.rules import Breach

BASIS = "评定分离地方依据"


@dataclass(frozen=True)
class MeetingFacts:
    """What opening a meeting is judged by; ids are person ids."""

    committee: int
    supervisors_needed: int
    pool: tuple[str, ...]
    supervisors: tuple[str, ...]
    evaluators: frozenset[str]
    reported_on: date
    today: date
    legal_basis: str
    separate: bool


def opening_breaches(f: MeetingFacts) -> list[Breach]:
    """Odd committee ≥ 5, a pool of at least one and a half times, two supervisors, nobody twice, in ten days."""
    found: list[Breach] = []
    if not f.separate or not f.legal_basis:
        need = "a filed basis for 评定分离"
        found.append(Breach("AW-BASIS", "招标投标法实施条例 第55条", "B", need, f.legal_basis or "-"))
    if f.committee < 5 or f.committee % 2 == 0:
        found.append(Breach("AW-COMMITTEE", BASIS, "B", "odd, ≥ 5", str(f.committee), "committee"))
    if 2 * len(f.pool) < 3 * f.committee:
        found.append(Breach("AW-POOL", BASIS, "B", f"≥ {-(-3 * f.committee // 2)}", str(len(f.pool)), "pool"))
    if len(set(f.supervisors)) < max(f.supervisors_needed, 2):
        found.append(Breach("AW-SUPERVISORS", BASIS, "B", f"≥ {max(f.supervisors_needed, 2)}",
                            str(len(set(f.supervisors))), "supervisors"))  # fmt: skip
    if len(set(f.pool)) != len(f.pool) or set(f.pool) & set(f.supervisors):
        found.append(Breach("AW-TWICE", BASIS, "B", "each person once", "twice", "pool"))
    if set(f.pool) & f.evaluators:
        found.append(Breach("AW-EVALUATOR", BASIS, "B", "no member of the evaluation committee", "in the pool", "pool"))
    days = (f.today - f.reported_on).days
    if days > 10:
        found.append(Breach("AW-START", BASIS, "W", "≤ 10日", f"{days}日"))
    return found


def tie_winner(tied: Sequence[str], prices: Mapping[str, str], ties: Sequence[str]) -> str | None:
    """Who wins after a second tie by the file's order of rules, None where only the chair's reasons can decide.

    A lot never decides (发改法规规〔2022〕1117号).
    """
    for rule in ties:
        if rule == "price":
            least = min(D(prices[bid]) for bid in tied)
            cheapest = [bid for bid in tied if D(prices[bid]) == least]
            if len(cheapest) == 1:
                return cheapest[0]
            tied = cheapest
    return None


def stalemate(
    method: str, candidates: Sequence[str], rounds: Sequence[Mapping[str, Any]], counted: Mapping[str, Any]
) -> list[str]:
    """Who is tied for the win twice in a row (a ballot and then a runoff among just them); empty otherwise.

    A tie for the last place is no stalemate: it goes to another runoff.
    """
    done = counted["rounds"]
    if counted["winner"] is not None or len(done) < 2 or not done[-1]["runoff"]:
        return []
    tied = set(done[-1]["runoff"])
    again = set(rounds[-1]["runoff"]) if "runoff" in rounds[-1] else tied
    left = set(candidates) - set(counted["eliminated"])
    for_the_win = method != "elimination" or tied == left
    return sorted(tied) if tied == again == set(done[-2]["runoff"]) and for_the_win else []


def publicity_breaches(facts: Mapping[str, Any]) -> list[Breach]:
    """R1-34: every field of the candidate publicity must be filled. `facts`: field → value."""
    return [
        Breach("R1-34", "招标公告和公示信息发布管理办法 第6条", "B", f"{name}", "-", name)
        for name, value in facts.items()
        if value in ("", None, [])
    ]


def publicity_over(until: datetime, now: datetime) -> list[Breach]:
    """R1-23: at least three days; the last day counts to its end."""
    if now <= until:
        return [Breach("R1-23", "招标投标法实施条例 第54条", "B", f"> {until.isoformat()}", now.isoformat())]
    return []


def notice_breaches(state_funds: bool, separate: bool, ranking: Sequence[str], winner: str) -> list[Breach]:
    """R1-24: with state funds the first-ranked candidate wins, unless 评定分离 has a filed basis."""
    if state_funds and not separate and ranking and winner != ranking[0]:
        return [Breach("R1-24", "招标投标法实施条例 第55条", "B", ranking[0], winner)]
    return []


def performance_bond_breaches(bond: Decimal, contract: Decimal) -> list[Breach]:
    """R1-27: at most 10 % of the contract."""
    if bond * 10 > contract:
        return [Breach("R1-27", "招标投标法实施条例 第58条", "B", f"≤ {contract / 10}", str(bond), "bond")]
    return []


def enough_to_redo(left: Sequence[str]) -> list[Breach]:
    """A new vote needs a candidate to vote for."""
    return [] if left else [Breach("AW-LEFT", "招标投标法实施条例 第55条", "B", "≥ 1", "0", "excluded")]
