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


PRINTED = "招标文件"
NAMES = ("mean", "second_lowest", "limit")


def percentages(law: LowPriceLines | None, told: Mapping[str, str] | None) -> dict[str, str]:
    """{line: percent} in force: the law's with what the file raises, or what the file alone prints; else Unusable."""
    given = fields(dict(told or {}), "raised", (), NAMES)
    found = {name: getattr(law, name) for name in NAMES} if law else {}
    for name, value in given.items():
        least, most = (found[name], law.most) if law else ("0", "100")
        amount = number(value, f"raised.{name}")
        if not Fraction(least) <= amount <= Fraction(most) or amount == 0:
            raise Unusable(f"raised.{name} must lie between {least} and {most} percent, found {value}")
        found[name] = value
    return found


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
    to its maximum; where no line of the law is in force, they are the file's own lines and the only ones. The fourth
    trigger, the committee's judgement, is a person's and is not computed.
    """
    given = {bid: number(price, f"prices.{bid}", low=0) for bid, price in mapping(prices, "prices").items()}
    law = lines_at(on, regime)
    pct = percentages(law, raised)
    if not pct or not given:
        return []
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
            if name not in pct:
                continue
            line = base * Fraction(pct[name]) / 100
            if price < line:
                found.append(
                    {
                        "bid": bid,
                        "price": shown(price),
                        "trigger": name,
                        "pct": pct[name],
                        "line": shown(line),
                        "source": law.source if law else PRINTED,
                    }
                )
    return found
