from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from certs import draws
from core import canon
from tests.certs import drawing, pdf_tools
from tests.verifier import cases
from verifier import archive
from verifier.commands import run_replay, run_verify

pytestmark = pytest.mark.skipif(bool(pdf_tools.fonts_missing()), reason=pdf_tools.fonts_missing())

ROOT = Path(__file__).parents[2]
BLOCKED = ("flask", "sqlalchemy", "socketio", "gevent", "jinja2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What `make demo` leaves behind, without the case file."""
    files = archive.read(cases.whole())
    for path in ("trust.json", "documents/evaluation-report.pdf", "receipts/b-1.json", "draws/experts.json",
                 "ledger/checkpoint"):  # fmt: skip
        (tmp_path / path.split("/")[-1]).write_bytes(files[path])
    return tmp_path


KINDS = {
    "evaluation-report.pdf": "3 signatures over the whole file",
    "b-1.json": "receipt of bid b-1 version 1",
    "experts.json": "gives the recorded result from 160 candidates, 4 excluded",
    "checkpoint": "3 entries, cosigned by regulator.example/witness",
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_known_by_its_content(folder: Path, name: str) -> None:
    plain = run_verify([folder / name])
    assert plain.status == 0, plain.text
    assert KINDS[name] in plain.text and plain.text.startswith(f"{name}: holds\n  trust ")
    assert ("ledger not checked" in plain.text) == (name != "checkpoint")
    (folder / "casefile.zip").write_bytes(cases.whole())
    beside = run_verify([folder / name])
    assert beside.status == 0 and "ledger not checked" not in beside.text
    moved = folder / "quite" / "elsewhere"
    moved.mkdir(parents=True)
    (moved / name).write_bytes((folder / name).read_bytes())
    assert run_verify([moved / name]).status == 2
    assert run_verify([moved / name], folder / "trust.json").status == 0


def test_several_files_at_once(folder: Path) -> None:
    (folder / "casefile.zip").write_bytes(cases.whole())
    names = [*KINDS, "casefile.zip"]
    outcome = run_verify([folder / name for name in names])
    assert outcome.status == 0 and all(f"{name}: holds" in outcome.text for name in names)
    (folder / "b-1.json").write_bytes(canon.dumps(canon.loads((folder / "b-1.json").read_bytes()) | {"size": 9}))
    outcome = run_verify([folder / name for name in names])
    assert outcome.status == 1
    assert outcome.text.splitlines()[-1] == "b-1.json: does not hold: the signature of the receipt does not hold"


@pytest.mark.parametrize("name", KINDS)
def test_flipped_bytes_are_refused_without_a_traceback(folder: Path, name: str) -> None:
    path, pick = folder / name, random.Random(name)
    good = path.read_bytes()
    for _ in range(25):
        at = pick.randrange(len(good))
        path.write_bytes(good[:at] + bytes([good[at] ^ 1 << pick.randrange(8)]) + good[at + 1 :])
        outcome = run_verify([path])
        assert outcome.status in (1, 2), f"byte {at}: {outcome.text}"


def test_a_file_of_another_case_beside_the_ledger(folder: Path) -> None:
    (folder / "casefile.zip").write_bytes(cases.whole())
    other = cases.report(cases.record() | {"vote": None}, list(cases.record()["scoring"]["result"]["totals"].values()))
    (folder / "evaluation-report.pdf").write_bytes(other)
    outcome = run_verify([folder / "evaluation-report.pdf"])
    assert outcome.status == 1 and "does not name this file" in outcome.text
    (folder / "experts.json").write_bytes(canon.dumps(drawing.drawn(drawing.frozen("draw-other"))))
    outcome = run_verify([folder / "experts.json"])
    assert outcome.status == 1 and "holds 0 entries draw.frozen" in outcome.text
    (folder / "casefile.zip").write_bytes(cases.whole()[:-1])
    outcome = run_verify([folder / "b-1.json"])
    assert outcome.status == 1 and "casefile.zip beside it: the archive is damaged" in outcome.text


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", b"{", "not JSON"), ("a.json", b'{"schema":"menu/1"}', "unknown schema 'menu/1'"),
        ("a.txt", b"hello", "neither"), ("a.json", b'{"schema":"draw/1"}', "missing or unknown keys"),
        ("a.json", b'{"schema":"draw/1","more":1}', "missing or unknown keys"), ("a.json", b"[1]", "unknown schema"),
        ("a.pdf", b"nothing", "not a PDF"), ("a.json", b'{"schema":[]}', "unknown schema"), ("a.json", b"", "not JSON"),
        ("a.json", b'{"schema":"receipt/1","more":1}', "missing or unknown keys"), ("a", b"[1]", "neither"),
    ],
)  # fmt: skip
def test_unusable_input_is_one_clear_line(folder: Path, name: str, data: bytes, reason: str) -> None:
    (folder / name).write_bytes(data)
    outcome = run_verify([folder / name])
    assert outcome.status == 2 and reason in outcome.text and "\n" not in outcome.text
    assert run_verify([folder / "absent"]).status == 2
    assert run_verify([]).status == 2
    assert run_verify([folder / "b-1.json"], folder / "absent").status == 2


def test_misshapen_values_are_no_traceback(folder: Path) -> None:
    """Every value of a draw record replaced by values of other shapes, one at a time."""
    good = canon.loads((folder / "experts.json").read_bytes())
    for key in good:
        for odd in (None, 1, "x", [], {}, [1], [{}], {"a": 1}, [[]]):
            if odd == good[key]:
                continue
            (folder / "odd.json").write_bytes(canon.dumps(good | {key: odd}))
            assert run_verify([folder / "odd.json"]).status in (1, 2), (key, odd)


def test_replay_needs_no_trust_and_says_so(folder: Path) -> None:
    outcome = run_replay(folder / "experts.json")
    assert outcome.status == 0 and "keys not checked against any trust" in outcome.text
    record: dict[str, Any] = canon.loads((folder / "experts.json").read_bytes())
    record["candidates"][0] = "0" * 64
    (folder / "experts.json").write_bytes(canon.dumps(record))
    outcome = run_replay(folder / "experts.json")
    assert outcome.status == 1 and outcome.text.count("\n") == 0
    withheld = drawing.drawn(drawing.frozen("draw-w"), ("tenderer",))
    (folder / "w.json").write_bytes(canon.dumps(withheld))
    outcome = run_replay(folder / "w.json")
    assert outcome.status == 0 and "withheld by tenderer" in outcome.text
    (folder / "r.json").write_bytes(canon.dumps(cases.replacement_draw()))
    assert f"replaces places of draw {draws.replay(withheld) and 'draw-experts'}" in run_replay(folder / "r.json").text


def test_the_verifier_runs_where_flask_and_sqlalchemy_are_not_installed(folder: Path) -> None:
    (folder / "casefile.zip").write_bytes(cases.whole())
    program = f"""
import importlib.abc, runpy, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
sys.argv = ["verifier", *{[str(folder / name) for name in (*KINDS, "casefile.zip")]!r}]
runpy.run_module("verifier", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": holds") == 5 and done.stderr == ""
    (folder / "b-1.json").write_bytes(b"{}")
    done = subprocess.run(
        [sys.executable, "-m", "verifier", str(folder / "b-1.json"), "--trust", str(folder / "trust.json")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and "unknown schema" in done.stdout
