"""What must hold for any sheet, and that every line of a derivation can be recomputed from its own values."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from methods.exact import fixed, half_up, shown
from methods.scoring import score
from tests.methods.sheets import sheet

cents = st.integers(1, 10**9).map(lambda n: fixed(Fraction(n, 100), 2))
prices = st.lists(cents, min_size=1, max_size=9)
CURVES = [
    {"kind": "ratio"},
    {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "step": "ceil"},
    {"kind": "slope", "above_per_pct": "1.5", "below_per_pct": "0.5", "below_adds": True},
]


@st.composite
def sheets(draw: st.DrawFn) -> dict[str, Any]:
    listed = draw(prices)
    bids = {f"bid-{i}": price for i, price in enumerate(listed)}
    spec: dict[str, Any] = {"terms": [{"of": "mean"}], "average_with_lowest": draw(st.booleans()),
                            "factor": draw(st.sampled_from(["1", "0.97"]))}
    if draw(st.booleans()):
        spec["trim"] = [{"from": 5, "high": 1, "low": 1}]
    if draw(st.booleans()):
        spec["keep_within_pct"] = {"below": "20", "above": "10"}
    data = sheet(bids, benchmark=spec, curve=draw(st.sampled_from(CURVES)), weight="0.4",
                 floor=draw(st.sampled_from([..., "0"])), cap=draw(st.sampled_from([..., "100"])))
    experts = draw(st.integers(1, 7))
    marks = st.integers(0, 1000).map(lambda n: fixed(Fraction(n, 10), 1))
    data["criteria"] = [
        {"id": "plan", "max": "100", "weight": "0.35", "trim": [{"from": 7, "high": 1, "low": 1}]},
        {"id": "team", "max": "100", "weight": "0.25"},
    ]
    data["scores"] = {
        f"expert-{i}": {bid: {"plan": draw(marks), "team": draw(marks)} for bid in bids} for i in range(experts)
    }
    return data


@settings(max_examples=60, deadline=None)
@given(sheets(), st.randoms())
def test_order_of_bids_and_experts_means_nothing(data: dict[str, Any], random: Random) -> None:
    result = score(data)
    mixed = dict(data)
    mixed["bids"] = random.sample(data["bids"], len(data["bids"]))
    experts = list(data["scores"].items())
    mixed["scores"] = dict(random.sample(experts, len(experts)))
    again = score(mixed)
    for key in ("benchmark", "price_scores", "criterion_scores", "totals"):
        assert again[key] == result[key]
    keys = [(Fraction(result["totals"][bid]), bid) for bid in result["ranking"]]
    assert [total for total, _ in keys] == [Fraction(again["totals"][bid]) for bid in again["ranking"]]
    assert sorted(again["ranking"]) == sorted(result["ranking"])


@settings(max_examples=60, deadline=None)
@given(sheets(), st.integers(2, 50))
def test_scaling_all_prices_changes_no_score(data: dict[str, Any], by: int) -> None:
    scaled = dict(data)
    scaled["bids"] = [bid | {"price": shown(Fraction(bid["price"]) * by)} for bid in data["bids"]]
    assert score(scaled)["totals"] == score(data)["totals"]
    assert score(scaled)["ranking"] == score(data)["ranking"]


@settings(max_examples=60, deadline=None)
@given(sheets())
def test_scores_stay_between_floor_and_cap(data: dict[str, Any]) -> None:
    data["price"] |= {"floor": "20", "cap": "90"}
    assert all(20 <= Fraction(points) <= 90 for points in score(data)["price_scores"].values())


@settings(max_examples=60, deadline=None)
@given(sheets())
def test_rounding_happens_only_where_said(data: dict[str, Any]) -> None:
    def without_rounding(sheet: dict[str, Any]) -> dict[str, Any]:
        price = {key: value for key, value in sheet["price"].items() if key != "score_round"}
        return {key: value for key, value in sheet.items() if key != "total_round"} | {"price": price}

    exact, said = score(without_rounding(data)), score(data)
    assert exact["benchmark"] == said["benchmark"]
    assert exact["criterion_scores"] == said["criterion_scores"]
    for bid, points in exact["price_scores"].items():
        assert abs(Fraction(points) - Fraction(said["price_scores"][bid])) <= Fraction(501, 100000)


@settings(max_examples=60, deadline=None)
@given(sheets())
def test_ranking_follows_totals(data: dict[str, Any]) -> None:
    result = score(data)
    totals = [Fraction(result["totals"][bid]) for bid in result["ranking"]]
    assert totals == sorted(totals, reverse=True)
    assert {step for line in result["derivation"] for step in [line["step"]]} >= {"benchmark", "price_score", "total"}


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [_number(item) for item in value]
    try:
        return Fraction(value)
    except ValueError:
        return value


HAND: dict[str, Any] = {
    "__builtins__": {},
    "abs": abs,
    "ceil": math.ceil,
    "half_up": lambda value, places: half_up(value, int(places)),
    "len": len,
    "max": max,
    "mean": lambda values: sum(values) / len(values),
    "min": min,
    "sorted": sorted,
    "sum": sum,
    "sumproduct": lambda left, right: sum(a * b for a, b in zip(left, right, strict=True)),
}
WORDS = {"keep_within", "ranking", "tie", "rejected", "eliminated", "objective_score"}


@settings(max_examples=60, deadline=None)
@given(sheets())
def test_every_line_of_the_derivation_recomputes(data: dict[str, Any]) -> None:
    data["price"]["deductions"] = {"small_firm": "0.10"}
    data["bids"][0]["flags"] = ["small_firm"]
    for line in score(data)["derivation"]:
        if line["step"] in WORDS:
            continue
        values = {name: _number(value) for name, value in line["values"].items()}
        values |= {name: int(value) for name, value in values.items() if name in ("low", "high")}
        found, said = eval(line["formula"], HAND, values), _number(line["result"])
        pairs = zip(found, said, strict=True) if isinstance(said, list) else [(found, said)]
        # printed values carry twelve decimals; a half cent may fall either way by hand only if they were cut
        near = Fraction(1, 100) if "half_up" in line["formula"] else Fraction(1, 10**6)
        assert all(abs(a - b) <= near * max(1, abs(b) / 100) for a, b in pairs), line


@given(st.fractions(-(10**6), 10**6), st.integers(0, 8))
def test_half_up_is_the_nearest_with_halves_away_from_zero(value: Fraction, places: int) -> None:
    found = half_up(value, places)
    assert abs(found - value) <= Fraction(1, 2 * 10**places)
    assert half_up(-value, places) == -found
    assert Fraction(fixed(value, places)) == found


def test_half_up_at_the_half() -> None:
    assert [fixed(Fraction(text), 2) for text in ("0.005", "0.0049999", "-0.005", "2.675", "1.005", "-0.001")] == [
        "0.01", "0.00", "-0.01", "2.68", "1.01", "0.00"]
    assert fixed(Fraction("2.5"), 0) == "3" and shown(Fraction("5752.80")) == "5752.8" and shown(Fraction(100)) == "100"
