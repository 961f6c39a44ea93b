"""The address of a page of the shop: what is chosen in it, and the same address with one thing more or less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from core import fields
from core.faults import Unusable
from trading.mall.search import Wanted

SEVERAL = ("brand", "supplier", "band", "mark")
SINGLE = ("q", "category", "region", "least", "most", "way", "stock", "order")
Chosen = dict[str, list[str]]


def chosen(args: MultiDict[str, str]) -> Chosen:
    """What the address says, trimmed, each value once; keys nobody reads are left out."""
    found: Chosen = {}
    for key in (*SINGLE, *SEVERAL):
        values = list(dict.fromkeys(value.strip() for value in args.getlist(key) if value.strip()))
        if values:
            found[key] = values if key in SEVERAL else values[:1]
    return found


def _fen(picked: Chosen, key: str) -> int | None:
    if key not in picked:
        return None
    return int(fields.decimal({key: picked[key][0]}, key, least=Decimal(0), places=2) * 100)


def _numbers(values: Iterable[str]) -> tuple[int, ...]:
    found = []
    for value in values:
        if not (value.isascii() and value.isdigit() and len(value) <= 2):
            raise Unusable("band: no such price band")
        found.append(int(value))
    return tuple(found)


def wanted(picked: Chosen, after: str = "") -> Wanted:
    """The question an address asks; Unusable with the field that cannot be read."""

    def one(key: str, default: str = "") -> str:
        return picked.get(key, [default])[0]

    return Wanted(
        text=one("q"), category=one("category"), brands=tuple(picked.get("brand", ())),
        suppliers=tuple(picked.get("supplier", ())), region=one("region"), bands=_numbers(picked.get("band", ())),
        least=_fen(picked, "least"), most=_fen(picked, "most"), marks=tuple(picked.get("mark", ())), way=one("way"),
        stock=one("stock") == "1", order=one("order", "relevance"), after=after,
    )  # fmt: skip


def address(picked: Mapping[str, list[str]], **more: str) -> str:
    pairs = [(key, value) for key, values in picked.items() for value in values] + list(more.items())
    return f"/mall?{urlencode(pairs)}" if pairs else "/mall"


def toggled(picked: Chosen, key: str, value: str) -> str:
    """With `value` chosen, or without it where it is; of a kind that takes one value, in the other's place."""
    old = picked.get(key, [])
    new = [one for one in old if one != value] if value in old else [*(old if key in SEVERAL else []), value]
    rest = {name: values for name, values in picked.items() if name != key}
    return address(rest | ({key: new} if new else {}))


def without(picked: Chosen, *keys: str) -> str:
    return address({name: values for name, values in picked.items() if name not in keys})
