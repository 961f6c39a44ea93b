"""response.json, the priced part of a sealed response or quote: read strictly, written canonically."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from certs import sealing, suite
from certs.suite import exact_keys
from core import canon
from core.blobs import Blobs
from core.faults import Fault, Unusable
from core.money import D, plain
from trading.opening.reading import manifest_of

SCHEMA = "framework-response/1"
SHEET, PDF = "response.json", "response.pdf"
LARGEST, LARGEST_PDF = 1 << 20, 64 << 20
_PRICE_MOST = Decimal(10) ** 10


@dataclass(frozen=True)
class Offer:
    """A unit price in yuan, and what is offered for it where it has a brand."""

    price: Decimal
    brand: str = ""
    model: str = ""

    def plain(self) -> dict[str, str]:
        return {"price": plain(self.price), "brand": self.brand, "model": self.model}


def compose(offers: Mapping[str, Offer]) -> bytes:
    listed = [{"item": item, **one.plain()} for item, one in sorted(offers.items())]
    return canon.dumps({"schema": SCHEMA, "items": listed})


def read(data: bytes, items: Collection[str]) -> dict[str, Offer]:
    """{item: Offer}, one for each of `items`. Unusable or Fault says what is wrong."""
    if len(data) > LARGEST:
        raise Unusable("the price sheet is too large")
    body = exact_keys(canon.loads(data), {"schema", "items"}, "price sheet")
    if body["schema"] != SCHEMA or not isinstance(body["items"], list):
        raise Unusable(f"not a {SCHEMA}")
    found: dict[str, Offer] = {}
    for one in body["items"]:
        row = exact_keys(one, {"item", "price", "brand", "model"}, "priced item")
        if row["item"] in found or row["item"] not in items:
            raise Unusable("an item stands twice or is not of this solicitation")
        found[row["item"]] = Offer(_price(row["price"]), _text(row["brand"], 60), _text(row["model"], 100))
    if set(found) != set(items):
        raise Unusable("a price is missing")
    return found


def _price(value: Any) -> Decimal:
    price = D(value) if isinstance(value, str) else Decimal(0)
    if not 0 < price < _PRICE_MOST or price * 100 != (price * 100).to_integral_value():
        raise Unusable("a price is no amount in yuan with at most two decimals")
    return price


def _text(value: Any, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit or any(ord(c) < 32 for c in value):
        raise Unusable("brand or model is no short text")
    return value.strip()


class _Bounded(io.BytesIO):
    """A part in memory, not beyond what may be."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > LARGEST_PDF:
            raise Unusable("a part is too large")
        return super().write(data)


def opened(blobs: Blobs, manifest: dict[str, Any], file_key: str, items: Collection[str]) -> dict[str, Any]:
    """{items, pdf, problem} of one ciphertext; nothing a supplier put inside makes this raise."""
    parts: dict[str, _Bounded] = {}

    def sink(name: str, media: str, size: int) -> _Bounded:
        parts[name] = _Bounded()
        return parts[name]

    try:
        seal = manifest_of(manifest)
        key = suite.unb64(file_key, "file key", sealing.KEY_BYTES)
        with blobs.path(seal.sha256).open("rb") as source:
            sealing.open_with_file_key(seal, key, source, sink)
        if SHEET not in parts:
            raise Unusable(f"{SHEET} is missing")
        offers = read(parts[SHEET].getvalue(), items)
    except (Fault, Unusable, ValueError, TypeError) as error:
        return {"items": {}, "pdf": "", "problem": str(error)[:200]}
    pdf = blobs.put(parts[PDF].getvalue()).sha256 if PDF in parts else ""
    return {"items": {item: one.plain() for item, one in offers.items()}, "pdf": pdf, "problem": ""}


def offers_of(said: Mapping[str, Any]) -> dict[str, Offer]:
    """What `opened` found, as offers again."""
    return {item: Offer(D(one["price"]), one["brand"], one["model"]) for item, one in said.get("items", {}).items()}
