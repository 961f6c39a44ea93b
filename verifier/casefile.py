"""The case file: everything of one case in one archive, and the checks a stranger runs over it without a database.

manifest.json  {schema: casefile/1, edition: public | supervisor, case, files: [{path, sha256, size, role}]}, all others
trust.json     whom the exporting platform trusts; shown for comparison, never used for checking
ledger/        verifier.ledger
documents/     signed PDFs and other files · records/ machine records · receipts/ · draws/
Every document, record and draw is named by its SHA-256 in an opened ledger body, every receipt by its entry's hash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm

from certs import draws, receipts
from certs.suite import exact_keys
from core import canon
from core.faults import Fault, Unusable
from verifier import archive, ledger, papers, trust
from verifier.ledger import Entry, Ledger
from verifier.recompute import recompute
from verifier.trust import Trust

SCHEMA = "casefile/1"
REPORT = "evaluation-report/1"
Edition = Literal["public", "supervisor"]
# A file with the right keys may still hold a number where a text belongs; reading it then ends in one of these.
MISSHAPEN = (
    KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError, RecursionError, UnsupportedAlgorithm,
)  # fmt: skip
EDITIONS = ("public", "supervisor")
LEDGER = ("ledger/checkpoint", "ledger/entries.jsonl", "ledger/platform.json", "ledger/streams.json")
FOLDERS = {"documents": "document", "records": "record", "receipts": "receipt", "draws": "draw"}


def role_of(path: str) -> str:
    """What a path holds; Unusable for a path that has no place in a case file."""
    folder, _, name = path.partition("/")
    if path == "trust.json":
        return "trust"
    if path in LEDGER:
        return "ledger"
    if name and folder in FOLDERS and (folder == "documents" or name.endswith(".json")):
        return FOLDERS[folder]
    raise Unusable(f"{path} has no place in a case file")


def _manifest(files: Mapping[str, bytes], case: str, edition: str) -> dict[str, Any]:
    rows = [
        {"path": path, "sha256": canon.sha256_hex(data), "size": len(data), "role": role_of(path)}
        for path, data in sorted(files.items())
    ]
    return {"schema": SCHEMA, "case": case, "edition": edition, "files": rows}


def write(files: Mapping[str, bytes], case: str, edition: Edition) -> bytes:
    """The archive of `files` (without manifest.json, which is made here); JSON files must be canonical already."""
    return archive.write({**files, "manifest.json": canon.dumps(_manifest(files, case, edition))})


@dataclass
class CaseFile:
    """An archive whose bytes are in order; `said` grows by a line with each check that holds."""

    files: dict[str, bytes]
    trust: Trust
    said: list[str] = field(default_factory=list)

    def under(self, folder: str) -> dict[str, bytes]:
        return {path: data for path, data in self.files.items() if path.startswith(f"{folder}/")}

    @cached_property
    def ledger(self) -> Ledger:
        return ledger.read(self.files["ledger/entries.jsonl"], self.files["ledger/streams.json"])

    @cached_property
    def named(self) -> set[str]:
        """Texts of the opened ledger bodies, digests among them."""
        return self.ledger.texts

    def bound(self, path: str) -> None:
        if canon.sha256_hex(self.files[path]) not in self.named:
            raise Fault(f"{path} is not named by the ledger")


# -- the checks, in order ---------------------------------------------------------------------------------------------


def check_manifest(case: CaseFile) -> str:
    """Every file listed once with its digest, size and role, and nothing else."""
    if "manifest.json" not in case.files:
        raise Fault("manifest.json is missing")
    manifest = canon.loads_canonical(case.files["manifest.json"])
    exact_keys(manifest, {"schema", "case", "edition", "files"}, "manifest")
    if manifest["edition"] not in EDITIONS or manifest["schema"] != SCHEMA:
        raise Fault("the manifest names no known schema and edition")
    for row in manifest["files"]:
        exact_keys(row, {"path", "sha256", "size", "role"}, "manifest row")
    listed = {row["path"]: row for row in manifest["files"]}
    present = set(case.files) - {"manifest.json"}
    for path in sorted(set(listed) ^ present):
        raise Fault(f"{path} is {'missing' if path in listed else 'not listed in the manifest'}")
    expected = _manifest({path: case.files[path] for path in present}, manifest["case"], manifest["edition"])
    for row, right in zip(manifest["files"], expected["files"], strict=True):
        if row != right:
            raise Fault(f"{right['path']} is not what the manifest lists")
    missing = {*LEDGER, "trust.json"} - present
    if missing:
        raise Fault(f"{min(missing)} is missing")
    return f"case {manifest['case']}, {manifest['edition']} edition, {len(listed)} files as listed"


def check_canonical(case: CaseFile) -> str:
    found = [path for path in sorted(case.files) if path.endswith(".json")]
    for path in found:
        try:
            canon.loads_canonical(case.files[path])
        except (Fault, Unusable) as error:
            raise Fault(f"{path}: {error}") from None
    return f"{len(found)} JSON files in canonical form"


def check_trust(case: CaseFile) -> str:
    """The enclosed trust file says what the exporter believes; a difference is told, not judged."""
    enclosed = trust.parse(case.files["trust.json"])
    same = enclosed.fingerprint == case.trust.fingerprint
    return f"the enclosed trust file {'is yours' if same else f'is not yours: {enclosed.fingerprint}'}"


def check_ledger(case: CaseFile) -> str:
    manifest = canon.loads(case.files["manifest.json"])
    if f"case:{manifest['case']}" not in case.ledger.heads:
        raise Fault(f"the ledger holds no stream of case {manifest['case']}")
    withheld = sum(one.body is None for one in case.ledger.entries)
    count, streams = len(case.ledger.entries), len(case.ledger.heads)
    return f"ledger: {count} entries in {streams} streams complete and in order, {withheld} of them not opened here"


def check_quoted(case: CaseFile) -> str:
    return f"{ledger.quoted(case.ledger)} heads quoted between streams are true"


def check_checkpoint(case: CaseFile) -> str:
    files = case.files
    return ledger.anchor(case.ledger, files["ledger/platform.json"], files["ledger/checkpoint"], case.trust)


def check_named(case: CaseFile) -> str:
    paths = [path for folder in ("documents", "records", "draws") for path in case.under(folder)]
    for path in sorted(paths):
        case.bound(path)
    return f"{len(paths)} documents, records and draws stand in the ledger"


def check_draws(case: CaseFile) -> str:
    records = {path: canon.loads(data) for path, data in sorted(case.under("draws").items())}
    by_id = {record["draw"]: record for record in records.values()}
    for path, record in records.items():
        try:
            original = by_id.get(record["replaces"]["draw"]) if record["replaces"] else None
            draws.replay(record, case.trust.roots, original)
            check_draw_order(record, case.ledger)
        except (Fault, Unusable) as error:
            raise Fault(f"{path}: {error}") from None
    return f"{len(records)} draws replay, each list frozen before the commitments and these before the reveals"


def check_draw_order(record: draws.Record, log: Ledger) -> None:
    """Fault unless the ledger holds list, commitments and reveals with these values, in this order, in one stream."""

    def positions(kind: str, wanted: list[dict[str, str]]) -> list[Entry]:
        found = []
        for facts in wanted:
            hits = [one for one in log.opened(kind) if facts.items() <= one.body.items()]
            if len(hits) != 1:
                raise Fault(f"the ledger holds {len(hits)} entries {kind} for {facts.get('party', 'the list')}")
            found.append(hits[0])
        return found

    draw = record["draw"]
    frozen = positions("draw.frozen", [{"draw": draw, "list": draws.list_hash(record)}])
    made, shown = (
        positions(kind, [{"draw": draw, "party": one["party"], "value": one["value"]} for one in rows])
        for kind, rows in (("draw.committed", record["commitments"]), ("draw.revealed", record["reveals"]))
    )
    if len({one.stream for one in frozen + made + shown}) != 1:
        raise Fault("the ledger entries of the draw stand in several streams")
    first_reveal = min((one.index for one in shown), default=len(log.entries))
    if not frozen[0].index < min(one.index for one in made) or not max(one.index for one in made) < first_reveal:
        raise Fault("list, commitments and reveals do not stand in this order in the ledger")


def check_receipts(case: CaseFile) -> str:
    found = case.under("receipts")
    for path, data in sorted(found.items()):
        try:
            receipt = receipts.verify(data, case.trust.receipt_keys)
        except (Fault, Unusable) as error:
            raise Fault(f"{path}: {error}") from None
        if receipt.entry_hash not in case.ledger.hashes:
            raise Fault(f"{path}: the entry it names is not in the ledger")
    return f"{len(found)} receipts signed, their entries in the ledger"


def check_papers(case: CaseFile) -> str:
    """Every PDF that carries signatures is accepted as a whole; its own record recomputes."""
    signed = 0
    for path, data in sorted(case.under("documents").items()):
        if not papers.is_signed(data):
            continue
        try:
            papers.accept(data, case.trust)
        except (Fault, Unusable) as error:
            raise Fault(f"{path}: {error}") from None
        signed += 1
    return f"{signed} signed PDFs accepted"


def check_records(case: CaseFile) -> str:
    done = []
    for path, data in sorted(case.under("records").items()):
        try:
            done += recompute(canon.loads(data))
        except (Fault, Unusable) as error:
            raise Fault(f"{path}: {error}") from None
    return f"machine records recomputed: {', '.join(sorted(done)) or 'none to recompute'}"


def check_locks(case: CaseFile) -> str:
    """Fault unless every locked sheet of a report opens what its lock told the ledger, as far as that is opened."""
    count = 0
    for path, data in sorted(case.under("records").items()):
        record = canon.loads(data)
        if not isinstance(record, dict) or record.get("schema") != REPORT:
            continue
        members = {one["label"]: one["member"] for one in record["committee"]}
        for kind, locks in (("score.locked", record["commitments"]), ("blind.locked", _blind_locks(record))):
            if any(one.kind == kind and one.body is None for one in case.ledger.entries):
                continue
            told = {(one.body["member"], one.body["sheet"]) for one in case.ledger.opened(kind)}
            for label, lock in locks.items():
                if not isinstance(lock, dict) or lock.get("sheet") is None:
                    continue  # locked before reports kept the sheet beside its salt
                made = canon.sha256_hex(bytes.fromhex(lock["salt"]) + canon.dumps(lock["sheet"]))
                if (members[label], made) not in told:
                    raise Fault(f"{path}: the sheet of {label} is not the one of its {kind} in the ledger")
                count += 1
    return f"{count} locked sheets open what their locks told the ledger"


def _blind_locks(record: Mapping[str, Any]) -> dict[str, Any]:
    return dict(record["blind"]["locks"]) if record.get("blind") else {}


CHECKS: tuple[Callable[[CaseFile], str], ...] = (
    check_manifest,
    check_canonical,
    check_trust,
    check_ledger,
    check_quoted,
    check_checkpoint,
    check_named,
    check_draws,
    check_receipts,
    check_papers,
    check_records,
    check_locks,
)


def check(data: bytes, trusted: Trust) -> CaseFile:
    """The case file after every check of CHECKS held; Fault names the first that does not."""
    case = CaseFile(archive.read(data), trusted)
    for one in CHECKS:
        try:
            case.said.append(one(case))
        except Unusable as error:  # an unreadable part is a fault of the file that encloses it
            raise Fault(str(error)) from None
        except MISSHAPEN as error:
            raise Fault(f"{one.__name__}: a value of the wrong shape ({type(error).__name__})") from None
    return case
