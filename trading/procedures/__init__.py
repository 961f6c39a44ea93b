"""One folder a procedure type, found by looking: machine.MACHINE and its PERIODS, rulebook.RULES, checks, fields."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from core.faults import Unusable
from core.machine import Machine
from core.rules import Breach, RuleBook
from trading.project.facts import Period


class Procedure:
    def __init__(self, name: str) -> None:
        room = f"{__name__}.{name.replace('-', '_')}"
        self.name = name
        life, book = import_module(f"{room}.machine"), import_module(f"{room}.rulebook")
        self.machine: Machine = life.MACHINE
        self.periods: tuple[Period, ...] = life.PERIODS
        self.binding: tuple[str, ...] = life.BINDING
        self.drawn_in: tuple[str, ...] = life.DRAWN_IN
        self.rules: RuleBook = book.RULES
        self.not_asked: dict[str, str] = book.NOT_ASKED
        self._counterparts: dict[str, str] = book.COUNTERPARTS
        self.checks: tuple[Callable[..., list[Breach]], ...] = import_module(f"{room}.checks").CHECKS
        self.fields: ModuleType = import_module(f"{room}.fields")

    def cites(self, article: str) -> str:
        """The article of this procedure's law that says what `article` of the Tendering Law says, where it has one."""
        return self._counterparts.get(article, article)


TYPES = {name: Procedure(name) for name in (m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))}


def by_category(category: str) -> Procedure:
    """Each letter of the project categories belongs to one procedure."""
    for one in TYPES.values():
        if category[:1] in {name[0] for name in one.fields.CATEGORIES}:
            return one
    raise Unusable("category: of no procedure here")


def of(name: str) -> Procedure:
    if name not in TYPES:
        raise Unusable(f"procedure: one of {', '.join(sorted(TYPES))} is expected")
    return TYPES[name]
