"""Workbooks made to hurt: each is read or refused by a process that may use little memory and little time."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core import canon
from core.faults import Unusable
from methods import bill as bills
from methods.bill import Bill, Line
from tests.trading.workbooks import VECTORS, book
from trading.bidding import contents, workbook, xlsx
from trading.bidding.contents import Asked
from web.desk_words import UNUSABLE

ROOT = Path(__file__).parents[2]
BILL = bills.read(VECTORS["bill"])
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADS = "".join(f'<c t="inlineStr"><is><t>{one}</t></is></c>' for one in VECTORS["heads"])
# 500 MB of address space and fifteen seconds of a processor: what one of three readers may cost an opening.
CHILD = """
import resource, sys
from core.faults import Unusable
from trading.bidding import workbook
data = sys.stdin.buffer.read()
resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))
resource.setrlimit(resource.RLIMIT_CPU, (15, 15))
try:
    print(len(workbook.rows(data)))
except Unusable as error:
    print(error)
used = resource.getrusage(resource.RUSAGE_SELF)
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], "kB", used.ru_utime, "s", file=sys.stderr)
"""


def remade(parts: dict[str, bytes | str], base: bytes = b"") -> bytes:
    """A sound workbook with some parts replaced; one with shared texts names them."""
    out = io.BytesIO()
    if STRINGS in parts:
        parts = {RELATED: RELATIONS} | parts
    with (
        zipfile.ZipFile(io.BytesIO(base or book(VECTORS["cases"][0]["rows"]))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, parts.get(name, source.read(name)))
        for name in set(parts) - set(source.namelist()):
            target.writestr(name, parts[name])
    return out.getvalue()


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData><row>{HEADS}</row>{rows}</sheetData></worksheet>'


def strings(*texts: str) -> str:
    return f'<sst xmlns="{MAIN}">{"".join(f"<si><t>{text}</t></si>" for text in texts)}</sst>'


def styles(much: str) -> str:
    return f'<styleSheet xmlns="{MAIN}">{much}</styleSheet>'


RELATED = "xl/_rels/workbook.xml.rels"
RELATIONS = """<Relationships><Relationship Id="rId1" Type="/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="s" Type="/sharedStrings" Target="sharedStrings.xml"/></Relationships>"""
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
SHARED = '<c t="s"><v>0</v></c>'
FONTS = f"<fonts>{'<font><sz/><b/></font>' * 500_000}</fonts>"
NASTY = {
    "styles of 12 MB": ({STYLES: styles(FONTS)}, "7"),
    "styles of 60 MB": ({STYLES: styles("<a/>" + " " * (60 << 20))}, "too large when unpacked"),
    "many styles": ({STYLES: styles("<a/>" * 3_000_000)}, "too many cells"),
    "many attributes": ({STYLES: styles("".join(f'<a b{n:x}="" c{n:x}=""/>' for n in range(900_000)))}, "too many"),
    "one tag": ({STYLES: styles("<a " + " ".join(f'b{n:x}=""' for n in range(1_000_000)) + "/>")}, "without end"),
    "a long shared text": ({STRINGS: strings("x" * 200_000), SHEET: sheet(f"<row>{SHARED}</row>" * 600)}, "too much"),
    "a cell of 4,001": ({STRINGS: strings("甲" * 4001), SHEET: sheet(f"<row>{SHARED}</row>")}, "text (> 4000)"),
    "a cell of 4,000": ({STRINGS: strings("甲" * 4000), SHEET: sheet(f"<row>{SHARED}</row>")}, "2"),
    "a long text elsewhere": ({STRINGS: strings("x", "y" * 30_000), SHEET: sheet(f"<row>{SHARED}</row>")}, "2"),
    "all cells long": ({STRINGS: strings("甲" * 4000), SHEET: sheet(f"<row>{SHARED * 8}</row>" * 200)}, "too much"),
    "an inline text": ({SHEET: sheet(f'<row><c t="inlineStr"><is><t>{"x" * 20_000_000}</t></is></c></row>')}, "too"),
    "too many rows": ({SHEET: sheet("<row><c><v>1</v></c></row>" * 11_000)}, "too many rows"),
    "empty rows": ({SHEET: sheet('<row><c s="1"/></row>' * 400_000)}, "1"),
    "a row far down": ({SHEET: sheet('<row r="1048576"><c><v>1</v></c></row>')}, "too many rows"),
    "many cells": ({SHEET: sheet("<row>" + "<c><v>1</v></c>" * 1_000_000 + "</row>")}, "too many cells"),
    "a doctype": ({SHEET: f"<!DOCTYPE a [<!ENTITY b 'c'>]>{sheet('')}"}, "not an xlsx file"),
    "a doctype after a comment": ({SHEET: f"<!--{'x' * 5000}--><!DOCTYPE a>{sheet('')}"}, "not an xlsx file"),
    "a doctype in UTF-16": ({SHEET: f"<!DOCTYPE a>{sheet('')}".encode("utf-16")}, "workbook: "),
    "an endless comment": ({SHEET: f"<!--{'x' * (20 << 20)}-->{sheet('')}"}, "without end"),
    "many parts": ({f"{n}": b"" for n in range(6000)}, "too many parts"),
}  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_no_workbook_takes_much_memory_or_time(name: str) -> None:
    parts, said = NASTY[name]
    data = remade(parts)
    done = subprocess.run([sys.executable, "-c", CHILD], input=data, capture_output=True, cwd=ROOT, check=False)
    print(done.stderr.decode()[-300:])
    assert done.returncode == 0
    answer = done.stdout.decode().strip()
    assert answer == said if said.isdigit() else said in answer


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_only_the_packing_of_workbooks_is_unpacked(kind: int) -> None:
    """LZMA may ask for as much memory as it likes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(Unusable, match="not an xlsx file"):
        workbook.rows(out.getvalue())


def test_a_sheet_is_found_by_its_relation_whatever_the_prefix() -> None:
    with zipfile.ZipFile(io.BytesIO(book(VECTORS["cases"][0]["rows"]))) as archive:
        said = archive.read("xl/workbook.xml").decode()
    other = said.replace("r:id=", "rel:id=").replace("xmlns:r=", "xmlns:rel=")
    assert "rel:id=" in other
    assert workbook.rows(remade({"xl/workbook.xml": other})) == workbook.rows(remade({}))


def test_every_reason_has_words() -> None:
    """In the reader's language; the two sides say the same sentences."""
    said = set()
    for name in ("trading/bidding/xlsx.py", "methods/bill.py"):
        said |= set(re.findall(r'Unusable\(f?"(workbook: [^("{]+)', (ROOT / name).read_text(encoding="utf-8")))
    for name, before in (("read", "workbook: "), ("layout", "")):
        text = (ROOT / f"web/static/src/bill/{name}.js").read_text(encoding="utf-8")
        said |= {before + one for one in re.findall(r"(?:unusable|Unusable)\([`\"]([a-z][^(`\"$]+)", text)}
    assert len(said) > 9
    assert {one.strip() for one in said} - {"workbook: workbook:"} <= UNUSABLE.keys()


# -- what is kept of it -----------------------------------------------------------------------------------------------


def judged(parts: dict[str, bytes], bill: Bill = BILL) -> dict:
    listed = [{"name": name, "size": len(data)} for name, data in parts.items()]
    return contents.judged(Asked(bill=bill), listed, lambda name, size: parts[name][:size], "1")


def test_findings_of_long_cells_stay_small() -> None:
    long = [[{"n": str(n)}, *["甲" * 3000] * 4, {"n": "1"}, "x" * 3000, "y" * 300] for n in range(1, 200)]
    bill = Bill((("", tuple(Line(str(n), "1", "a", "b", "m", "2", "") for n in range(1, 2001))),))
    said = judged({"bill.xlsx": book(long)}, bill)
    assert said["count"] > 2000
    assert len(said["findings"]) <= contents.MOST_FINDINGS
    assert all(len(one[key]) <= bills.MOST_SHOWN for one in said["findings"] for key in ("no", "required", "found"))
    assert len(canon.dumps(said)) < 4 * contents.MOST_TOLD


@pytest.mark.parametrize(
    "data",
    [b"[" * 5_000_000, b"[" + b"{}," * 900_000 + b"{}]", b"{" * 1000, b'{"a":' + b"9" * 6000 + b"}", b'"\\ud800"'],
)
def test_data_of_a_bill_that_would_grow_is_not_read(data: bytes) -> None:
    (found, *_) = judged({"bill.json": data})["findings"]
    assert found["kind"] == "bill.unreadable"


def test_a_bill_of_the_largest_size_is_still_read() -> None:
    """As much text as a workbook may have, at the most lines."""
    text = "甲" * (xlsx.MOST_WORDS // bills.MOST_LINES - 30)
    rows = [[{"n": str(n)}, "01", "a", text, "m", {"n": "1"}, {"n": "2"}, {"n": "2"}] for n in range(bills.MOST_LINES)]
    data = book(rows)
    priced = bills.priced_of(workbook.rows(data))
    said = judged({"bill.xlsx": data, "bill.json": canon.dumps(bills.compose_priced(priced))})
    assert said["lines"] == bills.MOST_LINES
    assert {one["kind"] for one in said["findings"]} & {"bill.unreadable", "bill.differs"} == set()
