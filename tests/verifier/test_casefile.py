from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from certs import checkpoint, draws, heads
from certs.checkpoint import Checkpoint
from core import canon, merkle
from core.faults import Fault, Unusable
from tests.certs import drawing, pdf_tools
from tests.verifier import cases
from verifier import archive, casefile, ledger, trust

pytestmark = pytest.mark.skipif(bool(pdf_tools.fonts_missing()), reason=pdf_tools.fonts_missing())

Files = dict[str, bytes]


def trusted() -> trust.Trust:
    return trust.parse(cases.trust_bytes())


def opened() -> Files:
    files = archive.read(cases.whole())
    files.pop("manifest.json")
    return files


def again(files: Files) -> bytes:
    """The archive of a forger who knows the format: everything that can be made to fit fits."""
    return casefile.write(files, "c1", "supervisor")


def rows_of(files: Files) -> list[Any]:
    return [canon.loads(text) for text in files["ledger/entries.jsonl"].splitlines()]


def edit(files: Files, path: str, change: Callable[[Any], None]) -> Files:
    value = canon.loads(files[path])
    change(value)
    return files | {path: canon.dumps(value)}


@pytest.mark.rule("E-11", "allowed")
def test_the_case_holds_and_says_what_was_checked() -> None:
    said = casefile.check(cases.whole(), trusted()).said
    assert len(said) == len(casefile.CHECKS)
    text = "\n".join(said)
    assert "supervisor edition, 11 files" in text and "0 of them not opened" in text
    assert f"checkpoint of {cases.ORIGIN}: 3 entries, cosigned by {cases.WITNESS}" in text
    for line in ("1 heads quoted", "2 draws replay", "1 receipts signed", "1 signed PDFs accepted", "scoring, vote",
                 "trust file is yours"):  # fmt: skip
        assert line in text


def test_writing_is_deterministic_and_withholding_keeps_the_proof() -> None:
    files = opened()
    assert again(files) == cases.whole() == again(dict(reversed(files.items())))
    rows = rows_of(files)
    for row in rows:
        row["actor"] = None
        if row["leaf"]["stream"].startswith("sealed:"):
            row["salts"]["body"] = row["body"] = None
    public = casefile.write(files | {"ledger/entries.jsonl": ledger.lines(rows)}, "c1", "public")
    said = casefile.check(public, trusted()).said
    assert "public edition" in said[0] and any("1 of them not opened" in line for line in said)


def test_one_flipped_byte_anywhere_is_refused() -> None:
    good, pick = cases.whole(), random.Random(1)
    for _ in range(60):
        at = pick.randrange(len(good))
        with pytest.raises(Fault):
            casefile.check(good[:at] + bytes([good[at] ^ 1 << pick.randrange(8)]) + good[at + 1 :], trusted())


@pytest.mark.soak
def test_one_flipped_byte_anywhere_many_times() -> None:
    good, pick = cases.whole(), random.Random(2)
    for _ in range(5000):
        at = pick.randrange(len(good))
        with pytest.raises(Fault):
            casefile.check(good[:at] + bytes([good[at] ^ 1 << pick.randrange(8)]) + good[at + 1 :], trusted())


def swap_rows(files: Files) -> Files:
    rows = rows_of(files)
    rows[2], rows[3] = rows[3], rows[2]
    return files | {"ledger/entries.jsonl": ledger.lines(rows)}


def renumber(files: Files) -> Files:
    """Entries swapped, indexes put right again, roots recomputed: only the checkpoint knows better."""
    rows = rows_of(files)
    rows[2]["leaf"]["index"], rows[3]["leaf"]["index"] = 3, 2
    rows[2]["leaf"]["at"], rows[3]["leaf"]["at"] = rows[3]["leaf"]["at"], rows[2]["leaf"]["at"]
    rows[2], rows[3] = rows[3], rows[2]
    return rebuilt(files, rows)


def rebuilt(files: Files, rows: list[Any]) -> Files:
    log = cases.Log()
    for row in rows:
        log.rows.setdefault(row["leaf"]["stream"], []).append(row)
    made = log.files()
    return files | {path: made[path] for path in ("ledger/entries.jsonl", "ledger/streams.json")}


def drop(files: Files, at: int) -> Files:
    rows = rows_of(files)
    rows.pop(at)
    return files | {"ledger/entries.jsonl": ledger.lines(rows)}


def drop_last_and_rebuild(files: Files) -> Files:
    rows = rows_of(files)
    last = max(at for at, row in enumerate(rows) if row["leaf"]["stream"] == "case:c1")
    rows.pop(last)
    return rebuilt(files, rows)


def older_run(files: Files) -> Files:
    """An operator leaves out the last entry and shows heads that an earlier platform entry really holds."""
    log = cases.Log()
    for row in rows_of(files):
        log.rows.setdefault(row["leaf"]["stream"], []).append(row)
    log.rows["case:c1"].pop()
    stated = {name: {"size": len(log.rows[name]), "root": merkle.root_of(log.hashes(name)).hex()} for name in log.rows}
    old, new = heads.Heads(stated), heads.Heads({})
    platform = cases.Log(now=log.now)
    entry = platform.add("platform", heads.KIND, old.body)
    platform.add("platform", heads.KIND, new.body)
    above = platform.hashes("platform")
    note = checkpoint.sign(Checkpoint(cases.ORIGIN, 2, merkle.root_of(above)), cases.LOG_KEY)
    proof = {"entry": entry, "proof": [one.hex() for one in merkle.inclusion_proof(above, 0)],
             "heads": [old.shown(name) for name in sorted(stated)]}  # fmt: skip
    return files | log.files() | {
        "ledger/platform.json": canon.dumps(proof),
        "ledger/checkpoint": checkpoint.cosign(note, cases.WITNESS, cases.WITNESS_KEY, 1_774_000_000),
    }


def change_body(files: Files) -> Files:
    rows = rows_of(files)
    rows[0]["body"]["name"] = "另一个工程"
    return files | {"ledger/entries.jsonl": ledger.lines(rows)}


def no_salt(files: Files) -> Files:
    rows = rows_of(files)
    rows[0]["salts"]["body"] = None
    return files | {"ledger/entries.jsonl": ledger.lines(rows)}


def change_kind(files: Files) -> Files:
    rows = rows_of(files)
    rows[0]["leaf"]["kind"] = "case.approved"
    return files | {"ledger/entries.jsonl": ledger.lines(rows)}


def without(files: Files, path: str) -> Files:
    return {name: data for name, data in files.items() if name != path}


def raise_score(record: Any) -> None:
    record["scoring"]["result"]["totals"]["乙"] = "99.00"


TAMPERS: dict[str, tuple[Callable[[Files], Files], str]] = {
    "an entry removed": (lambda f: drop(f, 3), "one is missing or out of order"),
    "the last entry removed": (lambda f: drop(f, len(rows_of(f)) - 1), "are stated"),
    "the last entry removed, roots rebuilt": (drop_last_and_rebuild, "another head of stream case:c1"),
    "two entries swapped": (swap_rows, "one is missing or out of order"),
    "two entries swapped, roots rebuilt": (renumber, "another head of stream case:c1"),
    "a body changed": (change_body, "the body is not what was recorded"),
    "a body without its salt": (no_salt, "without its salt"),
    "a leaf changed": (change_kind, "do not lead to its root"),
    "a ledger line cut": (lambda f: f | {"ledger/entries.jsonl": f["ledger/entries.jsonl"][:-1]}, "cut off"),
    "a stream removed": (lambda f: edit(f, "ledger/streams.json", lambda s: s.pop("sealed:lot-1")), "no stated stream"),
    "a head removed": (lambda f: edit(f, "ledger/platform.json", lambda p: p["heads"].pop()),
                       "not bound to the checkpoint"),
    "a head changed": (lambda f: edit(f, "ledger/platform.json", lambda p: p["heads"][0].update(size=1)),
                       "not among those of the platform entry"),
    "a proof changed": (lambda f: edit(f, "ledger/platform.json", lambda p: p["proof"].__setitem__(0, "0" * 64)),
                        "does not lead to the root"),
    "an older run of heads": (older_run, "is not the last one under the checkpoint"),
    "a proof of the wrong shape": (lambda f: edit(f, "ledger/platform.json", lambda p: p.update(proof=["x"])),
                                   "a value of the wrong shape"),
    "a cosignature dropped": (lambda f: f | {"ledger/checkpoint": b"".join(
        f["ledger/checkpoint"].splitlines(keepends=True)[:-1])}, "0 cosignatures"),
    "the record changed": (lambda f: edit(f, "records/evaluation.json", raise_score), "not named by the ledger"),
    "a document changed": (lambda f: f | {"documents/notice.txt": "公告二".encode()}, "notice.txt is not named"),
    "a PDF cut": (lambda f: f | {"documents/evaluation-report.pdf": f["documents/evaluation-report.pdf"][:-40_000]},
                  "not named by the ledger"),
    "a draw changed": (lambda f: edit(f, "draws/experts.json", lambda d: d["result"]["members"].pop()), "experts.json"),
    "a receipt changed": (lambda f: edit(f, "receipts/b-1.json", lambda r: r.update(size=1)),
                          "b-1.json: the signature"),
    "a document added": (lambda f: f | {"documents/more.pdf": b"%PDF-1.7"}, "more.pdf is not named by the ledger"),
    "the checkpoint missing": (lambda f: without(f, "ledger/checkpoint"), "ledger/checkpoint is missing"),
    "JSON not canonical": (lambda f: f | {"records/evaluation.json": f["records/evaluation.json"] + b" "},
                           "records/evaluation.json: the JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERS)
def test_tampering_is_refused_and_named(name: str) -> None:
    change, reason = TAMPERS[name]
    with pytest.raises(Fault, match=reason.replace(".", r"\.")):
        casefile.check(again(change(opened())), trusted())


def entered(log: cases.Log, files: Files, extra: dict[str, Any]) -> bytes:
    """A case file whose operator entered these values in the ledger and had the checkpoint cosigned."""
    log.add("case:c1", "more", extra)
    return casefile.write(files | log.files(), "c1", "supervisor")


def test_a_false_record_in_the_ledger_is_still_recomputed() -> None:
    log, files = cases.parts()
    false = edit(files, "records/evaluation.json", raise_score)["records/evaluation.json"]
    data = entered(log, files | {"records/evaluation.json": false}, {"sha256": canon.sha256_hex(false)})
    with pytest.raises(Fault, match=r"the recorded scoring is not what its input gives: totals"):
        casefile.check(data, trusted())


SALT, SHEET = "5a" * 16, {"b-1": {"plan": "90"}, "b-2": {"plan": "80"}}


def _locked(kind: str, told: dict[str, Any], withheld: bool = False) -> bytes:
    """A report that opens `kind` with SHEET, in a ledger that was told of the sheet `told`."""
    log, files = cases.parts()
    lock = {"member-1": {"salt": SALT, "sheet": SHEET}}
    made = canon.dumps({
        "schema": "evaluation-report/1", "scoring": None, "committee": [{"label": "member-1", "member": "m-1"}],
        "commitments": lock if kind == "score.locked" else {},
        "blind": {"locks": lock} if kind == "blind.locked" else None,
    })  # fmt: skip
    digest = canon.sha256_hex(bytes.fromhex(SALT) + canon.dumps(told))
    entry = log.add("case:c1", kind, {"member": "m-1", "sheet": digest})
    if withheld:
        entry["body"] = entry["salts"]["body"] = None
    return entered(log, files | {"records/report.json": made}, {"sha256": canon.sha256_hex(made)})


@pytest.mark.parametrize("kind", ["score.locked", "blind.locked"])
def test_a_report_opens_what_the_locks_told_the_ledger(kind: str) -> None:
    said, other = "locked sheets open what their locks told the ledger", {"b-1": SHEET["b-1"]}
    assert f"1 {said}" in casefile.check(_locked(kind, SHEET), trusted()).said
    with pytest.raises(Fault, match=rf"report\.json: the sheet of member-1 is not the one of its {kind}"):
        casefile.check(_locked(kind, other), trusted())
    assert f"0 {said}" in casefile.check(_locked(kind, other, withheld=True), trusted()).said


@pytest.mark.rule("E-11", "refused")
def test_a_report_with_another_record_or_other_print_is_refused() -> None:
    log, files = cases.parts()
    false = cases.record()
    raise_score(false)
    for made, totals, reason in (
        (false, ["95.25", "99.00"], "the recorded scoring"),
        (cases.record(), ["95.25", "99.00"], "the record's figure 75.00 is not printed"),
    ):
        pdf = cases.report(made, totals)
        data = entered(log, files | {"documents/b.pdf": pdf}, {"sha256": canon.sha256_hex(pdf)})
        with pytest.raises(Fault, match=f"documents/b.pdf: {reason}"):
            casefile.check(data, trusted())


def test_a_draw_whose_commitments_came_late_is_refused() -> None:
    log, files = cases.parts()
    late = drawing.drawn(drawing.frozen("draw-late"))
    for kind, rows in (("draw.revealed", late["reveals"]), ("draw.committed", late["commitments"])):
        for row in rows:
            log.add("case:c1", kind, {"draw": "draw-late", "party": row["party"], "value": row["value"]})
    log.add("case:c1", "draw.frozen", {"draw": "draw-late", "list": draws.list_hash(late)})
    bytes_ = canon.dumps(late)
    data = entered(log, files | {"draws/late.json": bytes_}, {"sha256": canon.sha256_hex(bytes_)})
    with pytest.raises(Fault, match="do not stand in this order"):
        casefile.check(data, trusted())
    log, files = cases.parts()
    data = entered(log, files | {"draws/late.json": bytes_}, {"sha256": canon.sha256_hex(bytes_)})
    with pytest.raises(Fault, match=r"holds 0 entries draw\.frozen"):
        casefile.check(data, trusted())


def test_a_bid_slipped_in_before_the_quoted_head_is_refused() -> None:
    """The sealed log grew by a bid that the case stream did not know of at the deadline."""
    log, files = cases.parts()
    first = log.rows["sealed:lot-1"]
    log.rows["sealed:lot-1"] = []
    log.now = cases.START
    log.add("sealed:lot-1", "bid.accepted", {"bid": "late"})
    first[0]["leaf"]["index"] = 1
    log.rows["sealed:lot-1"] += first
    with pytest.raises(Fault, match="quotes a head of stream sealed:lot-1"):
        casefile.check(casefile.write(files | log.files(), "c1", "supervisor"), trusted())


def test_a_receipt_without_its_entry_is_refused() -> None:
    log, files = cases.parts()
    log.rows.pop("sealed:lot-1")
    with pytest.raises(Fault, match="the entry it names is not in the ledger"):
        casefile.check(casefile.write(files | log.files(), "c1", "supervisor"), trusted())


@pytest.mark.parametrize(
    "change",
    [
        {"edition": "private"}, {"schema": "casefile/2"}, {"case": "c2"}, {"extra": 1},
        {"files": []},
    ],
)  # fmt: skip
def test_no_word_of_the_manifest_is_free(change: dict[str, Any]) -> None:
    files = archive.read(cases.whole())
    manifest = canon.loads(files["manifest.json"]) | change
    with pytest.raises(Fault):
        casefile.check(archive.write(files | {"manifest.json": canon.dumps(manifest)}), trusted())
    manifest = canon.loads(files["manifest.json"])
    manifest["files"][0]["role"] = "record"
    with pytest.raises(Fault, match="is not what the manifest lists"):
        casefile.check(archive.write(files | {"manifest.json": canon.dumps(manifest)}), trusted())


def test_the_archive_has_one_spelling() -> None:
    files = archive.read(cases.whole())

    def zipped(method: int = zipfile.ZIP_STORED, extra: bytes = b"", comment: bytes = b"", back: bool = False) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for path, data in sorted(files.items(), reverse=back):
                entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
                entry.compress_type, entry.create_system, entry.external_attr = method, 3, 0o100644 << 16
                entry.extra = extra
                made.writestr(entry, data)
            made.comment = comment
        return out.getvalue()

    assert zipped() == cases.whole()
    for other in (
        zipped(zipfile.ZIP_DEFLATED), zipped(extra=b"\x99\x99\x00\x00"), zipped(comment=b"hello"), zipped(back=True),
        cases.whole() + b"x", b"x" + cases.whole(), cases.whole()[:-1], b"PK",
    ):  # fmt: skip
        with pytest.raises(Fault):
            archive.read(other)
    for path in ("../up", "a/b/c", "/root", "带/中文.txt", "a/", ""):
        with pytest.raises(Unusable):
            archive.write({path: b""})
    with pytest.raises(Unusable, match="no place"):
        casefile.write({"notes/a.txt": b""}, "c1", "public")


def test_another_trust_refuses() -> None:
    base = canon.loads(cases.trust_bytes())
    stranger = checkpoint.key_of(cases.WITNESS_KEY, cases.ORIGIN).text
    for change, reason in (
        ({"log_keys": [stranger]}, "unknown key"), ({"witness_keys": []}, "unknown key"),
        ({"platform_certificates": []}, "not trusted"), ({"ca_roots": base["ca_roots"][:1]}, "no trusted root"),
        ({"ca_roots": base["ca_roots"][1:]}, "evaluation-report.pdf"),
    ):  # fmt: skip
        with pytest.raises(Fault, match=reason):
            casefile.check(cases.whole(), trust.parse(canon.dumps(base | change)))


def test_trust_files_are_read_strictly() -> None:
    base = canon.loads(cases.trust_bytes())
    assert trust.parse(cases.trust_bytes()).needed == 1
    for change in (
        {"more": []}, {"log_keys": "x"}, {"log_keys": ["x"]}, {"ca_roots": ["x"]},
        {"platform_certificates": ["AAAA"]}, {"schema": "trust/2"},
        {"witnesses_needed": 2}, {"witnesses_needed": True},
        {"ca_roots": [], "log_keys": [], "platform_certificates": [], "witness_keys": []},
    ):  # fmt: skip
        with pytest.raises(Unusable):
            trust.parse(canon.dumps(base | change))
