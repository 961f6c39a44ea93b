"""What is known of a sitting at one moment, and how entries write it.

A state is {section: {key: facts}}. What one entry changed has the same shape with nothing but what is new: facts are
laid over those that stand there, None = the key is gone (`lay`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

State = dict[str, dict[str, Any]]
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One entry as far as it is opened; `body` is None where withheld."""

    kind: str
    at: str
    body: Body | None


@dataclass
class Course:
    """`opened`: sheets by their commitment, where a report has opened them; without it locks show no points."""

    opened: Mapping[str, Any] = field(default_factory=dict)
    now: State = field(default_factory=dict)
    changed: State = field(default_factory=dict)
    cells: dict[str, set[tuple[str, str]]] = field(default_factory=dict)  # by member and kind: what holds a value
    bids: list[str] = field(default_factory=list)

    # -- writing --------------------------------------------------------------------------------------------------

    def get(self, section: str, key: str) -> dict[str, Any]:
        found = self.now.get(section, {}).get(key)
        return dict(found) if found else {}

    def put(self, section: str, key: str, **facts: Any) -> None:
        """Facts are replaced and never changed in place: what was told of before stays as it was."""
        before = self.get(section, key)
        self.now.setdefault(section, {})[key] = before | facts
        new = {name: fact for name, fact in facts.items() if name not in before or before[name] != fact}
        told = self.changed.setdefault(section, {})
        told[key] = (told.get(key) or {}) | new

    def drop(self, section: str, key: str) -> None:
        if self.now.get(section, {}).pop(key, None) is not None:
            self.changed.setdefault(section, {})[key] = None

    def clear(self, *sections: str) -> None:
        for section in sections:
            for key in list(self.now.get(section, {})):
                self.drop(section, key)

    def count(self, what: str) -> None:
        self.put("counts", what, n=self.get("counts", what).get("n", 0) + 1)

    def sitting(self, **facts: Any) -> None:
        self.put("sitting", "sitting", **facts)

    def fill(self, member: str, kind: str, cells: Iterable[tuple[str, str]]) -> int:
        held = self.cells.setdefault(f"{member}/{kind}", set())
        held.update(cells)
        return len(held)

    def cast(self, vote: str, member: str, word: Any, **about: Any) -> None:
        """One member's word in a vote."""
        self.put("votes", vote, **about, cast=self.get("votes", vote).get("cast", {}) | {member: word})

    def forget(self, member: str) -> None:
        """All opinions of a member who is out."""
        for section in ("fails", "words", "unlocks"):
            for key, one in list(self.now.get(section, {}).items()):
                if one["member"] == member:
                    self.drop(section, key)
        for section, names in (("votes", ("cast",)), ("lowprice", ("starts", "votes"))):
            for key, one in list(self.now.get(section, {}).items()):
                spoken = [name for name in names if member in one.get(name, {})]
                if spoken:
                    left = {name: {who: word for who, word in one[name].items() if who != member} for name in spoken}
                    self.put(section, key, **left)
        self.drop("sheets", member)


def lay(state: State, changed: State) -> None:
    """Put what an entry changed on the state before it."""
    for section, rows in changed.items():
        for key, facts in rows.items():
            if facts is None:
                state.get(section, {}).pop(key, None)
            else:
                held = state.setdefault(section, {})
                held[key] = held.get(key, {}) | facts


Handler = Callable[[Course, Body, str], None]


def told(table: dict[str, Handler]) -> Callable[..., Callable[[Handler], Handler]]:
    """A decorator that enters a handler in `table` under the kinds of entries it reads."""

    def says(*kinds: str) -> Callable[[Handler], Handler]:
        def note(fn: Handler) -> Handler:
            table.update(dict.fromkeys(kinds, fn))
            return fn

        return note

    return says
