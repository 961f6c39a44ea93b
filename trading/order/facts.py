"""An order as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Count:
    """Pieces of one line. `accepted`: taken and kept; `returned`: taken first, then given back; `dropped`: never
    delivered, by cancellation."""

    ordered: int
    shipped: int = 0
    accepted: int = 0
    refused: int = 0
    returned: int = 0
    dropped: int = 0

    @property
    def to_ship(self) -> int:
        return self.ordered - self.shipped - self.dropped

    @property
    def open(self) -> int:
        """Not yet settled: still to be sent, on the way, or not inspected."""
        return self.ordered - self.accepted - self.refused - self.returned - self.dropped

    @property
    def under_way(self) -> int:
        """Sent and not inspected."""
        return self.shipped - self.accepted - self.refused - self.returned


@dataclass(frozen=True)
class Amounts:
    """Yuan. `accepted`: worth of what was accepted and kept."""

    accepted: Decimal
    invoiced: Decimal
    paid: Decimal
