"""Bids of one brand as groups, and who stands for each (87号令 art. 31)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.brands import Group, folded, groups, standing

SAID = {"a": {"screen": "海信", "rail": "甲牌"}, "b": {"screen": "ＨｉＳｅｎｓｅ", "rail": "乙牌"},
        "c": {"screen": "Hi-Sense®", "rail": "甲牌"}, "d": {"screen": "", "rail": "丙牌"}}  # fmt: skip
BIDS = list(SAID)
BRAND = st.sampled_from(["", "x", "X ", "y", "z"])
SHEETS = st.lists(st.fixed_dictionaries({"one": BRAND, "two": BRAND}), max_size=8)


def bids_of(found: list[Group]) -> list[list[str]]:
    return [list(one.bids) for one in found]


@pytest.mark.parametrize(("core", "every", "expected"), [
    (["screen"], False, [["a"], ["b", "c"], ["d"]]),
    (["screen", "rail"], False, [["a", "b", "c"], ["d"]]),
    (["screen", "rail"], True, [["a"], ["b"], ["c"], ["d"]]),
    (["rail"], True, [["a", "c"], ["b"], ["d"]]),
    ([], False, [["a"], ["b"], ["c"], ["d"]]),
])  # fmt: skip
def test_who_is_of_one_brand(core, every, expected):
    assert bids_of(groups(BIDS, SAID, core, every=every)) == expected


def test_a_group_names_what_it_shares_as_it_was_written_first():
    assert groups(BIDS, SAID, ["screen", "rail"])[0].brands == ("ＨｉＳｅｎｓｅ", "甲牌")
    assert groups(BIDS, SAID, ["screen"])[0].brands == ()


def test_a_brand_nobody_knows_is_like_no_other():
    assert bids_of(groups(["a", "b", "c"], {"a": {"x": " "}, "b": {}}, ["x"])) == [["a"], ["b"], ["c"]]


@given(SHEETS, st.booleans())
def test_groups_part_the_bids_and_no_brand_crosses_them(sheets, every):
    said = {str(n): sheet for n, sheet in enumerate(sheets)}
    found = groups(list(said), said, ["one", "two"], every=every)
    assert sorted(bid for one in found for bid in one.bids) == sorted(said)
    place = {bid: n for n, one in enumerate(found) for bid in one.bids}
    for a in said:
        for b in said:
            same = [bool(folded(said[a][k])) and folded(said[a][k]) == folded(said[b][k]) for k in ("one", "two")]
            if all(same) if every else any(same):
                assert place[a] == place[b]


def test_the_best_stands_and_full_equals_are_drawn():
    found = groups(BIDS, SAID, ["screen", "rail"])
    least = {"a": (Decimal(3),), "b": (Decimal(2),), "c": (Decimal(2),), "d": (Decimal(9),)}
    asked = []

    def lot(equal):
        asked.append(sorted(equal))
        return "c"

    first, second = standing(found, least, lot)
    assert (first.kept, first.how, first.out) == ("c", "lot", ("a", "b")) and asked == [["b", "c"]]
    assert (second.kept, second.how, second.out) == ("d", "best", ())


def test_who_is_not_compared_neither_stands_nor_falls():
    found = groups(["a", "c"], SAID, ["rail"])
    (one,) = standing(found, {"c": (Decimal(1),)}, lambda equal: "")
    assert (one.bids, one.kept, one.out) == (("c",), "c", ())
    assert standing(found, {}, lambda equal: "") == []
