"""Elimination at the entry of framework agreements, against tables written by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.faults import Unusable
from methods.elimination import Cut, eliminated, grouped, most_inside, places, shortlist, total
from methods.trail import Trail

FIFTH, FORTY = Cut(Fraction(20, 100), 1), Cut(Fraction(40, 100), 1)
HALF, THIRTY = Cut(Fraction(50, 100), 1), Cut(Fraction(30, 100), 1)
# n: most who enter under 110号令 (20 %), its instruments chosen by quality (40 %), GB/T 43711 with one competition
# (50 %) and with two (30 %). Counted by hand.
TABLE = {
    2: (1, 1, 1, 1), 3: (2, 1, 1, 2), 4: (3, 2, 2, 2), 5: (4, 3, 2, 3), 6: (4, 3, 3, 4), 7: (5, 4, 3, 4),
    8: (6, 4, 4, 5), 9: (7, 5, 4, 6), 10: (8, 6, 5, 7), 11: (8, 6, 5, 7), 12: (9, 7, 6, 8), 13: (10, 7, 6, 9),
    14: (11, 8, 7, 9), 15: (12, 9, 7, 10), 16: (12, 9, 8, 11), 17: (13, 10, 8, 11), 18: (14, 10, 9, 12),
    19: (15, 11, 9, 13), 20: (16, 12, 10, 14), 21: (16, 12, 10, 14), 22: (17, 13, 11, 15), 23: (18, 13, 11, 16),
    24: (19, 14, 12, 16), 25: (20, 15, 12, 17), 26: (20, 15, 13, 18), 27: (21, 16, 13, 18), 28: (22, 16, 14, 19),
    29: (23, 17, 14, 20), 30: (24, 18, 15, 21),
}  # fmt: skip


@pytest.mark.parametrize("n", TABLE)
def test_how_many_enter(n: int) -> None:
    found = tuple(most_inside(n, cut, None, Trail()) for cut in (FIFTH, FORTY, HALF, THIRTY))
    assert found == TABLE[n]


def test_the_table_is_whole() -> None:
    assert list(TABLE) == list(range(2, 31))


@pytest.mark.parametrize(("cap", "room"), [(None, 8), (9, 8), (8, 8), (7, 7), (1, 1)])
def test_the_cap_of_the_solicitation(cap: int | None, room: int) -> None:
    assert most_inside(10, FIFTH, cap, Trail()) == room


def test_one_at_least_leaves_whatever_the_rate() -> None:
    none = Fraction(0)
    assert [most_inside(n, Cut(none, 1), None, Trail()) for n in (1, 2, 5)] == [0, 1, 4]
    assert [most_inside(n, Cut(none, 0), None, Trail()) for n in (1, 2, 5)] == [1, 2, 5]


def test_the_derivation_says_every_step() -> None:
    lines = shortlist([("a",), ("b",), ("c",), ("d",), ("e",), ("f",)], FIFTH, 5).derivation
    assert [(one["step"], one["result"]) for one in lines] == [
        ("leaving", "2"), ("by_rate", "4"), ("by_least", "5"), ("room", "4"), ("inside", list("abcd")),
        ("out", list("ef")),
    ]  # fmt: skip
    assert lines[0] == {"step": "leaving", "formula": "ceil(n × rate)", "values": {"n": "6", "rate": "0.2"},
                        "result": "2"}  # fmt: skip


def test_equals_across_the_line() -> None:
    groups = [("a",), ("b", "c"), ("d",)]
    asked = shortlist(groups, HALF, None)
    assert (asked.inside, asked.undecided, asked.out) == (("a",), ("b", "c"), ("d",))
    out = shortlist(groups, HALF, None, "out")
    assert (out.inside, out.undecided, out.out) == (("a",), (), ("b", "c", "d"))
    fits = shortlist([("a", "b"), ("c",), ("d",)], HALF, None)
    assert (fits.inside, fits.undecided) == (("a", "b"), ())


def test_order_and_places() -> None:
    groups = grouped({"x": (Fraction(3),), "a": (Fraction(1),), "b": (Fraction(1),), "c": (Fraction(2),)})
    assert groups == (("a", "b"), ("c",), ("x",))
    assert places(groups) == {"a": 1, "b": 1, "c": 3, "x": 4}


def test_the_evaluated_price() -> None:
    assert total({"i": Fraction("12.5"), "j": Fraction("0.1")}, {"i": 2, "j": 30}) == 28
    with pytest.raises(Unusable):
        total({"i": Fraction(1)}, {"i": 1, "j": 1})
    with pytest.raises(Unusable):
        shortlist([("a",), ("a",)], HALF, None)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=30), st.sampled_from([FIFTH, FORTY, HALF, THIRTY]))
def test_at_least_the_rate_leaves_and_nobody_is_lost(keys: list[int], cut: Cut) -> None:
    groups = grouped({f"m{n}": (Fraction(key),) for n, key in enumerate(keys)})
    found, n = shortlist(groups, cut, None, "out"), len(keys)
    assert sorted([*found.inside, *found.out]) == sorted(f"m{i}" for i in range(n))
    assert len(found.out) >= max(n * cut.rate, cut.least)
    worst = max((keys[int(one[1:])] for one in found.inside), default=0)
    assert all(keys[int(one[1:])] > worst for one in found.out), "nobody leaves before one who is no better"


WRITTEN = {"keys": {"a": ["20", "-1"], "b": ["21", "-3"], "c": ["21", "-3"]}, "order": [], "rate": "1/5", "least": 1,
           "cap": None, "tied": "ask"}  # fmt: skip


def test_from_written_values() -> None:
    assert eliminated(WRITTEN)["inside"] == ["a"]
    assert eliminated(WRITTEN | {"order": ["c", "b"]})["inside"] == ["a", "c"]
    assert eliminated(WRITTEN | {"order": ["c", "a"]})["inside"] == ["a"], "no order of the equals"
    assert eliminated(WRITTEN | {"tied": "out"})["out"] == ["b", "c"]


@pytest.mark.parametrize(
    "odd", [{"rate": "x"}, {"rate": "2"}, {"rate": 1}, {"keys": []}, {"keys": {"a": "1"}}, {"least": -1}, {"cap": "3"},
            {"tied": "no"}, {"order": "a"}, {"more": 1}, {"keys": {"a": ["1e3"]}}]
)  # fmt: skip
def test_what_cannot_be_read_is_said(odd) -> None:
    with pytest.raises(Unusable):
        eliminated(WRITTEN | odd)
