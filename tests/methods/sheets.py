"""Sheets to start from; every test changes what it is about."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def sheet(prices: dict[str, str], **price: Any) -> dict[str, Any]:
    """A scoring/1 sheet of prices only; `price` replaces keys of its price part."""
    part: dict[str, Any] = {
        "full": "100",
        "benchmark": {"terms": [{"of": "mean"}]},
        "curve": {"kind": "ratio"},
        "score_round": 2,
    }
    return {
        "schema": "scoring/1",
        "bids": [{"id": name, "price": value} for name, value in prices.items()],
        "price": {key: value for key, value in {**part, **price}.items() if value is not ...},
        "criteria": [],
        "scores": {},
        "total_round": 2,
        "ties": ["price"],
    }


def scored(marks: dict[str, dict[str, str]], **criterion: Any) -> dict[str, Any]:
    """Equal prices, one criterion 'plan' out of 100 of weight 1; marks is expert → bid → score."""
    bids = next(iter(marks.values()))
    data = sheet(dict.fromkeys(bids, "100"), weight="0")
    data["criteria"] = [{"id": "plan", "max": "100", **criterion}]
    data["scores"] = {expert: {bid: {"plan": mark} for bid, mark in given.items()} for expert, given in marks.items()}
    return data


CONTRACT: dict[str, Any] = {
    "schema": "scoring/1",
    "bids": [
        {"id": "A", "price": "5689", "flags": ["small_firm", "domestic"]},
        {"id": "B", "price": "5828", "rejected": "R-07"},
    ],
    "ceiling": "6000",
    "reference": "5760",
    "price": {
        "full": "100",
        "weight": "0.5",
        "deductions": {"small_firm": "0.10", "domestic": "0.20"},
        "benchmark": {
            "trim": [{"from": 5, "high": 1, "low": 1}],
            "keep_within_pct": {"below": "20", "above": "10"},
            "terms": [{"of": "reference", "weight": "0.6"}, {"of": "mean", "weight": "0.4"}],
            "average_with_lowest": False,
            "factor": "1",
            "round": None,
        },
        "curve": {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "below_adds": False, "step": "none"},
        "deviation_round": None,
        "score_round": 2,
        "floor": "0",
        "cap": "100",
    },
    "criteria": [
        {
            "id": "plan",
            "max": "100",
            "weight": "0.25",
            "kind": "subjective",
            "trim": [{"from": 7, "high": 1, "low": 1}],
            "eliminate_below": "60",
        }
    ],
    "scores": {"expert-1": {"A": {"plan": "90"}, "B": {"plan": "92"}}},
    "total_round": 2,
    "ties": ["price"],
}
"""The example of the contract, word for word."""


def contract() -> dict[str, Any]:
    return deepcopy(CONTRACT)
