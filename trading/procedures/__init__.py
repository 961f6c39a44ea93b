"""One folder a procedure type, found by looking: machine.MACHINE, rulebook.RULES, fields."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from core.faults import Unusable
from core.machine import Machine
from core.rules import RuleBook


class Procedure:
    def __init__(self, name: str) -> None:
        room = f"{__name__}.{name.replace('-', '_')}"
        self.name = name
        self.machine: Machine = import_module(f"{room}.machine").MACHINE
        self.rules: RuleBook = import_module(f"{room}.rulebook").RULES
        self.fields: ModuleType = import_module(f"{room}.fields")


TYPES = {name: Procedure(name) for name in (m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))}


def of(name: str) -> Procedure:
    if name not in TYPES:
        raise Unusable(f"procedure: one of {', '.join(sorted(TYPES))} is expected")
    return TYPES[name]
