"""Canonical JSON: one byte string per value, so that hashes and signatures mean one thing.

Sorted keys, no white space, UTF-8, no floats (they differ between writers), Decimal and aware datetimes as strings.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from core.faults import Fault, Unusable

_LEAVES = frozenset((str, int, bool, type(None)))

def plain(value: Any) -> Any:
    """`value` of JSON's own types, as its canonical form shows it; TypeError for what has none."""
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is dict:
        for key in value:
            if type(key) is not str and not isinstance(key, str):
                raise TypeError("canonical JSON keys are strings")
        return {key: item if type(item) in _LEAVES else plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    return _other(value)


def _other(value: Any) -> Any:
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime():
            if value.tzinfo is None:
                raise TypeError("a naive datetime has no canonical form")
            return value.isoformat()
        case date():
            return value.isoformat()
        case dict():
            return plain(dict(value))
        case list() | tuple():
            return plain(list(value))
    raise TypeError(f"{type(value).__name__} has no canonical form")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def dumps(value: Any) -> bytes:
    """Canonical bytes of `value`; TypeError for floats, naive times and unknown types."""
    found = plain(value)
    try:
        return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer over 64 bits, half a character, text of a class of its own
        return _ENCODER.encode(found).encode()


_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


def _no_float(text: str) -> NoReturn:
    raise Unusable(f"number {text} must be written as a string")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusable("a key stands twice in one object")
    return found


def loads(data: bytes | str) -> Any:
    """Parse strictly: Unusable for bad UTF-8, half characters, duplicate keys, floats, NaN or trailing text."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = json.loads(text, parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_no_duplicates)
        if _ESCAPED.search(text):
            dumps(value)  # half of a pair can be written as an escape, and never again as UTF-8
        return value
    except Unusable:
        raise
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, an integer of thousands of digits
        raise Unusable(f"not JSON: {error}") from None


def loads_canonical(data: bytes) -> Any:
    """Parse and demand that the bytes are the canonical form; Fault otherwise."""
    value = loads(data)
    if dumps(value) != data:
        raise Fault("the JSON is not in canonical form")
    return value


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
