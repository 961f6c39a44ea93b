"""The first sheet of an xlsx workbook as rows of text; web/static/src/bill/read.js reads the same in the browser.

A bidder's workbook is a stranger's file, read between the keys and the prices of everybody: bytes, elements, cells and
characters are bounded, and each part is read as a stream, so that no workbook takes more than seconds or a few hundred
megabytes. The ready-made readers hold whole parts as trees.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Context
from xml.parsers import expat

from core.faults import Unusable
from core.money import plain
from methods.bill import MOST_LINES, Cells

LARGEST = 16 << 20
# Of one part that is read; pictures and other sheets are not.
UNPACKED = 48 << 20
MOST_PARTS = 5000
# Elements and attributes of a part; a tag, a comment.
MOST_MARKS, LONGEST_MARK = 2_000_000, 1 << 18
MOST_ROWS = 2 * MOST_LINES + 500
MOST_COLUMNS = 30
# Characters of a cell, and of all cells: as many as fit into the tender file with their lines.
MOST_TEXT, MOST_WORDS = 4000, 4 << 20
_BLOCK = 1 << 16
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
# As far as a workbook's own numbers reach.
_SHOWN, _LARGEST_POWER = Context(prec=15, rounding=ROUND_HALF_UP), 308
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]+")
_WHOLE = re.compile(r"[0-9]{1,7}")
_NO_DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')

Open = Callable[[str, Mapping[str, str]], object]
Text = Callable[[str], object]
Close = Callable[[str], object]


def rows(data: bytes) -> list[Cells]:
    """Rows that say something; formulas by the values their program saved. Unusable when it cannot be read."""
    try:
        return _rows(data)
    except Unusable:
        raise
    except Exception as error:  # zip, zlib and expat each have their own ways of saying that this is no workbook
        raise Unusable(f"workbook: cannot be read ({type(error).__name__})") from None


def _rows(data: bytes) -> list[Cells]:
    if len(data) > LARGEST:
        raise Unusable(f"workbook: too large (> {LARGEST >> 20} MB)")
    if data[:4] != b"PK\x03\x04":
        raise Unusable("workbook: not an xlsx file")
    if data.count(b"PK\x01\x02") > MOST_PARTS:
        raise Unusable(f"workbook: too many parts (> {MOST_PARTS})")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = _related(archive, "_rels/.rels", "")
        book = next((target for kind, target in root.values() if kind == "officeDocument"), "xl/workbook.xml")
        folder, _, name = book.rpartition("/")
        related = _related(archive, f"{folder}/_rels/{name}.rels", folder)
        sheet = _first_sheet(archive, book, related)
        parts = {kind: target for kind, target in related.values() if kind in ("sharedStrings", "styles")}
        shared, dates = _strings(archive, parts.get("sharedStrings", "")), _dates(archive, parts.get("styles", ""))
        return list(_Sheet(shared, dates).read(archive, sheet))


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def _walk(
    archive: zipfile.ZipFile, name: str, begun: Open, text: Text = len, ended: Close = len, *, needed: bool = False
) -> None:
    """Walk the elements of a part, names without prefix; an absent one has none."""
    if name not in archive.NameToInfo and not needed:
        return
    marks = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal marks
        marks += 1 + len(attributes)
        if marks > MOST_MARKS:
            raise Unusable("workbook: too many cells")
        begun(_bare(tag), attributes)

    parser = expat.ParserCreate("UTF-8", None, None)  # the last: names are not kept
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    parser.EndElementHandler = lambda tag: ended(_bare(tag))
    parser.StartDoctypeDeclHandler = _declared
    _feed(parser, archive, archive.getinfo(name))


def _feed(parser: expat.XMLParserType, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unusable("workbook: not an xlsx file")
    fed = 0
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            fed += len(block)
            if fed > UNPACKED:
                raise Unusable(f"workbook: too large when unpacked (> {UNPACKED >> 20} MB)")
            parser.Parse(block, False)
            if fed - max(parser.CurrentByteIndex, 0) > LONGEST_MARK:
                raise Unusable("workbook: cannot be read (a tag without end)")
    parser.Parse(b"", True)


def _declared(*_: object) -> None:
    """Declarations are what lets XML grow; a workbook has none."""
    raise Unusable("workbook: not an xlsx file")


def _related(archive: zipfile.ZipFile, name: str, folder: str) -> dict[str, tuple[str, str]]:
    """{id: (kind, address)} of the parts a part names."""
    found: dict[str, tuple[str, str]] = {}

    def begun(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            place = target[1:] if target.startswith("/") else f"{folder}/{target}" if folder else target
            found.setdefault(attributes.get("Id", ""), (attributes.get("Type", "").rpartition("/")[2], place))

    _walk(archive, name, begun)
    return found


def _first_sheet(archive: zipfile.ZipFile, book: str, related: Mapping[str, tuple[str, str]]) -> str:
    found: list[str] = []

    def begun(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sheet" and not found:
            named = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            kind, target = related.get(named, ("", ""))
            if kind == "worksheet":
                found.append(target)

    _walk(archive, book, begun, needed=True)
    if not found:
        raise Unusable("workbook: cannot be read (no sheet)")
    return found[0]


class _Words:
    """Collects the text of `v` and `t`, without the readings that stand above Chinese words."""

    def __init__(self) -> None:
        self.inside = self.reading = self.length = 0
        self.pieces: list[str] = []

    def begun(self, tag: str) -> None:
        self.inside += tag in ("v", "t")
        self.reading += tag == "rPh"

    def text(self, said: str) -> None:
        # One more than allowed is enough to know.
        if self.inside and not self.reading and self.length <= MOST_TEXT:
            self.pieces.append(said[: MOST_TEXT + 1 - self.length])
            self.length += len(self.pieces[-1])

    def ended(self, tag: str) -> None:
        self.inside -= tag in ("v", "t")
        self.reading -= tag == "rPh"

    def take(self) -> str:
        said, self.pieces, self.length = "".join(self.pieces), [], 0
        return said


def _strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    found: list[str] = []
    words = _Words()

    def ended(tag: str) -> None:
        words.ended(tag)
        if tag == "si":
            found.append(words.take())

    _walk(archive, name, lambda tag, _: words.begun(tag), words.text, ended)
    return found


def _dates(archive: zipfile.ZipFile, name: str) -> list[bool]:
    """Which cell styles show a date, by the number of the style."""
    codes: dict[str, str] = {}
    found: list[bool] = []
    within = False

    def begun(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal within
        if tag == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        within = within or tag == "cellXfs"
        if tag == "xf" and within:
            known = attributes.get("numFmtId", "0")
            number = int(known) if _WHOLE.fullmatch(known) else 0
            code = _NO_DATE.sub("", codes.get(known, ""))
            found.append(14 <= number <= 22 or 45 <= number <= 47 or bool(re.search("[dmyhs]", code, re.I | re.A)))

    def ended(tag: str) -> None:
        nonlocal within
        within = within and tag != "cellXfs"

    _walk(archive, name, begun, len, ended)
    return found


def _number(value: str) -> str:
    """To the fifteen digits a workbook shows, whatever binary fraction it stores; as it stands when it is none."""
    if not _NUMBER.fullmatch(value):
        return value
    number = _SHOWN.create_decimal(value)
    if not number:
        return "0"
    return plain(number) if abs(number.adjusted() + 1) <= _LARGEST_POWER else value


def _whole(value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise Unusable("workbook: cannot be read (a number of a row)")
    return int(value)


def _column(reference: str) -> int:
    """3 for C12."""
    letters = _PLACE.fullmatch(reference)
    if letters is None:
        raise Unusable("workbook: cannot be read (a place of a cell)")
    found = 0
    for letter in letters[1]:
        found = found * 26 + ord(letter) - 64
    return found


class _Sheet:
    """The rows of one sheet as its part is walked."""

    def __init__(self, shared: list[str], dates: list[bool]) -> None:
        self.shared, self.dates = shared, dates
        self.row = self.at = self.characters = 0
        self.line: dict[int, str] = {}
        self.cell: Mapping[str, str] | None = None
        self.words = _Words()
        self.found: list[Cells] = []

    def read(self, archive: zipfile.ZipFile, name: str) -> Iterator[Cells]:
        _walk(archive, name, self.begun, self.text, self.ended, needed=True)
        yield from self.found

    def begun(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "row":
            self.row = _whole(attributes["r"]) if "r" in attributes else self.row + 1
            self.line, self.at = {}, 0
        elif tag == "c":
            self.at = _column(attributes["r"]) if "r" in attributes else self.at + 1
            self.cell = attributes
        else:
            self.words.begun(tag)

    def text(self, said: str) -> None:
        if self.cell is not None:
            self.words.text(said)

    def ended(self, tag: str) -> None:
        if tag == "c":
            value = self.words.take()
            if self.cell is not None and self.at <= MOST_COLUMNS:
                self.line[self.at] = self._said(self.cell, value)
            self.cell = None
        elif tag == "row":
            self._row()
        else:
            self.words.ended(tag)

    def _said(self, cell: Mapping[str, str], value: str) -> str:
        kind = cell.get("t", "n")
        if not value:
            return ""
        if kind == "s":
            place = int(value) if _WHOLE.fullmatch(value) else len(self.shared)
            return self.shared[place] if place < len(self.shared) else ""
        if kind == "b":
            return "FALSE" if value == "0" else "TRUE"
        if kind == "n":
            style = cell.get("s", "0")
            shown = int(style) if _WHOLE.fullmatch(style) else 0
            return "#DATE" if shown < len(self.dates) and self.dates[shown] else _number(value)
        return "#DATE" if kind == "d" else value

    def _row(self) -> None:
        if not any(self.line.values()):
            return
        if self.row > MOST_ROWS:
            raise Unusable(f"workbook: too many rows (> {MOST_ROWS})")
        if max(map(len, self.line.values())) > MOST_TEXT:
            raise Unusable(f"workbook: a cell with too much text (> {MOST_TEXT})")
        self.characters += sum(map(len, self.line.values()))
        if self.characters > MOST_WORDS:
            raise Unusable("workbook: too much text")
        self.found.append((self.row, [self.line.get(at, "") for at in range(1, max(self.line) + 1)]))
