"""Contradicting figures: what holds, and in which order (87号令 art. 59)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faults import Unusable
from methods.figures import ORDER, Found, corrected

D = Decimal
MONEY = st.decimals(min_value="0.01", max_value="999999", places=2)


@pytest.mark.parametrize(("kind", "after"), [("list", "100"), ("words", "90"), ("point", "100"), ("sum", "90")])
def test_what_holds(kind, after):
    price, (step,) = corrected(D(100), [Found(kind, D(90))])
    assert (price, step.before, step.value, step.after) == (D(after), D(100), D(90), D(after))


@pytest.mark.rulebook("3.2 arithmetic")
def test_several_are_corrected_in_the_articles_order():
    found = [Found("sum", D(80)), Found("list", D(70)), Found("words", D(95))]
    price, steps = corrected(D(100), found)
    assert [(one.kind, one.after) for one in steps] == [("list", D(100)), ("words", D(95)), ("sum", D(80))]
    assert price == D(80)


@given(MONEY, st.permutations(ORDER), st.lists(MONEY, min_size=4, max_size=4))
def test_the_order_of_finding_changes_nothing(price, order, values):
    at = dict(zip(ORDER, values, strict=True))
    there = corrected(price, [Found(kind, at[kind]) for kind in order])
    assert there == corrected(price, [Found(kind, at[kind]) for kind in ORDER])
    assert there[0] == at["sum"]


@pytest.mark.parametrize("found", [[], [Found("words", D(1)), Found("words", D(2))], [Found("other", D(1))]])
def test_nothing_twice_or_unknown_is_refused(found):
    with pytest.raises(Unusable):
        corrected(D(100), found)
