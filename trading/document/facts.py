"""A draft of the tender file as the rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Draft:
    """Days are Beijing days. `estimate` and `bond` in 万元; `ceiling` as written in the file's unit, "" when none.

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
