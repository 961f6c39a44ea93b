"""What the commands print and with which status they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from methods.commands import run_score, run_tax, run_vote
from tests.methods.sheets import contract, scored, sheet

EXAMPLES = Path(__file__).parent / "examples"


def put(folder: Path, data: Any) -> Path:
    path = folder / "input.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_score(tmp_path: Path) -> None:
    example = json.loads((EXAMPLES / "scoring-composite.json").read_text())
    outcome = run_score(put(tmp_path, example["input"]))
    result = json.loads(outcome.text)
    assert outcome.status == 0
    assert {key: result[key] for key in example["expect"]} == example["expect"]


def test_vote(tmp_path: Path) -> None:
    example = json.loads((EXAMPLES / "vote-elimination.json").read_text())
    outcome = run_vote(put(tmp_path, example["input"]))
    assert outcome.status == 0 and json.loads(outcome.text)["winner"] == "东京"
    assert "东京" in outcome.text


def test_tax() -> None:
    outcome = run_tax(["2000", "30000"])
    assert outcome.status == 0
    assert [row["tax"] for row in json.loads(outcome.text)] == ["240", "5200"]
    assert run_tax([]).status == run_tax(["x"]).status == run_tax(["2000", "-1"]).status == 2


def test_a_sheet_that_does_not_hold(tmp_path: Path) -> None:
    outcome = run_score(put(tmp_path, scored({"e1": {"A": "8"}, "e2": {"A": "9"}}, kind="objective")))
    assert outcome.status == 1
    assert outcome.text.splitlines()[-1].startswith("objective criterion plan of bid A")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": 1.5}',
        '{"schema": "scoring/1", "schema": "scoring/1"}',
        "\ufeff{}",
        '{"schema": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a\\nb": 1}',
        '{"\\ud800": 1}',
        '{"schema": NaN}',
    ],
    ids=range(12),
)
def test_unusable_files_end_in_one_line(tmp_path: Path, text: str) -> None:
    for run in (run_score, run_vote):
        outcome = run(put(tmp_path, text))
        assert outcome.status == 2
        assert len(outcome.text.splitlines()) == 1 and len(outcome.text) < 300
        outcome.text.encode()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert run_score(tmp_path).status == run_score(tmp_path / "none.json").status == 2
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    assert run_vote(tmp_path / "bytes").status == 2


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    outcome = run_score(put(tmp_path, contract() | {"seed": 7}))
    assert (outcome.status, outcome.text) == (2, "the file has an unknown key 'seed'")


def test_a_published_example_is_read_by_its_input(tmp_path):
    inner = {
        "schema": "vote/1",
        "method": "plurality",
        "candidates": ["A"],
        "electors": 1,
        "rounds": [{"ballots": {"A": 1}}],
    }
    wrapped, odd = tmp_path / "example.json", tmp_path / "odd.json"
    wrapped.write_text(json.dumps({"about": "x", "input": inner, "expect": {}}))
    odd.write_text(json.dumps({"input": inner, "more": 1}))
    assert json.loads(run_vote(wrapped).text)["winner"] == "A"
    assert run_vote(odd).status == 2


@pytest.mark.rulebook("3.4 flask score")
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, {"A": "28.04", "B": "30.00", "C": "25.80"}),
        ({"A": ["small_firm"]}, {"A": "30.00", "B": "28.88", "C": "24.84"}),
        ({"A": ["domestic", "small_firm"], "B": ["domestic"]}, {"A": "30.00", "B": "28.08", "C": "19.32"}),
    ],
)
def test_the_published_deductions_through_the_command(
    tmp_path: Path, flags: dict[str, list[str]], expected: dict[str, str]
) -> None:
    data = sheet({"A": "920000", "B": "860000", "C": "1000000"}, full="30", benchmark={"terms": [{"of": "lowest"}]},
                 deductions={"small_firm": "0.10", "domestic": "0.20"})
    for bid in data["bids"]:
        bid["flags"] = flags.get(bid["id"], [])
    outcome = run_score(put(tmp_path, data))
    assert (outcome.status, json.loads(outcome.text)["price_scores"]) == (0, expected)
