"""Reading a payload field by field: each reader answers with a value or raises Unusable naming the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.clock import CST
from core.faults import Unusable
from core.money import D

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def _value(p: Mapping[str, Any], key: str) -> Any:
    if p.get(key) is None:
        raise Unusable(f"{key}: missing")
    return p[key]


def text(p: Mapping[str, Any], key: str, *, limit: int = 200, default: str | None = None) -> str:
    """Trimmed text of 1 to `limit` characters without control characters; `default` when absent or empty."""
    value = p.get(key)
    if default is not None and value in (None, ""):
        return default
    value = _value(p, key)
    if not isinstance(value, str) or not value.strip():
        raise Unusable(f"{key}: text expected")
    value = value.strip()
    if len(value) > limit:
        raise Unusable(f"{key}: at most {limit} characters, found {len(value)}")
    if _CONTROL.search(value):
        raise Unusable(f"{key}: control characters are not allowed")
    return value


def decimal(
    p: Mapping[str, Any], key: str, *, least: Decimal | None = None, places: int = 6, default: Decimal | None = None
) -> Decimal:
    """A decimal string with at most `places` decimals, ≥ `least`, below 10^12."""
    if default is not None and p.get(key) in (None, ""):
        return default
    try:
        number = D(_value(p, key))
    except Unusable:
        raise Unusable(f"{key}: a decimal number is expected") from None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        raise Unusable(f"{key}: at most {places} decimals")
    if (least is not None and number < least) or abs(number) >= Decimal(10) ** 12:
        raise Unusable(f"{key}: out of range")
    return number


def integer(p: Mapping[str, Any], key: str, *, least: int, most: int, default: int | None = None) -> int:
    if default is not None and p.get(key) in (None, ""):
        return default
    value = _value(p, key)
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unusable(f"{key}: a whole number from {least} to {most} is expected")
    return value


def yes_no(p: Mapping[str, Any], key: str, *, default: bool | None = None) -> bool:
    value = p.get(key, default)
    if not isinstance(value, bool):
        raise Unusable(f"{key}: true or false is expected")
    return value


def choice(p: Mapping[str, Any], key: str, among: tuple[str, ...] | frozenset[str] | list[str]) -> str:
    value = _value(p, key)
    if value not in among:
        raise Unusable(f"{key}: one of {', '.join(sorted(among))} is expected")
    return str(value)


def day(p: Mapping[str, Any], key: str) -> date:
    try:
        return date.fromisoformat(str(_value(p, key)))
    except ValueError:
        raise Unusable(f"{key}: a date YYYY-MM-DD is expected") from None


def moment(p: Mapping[str, Any], key: str) -> datetime:
    """An ISO time; one without zone is read as Asia/Shanghai."""
    try:
        value = datetime.fromisoformat(str(_value(p, key)))
    except ValueError:
        raise Unusable(f"{key}: a time YYYY-MM-DDTHH:MM is expected") from None
    return value.replace(tzinfo=CST) if value.tzinfo is None else value.astimezone(CST)


def sha256(p: Mapping[str, Any], key: str) -> str:
    value = _value(p, key)
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise Unusable(f"{key}: a SHA-256 is expected")
    return value


def items(p: Mapping[str, Any], key: str, *, most: int = 500) -> list[Any]:
    value = _value(p, key)
    if not isinstance(value, list) or len(value) > most:
        raise Unusable(f"{key}: a list of at most {most} is expected")
    return value


def mapping(p: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = _value(p, key)
    if not isinstance(value, dict):
        raise Unusable(f"{key}: an object is expected")
    return value


def only(p: Mapping[str, Any], *known: str) -> None:
    """Unusable when the payload holds a key nobody reads."""
    unknown = [key for key in p if key not in known]
    if unknown:
        raise Unusable(f"{min(unknown)}: unknown field")
