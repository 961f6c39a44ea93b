"""Day counting at weekends, holidays, exchanged days, year ends, and in a year without a table."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Calendar, Due, parse_table, statutory_days
from core.clock import CST
from core.data import calendar, read, workdays
from core.faults import Unusable

HEAD = "date,kind,name\n"
YEAR_2027 = HEAD + "".join(
    f"{day},{kind},x\n"
    for day, kind in [("2027-01-01", "off"), ("2027-01-02", "off"), ("2027-01-03", "off"), ("2027-01-04", "off"),
                      ("2027-02-20", "work"), ("2027-05-01", "off"), ("2027-05-02", "off"), ("2027-10-01", "off"),
                      ("2027-10-02", "off"), ("2027-10-03", "off"), ("2026-12-27", "work")]
)
"""An invented notice, only for the tests: it gives 4 January and takes 27 December 2026."""


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("2026-09-18", True), ("2026-09-19", False), ("2026-09-20", True),  # Sunday worked for the National Day
        ("2026-09-24", True), ("2026-09-25", False), ("2026-09-27", False), ("2026-09-28", True),
        ("2026-09-30", True), ("2026-10-01", False), ("2026-10-07", False), ("2026-10-08", True),
        ("2026-10-10", True), ("2026-10-11", False), ("2026-01-02", False), ("2026-01-04", True),
        ("2026-02-14", True), ("2026-02-23", False), ("2026-02-24", True), ("2026-02-28", True),
        ("2026-12-31", True), ("2025-01-26", True), ("2024-12-31", True), ("2025-01-01", False),
    ],
)
def test_is_workday(text: str, works: bool) -> None:
    assert calendar().is_workday(day(text)) is works


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-03-02", 20, "2026-03-23"),  # 22 March is a Sunday
        ("2026-03-02", 18, "2026-03-20"),  # a Friday
        ("2026-03-02", 19, "2026-03-23"),  # a Saturday
        ("2026-09-17", 3, "2026-09-20"),  # a Sunday that is worked
        ("2026-09-20", 5, "2026-09-28"),  # the first day of the Mid-Autumn holiday
        ("2026-09-20", 4, "2026-09-24"),
        ("2026-09-26", 5, "2026-10-08"),  # 1 October
        ("2026-02-12", 3, "2026-02-24"),  # nine days of Spring Festival
        ("2026-02-12", 2, "2026-02-14"),  # a Saturday worked in exchange
        ("2025-12-22", 10, "2026-01-04"),  # over the year end to a worked Sunday
        ("2024-02-27", 2, "2024-02-29"),
        ("2026-03-02", 0, "2026-03-02"),
    ],
)
def test_calendar_days_that_end_on_a_workday(start: str, n: int, due: str) -> None:
    assert calendar().add_days(day(start), n, end_on_workday=True) == Due(day(due), False)


def test_calendar_days_that_may_end_anywhere() -> None:
    assert calendar().add_days(day("2026-03-02"), 20, end_on_workday=False).date == day("2026-03-22")


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-18", 6, "2026-09-28"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-09-30", 4, "2026-10-12"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2025-12-31", 1, "2026-01-04"),
        ("2026-12-30", 1, "2026-12-31"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-07", 0, "2026-03-07"),
    ],
)
def test_working_days(start: str, n: int, due: str) -> None:
    assert calendar().add_workdays(day(start), n) == Due(day(due), False)
    if n:
        assert calendar().workdays_between(day(start), day(due)) == n


@pytest.mark.parametrize("act", ["add", "between", "is"])
def test_working_days_of_2027_are_refused_with_the_reason(act: str) -> None:
    with pytest.raises(Unusable, match="2027 cannot be counted: no holiday table"):
        if act == "add":
            calendar().add_workdays(day("2026-12-30"), 2)
        elif act == "between":
            calendar().workdays_between(day("2026-12-30"), day("2027-01-01"))
        else:
            calendar().is_workday(day("2027-01-04"))


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-12-20", 11, Due(day("2026-12-31"), False)),
        ("2026-12-20", 12, Due(day("2027-01-04"), True)),  # 1 January, then a weekend
        ("2027-01-30", 6, Due(day("2027-02-09"), True)),  # the eve of Spring Festival and its three days
        ("2027-04-01", 4, Due(day("2027-04-06"), True)),
        ("2027-06-01", 8, Due(day("2027-06-10"), True)),
        ("2027-09-10", 5, Due(day("2027-09-16"), True)),
        ("2027-09-25", 6, Due(day("2027-10-04"), True)),
        ("2027-03-01", 1, Due(day("2027-03-02"), True)),
    ],
)
def test_calendar_days_in_2027_are_provisional(start: str, n: int, due: Due) -> None:
    assert calendar().add_days(day(start), n, end_on_workday=True) == due
    assert calendar().add_days(day(start), n, end_on_workday=False).provisional is due.provisional


def test_an_imported_table_settles_a_period_but_never_shortens_it() -> None:
    table = workdays()
    counted = Calendar(lambda: table)
    first = counted.add_days(day("2026-12-20"), 12, end_on_workday=True)
    feast = counted.add_days(day("2027-02-10"), 10, end_on_workday=True)
    assert (first, feast) == (Due(day("2027-01-04"), True), Due(day("2027-02-22"), True))
    table = table.joined(parse_table(YEAR_2027))
    assert counted.again(first, day("2026-12-20"), 12, end_on_workday=True) == Due(day("2027-01-05"), False)
    assert counted.add_days(day("2027-02-10"), 10, end_on_workday=True).date == day("2027-02-20")
    assert counted.again(feast, day("2027-02-10"), 10, end_on_workday=True) == Due(day("2027-02-22"), False)
    assert counted.add_workdays(day("2026-12-30"), 2).date == day("2027-01-05")
    assert counted.is_workday(day("2026-12-27"))


def test_days_between() -> None:
    assert calendar().days_between(day("2026-12-30"), day("2027-01-02")) == 3
    assert calendar().days_between(day("2026-03-02"), day("2026-03-02")) == 0
    assert calendar().days_between(day("2026-03-02"), day("2026-03-01")) == -1


def test_a_time_is_not_a_day() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=CST)
    for count in (lambda: calendar().days_between(now, now), lambda: calendar().add_workdays(now, 1),
                  lambda: calendar().is_workday(now), lambda: calendar().add_days(now, 1, end_on_workday=True)):
        with pytest.raises(TypeError):
            count()


@pytest.mark.parametrize("n", [-1, True, 10**9])
def test_periods_that_cannot_be_counted(n: int) -> None:
    with pytest.raises(Unusable):
        calendar().add_workdays(day("2026-03-02"), n)
    with pytest.raises(Unusable):
        calendar().add_days(day("2026-03-02"), n, end_on_workday=False)


@given(st.dates(date(2024, 1, 1), date(2026, 10, 1)), st.integers(1, 40))
def test_a_period_ends_on_a_workday_and_counts_back(start: date, n: int) -> None:
    count = calendar()
    due = count.add_workdays(start, n)
    assert count.is_workday(due.date) and count.workdays_between(start, due.date) == n
    moved = count.add_days(start, n, end_on_workday=True).date
    assert moved >= start + timedelta(days=n) and count.is_workday(moved)
    assert not any(count.is_workday(start + timedelta(days=k)) for k in range(n, (moved - start).days))


def test_the_delivered_table() -> None:
    table = workdays()
    assert table.years == {2024, 2025, 2026} and len(table.days) == 108
    assert parse_table("\ufeff" + read("cn-workdays.csv").replace("\n", "\r\n")) == table


def test_statutory_days_are_thirteen() -> None:
    assert len(statutory_days(2027)) == 13 and day("2027-02-08") in statutory_days(2027)
    # in 2031 the Mid-Autumn day falls on 1 October
    assert len(statutory_days(2031)) == 12
    with pytest.raises(Unusable, match="2036"):
        statutory_days(2036)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "header"),
        ("day,kind,name\n", "header"),
        (HEAD, "no complete year"),
        (HEAD + "2027-01-01,off\n", "line 2: three columns"),
        (HEAD + "2027-02-30,off,x\n", "line 2: '2027-02-30' is not a date"),
        (HEAD + "20270101,off,x\n", "not written as"),
        (HEAD + "2027-01-01,free,x\n", "off or work"),
        (HEAD + "2027-01-04,work,x\n", "no weekend day"),
        (HEAD + "2027-01-01,off,x\n2027-01-01,off,x\n", "line 3: 2027-01-01 stands twice"),
        (HEAD + "2027-01-01,off,x\n", "table of 2027 is not complete"),
        (YEAR_2027 + "2026-12-20,work,x\n", "table of 2026 is not complete"),
        (YEAR_2027 + "2028-01-01,off,x\n", "table of 2028 is not complete"),
    ],
)
def test_tables_that_are_refused(text: str, match: str) -> None:
    with pytest.raises(Unusable, match=match):
        parse_table(text)
