"""Signs that a blind part does not look as the tender file demands. Pure; they reject nothing (domain.md §3.8).

A sign says kind, what was found and on which pages, never a word of the text and never the own name of a font.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

from trading.document.layout import FAMILIES

POINTS_IN_MM = 72 / 25.4
NEAR_SIZE, NEAR_SPACING, NEAR_MARGIN = 0.5, 1.0, 2 * POINTS_IN_MM  # points that programs differ by
DARK, GREY = 64, 32  # of 255: a black as printers mix it; how far channels differ before a shade is a colour
LEAST_LINES = 3  # distances between lines, before their middle says anything
MOST_PAGES_NAMED, MOST_FOUND = 10, 5
OTHER = "other"
_SUBSET = re.compile(r"^[A-Z]{6}\+")
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Run:
    """Text drawn at once. Measures in points from the lower left corner; `base` is the line it stands on."""

    font: str
    size: float
    colour: Colour
    left: float
    bottom: float
    right: float
    top: float
    base: float
    hidden: bool = False


@dataclass(frozen=True)
class Look:
    """What one page looks like. `shades`: colours of lines and areas; `rest`: there is more than was looked at."""

    width: float
    height: float
    runs: tuple[Run, ...]
    pictures: int = 0
    shades: tuple[Colour, ...] = ()
    rest: bool = False


def family(font: str) -> str:
    """The family of a font as a PDF names it, OTHER for whatever is not known: such a name may say whose it is."""
    name = re.sub(r"[\s\-_,]", "", _SUBSET.sub("", font)).casefold()
    return next((one for one, names in FAMILIES.items() if any(part in name for part in names)), OTHER)


def signs(looks: Iterable[Look], demand: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{kind, found, pages, count}] in the order of kinds; `pages` are the first of the `count` pages."""
    seen: dict[str, dict[str, list[int]]] = {}
    for number, look in enumerate(looks, 1):
        for kind, found in sorted(_of_page(look, demand)):
            seen.setdefault(kind, {}).setdefault(found, []).append(number)
    return [sign for kind in KINDS if kind in seen for sign in _grouped(kind, seen[kind])]


KINDS = ("font", "size", "spacing", "margin", "header", "footer", "colour", "picture", "hidden", "rest")


def _grouped(kind: str, found: Mapping[str, list[int]]) -> list[dict[str, Any]]:
    """The findings on the most pages; further ones of a kind stand together, so that no file floods the list."""
    ordered = sorted(found.items(), key=lambda one: (-len(one[1]), one[1], one[0]))
    shown = ordered[:MOST_FOUND]
    more = sorted({page for _, pages in ordered[MOST_FOUND:] for page in pages})
    if more:
        shown = [*shown, ("", more)]
    return [{"kind": kind, "found": what, "pages": pages[:MOST_PAGES_NAMED], "count": len(pages)}
            for what, pages in shown]  # fmt: skip


def _of_page(look: Look, demand: Mapping[str, Any]) -> set[tuple[str, str]]:
    margin = Fraction(demand["margin_mm"]) * POINTS_IN_MM
    found: set[tuple[str, str]] = set()
    body = []
    for run in look.runs:
        place = _place(run, look, margin)
        if place in ("header", "footer"):
            found |= {(place, "")} if demand["headers"] == "banned" else set()
        else:
            body.append(run)
            found |= {("margin", "")} if place else set()
        found |= _of_run(run, demand)
    if demand["spacing"]:
        found |= _spacing(body, Fraction(demand["spacing"]))
    if demand["colours"] == "black":
        found |= {("colour", _hex(shade)) for shade in look.shades if max(shade) - min(shade) > GREY}
    if demand["pictures"] == "banned" and look.pictures:
        found.add(("picture", ""))
    return found | ({("rest", "")} if look.rest else set())


def _place(run: Run, look: Look, margin: float) -> str:
    """Where outside the type area a run stands, "" inside it."""
    middle = (run.bottom + run.top) / 2
    if middle > look.height - margin:
        return "header"
    if middle < margin:
        return "footer"
    return "margin" if run.left < margin - NEAR_MARGIN or run.right > look.width - margin + NEAR_MARGIN else ""


def _of_run(run: Run, demand: Mapping[str, Any]) -> set[tuple[str, str]]:
    if run.hidden:
        return {("hidden", "")}
    found = set()
    named = family(run.font)
    if named not in demand["fonts"]:
        found.add(("font", named))
    if all(abs(run.size - Fraction(size)) > NEAR_SIZE for size in demand["sizes"]):
        found.add(("size", _short(run.size)))
    if demand["colours"] == "black" and max(run.colour) > DARK:
        found.add(("colour", _hex(run.colour)))
    return found


def _spacing(runs: Iterable[Run], wanted: Fraction) -> set[tuple[str, str]]:
    """The middle distance between lines: a heading or a gap between paragraphs does not move it."""
    lines = sorted({round(run.base * 2) / 2 for run in runs if not run.hidden}, reverse=True)
    # What is nearer than a third of a line is an index or an exponent on the same line.
    gaps = [upper - lower for upper, lower in pairwise(lines) if upper - lower > wanted / 3]
    if len(gaps) < LEAST_LINES:
        return set()
    found = median(gaps)
    return {("spacing", _short(found))} if abs(found - wanted) > NEAR_SPACING else set()


def _short(points: float) -> str:
    """Half points: 14, 10.5."""
    return f"{round(points * 2) / 2:g}"


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{one:02x}" for one in colour)
