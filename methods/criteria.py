"""Experts' scores: objective items agree, subjective items are averaged, outliers are shown (domain.md §3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from statistics import median
from typing import Any

from core.faults import Fault
from methods.exact import mean, shown
from methods.price import trim_for, trimmed
from methods.shape import mapping, number
from methods.sheet import Criterion, Sheet
from methods.trail import Trail

Means = dict[str, dict[str, Fraction]]
"""bid → criterion → exact mean"""


def criterion_means(sheet: Sheet, trail: Trail) -> Means:
    """The unrounded mean of every valid bid on every criterion; Fault where objective scores differ (87号令 64)."""
    return {
        bid.id: {criterion.id: _mean(sheet, bid.id, criterion, trail) for criterion in sheet.criteria}
        for bid in sheet.valid
    }


def _mean(sheet: Sheet, bid: str, criterion: Criterion, trail: Trail) -> Fraction:
    given = {expert: items[bid][criterion.id] for expert, items in sheet.scores.items()}
    scores = list(given.values())
    if criterion.objective:
        first = next(iter(given))
        for expert, score in given.items():
            if score != given[first]:
                raise Fault(
                    f"objective criterion {criterion.id} of bid {bid}: {first} gave {shown(given[first])}, "
                    f"{expert} gave {shown(score)}"
                )
        trail.add("objective_score", "the same from every expert", scores[0], bid=bid, criterion=criterion.id,
                  scores=scores)
        return scores[0]
    trim = trim_for(criterion.trims, len(scores))
    result = mean(trimmed(scores, trim))
    if trim is None:
        trail.add("criterion_mean", "mean(scores)", result, bid=bid, criterion=criterion.id, scores=scores)
    else:
        trail.add("criterion_mean", "mean(sorted(scores)[low:len(scores) - high])", result, bid=bid,
                  criterion=criterion.id, scores=scores, low=trim.low, high=trim.high)
    return result


def eliminations(sheet: Sheet, means: Means, trail: Trail) -> list[dict[str, str]]:
    """Bids that leave the ranking: rejected by the committee, or a criterion mean strictly below its minimum."""
    out = []
    for bid in sheet.bids:
        if bid.rejected is not None:
            out.append({"bid": bid.id, "rule": bid.rejected})
            trail.add("rejected", "not scored", bid.rejected, bid=bid.id)
            continue
        for criterion in sheet.criteria:
            least = criterion.eliminate_below
            found = means[bid.id][criterion.id]
            if least is not None and found < least:
                out.append({"bid": bid.id, "rule": f"eliminate_below:{criterion.id}"})
                trail.add("eliminated", "mean < eliminate_below", "eliminated", bid=bid.id, criterion=criterion.id,
                          mean=found, eliminate_below=least)
                break
    return out


def anomalies(
    scores: Mapping[str, Mapping[str, Mapping[str, str]]], tolerance_pct: str | int = 30
) -> list[dict[str, Any]]:
    """Scores further than `tolerance_pct` from the median of all experts; exactly on the line is not flagged.

    `scores` is expert → bid → criterion → decimal string, as in scoring/1. A flag asks its expert for a reason or
    a correction before signing (87号令 art. 64); it changes no score. Returns [{expert, bid, criterion, score, median,
    deviation_pct}] in the order given; deviation_pct is None where the median is zero.
    """
    tolerance = number(str(tolerance_pct), "tolerance_pct", low=0)
    cells: dict[tuple[str, str], dict[str, Fraction]] = {}
    for expert, bids in mapping(scores, "scores").items():
        for bid, items in mapping(bids, f"scores.{expert}").items():
            for criterion, score in mapping(items, f"scores.{expert}.{bid}").items():
                where = f"scores.{expert}.{bid}.{criterion}"
                cells.setdefault((bid, criterion), {})[expert] = number(score, where, low=0)
    found = []
    for (bid, criterion), given in cells.items():
        middle = Fraction(median(given.values()))
        for expert, score in given.items():
            if abs(score - middle) * 100 > tolerance * middle:
                deviation = shown((score - middle) / middle * 100, 2) if middle else None
                found.append(
                    {
                        "expert": expert,
                        "bid": bid,
                        "criterion": criterion,
                        "score": shown(score),
                        "median": shown(middle),
                        "deviation_pct": deviation,
                    }
                )
    return found
