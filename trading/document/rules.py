"""What blocks or warns when a tender file is issued or clarified. Numbers come from the book of the procedure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from math import ceil
from typing import Any

from core.calendar import Calendar, Due
from core.money import D, plain
from core.rules import Breach, RuleRow
from methods.lowprice import lines_at
from trading.document import judging
from trading.document.facts import Draft
from trading.project.rules import due, plan_age

Book = Mapping[str, RuleRow]


def _period(book: Book, cal: Calendar, rule: str, start: date, end: date | None, field: str) -> list[Breach]:
    """ "不得少于N日": the start day is not counted, and a last day that is off moves on (民法典 art. 203)."""
    row, last = book[rule], due(book, rule, start, cal)
    if end is None or end < last.date:
        need = f"{row.number}{row.unit}, ≥ {last.date}" + (", 暂定" if last.provisional else "")
        return [row.breach("-" if end is None else end, required=need, field=field)]
    return provisional(last, book, field)


def provisional(last: Due, book: Book, field: str) -> list[Breach]:
    """CAL-01: the period ends in a year whose 放假安排 is not published."""
    return [book["CAL-01"].breach(last.date, required="放假安排已公布", field=field)] if last.provisional else []


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
    """R1-13: a share of the estimate, and for works a cap."""
    share, cap = book["R1-13"], book["R1-13/works"]
    assert share.value is not None and cap.value is not None
    found = []
    if d.bond * 100 > d.estimate * share.value:
        need = f"≤ {plain(d.estimate * share.value / 100)}万元 ({plain(share.value)}%)"
        found.append(share.breach(f"{plain(d.bond)}万元", required=need, field="bid_bond"))
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


def time_to_explain(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """LOWPRICE-TIME: a file may give more minutes to explain a price, never fewer."""
    row, minutes = book["LOWPRICE-TIME"], (d.evaluation.get("low_price") or {}).get("minutes")
    if minutes is None or minutes >= row.number:
        return []
    return [row.breach(minutes, required=f"≥ {row.number}{row.unit}", field="evaluation.low_price.minutes")]


def low_price_lines(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """FILE-01: where the law draws lines under which a price is explained, a file raises them up to the law's most."""
    told, law = (d.evaluation.get("low_price") or {}).get("lines") or {}, lines_at(d.issue, d.regime)
    if law is None:
        return []
    return [
        book["FILE-01"].breach(f"{pct}%", required=f"{getattr(law, name)}%–{law.most}% ({law.source})",
                               field=f"evaluation.low_price.lines.{name}")
        for name, pct in told.items() if not D(getattr(law, name)) <= D(pct) <= D(law.most)
    ]  # fmt: skip


def blind_part(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """FILE-01: what is judged under a code is one PDF among the parts of a bid."""
    told = d.evaluation.get("blind")
    if not told or judging.part_of(told, d.settings.get("components") or ()) is not None:
        return []
    return [book["FILE-01"].breach(told["part"], required="PDF", field="evaluation.blind.part")]


def award_plan(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R1-22 where the committee ranks; AW-01…04 where evaluation and award are separate; R1-32 for both."""
    award = d.award
    found = lottery(award, book)
    if not award.get("separate"):
        row = book["R1-22"]
        if not award.get("ranked", True):
            found.append(row.breach("unranked", required="ranked", field="award.ranked"))
        candidates = int(award.get("candidates", row.number))
        if not 1 <= candidates <= row.number:
            found.append(row.breach(candidates, required=f"1–{row.number}", field="award.candidates"))
        return found
    committee, supervisors = int(award.get("committee", 0)), int(award.get("supervisors", 0))
    return [*found, *basis_of_award(award, book), *committee_of_award(committee, supervisors, pool_of(award), book)]


def basis_of_award(award: Mapping[str, Any], book: Book) -> list[Breach]:
    """AW-01: evaluation and award are separate only where the file names the basis."""
    if award.get("separate") and str(award.get("legal_basis") or "").strip():
        return []
    return [book["AW-01"].breach("-", required="legal basis", field="award.legal_basis")]


def pool_of(award: Mapping[str, Any]) -> int:
    """Twice the committee where the file says nothing."""
    return int(award.get("pool") or 2 * int(award.get("committee", 0)))


def committee_of_award(committee: int, supervisors: int, pool: int, book: Book) -> list[Breach]:
    """AW-02 an odd number, AW-03 drawn from a pool so many times as large, AW-04 watched by supervisors."""
    found, odd, watched = [], book["AW-02"], book["AW-04"]
    if committee < odd.number or committee % 2 == 0:
        found.append(odd.breach(committee, required=f"≥ {odd.number}, 单数", field="award.committee"))
    least = least_pool(committee, book)
    if pool < least:
        found.append(book["AW-03"].breach(pool, required=f"≥ {least}", field="award.pool"))
    if supervisors < watched.number:
        found.append(watched.breach(supervisors, required=f"≥ {watched.number}", field="award.supervisors"))
    return found


def least_pool(committee: int, book: Book) -> int:
    """AW-03: whole people."""
    times = book["AW-03"].value
    assert times is not None
    return ceil(committee * times)


def lottery(award: Mapping[str, Any], book: Book) -> list[Breach]:
    """R1-32: no lot decides who wins. 票决抽签 stays off: no meeting of this platform draws a winner."""
    if award.get("method") != "lottery":
        return []
    return [book["R1-32"].breach("lottery", required="no lot", field="award.method")]


def before_issue(
    d: Draft, book: Book, cal: Calendar, checks: Sequence[Callable[[Draft, Book, Calendar], list[Breach]]]
) -> list[Breach]:
    """Everything at once, so that a page can show all of it. `checks`: those of the procedure."""
    return [breach for check in checks for breach in check(d, book, cal)]


def clarified_deadline(
    now: datetime, deadline: datetime, affects: bool, book: Book, cal: Calendar
) -> tuple[datetime, list[Breach]]:
    """R1-07: the deadline after a clarification sent `now`; what affects bids leaves its days, at the same hour."""
    row, last = book["R1-07"], due(book, "R1-07", now.date(), cal)
    if not affects or deadline.date() >= last.date:
        return deadline, []
    moved = datetime.combine(last.date, deadline.timetz())
    short = row.breach(deadline.date(), required=f"{row.number}{row.unit}, ≥ {last.date}", field="deadline")
    return moved, [short, *provisional(last, book, "deadline")]


def keeps_subject(said: bool, book: Book) -> list[Breach]:
    """R2-04/subject: who clarifies says that neither what is bought nor who may bid is changed."""
    row = book.get("R2-04/subject")
    return [row.breach("-", required="不改变采购标的和资格条件", field="keeps_subject")] if row and not said else []
