"""When a bidder is asked before its bid may be rejected, and what warns before a vote. Pure (1117号 art. 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from core.money import D
from core.rules import Breach, RuleRow

Book = Mapping[str, RuleRow]


class Asked(Protocol):
    """A question that was put to a bidder."""

    ground: str
    answer_until: datetime
    answered_at: datetime | None


def asks_first(ground: Mapping[str, Any], unclear: bool, price: str, ceiling: str | None) -> bool:
    """Whether the bidder is heard before a rejection on this ground.

    Unclear words always; a possibly too low price too, but not one above the ceiling, which shares its ground with it.
    """
    if unclear:
        return True
    over = bool(price and ceiling and D(price) > D(ceiling))
    return bool(ground.get("clarify")) and not over


def heard(asked: Iterable[Asked], ground: str, now: datetime) -> bool:
    """A question about this very ground was answered, or its time ran out."""
    return any(one.ground == ground and (one.answered_at is not None or now > one.answer_until) for one in asked)


def before_reject(asked: list[Asked], ground: str, now: datetime, book: Book) -> list[Breach]:
    """CLARIFY-FIRST: blocks a vote to reject while the bidder has not been heard."""
    if heard(asked, ground, now):
        return []
    waiting = any(one.ground == ground for one in asked)
    return [book["CLARIFY-FIRST"].breach("unanswered" if waiting else "-", required="answer or its time over")]


def clerical(ground: Mapping[str, Any], items: Iterable[Mapping[str, Any]], book: Book) -> list[Breach]:
    """CLERICAL: everything that speaks for rejecting is a fault of form; it warns and is recorded."""
    listed = list(items)
    formal = bool(ground.get("clerical")) or (bool(listed) and all(one.get("clerical") for one in listed))
    if not formal:
        return []
    said = " ".join(sorted(str(one["id"]) for one in listed)) or str(ground["id"])
    return [book["CLERICAL"].breach(said, required="a fault of substance")]
