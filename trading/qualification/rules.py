"""When the examination is complete, and whether enough are qualified (87号令 art. 44). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from core.rules import Breach, RuleRow

Book = Mapping[str, RuleRow]


def complete(bids: Sequence[str], items: Sequence[str], found: Collection[tuple[str, str]], book: Book) -> list[Breach]:
    """R2-10: every item of every opened bid has a finding."""
    wanted = len(bids) * len(items)
    return [book["R2-10"].breach(len(found), required=str(wanted), field="marks")] if len(found) < wanted else []


def enough(qualified: int, book: Book) -> list[Breach]:
    """R2-09/qualified: fewer than three, nothing is evaluated; bidders of one brand count as one (R2-31)."""
    row = book["R2-09/qualified"]
    return [row.breach(qualified, required=f"≥ {row.number}")] if qualified < row.number else []
