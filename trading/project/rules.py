"""Must it be tendered, and is it state money (必须招标的工程项目规定); is the plan old enough; what is in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from core.calendar import Calendar, Due
from core.money import plain
from core.rules import Breach, RuleRow
from trading.project.facts import Need

Book = Mapping[str, RuleRow]
_SUFFIX = {"works": "", "goods": "/goods", "services": "/services"}


def must_tender(need: Need, book: Book) -> list[Breach]:
    """R1-01: at or above the threshold a way without tender needs a 不招标依据."""
    row = book.get("R1-01" + _SUFFIX[need.kind])
    if row is None:  # 公开招标数额标准 of government procurement is a table of each region
        return []
    assert row.value is not None
    if need.tendered or need.estimate < row.value:
        return []
    return [row.breach(plain(need.estimate), required=f"< {plain(row.value)}{row.unit}", field="procedure")]


def state_funds(need: Need, book: Book) -> list[Breach]:
    """R1-02: budget money of both 200 万元 and 10 % of the investment makes state funds, whatever was declared."""
    least, share = book.get("R1-02"), book.get("R1-02/share")
    if least is None or share is None:  # government procurement spends budget money by its nature
        return []
    assert least.value is not None and share.value is not None
    if need.funds == "state" or need.budget is None or not need.investment:
        return []
    if need.budget < least.value or need.budget * 100 < share.value * need.investment:
        return []
    return [least.breach(f"{plain(need.budget)}{least.unit}, {need.funds}", required="state", field="funds")]


def plan_age(published: date | None, notice: date, book: Book) -> list[Breach]:
    """R1-03: the plan stands 30 days before the notice in many provinces (a parameter)."""
    row = book["R1-03"]
    if published is not None and notice - published >= timedelta(days=book["R1-03"].number):
        return []
    return [row.breach("-" if published is None else f"{(notice - published).days}日", field="plan")]


def due(book: Book, rule: str, start: date, cal: Calendar) -> Due:
    """The last day of a period: `start` is not counted, a last day that is off moves on (民法典 art. 201, 203).

    Working days of a year whose table is not in are guessed and provisional: a notice or a page must name a day.
    """
    row = book[rule]
    if row.unit == "工作日":
        return cal.add_workdays(start, row.number, guess=True)
    return cal.add_days(start, row.number, end_on_workday=True)


def within(book: Book, rule: str, start: date, today: date, cal: Calendar) -> list[Breach]:
    """An act that is due "within N days of" `start` and comes today."""
    row, last = book[rule], due(book, rule, start, cal)
    if today <= last.date:
        return []
    provisional = ", 暂定" if last.provisional else ""
    return [row.breach(today, required=f"{row.number}{row.unit}, ≤ {last.date}{provisional}")]


def validity_ends(deadline: date, days: int) -> date:
    """The last day a bid binds: counted from the deadline (条例 art. 25)."""
    return deadline + timedelta(days=days)


def validity_ending(ends: date, today: date, book: Book) -> list[Breach]:
    """R1-31: somebody is told while there is still time to ask for an extension."""
    row, left = book["R1-31"], (ends - today).days
    return [row.breach(f"{left}日, {ends}", required=f"> {row.number}日")] if left <= row.number else []


def validity_over(ends: date, today: date, book: Book) -> list[Breach]:
    """R1-31: the winner is settled while the bids still bind."""
    return [book["R1-31"].breach(today, required=f"≤ {ends}")] if today > ends else []
