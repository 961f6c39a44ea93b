"""When an opening may begin, close, fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.rules import Breach, RuleRow
from trading.opening.facts import Hall

Book = Mapping[str, RuleRow]


def enough_bids(found: int, book: Book) -> list[Breach]:
    """R1-10: fewer than three, no opening."""
    row = book["R1-10"]
    return [row.breach(found, required=f"≥ {row.number}")] if found < row.number else []


def in_window(window_until: datetime, now: datetime, book: Book) -> list[Breach]:
    """E-04: keys are taken until the window closes; at its end it is too late."""
    if now < window_until:
        return []
    return [_block(book, "E-04", f"< {window_until.isoformat()}", now.isoformat())]


def may_close(hall: Hall, now: datetime, book: Book) -> list[Breach]:
    """All settled, or the window over. E-03: no price is shown before."""
    if now >= hall.window_until or not (hall.waiting or hall.reference_needed):
        return []
    # How many are still locked is seen in the hall by all; who is not said here.
    return [_block(book, "E-03", f"all unlocked or ≥ {hall.window_until.isoformat()}", now.isoformat())]


def may_release(fallback: bool, cause: str, book: Book) -> list[Breach]:
    """E-04: shares are released only where the file has the clause and the fault is not the bidder's."""
    if not fallback:
        return [_block(book, "E-04", "fallback clause in the tender file", "none")]
    return [] if cause == "platform" else [_block(book, "E-04", "cause: platform", cause or "undecided")]


def objection_open(prices_at: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """R1-30: on the spot only: while the hall is open, and for some minutes after its prices came out."""
    spot = timedelta(minutes=book["R1-30/spot"].number)
    if prices_at is None or now <= prices_at + spot:
        return []
    return [book["R1-30"].breach(now.isoformat(), required=f"on the spot, ≤ {(prices_at + spot).isoformat()}")]


def _block(book: Book, rule: str, required: str, found: str) -> Breach:
    return Breach(rule, book[rule].article, "B", required, found)
