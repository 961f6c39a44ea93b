"""Abnormally low prices: when the committee must ask, never when it must reject (domain.md §3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from core.faults import Unusable
from methods.exact import mean, shown
from methods.shape import fields, mapping, number


@dataclass(frozen=True)
class LowPriceLines:
    """Percentages below which an explanation is due, in force from `since` under `regime`; a file may raise each."""

    regime: str
    since: date
    mean: str
    second_lowest: str
    limit: str
    most: str
    source: str


LINES = (LowPriceLines("R2", date(2026, 2, 1), "50", "50", "45", "65", "财库〔2026〕2号"),)


def lines_at(on: date, regime: str = "R2") -> LowPriceLines | None:
    """The lines in force on the announcement date, or None where only the committee's own judgement applies."""
    known = [line for line in LINES if line.regime == regime and line.since <= on]
    return max(known, key=lambda line: line.since, default=None)


def abnormally_low(
    prices: Mapping[str, str],
    on: date,
    *,
    limit: str | None = None,
    budget: str | None = None,
    raised: Mapping[str, str] | None = None,
    regime: str = "R2",
) -> list[dict[str, str]]:
    """Bids strictly below a line: [{bid, price, trigger, pct, line, source}], trigger mean, second_lowest or limit.

    `prices` are the bid prices (not policy prices) of the conforming bids as decimal strings, `on` the announcement
    date; without a limit the budget stands for it. `raised` are percentages of the tender file, from the legal line up
    to its maximum. The fourth trigger, the committee's judgement, is a person's and is not computed.
    """
    given = {bid: number(price, f"prices.{bid}", low=0) for bid, price in mapping(prices, "prices").items()}
    law = lines_at(on, regime)
    if law is None or not given:
        return []
    pct = {"mean": law.mean, "second_lowest": law.second_lowest, "limit": law.limit}
    for name, value in fields(dict(raised or {}), "raised", (), tuple(pct)).items():
        if not Fraction(pct[name]) <= number(value, f"raised.{name}") <= Fraction(law.most):
            raise Unusable(f"raised.{name} must lie between {pct[name]} and {law.most} percent, found {value}")
        pct[name] = value
    ordered = sorted(given.values())
    bases = {"mean": mean(ordered)}
    if len(ordered) > 1:
        bases["second_lowest"] = ordered[1]
    top = limit if limit is not None else budget
    if top is not None:
        bases["limit"] = number(top, "limit", above=0)
    found = []
    for bid, price in given.items():
        for name, base in bases.items():
            line = base * Fraction(pct[name]) / 100
            if price < line:
                found.append(
                    {
                        "bid": bid,
                        "price": shown(price),
                        "trigger": name,
                        "pct": pct[name],
                        "line": shown(line),
                        "source": law.source,
                    }
                )
    return found
