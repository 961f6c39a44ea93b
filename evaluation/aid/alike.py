"""Texts that bids share (domain.md §7, C8): exact runs of eight characters, the tender's own text taken out. Pure.

Exact grams tell a passage of one page in two hundred from chance; sketches of whole documents do not, and what matters
most is that the tender's text is removed (measured on planted passages). Only above `MOST` grams a fixed part of them
is kept, chosen by their own characters: the same passage is kept in every bid. An aid; people judge (art. 40).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

GRAM = 8
MOST = 1_500_000  # grams in memory, about 150 MB
PAGE = 1000  # characters of a full page, to choose the part that is kept
MOST_PAIRS, MOST_PLACES, LONGEST, SHOWN = 60, 5, 6000, 120
MANY = 6  # from so many bids on, what more than half of them say is nobody's own
_OTHER = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """Letters, digits and characters alone: line ends, blanks and points come from the layout."""
    return _OTHER.sub("", unicodedata.normalize("NFKC", text)).casefold()


def scale_of(pages: int) -> int:
    """Of how many grams one is kept."""
    return max(1, -(-pages * PAGE // MOST))


def grams(text: str, scale: int) -> Iterator[int]:
    """Of a text that is `normal`."""
    for at in range(len(text) - GRAM + 1):
        if scale == 1 or (ord(text[at]) * 31 + ord(text[at + 3]) * 17 + ord(text[at + 7])) % scale == 0:
            yield hash(text[at : at + GRAM])


@dataclass
class Grams:
    """Who says what: filled bid by bid, so that only one bid's text is in memory. `tender`: every gram of it, whatever
    part of the bids' is kept."""

    scale: int
    tender: set[int] = field(default_factory=set)
    own: list[int] = field(default_factory=list)  # distinct grams of each bid
    chars: list[int] = field(default_factory=list)
    _first: dict[int, int] = field(default_factory=dict)  # gram → bid and page that said it first
    _shared: dict[int, list[int]] = field(default_factory=dict)  # gram → one (bid, page) for each bid that says it

    def leave_out(self, text: str) -> None:
        """A text of the tender: whoever fills in a form or answers a clause repeats it."""
        self.tender.update(grams(normal(text), 1))

    def add(self, pages: Iterable[str]) -> None:
        """The next bid, page by page."""
        bid, mine, chars = len(self.own), set[int](), 0
        for number, page in enumerate(pages):
            text = normal(page)
            chars += len(text)
            place = bid << 20 | number
            for gram in grams(text, self.scale):
                if gram in mine or gram in self.tender:
                    continue
                mine.add(gram)
                first = self._first.setdefault(gram, place)
                if first >> 20 != bid:
                    self._shared.setdefault(gram, [first]).append(place)
        self.own.append(len(mine))
        self.chars.append(chars)

    def _told(self) -> Iterator[list[int]]:
        most = len(self.own) // 2 if len(self.own) >= MANY else len(self.own)
        return (places for places in self._shared.values() if len(places) <= most)

    def pairs(self) -> list[tuple[int, int, int]]:
        """(bid, bid, grams that both say), the most first."""
        groups = Counter(tuple(place >> 20 for place in places) for places in self._told())
        counted: Counter[tuple[int, int]] = Counter()
        for group, times in groups.items():
            for pair in combinations(group, 2):
                counted[pair] += times
        return sorted(((a, b, n) for (a, b), n in counted.items()), key=lambda one: (-one[2], one[0], one[1]))

    def share(self, a: int, b: int, shared: int) -> Decimal:
        """Percent of the shorter bid's own text."""
        least = min(self.own[a], self.own[b])
        return (Decimal(100 * shared) / least).quantize(Decimal("0.01")) if least else Decimal(0)

    def pages(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """{pair: [(page of the one, page of the other)]}, counted from 0, those with most in common first."""
        counted: dict[tuple[int, int], Counter[tuple[int, int]]] = {pair: Counter() for pair in wanted}
        for places in self._told():
            for one, other in combinations(places, 2):
                pair = one >> 20, other >> 20
                if pair in counted:
                    counted[pair][one & 0xFFFFF, other & 0xFFFFF] += 1
        return {pair: [pages for pages, _ in found.most_common(MOST_PLACES)] for pair, found in counted.items()}


def _own(text: str, tender: set[int], gap: str) -> str:
    """What is left of a page, with `gap` where it repeats the tender."""
    whole = normal(text)[:LONGEST]
    left = list(whole)
    for at in range(len(whole) - GRAM + 1):
        if hash(whole[at : at + GRAM]) in tender:
            left[at : at + GRAM] = gap * GRAM
    return "".join(left)


def longest_run(one: str, other: str, tender: set[int]) -> str:
    """The longest passage that both pages have and the tender has not, without blanks and points."""
    a, b = _own(one, tender, "\0"), _own(other, tender, "\1")
    found = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
    return a[found.a : found.a + found.size]


def shown(run: str) -> dict[str, Any]:
    return {"run": len(run), "text": run if len(run) <= SHOWN else f"{run[:SHOWN]}…"}
