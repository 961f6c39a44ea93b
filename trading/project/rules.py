"""Must it be tendered, and is it state money (必须招标的工程项目规定); is the plan old enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from core.money import plain
from core.rules import Breach, RuleRow
from trading.project.facts import Need

Book = Mapping[str, RuleRow]
_SUFFIX = {"works": "", "goods": "/goods", "services": "/services"}


def number(book: Book, rule: str) -> int:
    """The whole number of a rule, for counting days or heads."""
    value = book[rule].value
    assert value is not None
    return int(value)


def must_tender(need: Need, book: Book) -> list[Breach]:
    """R1-01: at or above the threshold a way without tender needs a 不招标依据."""
    row = book["R1-01" + _SUFFIX[need.kind]]
    assert row.value is not None
    if need.tendered or need.estimate < row.value:
        return []
    return [row.breach(plain(need.estimate), required=f"< {plain(row.value)}{row.unit}", field="procedure")]


def state_funds(need: Need, book: Book) -> list[Breach]:
    """R1-02: budget money of both 200 万元 and 10 % of the investment makes state funds, whatever was declared."""
    least, share = book["R1-02"], book["R1-02/share"]
    assert least.value is not None and share.value is not None
    if need.funds == "state" or need.budget is None or not need.investment:
        return []
    if need.budget < least.value or need.budget * 100 < share.value * need.investment:
        return []
    return [least.breach(f"{plain(need.budget)}{least.unit}, {need.funds}", required="state", field="funds")]


def plan_age(published: date | None, notice: date, book: Book) -> list[Breach]:
    """R1-03: the plan stands 30 days before the notice in many provinces (a parameter)."""
    row = book["R1-03"]
    if published is not None and notice - published >= timedelta(days=number(book, "R1-03")):
        return []
    return [row.breach("-" if published is None else f"{(notice - published).days}日", field="plan")]
