"""What `flask verify` says of the files of one played demo, and of every kind of tampering with them."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certs import pdfcheck
from certs.pdfbytes import scan
from core import canon
from tests.certs.pdf_tools import tool
from tests.stories.demo import ROOT, played
from verifier import archive, casefile, trust
from verifier.commands import run_course, run_replay, run_verify

PAPERS = ("evaluation-report.pdf", "award-report.pdf", "opening-record.pdf")
KINDS = (*PAPERS, "casefile.zip", "receipts/bidder1.json", "draws/experts", "draws/seating", "draws/award-committee")
SEED = 2018


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory)


def file_of(out: Path, kind: str) -> Path:
    if kind.startswith("draws/"):
        return next(out.glob(f"{kind}-*.json"))
    return out / kind


def verdict(out: Path, folder: Path, name: str, data: bytes, *, beside: bool = False) -> tuple[int, str]:
    """Exit status and last line for changed bytes under the same name, alone in a folder or beside the case file."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    if beside and name != "casefile.zip":
        shutil.copy(out / "casefile.zip", folder / "casefile.zip")
    found = run_verify([path], out / "trust.json")
    return found.status, found.text.splitlines()[-1]


def flask(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv" / "bin" / "flask"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


# -- as it was left ---------------------------------------------------------------------------------------------------


def test_every_file_of_the_demo_holds(out: Path) -> None:
    """By the command, as contracts.md names it: trust.json stands beside, or one folder up."""
    top = [out / name for name in (*PAPERS, "casefile.zip")]
    below = sorted([*(out / "receipts").glob("*.json"), *(out / "draws").glob("*.json")])
    assert len(below) == 6
    for files in (top, below):
        said = flask("verify", *files)
        assert said.returncode == 0, said.stdout + said.stderr
        assert said.stdout.count(": holds") == len(files)


def test_without_any_trust_file_nothing_is_judged(out: Path, tmp_path: Path) -> None:
    alone = tmp_path / "deep" / "er" / "receipt.json"
    alone.parent.mkdir(parents=True)
    alone.write_bytes(next((out / "receipts").glob("*.json")).read_bytes())
    assert flask("verify", alone).returncode == 2


def test_the_documents_stand_in_the_ledger_beside_them(out: Path) -> None:
    for name in PAPERS:
        assert "named by the ledger in casefile.zip" in run_verify([out / name]).text


@pytest.mark.skipif(not tool("pdfsig"), reason="pdfsig (poppler-utils) is not installed")
@pytest.mark.parametrize("name", PAPERS[:2])
def test_pdfsig_finds_every_digest_valid(out: Path, name: str) -> None:
    """Eight signatures of people and the seal; the ninth is the closing timestamp, which pdfsig does not judge."""
    said = subprocess.run(["pdfsig", "-nocert", out / name], capture_output=True, text=True, check=True).stdout
    parts = said.split("Signature #")[1:]
    assert len(parts) == 9 and "closing-time" in parts[-1]
    assert sum("Signature Validation: Signature is Valid." in part for part in parts[:-1]) == 8


@pytest.mark.skipif(not tool("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("number", [1, 8])
def test_openssl_agrees_on_a_signature(out: Path, tmp_path: Path, number: int) -> None:
    """cms -verify over the very bytes of the range, against the roots in trust.json; other bytes fail."""
    pdf = (out / PAPERS[0]).read_bytes()
    region = scan(pdf)[number - 1]
    covered = pdf[: region.start] + pdf[region.end : region.covered]
    roots = trust.parse((out / "trust.json").read_bytes()).roots
    (tmp_path / "roots.pem").write_bytes(b"".join(root.public_bytes(Encoding.PEM) for root in roots))
    (tmp_path / "cms.der").write_bytes(region.der)
    at = pdfcheck.accept(pdf, [root.public_bytes(Encoding.DER) for root in roots]).signatures[number - 1].at
    command = [
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms.der", "-content", "covered",
        "-CAfile", "roots.pem", "-purpose", "any", "-attime", str(int(at.timestamp())), "-out", "/dev/null",
    ]  # fmt: skip
    for data, status in ((covered, 0), (covered[:-1] + b"x", 4)):
        (tmp_path / "covered").write_bytes(data)
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert said.returncode == status, said.stderr


# -- one byte ---------------------------------------------------------------------------------------------------------


def _flips(out: Path, folder: Path, kind: str, count: int) -> None:
    path = file_of(out, kind)
    good, dice = path.read_bytes(), random.Random(f"{SEED} {kind}")
    for _ in range(count):
        at, bit = dice.randrange(len(good)), 1 << dice.randrange(8)
        status, last = verdict(out, folder, path.name, good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :])
        # A damaged key name or schema of a JSON file makes it unusable; nothing else may be.
        assert status == 1 or (status == 2 and path.suffix == ".json"), (kind, at, bit, status, last)
        assert last.startswith(f"{path.name}: ") and "Traceback" not in last


@pytest.mark.parametrize("kind", KINDS)
def test_one_flipped_bit_anywhere_is_refused(out: Path, tmp_path: Path, kind: str) -> None:
    _flips(out, tmp_path / "flips", kind, 12)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_flipped_bits_are_refused(out: Path, tmp_path: Path, kind: str) -> None:
    _flips(out, tmp_path / "flips", kind, 200)


# -- documents --------------------------------------------------------------------------------------------------------


def overlaid(pdf: bytes) -> bytes:
    """A white box painted over the first page in a revision of its own."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.add_stream_to_page(0, writer.add_object(StreamObject(stream_data=b"q 1 1 1 rg 90 300 400 300 re f Q")))
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


def cut_back(pdf: bytes) -> bytes:
    return pdf[: scan(pdf)[4].covered]


def with_other_record(pdf: bytes) -> bytes:
    """One score in the attached record raised inside the first revision, at the same length."""
    record, _ = pdfcheck.machine_record(pdf)
    plain = canon.dumps(record)
    packed = zlib.compress(plain)
    assert pdf.count(packed) == 1
    scored = plain.index(b'"scores":{"member-1"')
    for found in re.compile(rb'"plan":"(\d\d)"').finditer(plain, scored):
        for points in range(10, 100):
            other = zlib.compress(plain[: found.start(1)] + b"%02d" % points + plain[found.end(1) :])
            if len(other) == len(packed) and other != packed:
                return pdf.replace(packed, other)
    raise AssertionError("no other score packs to the same length")


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an overlay": (overlaid, r"\d+ bytes stand behind the last signature: something was appended"),
    "five signatures": (cut_back, r"3 of 8 signatures are missing: .*seal"),
    "another score": (with_other_record, r"signature 1 \(.+\): the bytes it covers were changed"),
}


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_report_is_refused_and_the_fault_named(out: Path, tmp_path: Path, name: str, beside: bool) -> None:
    change, words = CHANGES[name]
    data = change((out / PAPERS[0]).read_bytes())
    status, last = verdict(out, tmp_path / "changed", PAPERS[0], data, beside=beside)
    assert status == 1 and re.search(words, last), last


# -- the case file ----------------------------------------------------------------------------------------------------


def _rows(files: dict[str, bytes]) -> list[bytes]:
    return files["ledger/entries.jsonl"].splitlines(keepends=True)


def without_entry(files: dict[str, bytes]) -> None:
    rows = _rows(files)
    files["ledger/entries.jsonl"] = b"".join(rows[:50] + rows[51:])


def swapped(files: dict[str, bytes]) -> None:
    rows = _rows(files)
    rows[50], rows[51] = rows[51], rows[50]
    files["ledger/entries.jsonl"] = b"".join(rows)


def other_score(files: dict[str, bytes]) -> None:
    path = next(one for one in files if one.startswith("records/") and one.endswith("evaluation-report.json"))
    record = canon.loads(files[path])
    bid = next(iter(record["scoring"]["input"]["scores"]["member-1"].values()))
    bid["plan"] = "99"
    files[path] = canon.dumps(record)


def other_report(files: dict[str, bytes]) -> None:
    path = next(one for one in files if one.endswith("evaluation-report.pdf"))
    files[path] = with_other_record(files[path])


def other_draw(files: dict[str, bytes]) -> None:
    path = next(one for one in files if one.startswith("draws/experts"))
    record = canon.loads(files[path])
    record["candidates"].pop()
    files[path] = canon.dumps(record)


ARCHIVES: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "an entry removed": (without_entry, "one is missing or out of order"),
    "two entries swapped": (swapped, "one is missing or out of order"),
    "a score in the record": (other_score, r"evaluation-report\.json is not named by the ledger"),
    "a score in the report": (other_report, r"evaluation-report\.pdf is not named by the ledger"),
    "a candidate of a draw": (other_draw, r"draws/experts-.*\.json is not named by the ledger"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_changed_case_file_is_refused_and_the_fault_named(out: Path, tmp_path: Path, name: str) -> None:
    """Written again with a manifest that fits, so that only what the ledger says can tell."""
    change, words = ARCHIVES[name]
    files = archive.read((out / "casefile.zip").read_bytes())
    manifest = canon.loads(files.pop("manifest.json"))
    assert casefile.write(files, manifest["case"], manifest["edition"]) == (out / "casefile.zip").read_bytes()
    change(files)
    data = casefile.write(files, manifest["case"], manifest["edition"])
    status, last = verdict(out, tmp_path / "changed", "casefile.zip", data)
    assert status == 1 and re.search(words, last), last


# -- draws ------------------------------------------------------------------------------------------------------------


def _candidate(record: dict[str, Any]) -> None:
    record["candidates"][0] = "0" * len(record["candidates"][0])


def _fewer(record: dict[str, Any]) -> None:
    record["candidates"].pop()


def _commitment(record: dict[str, Any]) -> None:
    record["commitments"][0]["value"] = record["commitments"][1]["value"]


def _reveal(record: dict[str, Any]) -> None:
    value = record["reveals"][2]["value"]
    record["reveals"][2]["value"] = ("1" if value[0] == "0" else "0") + value[1:]


def _result(record: dict[str, Any]) -> None:
    key = next(key for key, value in record["result"].items() if isinstance(value, (list, dict)) and value)
    record["result"][key] = type(record["result"][key])()


@pytest.mark.parametrize("change", [_candidate, _fewer, _commitment, _reveal, _result])
@pytest.mark.parametrize("purpose", ["experts", "seating", "award-committee"])
def test_a_changed_draw_does_not_replay(
    out: Path, tmp_path: Path, purpose: str, change: Callable[[dict[str, Any]], None]
) -> None:
    path = file_of(out, f"draws/{purpose}")
    assert run_replay(path).status == 0
    record = canon.loads(path.read_bytes())
    change(record)
    changed = tmp_path / path.name
    changed.write_bytes(canon.dumps(record))
    assert run_replay(changed).status == run_verify([changed], out / "trust.json").status == 1


def test_the_command_replays_and_refuses(out: Path, tmp_path: Path) -> None:
    path = file_of(out, "draws/experts")
    assert flask("draw", "replay", path).returncode == 0
    record = canon.loads(path.read_bytes())
    _reveal(record)
    (tmp_path / "changed.json").write_bytes(canon.dumps(record))
    said = flask("draw", "replay", tmp_path / "changed.json")
    assert said.returncode == 1 and "does not hold" in (said.stdout + said.stderr).splitlines()[-1]


# -- the course of the sitting ----------------------------------------------------------------------------------------


def test_the_course_is_printed_from_the_case_file_alone(out: Path, tmp_path: Path) -> None:
    """The state after the last entry is what the demo's summary says; points are those that the report opens."""
    path = tmp_path / "casefile.zip"
    shutil.copy(out / "casefile.zip", path)
    told = flask("replay", path, "--trust", out / "trust.json")
    assert told.returncode == 0, told.stderr
    assert "sitting sitting: stage=SCORING" in told.stdout and "seat.revealed" in told.stdout
    entries = [line for line in told.stdout.splitlines() if re.match(r" {2} *\d+ \d{4}-", line)]
    last = int(entries[-1].split()[0])
    at_end = run_course(path, last, out / "trust.json")
    state = canon.loads(at_end.text.splitlines()[-1].strip())
    summary = canon.loads((out / "summary.json").read_bytes())
    name = {bid: one["name"] for bid, one in state["bids"].items()}
    totals = {name[bid]: one["total"] for bid, one in state["totals"].items()}
    assert sorted(totals.values()) == sorted(summary["totals"].values())
    assert state["sitting"]["sitting"]["stage"] == "SIGNED"
    assert {one["state"] for one in state["members"].values()} == {"pledged"}
    assert all(len(one["points"]) == len(name) for one in state["sheets"].values())
    assert not state.get("counts")  # nothing was withheld or could not be read


@pytest.mark.parametrize(("at", "status"), [(-1, 2), (100_000, 2), (0, 0)])
def test_a_state_is_given_after_entries_that_there_are(out: Path, at: int, status: int) -> None:
    assert run_course(out / "casefile.zip", at).status == status


def test_no_course_is_printed_of_a_changed_case_file(out: Path, tmp_path: Path) -> None:
    data = (out / "casefile.zip").read_bytes()
    place = data.index(b"sitting.stage")
    (tmp_path / "casefile.zip").write_bytes(data[:place] + b"s" + data[place:][1:].replace(b"itting", b"etting", 1))
    found = run_course(tmp_path / "casefile.zip", None, out / "trust.json")
    assert found.status == 1 and "does not hold" in found.text
