"""What all of the mall stands on: the list of categories, exact fen, orders."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.db import Yuan
from core.faults import Unusable
from trading.mall.categories import categories, covers


def test_the_official_list_is_whole_and_its_doubts_are_kept():
    found = categories()
    assert len(found.by_code) == 4274
    assert [one.code for one in found.children()] == ["A", "B", "C"]
    assert all(row.parent in found.by_code for row in found.by_code.values() if row.parent)
    assert sum(row.doubtful for row in found.by_code.values()) == 11
    assert found.get("A02110202").doubtful
    assert not any("…" in row.description for row in found.by_code.values())


def test_a_code_covers_all_below_it_and_itself():
    found = categories()
    assert [one.code for one in found.path("A01010100")] == ["A", "A01000000", "A01010000", "A01010100"]
    assert covers("A01000000", "A01010100") and covers("A01010100", "A01010100") and covers("", "A")
    assert not covers("A01010100", "A01010000")
    with pytest.raises(Unusable, match="category"):
        found.get("A99999999")


@pytest.mark.parametrize("text", ["0.01", "123456789012.34", "7", "-0.05"])
def test_money_comes_back_as_it_was_stored(text):
    kind = Yuan()
    stored = kind.process_bind_param(Decimal(text), None)
    assert type(stored) is int and kind.process_result_value(stored, None) == Decimal(text)


def test_parts_of_a_fen_are_not_stored():
    with pytest.raises(ValueError, match="fen"):
        Yuan().process_bind_param(Decimal("0.005"), None)
