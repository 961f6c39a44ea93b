"""What is said of an item, read from a payload: by the form, by the API and by a file of items alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core import fields
from core.data import regions
from core.faults import Unusable
from trading.mall.categories import categories
from trading.mall.models import MARKS

KEYS = ("sku", "category", "name", "brand", "model", "unit", "price", "elsewhere", "elsewhere_url", "stock", "regions",
        "certificates", "specs", "pictures")  # fmt: skip
CENT = Decimal("0.01")
MOST_STOCK = 999_999_999


@dataclass
class Said:
    """`values` of KEYS; `faults`: [(key, why, found)] of those that could not be read."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


def _category(p: Mapping[str, Any]) -> str:
    return categories().get(fields.text(p, "category", limit=9)).code


def _elsewhere(p: Mapping[str, Any]) -> Decimal | None:
    if p.get("elsewhere") in (None, ""):
        return None
    return fields.decimal(p, "elsewhere", least=CENT, places=2)


def _url(p: Mapping[str, Any]) -> str:
    found = fields.text(p, "elsewhere_url", limit=300, default="")
    if found and not found.startswith(("https://", "http://")):
        raise Unusable("elsewhere_url: an address beginning with https:// is expected")
    return found


def _regions(p: Mapping[str, Any]) -> list[str]:
    given = fields.items(p, "regions", most=200)
    if not given:
        raise Unusable("regions: one or more codes are expected")
    for one in given:
        try:
            regions().check(one)
        except Unusable:
            raise Unusable("regions: no such region") from None
    return sorted(set(given))


def _certificates(p: Mapping[str, Any]) -> list[dict[str, str]]:
    """At most one of each mark. A form says {mark: {number, until}}, of which an empty one is none."""
    given = p.get("certificates")
    if isinstance(given, dict):
        fields.only(given, *MARKS)
        given = [{"mark": mark, **raw} for mark, raw in given.items() if isinstance(raw, dict) and any(raw.values())]
    found: dict[str, dict[str, str]] = {}
    for raw in fields.items({"certificates": given}, "certificates", most=len(MARKS)) if given else []:
        if not isinstance(raw, dict):
            raise Unusable("certificates: a list of objects is expected")
        fields.only(raw, "mark", "number", "until")
        mark, until = fields.choice(raw, "mark", MARKS), fields.day(raw, "until")
        if mark in found:
            raise Unusable("certificates: a mark stands twice")
        found[mark] = {"mark": mark, "number": fields.text(raw, "number", limit=60), "until": until.isoformat()}
    return [found[mark] for mark in MARKS if mark in found]


def _specs(p: Mapping[str, Any]) -> dict[str, str]:
    given = fields.mapping(p, "specs") if p.get("specs") else {}
    if len(given) > 60:
        raise Unusable("specs: a list of at most 60 is expected")
    said = {name: value for name, value in sorted(given.items()) if value not in ("", None)}
    return {name: fields.text({"specs": value}, "specs", limit=200) for name, value in said.items()}


def _pictures(p: Mapping[str, Any]) -> list[str]:
    given = fields.items(p, "pictures", most=50) if p.get("pictures") else []
    return list(dict.fromkeys(fields.sha256({"pictures": one}, "pictures") for one in given))


READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "sku": lambda p: fields.text(p, "sku", limit=60),
    "category": _category,
    "name": lambda p: fields.text(p, "name", limit=200),
    "brand": lambda p: fields.text(p, "brand", limit=60),
    "model": lambda p: fields.text(p, "model", limit=100, default=""),
    "unit": lambda p: fields.text(p, "unit", limit=10),
    "price": lambda p: fields.decimal(p, "price", least=CENT, places=2),
    "elsewhere": _elsewhere,
    "elsewhere_url": _url,
    "stock": lambda p: fields.integer(p, "stock", least=0, most=MOST_STOCK),
    "regions": _regions,
    "certificates": _certificates,
    "specs": _specs,
    "pictures": _pictures,
}


def _shown(value: Any) -> str:
    return "-" if value in (None, "") else str(value)[:60]


def read(p: Mapping[str, Any], keys: tuple[str, ...] = KEYS) -> Said:
    """Every key is read, whatever is wrong with the others."""
    said = Said()
    for key in keys:
        try:
            said.values[key] = READERS[key](p)
        except Unusable as error:
            where, _, why = str(error).partition(": ")
            found = p[where] if where in p else p.get(key)
            said.faults.append((key, why or where, _shown(found)))
    return said


def read_all(p: Mapping[str, Any]) -> dict[str, Any]:
    """As `read`, for one item: Unusable names the first key that cannot be read."""
    said = read(p)
    if said.faults:
        key, why, _ = said.faults[0]
        raise Unusable(f"{key}: {why}")
    return said.values


def until_days(certificates: list[dict[str, str]]) -> list[date]:
    return sorted({date.fromisoformat(one["until"]) for one in certificates})
