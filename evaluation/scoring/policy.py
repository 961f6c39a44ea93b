"""Prices for evaluation and places, read off a result: what a table of the summary and the report shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Data = Mapping[str, Any]


def prices(scoring: Data, result: Data) -> list[dict[str, Any]]:
    """[{bid, price, flags, deductions: {flag: share}, evaluated, formula}] of every bid with a policy deduction.

    The contract price stays as bid (domain.md §3.4); `formula` is the line of the derivation with its numbers.
    """
    shares = scoring["price"].get("deductions") or {}
    flags = {bid["id"]: [flag for flag in bid.get("flags", []) if flag in shares] for bid in scoring["bids"]}
    found = []
    for line in result.get("derivation", []):
        if line["step"] != "deducted_price":
            continue
        values = line["values"]
        bid, price = values["bid"], values["price"]
        named = {flag: str(shares[flag]) for flag in flags[bid]}
        formula = f"{price} × (1 − {' − '.join(named.values())})"
        found.append(
            {"bid": bid, "price": price, "flags": flags[bid], "deductions": named, "evaluated": line["result"],
             "formula": formula}
        )  # fmt: skip
    return found


def places(result: Data, out: Collection[str] = ()) -> dict[str, int]:
    """{bid: place}: those whom nothing compared tells apart share one (并列); `out` have none."""
    equal: dict[str, int] = {}
    ranking = [bid for bid in result.get("ranking") or () if bid not in out]
    for line in result.get("derivation", []):
        if line["step"] == "tie" and line["formula"].startswith("并列"):
            alike = [bid for bid in line["values"]["bids"] if bid in ranking]
            equal |= dict.fromkeys(alike, min((ranking.index(bid) for bid in alike), default=0) + 1)
    return {bid: equal.get(bid, place) for place, bid in enumerate(ranking, 1)}
