"""The price before the curve: policy deductions, the prices that count, the benchmark (domain.md §3.3 F2, F3, §3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from core.faults import Unusable
from methods.exact import half_up, mean, shown
from methods.sheet import Benchmark, Sheet, Term, Trim
from methods.trail import Trail


def compared_prices(sheet: Sheet, trail: Trail) -> dict[str, Fraction]:
    """Price for evaluation of every valid bid; the contract price stays as bid.

    Several deductions are all taken from the original price, never one after the other (Ministry of Finance answer
    on 国办发〔2025〕34号 with 财库〔2020〕46号). A share of small firms in the contract counts from the least share on:
    the line small_share is not below zero then.
    """
    prices = {}
    for bid in sheet.valid:
        price = bid.price
        if bid.small and bid.small.share is not None and sheet.price.least_share is not None:
            trail.add("small_share", "share - least", bid.small.share - sheet.price.least_share, bid=bid.id,
                      share=bid.small.share, least=sheet.price.least_share)
        shares = sheet.price.shares(bid.flags, bid.small)
        if shares:
            price = bid.price * (1 - sum(shares))
            trail.add("deducted_price", "price * (1 - sum(deductions))", price, bid=bid.id, price=bid.price,
                      deductions=shares)
        if bid.adjustments:
            before, price = price, price + sum(bid.adjustments)
            trail.add("evaluated_price", "price + sum(adjustments)", price, bid=bid.id, price=before,
                      adjustments=bid.adjustments)
        if price <= 0:
            raise Unusable(f"the evaluated price of bid {bid.id} is not above zero")
        prices[bid.id] = price
    return prices


def trim_for(trims: Sequence[Trim], count: int) -> Trim | None:
    """The rule with the largest `from` that `count` reaches."""
    return max((trim for trim in trims if trim.start <= count), key=lambda trim: trim.start, default=None)


def trimmed(values: Sequence[Fraction], trim: Trim | None) -> list[Fraction]:
    """Ascending, without the highest and lowest the rule drops."""
    ordered = sorted(values)
    return ordered if trim is None else ordered[trim.low : len(ordered) - trim.high]


def _counted(spec: Benchmark, prices: Sequence[Fraction], trail: Trail) -> list[Fraction]:
    """The prices that count: trimmed, then kept within the range around the trimmed mean (of all prices)."""
    trim = trim_for(spec.trims, len(prices))
    counted = trimmed(prices, trim)
    if trim is not None:
        trail.add("trim", "sorted(prices)[low:len(prices) - high]", counted, prices=prices, low=trim.low,
                  high=trim.high)
    if spec.keep is None:
        return counted
    below, above = spec.keep
    centre = mean(counted)
    trail.add("trimmed_mean", "mean(prices)", centre, prices=counted)
    if below is not None:
        trail.add("keep_from", "centre * (1 - below / 100)", centre * (1 - below / 100), centre=centre, below=below)
    if above is not None:
        trail.add("keep_to", "centre * (1 + above / 100)", centre * (1 + above / 100), centre=centre, above=above)
    inside = [
        price
        for price in sorted(prices)
        if (below is None or price >= centre * (1 - below / 100))
        and (above is None or price <= centre * (1 + above / 100))
    ]
    kept = inside or sorted(prices)
    formula = "all prices within keep_from and keep_to" if inside else "nothing inside: all prices"
    trail.add("keep_within", formula, kept, prices=prices)
    return kept


def _term_value(term: Term, counted: list[Fraction], sheet: Sheet) -> Fraction:
    match term.of:
        case "mean":
            return mean(counted)
        case "lowest":
            return min(counted)
        case "second_lowest":
            if len(counted) < 2:
                raise Unusable("the benchmark uses second_lowest, but only one price counts")
            return sorted(counted)[1]
        case "ceiling":
            found = sheet.ceiling
        case "reference":
            found = sheet.reference
        case _:
            found = term.value
    assert found is not None, "checked when the sheet was read"
    return found


def benchmark(sheet: Sheet, prices: Sequence[Fraction], trail: Trail) -> Fraction:
    """The benchmark from the compared prices: terms, average_with_lowest, factor, round, in that order."""
    spec = sheet.price.benchmark
    counted = _counted(spec, prices, trail)
    parts = []
    for term in spec.terms:
        value = _term_value(term, counted, sheet)
        if term.of == "mean":
            trail.add("mean", "mean(prices)", value, prices=counted)
        parts.append(term.weight * value)
        trail.add("term", "weight * value", parts[-1], of=term.of, weight=term.weight, value=value)
    result = sum(parts, Fraction(0))
    trail.add("terms", "sum(terms)", result, terms=parts)
    if spec.average_with_lowest:
        before, lowest = result, min(counted)
        result = (before + lowest) / 2
        trail.add("average_with_lowest", "(value + lowest) / 2", result, value=before, lowest=lowest)
    if spec.factor != 1:
        before, result = result, result * spec.factor
        trail.add("factor", "value * factor", result, value=before, factor=spec.factor)
    if spec.places is not None:
        before, result = result, half_up(result, spec.places)
        trail.add("round", "half_up(value, places)", shown(result, spec.places), value=before, places=spec.places)
    if result <= 0:
        raise Unusable("the benchmark is not above zero")
    return result
