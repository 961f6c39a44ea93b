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
from methods import small as small_firms

SCHEMA = "price-sheet/1"
PDF, SHEET, REFERENCE = "bid.pdf", "price.json", "reference.json"
LARGEST = 1 << 16
MOST_CORE = 20


@dataclass(frozen=True)
class Sheet:
    """`price` in the tender's unit; `manager`: {name, certificate}; `flags` such as small_firm; `brands`:
    {core product: brand}, where the tender file names core products; `small`: what is declared with the flag
    small_share (methods.small), or {problem} where it cannot stand: the price is read all the same."""

    price: str
    duration_days: int
    quality: str
    manager: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    brands: dict[str, str] = field(default_factory=dict)
    small: dict[str, str] = field(default_factory=dict)


def compose(sheet: Sheet) -> bytes:
    """Bytes of price.json as a bidder's side makes them."""
    brands = {"brands": sheet.brands} if sheet.brands else {}
    small = {"small": sheet.small} if sheet.small else {}
    return canon.dumps(
        {
            "schema": SCHEMA,
            "price": sheet.price,
            "duration_days": sheet.duration_days,
            "quality": sheet.quality,
            "manager": sheet.manager,
            "flags": list(sheet.flags),
            **brands,
            **small,
        }
    )


def read(data: bytes) -> Sheet:
    """Unusable says in words what is wrong with a price sheet."""
    if len(data) > LARGEST:
        raise Unusable("the price sheet is too large")
    value = canon.loads(data)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise Unusable(f"not a {SCHEMA}")
    fields.only(value, "schema", "price", "duration_days", "quality", "manager", "flags", "brands", "small")
    manager = value.get("manager") or {}
    if not isinstance(manager, dict):
        raise Unusable("manager: an object is expected")
    fields.only(manager, "name", "certificate")
    flags = fields.items(value, "flags", most=20) if value.get("flags") else []
    claimed = tuple(fields.text({"flag": flag}, "flag", limit=40) for flag in flags)
    declared = _small(claimed, value.get("small"))
    brands = fields.mapping(value, "brands") if value.get("brands") else {}
    if len(brands) > MOST_CORE:
        raise Unusable(f"brands: at most {MOST_CORE}")
    return Sheet(
        price=_price(value),
        duration_days=fields.integer(value, "duration_days", least=1, most=36500),
        quality=fields.text(value, "quality", default="-"),
        manager={key: fields.text(manager, key, limit=60) for key in manager},
        flags=tuple(flag for flag in claimed if flag != small_firms.FLAG or "form" in declared),
        brands={key: fields.text(brands, key, limit=60) for key in brands if brands[key]},
        small=declared,
    )


def _small(flags: tuple[str, ...], value: Any) -> dict[str, str]:
    """A declaration that cannot stand costs its deduction, never the bid: it is no condition of taking part."""
    wrong = small_firms.fault(flags, value)
    return {"problem": wrong} if wrong else dict(value or {})


def declared(data: bytes) -> Sheet:
    """As the bidder's own side reads it before sealing: Unusable for a declaration that would not count, too."""
    sheet = read(data)
    if "problem" in sheet.small:
        raise Unusable(f"small: {small_firms.FAULTS[sheet.small['problem']]}")
    return sheet


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
