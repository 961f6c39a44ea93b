"""The habits of the house, asked of every tracked file."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.doors import TABLE
from web import rooms

_spec = importlib.util.spec_from_file_location("house_tree", Path(__file__).with_name("tree.py"))
assert _spec is not None and _spec.loader is not None
tree = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tree)

PURE_CORE = ("machine", "rules", "money", "calendar", "codes", "access", "canon", "faults", "merkle", "fields")
PURE_NAMES = ("rules.py", "facts.py", "machine.py", "rulebook.py")
IO = (
    "sqlalchemy", "flask", "requests", "socket", "subprocess", "os", "pathlib", "tempfile", "core.db", "core.acts",
    "core.blobs", "core.ledger", "core.live", "core.jobs",
)  # fmt: skip


def is_pure(path: Path) -> bool:
    name = tree.name(path)
    if name.startswith("core/"):
        return path.stem in PURE_CORE
    return (name.startswith("methods/") and path.stem != "commands") or path.name in PURE_NAMES


def test_imports_only_go_down():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=tree.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of what a function does: its signature and docstring do not count."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0


def test_files_and_functions_stay_small():
    large = [f"{tree.name(p)}: {n} lines" for p in tree.modules() if (n := len(p.read_text().splitlines())) > 400]
    for path in tree.modules():
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = body_lines(node)
                if length > 40:
                    large.append(f"{tree.name(path)}:{node.name}: {length} lines")
    assert not large, "\n".join(large)


def test_pure_files_import_no_io():
    wrong = []
    for path in filter(is_pure, tree.modules()):
        touched = {name for name in tree.imports(path) for io in IO if name == io or name.startswith(io + ".")}
        wrong += [f"{tree.name(path)}: {name}" for name in sorted(touched)]
    assert not wrong, "\n".join(wrong)


def test_no_import_stands_inside_a_function():
    wrong = []
    for path in tree.modules():
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                wrong += [f"{tree.name(path)}:{n.lineno}" for n in inner]
    assert not wrong, wrong


def test_money_never_becomes_a_float():
    wrong = []
    for path in tree.modules():
        if tree.name(path).split("/")[0] in ("trading", "evaluation", "experts"):
            calls = [n for n in ast.walk(tree.parsed(path)) if isinstance(n, ast.Call)]
            wrong += [f"{tree.name(path)}:{n.lineno}" for n in calls if getattr(n.func, "id", "") == "float"]
    assert not wrong, wrong


def test_nothing_is_left_to_do():
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    kinds = {".py", ".js", ".mjs", ".html", ".css", ".sh"}
    wrong = [tree.name(p) for p in tree.tracked() if p.suffix in kinds and mark.search(p.read_text(encoding="utf-8"))]
    assert not wrong, wrong


def test_no_machine_path_and_no_registry_host_is_tracked():
    hosts = ["/ro" + "ot/", "/wo" + "rk/main", "/opt/py" + "pi", r"registry\." + "npmjs", r"pypi\." + "org/simple"]
    words = re.compile("|".join(hosts))
    kinds = {".py", ".js", ".mjs", ".json", ".html", ".sh", ".txt", ".in", ".toml", ".md", ".cfg", ".yaml", ""}
    wrong = [tree.name(p) for p in tree.tracked() if p.suffix in kinds and words.search(p.read_text(errors="replace"))]
    assert not wrong, wrong


def test_templates_have_no_inline_script_or_style():
    script = r"<script(?![^>]*(?:\bsrc=|type=\"application/json\"))"
    inline = re.compile(script + r"|\son[a-z]+=\"|\sstyle=\"|<style|javascript:")
    pages = [p for p in tree.tracked() if p.suffix == ".html" and tree.name(p).startswith("templates/")]
    wrong = [f"{tree.name(p)}: {m.group(0)}" for p in pages for m in inline.finditer(p.read_text())]
    assert not wrong, wrong


def named_in(node: ast.AST, known: dict[str, str]) -> set[str]:
    """Full names that `node` mentions, by what the module's own names stand for: `rules.size`, `size`."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in known:
            found.add(known[one.id])
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in known:
            found.add(f"{known[one.value.id]}.{one.attr}")
    return found


def mentions() -> tuple[set[str], dict[str, set[str]]]:
    """(names that code outside of rules mentions, {public rule: names it mentions itself})."""
    outside: set[str] = set()
    judged: dict[str, set[str]] = {}
    for path in tree.modules():
        module, body = tree.name(path).removesuffix(".py").replace("/", "."), tree.parsed(path).body
        known = {n.name: f"{module}.{n.name}" for n in body if isinstance(n, ast.FunctionDef)}
        for node in body:
            if isinstance(node, ast.ImportFrom) and node.module:
                known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        for node in body:
            if path.stem.endswith("rules") and isinstance(node, ast.FunctionDef):
                judged[f"{module}.{node.name}"] = named_in(node, known) - {f"{module}.{node.name}"}
            elif not isinstance(node, ast.ImportFrom):
                outside |= named_in(node, known)
    return outside, judged


def test_no_rule_is_without_a_caller():
    """Boundary tests of a rule that no act asks would show nothing about the product."""
    used, judged = mentions()
    todo = [name for name in judged if name in used]
    while todo:
        new = {name for name in judged[todo.pop()] if name in judged and name not in used}
        used |= new
        todo += new
    assert not sorted(set(judged) - used)


def test_every_act_says_who_may_do_it():
    """An act without roles is a timer's: some module must plan it by name."""
    rooms.modules()
    source = "\n".join(p.read_text() for p in tree.modules())
    nobody = [name for name, door in TABLE.items() if not door.roles and source.count(f'"{name}"') < 2]
    assert not nobody, f"acts that neither a role nor a timer reaches: {nobody}"


def test_the_verifier_runs_without_flask_and_database():
    blocked = "; ".join(f"sys.modules[{name!r}] = None" for name in ("flask", "sqlalchemy", "werkzeug", "gevent"))
    code = f"import sys; {blocked}; from verifier.commands import run_verify; print(run_verify([]).status)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree.ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "2", done.stderr


@pytest.mark.parametrize("room", tree.ROOMS)
def test_every_room_says_what_it_is(room):
    assert ast.get_docstring(tree.parsed(tree.ROOT / room / "__init__.py"))
