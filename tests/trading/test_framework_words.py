"""The elimination is told in words with its numbers, on pages in both languages and in the report in Chinese alone."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from methods import elimination
from methods.elimination import Cut
from trading.framework import papers
from web.framework_words import FORMULAS, STEPS

NUMBERS = {"m1": 5, "m2": 2, "m3": 4}


@pytest.mark.parametrize("cap", [None, 2])
def test_every_step_has_its_words_and_numbers(cap):
    lines = elimination.shortlist([["m1"], ["m2"], ["m3"]], Cut(Fraction(1, 5), 1), cap).derivation
    assert {one["step"] for one in lines} == set(STEPS) == set(FORMULAS) | {"inside", "out"}
    told = {one["step"]: FORMULAS[one["step"]] % one["values"] for one in lines if one["step"] in FORMULAS}
    assert told["leaving"] == "3 valid × 0.2, rounded up"
    assert told["room"] == f"the least of 2, 2 and the solicitation's own limit ({cap or '-'})"
    result = {"responders": [{"member": key, "number": n} for key, n in NUMBERS.items()], "derivation": lines}
    rows = papers.derived(result)
    assert rows[0] == [
        "应淘汰家数（向上取整）",
        "有效响应家数 × 淘汰比例，向上取整",
        "有效响应家数 = 3，淘汰比例 = 0.2",
        "1",
    ]
    assert rows[-2][3] == "5号、2号"
    assert not any(re.search("[A-Za-z]", cell) for row in rows for cell in row)
