"""Write docs/rules.md: each rule → article → number → action → the tests of both sides of its boundary.

Usage: python scripts/rules_table.py [--check]   (--check: exit 1 when the file is not what would be written)
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "rules.md"
sys.path.insert(0, str(ROOT))

from core.money import plain  # noqa: E402
from core.rules import RuleRow  # noqa: E402
from trading.procedures import TYPES  # noqa: E402
from trading.procedures.open_works.rulebook import STAGE  # noqa: E402

ACTIONS = {"B": "block", "X": "extend", "W": "warn + record", "R": "reject", "T": "timer"}


class Marks:
    """A pytest plugin that notes which test shows which side of which rule."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("rule"):
                self.found[mark.args[0], mark.args[1]].append(item.nodeid)


def collected(paths: list[str]) -> Marks:
    marks = Marks()
    said = io.StringIO()
    with redirect_stdout(said):
        status = pytest.main(["--collect-only", "-q", *paths], plugins=[marks])
    if status != pytest.ExitCode.OK:
        raise SystemExit(f"the tests could not all be collected:\n{said.getvalue()[-2000:]}")
    return marks


def _test(marks: Marks, rule: str, side: str) -> str:
    found = marks.found.get((rule, side), [])
    return f"`{found[0].removeprefix('tests/')}`" if found else "–"


def _line(row: RuleRow, marks: Marks) -> str:
    value = "" if row.value is None else f"{plain(row.value)} {row.unit}"
    stage = STAGE.get(row.id, "plan to opening record")
    sides = (_test(marks, row.id, "allowed"), _test(marks, row.id, "refused"))
    cells = (
        row.id,
        row.text,
        row.article,
        value,
        ACTIONS[row.action],
        row.sure,
        str(row.effective_from),
        *sides,
        stage,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(marks: Marks) -> str:
    heads = [
        "rule",
        "text",
        "article",
        "number",
        "on breach",
        "source",
        "in force from",
        "allowed side",
        "refused side",
        "asked at",
    ]
    out = ["# Rules", "", "Made by `scripts/rules_table.py` from the rule books and the tests' marks; do not edit.", ""]
    out += ["Source marks: V official text, V2 secondary text, K from knowledge, P a parameter of ours.", ""]
    for kind in TYPES.values():
        out += [f"## {kind.name}", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        out += [_line(row, marks) for row in kind.rules.rows] + [""]
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("paths", nargs="*", default=[str(ROOT / "tests")])
    args = parser.parse_args()
    text = table(collected(args.paths))
    if args.check:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
