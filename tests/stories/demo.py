"""make demo as a user runs it: a process of its own, played once for all tests that look at its files."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import canon
from tests.stories.play import CaseFile, four_sites, with_bidders

ROOT = Path(__file__).resolve().parents[2]


def two_bidders() -> CaseFile:
    """Fewer than three: no opening, no committee, hence hardly a pool."""
    case = with_bidders(four_sites(), {"甲": "5689", "乙": "5828"})
    case["experts"]["pool_per_site"] = 1
    case["expect"] = {"outcome": "failed_lt3", "winner": "", "ranking": [], "totals": {}, "signatures_on_report": 0}
    return case


def written(case: CaseFile, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "case.json"
    path.write_bytes(canon.dumps(case))
    return path


def demo(case: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """python -m web.demo in a bare shell."""
    env = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    command = [sys.executable, "-m", "web.demo", "--case", str(case), "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def played(factory: pytest.TempPathFactory) -> Path:
    """The files of the small four-sites case; whichever test worker comes first plays it for all of them."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        out, said = shared / "demo", shared / "demo.txt"
        if not said.exists():
            done = demo(written(four_sites(), shared / "four-sites"), out)
            said.write_text(f"{done.returncode}\n{done.stdout}{done.stderr}", encoding="utf-8")
    return out
