"""What rules are told of an auction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Standing:
    """An auction at the moment of a bid. `best` None = no price yet."""

    opens_at: datetime
    ends_at: datetime
    ceiling: Decimal
    step: Decimal
    best: Decimal | None
    far: int


@dataclass(frozen=True)
class Terms:
    """What decides whether and how a bid moves the end; seconds."""

    window: int
    extend: int
    most: int
    done: int


@dataclass(frozen=True)
class Broken:
    """Time without service, `whole` when nothing ran at all."""

    since: datetime
    until: datetime
    whole: bool
