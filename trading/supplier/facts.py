"""What other rooms learn of a supplier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Standing:
    """`state`: of the entry, "" for an organisation that has none. A code of `categories` or `regions` covers all
    below it."""

    org: str
    state: str = ""
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    points: int = 0
    suspended_until: datetime | None = None
