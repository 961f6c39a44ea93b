"""Published figures and the worked numbers of the domain text (§3.3 F1–F7, §3.4, §3.6), through scoring/1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from methods.scoring import score
from tests.methods.sheets import contract, scored, sheet

EXAMPLES = Path(__file__).parent / "examples"
F2_PRICES = ["9820", "9650", "9500", "9730", "9300", "9910", "8800"]


def f2(**price: object) -> dict[str, object]:
    return sheet(
        {name: name for name in F2_PRICES},
        **{
            "full": "60",
            "benchmark": {"terms": [{"of": "mean"}], "trim": [{"from": 5, "high": 1, "low": 1}], "factor": "0.97",
                          "round": 2},
            "curve": {"kind": "slope", "above_per_pct": "2", "below_per_pct": "1"},
            "floor": "0",
            "cap": "60",
            **price,
        },
    )


def test_published_composite() -> None:
    example = json.loads((EXAMPLES / "scoring-composite.json").read_text())
    result = score(example["input"])
    assert {key: result[key] for key in example["expect"]} == example["expect"]


@pytest.mark.rulebook("3.3 F1")
def test_f1_lowest_price_first() -> None:
    data = sheet(
        {"A": "920000", "B": "860000", "C": "1000000"}, full="30", benchmark={"terms": [{"of": "lowest"}]}
    )
    assert score(data)["price_scores"] == {"A": "28.04", "B": "30.00", "C": "25.80"}
    assert score(data)["ranking"] == ["B", "A", "C"]


@pytest.mark.rulebook("3.3 F2")
def test_f2_mean_deviation() -> None:
    result = score(f2())
    assert result["benchmark"] == "9312.00"
    assert result["price_scores"] == dict(
        zip(F2_PRICES, ["49.09", "52.74", "55.96", "51.02", "59.87", "47.16", "54.50"], strict=True)
    )


@pytest.mark.rulebook("3.3 F2")
def test_f2_rounded_deviation_is_another_score() -> None:
    assert score(f2(deviation_round=2))["price_scores"]["9820"] == "49.08"


@pytest.mark.rulebook("3.3 F3")
def test_f3_composite_benchmark() -> None:
    # D = A × (1 − d) × w + M × (1 − w): the ceiling's weight is (1 − 0.05) × 0.4
    data = sheet({"A": "9500", "B": "9700"}, benchmark={"terms": [{"of": "ceiling", "weight": "0.38"},
                                                                 {"of": "mean", "weight": "0.6"}], "round": 2})
    data["ceiling"] = "10000"
    assert score(data)["benchmark"] == "9560.00"


@pytest.mark.rulebook("3.3 F4")
@pytest.mark.parametrize(
    ("price", "points"),
    [("100", "60"), ("97", "60"), ("98.5", "60"), ("101", "58"), ("102.5", "55"), ("96", "59"), ("90", "53"),
     ("96.99", "59.99"), ("100.01", "59.98")],
)
def test_f4_interval(price: str, points: str) -> None:
    bands = [
        {"from_pct": "-100", "to_pct": "-3", "points": "-37", "slope": "1"},
        {"from_pct": "-3", "to_pct": "0", "points": "60", "slope": "0"},
        {"from_pct": "0", "to_pct": "100", "points": "60", "slope": "-2"},
    ]
    fixed = {"terms": [{"of": "fixed", "value": "100"}]}
    data = sheet({"A": price}, benchmark=fixed, curve={"kind": "table", "bands": bands}, score_round=...)
    assert score(data)["price_scores"]["A"] == points


@pytest.mark.rulebook("3.3 F5")
@pytest.mark.parametrize(("factor", "base"), [("0.95", "9120"), ("0.96", "9216"), ("0.99", "9504")])
def test_f5_the_drawn_factor_is_plain_arithmetic(factor: str, base: str) -> None:
    data = f2(benchmark={"terms": [{"of": "mean"}], "trim": [{"from": 5, "high": 1, "low": 1}], "factor": factor})
    assert score(data)["benchmark"] == base


@pytest.mark.rulebook("3.3 F6")
def test_f6_lowest_evaluated_price() -> None:
    curve = {"kind": "evaluated", "adjustments": {"A": ["30", "-10"], "B": "5"}}
    data = sheet({"A": "1000", "B": "1010", "C": "1019"}, benchmark=..., curve=curve)
    result = score(data)  # 1020, 1015, 1019
    assert result["benchmark"] == "1015"
    assert result["ranking"] == ["B", "C", "A"]
    assert result["price_scores"] == {"A": "99.51", "B": "100.00", "C": "99.61"}


def test_f6_rounding_cannot_hide_the_lower_evaluated_price() -> None:
    data = sheet({"A": "1000000.02", "B": "1000000.01", "C": "900000"}, benchmark=..., curve={"kind": "evaluated"})
    data["ties"] = []
    result = score(data)
    assert result["totals"]["A"] == result["totals"]["B"]
    assert result["ranking"] == ["C", "B", "A"]


def test_f6_adjustments_may_stand_on_the_bid() -> None:
    data = sheet({"A": "1000", "B": "1010"}, benchmark=..., curve={"kind": "evaluated"})
    data["bids"][0]["adjustments"] = "20"
    assert score(data)["ranking"] == ["B", "A"]


@pytest.mark.rulebook("3.3 F7")
def test_f7_lowest_price_after_deduction() -> None:
    data = sheet({"A": "1000", "B": "950"}, benchmark=..., curve={"kind": "evaluated"},
                 deductions={"small_firm": "0.10"})
    data["bids"][0]["flags"] = ["small_firm"]
    result = score(data)
    assert result["benchmark"] == "900" and result["ranking"] == ["A", "B"]


@pytest.mark.rulebook("3.4 small firm")
@pytest.mark.rulebook("3.4 both on the original price")
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"A": ["small_firm"]}, {"A": "30.00", "B": "28.88", "C": "24.84"}),
        ({"A": ["domestic", "small_firm"], "B": ["domestic"]}, {"A": "30.00", "B": "28.08", "C": "19.32"}),
    ],
)
def test_deductions_are_both_on_the_original_price(flags: dict[str, list[str]], expected: dict[str, str]) -> None:
    data = sheet({"A": "920000", "B": "860000", "C": "1000000"}, full="30", benchmark={"terms": [{"of": "lowest"}]},
                 deductions={"small_firm": "0.10", "domestic": "0.20"})
    for bid in data["bids"]:
        bid["flags"] = flags.get(bid["id"], [])
    assert score(data)["price_scores"] == expected


MARKS = {f"expert-{i}": {"A": mark} for i, mark in enumerate(["18.5", "17", "19", "12", "18"])}


@pytest.mark.rulebook("3.6 means")
@pytest.mark.parametrize(("trim", "mean"), [([], "16.90"), ([{"from": 5, "high": 1, "low": 1}], "17.83")])
def test_trimmed_expert_scores(trim: list[dict[str, int]], mean: str) -> None:
    result = score(scored(MARKS, trim=trim))
    assert result["totals"]["A"] == mean


def test_the_contract_example_is_readable() -> None:
    result = score(contract())
    # A: 5689 × 0.7 = 3982.3; D = 5760 × 0.6 + 3982.3 × 0.4 = 5048.92; 1 % below costs 1 point
    assert result["benchmark"] == "5048.92"
    assert result["price_scores"] == {"A": "78.87"}
    assert result["criterion_scores"] == {"A": {"plan": "90"}}
    assert result["totals"] == {"A": "61.94"}
    assert result["ranking"] == ["A"]
    assert result["eliminated"] == [{"bid": "B", "rule": "R-07"}]
