"""Figures of a bid that contradict each other, and the price that holds (87号令 art. 59). Pure.

In the order of the article: the opening list before the rest of the bid, the amount in capital letters before that in
figures, the opening list's total before a unit price with a misplaced point, the sum by unit prices before a total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.faults import Unusable

LIST, WORDS, POINT, SUM = "list", "words", "point", "sum"
ORDER = (LIST, WORDS, POINT, SUM)
HOLDS = (WORDS, SUM)  # what was found takes the place of the price; else the price stands and the other is corrected


@dataclass(frozen=True)
class Found:
    """One contradiction: `value` is what the other place says (the detailed offer, the capital letters, the unit price,
    the sum by unit prices)."""

    kind: str
    value: Decimal


@dataclass(frozen=True)
class Step:
    """What one contradiction does to the price."""

    kind: str
    before: Decimal
    value: Decimal
    after: Decimal


def corrected(price: Decimal, found: Sequence[Found]) -> tuple[Decimal, tuple[Step, ...]]:
    """The price that holds, with its steps in the article's order; each kind at most once."""
    kinds = [one.kind for one in found]
    if not found or len(set(kinds)) != len(kinds) or not set(kinds) <= set(ORDER):
        raise Unusable("findings: one to four kinds of contradiction, each once")
    steps, now = [], price
    for one in sorted(found, key=lambda one: ORDER.index(one.kind)):
        after = one.value if one.kind in HOLDS else now
        steps.append(Step(one.kind, now, one.value, after))
        now = after
    return now, tuple(steps)
