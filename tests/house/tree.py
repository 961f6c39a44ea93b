"""The repository as the house tests read it: tracked files and the modules among them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "core", "certs", "methods", "accounts", "venues", "experts", "trading", "evaluation", "oversight", "verifier",
    "web",
)  # fmt: skip


@cache
def tracked() -> list[Path]:
    """Files of the last commit and the index; outside a git checkout, every file of the rooms."""
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if found.returncode == 0 and found.stdout:
        listed = [ROOT / name for name in found.stdout.decode().split("\0") if name]
    else:
        listed = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    return [path for path in listed if path.is_file()]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def modules() -> list[Path]:
    """Our Python modules, without tests and migrations."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and name(path).split("/")[0] in ROOMS and "migrations" not in path.parts
    ]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Full names imported by a module, `from a import b` as a.b and a."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found
