"""Write docs/evaluation-rules.md: each rule of the evaluation → its tests, or why it is not built.

Usage: python scripts/evaluation_rules.py [--check]   (--check: exit 1 when the file is not what would be written)
The rules stand in docs/standards/evaluation.csv, a test names one with `@pytest.mark.rulebook(id)`. Exit 1 and no file
when a rule has neither, when one is both, or when a mark names no rule.
"""

from __future__ import annotations

import argparse
import ast
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "standards" / "evaluation.csv"
TARGET = ROOT / "docs" / "evaluation-rules.md"
INTRO = """# Rules of the evaluation and their tests

Made by `scripts/evaluation_rules.py` from `docs/standards/evaluation.csv` and the tests' marks; do not edit. The
numbers are those of our rule book on evaluation; every figure published with a rule is asserted by a test to the cent.
"""
Line = Mapping[str, str]


def rules() -> list[Line]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marks_in(tree: ast.AST, owner: str) -> Iterator[tuple[str, str]]:
    """(rule, test) for every rulebook mark on a function below `tree`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "rulebook":
                for given in mark.args:
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        yield given.value, f"{owner}::{node.name}"


def marked(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for rule, test in marks_in(tree, path.relative_to(folder).as_posix()):
            found[rule].append(test)
    return found


def faults(table: Sequence[Line], marks: Mapping[str, Sequence[str]]) -> list[str]:
    known = [row["id"] for row in table]
    wrong = [f"{rule}: stands twice" for rule in sorted({one for one in known if known.count(one) > 1})]
    for row in table:
        shown, excused = bool(marks.get(row["id"])), bool(row["not_built"].strip())
        if not shown and not excused:
            wrong.append(f"{row['id']}: no test shows it and nothing says why")
        if shown and excused:
            wrong.append(f"{row['id']}: shown by a test, but listed as not built")
    return wrong + [f"{rule}: marked, but not in the table" for rule in sorted(set(marks) - set(known))]


def document(table: Sequence[Line], marks: Mapping[str, Sequence[str]]) -> str:
    out = [INTRO, "| rule | says | article | shown by, or why not |", "|---|---|---|---|"]
    for row in table:
        shown = "<br>".join(f"`{test}`" for test in marks.get(row["id"], ())) or f"not built: {row['not_built']}"
        cells = (row["id"], row["rule"], row["article"], shown)
        out.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(out) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    table, marks = rules(), marked(ROOT / "tests")
    wrong = faults(table, marks)
    text = document(table, marks)
    if check and not wrong and (not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text):
        wrong = ["docs/evaluation-rules.md is stale: run scripts/evaluation_rules.py"]
    if wrong:
        sys.stderr.write("\n".join(wrong) + "\n")
        return 1
    if not check:
        TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
