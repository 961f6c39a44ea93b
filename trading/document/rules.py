"""What blocks or warns when a tender file is issued or clarified. Numbers come from the book of the procedure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from core.calendar import Calendar
from core.money import plain
from core.rules import Breach, RuleRow
from trading.document.facts import Draft
from trading.project.rules import number, plan_age

Book = Mapping[str, RuleRow]


def _period(book: Book, cal: Calendar, rule: str, start: date, end: date | None, field: str) -> list[Breach]:
    """ "不得少于N日": the start day is not counted, and a last day that is off moves on (民法典 art. 203)."""
    row, due = book[rule], cal.add_days(start, number(book, rule), end_on_workday=True)
    if end is None or end < due.date:
        need = f"{number(book, rule)}{row.unit}, ≥ {due.date}" + (" 暂定" if due.provisional else "")
        return [row.breach("-" if end is None else end, required=need, field=field)]
    return [book["CAL-01"].breach(due.date, required="放假安排已公布", field=field)] if due.provisional else []


def issue_period(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-04"""
    return _period(book, cal, "R1-04", d.file_from, d.file_until, "file_until")


def bidding_period(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-06: from the day the file begins to be issued."""
    return _period(book, cal, "R1-06", d.file_from, d.deadline.date() if d.deadline else None, "deadline")


def order_of_days(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """The file is not given out before the notice, nor does its issue end before it began."""
    row = book["FILE-01"]
    found = []
    if d.file_from < d.issue:
        found.append(row.breach(d.file_from, required=f"≥ {d.issue}", field="file_from"))
    if d.deadline and d.file_until and d.file_until > d.deadline.date():
        found.append(row.breach(d.file_until, required=f"≤ {d.deadline.date()}", field="file_until"))
    return found


def plan_first(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-03"""
    return plan_age(d.plan_published, d.issue, book)


def bid_bond(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-13: 2 % of the estimate, and for works 80 万元."""
    share, cap = book["R1-13"], book["R1-13/works"]
    assert share.value is not None and cap.value is not None
    found = []
    if d.bond * 100 > d.estimate * share.value:
        most = plain(d.estimate * share.value / 100)
        found.append(share.breach(f"{plain(d.bond)}万元", required=f"≤ {most}万元 (2%)", field="bid_bond"))
    if d.kind == "works" and d.bond > cap.value:
        found.append(cap.breach(f"{plain(d.bond)}万元", required=f"≤ {plain(cap.value)}万元", field="bid_bond"))
    return found


def price_limits(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-16: a ceiling or how it is computed; never a lowest price."""
    row, found = book["R1-16"], []
    if not d.ceiling and not d.settings.get("ceiling_method"):
        found.append(row.breach("-", required="最高投标限价或其计算方法", field="ceiling"))
    if d.settings.get("minimum_price"):
        found.append(row.breach(d.settings["minimum_price"], required="无最低投标限价", field="settings.minimum_price"))
    return found


def uses_reference(evaluation: Mapping[str, Any]) -> bool:
    terms = ((evaluation.get("price") or {}).get("benchmark") or {}).get("terms") or []
    return any(term.get("of") == "reference" for term in terms)


def reference_term(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-16: a price term measured from the 标底 needs a recorded basis."""
    if not uses_reference(d.evaluation):
        return []
    basis = str(d.settings.get("reference_basis") or "-")
    return [book["R1-16/reference"].breach(basis, required="recorded basis", field="evaluation.price.benchmark.terms")]


def complete(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """FILE-01: what a file must state (招标投标法 art. 19)."""
    return [book["FILE-01"].breach("-", required=name, field=name) for name in d.missing]


def award_plan(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-22 where the committee ranks; AW-01…04 where evaluation and award are separate; R1-32 for both."""
    award = d.award
    found = lottery(award, book)
    if not award.get("separate"):
        row = book["R1-22"]
        if not award.get("ranked", True):
            found.append(row.breach("unranked", required="ranked", field="award.ranked"))
        if not 1 <= int(award.get("candidates", 3)) <= number(book, "R1-22"):
            found.append(row.breach(award.get("candidates"), required="1–3", field="award.candidates"))
        return found
    if not str(award.get("legal_basis") or "").strip():
        found.append(book["AW-01"].breach("-", required="legal basis", field="award.legal_basis"))
    committee = int(award.get("committee", 0))
    return found + committee_of_award(committee, int(award.get("supervisors", 0)), pool_of(award), book)


def pool_of(award: Mapping[str, Any]) -> int:
    """Twice the committee where the file says nothing."""
    return int(award.get("pool") or 2 * int(award.get("committee", 0)))


def committee_of_award(committee: int, supervisors: int, pool: int, book: Book) -> list[Breach]:
    """AW-02 odd and at least five, AW-03 drawn from half as many again, AW-04 two supervisors."""
    found, times = [], book["AW-03"].value
    assert times is not None
    if committee < number(book, "AW-02") or committee % 2 == 0:
        found.append(book["AW-02"].breach(committee, required="≥ 5, 单数", field="award.committee"))
    if pool < committee * times:
        found.append(book["AW-03"].breach(pool, required=f"≥ {plain(committee * times)}", field="award.pool"))
    if supervisors < number(book, "AW-04"):
        found.append(book["AW-04"].breach(supervisors, required="≥ 2", field="award.supervisors"))
    return found


def lottery(award: Mapping[str, Any], book: Book) -> list[Breach]:
    """R1-32: no lot decides who wins, unless a filed local basis switches 票决抽签 on; then it is a warning."""
    if award.get("method") != "lottery":
        return []
    basis = str(award.get("lottery_basis") or "").strip()
    breach = book["R1-32"].breach(basis or "lottery", required="no lot", field="award.method")
    return [Breach(breach.rule, breach.article, "W" if basis else "B", breach.required, breach.found, breach.field)]


CHECKS: tuple[Callable[[Draft, Book, Calendar], list[Breach]], ...] = (
    complete,
    plan_first,
    order_of_days,
    issue_period,
    bidding_period,
    bid_bond,
    price_limits,
    reference_term,
    award_plan,
)


def before_issue(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """Everything at once, so that a page can show all of it."""
    return [breach for check in CHECKS for breach in check(d, book, cal)]


def clarified_deadline(
    now: datetime, deadline: datetime, affects: bool, book: Book, cal: Calendar
) -> tuple[datetime, list[Breach]]:
    """R1-07: the deadline after a clarification sent `now`; what affects bids leaves 15 days, at the same hour."""
    row = book["R1-07"]
    due = cal.add_days(now.date(), number(book, "R1-07"), end_on_workday=True)
    if not affects or deadline.date() >= due.date:
        return deadline, []
    moved = datetime.combine(due.date, deadline.timetz())
    found = [row.breach(deadline.date(), required=f"15日, ≥ {due.date}", field="deadline")]
    if due.provisional:
        found.append(book["CAL-01"].breach(due.date, required="放假安排已公布", field="deadline"))
    return moved, found
