"""What a bench answers with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`ratio` > 1 means ours is better. `notes`: figures beside the comparison, in words."""

    name: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    unit: str
    conditions: str
    notes: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)
