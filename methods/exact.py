"""Exact numbers: every value is a Fraction until the one place where the tender file says to round.

A mean of three experts is not a finite decimal; kept as a Fraction, a total that lies exactly on a half cent
is still rounded up, whatever the order of the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

SHOWN_PLACES = 12
"""Decimals printed for a value nobody asked to round; the calculation itself goes on with the exact value."""


def half_up(value: Fraction, places: int) -> Fraction:
    """`value` rounded to `places` decimals, an exact half going away from zero."""
    scale = 10**places
    units = int(abs(value) * scale + Fraction(1, 2))
    return Fraction(units if value >= 0 else -units, scale)


def rounded(value: Fraction, places: int | None) -> Fraction:
    """Rounded half up, or untouched where the file asks for no rounding."""
    return value if places is None else half_up(value, places)


def fixed(value: Fraction, places: int) -> str:
    """Written with exactly `places` decimals: 30 → '30.00'."""
    number = half_up(value, places)
    units = abs(number.numerator) * 10**places // number.denominator
    sign = "-" if number < 0 else ""
    if places == 0:
        return f"{sign}{units}"
    whole, part = divmod(units, 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


def shown(value: Fraction, places: int | None = None) -> str:
    """Decimal string: fixed places where rounding was said, else without trailing zeros, at most SHOWN_PLACES."""
    if places is not None:
        return fixed(value, places)
    return fixed(value, SHOWN_PLACES).rstrip("0").rstrip(".")


def mean(values: Sequence[Fraction]) -> Fraction:
    """Arithmetic mean of at least one value."""
    return sum(values, Fraction(0)) / len(values)


def ceil(value: Fraction) -> int:
    """The smallest whole number not below `value`."""
    return -(-value.numerator // value.denominator)
