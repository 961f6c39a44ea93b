"""Sealed quotes side by side: totals from unit prices, the deduction for small firms, the order, what is saved.

The lowest comes first; of equal ones the first received. Deducted prices are for the comparison alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.faults import Unusable
from core.money import D, plain
from methods.shape import fields, flag, mapping, rows, text, whole

MOST = 1_000_000  # pieces of a line


def evaluated(total: Decimal, small_firm: bool, percent: int) -> Decimal:
    """The price that is compared; what is paid stays as quoted. Exact: a percent of fen has at most four decimals."""
    return total - total * percent / 100 if small_firm else total


def _total(prices: Mapping[str, Any], quantities: Mapping[str, int], where: str) -> Decimal:
    if set(prices) != set(quantities):
        raise Unusable(f"{where}: a price for every line, each once")
    return sum((D(text(one, where)) * quantities[line] for line, one in prices.items()), Decimal(0))


def compare(value: Any) -> dict[str, Any]:
    """{ceiling, deduction, quantities: {line: pieces}, quotes: [{id, prices: {line: yuan}, small_firm, received_at,
    out}]} → {totals, evaluated, order, tied, saved}. `prices` {}: it could not be read; `out`: why it is not compared,
    "" when it is. `tied`: as low as the first. `saved`: the ceiling less the total of the first, "" without one."""
    said = fields(value, "comparison", {"ceiling", "deduction", "quantities", "quotes"})
    ceiling, percent = D(text(said["ceiling"], "ceiling")), whole(said["deduction"], "deduction", 0, 99)
    pieces = mapping(said["quantities"], "quantities")
    quantities = {line: whole(one, "quantities", 1, MOST) for line, one in pieces.items()}
    totals: dict[str, Decimal] = {}
    compared: dict[str, tuple[Decimal, datetime, str]] = {}
    for one in rows(said["quotes"], "quotes"):
        quote = fields(one, "quotes", {"id", "prices", "small_firm", "received_at", "out"})
        key, prices = text(quote["id"], "id"), mapping(quote["prices"], "prices")
        if not prices:
            continue
        totals[key] = _total(prices, quantities, f"prices of {key}")
        low = evaluated(totals[key], flag(quote["small_firm"], "small_firm"), percent)
        compared[key] = (low, datetime.fromisoformat(text(quote["received_at"], "received_at")), key)
    out = {one["id"] for one in said["quotes"] if one["out"]}
    order = sorted(
        (key for key in compared if key not in out and totals[key] <= ceiling), key=lambda key: compared[key]
    )
    return {
        "totals": {key: plain(one) for key, one in totals.items()},
        "evaluated": {key: plain(one[0]) for key, one in compared.items()},
        "order": order,
        "tied": [key for key in order[1:] if compared[key][0] == compared[order[0]][0]],
        "saved": plain(ceiling - totals[order[0]]) if order else "",
    }  # fmt: skip
