"""Amounts in Chinese words: as they are read aloud, and in the capitals of formal papers (人民币大写). Pure."""

from __future__ import annotations

from decimal import Decimal

from core.faults import Unusable
from core.money import D, plain

SPOKEN, CAPITAL = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
_SPOKEN_PLACES, _CAPITAL_PLACES = ("", "十", "百", "千"), ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
LARGEST = Decimal(10) ** 16
UNITS = {"元": Decimal(1), "万元": Decimal(10_000)}


def _group(value: int, digits: str, places: tuple[str, ...]) -> str:
    """1 to 9999; a run of zeros between two digits is said once, one at the end is not."""
    out, gap = "", False
    for place, digit in zip(range(3, -1, -1), f"{value:04d}", strict=True):
        if digit == "0":
            gap = bool(out)
            continue
        out += (digits[0] if gap else "") + digits[int(digit)] + places[place]
        gap = False
    return out


def _whole(value: int, digits: str, places: tuple[str, ...]) -> str:
    """Groups of four; zero is said between groups where the lower one does not fill its thousands."""
    out, rest, group = "", value, 0
    lower, gap = 0, False
    while rest:
        rest, here = divmod(rest, 10_000)
        if here:
            zero = digits[0] if out and (gap or lower < 1000) else ""
            out = _group(here, digits, places) + _GROUPS[group] + zero + out
            lower, gap = here, False
        elif out:
            gap = True
        group += 1
    return out or digits[0]


def _checked(amount: Decimal) -> Decimal:
    if not 0 <= amount < LARGEST:
        raise Unusable("amount: out of range")
    return amount


def spoken(amount: str | Decimal) -> str:
    """As it is read: '5708.5' → 五千七百零八点五. Ten to nineteen begin with 十."""
    whole, _, decimals = plain(_checked(D(amount))).partition(".")
    words = _whole(int(whole), SPOKEN, _SPOKEN_PLACES)
    words = words.removeprefix("一") if words.startswith("一十") else words
    return words + ("点" + "".join(SPOKEN[int(one)] for one in decimals) if decimals else "")


def capital(amount: str | Decimal, unit: str = "元") -> str:
    """人民币大写 of an amount in `unit`; "" for an amount that is not whole 分, which has no such form."""
    fen = _checked(D(amount) * UNITS[unit]) * 100
    if fen != fen.to_integral_value():
        return ""
    yuan, rest = divmod(int(fen), 100)
    jiao, cent = divmod(rest, 10)
    if not rest:
        return _whole(yuan, CAPITAL, _CAPITAL_PLACES) + "元整"
    words = _whole(yuan, CAPITAL, _CAPITAL_PLACES) + "元" if yuan else ""
    words += CAPITAL[jiao] + "角" if jiao else CAPITAL[0] if yuan else ""
    return words + (CAPITAL[cent] + "分" if cent else "整")
