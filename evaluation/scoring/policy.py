"""Prices for evaluation and places, read off a result: what a table of the summary and the report shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import Any

from methods import small

Data = Mapping[str, Any]


def claims(bid: Data, price: Data) -> dict[str, Any]:
    """{flags?, small?} of an opened bid for its line of scoring/1: only what this tender file knows and may stand."""
    flags, declared = list(bid.get("flags") or ()), dict(bid.get("small") or {})
    if _unheard(bid, price):
        flags, declared = [flag for flag in flags if flag != small.FLAG], {}
    return ({"flags": flags} if flags else {}) | ({"small": declared} if declared else {})


def _unheard(bid: Data, price: Data) -> str:
    """Why a declared share of small firms cannot count, "" where it can or nothing is declared."""
    flags, declared = list(bid.get("flags") or ()), dict(bid.get("small") or {})
    if "problem" in declared:
        return str(declared["problem"])
    if (declared or small.FLAG in flags) and small.FLAG not in (price.get("deductions") or {}):
        return "not_offered"
    return small.fault(flags, declared)


def unheard(bids: Iterable[Data], price: Data) -> list[dict[str, str]]:
    """[{bid, why}]: declarations of a share of small firms that count for nothing, whatever the share."""
    return [{"bid": bid["id"], "why": why} for bid in bids if (why := _unheard(bid, price))]


def prices(scoring: Data, result: Data) -> list[dict[str, Any]]:
    """[{bid, price, flags, deductions: {flag: share}, evaluated, formula, small?}] of every bid with a policy
    deduction, or with a declared share of small firms that the least share of the file decides.

    The contract price stays as bid (domain.md §3.4); `formula` is the line of the derivation with its numbers.
    """
    price, found = scoring["price"], []
    lines = {one["values"]["bid"]: one for one in result.get("derivation", []) if one["step"] == "deducted_price"}
    for bid in scoring["bids"] if result.get("derivation") else ():
        told = {} if bid.get("rejected") else _small(bid, price)
        line = lines.get(bid["id"])
        if line is None and not told:
            continue
        named = _shares(bid, price)
        original = line["values"]["price"] if line else bid["price"]
        formula = f"{original} × (1 − {' − '.join(named.values())})" if line else original
        found.append(
            {"bid": bid["id"], "price": original, "flags": list(named), "deductions": named,
             "evaluated": line["result"] if line else original, "formula": formula}
            | ({"small": told} if told else {})
        )  # fmt: skip
    return found


def _shares(bid: Data, price: Data) -> dict[str, str]:
    """{flag: share} of the deductions a line of scoring/1 gets."""
    shares, flags = price.get("deductions") or {}, list(bid.get("flags") or ())
    declared = small.read(flags, bid.get("small"), "small")
    least = Fraction(price["least_share"]) if price.get("least_share") else None
    return {flag: str(shares[flag]) for flag in small.counting(flags, declared, least) if flag in shares}


def _small(bid: Data, price: Data) -> dict[str, Any]:
    """{form, share, least, rate, counts, article}: what decided; {} where the bid declares no share of small firms."""
    declared = bid.get("small")
    if not declared:
        return {}
    flag = small.FIRM if declared["form"] == small.ALL_SMALL else small.FLAG
    rate = _shares(bid, price).get(flag, "")
    return {
        "form": declared["form"], "share": declared.get("share", "100"), "least": price["least_share"], "rate": rate,
        "counts": bool(rate), "article": small.ARTICLES[declared["form"]],
    }  # fmt: skip


def places(result: Data, out: Collection[str] = ()) -> dict[str, int]:
    """{bid: place}: those whom nothing compared tells apart share one (并列); `out` have none."""
    equal: dict[str, int] = {}
    ranking = [bid for bid in result.get("ranking") or () if bid not in out]
    for line in result.get("derivation", []):
        if line["step"] == "tie" and line["formula"].startswith("并列"):
            alike = [bid for bid in line["values"]["bids"] if bid in ranking]
            equal |= dict.fromkeys(alike, min((ranking.index(bid) for bid in alike), default=0) + 1)
    return {bid: equal.get(bid, place) for place, bid in enumerate(ranking, 1)}
