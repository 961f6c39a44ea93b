"""Each phrase of scoring/1 at its boundary."""

from __future__ import annotations

from typing import Any

import pytest

from core.faults import Fault
from methods.scoring import score
from tests.methods.sheets import scored, sheet


def base_of(prices: str, ceiling: str | None = None, **spec: Any) -> str:
    data = sheet({f"b{i}": price for i, price in enumerate(prices.split())},
                 benchmark={"terms": [{"of": "mean"}], **spec})
    if ceiling:
        data["ceiling"] = ceiling
    found: str = score(data)["benchmark"]
    return found


def slope_score(price: str, **curve: Any) -> str:
    data = sheet({"A": price}, benchmark={"terms": [{"of": "fixed", "value": "100"}]}, score_round=...,
                 curve={"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", **curve})
    found: str = score(data)["price_scores"]["A"]
    return found


TRIMS = [{"from": 3, "high": 1, "low": 0}, {"from": 5, "high": 1, "low": 1}, {"from": 7, "high": 2, "low": 1}]


@pytest.mark.parametrize(
    ("prices", "base"),
    [("10 20", "15"), ("10 20 60", "15"), ("10 20 30 100", "20"), ("1 20 30 40 100", "30"),
     ("1 20 30 40 50 100", "35"), ("1 20 30 40 50 100 200", "35")],
)
def test_trim_takes_the_largest_matching_from(prices: str, base: str) -> None:
    assert base_of(prices, trim=TRIMS) == base


@pytest.mark.parametrize(
    ("prices", "keep", "base"),
    [
        ("100 100 79", {"below": "15", "above": "10"}, "100"),  # mean 93, from 79.05
        ("100 100 80", {"below": "15", "above": "10"}, "93.333333333333"),  # mean 93.33, from 79.33
        ("90 100 110", {"below": "10", "above": "10"}, "100"),  # exactly on both lines: inside
        ("89.99 100 110.01", {"below": "10", "above": "10"}, "100"),  # 0.01 outside on both sides
        ("50 150", {"below": "10", "above": "10"}, "100"),  # nothing inside: all prices
        ("60 100 110", {"below": "20"}, "105"),  # mean 90, from 72, no upper line
        ("90 100 170", {"above": "20"}, "95"),  # mean 120, up to 144
    ],
)
def test_keep_within(prices: str, keep: dict[str, str], base: str) -> None:
    assert base_of(prices, keep_within_pct=keep) == base


def test_keep_within_is_around_the_trimmed_mean_and_asks_all_prices() -> None:
    # trimmed 90 100 110: mean 100; within 15 % all but 300, the dropped 89 among them
    trim = [{"from": 5, "high": 1, "low": 1}]
    assert base_of("89 90 100 110 300", trim=trim, keep_within_pct={"below": "15", "above": "15"}) == "97.25"


def test_order_of_the_benchmark_steps() -> None:
    terms = [{"of": "ceiling", "weight": "0.5"}, {"of": "mean", "weight": "0.5"}]
    # terms (200 + 100) / 2 = 150, with the lowest (150 + 91) / 2 = 120.5, factor 0.97 → 116.885, rounded 116.89
    spec = {"terms": terms, "average_with_lowest": True, "factor": "0.97", "round": 2}
    assert base_of("91 109", ceiling="200", **spec) == "116.89"


@pytest.mark.parametrize(
    ("of", "base"),
    [("mean", "200"), ("lowest", "100"), ("second_lowest", "150"), ("ceiling", "400"), ("reference", "3")],
)
def test_terms(of: str, base: str) -> None:
    data = sheet({"A": "350", "B": "100", "C": "150"}, benchmark={"terms": [{"of": of}]})
    data |= {"ceiling": "400", "reference": "3"}
    assert score(data)["benchmark"] == base


@pytest.mark.parametrize(
    ("price", "curve", "points"),
    [
        ("100", {}, "100"),
        ("100.01", {}, "99.97"),
        ("99.99", {}, "99.99"),
        ("99.99", {"below_adds": True}, "100.01"),
        ("102", {"step": "ceil"}, "94"),
        ("102.01", {"step": "ceil"}, "91"),
        ("101.99", {"step": "ceil"}, "94"),
        ("97.99", {"step": "ceil"}, "97"),
        ("98", {"step": "ceil"}, "98"),
        ("97.99", {"step": "ceil", "below_adds": True}, "103"),
    ],
)
def test_slope(price: str, curve: dict[str, Any], points: str) -> None:
    assert slope_score(price, **curve) == points


def test_deviation_is_rounded_before_an_incomplete_percent_counts() -> None:
    fixed = {"terms": [{"of": "fixed", "value": "10000"}]}
    curve = {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "step": "ceil"}
    data = sheet({"A": "10200.4"}, benchmark=fixed, curve=curve, deviation_round=2)
    assert score(data)["price_scores"]["A"] == "94.00"
    data["price"]["deviation_round"] = 3
    assert score(data)["price_scores"]["A"] == "91.00"


@pytest.mark.parametrize(
    ("price", "kept"),
    [("133.33", "0.01"), ("133.34", "0.00"), ("133.35", "0.00"), ("99.99", "99.99"), ("0.01", "0.01")],
)
def test_floor_and_cap(price: str, kept: str) -> None:
    fixed = {"terms": [{"of": "fixed", "value": "100"}]}
    curve = {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1"}
    assert score(sheet({"A": price}, benchmark=fixed, curve=curve, floor="0", cap="100"))["price_scores"]["A"] == kept


def test_without_floor_and_cap_points_run_free() -> None:
    assert slope_score("150") == "-50"
    assert slope_score("50", below_adds=True) == "150"


@pytest.mark.rulebook("3.6 rounding")
def test_the_rounded_price_score_and_exact_means_enter_the_total() -> None:
    marks = {"e1": {"A": "80"}, "e2": {"A": "80"}, "e3": {"A": "81"}}
    data = scored(marks, weight="0.3")
    data["price"] |= {"weight": "0.5", "benchmark": {"terms": [{"of": "fixed", "value": "66.674"}]}}
    result = score(data)
    # 66.674 → 66.67 × 0.5 = 33.335; 241 / 3 × 0.3 = 24.1; 57.435 → 57.44. The exact price score would give 57.437,
    # a mean rounded to 80.33 would give 57.434
    assert result["price_scores"]["A"] == "66.67"
    assert result["totals"]["A"] == "57.44"
    assert result["criterion_scores"]["A"]["plan"] == "80.333333333333"


def test_an_exact_half_survives_thirds() -> None:
    # mean 1/3 × weight 0.015 = 0.005: binary or 28-digit arithmetic would lose the half
    marks = {"e1": {"A": "0"}, "e2": {"A": "0"}, "e3": {"A": "1"}}
    assert score(scored(marks, weight="0.015"))["totals"]["A"] == "0.01"


@pytest.mark.parametrize(("third", "out"), [("60.03", False), ("60", False), ("59.99", True)])
def test_eliminate_below_is_strict_and_on_the_mean(third: str, out: bool) -> None:
    marks = {"e1": {"A": "50", "B": "80"}, "e2": {"A": "70", "B": "80"}, "e3": {"A": third, "B": "80"}}
    result = score(scored(marks, eliminate_below="60"))
    assert result["eliminated"] == ([{"bid": "A", "rule": "eliminate_below:plan"}] if out else [])
    assert result["ranking"] == (["B"] if out else ["B", "A"])
    assert set(result["totals"]) == {"A", "B"}


@pytest.mark.rulebook("3.6 objective")
def test_objective_scores_must_agree() -> None:
    marks = {"e1": {"A": "8"}, "e2": {"A": "8.0"}, "e3": {"A": "8"}}
    assert score(scored(marks, kind="objective"))["criterion_scores"] == {"A": {"plan": "8"}}
    marks["e3"]["A"] = "8.01"
    with pytest.raises(Fault, match=r"objective criterion plan of bid A: e1 gave 8, e3 gave 8\.01"):
        score(scored(marks, kind="objective"))


def test_objective_scores_of_a_rejected_bid_do_not_matter() -> None:
    data = scored({"e1": {"A": "8", "B": "1"}, "e2": {"A": "8", "B": "2"}}, kind="objective")
    data["bids"][1]["rejected"] = "R-01"
    assert score(data)["ranking"] == ["A"]


def test_rejected_bids_are_outside_the_benchmark_and_unscored() -> None:
    data = sheet({"A": "100", "B": "900", "C": "110"})
    data["bids"][1]["rejected"] = "R-02"
    result = score(data)
    assert result["benchmark"] == "105"
    assert set(result["totals"]) == {"A", "C"}
    assert result["eliminated"] == [{"bid": "B", "rule": "R-02"}]


def test_all_rejected_is_an_answer() -> None:
    data = scored({"e1": {"A": "8"}})
    data["bids"][0]["rejected"] = "R-03"
    result = score(data)
    assert result["benchmark"] is None and result["ranking"] == [] and result["totals"] == {}
    assert result["eliminated"] == [{"bid": "A", "rule": "R-03"}]
    assert "all bids are rejected" in result["derivation"][-1]["formula"]


@pytest.mark.rulebook("3.3 lock")
def test_everybody_eliminated_by_a_criterion() -> None:
    result = score(scored({"e1": {"A": "1", "B": "2"}}, eliminate_below="60"))
    assert result["ranking"] == [] and [item["bid"] for item in result["eliminated"]] == ["A", "B"]


def ties_of(result: dict[str, Any]) -> list[str]:
    return [line["formula"] for line in result["derivation"] if line["step"] == "tie"]


@pytest.mark.rulebook("3.6 ties")
def test_a_tie_goes_to_the_lower_price_only_when_the_file_says_so() -> None:
    data = scored({"e1": {"A": "80", "B": "80"}})
    data["bids"][0]["price"] = "101"
    data["price"]["benchmark"] = {"terms": [{"of": "fixed", "value": "100"}]}
    assert score(data)["ranking"] == ["B", "A"]
    data["ties"] = []
    result = score(data)
    assert result["ranking"] == ["A", "B"]
    assert "并列" in ties_of(result)[0]


def test_the_deducted_price_breaks_the_tie() -> None:
    data = scored({"e1": {"A": "80", "B": "80"}})
    data["price"]["deductions"] = {"small_firm": "0.10"}
    data["bids"][1] |= {"price": "105", "flags": ["small_firm"]}
    assert score(data)["ranking"] == ["B", "A"]


def test_full_equals_keep_the_order_of_bids_and_say_so() -> None:
    result = score(scored({"e1": {"C": "80", "A": "80", "B": "90"}}))
    assert result["ranking"] == ["B", "C", "A"]
    assert any("并列" in formula for formula in ties_of(result))


def test_a_flag_without_a_deduction_changes_nothing() -> None:
    data = sheet({"A": "100"})
    data["bids"][0]["flags"] = ["small_firm"]
    assert score(data)["benchmark"] == "100"


def test_defaults() -> None:
    data = {
        "schema": "scoring/1",
        "bids": [{"id": "A", "price": "90", "name": "甲公司"}, {"id": "B", "price": "96"}],
        "price": {"full": "10", "benchmark": {"terms": [{"of": "mean"}]}, "curve": {"kind": "ratio"}},
    }
    result = score(data)  # weight 1, no cap, no rounding, no ties
    assert result["price_scores"] == {"A": "10.333333333333", "B": "9.6875"}
    assert result["totals"] == result["price_scores"]
