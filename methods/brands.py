"""Bids that offer products of one brand (同品牌, 87号令 art. 31): who counts as one bidder, and who stands for whom.

Pure. Brands are compared as read: width, case, blanks and points do not tell two brands apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Said = Mapping[str, Mapping[str, str]]  # {bid: {core product: brand}}


@dataclass(frozen=True)
class Group:
    """Bids of one brand in the order of bids; `kept` stands for all of them, `how`: best, or drawn by lot."""

    brands: tuple[str, ...]
    bids: tuple[str, ...]
    kept: str = ""
    how: str = ""

    @property
    def out(self) -> tuple[str, ...]:
        return tuple(bid for bid in self.bids if bid != self.kept) if self.kept else ()


def folded(brand: str) -> str:
    """Letters and digits alone: "Ｈｕａ Wei®" is "huawei"."""
    wide = unicodedata.normalize("NFKC", brand).casefold()
    return "".join(one for one in wide if one.isalnum())


def _shared(a: Mapping[str, str], b: Mapping[str, str], core: Sequence[str], *, every: bool) -> bool:
    """A brand that is not known is like no other."""
    same = [bool(folded(a.get(one, ""))) and folded(a.get(one, "")) == folded(b.get(one, "")) for one in core]
    return bool(same) and (all(same) if every else any(same))


def groups(bids: Sequence[str], said: Said, core: Sequence[str], *, every: bool = False) -> list[Group]:
    """Every bid stands in exactly one group. Two bids are of one brand when any core product (`every`: all of them) is;
    and whoever is of one brand with a third bid is so with both."""
    found: list[list[str]] = []
    for bid in bids:
        near = [
            group for group in found
            if any(_shared(said.get(bid, {}), said.get(other, {}), core, every=every) for other in group)
        ]  # fmt: skip
        merged = [one for one in bids if one == bid or any(one in group for group in near)]
        found = [group for group in found if group not in near] + [merged]
    found.sort(key=lambda group: bids.index(group[0]))
    return [Group(_brands(group, said, core), tuple(group)) for group in found]


def _brands(group: Sequence[str], said: Said, core: Sequence[str]) -> tuple[str, ...]:
    """What the group has in common, as its first bid writes it."""
    if len(group) < 2:
        return ()
    shown: list[str] = []
    for product in core:
        written = [said.get(bid, {}).get(product, "") for bid in group]
        counted = [folded(one) for one in written]
        for text, one in zip(written, counted, strict=True):
            if one and counted.count(one) > 1 and one not in [folded(other) for other in shown]:
                shown.append(text)
    return tuple(shown)


def standing(
    found: Sequence[Group], best: Mapping[str, tuple[Decimal, ...]], lot: Callable[[Collection[str]], str]
) -> list[Group]:
    """Who of each group stands for it: the lowest of `best`; full equals are told apart by `lot`.

    Only bids in `best` can stand; a group without any stands for nobody.
    """
    out = []
    for group in found:
        able = [bid for bid in group.bids if bid in best]
        if not able:
            continue
        least = min(best[bid] for bid in able)
        equal = [bid for bid in able if best[bid] == least]
        kept, how = (equal[0], "best") if len(equal) == 1 else (lot(equal), "lot")
        out.append(Group(group.brands, tuple(able), kept, how))
    return out
