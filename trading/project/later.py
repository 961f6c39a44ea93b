"""Rules of the tender's later stages, and of stages this procedure does not have: pure, for whoever needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from core.calendar import Calendar
from core.money import plain
from core.rules import Breach, RuleRow
from trading.project.rules import number

Book = Mapping[str, RuleRow]


def _within(book: Book, cal: Calendar, rule: str, start: date, now: date, field: str) -> list[Breach]:
    """Too late after `start` (not counted); a last day that is off moves on."""
    due = cal.add_days(start, number(book, rule), end_on_workday=True)
    return [book[rule].breach(now, required=f"≤ {due.date}", field=field)] if now > due.date else []


def file_objection(now: datetime, deadline: datetime, book: Book, *, prequalification: bool = False) -> list[Breach]:
    """R1-08: at least ten days (prequalification two) before the deadline; late ones are registered only."""
    rule = "R1-08/prequal" if prequalification else "R1-08"
    left = (deadline.date() - now.date()).days
    if left >= number(book, rule):
        return []
    return [book[rule].breach(f"{left}日", required=f"≥ {number(book, rule)}日")]


def answer_due(received: date, now: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-09: three days to answer an objection."""
    return _within(book, cal, "R1-09", received, now, "answer")


def prequalification_period(stopped: date, deadline: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-05: five days from the end of issue to the application deadline."""
    due = cal.add_days(stopped, number(book, "R1-05"), end_on_workday=True)
    return [book["R1-05"].breach(deadline, required=f"≥ {due.date}")] if deadline < due.date else []


def enough(found: int, book: Book, rule: str) -> list[Breach]:
    """R1-11 prequalified applicants, R1-12 invitees: at least three."""
    return [book[rule].breach(found, required="≥ 3")] if found < number(book, rule) else []


def deposit_returned(start: date, now: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-14: five days from withdrawal, or from the contract."""
    return _within(book, cal, "R1-14", start, now, "deposit")


def committee(members: int, experts: int, book: Book) -> list[Breach]:
    """R1-17: odd, at least five, two thirds of them experts."""
    found = []
    if members < number(book, "R1-17") or members % 2 == 0:
        found.append(book["R1-17"].breach(members, required="≥ 5, 单数", field="members"))
    if experts * 3 < members * 2:
        found.append(book["R1-17/experts"].breach(f"{experts}/{members}", required="≥ 2/3", field="experts"))
    return found


def longer_evaluation(asking: int, members: int, book: Book) -> list[Breach]:
    """R1-21: more than a third ask → the time is extended."""
    return [book["R1-21"].breach(f"{asking}/{members}", required="≤ 1/3")] if asking * 3 > members else []


def candidates(count: int, ranked: bool, separate: bool, book: Book) -> list[Breach]:
    """R1-22: at most three, ranked; not where evaluation and award are separate."""
    if separate or (1 <= count <= number(book, "R1-22") and ranked):
        return []
    return [book["R1-22"].breach(f"{count}, {'ranked' if ranked else 'unranked'}", required="≤ 3, ranked")]


def publicity_started(report: date, now: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-23: published within three days of the report."""
    return _within(book, cal, "R1-23/start", report, now, "publicity")


def publicity(start: date, end: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-23: three days at least, the last of them no holiday."""
    due = cal.add_days(start, number(book, "R1-23"), end_on_workday=True)
    return [book["R1-23"].breach(end, required=f"≥ {due.date}")] if end < due.date else []


def winner(chosen: str, ranking: Sequence[str], causes: Mapping[str, str], *, separate: bool, state: bool,
           book: Book) -> list[Breach]:  # fmt: skip
    """R1-24: rank 1, or the next after those with a cause of art. 55, where state funds pay."""
    if separate or not state:
        return []
    first = next((bid for bid in ranking if not causes.get(bid)), "")
    return [] if chosen == first and chosen else [book["R1-24"].breach(chosen, required=first or "-")]


def contract_due(notified: date, now: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-25"""
    return _within(book, cal, "R1-25", notified, now, "contract")


def report_due(winner_set: date, now: date, book: Book, cal: Calendar) -> list[Breach]:
    """R1-26"""
    return _within(book, cal, "R1-26", winner_set, now, "report")


def performance_bond(bond: Decimal, contract: Decimal, book: Book) -> list[Breach]:
    """R1-27: at most a tenth of the contract."""
    if bond * 10 <= contract:
        return []
    return [book["R1-27"].breach(plain(bond), required=f"≤ {plain(contract / 10)}")]


def complaint_time(known: date, now: date, answering_days: int, book: Book, cal: Calendar) -> list[Breach]:
    """R1-28: ten days from knowing; the days an objection waited for its answer are not counted."""
    due = cal.add_days(known, number(book, "R1-28") + answering_days, end_on_workday=True)
    return [book["R1-28"].breach(now, required=f"≤ {due.date}")] if now > due.date else []


def complaint_decided(received: date, now: date, book: Book, cal: Calendar, *, accepting: bool) -> list[Breach]:
    """R1-29: three working days to accept, thirty to decide."""
    rule = "R1-29" if accepting else "R1-29/decide"
    due = cal.add_workdays(received, number(book, rule))
    return [book[rule].breach(now, required=f"≤ {due.date}")] if now > due.date else []


def validity_left(ends: date, now: date, book: Book) -> list[Breach]:
    """R1-31: seven days before the end of validity somebody must be told."""
    left = (ends - now).days
    return [book["R1-31"].breach(f"{left}日", required="> 7日")] if left <= number(book, "R1-31") else []
