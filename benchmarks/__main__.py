"""python -m benchmarks [--only name]: runs the benches, prints a table, writes var/bench.json.

Rows of benches that did not run stay as an earlier run has left them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import benchmarks
from benchmarks.row import Row

OUT = Path(__file__).resolve().parents[1] / "var" / "bench.json"


def modules() -> dict[str, ModuleType]:
    found = [importlib.import_module(f"benchmarks.{one.name}") for one in pkgutil.iter_modules(benchmarks.__path__)
             if one.name != "__main__"]  # fmt: skip
    return {one.__name__.rpartition(".")[2]: one for one in found if hasattr(one, "run")}


def keep(row: Row) -> None:
    """Into the file at once: a later bench that fails takes nothing away."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(OUT.read_text()) if OUT.exists() else []
    rows = [one for one in kept if one["name"] != row.name] + [row.plain()]
    OUT.write_text(json.dumps(sorted(rows, key=lambda one: one["name"]), ensure_ascii=False, indent=1) + "\n")


def main() -> int:
    known = modules()
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", choices=sorted(known))
    chosen = parser.parse_args().only
    print(f"{'bench':18} {'ours':>10} {'peer':>10} {'ratio':>6}  unit  peer")
    for name in [chosen] if chosen else sorted(known):
        row: Row = known[name].run()
        keep(row)
        print(f"{row.name:18} {row.ours:10.1f} {row.peer:10.1f} {row.ratio:6.2f}  {row.unit}  {row.peer_name}")
        print("".join(f"  {line}\n" for line in (row.conditions, row.notes) if line), end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
