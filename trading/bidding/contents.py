"""What a sealed bid says about itself (`bid-contents/1`, part contents.json) and whether it is what the file asks for.

The bid desk asks the same in the bidder's browser before sealing (web/static/src/pages/desk.js); here it is asked of an
opened bid, for the committee. Nothing here stops an opening: whatever is odd becomes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import canon, fields
from core.faults import Fault, Unusable
from core.money import D
from methods import bill as bills
from methods.bill import Bill, Finding, Priced
from trading.bidding import workbook
from trading.document.components import FORMATS

SCHEMA, NAME, PDF = "bid-contents/1", "contents.json", "bid.pdf"
KINDS = ("bid", "replacement", "supplement")
LARGEST, LARGEST_DATA = 1 << 16, 16 << 20
# As many as a page can show, and as much as a row should hold; the count says how many there are.
MOST_FINDINGS, MOST_TOLD = 200, 1 << 16
# Objects, lists and texts of a bill.json: twice what its largest workbook could need.
MOST_MARKS = 1_000_000


@dataclass(frozen=True)
class Asked:
    """What the tender file asks of a bid. `unit`: of the price sheet."""

    components: tuple[Mapping[str, Any], ...] = ()
    bill: Bill | None = None
    unit: str = "元"


@dataclass(frozen=True)
class Contents:
    """`files`: id of a component → the part that holds it (bid.pdf for one inside the bid itself)."""

    kind: str = "bid"
    note: str = ""
    files: dict[str, str] = field(default_factory=dict)


Reader = Callable[[str, int], bytes]
"""(name of a part, at most so many bytes) → its first bytes"""


def compose(contents: Contents) -> bytes:
    parts = [{"id": key, "file": name} for key, name in sorted(contents.files.items())]
    return canon.dumps({"schema": SCHEMA, "kind": contents.kind, "note": contents.note, "parts": parts})


def read(data: bytes) -> Contents:
    value = canon.loads(data) if len(data) <= LARGEST else None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise Unusable(f"not a {SCHEMA}")
    fields.only(value, "schema", "kind", "note", "parts")
    files = {}
    for part in fields.items(value, "parts", most=64):
        if not isinstance(part, dict):
            raise Unusable("parts: objects are expected")
        files[fields.text(part, "id", limit=30)] = fields.text(part, "file", limit=120)
    note = fields.text(value, "note", limit=2000) if value.get("note") else ""
    return Contents(fields.choice(value, "kind", KINDS), note, files)


def in_yuan(price: str, unit: str) -> Decimal:
    return D(price) * (10000 if unit == "万元" else 1)


def judged(
    asked: Asked, parts: Sequence[Mapping[str, Any]], head: Reader, price: str, kind: str = "bid"
) -> dict[str, Any]:
    """{kind, note, parts, findings, count, lines, total} of an opened bid; {} where neither side says anything.

    `parts`: {name, size} as they came out; `price` as in the sheet, "" when unreadable; `kind` as it was handed in.
    """
    sizes = {part["name"]: part["size"] for part in parts}
    if NAME not in sizes and not asked.components and asked.bill is None:
        return {}
    said, found = _said(sizes, head, kind)
    files = _placed(asked, said, sizes)
    silent = NAME not in sizes and PDF in sizes
    for row in asked.components:
        found += component(row, files.get(row["id"], ""), sizes, head, silent=silent)
    answer: dict[str, Any] = {"lines": 0, "total": ""}
    if asked.bill is not None:
        priced, more = _priced(asked.bill, sizes, head, in_yuan(price, asked.unit) if price else None)
        found += more
        if priced is not None:
            answer = {"lines": len(priced.lines), "total": priced.total}
    return answer | {
        "kind": said.kind, "note": said.note,
        "parts": [{"id": key, "file": name} for key, name in sorted(files.items())],
        "findings": _kept(found), "count": len(found),
    }  # fmt: skip


def unjudged(why: str) -> dict[str, Any]:
    """In place of `judged` where the checks themselves failed."""
    found = [Finding(0, "", "unjudged", "", why)]
    return {"lines": 0, "total": "", "kind": "bid", "note": "", "parts": [], "findings": _kept(found), "count": 1}


def _kept(found: Sequence[Finding]) -> list[dict[str, Any]]:
    kept, told = [], 0
    for one in found[:MOST_FINDINGS]:
        value = one.plain()
        told += sum(len(text) for text in (value["no"], value["required"], value["found"]))
        if told > MOST_TOLD:
            break
        kept.append(value)
    return kept


def _said(sizes: Mapping[str, int], head: Reader, kind: str) -> tuple[Contents, list[Finding]]:
    if NAME not in sizes:
        return Contents(kind), []
    try:
        said = read(head(NAME, LARGEST + 1))
    except (Fault, Unusable) as error:
        return Contents(kind), [Finding(0, NAME, "contents", SCHEMA, str(error))]
    return said, [Finding(0, NAME, "contents.kind", kind, said.kind)] if said.kind != kind else []


def _placed(asked: Asked, said: Contents, sizes: Mapping[str, int]) -> dict[str, str]:
    """Where each component lies: as the bid says, else the part of its name (a bid sealed without the page)."""
    found = {}
    for row in asked.components:
        named = next((name for name in sizes if name.rpartition(".")[0] == row["name"]), "")
        place = said.files.get(row["id"]) or named
        if place:
            found[row["id"]] = place
    return found


def component(
    row: Mapping[str, Any], file: str, sizes: Mapping[str, int], head: Reader, *, silent: bool = False
) -> list[Finding]:
    """Findings on one component: there, of its kind by its first bytes, neither empty nor too large.

    `silent`: the bid does not say what stands where, so a part in PDF may be inside its bid.pdf.
    """
    name, magic = row["name"], FORMATS[row["format"]][0]
    if silent and not file and row["format"] == "pdf":
        return [Finding(0, name, "part.unsaid", "", "")] if row["required"] else []
    if file not in sizes:
        return [Finding(0, name, "part.missing", "", file)] if row["required"] or file else []
    if not sizes[file]:
        return [Finding(0, name, "part.empty", "> 0", "0")]
    found = []
    if file != PDF and row["most_mb"] and sizes[file] > row["most_mb"] << 20:
        found.append(Finding(0, name, "part.size", f"≤ {row['most_mb']} MB", f"{-(-sizes[file] // (1 << 20))} MB"))
    if not head(file, len(magic)).startswith(magic):
        found.append(Finding(0, name, "part.type", row["format"], file))
    return found


def _priced(
    bill: Bill, sizes: Mapping[str, int], head: Reader, price: Decimal | None
) -> tuple[Priced | None, list[Finding]]:
    """The workbook decides; bill.json is what the bidder's own page read of it."""
    found: list[Finding] = []
    read: list[Priced] = []
    for name in (workbook.NAME, workbook.DATA):
        if name in sizes:
            try:
                data = head(name, LARGEST_DATA + 1)
                if name == workbook.NAME:
                    read.append(bills.priced_of(workbook.rows(data)))
                else:
                    read.append(_data(data))
            except (Fault, Unusable) as error:
                found.append(Finding(0, name, "bill.unreadable", "", str(error)))
    if not read:
        return None, found or [Finding(0, workbook.NAME, "bill.missing", "", "")]
    if len(read) == 2 and read[0] != read[1]:
        found.append(Finding(0, workbook.DATA, "bill.differs", workbook.NAME, workbook.DATA))
    return read[0], found + bills.check(bill, read[0], price)


def _data(data: bytes) -> Priced:
    """bill.json, if it is no larger unpacked than a bill can be."""
    if len(data) > LARGEST_DATA or sum(map(data.count, (b"{", b"[", b'"'))) > MOST_MARKS:
        raise Unusable("bill.json: too large")
    return bills.read_priced(canon.loads(data))
