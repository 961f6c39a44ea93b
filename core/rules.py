"""Breaches, refusals and the book of dated numbers.

A rule answers with breaches (code, article, required, found), never with prose: the words come from the catalogue.
A number of the law is a row with its article and the days it is in force; it is looked up by the project's
announcement date and region, never by today (domain.md, top).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Action = Literal["B", "X", "W", "R", "T"]  # block, extend, warn + record, reject, timer (domain.md §1)


@dataclass(frozen=True)
class Breach:
    """One broken rule. `required` and `found` are short values (a number, a date, a state) shown beside the article."""

    rule: str
    article: str
    action: Action
    required: str
    found: str
    field: str = ""

    @property
    def blocks(self) -> bool:
        return self.action in ("B", "R")


class Refused(Exception):
    """An act did not happen. Carries every breach, so that a page can show all of them at once."""

    def __init__(self, breaches: Breach | Iterable[Breach]) -> None:
        self.breaches: list[Breach] = [breaches] if isinstance(breaches, Breach) else list(breaches)
        super().__init__("; ".join(f"{b.rule} ({b.article}): {b.required} / {b.found}" for b in self.breaches))


def refuse_if(breaches: Iterable[Breach]) -> list[Breach]:
    """Raise Refused when a breach blocks; otherwise return the warnings that must be recorded."""
    found = list(breaches)
    if any(b.blocks for b in found):
        raise Refused(found)
    return found


def shown(breaches: Iterable[Breach]) -> list[dict[str, str]]:
    """Breaches as plain data, for a result and for the ledger."""
    return [asdict(b) for b in breaches]


@dataclass(frozen=True)
class RuleRow:
    """One number of the law. `unit`: 日, 工作日, 小时, 分钟, 秒, 万元, %, 人, 家, 年, 倍, 行, /3 (thirds) or - (none).

    `region` is a GB/T 2260 prefix; "" is the whole country. `sure` is the mark of domain.md (V, V2, VC, K, P).
    `serves`: the rule by whose id the rooms ask, where this procedure answers with a number and article of its own.
    """

    id: str
    value: Decimal | None
    unit: str
    article: str
    action: Action
    text: str
    sure: str = "V"
    region: str = ""
    effective_from: date = date(2000, 1, 1)
    effective_to: date | None = None
    serves: str = ""

    @property
    def number(self) -> int:
        """A whole number, for counting days or heads; never asked of a rule that has none."""
        assert self.value is not None
        return int(self.value)

    @property
    def share(self) -> Fraction:
        """2 of unit /3 is two thirds, 10 of unit % a tenth."""
        assert self.value is not None
        parts = 100 if self.unit == "%" else int(self.unit.removeprefix("/"))
        return Fraction(self.value) / parts

    def breach(self, found: object, *, required: str | None = None, field: str = "") -> Breach:
        need = required if required is not None else f"{'' if self.value is None else self.value}{self.unit}"
        return Breach(self.id, self.article, self.action, need, str(found), field)


class RuleBook:
    """Rows looked up by date and region; the most specific region wins, then the latest effective_from."""

    def __init__(self, rows: Iterable[RuleRow]) -> None:
        self.rows = tuple(rows)

    def at(self, day: date, region: str = "") -> dict[str, RuleRow]:
        found: dict[str, RuleRow] = {}
        for row in sorted(self.rows, key=lambda r: (len(r.region), r.effective_from)):
            in_force = row.effective_from <= day and (row.effective_to is None or day <= row.effective_to)
            if in_force and region.startswith(row.region):
                found[row.id] = row
                if row.serves:
                    found[row.serves] = row
        return found
