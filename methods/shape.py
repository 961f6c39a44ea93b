"""Strict reading of input: whatever is not exactly as the contract says is Unusable, named by its path."""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction
from typing import Any

from core.faults import Unusable

DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
MAX_TEXT = 200


def said(value: Any) -> str:
    """A value as it may stand in a one-line message: escaped and short."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def fields(value: Any, where: str, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """An object with all `required` keys and none outside both sets; an optional key that is null counts as absent."""
    if not isinstance(value, dict):
        raise Unusable(f"{where} must be an object, found {said(value)}")
    for key in value:
        if key not in required and key not in optional:
            raise Unusable(f"{where} has an unknown key {said(key)}")
    for key in required:
        if key not in value:
            raise Unusable(f"{where} lacks the key {said(key)}")
    return {key: item for key, item in value.items() if key in required or item is not None}


def mapping(value: Any, where: str) -> dict[str, Any]:
    """An object whose keys are names chosen by the writer."""
    if not isinstance(value, dict):
        raise Unusable(f"{where} must be an object, found {said(value)}")
    for key in value:
        text(key, f"a key of {where}")
    return value


def rows(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Unusable(f"{where} must be a list, found {said(value)}")
    return value


def text(value: Any, where: str) -> str:
    """A non-empty printable line."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > MAX_TEXT:
        raise Unusable(f"{where} must be a non-empty line of text, found {said(value)}")
    return value


def choice(value: Any, where: str, allowed: Collection[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise Unusable(f"{where} must be one of {', '.join(sorted(allowed))}, found {said(value)}")
    return value


def flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise Unusable(f"{where} must be true or false, found {said(value)}")
    return value


def whole(value: Any, where: str, low: int, high: int = 1_000_000) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Unusable(f"{where} must be a whole number from {low} to {high}, found {said(value)}")
    return value


def number(value: Any, where: str, *, low: int | None = None, above: int | None = None) -> Fraction:
    """The exact value of a decimal string such as "5689.50"; `low` is the least allowed, `above` must be exceeded."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise Unusable(f"{where} must be a decimal string, found {said(value)}")
    result = Fraction(value)
    if low is not None and result < low:
        raise Unusable(f"{where} must not be below {low}, found {value}")
    if above is not None and result <= above:
        raise Unusable(f"{where} must be greater than {above}, found {value}")
    return result


def distinct(values: Collection[str], where: str) -> None:
    """Unusable when one name stands twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise Unusable(f"{where}: {said(value)} stands twice")
        seen.add(value)
