"""Frozen readings of rows, handed to the rules of buying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.rules import Breach


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
    """An item at this moment. `why`: what the mall says against buying so many of it for that region."""

    name: str
    price: Decimal
    version: int
    why: tuple[Breach, ...]

    @property
    def shown(self) -> bool:
        """Whether it and its supplier stand in the mall."""
        return not any(one.rule in ("ITEM-LISTED", "SUP-ACTIVE") for one in self.why)


@dataclass(frozen=True)
class Wanted:
    """What a person saw of it."""

    price: Decimal
    version: int


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
