"""顺序轮候: whose turn it is. Pure, so that anyone can work it out from the order and the turns so far.

Everybody has at most one turn in a round, whatever becomes of it; a round ends when nobody who can supply has a turn
left in it. Who is suspended is passed over and keeps the turn while that round lasts; who comes in later begins with
the round under way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    round: int
    member: str


def next_turn(
    order: Sequence[str], turns: Sequence[Turn], able: Collection[str], passed: Collection[str] = ()
) -> Turn | None:
    """The next in the order that was told to all. `able`: who can supply now; `passed`: who has declined this purchase
    and is not asked again for it. None when nobody is left for it."""
    asked = [one for one in order if one in able and one not in passed]
    if not asked:
        return None
    now = max((turn.round for turn in turns), default=1)
    had = {turn.member for turn in turns if turn.round == now}
    if all(one in had for one in order if one in able):
        now, had = now + 1, set()
    left = [one for one in asked if one not in had]
    if not left:  # all who have a turn left in this round have declined: nobody is given a second one
        return None
    return Turn(now, left[0])


def counts(turns: Sequence[Turn]) -> Mapping[str, int]:
    """Turns by member."""
    found: dict[str, int] = {}
    for turn in turns:
        found[turn.member] = found.get(turn.member, 0) + 1
    return found
