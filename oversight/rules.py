"""Signs worth a look. None of them is a verdict and nothing is ever rejected by them (招标投标法实施条例 art. 39, 40:
the committee or the regulator decides with a recorded vote; domain.md §7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from core.rules import Refused, RuleRow

Level = Literal["INFO", "W", "DETERMINED_BASIS"]
ORDER: tuple[Level, ...] = ("DETERMINED_BASIS", "W", "INFO")
TL40 = "招标投标法实施条例 第40条"
E20_49 = "电子招标投标办法 第49条"  # every act is kept: what checkpoints and case files rest on
RULES: dict[str, RuleRow] = {
    row.id: row
    for row in (
        RuleRow("CHECKPOINT", None, "-", E20_49, "B", "a cosigned checkpoint over the case", "P"),
        RuleRow("WITNESS", None, "-", E20_49, "B", "an organisation with a witness key", "P"),
        RuleRow("WITNESS-OWN", None, "-", E20_49, "B", "a witness that is not the log itself", "P"),
        RuleRow("WITNESS-TWICE", None, "-", E20_49, "B", "a witness key and name of one's own", "P"),
        RuleRow("COSIGNATURE", None, "-", E20_49, "B", "a cosignature that holds", "P"),
        RuleRow("COSIGNED", None, "-", E20_49, "B", "one cosignature a witness", "P"),
        RuleRow("PUBLIC-EDITION", None, "-", "招标投标法 第37条", "B", "a public edition only after the result", "P"),
        RuleRow("CENTRE-EXPORT", None, "-", "招标投标法 第38条", "B", "a centre's copy only after the result", "P"),
    )
}


def refused(code: str, required: object, found: object) -> Refused:
    return Refused(RULES[code].breach(found, required=str(required)))


@dataclass(frozen=True)
class Flag:
    """`rule` as in domain.md; `found` are short values; `entries` ids of bids or documents it rests on."""

    rule: str
    article: str
    level: Level
    found: str
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class BidFacts:
    """`price` None where unread; `address` is the network address of the upload."""

    id: str
    price: Decimal | None
    at: datetime
    address: str


@dataclass(frozen=True)
class CaseSigns:
    """`warnings`: recorded W breaches {rule, article, found}; `bids` is empty until they are opened.

    `payers`: (masked account, ids of the bids whose bonds came from it), more than one bid each.
    """

    suspended: bool
    round: int
    overdue: tuple[str, ...]
    warnings: tuple[Mapping[str, str], ...]
    bids: tuple[BidFacts, ...]
    payers: tuple[tuple[str, tuple[str, ...]], ...] = ()


def flags(case: CaseSigns) -> list[Flag]:
    """All signs, the gravest first."""
    told = (Flag(str(w["rule"]), str(w["article"]), "W", str(w.get("found", ""))) for w in case.warnings)
    found = list(dict.fromkeys(told))  # one sign may stand with several entries
    if case.suspended:
        found.append(Flag("R1-09", "招标投标法实施条例 第22条、第54条", "W", "suspended"))
    found += [Flag("TIMER", E20_49, "W", act) for act in case.overdue]
    if case.round > 1:
        found.append(Flag("R1-10", "招标投标法 第28条", "INFO", f"round {case.round}"))
    found += [Flag("C1", TL40, "DETERMINED_BASIS", account, bids) for account, bids in case.payers]
    return sorted([*found, *_of_bids(case.bids)], key=lambda one: ORDER.index(one.level))


def _of_bids(bids: Sequence[BidFacts]) -> list[Flag]:
    if not bids:
        return []
    found = [] if len(bids) > 3 else [Flag("R1-10", "招标投标法 第28条", "INFO", f"{len(bids)} bids")]
    by_address: dict[str, list[str]] = defaultdict(list)
    for one in bids:
        if one.address:
            by_address[one.address].append(one.id)
    found += [Flag("C5", TL40, "W", where, tuple(ids)) for where, ids in sorted(by_address.items()) if len(ids) > 1]
    return [*found, *_close_uploads(bids), *_alike_prices([one for one in bids if one.price])]


def _close_uploads(bids: Sequence[BidFacts]) -> list[Flag]:
    """C15: three or more uploads within five minutes."""
    rows = sorted(bids, key=lambda one: one.at)
    for first, last in zip(rows, rows[2:], strict=False):
        if last.at - first.at <= timedelta(minutes=5):
            near = tuple(one.id for one in rows if first.at <= one.at <= last.at)
            return [Flag("C15", TL40, "INFO", f"{int((last.at - first.at).total_seconds())} s", near)]
    return []


def _alike_prices(bids: Sequence[BidFacts]) -> list[Flag]:
    """C11: an arithmetic progression of four or more; C14: a coefficient of variation under 1 %."""
    prices = sorted(one.price for one in bids if one.price is not None)
    if len(prices) < 3:
        return []
    found = []
    gaps = [b - a for a, b in pairwise(prices)]
    mean_gap = sum(gaps, Decimal(0)) / len(gaps)
    limit = Decimal("0.01") if len(prices) >= 4 else Decimal("0.001")
    if mean_gap and max(abs(gap - mean_gap) for gap in gaps) / mean_gap <= limit:
        found.append(Flag("C11", TL40, "INFO", f"gap {mean_gap.quantize(Decimal('0.01'))}"))
    mean = sum(prices, Decimal(0)) / len(prices)
    spread = (sum(((p - mean) ** 2 for p in prices), Decimal(0)) / len(prices)).sqrt() / mean
    if spread < Decimal("0.01"):
        found.append(Flag("C14", TL40, "INFO", f"CV {(spread * 100).quantize(Decimal('0.01'))}%"))
    return found
