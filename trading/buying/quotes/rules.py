"""When a request may go out, when a quote is in time, which one is selected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.calendar import Calendar
from core.rules import Breach, RuleRow
from methods.comparison import evaluated as evaluated

Book = Mapping[str, RuleRow]


@dataclass(frozen=True)
class Compared:
    """An opened quote. `total` as quoted; `problem` or `unfit`: why it is not in the comparison."""

    id: str
    total: Decimal
    small_firm: bool
    received_at: datetime
    problem: str = ""
    unfit: str = ""

    @property
    def valid(self) -> bool:
        return not self.problem and not self.unfit


def enough_asked(to_whom: str, named: int, book: Book) -> list[Breach]:
    """QUOTE-LEAST: three suppliers or brands at least, unless everybody is asked."""
    row = book["QUOTE-LEAST"]
    if to_whom == "open" or named >= row.number:
        return []
    return [row.breach(named, required=f"≥ {row.number}", field=to_whom)]


def long_enough(kind: str, now: date, ends: date, days: int, calendar: Calendar, book: Book) -> list[Breach]:
    """QUOTE-DAYS: so many working days between the request and its end, the first not counted."""
    least = calendar.add_workdays(now, days, guess=True).date
    if ends >= least:
        return []
    row = book[f"QUOTE-DAYS/{kind}"]
    return [row.breach(ends.isoformat(), required=f"{days}{row.unit}, ≥ {least.isoformat()}", field="ends_at")]


def deduction(percent: int, regime: str, book: Book) -> list[Breach]:
    """SME-DEDUCT: none, or within the bounds of the law of government procurement (domain.md §3.4)."""
    least, most = book["SME-DEDUCT/least"], book["SME-DEDUCT/most"]
    if not percent:
        return []
    if regime != "government":
        return [most.breach(f"{percent}%", required="0%", field="deduction")]
    if least.number <= percent <= most.number:
        return []
    return [least.breach(f"{percent}%", required=f"{least.number}% – {most.number}%", field="deduction")]


def in_time(now: datetime, ends_at: datetime, book: Book) -> list[Breach]:
    """QUOTE-LATE: before the end; at the end itself it is too late."""
    if now < ends_at:
        return []
    return [book["QUOTE-LATE"].breach(now.isoformat(), required=f"< {ends_at.isoformat()}")]


def sealed(why: str, held: object, asked: object, book: Book) -> list[Breach]:
    """QUOTE-SEALED: encrypted, with shares for exactly the custodians of the request."""
    row = book["QUOTE-SEALED"]
    if why:
        return [row.breach(why, required="gongheng/sealed/1", field="manifest")]
    return [] if held == asked else [row.breach("other shares", required="shares: custodians", field="manifest.shares")]


def may_quote(reason: str, book: Book) -> list[Breach]:
    """QUOTE-MAY: `reason` why this organisation may not, "" when it may."""
    return [book["QUOTE-MAY"].breach(reason, required="supplier that may quote")] if reason else []


def in_window(now: datetime, until: datetime | None, book: Book) -> list[Breach]:
    """QUOTE-WINDOW: a supplier unlocks within the window after the end."""
    row = book["QUOTE-WINDOW"]
    if until is not None and now < until:
        return []
    return [Breach(row.id, row.article, "B", f"< {until.isoformat() if until else '-'}", now.isoformat())]


def may_release(now: datetime, window: datetime | None, custody: datetime | None, book: Book) -> list[Breach]:
    """QUOTE-CUSTODY: custodians help once the supplier's own time is over, until theirs is."""
    row = book["QUOTE-CUSTODY"]
    if window is None or custody is None or custody <= window:
        return [Breach(row.id, row.article, "B", "custodians", "none")]
    if window <= now < custody:
        return []
    need = f"{window.isoformat()} – {custody.isoformat()}"
    return [Breach(row.id, row.article, "B", need, now.isoformat())]


def ranked(quotes: Iterable[Compared], percent: int) -> list[Compared]:
    """Valid ones, lowest first; of equal ones the first received."""
    valid = [one for one in quotes if one.valid]
    return sorted(valid, key=lambda one: (evaluated(one.total, one.small_firm, percent), one.received_at, one.id))


def tied(order: Sequence[Compared], percent: int) -> list[str]:
    """Quotes as low as the first, which stands before them by its receipt alone."""
    if not order:
        return []
    low = evaluated(order[0].total, order[0].small_firm, percent)
    return [one.id for one in order[1:] if evaluated(one.total, one.small_firm, percent) == low]


def may_select(chosen: str, order: Sequence[Compared], reason: str, book: Book) -> list[Breach]:
    """QUOTE-LOWEST: the first and no other. QUOTE-VALID: with fewer than three somebody says why."""
    if not order:
        return [book["QUOTE-VALID"].breach(0, required=f"≥ {book['QUOTE-VALID'].number}")]
    found = []
    if chosen != order[0].id:
        found.append(book["QUOTE-LOWEST"].breach("not the lowest", required="the lowest that meets the specification"))
    if len(order) < book["QUOTE-VALID"].number and not reason:
        row = book["QUOTE-VALID"]
        found.append(row.breach(len(order), required=f"≥ {row.number}", field="reason"))
    return found


def within_ceiling(total: Decimal, ceiling: Decimal) -> bool:
    return total <= ceiling
