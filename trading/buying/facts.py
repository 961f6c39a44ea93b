"""Frozen readings of rows, handed to the rules of buying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Local:
    """A local number with its scope; see models.Parameter."""

    rule: str
    region: str
    category: str
    regime: str
    value: Decimal | None
    level: int
    effective_from: date
    source: str


@dataclass(frozen=True)
class Offered:
    """An item at this moment. `listed`: it and its supplier stand in the mall; `regions`: codes it is delivered to."""

    name: str
    price: Decimal
    version: int
    stock: int
    listed: bool
    supplier_active: bool
    regions: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What a person wants of it, and what that person saw."""

    quantity: int
    price: Decimal
    version: int
    region: str


@dataclass(frozen=True)
class Year:
    """What a buyer has bought of a category in a fiscal year: `before`, and with this purchase `now` more."""

    category: str
    before: Decimal
    more: Decimal

    @property
    def total(self) -> Decimal:
        return self.before + self.more


@dataclass(frozen=True)
class ChainRow:
    """See models.Chain."""

    category: str
    least: Decimal
    steps: tuple[dict[str, object], ...]


@dataclass(frozen=True)
class Away:
    """Who stands in for whom, both days counted."""

    person: str
    substitute: str
    first: date
    last: date
