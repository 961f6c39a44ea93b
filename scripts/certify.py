"""Print the certification rows, `id status tests` with tabs between, and write docs/certification.md.

Usage: python scripts/certify.py [--check]   (--check: write nothing, exit 1 when the document is not up to date)

A row is met when a test carries `@pytest.mark.certify(id)`; partial with `certify_partial`, or when
docs/standards/partial.csv says why the tests show less than the row asks; n/a only when listed there; else missing.
"""

from __future__ import annotations

import argparse
import ast
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.faults import Unusable  # noqa: E402

TABLE = ROOT / "docs" / "standards" / "cts-ebs01.csv"
PARTIAL = ROOT / "docs" / "standards" / "partial.csv"
TARGET = ROOT / "docs" / "certification.md"
MARKS = {"certify": "met", "certify_partial": "partial"}
Line = dict[str, str]
Marks = dict[str, dict[str, list[str]]]
STATUSES = ("met", "partial", "missing", "n/a")
INTRO = """# Certification rows

Written by `make certify`; do not edit. The rows restate, in our own words, what a check of electronic tendering
platforms asks (`docs/standards/cts-ebs01.csv`). No body has certified this platform.

- **met**: a test marked with the row shows it (`make test` says whether the test passes).
- **partial**: tests show a part; `docs/standards/partial.csv` says what is lacking.
- **n/a**: does not apply, with the reason. **missing**: nothing shows it.
"""


@dataclass(frozen=True)
class Row:
    """One row of the table with what is known of it. `tests` are node ids below tests/, or files."""

    id: str
    optional: bool
    module: str
    requirement: str
    status: str
    reason: str
    tests: tuple[str, ...]


def marks_in(tree: ast.AST, path: str, owner: str = "") -> Iterator[tuple[str, str, str]]:
    """(mark, row, test) for every certify mark below `tree`; a mark outside a test speaks for its file or class."""
    for node in ast.iter_child_nodes(tree):
        inner = owner
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{owner}::{node.name}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MARKS:
            door = node.func.value
            if isinstance(door, ast.Attribute | ast.Name) and getattr(door, "attr", getattr(door, "id", "")) == "mark":
                for given in node.args:
                    if not (isinstance(given, ast.Constant) and isinstance(given.value, str)):
                        raise Unusable(f"{path}:{node.lineno}: a {node.func.attr} mark takes row ids as plain strings")
                    yield node.func.attr, given.value, path + owner
        yield from marks_in(node, path, inner)


def marked(folder: Path) -> Marks:
    """{mark: {row: [test]}} of every test file below `folder`, in the order of files and lines."""
    found: Marks = {mark: defaultdict(list) for mark in MARKS}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for mark, row, test in marks_in(tree, path.relative_to(folder).as_posix()):
            if test not in found[mark][row]:
                found[mark][row].append(test)
    return found


def _read(path: Path) -> list[Line]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judge(
    table: list[dict[str, str]], judged: list[dict[str, str]], marks: dict[str, dict[str, list[str]]]
) -> list[Row]:
    """Every row with its status; Unusable when a mark or a judgment names no row, gives no reason or contradicts."""
    known = {row["id"] for row in table}
    named = {row for rows in marks.values() for row in rows} | {row["id"] for row in judged}
    if named - known:
        raise Unusable(f"not in the certification table: {', '.join(sorted(named - known))}")
    said = {row["id"]: row for row in judged}
    wrong = [row["id"] for row in judged if row["status"] not in ("partial", "n/a") or not row["reason"].strip()]
    wrong += [id for id, row in said.items() if row["status"] == "n/a" and any(id in rows for rows in marks.values())]
    if wrong or len(said) != len(judged):
        raise Unusable(f"partial.csv: once each, partial or n/a, with a reason, n/a without tests: {', '.join(wrong)}")
    rows = []
    for one in table:
        tests = tuple(test for mark in MARKS for test in marks[mark].get(one["id"], []))
        status = next((status for mark, status in MARKS.items() if one["id"] in marks[mark]), "missing")
        judgment = said.get(one["id"], {"status": status, "reason": ""})
        module = one["module"].split("/")[-1]
        cells = (one["id"], one["optional"] == "1", module, one["requirement_en"])
        rows.append(Row(*cells, judgment["status"], judgment["reason"], tests))
    return rows


def document(rows: list[Row]) -> str:
    counts = {kind: Counter(row.status for row in rows if row.optional == kind) for kind in (False, True)}
    out = [INTRO, "| rows | " + " | ".join(STATUSES) + " | all |", "|---" * 6 + "|"]
    for title, kind in (("required", False), ("optional", True)):
        numbers = [counts[kind][status] for status in STATUSES]
        out.append(f"| {title} | " + " | ".join(str(number) for number in [*numbers, sum(numbers)]) + " |")
    out += ["", "| id | of | asks | status | shown by, or why not |", "|---|---|---|---|---|"]
    for row in rows:
        shown = ["; ".join(f"`{test}`" for test in row.tests)] if row.tests else []
        why = " – ".join([*shown, row.reason] if row.reason else shown)
        cells = (row.id + (" (optional)" if row.optional else ""), row.module, row.requirement, row.status, why)
        out.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(out) + "\n"


def rows_now() -> list[Row]:
    return judge(_read(TABLE), _read(PARTIAL), marked(ROOT / "tests"))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    try:
        rows = rows_now()
    except (Unusable, OSError, SyntaxError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if check:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == document(rows) else 1
    TARGET.write_text(document(rows), encoding="utf-8")
    for row in rows:
        sys.stdout.write(f"{row.id}\t{row.status}\t{' '.join(row.tests)}\n")
    counts = Counter(row.status for row in rows)
    sys.stderr.write(", ".join(f"{counts[status]} {status}" for status in STATUSES) + f" of {len(rows)} rows\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
