"""What a supplier seals as a quote: `quote.json` of schema quote/1, read strictly. Whatever is in it, reading never
raises more than Unusable: a quote that cannot be read is out of the comparison, and its supplier is told why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core import canon, fields
from core.faults import Unusable
from core.money import plain

SCHEMA, NAME = "quote/1", "quote.json"
LARGEST = 256 << 10
MOST_LINES = 100
SEALED_MOST = 1 << 20  # P: bytes of a sealed quote
_KEYS = {"schema", "lines", "delivery_days", "small_firm", "note"}


@dataclass(frozen=True)
class Priced:
    position: int
    price: Decimal
    brand: str
    model: str


@dataclass(frozen=True)
class Offer:
    """`delivery_days` in calendar days from the order; `small_firm`: declared 小微企业."""

    lines: tuple[Priced, ...]
    delivery_days: int
    small_firm: bool
    note: str

    def total(self, quantities: dict[int, int]) -> Decimal:
        return sum((one.price * quantities[one.position] for one in self.lines), Decimal(0))

    def plain(self) -> dict[str, Any]:
        """As a row keeps it; prices as decimal strings."""
        lines = [{"position": one.position, "price": plain(one.price), "brand": one.brand, "model": one.model}
                 for one in self.lines]  # fmt: skip
        return {"lines": lines, "delivery_days": self.delivery_days, "small_firm": self.small_firm, "note": self.note}


def _priced(one: Any) -> Priced:
    if not isinstance(one, dict):
        raise Unusable("lines: a list of objects is expected")
    fields.only(one, "position", "price", "brand", "model")
    return Priced(
        fields.integer(one, "position", least=1, most=MOST_LINES),
        fields.decimal(one, "price", least=Decimal("0.01"), places=2),
        fields.text(one, "brand", limit=60), fields.text(one, "model", limit=100, default=""),
    )  # fmt: skip


def read(data: bytes, positions: Sequence[int]) -> Offer:
    """The offer of a decrypted quote.json; Unusable unless it prices exactly these positions, each once."""
    if len(data) > LARGEST:
        raise Unusable("quote.json: too large")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise Unusable("quote.json: not JSON") from None
    if not isinstance(body, dict) or set(body) != _KEYS or body["schema"] != SCHEMA:
        raise Unusable(f"quote.json: not a {SCHEMA}")
    lines = tuple(sorted(map(_priced, fields.items(body, "lines", most=MOST_LINES)), key=lambda one: one.position))
    if [one.position for one in lines] != sorted(positions):
        raise Unusable("lines: a price for every line, each once")
    return Offer(
        lines, fields.integer(body, "delivery_days", least=0, most=3650), fields.yes_no(body, "small_firm"),
        fields.text(body, "note", limit=500, default=""),
    )  # fmt: skip


def compose(offer: Offer) -> bytes:
    """The bytes a supplier seals; the page makes the same."""
    return canon.dumps({"schema": SCHEMA, **offer.plain()})
