"""Readings of an agreement that rules judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Scheme:
    """What the solicitation is to say. `goods`: goods or services. `ground`: why quality goes first, or why it is open.
    `override`: why less than the rate leaves (a regime that only recommends it), "" without."""

    kind: str
    regime: str
    goods: str
    months: int
    basis: str
    ground: str
    instruments: bool
    ways: tuple[str, ...]
    competitions: int
    rate: Decimal | None
    override: str
    adjustment: str
    items: int


@dataclass(frozen=True)
class Offered:
    """Prices of a response or quote beside what they may not exceed; both by item."""

    prices: Mapping[str, Decimal]
    ceilings: Mapping[str, Decimal]


@dataclass(frozen=True)
class Remaining:
    """For a supplementary call: how many signed, how many are left, why supply is affected."""

    signed: int
    left: int
    reason: str
    on: date
    ends: date
