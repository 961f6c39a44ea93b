"""Signs worth a look. None of them is a verdict and nothing is ever rejected by them (招标投标法实施条例 art. 39, 40:
the committee or the regulator decides with a recorded vote; domain.md §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.rules import Refused, RuleRow
from trading.bidding import signs
from trading.bidding.signs import BidFacts

Level = Literal["INFO", "W", "DETERMINED_BASIS"]
ORDER: tuple[Level, ...] = ("DETERMINED_BASIS", "W", "INFO")
# A clue is worth a warning here.
LEVELS: dict[signs.Level, Level] = {"DETERMINED_BASIS": "DETERMINED_BASIS", "CLUE": "W", "INFO": "INFO"}
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
    book = signs.RULES.at(bids[0].at.date())
    told = [*signs.same_address(bids), *signs.close_uploads(bids, book), *signs.price_ladder(bids, book)]
    return [*found, *(Flag(one.rule, one.article, LEVELS[one.level], one.found, one.bids) for one in told)]
