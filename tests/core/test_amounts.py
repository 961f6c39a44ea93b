"""Amounts in Chinese words, against forms printed in the rules for filling in cheques (支付结算办法 附一)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.amounts import CAPITAL, SPOKEN, capital, spoken
from core.faults import Unusable

WHOLE = {
    "0": "零", "3": "三", "10": "十", "11": "十一", "19": "十九", "20": "二十", "100": "一百", "101": "一百零一",
    "110": "一百一十", "1005": "一千零五", "1050": "一千零五十", "5689": "五千六百八十九", "10000": "一万",
    "10010": "一万零一十", "100000": "十万", "105000": "十万五千", "120034": "十二万零三十四", "1000001": "一百万零一",
    "16409.02": "一万六千四百零九点零二", "107000.53": "十万七千点五三", "100000000": "一亿",
    "100000001": "一亿零一", "100010000": "一亿零一万", "1000200030004": "一万亿零二亿零三万零四", "0.5": "零点五",
}  # fmt: skip
FORMAL = {
    "1409.50": "壹仟肆佰零玖元伍角整", "6007.14": "陆仟零柒元壹角肆分", "1680.32": "壹仟陆佰捌拾元零叁角贰分",
    "107000.53": "壹拾万柒仟元零伍角叁分", "16409.02": "壹万陆仟肆佰零玖元零贰分", "325.04": "叁佰贰拾伍元零肆分",
    "0.07": "柒分", "0.30": "叁角整", "0": "零元整", "10": "壹拾元整", "1000000": "壹佰万元整",
}  # fmt: skip


@pytest.mark.parametrize(("amount", "words"), WHOLE.items())
def test_amounts_as_they_are_read(amount: str, words: str) -> None:
    assert spoken(amount) == words


@pytest.mark.parametrize(("amount", "words"), FORMAL.items())
def test_amounts_in_capitals(amount: str, words: str) -> None:
    """A zero before 角 may be written or left out; where the rules print both, either holds."""
    assert capital(amount).replace("元零", "元") == words.replace("元零", "元")


def test_a_price_in_ten_thousands_is_said_in_yuan() -> None:
    assert capital("5689", "万元") == "伍仟陆佰捌拾玖万元整"
    assert capital("5708.5", "万元") == "伍仟柒佰零捌万伍仟元整"
    assert capital("0.000001", "万元") == "壹分"


def test_less_than_a_cent_has_no_formal_words() -> None:
    assert capital("0.001") == ""


@pytest.mark.parametrize("amount", ["-1", "10000000000000000", "x", "NaN"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(Unusable):
        spoken(amount)


VALUES = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}


def _read(words: str, digits: str) -> int:
    """The number that Chinese words say, by another way than the one that wrote them."""
    total = section = digit = 0
    for one in words:
        if one in digits:
            digit = digits.index(one)
        elif one in VALUES:
            section, digit = section + (digit or 1) * VALUES[one], 0
        else:
            total += (section + digit) * {"万": 10**4, "亿": 10**8}[one]
            section = digit = 0
    return total + section + digit


@given(st.integers(0, 10**12 - 1))
def test_words_say_the_number_and_no_zero_stands_twice(value: int) -> None:
    for words, digits in ((spoken(str(value)), SPOKEN), (capital(Decimal(value)).removesuffix("元整"), CAPITAL)):
        assert _read(words, digits) == value
        assert not re.search("零零|零$", words) or value == 0
