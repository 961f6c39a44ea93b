"""Frozen readings of a project for the rules."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.faults import Unusable
from core.money import D


@dataclass(frozen=True)
class Period:
    """From entering the state `start`, `act` is due within the days of `rule`, as long as the case is in `states`.

    `separate`: only where evaluation and award are separate, or only where they are not; None = both. `done`: kind of
    the ledger entry that ends it without a step.
    """

    rule: str
    start: str
    act: str
    states: tuple[str, ...]
    separate: bool | None = None
    done: str = ""


@dataclass(frozen=True)
class Need:
    """What is to be built. Money in 万元; `kind`: works, goods or services; `tendered`: the chosen way is a tender."""

    kind: str
    estimate: Decimal
    tendered: bool
    funds: str
    budget: Decimal | None = None
    investment: Decimal | None = None


def in_wan(amount: str | Decimal, unit: str) -> Decimal:
    """An amount of the case's unit in 万元."""
    if unit not in ("元", "万元"):
        raise Unusable(f"unit: 元 or 万元 is expected, found {unit!r}")
    return D(amount) / (10000 if unit == "元" else 1)
