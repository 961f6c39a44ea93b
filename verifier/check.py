"""What a file is, by its content, and what is checked of it: one row a kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from certs import checkpoint, draws, receipts, rehearsals
from certs.suite import exact_keys
from core import canon
from core.faults import Fault, Unusable
from verifier import casefile, papers
from verifier.casefile import CaseFile
from verifier.ledger import checkpoint_line
from verifier.trust import Trust

CASE_FILE = "casefile.zip"
NOT_CHECKED = "ledger not checked: no case file beside it"


def beside(path: Path, trusted: Trust) -> CaseFile | None:
    """The case file in the same folder after its own checks, or None."""
    source = path.parent / CASE_FILE
    if not source.is_file():
        return None
    try:
        return casefile.check(source.read_bytes(), trusted)
    except Fault as fault:
        raise Fault(f"{CASE_FILE} beside it: {fault}") from None


def _in_ledger(path: Path, data: bytes, trusted: Trust) -> str:
    case = beside(path, trusted)
    if case is None:
        return NOT_CHECKED
    if canon.sha256_hex(data) not in case.named:
        raise Fault(f"the ledger in {CASE_FILE} does not name this file")
    return f"named by the ledger in {CASE_FILE}"


def check_case(path: Path, data: bytes, trusted: Trust) -> list[str]:
    return casefile.check(data, trusted).said


def check_paper(path: Path, data: bytes, trusted: Trust) -> list[str]:
    return [*papers.accept(data, trusted), _in_ledger(path, data, trusted)]


def check_note(path: Path, data: bytes, trusted: Trust) -> list[str]:
    try:
        return [checkpoint_line(checkpoint.verify(data, trusted.logs, trusted.witnesses, trusted.needed))]
    except Unusable as error:
        raise Fault(f"the checkpoint is damaged: {error}") from None


def check_receipt(path: Path, data: bytes, trusted: Trust) -> list[str]:
    body = canon.loads(data)
    exact_keys(body, receipts.keys_of(body), "receipt")
    try:
        receipt = receipts.verify(data, trusted.receipt_keys)
    except Unusable as error:
        raise Fault(f"the receipt is damaged: {error}") from None
    said = f"receipt of bid {receipt.bid} version {receipt.version}, {receipt.size} bytes, at {receipt.server_time}"
    case = beside(path, trusted)
    if case is not None and receipt.entry_hash not in case.ledger.hashes:
        raise Fault(f"the ledger in {CASE_FILE} does not hold the entry of this receipt")
    return [said, NOT_CHECKED if case is None else f"its entry stands in the ledger in {CASE_FILE}"]


def check_rehearsal(path: Path, data: bytes, trusted: Trust) -> list[str]:
    """A receipt of a practice run is never accepted for one, whether or not it was signed here."""
    try:
        found = rehearsals.verify(data, trusted.receipt_keys)
    except Unusable as error:
        raise Fault(f"the receipt of a rehearsal is damaged: {error}") from None
    raise Fault(
        f"REHEARSAL: no receipt of a bid and without any legal effect; practised at {found.server_time}, "
        "signed by the platform as a rehearsal"
    )


def check_draw(path: Path, data: bytes, trusted: Trust) -> list[str]:
    record = canon.loads(data)
    replayed = draws.replay(record, trusted.roots)
    case = beside(path, trusted)
    if case is not None:
        casefile.check_draw_order(record, case.ledger)
    told = NOT_CHECKED if case is None else f"list, commitments and reveals in order in {CASE_FILE}"
    return [*draw_lines(record, replayed), told]


def draw_lines(record: draws.Record, replayed: draws.Replayed) -> list[str]:
    said = [
        f"draw {record['draw']} ({record['purpose']}) gives the recorded result from {len(record['candidates'])} "
        f"candidates, {len(record['excluded'])} excluded"
    ]
    if replayed.withheld:
        said.append(f"withheld by {', '.join(replayed.withheld)}; the registered fallback stood in")
    if record["replaces"]:
        said.append(f"replaces places of draw {record['replaces']['draw']}; that draw was not looked at")
    if replayed.holders is None:
        return [*said, "keys not checked against any trust: the record alone does not say who the parties were"]
    return [*said, *(f"{party}: {holder}" for party, holder in replayed.holders.items())]


SCHEMAS: dict[str, Callable[[Path, bytes, Trust], list[str]]] = {
    receipts.SCHEMA: check_receipt,
    rehearsals.SCHEMA: check_rehearsal,
    draws.SCHEMA: check_draw,
}


def _by_schema(data: bytes) -> Callable[[Path, bytes, Trust], list[str]]:
    try:
        value: Any = canon.loads(data)
    except Unusable as error:
        if any(f'"schema":"{schema}"'.encode() in data for schema in SCHEMAS):
            raise Fault(f"the file is damaged: {error}") from None
        raise
    schema = value.get("schema") if isinstance(value, dict) else None
    if not isinstance(schema, str) or schema not in SCHEMAS:
        raise Unusable(f"a JSON file of unknown schema {schema!r}")
    return SCHEMAS[schema]


def kind_of(path: Path, data: bytes) -> Callable[[Path, bytes, Trust], list[str]]:
    """The check for this file. The name counts too: a case file whose first byte was changed is a broken case file."""
    if data.startswith(b"PK") or path.suffix == ".zip":
        return check_case
    if data.startswith(b"%PDF-") or path.suffix == ".pdf":
        return check_paper
    if "\n— ".encode() in data:
        return check_note
    if data.lstrip()[:1] == b"{" or path.suffix == ".json":
        return _by_schema(data)
    raise Unusable("neither a case file, PDF, receipt, draw record nor checkpoint")
