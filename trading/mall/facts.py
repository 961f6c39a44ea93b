"""What the rules of items and prices are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

KINDS = ("text", "number", "choice", "yes_no")


@dataclass(frozen=True)
class SpecField:
    """One field of a template. `unit` of a number; `choices` of a choice; `of`: the category that asks for it."""

    name: str
    kind: str = "text"
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class Asked:
    """What a category asks of its items, its own fields and those of the categories above; `versions`: {category:
    version} of the templates that say so."""

    category: str
    fields: tuple[SpecField, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """A price that buyers saw from `at` on."""

    at: datetime
    price: Decimal


@dataclass(frozen=True)
class PriceFacts:
    """A price that is asked for. `agreement`: the most the framework agreement allows, None without one. `elsewhere`:
    the supplier's own price outside the mall. `past`: its prices before, ascending. `alike`: prices of the same
    category, brand and model by other suppliers."""

    price: Decimal
    now: datetime
    agreement: Decimal | None = None
    elsewhere: Decimal | None = None
    past: Sequence[Past] = ()
    alike: Sequence[Decimal] = ()
