"""What a record of an opening must show, and what a centre may choose. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.rules import Breach

READ_OUT = "招标投标法 第36条"
RECORDED = "招标投标法实施条例 第44条"
# column or block → the article that asks for it; no template leaves these out.
REQUIRED = {
    "number": READ_OUT, "bidder": READ_OUT, "received_at": READ_OUT, "unlocking": "电子招标投标办法 第31条",
    "price": READ_OUT, "duration": READ_OUT, "remarks": READ_OUT, "failures": "电子招标投标办法 第31条",
    "pauses": "电子招标投标办法 第32条", "objections": RECORDED,
}  # fmt: skip
OPTIONAL = ("uscc", "signed_in_at", "unlocked_at", "digest", "capital", "quality", "manager", "present")
COLUMNS = (*REQUIRED, *OPTIONAL)
USUAL = frozenset(COLUMNS) - {"uscc", "digest"}


@dataclass(frozen=True)
class Layout:
    """How a record is printed. The house's own has neither id nor version."""

    id: str = ""
    name: str = "标准模板"
    version: int = 0
    columns: frozenset[str] = USUAL
    opening_words: str = ""
    closing_words: str = ""

    def said(self) -> dict[str, object]:
        """As the machine record names it."""
        return {"id": self.id, "name": self.name, "version": self.version}


def complete(columns: Iterable[str]) -> list[Breach]:
    """A template that leaves out what the law asks for is none; each is named with its article."""
    there = set(columns)
    return [
        Breach("RECORD-COLUMN", article, "B", name, "left out", "columns")
        for name, article in REQUIRED.items()
        if name not in there
    ]


def may_delete(state: str) -> list[Breach]:
    """The one in force goes out of force first, so that nobody deletes it unaware."""
    if state != "in_force":
        return []
    return [Breach("RECORD-IN-FORCE", "电子招标投标办法 第32条", "B", "not in force", "in force")]
