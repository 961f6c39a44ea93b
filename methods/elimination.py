"""Who enters a framework agreement: responders in order, how many of them may, and who leaves (110号令; GB/T 43711).

How many leave is rounded up. For 110号令 that is the same as rounding those who enter down; the text of GB/T 43711 says
nothing of rounding, there it is our reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from core.faults import Unusable
from methods.exact import ceil
from methods.shape import choice, fields, mapping, number, rows, text, whole
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
    found: dict[Key, list[str]] = {}
    for one in sorted(keys):
        found.setdefault(keys[one], []).append(one)
    return tuple(tuple(found[key]) for key in sorted(found))


def places(groups: Sequence[Sequence[str]]) -> dict[str, int]:
    """Place of each id from 1; equals share the first of their places."""
    found: dict[str, int] = {}
    for group in groups:
        place = len(found) + 1
        found |= dict.fromkeys(group, place)
    return found


def most_inside(n: int, cut: Cut, cap: int | None, trail: Trail) -> int:
    """min(cap, floor(n × (1 − rate)), n − least), never below 0; `cap` None = the solicitation names none."""
    leaving = ceil(n * cut.rate)
    trail.add("leaving", "ceil(n × rate)", leaving, n=n, rate=cut.rate)
    by_rate, by_least = n - leaving, n - cut.least
    trail.add("by_rate", "n − ceil(n × rate)", by_rate, n=n, leaving=leaving)
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


def computed(given: Any) -> Shortlist:
    """From written values: {keys: {id: [decimal]}, order: [id], rate, least, cap, tied}.

    `keys`: what each is ordered by, the smallest first. `order`: equals across the line, as they were told apart.
    `rate` is a fraction "1/5", `cap` a whole number or null.
    """
    said = fields(given, "elimination", ("keys", "order", "rate", "least", "cap", "tied"), ())
    keys = {one: _key(values, f"keys.{one}") for one, values in mapping(said["keys"], "keys").items()}
    order = tuple(text(one, "order") for one in rows(said["order"], "order"))
    cap = None if said["cap"] is None else whole(said["cap"], "cap", 0)
    cut = Cut(_share(said["rate"]), whole(said["least"], "least", 0))
    tied: Tied = "out" if choice(said["tied"], "tied", ("ask", "out")) == "out" else "ask"
    groups = grouped(keys)
    if order:
        ours = tuple(sorted(order))
        groups = tuple(part for group in groups for part in ([(one,) for one in order] if group == ours else [group]))
    return shortlist(groups, cut, cap, tied)


def _key(values: Any, where: str) -> Key:
    return tuple(number(value, where) for value in rows(values, where))


def _share(value: Any) -> Fraction:
    """A fraction of 0 to 1, written 1/5 or 0."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}(/[1-9][0-9]{0,8})?", value):
        raise Unusable("rate must be a fraction such as 1/5")
    if not 0 <= Fraction(value) <= 1:
        raise Unusable("rate must be a fraction of 0 to 1")
    return Fraction(value)


def eliminated(given: Any) -> dict[str, Any]:
    """`computed` as plain data: {room, inside, out, derivation}."""
    found = computed(given)
    return {"room": found.room, "inside": list(found.inside), "out": list(found.out), "derivation": found.derivation}
