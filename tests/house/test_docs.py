"""What the documents say is there: links, files, commands, and the tests that are said to show something."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path

import click
import pytest

from core.rules import RuleRow
from scripts import certify, rules_table
from web import cli

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
# Pictures that the browser tests make anew.
MADE = ("docs/screens/",)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_in(text: str) -> str:
    """Fenced blocks and `spans`: only there a word is a command or a path."""
    fenced = re.findall(r"^ *```[a-z]*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", rest)])


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(text_of(path))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_relative_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(path))
    local = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:", link) and not link.startswith("#")]
    targets = {link: (path.parent / link).resolve() for link in local}
    wrong = [
        link
        for link, target in targets.items()
        if not target.is_relative_to(ROOT) or not (target.exists() or name(target).startswith(MADE))
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_commands_exist(path):
    code = code_in(text_of(path))
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    wrong = [f"make {target}" for target in re.findall(r"\bmake ([a-z]+)", code) if target not in targets]
    known = cli.commands().cli.commands
    for words in re.findall(r"\bflask ([a-z]+(?: [a-z]+)?)", code):
        first, *second = words.split()
        command = known.get(first)
        if command is None or (isinstance(command, click.Group) and not set(second) <= set(command.commands)):
            wrong.append(f"flask {words}")
    modules = re.findall(r"python -m ([a-z_.]+[a-z_])", code)
    for module in modules:
        place = ROOT / module.replace(".", "/")
        if not (place.with_suffix(".py").exists() or (place / "__main__.py").exists() or module == "pytest"):
            wrong.append(f"python -m {module}")
    assert not wrong, wrong


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_named_files_and_tests_exist(path):
    code = code_in(text_of(path))
    wrong = []
    for file, test in re.findall(r"([\w./-]+\.py)::(?:\w+::)*(\w+)", code):
        found = [place for place in (ROOT / file, ROOT / "tests" / file) if place.is_file()]
        if not found or test not in functions(found[0]):
            wrong.append(f"{file}::{test}")
    for file in re.findall(r"(?<![\w./:])((?:[\w-]+/)+[\w.-]+\.(?:py|js|mjs|sh|md|csv|json|html|toml))(?!::)\b", code):
        under = (ROOT, ROOT / "tests", path.parent)
        if not file.startswith(("var/", "ledger/")) and not any((place / file).exists() for place in under):
            wrong.append(file)
    assert not wrong, wrong


def test_every_room_is_on_the_map():
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    listed = set(re.findall(r"^\| `(\w+)` \|", text_of(ROOT / "docs" / "map.md"), re.MULTILINE))
    assert rooms - {"tests", "scripts", "benchmarks"} == listed


def test_certification_has_all_rows_and_is_as_the_marks_say():
    rows = certify.rows_now()
    assert len(rows) == len({row.id for row in rows}) == 273
    assert text_of(certify.TARGET) == certify.document(rows), "docs/certification.md is stale: run make certify"


def test_every_rule_that_applies_is_shown_on_both_sides_and_the_table_says_so():
    """In a process of its own: it collects every test."""
    script = [sys.executable, str(ROOT / "scripts" / "rules_table.py"), "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def row_marks(**shown: set[str]) -> rules_table.Marks:
    made = rules_table.Marks()
    for rule, sides in shown.items():
        for side in sides:
            made.found[rule.replace("_", "-"), side] = ["tests/t.py::test"]
    return made


def test_a_rule_without_one_side_or_without_anybody_who_asks_it_is_a_fault(monkeypatch):
    rows = [RuleRow(name, Decimal(3), "日", "法 第1条", "B", "x") for name in ("R1-25", "R1-14", "R1-98")]
    monkeypatch.setattr(rules_table, "books", lambda: [("one", tuple(rows), {"R1-14": "no money"})])
    both = {"allowed", "refused"}
    assert rules_table.faults(row_marks(R1_25=both, R1_98=both)) == ["R1-98: has a number that no code asks for"]
    assert rules_table.faults(row_marks(R1_25={"refused"}, R1_14={"allowed"}, R1_99=both, R1_98=both)) == [
        "R1-25: no test shows the allowed side",
        "R1-14: shown by a test, but listed as not asked",
        "R1-98: has a number that no code asks for",
        "R1-99: marked, but in no rule book",
    ]


def line(row: str) -> dict[str, str]:
    return {"id": row, "optional": "0", "module": "a/b", "requirement_en": "asks"}


def marks(**given: list[str]) -> certify.Marks:
    return {mark: {row: ["t.py::test"] for row in given.get(mark, [])} for mark in certify.MARKS}


def test_a_full_mark_outweighs_a_partial_one_and_a_written_judgment_outweighs_both():
    table = [line(row) for row in ("A-1", "A-2", "A-3", "A-4", "A-5")]
    judged = [
        {"id": "A-2", "status": "partial", "reason": "half"},
        {"id": "A-5", "status": "n/a", "reason": "no such body"},
    ]
    rows = certify.judge(table, judged, marks(certify=["A-1", "A-2"], certify_partial=["A-1", "A-3"]))
    assert [row.status for row in rows] == ["met", "partial", "partial", "missing", "n/a"]


@pytest.mark.parametrize(
    ("judged", "given"),
    [
        ([], {"certify": ["A-9"]}),
        ([{"id": "A-9", "status": "partial", "reason": "x"}], {}),
        ([{"id": "A-1", "status": "partial", "reason": " "}], {}),
        ([{"id": "A-1", "status": "met", "reason": "x"}], {}),
        ([{"id": "A-1", "status": "n/a", "reason": "x"}], {"certify": ["A-1"]}),
        ([{"id": "A-1", "status": "partial", "reason": "x"}] * 2, {}),
    ],
)
def test_judgments_that_do_not_fit_are_refused(judged, given):
    with pytest.raises(certify.Unusable):
        certify.judge([line("A-1")], judged, marks(**given))


def test_marks_are_read_wherever_they_stand():
    source = """
import pytest
pytestmark = pytest.mark.certify("A-1")
CASES = [pytest.param(1, marks=pytest.mark.certify_partial("A-2"))]
class TestOne:
    @pytest.mark.certify("A-3", "A-4")
    def test_two(self):
        cast.certify("centre1")
@pytest.mark.parametrize("n", [pytest.param(1, marks=[pytest.mark.certify("A-5")])])
def test_three(n): ...
"""
    found = list(certify.marks_in(ast.parse(source), "t.py"))
    assert found == [
        ("certify", "A-1", "t.py"),
        ("certify_partial", "A-2", "t.py"),
        ("certify", "A-3", "t.py::TestOne::test_two"),
        ("certify", "A-4", "t.py::TestOne::test_two"),
        ("certify", "A-5", "t.py::test_three"),
    ]
    with pytest.raises(certify.Unusable, match="plain strings"):
        list(certify.marks_in(ast.parse("@pytest.mark.certify(ROW)\ndef test_one(): ..."), "t.py"))
