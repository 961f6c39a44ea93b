"""The official list of procurement categories (政府采购品目分类目录, 财政部 2022), 4,274 rows. What is doubtful in it
(data/procurement-categories.csv) is said so and never shown as official text.

A code covers all below it. A name that begins with 待核 was lost in the source: such a category may be shown with that
word, but nothing new is put under it. A description with … at an end is a fragment and is not shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from core.faults import Unusable

_LOST = "待核："


@dataclass(frozen=True)
class Category:
    code: str
    name: str
    parent: str
    description: str = ""

    @property
    def doubtful(self) -> bool:
        return self.name.startswith(_LOST)


class Categories:
    """By code, from the roots A goods, B works, C services down."""

    def __init__(self, rows: list[Category]) -> None:
        self.by_code = {row.code: row for row in rows}
        self._below: dict[str, list[str]] = {}
        for row in rows:
            self._below.setdefault(row.parent, []).append(row.code)

    def get(self, code: str) -> Category:
        """Unusable for a code that the list does not have."""
        found = self.by_code.get(code)
        if found is None:
            raise Unusable("category: no such code in the list of procurement categories")
        return found

    def children(self, code: str = "") -> list[Category]:
        """In the order of the list; of "" the three roots."""
        return [self.by_code[one] for one in self._below.get(code, [])]

    def path(self, code: str) -> list[Category]:
        """From the root down to `code` itself."""
        found = [self.get(code)]
        while found[0].parent:
            found.insert(0, self.by_code[found[0].parent])
        return found

    def look_up(self, words: str, most: int = 20) -> Iterator[Category]:
        """Those whose code begins with, or whose name holds, `words`; the first `most`."""
        found = 0
        for row in self.by_code.values():
            if found < most and words and (row.code.startswith(words.upper()) or words in row.name):
                found += 1
                yield row


def stem(code: str) -> str:
    """What all codes below `code` begin with: A02010000 → A0201. Codes of the list have nine characters."""
    while len(code) > 1 and len(code) % 2 and code.endswith("00"):
        code = code[:-2]
    return code


def covers(above: str, code: str) -> bool:
    """Whether `above` is `code` or stands over it; "" stands over all."""
    return code.startswith(stem(above)) if above else True


def _row(raw: dict[str, str]) -> Category:
    text = raw["description"]
    whole = text and not text.startswith("…") and not text.endswith("…")
    return Category(raw["code"], raw["name"], raw["parent_code"], text if whole else "")


@cache
def categories() -> Categories:
    text = files(__package__).joinpath("data/procurement-categories.csv").read_text(encoding="utf-8")
    return Categories([_row(raw) for raw in csv.DictReader(io.StringIO(text))])
