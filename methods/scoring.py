"""scoring/1: from bids, experts' scores and the tender file's formula to totals and a ranking, with the derivation."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import Any

from methods.criteria import Means, criterion_means, eliminations
from methods.curves import price_score
from methods.exact import rounded, shown
from methods.price import benchmark, compared_prices
from methods.sheet import Sheet, read_sheet
from methods.trail import Trail


def score(data: Any) -> dict[str, Any]:
    """The scoring/1 result of a scoring/1 object; Unusable for bad input, Fault where objective scores differ.

    Numbers in the result are decimal strings: with fixed places where the file says to round, else plain.
    `benchmark` is null when every bid is rejected. Ranking: total, then (ties: price) the lower compared price, then
    the order of bids, marked 并列 in the derivation. The curve `evaluated` always compares evaluated prices in a tie.
    """
    sheet = read_sheet(data)
    trail = Trail()
    if not sheet.valid:
        out = eliminations(sheet, {}, trail)
        trail.add("ranking", "all bids are rejected: no benchmark, no scores, nobody is ranked", [])
        return _result(sheet, None, {}, {}, {}, [], out, trail)
    prices = compared_prices(sheet, trail)
    base = benchmark(sheet, list(prices.values()), trail)
    places = sheet.price.benchmark.places
    trail.add("benchmark", "benchmark", shown(base, places), benchmark=base)
    points = {bid: price_score(sheet.price, bid, price, base, trail) for bid, price in prices.items()}
    means = criterion_means(sheet, trail)
    totals = {bid.id: _total(sheet, bid.id, points[bid.id], means[bid.id], trail) for bid in sheet.valid}
    out = eliminations(sheet, means, trail)
    gone = {item["bid"] for item in out}
    ranking = _ranking(sheet, {bid: total for bid, total in totals.items() if bid not in gone}, prices, trail)
    return _result(sheet, base, points, means, totals, ranking, out, trail)


def _total(sheet: Sheet, bid: str, points: Fraction, means: dict[str, Fraction], trail: Trail) -> Fraction:
    """The rounded price score and the unrounded criterion means, weighted; rounded once."""
    weights = [criterion.weight for criterion in sheet.criteria]
    weighted = sum((means[criterion.id] * criterion.weight for criterion in sheet.criteria), Fraction(0))
    exact = points * sheet.price.weight + weighted
    total = rounded(exact, sheet.total_places)
    values: dict[str, Any] = {
        "bid": bid,
        "price_score": points,
        "price_weight": sheet.price.weight,
        "means": [means[criterion.id] for criterion in sheet.criteria],
        "weights": weights,
    }
    formula = "price_score * price_weight + sumproduct(means, weights)"
    if sheet.total_places is None:
        trail.add("total", formula, total, **values)
    else:
        places = sheet.total_places
        trail.add("total", f"half_up({formula}, places)", shown(total, places), **values, places=places)
    return total


def _ranking(sheet: Sheet, totals: dict[str, Fraction], prices: dict[str, Fraction], trail: Trail) -> list[str]:
    by_price = sheet.by_price or sheet.price.curve.kind == "evaluated"

    def key(bid: str) -> tuple[Fraction, Fraction]:
        return -totals[bid], prices[bid] if by_price else Fraction(0)

    ranking = sorted(totals, key=key)  # stable: full equals stay in the order of bids
    for _, group in groupby(ranking, key=lambda bid: totals[bid]):
        same = list(group)
        if len(same) > 1 and by_price:
            trail.add("tie", "equal totals: the lower compared price first", same, bids=same,
                      prices=[prices[bid] for bid in same])
    for _, group in groupby(ranking, key=key):
        same = list(group)
        if len(same) > 1:
            trail.add("tie", "并列: equal in everything compared, listed in the order of bids", same, bids=same)
    formula = "total, highest first" if ranking else "nobody is left to rank"
    trail.add("ranking", formula, ranking, bids=ranking, totals=[totals[bid] for bid in ranking])
    return ranking


def _result(
    sheet: Sheet,
    base: Fraction | None,
    points: dict[str, Fraction],
    means: Means,
    totals: dict[str, Fraction],
    ranking: list[str],
    eliminated: list[dict[str, str]],
    trail: Trail,
) -> dict[str, Any]:
    return {
        "benchmark": None if base is None else shown(base, sheet.price.benchmark.places),
        "price_scores": {bid: shown(value, sheet.price.score_places) for bid, value in points.items()},
        "criterion_scores": {
            bid: {criterion: shown(value) for criterion, value in items.items()} for bid, items in means.items()
        },
        "totals": {bid: shown(value, sheet.total_places) for bid, value in totals.items()},
        "ranking": ranking,
        "eliminated": eliminated,
        "derivation": trail.lines,
    }


def unranked(result: dict[str, Any]) -> dict[str, Any]:
    """A result without its order, for papers that may print no rank (评定分离, domain.md §5)."""
    steps = [one for one in result["derivation"] if one["step"] not in ("ranking", "tie")]
    return {key: value for key, value in result.items() if key != "ranking"} | {"derivation": steps}
