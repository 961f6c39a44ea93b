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

from core.faults import Fault, Unusable


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
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
            if any(not isinstance(key, str) for key in value):
                raise TypeError("canonical JSON keys are strings")
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def dumps(value: Any) -> bytes:
    """Canonical bytes of `value`; TypeError for floats, naive times and unknown types."""
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


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
