"""Write docs/rules.md: each rule → article → number → action → the tests of both sides of its boundary → who asks it.

Usage: python scripts/rules_table.py [--check]   (--check: exit 1 when the file is not what would be written)
Exit 1 and no file when a rule that applies is not shown on both sides.
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
from collections import defaultdict
from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "rules.md"
sys.path.insert(0, str(ROOT))

from core.money import plain  # noqa: E402
from core.rules import RuleBook, RuleRow  # noqa: E402
from evaluation.aid.rules import RULES as AID  # noqa: E402
from experts.rules import RULES as POOL  # noqa: E402
from trading.bidding.signs import RULES as SIGNS  # noqa: E402
from trading.deadline.rules import RULES as ENDS  # noqa: E402
from trading.framework.rules import RULES as FRAMEWORKS  # noqa: E402
from trading.procedures import TYPES  # noqa: E402

ACTIONS = {"B": "block", "X": "extend", "W": "warn + record", "R": "reject", "T": "timer"}
HEADS = ("rule", "text", "article", "number", "on breach", "source", "in force from", "allowed side", "refused side",
         "asked in")  # fmt: skip
SIDES = ("allowed", "refused")
ROOMS = ("core", "accounts", "venues", "experts", "trading", "evaluation")


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


@cache
def askers() -> dict[str, list[str]]:
    """{rule: modules whose code names it}; a rule book and the lists beside it name every rule and ask none."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if path.name not in ("rulebook.py", "story.py"):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
                for text in texts:
                    if isinstance(text, str) and len(text) < 20:
                        found[text].add(path.relative_to(ROOT).as_posix())
    return {rule: sorted(paths) for rule, paths in found.items()}


def books() -> list[tuple[str, tuple[RuleRow, ...], dict[str, str]]]:
    """(title, rows, {rule that is not asked: why}) of every book."""
    found = [(name, kind.rules.rows, kind.not_asked) for name, kind in TYPES.items()]
    beside = {"expert pool": POOL, "machine aid": AID, "signs between bids": SIGNS}
    beside["ends of sealed quotes and responses"] = ENDS
    beside["framework agreements"] = RuleBook(FRAMEWORKS)
    return [*found, *((title, book.rows, {}) for title, book in beside.items())]


def faults(marks: Marks) -> list[str]:
    """What makes the table untrue: a rule that applies without one side or an asker, a mark of no rule."""
    wrong, named = [], askers()
    for _, rows, not_asked in books():
        for row in rows:
            lacking = [side for side in SIDES if not marks.found.get((row.id, side))]
            if row.id in not_asked:
                if len(lacking) < len(SIDES):
                    wrong.append(f"{row.id}: shown by a test, but listed as not asked")
            else:
                wrong += [f"{row.id}: no test shows the {side} side" for side in lacking]
                if row.value is not None and not any(one in named for one in _ids(row)):
                    wrong.append(f"{row.id}: has a number that no code asks for")
    known = {row.id for _, rows, _ in books() for row in rows}
    return wrong + sorted({f"{rule}: marked, but in no rule book" for rule, _ in marks.found if rule not in known})


def _test(marks: Marks, rule: str, side: str) -> str:
    found = marks.found.get((rule, side), [])
    return f"`{found[0].removeprefix('tests/')}`" if found else "–"


def _ids(row: RuleRow) -> tuple[str, ...]:
    """The ids by which code may ask for a row: its own, that of the rule it serves, those without their part."""
    return tuple(one for whole in (row.id, row.serves) if whole for one in (whole, whole.partition("/")[0]))


def _asked(row: RuleRow, named: dict[str, list[str]], not_asked: dict[str, str]) -> str:
    if row.id in not_asked:
        return f"not asked: no such step here ({not_asked[row.id]})"
    paths = next((named[one] for one in _ids(row) if one in named), [])
    return "<br>".join(f"`{path}`" for path in paths) or "nowhere: a property of the design"


def _line(row: RuleRow, marks: Marks, asked: str) -> str:
    value = "" if row.value is None else f"{plain(row.value)} {row.unit}"
    sides = [_test(marks, row.id, side) for side in SIDES]
    since = str(row.effective_from)
    cells = (row.id, row.text, row.article, value, ACTIONS[row.action], row.sure, since, *sides, asked)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _section(title: str, rows: Iterable[RuleRow], not_asked: dict[str, str], marks: Marks) -> list[str]:
    named = askers()
    out = [f"## {title}", "", "| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    return [*out, *(_line(row, marks, _asked(row, named, not_asked)) for row in rows), ""]


def table(marks: Marks) -> str:
    out = ["# Rules", "", "Made by `scripts/rules_table.py` from the rule books and the tests' marks; do not edit.", ""]
    out += ["Source marks: V official text, V2 secondary text, K from knowledge, P a parameter of ours.", ""]
    for title, rows, not_asked in books():
        out += _section(title, rows, not_asked, marks)
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("paths", nargs="*", default=[str(ROOT / "tests")])
    args = parser.parse_args()
    marks = collected(args.paths)
    wrong, text = faults(marks), table(marks)
    if args.check and not wrong and TARGET.read_text(encoding="utf-8") != text:
        wrong = ["docs/rules.md is stale: run scripts/rules_table.py"]
    if wrong:
        sys.stderr.write("\n".join(wrong) + "\n")
        return 1
    if not args.check:
        TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
