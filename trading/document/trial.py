"""The evaluation method tried on sample bids: a file that cannot be scored is never issued."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.faults import Fault, Unusable
from core.money import D, plain
from methods.scoring import score
from methods.sheet import read_sheet
from trading.document.facts import with_factor

SCORED = ("price", "criteria", "total_round", "ties")
PERCENTS = ("95", "96.5", "97.5", "98", "99")
MOST_FACTORS = 50
NAMES = ("试算甲", "试算乙", "试算丙", "试算丁", "试算戊")


def factors(evaluation: Mapping[str, Any]) -> list[str]:
    """The coefficients to draw from, [] where there are none; Unusable for a set that cannot be drawn from."""
    benchmark = evaluation["price"].get("benchmark")
    if not isinstance(benchmark, dict) or "factor_set" not in benchmark:
        return []
    where, found = "evaluation.price.benchmark.factor_set", benchmark["factor_set"]
    if "factor" in benchmark:
        raise Unusable(f"{where}: either factor or factor_set")
    texts = isinstance(found, list) and all(isinstance(one, str) and len(one) <= 20 for one in found)
    if not texts or not 1 <= len(found) <= MOST_FACTORS:
        raise Unusable(f"{where}: a list of 1 to {MOST_FACTORS} decimal strings is expected")
    if any(D(one) <= 0 for one in found) or len({D(one) for one in found}) != len(found):
        raise Unusable(f"{where}: different decimals above zero are expected")
    return list(found)


def sample(evaluation: Mapping[str, Any], base: str, *, ceiling: bool = True, factor: str = "") -> dict[str, Any]:
    """A scoring/1 sheet of five bids between 95 % and 99 % of `base`, two experts, nine tenths of the full points.

    `base` is the ceiling, or the estimate where the file has no `ceiling`; `factor` one of those to draw from.
    """
    if not isinstance(evaluation.get("price"), dict):
        raise Unusable("evaluation.price: an object is expected")
    criteria = evaluation.get("criteria") or []
    if not isinstance(criteria, list) or not all(isinstance(c, dict) for c in criteria):
        raise Unusable("evaluation.criteria: a list of objects is expected")
    amount = D(base)
    given = {str(c.get("id")): plain(D(c.get("max") or "0") * Decimal("0.9")) for c in criteria}
    sheet: dict[str, Any] = {
        "schema": "scoring/1",
        "bids": [
            {"id": name, "price": plain(amount * D(percent) / 100)}
            for name, percent in zip(NAMES, PERCENTS, strict=True)
        ],
        "reference": plain(amount * Decimal("0.96")),
    }
    if ceiling:
        sheet["ceiling"] = base
    sheet |= {key: evaluation[key] for key in SCORED if key in evaluation}
    several = factors(evaluation)
    if several:
        sheet["price"] = with_factor(sheet["price"], factor or several[0])
    if criteria:
        sheet["scores"] = {expert: {name: dict(given) for name in NAMES} for expert in ("评委一", "评委二")}
    return sheet


def checked(evaluation: Mapping[str, Any], base: str, *, ceiling: bool = True) -> str:
    """ "" when sample bids can be scored, else why they cannot; Unusable names the field of a wrong configuration."""
    try:
        first = sample(evaluation, base, ceiling=ceiling)
        sheets = [sample(evaluation, base, ceiling=ceiling, factor=one) for one in factors(evaluation)] or [first]
        for sheet in sheets:
            read_sheet(sheet)
    except Unusable as error:
        raise Unusable(f"evaluation: {error}".replace("evaluation: evaluation.", "evaluation.")) from None
    try:
        for sheet in sheets:
            score(sheet)
    except (Unusable, Fault) as error:
        return str(error)
    return ""


def preview(evaluation: Mapping[str, Any], base: str, *, ceiling: bool = True) -> dict[str, Any]:
    """For the editor: {bids, benchmark, price_scores, totals, ranking, derivation} of the sample; Unusable as above."""
    sheet = sample(evaluation, base, ceiling=ceiling)
    return {"bids": sheet["bids"], "scores": sheet.get("scores", {})} | score(sheet)
