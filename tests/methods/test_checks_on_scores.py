"""Anomalies among experts' scores and abnormally low prices (domain.md §3.5, §3.6)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.faults import Unusable
from methods.criteria import anomalies
from methods.exact import fixed, mean
from methods.lowprice import abnormally_low, lines_at

IN_FORCE = date(2026, 2, 1)


def marks(*given: str) -> dict[str, dict[str, dict[str, str]]]:
    return {f"expert-{i}": {"A": {"plan": mark}} for i, mark in enumerate(given)}


@pytest.mark.rulebook("3.6 anomalies")
def test_the_worked_anomaly() -> None:
    where = {"expert": "expert-3", "bid": "A", "criterion": "plan"}
    found = anomalies(marks("18.5", "17", "19", "12", "18"))
    assert found == [where | {"score": "12", "median": "18", "deviation_pct": "-33.33"}]


@pytest.mark.parametrize(("mark", "flagged"), [("7", False), ("6.99", True), ("13", False), ("13.01", True)])
def test_the_line_itself_is_not_flagged(mark: str, flagged: bool) -> None:
    assert bool(anomalies(marks("10", "10", mark))) is flagged


def test_tolerance_comes_from_the_file() -> None:
    assert anomalies(marks("10", "10", "7.99"), "20") and not anomalies(marks("10", "10", "7.99"), 21)
    with pytest.raises(Unusable):
        anomalies(marks("1"), "-1")


def test_a_zero_median() -> None:
    assert anomalies(marks("0", "0", "1"))[0]["deviation_pct"] is None
    assert not anomalies(marks("0", "0", "0"))


def test_an_even_number_of_experts() -> None:
    assert [item["median"] for item in anomalies(marks("10", "11", "12", "20"))] == ["11.5"]


@pytest.mark.rulebook("3.5 second lowest")
def test_the_worked_low_price() -> None:
    found = abnormally_low({"A": "100", "B": "96", "C": "45"}, IN_FORCE)
    assert [(item["bid"], item["trigger"], item["line"]) for item in found] == [("C", "second_lowest", "48")]
    half_of_the_mean = mean([Fraction(100), Fraction(96), Fraction(45)]) / 2
    assert fixed(half_of_the_mean, 2) == "40.17"
    low = {"A": "100", "B": "96", "C": "45"}
    raised = abnormally_low(low, IN_FORCE, raised={"mean": "56.1"})  # 80.33 × 56.1 % = 45.07
    assert [item["line"] for item in raised if item["trigger"] == "mean"] == ["45.067"]


@pytest.mark.rulebook("3.5 limit")
@pytest.mark.parametrize(("price", "flagged"), [("45", False), ("44.99", True)])
def test_limit_line_is_strict(price: str, flagged: bool) -> None:
    found = abnormally_low({"A": price, "B": "46"}, IN_FORCE, limit="100")
    assert [item["trigger"] for item in found] == (["limit"] if flagged else [])


@pytest.mark.parametrize(("price", "flagged"), [("50", False), ("49.99", True)])
def test_second_lowest_line_is_strict(price: str, flagged: bool) -> None:
    found = abnormally_low({"A": price, "B": "100"}, IN_FORCE)
    assert ("second_lowest" in [item["trigger"] for item in found]) is flagged


@pytest.mark.rulebook("3.5 mean")
@pytest.mark.parametrize(("price", "flagged"), [("60", False), ("59.99", True)])
def test_mean_line_is_strict(price: str, flagged: bool) -> None:
    # mean of 60, 60.01 …: (60 + 120 + 180) / 3 = 120, half of it 60
    found = abnormally_low({"A": price, "B": "120", "C": "180"}, IN_FORCE)
    assert ("mean" in [item["trigger"] for item in found]) is flagged


@pytest.mark.rulebook("3.5 limit")
def test_budget_stands_for_a_missing_limit() -> None:
    low = {"A": "44", "B": "46"}
    assert abnormally_low(low, IN_FORCE, budget="100") and not abnormally_low(low, IN_FORCE)
    assert not abnormally_low(low, IN_FORCE, limit="90", budget="100")


@pytest.mark.rulebook("3.5 raised lines")
@pytest.mark.parametrize(("pct", "ok"), [("50", True), ("65", True), ("65.01", False), ("49.99", False)])
def test_a_file_may_raise_a_line_up_to_its_maximum(pct: str, ok: bool) -> None:
    if ok:
        abnormally_low({"A": "1"}, IN_FORCE, raised={"mean": pct})
    else:
        with pytest.raises(Unusable):
            abnormally_low({"A": "1"}, IN_FORCE, raised={"mean": pct})


def test_lines_are_dated() -> None:
    assert lines_at(date(2026, 1, 31)) is None and lines_at(IN_FORCE) is not None
    assert abnormally_low({"A": "1", "B": "100"}, date(2026, 1, 31)) == []
    assert abnormally_low({"A": "1", "B": "100"}, IN_FORCE, regime="R1") == []
    assert abnormally_low({}, IN_FORCE) == []


def test_unknown_line() -> None:
    with pytest.raises(Unusable):
        abnormally_low({"A": "1"}, IN_FORCE, raised={"judgement": "60"})


def test_a_file_of_works_prints_its_own_lines_and_only_these_count() -> None:
    low = {"A": "84.99", "B": "100", "C": "100"}
    found = abnormally_low(low, IN_FORCE, limit="100", raised={"limit": "85"}, regime="R1")
    assert [(one["bid"], one["trigger"], one["source"]) for one in found] == [("A", "limit", "招标文件")]
    assert abnormally_low(low | {"A": "85"}, IN_FORCE, limit="100", raised={"limit": "85"}, regime="R1") == []
    for pct, fits in (("0", False), ("0.01", True), ("100", True), ("100.01", False)):
        if fits:
            abnormally_low(low, IN_FORCE, raised={"mean": pct}, regime="R1")
        else:
            with pytest.raises(Unusable, match="between 0 and 100"):
                abnormally_low(low, IN_FORCE, raised={"mean": pct}, regime="R1")


cents = st.integers(1, 10**6).map(str)


@settings(max_examples=80, deadline=None)
@given(st.lists(cents, min_size=1, max_size=8), st.integers(2, 9), st.one_of(st.none(), cents))
def test_scaling_every_amount_moves_no_bid_across_a_line(prices: list[str], by: int, limit: str | None) -> None:
    def found(times: int) -> set[tuple[str, str]]:
        given = {f"b{n}": str(int(price) * times) for n, price in enumerate(prices)}
        top = None if limit is None else str(int(limit) * times)
        return {(one["bid"], one["trigger"]) for one in abnormally_low(given, IN_FORCE, limit=top)}

    assert found(1) == found(by)


@settings(max_examples=80, deadline=None)
@given(st.lists(cents, min_size=2, max_size=8))
def test_the_highest_price_is_never_below_the_mean_line_and_a_half_is_never_flagged(prices: list[str]) -> None:
    given = {f"b{n}": price for n, price in enumerate(prices)}
    flagged = {one["bid"] for one in abnormally_low(given, IN_FORCE)}
    assert max(given, key=lambda bid: int(given[bid])) not in flagged
    second = sorted(int(price) for price in prices)[1]
    assert not {bid for bid, price in given.items() if int(price) >= second} & {
        one["bid"] for one in abnormally_low(given, IN_FORCE) if one["trigger"] == "second_lowest"
    }
