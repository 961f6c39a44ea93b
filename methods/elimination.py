"""Who enters a framework agreement: responders in order, how many of them may, and who leaves (110号令; GB/T 43711).

How many leave is rounded up. For 110号令 that is the same as rounding those who enter down; the text of GB/T 43711 says
nothing of rounding, there it is our reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from core.faults import Unusable
from methods.exact import ceil
from methods.trail import Line, Trail

Tied = Literal["ask", "out"]
Key = tuple[Fraction, ...]


@dataclass(frozen=True)
class Cut:
    """At least `rate` (0 – 1) of those who compete leave, and at least `least` of them."""

    rate: Fraction
    least: int


@dataclass(frozen=True)
class Shortlist:
    """`groups` in order, equals together. `undecided`: equals of whom only some would fit, their order is asked for."""

    groups: tuple[tuple[str, ...], ...]
    room: int
    inside: tuple[str, ...]
    out: tuple[str, ...]
    undecided: tuple[str, ...]
    derivation: list[Line]


def total(prices: Mapping[str, Fraction], weights: Mapping[str, int]) -> Fraction:
    """The evaluated price: unit prices by the weights that the solicitation names. Unusable when one is missing."""
    if set(prices) != set(weights):
        raise Unusable("prices: one for every item is expected")
    return sum((prices[item] * weight for item, weight in weights.items()), Fraction(0))


def grouped(keys: Mapping[str, Key]) -> tuple[tuple[str, ...], ...]:
    """Ids by their keys, the smallest first; those of one key stand together."""
    rows: dict[Key, list[str]] = {}
    for one in sorted(keys):
        rows.setdefault(keys[one], []).append(one)
    return tuple(tuple(rows[key]) for key in sorted(rows))


def places(groups: Sequence[Sequence[str]]) -> dict[str, int]:
    """Place of each id from 1; equals share the first of their places."""
    found: dict[str, int] = {}
    for group in groups:
        place = len(found) + 1
        found |= dict.fromkeys(group, place)
    return found


def most_inside(n: int, cut: Cut, cap: int | None, trail: Trail) -> int:
    """min(cap, ⌊n × (1 − rate)⌋, n − least), never below 0; `cap` None = the solicitation names none."""
    leaving = ceil(n * cut.rate)
    trail.add("leaving", "⌈n × rate⌉", leaving, n=n, rate=cut.rate)
    by_rate, by_least = n - leaving, n - cut.least
    trail.add("by_rate", "n − ⌈n × rate⌉", by_rate, n=n, leaving=leaving)
    trail.add("by_least", "n − least", by_least, n=n, least=cut.least)
    bounds = [by_rate, by_least] + ([cap] if cap is not None else [])
    room = max(0, min(bounds))
    trail.add("room", "min(cap, by_rate, by_least)", room, cap="-" if cap is None else cap, by_rate=by_rate,
              by_least=by_least)  # fmt: skip
    return room


def shortlist(groups: Sequence[Sequence[str]], cut: Cut, cap: int | None, tied: Tied = "ask") -> Shortlist:
    """Those who enter, in order. Equals across the line all leave (`out`) or are left undecided (`ask`)."""
    trail = Trail()
    order = [one for group in groups for one in group]
    if len(set(order)) != len(order):
        raise Unusable("groups: one stands twice")
    room = most_inside(len(order), cut, cap, trail)
    inside: list[str] = []
    undecided: tuple[str, ...] = ()
    for group in groups:
        if len(inside) + len(group) > room:
            if len(inside) < room and tied == "ask":
                undecided = tuple(group)
            break
        inside += group
    out = [one for one in order if one not in inside and one not in undecided]
    trail.add("inside", "the first of the order, while they fit", list(inside), room=room)
    trail.add("out", "all others", list(out), undecided=list(undecided))
    return Shortlist(tuple(map(tuple, groups)), room, tuple(inside), tuple(out), undecided, trail.lines)
