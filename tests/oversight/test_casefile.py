"""A case file made from real acts passes the stranger's verifier; whatever is changed in it is refused and named."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certs import receipts, suite
from certs.models import SigningDoc
from core import canon
from core.access import SYSTEM
from core.doors import QUESTIONS, TABLE
from core.faults import Fault
from core.jobs import due
from core.rules import Refused
from oversight import casefile as made_here
from oversight.models import CaseFileExport
from tests.certs import pdf_tools
from tests.oversight.scene import Scene, new_scene, new_world
from tests.verifier.test_casefile import drop, edit, raise_score, rows_of, swap_rows
from verifier import archive, casefile, trust
from verifier.commands import run_verify

pytestmark = pytest.mark.skipif(bool(pdf_tools.fonts_missing()), reason=pdf_tools.fonts_missing())
SECRET = ("10.0.0.1", "张三", "经办")


@dataclass
class Whole:
    scene: Scene
    case: str
    answer: dict[str, Any]
    data: bytes

    @property
    def trusted(self) -> trust.Trust:
        return trust.parse(canon.dumps(self.answer["trust"]))

    @property
    def files(self) -> dict[str, bytes]:
        files = archive.read(self.data)
        files.pop("manifest.json")
        return files

    def again(self, files: dict[str, bytes]) -> bytes:
        return casefile.write(files, self.case, "supervisor")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Whole:
    scene = new_scene(new_world(tmp_path_factory.mktemp("whole")))
    scene.register()
    case = scene.opened()
    scene.report(case)
    scene.sign_all(case)
    scene.draw(case)
    scene.checkpoint()
    answer, data = scene.export("监管", case)
    return Whole(scene, case, answer, data)


def test_a_real_case_verifies_offline(whole: Whole, tmp_path: Path) -> None:
    (tmp_path / "casefile.zip").write_bytes(whole.data)
    (tmp_path / "trust.json").write_bytes(canon.dumps(whole.answer["trust"]))
    outcome = run_verify([tmp_path / "casefile.zip"])
    assert outcome.status == 0, outcome.text
    text = outcome.text
    assert "supervisor edition" in text and "0 of them not opened" in text and "trust file is yours" in text
    with whole.scene.world.read() as session:
        sealed = session.query(SigningDoc).filter_by(case=whole.case, state="sealed").count()
    assert sealed >= 2 and f"{sealed} signed PDFs accepted" in text
    assert "1 draws replay" in text and "3 receipts signed" in text
    assert "scoring, vote" in text and "cosigned by regulator.example/witness" in text
    files = whole.files
    streams = canon.loads(files["ledger/streams.json"])
    assert set(streams) == {f"case:{whole.case}", f"sealed:{whole.case}"}
    assert {name.split("/")[0] for name in files} == {
        "trust.json", "ledger", "documents", "records", "receipts", "draws"}  # fmt: skip
    for path in ("receipts", "draws", "documents"):
        name = next(one for one in files if one.startswith(path) and not one.endswith(("notice.pdf", "plan.pdf")))
        if path == "documents":
            name = next(one for one in files if one.endswith("opening-record.pdf"))
        (tmp_path / Path(name).name).write_bytes(files[name])
        beside = run_verify([tmp_path / Path(name).name])
        assert beside.status == 0 and "not checked" not in beside.text, beside.text


def test_the_same_case_gives_the_same_bytes(whole: Whole) -> None:
    with whole.scene.world.read() as session:
        blobs = whole.scene.world.acts.house.blobs
        again = made_here.build(session, blobs, whole.scene.house, whole.case, "supervisor")
    assert again == whole.data
    assert whole.answer["sha256"] == canon.sha256_hex(again) and whole.answer["size"] == len(again)
    assert [one["reason"] for one in whole.answer["left_out"]] == []


def test_one_flipped_byte_anywhere_is_refused(whole: Whole) -> None:
    pick, good = random.Random(7), whole.data
    for _ in range(60):
        at = pick.randrange(len(good))
        with pytest.raises(Fault):
            casefile.check(good[:at] + bytes([good[at] ^ 1 << pick.randrange(8)]) + good[at + 1 :], whole.trusted)


def other_receipt(files: dict[str, bytes]) -> dict[str, bytes]:
    """A receipt the platform's key never signed, for a bid of the forger's liking."""
    path = next(name for name in files if name.startswith("receipts/"))
    facts = canon.loads(files[path])
    mine = {name: facts[name] for name in receipts.Receipt.__dataclass_fields__ if name in facts} | {"size": 1}
    return files | {path: receipts.sign(receipts.Receipt(**mine), suite.generate())}


def a_record(files: dict[str, bytes]) -> str:
    return next(name for name in files if name.startswith("records/") and b'"scoring"' in files[name])


TAMPERS = {
    "an entry removed": (lambda f: drop(f, 4), "one is missing or out of order"),
    "two entries swapped": (swap_rows, "one is missing or out of order"),
    "a changed score in the attached record": (lambda f: edit_score(f), "not named by the ledger"),
    "another receipt": (other_receipt, "signed by a key that is not trusted"),
    "a draw changed": (lambda f: edit_draw(f), "not named by the ledger"),
    "the sealed stream left out": (
        lambda f: edit(f, "ledger/streams.json", drop_sealed),
        "belongs to no stated stream",
    ),
}


def edit_score(files: dict[str, bytes]) -> dict[str, bytes]:
    return edit(files, a_record(files), raise_score)


def edit_draw(files: dict[str, bytes]) -> dict[str, bytes]:
    path = next(name for name in files if name.startswith("draws/"))
    return edit(files, path, lambda record: record["candidates"].pop())


def drop_sealed(streams: dict[str, Any]) -> None:
    streams.pop(next(name for name in streams if name.startswith("sealed:")))


@pytest.mark.parametrize("name", TAMPERS)
def test_tampering_is_refused_and_named(whole: Whole, name: str) -> None:
    change, reason = TAMPERS[name]
    with pytest.raises(Fault, match=reason):
        casefile.check(whole.again(change(whole.files)), whole.trusted)


def test_a_report_with_a_changed_score_inside_is_refused(whole: Whole) -> None:
    files = whole.files
    path = next(name for name in files if name.endswith("minutes.pdf"))
    assert b"%PDF" in files[path]
    with pytest.raises(Fault, match=r"minutes\.pdf is not named by the ledger"):
        casefile.check(whole.again(files | {path: files[path] + b"\n%"}), whole.trusted)


@pytest.fixture
def ended(scene: Scene) -> tuple[Scene, str]:
    """A case with a report of the committee, its result just published."""
    scene.register()
    case = scene.opened()
    scene.report(case, "evaluation_report", "members")
    scene.sign_all(case)
    return scene, case


def files_of(scene: Scene, case: str, edition: str = "supervisor", who: str = "监管") -> dict[str, bytes]:
    return archive.read(scene.export(who, case, edition)[1])


@pytest.mark.rule("R1-20", "allowed")
@pytest.mark.rule("R1-20", "before the result")
def test_names_of_the_committee_come_with_the_result_and_not_before(ended: tuple[Scene, str]) -> None:
    scene, case = ended
    scene.checkpoint()
    assert not any("evaluation-report" in name for name in files_of(scene, case))
    answer, _ = scene.export("监管", case)
    assert [one["reason"] for one in answer["left_out"]] == ["names members before the result"]
    with pytest.raises(Refused, match="after the result"):
        scene.export("监管", case, "public")
    with pytest.raises(Refused, match="after the result"):
        scene.export("交易中心", case)
    scene.set_state(case, "WINNER_SET")
    scene.checkpoint()
    assert any("evaluation-report" in name for name in files_of(scene, case, who="交易中心"))


def test_the_public_edition_says_nothing_of_persons_and_still_verifies(ended: tuple[Scene, str]) -> None:
    scene, case = ended
    scene.set_state(case, "WINNER_SET")
    scene.checkpoint()
    answer, data = scene.export("监管", case, "public")
    said = casefile.check(data, trust.parse(canon.dumps(answer["trust"]))).said
    assert "public edition" in said[0]
    files = archive.read(data)
    rows = rows_of(files)
    assert all(row["actor"] is None and row["salts"]["actor"] is None for row in rows)
    assert any(row["body"] is not None for row in rows) and any(row["body"] is None for row in rows)
    ledger_text = files["ledger/entries.jsonl"].decode() + files["ledger/platform.json"].decode()
    assert not [word for word in SECRET if word in ledger_text]
    assert not any(name.startswith(("receipts/", "records/0")) and "evaluation" in name for name in files)
    assert not any("evaluation" in name or name.startswith("receipts/") for name in files)
    assert any("notice" in name for name in files)
    assert not any("opening-record" in name for name in files), "nobody has confirmed it here"
    kept_back = {one["kind"]: one["reason"] for one in answer["left_out"]}
    assert kept_back["evaluation_report"] == kept_back["registration"] == "not for this edition"


def test_a_cosignature_after_the_result_brings_the_public_edition_to_everyone(ended: tuple[Scene, str]) -> None:
    scene, case = ended
    ask = QUESTIONS["casefile.public"].fn
    scene.set_state(case, "WINNER_SET")
    with scene.world.read() as session, pytest.raises(Refused):
        ask(session, scene.world.clock.now(), scene.admin, case, {})
    scene.later()
    scene.checkpoint()
    with scene.world.read() as session:
        jobs = [job for job in due(session, scene.world.clock.now()) if job.act == "casefile.export"]
    assert [(job.case, job.payload) for job in jobs] == [(case, {"edition": "public"})]
    scene.world.acts.act(TABLE["casefile.export"].fn, SYSTEM, case, jobs[0].payload)
    with scene.world.read() as session:
        told = ask(session, scene.world.clock.now(), scene.admin, case, {})
        rows = session.query(CaseFileExport).all()
    assert [row.sha256 for row in rows] == [told["sha256"]]
    assert len(scene.world.acts.house.blobs.get(told["sha256"])) == told["size"]


def test_without_a_cosigned_checkpoint_over_the_case_there_is_no_case_file(scene: Scene) -> None:
    scene.register()
    scene.checkpoint()
    case = scene.stage.announced()
    with pytest.raises(Refused, match="after the case began"):
        scene.export("监管", case)
    scene.later()
    scene.world.acts.act(TABLE["log.checkpoint"].fn, SYSTEM, "", {})  # signed, but nobody has witnessed it
    with pytest.raises(Refused, match="after the case began"):
        scene.export("监管", case)


def test_before_the_deadline_the_case_file_does_not_know_the_sealed_stream(scene: Scene) -> None:
    scene.register()
    case = scene.stage.announced()
    scene.checkpoint()
    empty = files_of(scene, case)
    scene.stage.bid(case, "投标人甲")
    scene.stage.do("投标人乙", "file.fetch", case)
    files = files_of(scene, case)
    assert set(canon.loads(files["ledger/streams.json"])) == {f"case:{case}"}
    assert not any(name.startswith("receipts/") for name in files)
    assert files == empty


def test_papers_that_wait_for_a_signature_or_a_checkpoint_are_told(scene: Scene) -> None:
    scene.register()
    case = scene.opened()
    scene.report(case)
    scene.checkpoint()
    answer, data = scene.export("监管", case)
    assert [(one["kind"], one["reason"]) for one in answer["left_out"]] == [("minutes", "not signed by all")]
    assert any(name.endswith("opening-record-unsigned.pdf") for name in archive.read(data))
    casefile.check(data, trust.parse(canon.dumps(answer["trust"])))
    scene.sign_all(case)
    answer, _ = scene.export("监管", case)
    assert {one["reason"] for one in answer["left_out"]} == {"after the checkpoint"}
    scene.checkpoint()
    answer, data = scene.export("监管", case)
    assert answer["left_out"] == [] and not any("unsigned" in name for name in archive.read(data))
