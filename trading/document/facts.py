"""A draft of the tender file as the rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Draft:
    """Days are Beijing days. `estimate` (the budget, in government procurement), `bond` and `ceiling_wan` in 万元;
    `ceiling` as written in the file's unit, "" when none.

    `missing`: what a file of this procedure must state and this one does not.
    """

    kind: str
    estimate: Decimal
    plan_published: date | None
    issue: date
    file_from: date
    file_until: date | None
    deadline: datetime | None
    ceiling: str
    bond: Decimal
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    award: Mapping[str, Any] = field(default_factory=dict)
    remote: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    regime: str = "R1"
    ceiling_wan: Decimal = Decimal(0)
    sections: Mapping[str, Any] = field(default_factory=dict)


def factor_set(evaluation: Mapping[str, Any]) -> list[str]:
    """The coefficients of which one is drawn in public, [] where the file has none or one fixed factor."""
    benchmark = (evaluation.get("price") or {}).get("benchmark") or {}
    return list(benchmark.get("factor_set") or [])


def with_factor(price: Mapping[str, Any], factor: str) -> dict[str, Any]:
    """The price block as scoring/1 knows it, with the drawn factor in the place of the set."""
    benchmark = dict(price.get("benchmark") or {})
    if benchmark.pop("factor_set", None) is None:
        return dict(price)
    return dict(price) | {"benchmark": benchmark | {"factor": factor}}
