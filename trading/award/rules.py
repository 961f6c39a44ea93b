"""Pure judgments of the award step (domain.md §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from core.calendar import Calendar, Due
from core.clock import CST
from core.money import D, plain
from core.rules import Breach, RuleRow
from trading.document.rules import basis_of_award, committee_of_award
from trading.project.rules import due

Book = Mapping[str, RuleRow]
BASIS = "评定分离地方依据"
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class MeetingFacts:
    """What opening a meeting is judged by: the file's award block, and ids of persons."""

    award: Mapping[str, Any]
    pool: tuple[str, ...]
    supervisors: tuple[str, ...]
    evaluators: frozenset[str]


def opening_breaches(f: MeetingFacts, book: Book) -> list[Breach]:
    """AW-01…04 as when the file was issued, over the people now named; nobody twice, nobody who evaluated."""
    committee, watching = int(f.award.get("committee", 0)), len(set(f.supervisors))
    numbers = committee_of_award(committee, watching, len(f.pool), book)
    found = [*basis_of_award(f.award, book), *(replace(b, field=b.field.removeprefix("award.")) for b in numbers)]
    promised = int(f.award.get("supervisors", 0))
    if book["AW-04"].number <= watching < promised:
        found.append(book["AW-04"].breach(watching, required=f"≥ {promised}", field="supervisors"))
    if len(set(f.pool)) != len(f.pool) or set(f.pool) & set(f.supervisors):
        found.append(Breach("AW-TWICE", BASIS, "B", "each person once", "twice", "pool"))
    if set(f.pool) & f.evaluators:
        found.append(Breach("AW-EVALUATOR", BASIS, "B", "no member of the evaluation committee", "in the pool", "pool"))
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


def publicity_fields(facts: Mapping[str, Any], book: Book) -> list[Breach]:
    """R1-34: every field of the candidate publicity must be filled. `facts`: field → value."""
    row = book["R1-34"]
    return [row.breach("-", required=name, field=name) for name, value in facts.items() if value in ("", None, [])]


def last_second(day: date) -> datetime:
    """R1-23: the last day of the publicity counts whole."""
    return datetime.combine(day, time(23, 59, 59), CST)


def publicity_again(start: date, until: datetime, book: Book, cal: Calendar) -> Due:
    """The end of a provisional publicity, counted anew: never earlier than announced."""
    before = Due(until.astimezone(CST).date(), True)
    return cal.again(before, start, book["R1-23"].number, end_on_workday=True)


def publicity_over(until: datetime, now: datetime, book: Book) -> list[Breach]:
    """R1-23: nothing is published before the last second of the last day is over."""
    if now >= until + SECOND:
        return []
    return [book["R1-23"].breach(now.isoformat(), required=f"> {until.isoformat()}")]


def first_ranked(state_funds: bool, ranking: Sequence[str], winner: str, book: Book) -> list[Breach]:
    """R1-24: with state funds the first of those still standing wins; a meeting's winner is not asked here."""
    if state_funds and winner != ranking[0]:
        return [book["R1-24"].breach(winner, required=ranking[0], field="winner")]
    return []


def somebody_left(left: Sequence[str], book: Book) -> list[Breach]:
    """R1-24: when the last candidate falls away it is tendered again."""
    return [] if left else [book["R1-24"].breach("0", required="another candidate")]


def performance_bond(bond: Decimal, contract: Decimal, book: Book) -> list[Breach]:
    """R1-27: at most a share of the contract."""
    row = book["R1-27"]
    assert row.value is not None
    if bond * 100 <= contract * row.value:
        return []
    return [row.breach(plain(bond), required=f"≤ {plain(contract * row.value / 100)}", field="bond")]


def enough_to_redo(left: Sequence[str]) -> list[Breach]:
    """A new vote needs a candidate to vote for."""
    return [] if left else [Breach("AW-LEFT", "招标投标法实施条例 第55条", "B", "≥ 1", "0", "excluded")]


def in_order(winner: str, usual: str, reason: str, book: Book) -> list[Breach]:
    """R2-ORDER: the first in order wins; another one, or one of several first, only with a reason."""
    row = book["R2-ORDER"]
    if not winner:
        return [row.breach("-", required="one of the candidates", field="winner")]
    if winner == usual or reason:
        return []
    return [row.breach(winner, required=usual or "a reason", field="reason")]


def bond_form(form: str, bond: Decimal, book: Book) -> list[Breach]:
    """R2-19/form: no cash, where the procedure says so."""
    row = book.get("R2-19/form")
    if row is None or not bond or form not in ("", "cash"):
        return []
    return [row.breach(form or "-", required="非现金形式", field="form")]


def notice_long_enough(start: date, until: date, book: Book, cal: Calendar) -> list[Breach]:
    """R2-17: the notice of the result stands at least a working day."""
    row, last = book["R2-17"], due(book, "R2-17", start, cal)
    return [row.breach(until, required=f"≥ {last.date}", field="until")] if until < last.date else []
