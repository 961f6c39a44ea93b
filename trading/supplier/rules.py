"""Who may supply what and where, credit points and what follows from them. Pure.

None of these numbers is law: the mall's rules are made locally (domain.md §1.4 leaves them to the place), so each is a
dated row that a place may replace by one of its own region. Points of a ground are its row's number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.calendar import Calendar, Due
from core.data import regions
from core.rules import Breach, RuleBook, RuleRow
from trading.mall.categories import Categories, covers
from trading.supplier.facts import Standing
from trading.supplier.machine import RULES_OF

Book = Mapping[str, RuleRow]
FULL = 100


def _row(rule: str, value: int | None, unit: str, action: str, text: str) -> RuleRow:
    number = None if value is None else Decimal(value)
    return RuleRow(rule, number, unit, RULES_OF, action, text, "P")  # type: ignore[arg-type]


GROUNDS = (
    _row("CREDIT-PRICE", -10, "分", "W", "price above what the mall allows"),
    _row("CREDIT-FALSE", -30, "分", "W", "false statement about an item, a mark or a certificate"),
    _row("CREDIT-LATE", -5, "分", "W", "late delivery or order not confirmed in time"),
    _row("CREDIT-REFUSE", -10, "分", "W", "order refused without ground"),
    _row("CREDIT-QUALITY", -20, "分", "W", "goods that fail the inspection"),
    _row("CREDIT-SERVICE", -5, "分", "W", "service that was promised and not given"),
    _row("CREDIT-GOOD", 5, "分", "W", "good conduct stated by the buyers or the centre"),
)
# What an order's rating is worth, by its whole stars; the rule book is silent, so this is the platform's own table. So
# is what one buyer's ratings may do together: as much as two of one star in a year, and no warning by one buyer alone.
RATED = tuple(
    _row(f"CREDIT-RATED/{stars}", points, "分", "W", f"order rated with {stars} of 5 stars")
    for stars, points in ((5, 2), (4, 1), (3, 0), (2, -2), (1, -5))
)
RULES = RuleBook(
    (
        _row("SUP-ACTIVE", None, "-", "B", "supplier with an entry in force"),
        _row("SUP-CATEGORY", None, "-", "B", "category within the supplier's entry"),
        _row("SUP-REGION", None, "-", "B", "region within the supplier's entry"),
        _row("SUP-DOUBTFUL", None, "-", "B", "category whose name is certain"),
        _row("SUP-WAITING", None, "-", "B", "no change that waits for the centre"),
        _row("SUP-SAME", None, "-", "B", "something that differs from the entry in force"),
        _row("SUP-MOST", 200, "个", "B", "number of categories or regions of an entry"),
        _row("SUP-REVIEW", 5, "工作日", "T", "working days for the review of an entry"),
        _row("SUP-REENTER", 365, "日", "B", "days after a removal before a new application"),
        _row("SUP-OTHER", None, "-", "B", "decided by another person than who gave the points"),
        _row("CREDIT-WARN", 80, "分", "W", "warning below this number of points"),
        _row("CREDIT-SUSPEND", 60, "分", "B", "suspension below this number of points"),
        _row("CREDIT-SUSPEND/days", 30, "日", "T", "days of a suspension by points"),
        _row("CREDIT-REMOVE", 40, "分", "B", "removal below this number of points"),
        *GROUNDS,
        *RATED,
        _row("CREDIT-RATED/most", 10, "分", "W", "points the ratings of one buyer move either way in the period"),
        _row("CREDIT-RATED/days", 365, "日", "T", "days within which the ratings of one buyer count together"),
    )
)


def book_at(now: datetime, region: str = "") -> dict[str, RuleRow]:
    return RULES.at(now.date(), region)


def grounds(book: Book) -> dict[str, RuleRow]:
    """The coded grounds in force, by code."""
    return {row.id: book[row.id] for row in GROUNDS if row.id in book}


def stars(given: Sequence[int]) -> int:
    """The mean of what was given, 1 to 5 each, to the nearest whole star, halves up."""
    return (2 * sum(given) + len(given)) // (2 * len(given))


def rated(given: Sequence[int], book: Book) -> RuleRow:
    """The row whose number is what such a rating adds or takes."""
    return book[f"CREDIT-RATED/{stars(given)}"]


def counted_from(now: datetime, book: Book) -> datetime:
    """Ratings after this moment count together; one given at it no longer does."""
    return now - timedelta(days=book["CREDIT-RATED/days"].number)


def capped(change: int, moved: int, book: Book) -> int:
    """What is left of a rating's `change`, the same buyer's ratings having `moved` so many points that way (≥ 0)."""
    room = max(0, book["CREDIT-RATED/most"].number - moved)
    return max(-room, min(room, change))


def ratings(now: datetime) -> list[RuleRow]:
    """The table in force, from five stars down."""
    book = book_at(now)
    return [book[row.id] for row in RATED]


def may_supply(standing: Standing, category: str, region: str, day: date | None = None) -> list[Breach]:
    """Why this supplier may not supply `category` to `region`; [] where it may. "" asks for neither."""
    book = RULES.at(day) if day else {row.id: row for row in RULES.rows}
    if standing.state != "active":
        return [book["SUP-ACTIVE"].breach(standing.state or "-", required="active")]
    found: list[Breach] = []
    if category and not any(covers(one, category) for one in standing.categories):
        found.append(book["SUP-CATEGORY"].breach(category, required=_few(standing.categories), field="category"))
    if region and not any(regions().covers(one, region) for one in standing.regions):
        found.append(book["SUP-REGION"].breach(region, required=_few(standing.regions), field="region"))
    return found


def _few(codes: Sequence[str]) -> str:
    return ", ".join(codes[:5]) + ("…" if len(codes) > 5 else "") or "-"


def enterable(codes: Sequence[str], book: Book, of: Categories) -> list[Breach]:
    """SUP-DOUBTFUL: nothing new is put under a category whose name was lost."""
    row = book["SUP-DOUBTFUL"]
    return [row.breach(one, required="-", field="categories") for one in codes if of.get(one).doubtful]


def few_enough(count: int, field: str, book: Book) -> list[Breach]:
    row = book["SUP-MOST"]
    return [row.breach(count, required=f"≤ {row.number}", field=field)] if count > row.number else []


def may_reenter(left: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """SUP-REENTER: counted in days from the removal."""
    row = book["SUP-REENTER"]
    if left is None or now >= (free := left + timedelta(days=row.number)):
        return []
    return [row.breach(now.date(), required=f"≥ {free.date()}")]


def review_until(now: datetime, book: Book, calendar: Calendar) -> Due:
    """The last working day for the centre."""
    return calendar.add_workdays(now.date(), book["SUP-REVIEW"].number, guess=True)


def balance(points: int, change: int) -> int:
    """Never below 0, nor above what everybody had at entry."""
    return max(0, min(FULL, points + change))


def consequence(points: int, book: Book) -> str:
    """remove, suspend, warn or "": what a balance leads to."""
    for rule, word in (("CREDIT-REMOVE", "remove"), ("CREDIT-SUSPEND", "suspend"), ("CREDIT-WARN", "warn")):
        if points < book[rule].number:
            return word
    return ""


def by_another(giver: str, person: str, book: Book) -> list[Breach]:
    return [book["SUP-OTHER"].breach("same person", required="another person")] if giver == person else []
