"""The leader's election. Pure: members vote, a majority of those present; a tie is voted again, then the eldest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Election:
    """`leader` is "" when the members must vote again."""

    leader: str
    how: str  # majority, revote, eldest


def elect(votes: Mapping[str, str], present: int, ages: Mapping[str, tuple[int, int]], round_no: int) -> Election:
    """votes {voter: choice}; ages {member: (born year, number)}: the smallest is the eldest, an expert (domain.md §4).

    More than half of those present elect. Otherwise they vote once more; then the eldest of those with the most votes.
    """
    counted = Counter(votes.values())
    best, most = max(counted.items(), key=lambda item: item[1])
    if 2 * most > present:
        return Election(best, "majority")
    if round_no == 1:
        return Election("", "revote")
    first = [one for one, count in counted.items() if count == most]
    return Election(min(first, key=lambda one: ages[one]), "eldest")
