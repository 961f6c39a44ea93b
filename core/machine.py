"""State machines as tables of rows. The same table decides what may happen, draws the buttons and is tested."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.access import Actor, Role
from core.rules import Breach, Refused

SUSPENDED = Breach("R1-09", "招标投标法实施条例 第22条、第54条", "B", "all objections answered", "suspended")


@dataclass(frozen=True)
class Row:
    """`state --act[roles]--> target`. `act` names the function in actions.py; `""` as roles = a timer or system step.

    `document` is the kind of paper the step produces; `forward` False = allowed while the case is suspended.
    """

    state: str
    act: str
    target: str
    roles: tuple[Role, ...] = ()
    article: str = ""
    document: str = ""
    forward: bool = True


class Machine:
    """A table of rows with a first state and its final states."""

    def __init__(self, first: str, rows: Iterable[Row], final: Iterable[str]) -> None:
        self.first = first
        self.rows = tuple(rows)
        self.final = frozenset(final)

    @property
    def states(self) -> list[str]:
        seen = dict.fromkeys([self.first])
        for row in self.rows:
            seen.update(dict.fromkeys([row.state, row.target]))
        return list(seen)

    def open_acts(self, state: str, actor: Actor | None = None) -> list[Row]:
        """Rows leaving `state`, those of the actor's roles when one is given."""
        return [r for r in self.rows if r.state == state and (actor is None or (r.roles and actor.has(*r.roles)))]

    def move(self, state: str, act: str, actor: Actor | None, *, suspended: bool = False) -> Row:
        """The row taken by `act` from `state`; Refused (with the states it would be allowed in) otherwise."""
        rows = [r for r in self.rows if r.act == act]
        here = [r for r in rows if r.state == state]
        if not here:
            wanted = " / ".join(dict.fromkeys(r.state for r in rows)) or "-"
            stage = Breach("STATE", rows[0].article if rows else "", "B", wanted, state)
            raise Refused([stage, SUSPENDED] if suspended else stage)
        row = here[0]
        if suspended and row.forward:
            raise Refused(SUSPENDED)
        if actor is not None and row.roles:
            actor.require(*row.roles)
        return row

    def faults(self) -> list[str]:
        """Unreachable states, dead ends and acts leaving a final state; empty for a sound table."""
        reached, todo = {self.first}, [self.first]
        while todo:
            here = todo.pop()
            for row in self.rows:
                if row.state == here and row.target not in reached:
                    reached.add(row.target)
                    todo.append(row.target)
        faults = [f"{s} cannot be reached" for s in self.states if s not in reached]
        leaving = {r.state for r in self.rows if r.target != r.state}
        faults += [f"{s} is a dead end" for s in self.states if s not in leaving and s not in self.final]
        faults += [f"{s} is final but has acts" for s in self.final if s in leaving]
        return faults
