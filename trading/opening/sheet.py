"""The price sheet inside a sealed bid (`price-sheet/1`, part price.json) and the reference price. Pure.

A sheet that cannot be read never stops an opening: its problem is recorded for the committee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import canon, fields
from core.faults import Fault, Unusable
from core.money import D, plain

SCHEMA = "price-sheet/1"
PDF, SHEET, REFERENCE = "bid.pdf", "price.json", "reference.json"
LARGEST = 1 << 16
MOST_CORE = 20


@dataclass(frozen=True)
class Sheet:
    """`price` in the tender's unit; `manager`: {name, certificate}; `flags` such as small_firm; `brands`:
    {core product: brand}, where the tender file names core products."""

    price: str
    duration_days: int
    quality: str
    manager: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    brands: dict[str, str] = field(default_factory=dict)


def compose(sheet: Sheet) -> bytes:
    """Bytes of price.json as a bidder's side makes them."""
    brands = {"brands": sheet.brands} if sheet.brands else {}
    return canon.dumps(
        {
            "schema": SCHEMA,
            "price": sheet.price,
            "duration_days": sheet.duration_days,
            "quality": sheet.quality,
            "manager": sheet.manager,
            "flags": list(sheet.flags),
            **brands,
        }
    )


def read(data: bytes) -> Sheet:
    """Unusable says in words what is wrong with a price sheet."""
    if len(data) > LARGEST:
        raise Unusable("the price sheet is too large")
    value = canon.loads(data)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise Unusable(f"not a {SCHEMA}")
    fields.only(value, "schema", "price", "duration_days", "quality", "manager", "flags", "brands")
    manager = value.get("manager") or {}
    if not isinstance(manager, dict):
        raise Unusable("manager: an object is expected")
    fields.only(manager, "name", "certificate")
    flags = fields.items(value, "flags", most=20) if value.get("flags") else []
    brands = fields.mapping(value, "brands") if value.get("brands") else {}
    if len(brands) > MOST_CORE:
        raise Unusable(f"brands: at most {MOST_CORE}")
    return Sheet(
        price=_price(value),
        duration_days=fields.integer(value, "duration_days", least=1, most=36500),
        quality=fields.text(value, "quality", default="-"),
        manager={key: fields.text(manager, key, limit=60) for key in manager},
        flags=tuple(fields.text({"flag": flag}, "flag", limit=40) for flag in flags),
        brands={key: fields.text(brands, key, limit=60) for key in brands if brands[key]},
    )


def _price(value: Mapping[str, Any]) -> str:
    if not isinstance(value.get("price"), str):
        raise Unusable("price: a decimal string is expected")
    price = fields.decimal(value, "price", least=Decimal("0.000001"))
    text = plain(price)
    if "E" in text or len(text) > 20 or D(text) != price:
        raise Unusable("price: out of range")
    return text


def read_reference(data: bytes) -> str:
    """The price of reference.json: {"schema": "reference-price/1", "price"}."""
    value = canon.loads(data) if len(data) <= LARGEST else None
    if not isinstance(value, dict) or value.get("schema") != "reference-price/1":
        raise Unusable("not a reference-price/1")
    fields.only(value, "schema", "price")
    return _price(value)


def compose_reference(price: str) -> bytes:
    return canon.dumps({"schema": "reference-price/1", "price": price})


def problem_of(error: Exception) -> str:
    known = isinstance(error, (Fault, Unusable))
    return (str(error) if known else f"unreadable: {type(error).__name__}")[:300]
