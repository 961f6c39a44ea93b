"""The derivation: one line per calculation, with the values that stand in its formula."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from methods.exact import shown

Line = dict[str, Any]
"""{"step", "formula", "values": {name: text or list of text}, "result": text or list of text}"""
Value = Fraction | int | str | Sequence[Fraction] | Sequence[str]


def _written(value: Value) -> str | list[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, Fraction)):
        return shown(Fraction(value))
    return [item if isinstance(item, str) else shown(item) for item in value]


class Trail:
    """Collects the derivation in the order of calculation."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, step: str, formula: str, result: Value, **values: Value) -> None:
        written = {name: _written(value) for name, value in values.items()}
        self.lines.append({"step": step, "formula": formula, "values": written, "result": _written(result)})
