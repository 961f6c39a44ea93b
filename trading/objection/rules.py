"""When an objection is in time, until when it is answered, and what must follow one that was upheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from core.calendar import Calendar
from core.clock import CST
from core.rules import Breach, RuleRow
from trading.project import rules as project

Book = Mapping[str, RuleRow]


def last_day(deadline: datetime, book: Book) -> date:
    """R1-08: the last day, counted whole, on which an objection to the tender file is in time."""
    return deadline.astimezone(CST).date() - timedelta(days=book["R1-08"].number)


def to_file(now: datetime, deadline: datetime, book: Book) -> list[Breach]:
    """R1-08: an objection nearer to the deadline than ten days is late and registered only."""
    left = (deadline.astimezone(CST).date() - now.astimezone(CST).date()).days
    return [] if left >= book["R1-08"].number else [book["R1-08"].breach(f"{left}日", required=_days(book))]


def before_deadline(now: datetime, deadline: datetime, book: Book) -> list[Breach]:
    """From the deadline on there is nothing left to register: the file can no longer change."""
    if now < deadline:
        return []
    return [book["R1-08"].breach(now.isoformat(), required=f"< {deadline.isoformat()}")]


def _days(book: Book) -> str:
    return f"≥ {book['R1-08'].number}日"


def to_candidates(now: datetime, until: datetime, book: Book) -> list[Breach]:
    """实施条例 art. 54: while the candidates are public; the last day counts to its end."""
    if now <= until:
        return []
    return [Breach("OBJ-PUBLIC", book["R1-23"].article, "R", f"≤ {until.isoformat()}", now.isoformat())]


def once(open_already: bool, book: Book) -> list[Breach]:
    """One objection waits at a time: a second one follows the answer."""
    if not open_already:
        return []
    return [Breach("OBJ-TWICE", book["R1-09"].article, "B", "one open objection", "2")]


def still_open(end: str, book: Book) -> list[Breach]:
    """`end`: answered, withdrawn, or "" while it waits."""
    return [Breach("OBJ-STATE", book["R1-09"].article, "B", "waiting for its answer", end)] if end else []


def due(raised: datetime, book: Book, cal: Calendar) -> datetime:
    """R1-09: the end of the third day; a last day that is off moves on (民法典 art. 203)."""
    last = project.due(book, "R1-09", raised.astimezone(CST).date(), cal)
    return datetime.combine(last.date, time(23, 59, 59), CST)


def answered_in_time(now: datetime, due: datetime | None, book: Book) -> list[Breach]:
    """R1-09 as a warning: a late answer is better than none, so it is taken and told to the regulator."""
    if due is None or now <= due:
        return []
    return [replace(book["R1-09"].breach(now.isoformat(), required=f"≤ {due.isoformat()}"), action="W")]


def followed(upheld: bool, book: Book) -> list[Breach]:
    """`upheld`: an objection to the candidates in publicity was upheld, and they are still the same ones."""
    if not upheld:
        return []
    article = f"{book['R1-23'].article}、第55条"
    return [Breach("OBJ-UPHELD", article, "B", "a new vote, a candidate taken back or a new tender", "none")]
