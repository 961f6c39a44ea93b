"""What is not exactly a scoring/1 sheet is refused, and the message names the place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.faults import Unusable
from methods.scoring import score
from tests.methods.sheets import contract, sheet

Change = Callable[[dict[str, Any]], object]


def put(path: str, value: Any) -> Change:
    """A change that sets the value at a dotted path; a number is an index."""

    def change(data: dict[str, Any]) -> None:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            data = data[part]
        data[last] = value

    return change


def drop(path: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            data = data[part]
        del data[last]

    return change


UNKNOWN = ["", "bids.0.", "price.", "price.benchmark.", "price.benchmark.trim.0.", "price.benchmark.keep_within_pct.",
           "price.benchmark.terms.0.", "price.curve.", "criteria.0.", "criteria.0.trim.0."]
REQUIRED = ["schema", "bids", "price", "bids.0.id", "bids.0.price", "price.full", "price.curve", "price.benchmark",
            "price.benchmark.terms", "price.benchmark.terms.0.of", "price.benchmark.trim.0.from",
            "price.benchmark.trim.0.high", "price.benchmark.trim.0.low", "price.curve.kind",
            "price.curve.above_per_pct", "price.curve.below_per_pct", "criteria.0.id", "criteria.0.max",
            "scores", "scores.expert-1.A", "scores.expert-1.A.plan", "reference"]
DECIMALS = ["bids.0.price", "ceiling", "reference", "price.full", "price.weight", "price.deductions.domestic",
            "price.benchmark.keep_within_pct.below", "price.benchmark.terms.0.weight", "price.benchmark.factor",
            "price.curve.above_per_pct", "price.floor", "price.cap", "criteria.0.max", "criteria.0.weight",
            "criteria.0.eliminate_below", "scores.expert-1.A.plan", "scores.expert-1.B.plan"]
WHOLE = ["price.benchmark.round", "price.deviation_round", "price.score_round", "total_round",
         "criteria.0.trim.0.from", "price.benchmark.trim.0.high"]
OBJECTS = ["bids.0", "price", "price.benchmark", "price.benchmark.keep_within_pct", "price.benchmark.terms.0",
           "price.curve", "criteria.0", "scores", "scores.expert-1", "scores.expert-1.A"]
LISTS = ["bids", "price.benchmark.trim", "price.benchmark.terms", "criteria", "criteria.0.trim", "ties", "bids.0.flags"]


def refused(change: Change, match: str | None = None) -> None:
    data = contract()
    score(data)
    change(data)
    with pytest.raises(Unusable, match=match) as error:
        score(data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("at", UNKNOWN)
def test_unknown_key(at: str) -> None:
    refused(put(at + "surprise", "1"), "unknown key 'surprise'")


@pytest.mark.parametrize("path", REQUIRED)
def test_missing_key(path: str) -> None:
    refused(drop(path))


@pytest.mark.parametrize("path", DECIMALS)
@pytest.mark.parametrize(
    "value",
    [1, 1.5, True, "", "abc", "1e3", "NaN", "Infinity", " 1", "1_000", "1,000", "１", "+1", ".5", "1.", "9" * 40],
)
def test_not_a_decimal_string(path: str, value: Any) -> None:
    refused(put(path, value), "decimal string")


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize("value", ["2", -1, True, 2.0, 10**9])
def test_not_a_whole_number(path: str, value: Any) -> None:
    refused(put(path, value), "whole number")


@pytest.mark.parametrize("path", OBJECTS)
@pytest.mark.parametrize("value", [[], "text", 1])
def test_not_an_object(path: str, value: Any) -> None:
    refused(put(path, value), "object")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("value", [{}, "text", 1])
def test_not_a_list(path: str, value: Any) -> None:
    refused(put(path, value), "list")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (put("schema", "scoring/2"), "schema"),
        (put("bids", []), "bids is empty"),
        (put("bids.1.id", "A"), "stands twice"),
        (put("bids.0.id", ""), "line of text"),
        (put("bids.0.id", "a\nb"), "line of text"),
        (put("bids.0.name", "\ud800"), "line of text"),
        (put("bids.0.price", "-1"), "greater than 0"),
        (put("bids.0.price", "0"), "greater than 0"),
        (put("bids.1.price", "-1"), "greater than 0"),
        (put("bids.0.flags", ["domestic", "domestic"]), "stands twice"),
        (put("bids.0.rejected", True), "line of text"),
        (put("bids.0.adjustments", "5"), "evaluated"),
        (put("price.deductions.domestic", "0.90"), "leave nothing"),
        (put("price.deductions.domestic", "1"), "below 1"),
        (put("price.deductions.domestic", "-0.1"), "below 0"),
        (put("price.floor", "101"), "above price.cap"),
        (put("price.benchmark.terms", []), "terms is empty"),
        (put("price.benchmark.terms.0.of", "median"), "one of"),
        (put("price.benchmark.terms.0.of", "fixed"), "'value' belongs to 'fixed'"),
        (put("price.benchmark.terms.0.value", "5"), "'value' belongs to 'fixed'"),
        (put("price.benchmark.terms.0.of", "second_lowest"), "only one price counts"),
        (put("price.benchmark.factor", "0"), "greater than 0"),
        (put("price.benchmark.keep_within_pct", {}), "neither"),
        (put("price.benchmark.average_with_lowest", "no"), "true or false"),
        (put("price.benchmark.trim", [{"from": 2, "high": 1, "low": 1}]), "leave nothing of 2"),
        (put("price.benchmark.trim", [{"from": 5, "high": 1, "low": 1}] * 2), "stands twice"),
        (put("price.curve.kind", "steps"), "one of"),
        (put("price.curve.kind", ["slope"]), "one of"),
        (put("price.curve.step", "floor"), "one of"),
        (put("price.curve", {"kind": "ratio", "step": "none"}), "unknown key 'step'"),
        (put("price.curve", {"kind": "evaluated"}), "lowest evaluated price"),
        (put("criteria.0.kind", "mixed"), "one of"),
        (put("criteria.0.eliminate_below", "101"), "nobody could stay"),
        (put("criteria", contract()["criteria"] * 2), "stands twice"),
        (put("scores", {}), "no expert's scores"),
        (put("scores.expert-1.A.plan", "100.01"), "above the maximum"),
        (put("scores.expert-1.A.plan", "-0.01"), "below 0"),
        (put("scores.expert-1.A.price", "1"), "no such criterion"),
        (put("scores.expert-1.C", {"plan": "1"}), "no such bid"),
        (put("ties", ["luck"]), "one of"),
        (put("ties", ["price", "price"]), "stands twice"),
    ],
)
def test_refused(change: Change, match: str) -> None:
    refused(change, match)


@pytest.mark.parametrize("data", [None, [], "text", 1, {}])
def test_not_a_sheet_at_all(data: Any) -> None:
    with pytest.raises(Unusable):
        score(data)


def test_the_maximum_itself_is_allowed() -> None:
    data = contract()
    put("scores.expert-1.A.plan", "100")(data)
    score(data)


def table(*bands: tuple[str, str]) -> dict[str, Any]:
    listed = [{"from_pct": start, "to_pct": end, "points": "1", "slope": "0"} for start, end in bands]
    return sheet({"A": "90", "B": "110"}, curve={"kind": "table", "bands": listed})


@pytest.mark.parametrize(
    ("bands", "match"),
    [
        ([("-20", "0"), ("1", "20")], "a gap at 0 %"),
        ([("-20", "1"), ("0", "20")], "an? overlap at 1 %"),
        ([("-20", "-20"), ("-20", "20")], "ends where it starts"),
        ([], "empty"),
        ([("-10", "10")], "bid B: a deviation of 10 % lies outside"),  # to is not inside
        ([("-9.99", "11")], "bid A: a deviation of -10 % lies outside"),
    ],
)
def test_table_bands(bands: list[tuple[str, str]], match: str) -> None:
    with pytest.raises(Unusable, match=match):
        score(table(*bands))


def test_bands_may_stand_in_any_order_and_from_is_inside() -> None:
    assert score(table(("0", "10.01"), ("-10", "0")))["price_scores"] == {"A": "1.00", "B": "1.00"}


def test_adjustments_are_said_once() -> None:
    data = sheet({"A": "90"}, benchmark=..., curve={"kind": "evaluated", "adjustments": {"A": "1"}})
    data["bids"][0]["adjustments"] = "1"
    with pytest.raises(Unusable, match="once per bid"):
        score(data)
    data = sheet({"A": "90"}, benchmark=..., curve={"kind": "evaluated", "adjustments": {"B": "1"}})
    with pytest.raises(Unusable, match="unknown bid 'B'"):
        score(data)
    data = sheet({"A": "90"}, benchmark=..., curve={"kind": "evaluated", "adjustments": {"A": "-90"}})
    with pytest.raises(Unusable, match="not above zero"):
        score(data)


def test_input_is_left_untouched() -> None:
    data = contract()
    score(data)
    assert data == contract()
