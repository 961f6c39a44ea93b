"""Calendar days and working days with 调休 (domain.md, "Day counting"; 民法典 art. 201, 203; 87号令 art. 85).

The start day is never counted. A year is known once the State Council's notice for it is in the table. In a year
that is not, calendar-day periods go by weekends and statutory days and are provisional (暂定), and working-day
periods are refused: nobody can know yet which days will be exchanged.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.faults import Unusable

DAY = timedelta(days=1)
SATURDAY = 5
HEADER = ["date", "kind", "name"]
FIXED_DAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""(month, day) off in every year (全国年节及纪念日放假办法, 国务院令第795号, from 2025-01-01)"""
MOVING_DAYS = {
    2027: ("2027-02-05", "2027-04-05", "2027-06-09", "2027-09-15"),
    2028: ("2028-01-25", "2028-04-04", "2028-05-28", "2028-10-03"),
    2029: ("2029-02-12", "2029-04-04", "2029-06-16", "2029-09-22"),
    2030: ("2030-02-02", "2030-04-05", "2030-06-05", "2030-09-12"),
    2031: ("2031-01-22", "2031-04-05", "2031-06-24", "2031-10-01"),
    2032: ("2032-02-10", "2032-04-04", "2032-06-12", "2032-09-19"),
    2033: ("2033-01-30", "2033-04-04", "2033-06-01", "2033-09-08"),
    2034: ("2034-02-18", "2034-04-05", "2034-06-20", "2034-09-27"),
    2035: ("2035-02-07", "2035-04-05", "2035-06-10", "2035-09-16"),
}
"""Year → 除夕 (the first of four days of 春节), 清明, 端午, 中秋 by the lunar calendar"""


@dataclass(frozen=True)
class DayRow:
    """One day of a notice: `kind` is "off", or "work" for a weekend day worked in exchange."""

    day: date
    kind: str
    name: str


@dataclass(frozen=True)
class Table:
    """Days that differ from the plain week, and the years whose notice is in."""

    days: dict[date, DayRow]
    years: frozenset[int]

    def joined(self, other: Table) -> Table:
        """Both tables; where they speak of the same day, `other` (the later import) holds."""
        return Table({**self.days, **other.days}, self.years | other.years)


@dataclass(frozen=True)
class Due:
    """The last day of a period; `provisional` (暂定) while its year has no table."""

    date: date
    provisional: bool


class Calendar:
    """Counts days by the table `load()` returns at that moment, so that an import is seen without a restart."""

    def __init__(self, load: Callable[[], Table]) -> None:
        self._load = load

    def is_workday(self, day: date) -> bool:
        """Whether `day` is worked; Unusable in a year without a table."""
        return _works(self._load(), day)

    def add_days(self, start: date, n: int, *, end_on_workday: bool) -> Due:
        """The n-th calendar day after `start`; with `end_on_workday` moved past a last day that is off."""
        table = self._load()
        end = _plain(start) + _count(n) * DAY
        if end_on_workday:
            while _is_off(table, end):
                end += DAY
        return Due(end, end.year not in table.years)

    def add_workdays(self, start: date, n: int, *, guess: bool = False) -> Due:
        """The n-th working day after `start`. In a year without a table Unusable, or with `guess` counted by weekends
        and statutory days, and provisional."""
        table = self._load()
        end, left = _plain(start), _count(n)
        while left:
            end += DAY
            left -= not _is_off(table, end) if guess else _works(table, end)
        return Due(end, end.year not in table.years)

    def again(self, before: Due, start: date, n: int, *, end_on_workday: bool) -> Due:
        """A calendar-day period counted anew after an import: never shorter than what was announced."""
        fresh = self.add_days(start, n, end_on_workday=end_on_workday)
        return Due(max(before.date, fresh.date), fresh.provisional)

    def days_between(self, start: date, end: date) -> int:
        """Calendar days from `start` (not counted) to `end` (counted)."""
        return (_plain(end) - _plain(start)).days

    def workdays_between(self, start: date, end: date) -> int:
        """Working days from `start` (not counted) to `end` (counted); Unusable in a year without a table."""
        table = self._load()
        return sum(_works(table, start + n * DAY) for n in range(1, self.days_between(start, end) + 1))


def _plain(day: date) -> date:
    """Only whole days: the date of a time depends on its zone, and that is the caller's to settle."""
    if isinstance(day, datetime):
        raise TypeError("a date is needed, not a time")
    return day


def _count(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= 36_600:
        raise Unusable(f"a period of {n!r} days cannot be counted")
    return n


def _works(table: Table, day: date) -> bool:
    if _plain(day).year not in table.years:
        raise Unusable(f"working days of {day.year} cannot be counted: no holiday table for that year yet")
    row = table.days.get(day)
    return row.kind == "work" if row else day.weekday() < SATURDAY


def _is_off(table: Table, day: date) -> bool:
    if day.year in table.years:
        return not _works(table, day)
    # a notice may already speak of the last days of the year before
    row = table.days.get(day)
    return row.kind == "off" if row else day.weekday() >= SATURDAY or day in statutory_days(day.year)


def statutory_days(year: int) -> frozenset[date]:
    """The thirteen days off by law, without exchanged days; Unusable for a year outside the lunar table."""
    if year not in MOVING_DAYS:
        raise Unusable(f"the statutory days of {year} are not known here")
    eve, *single = (date.fromisoformat(text) for text in MOVING_DAYS[year])
    fixed = [date(year, month, day) for month, day in FIXED_DAYS]
    return frozenset([*fixed, *(eve + n * DAY for n in range(4)), *single])


def parse_table(text: str) -> Table:
    """A table from CSV text with the header date,kind,name; Unusable names the line that is wrong.

    A year counts as known when its fixed statutory days are all in. Rows of another year are taken only in the last
    week of December, as the notice of the year that follows may exchange those days.
    """
    lines = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    if not lines or lines[0] != HEADER:
        raise Unusable(f"line 1: the header must be {','.join(HEADER)}")
    days: dict[date, DayRow] = {}
    for number, line in enumerate(lines[1:], start=2):
        row = _row(line, number)
        if row.day in days:
            raise Unusable(f"line {number}: {row.day} stands twice")
        days[row.day] = row
    years = _known_years(days.values())
    if not years:
        raise Unusable("the table holds no complete year")
    return Table(days, years)


def _row(line: list[str], number: int) -> DayRow:
    if len(line) != len(HEADER):
        raise Unusable(f"line {number}: three columns are needed")
    written, kind, name = line
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Unusable(f"line {number}: {written!r} is not a date") from None
    if day.isoformat() != written:
        raise Unusable(f"line {number}: {written!r} is not written as YYYY-MM-DD")
    if kind not in ("off", "work"):
        raise Unusable(f"line {number}: kind must be off or work, found {kind!r}")
    if kind == "work" and day.weekday() < SATURDAY:
        raise Unusable(f"line {number}: {day} is no weekend day, it is worked without exchange")
    return DayRow(day, kind, name)


def _known_years(rows: Iterable[DayRow]) -> frozenset[int]:
    off = {row.day for row in rows if row.kind == "off"}
    years = {day.year for day in off}
    known = {year for year in years if all(date(year, month, day) in off for month, day in FIXED_DAYS)}
    for row in rows:
        year_end = row.day >= date(row.day.year, 12, 25) and row.day.year + 1 in known
        if row.day.year not in known and not year_end:
            raise Unusable(f"the table of {row.day.year} is not complete: a statutory day is missing")
    return frozenset(known)
