"""Small firms inside a larger bid: a consortium or a subcontract, and the share of the contract that is theirs.

财库〔2020〕46号 art. 9 with 财库〔2022〕19号, domain.md §3.4. A consortium of small firms alone is one (art. 4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.faults import Unusable
from methods.shape import DECIMAL, said

FLAG, FIRM = "small_share", "small_firm"
ALL_SMALL = "all_small"
PARTLY = ("consortium", "subcontract")  # forms in which a share of the contract is the small firms'
FORMS = (*PARTLY, ALL_SMALL)
ARTICLES = dict.fromkeys(PARTLY, "财库〔2020〕46号 第9条、财库〔2022〕19号") | {ALL_SMALL: "财库〔2020〕46号 第4条"}
FAULTS = {
    "unflagged": f"small is declared, but the flag {FLAG} is not claimed",
    "undeclared": f"the flag {FLAG} is claimed, but small does not declare form and share",
    "both": f"{FIRM} and {FLAG} exclude each other: claim one of them",
    "form": f"small.form must be one of {', '.join(FORMS)}, with share beside it and nothing else",
    "share": "small.share must be the small firms' share of the contract in percent, above 0 and below 100",
    "alone": f"a consortium of small firms alone ({ALL_SMALL}) declares no share: the whole contract is theirs",
}


@dataclass(frozen=True)
class Small:
    """What a bid declares. `share` in percent of the contract; None for a consortium of small firms alone."""

    form: str
    share: Fraction | None


def fault(flags: Collection[str], value: Any) -> str:
    """A key of FAULTS, "" where the declaration `value` ({} or null: none) stands with these flags."""
    if not value:
        return "undeclared" if FLAG in flags else ""
    if FLAG not in flags:
        return "unflagged"
    if FIRM in flags:
        return "both"
    if not isinstance(value, dict) or value.get("form") not in FORMS or not set(value) <= {"form", "share"}:
        return "form"
    if value["form"] == ALL_SMALL:
        return "alone" if "share" in value else ""
    share = value.get("share")
    if not isinstance(share, str) or not DECIMAL.fullmatch(share) or not 0 < Fraction(share) < 100:
        return "share"
    return ""


def read(flags: Collection[str], value: Any, where: str) -> Small | None:
    """The declaration of a bid, None where it makes none; Unusable says what is wrong."""
    wrong = fault(flags, value)
    if wrong:
        raise Unusable(f"{where}: {FAULTS[wrong]}, found {said(value)}")
    if not value:
        return None
    return Small(value["form"], Fraction(value["share"]) if "share" in value else None)


def least_of(deductions: Mapping[str, Fraction], least: Fraction | None) -> Fraction | None:
    """The least share of a tender file; Unusable where it stands without the deduction or the deduction without it."""
    if (FLAG in deductions) != (least is not None):
        raise Unusable(f"price.least_share and price.deductions.{FLAG} belong together: one stands without the other")
    return least


def counting(flags: Collection[str], small: Small | None, least: Fraction | None) -> list[str]:
    """The flags whose deduction the bid gets: the share decides, and small firms alone are a small firm."""
    if small is None or least is None:
        return [flag for flag in flags if flag != FLAG]
    if small.share is None:
        return [FIRM if flag == FLAG else flag for flag in flags]
    return [flag for flag in flags if flag != FLAG or small.share >= least]
