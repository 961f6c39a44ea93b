"""Decimal money and scores; rounding is explicit, half up, and happens once where the tender file says."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from core.faults import Unusable


def D(value: str | int | Decimal) -> Decimal:
    """A finite Decimal from its written form; Unusable for anything else (floats included)."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise Unusable(f"not a decimal string: {value!r}")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise Unusable(f"not a decimal string: {value!r}") from None
    if not number.is_finite():
        raise Unusable(f"not a finite number: {value!r}")
    return number


def half_up(value: Decimal, places: int) -> Decimal:
    """`value` rounded half up to `places` decimals (places ≥ 0)."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Written form without exponent or trailing zeros: Decimal('5752.80') → '5752.8'."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def yuan(value: Decimal) -> str:
    """For people: 1234567.5 → '1,234,567.50'."""
    return format(half_up(value, 2), ",f")
