"""Whether a price is to be explained, and whether the explanation is accepted. Pure (domain.md §3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.rules import Breach, RuleRow
from evaluation.committee.rules import more_than_half

GROUND = "LOWPRICE"
TEXT = {
    "R1": "投标报价明显偏低，可能低于成本，投标人不能合理说明或者不能提供相关证明材料",
    "R2": "异常低价投标，投标人不能证明其报价合理性，作为无效投标处理",
}
ARTICLE = {"R1": "评标委员会和评标方法暂行规定 第21条", "R2": "政府采购货物和服务招标投标管理办法 第60条"}


@dataclass(frozen=True)
class Suspect:
    """One bid: the lines it lies below, and what the members say. A line or a majority opens the procedure."""

    bid: str
    triggers: tuple[Mapping[str, str], ...] = ()
    starts: Mapping[str, bool] = field(default_factory=dict)
    votes: Mapping[str, bool] = field(default_factory=dict)

    def state(self, members: int) -> str:
        """open: to be explained; asked: members still say whether; dropped: most of them see no need."""
        yes = sum(self.starts.values())
        if self.triggers or more_than_half(yes, members):
            return "open"
        undecided = members - len(self.starts)
        return "asked" if more_than_half(yes + undecided, members) else "dropped"

    def done(self, members: int) -> bool:
        """Nothing is waited for."""
        state = self.state(members)
        return state == "dropped" or (state == "open" and len(self.votes) == members)

    def invalid(self, members: int) -> bool:
        """More than half of all members say that the price is not justified; a line alone makes no bid invalid."""
        against = sum(not justified for justified in self.votes.values())
        return self.state(members) == "open" and more_than_half(against, members)


def long_enough(minutes: int, printed: int | None, book: Mapping[str, RuleRow]) -> list[Breach]:
    """LOWPRICE-TIME: what the tender file prints, and never less than the least time to explain."""
    row = book["LOWPRICE-TIME"]
    least = max(row.number, printed or 0)
    return [row.breach(minutes, required=f"≥ {least}{row.unit}", field="minutes")] if minutes < least else []


def record(suspect: Suspect, members: int) -> dict[str, Any]:
    """For the ledger: what opened it."""
    return {"bid": suspect.bid, "triggers": [dict(one) for one in suspect.triggers],
            "judgement": more_than_half(sum(suspect.starts.values()), members)}  # fmt: skip
