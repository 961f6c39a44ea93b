"""PDF frame of every document: Chinese type, page x of y, QR, tables, named signature boxes. Knows no trade word.

The look follows GB/T 9704 where it fits minutes and reports: A4, generous left edge, centred title, black-face headings
numbered 一、二、三. The same calls give the same bytes, so an unsigned document can be made again and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from core.faults import Unusable
from core.paper_fonts import SANS, SANS_BOLD, SERIF, SERIF_BOLD, checked, register, width
from core.paper_marks import Qr, Rule

MAKER = "Gongheng"  # what our own PDFs name as their program
LEFT, RIGHT, TOP, BOTTOM = 26 * mm, 24 * mm, 26 * mm, 24 * mm
WIDE = A4[0] - LEFT - RIGHT
_GREY, _LINE, _HEAD = HexColor(0x555555), HexColor(0x333333), HexColor(0xEEF1F5)
_SEAL, _SIGN = 42 * mm, 17 * mm  # a square for a stamp, the height of a name
_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True)
class Box:
    """Where a signature goes: page counted from 0, corners in points from the lower left of that page."""

    field: str
    page: int
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class SignatureBox:
    """A place to sign: `field` is the name in the PDF (ASCII), `label` what is printed, `seal` a square for a stamp."""

    field: str
    label: str
    seal: bool = False


@dataclass(frozen=True)
class PaperResult:
    bytes: bytes
    boxes: tuple[Box, ...]
    pages: int


def _style(name: str, font: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, wordWrap="CJK", **more)


_TITLE = _style("title", SERIF_BOLD, 21, 30, alignment=TA_CENTER)
_SMALL_TITLE = _style("small-title", SERIF_BOLD, 17, 26, alignment=TA_CENTER)
_SUBTITLE = _style("subtitle", SERIF, 12.5, 20, alignment=TA_CENTER, spaceAfter=4)
_ISSUER = _style("issuer", SERIF_BOLD, 13, 20, alignment=TA_CENTER, textColor=HexColor(0x222222))
_SECTION = _style("section", SANS_BOLD, 13.5, 20, spaceBefore=12, spaceAfter=6)
_SUBSECTION = _style("subsection", SERIF_BOLD, 12, 18, spaceBefore=6, spaceAfter=4)
_BODY = _style("body", SERIF, 11.5, 20, firstLineIndent=23, spaceAfter=4, alignment=TA_JUSTIFY)
_FLUSH = _style("flush", SERIF, 11.5, 20, spaceAfter=4)
_NOTE = _style("note", SERIF, 9.5, 15, textColor=_GREY, spaceAfter=4)
_CELL = _style("cell", SERIF, 9.5, 14)
_CELL_RIGHT = _style("cell-right", SERIF, 9.5, 14, alignment=TA_RIGHT)
_CELL_CENTRE = _style("cell-centre", SERIF, 9.5, 14, alignment=TA_CENTER)
_CELL_HEAD = _style("cell-head", SANS_BOLD, 9.5, 14, alignment=TA_CENTER)
_KEY = _style("key", SANS, 9.5, 14)
_ALIGNED = {"left": _CELL, "right": _CELL_RIGHT, "centre": _CELL_CENTRE}
_PAD = 5
TOGETHER = 200  # rows: splitting a table over pages costs the square of its length


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(checked(text, style.fontName), quote=False).replace("\n", "<br/>"), style)


def _cell(text: str, side: str, wide: float) -> Paragraph | str:
    """A number is drawn as it is; the layout of a paragraph would cost a report of thousands of them half a minute."""
    number = side != "left" and text.isascii() and "\n" not in text and width(text, SERIF, 9.5) <= wide - 2 * _PAD
    return text if number else _paragraph(text, _ALIGNED[side])


def _title_style(title: str) -> ParagraphStyle:
    """Two characters alone on a second line look careless: a long title is set smaller."""
    return _TITLE if width(title, SERIF_BOLD, 21) <= WIDE else _SMALL_TITLE


def chinese_number(number: int) -> str:
    """1 … 99 → 一 … 九十九."""
    if not 1 <= number <= 99:
        raise Unusable(f"sections are numbered 1 to 99, not {number}")
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else _DIGITS[tens] + "十")
    return head + (_DIGITS[ones] if ones else "")


class Paper:
    """One document, filled from top to bottom; every call returns the paper itself.

    `number` (case or document) and `digest` (a short hash) stand in the footer; `demo` prints 演示 on each page.
    Unusable names any character that the font cannot print.
    """

    def __init__(
        self,
        title: str,
        *,
        subtitle: str = "",
        issuer: str = "",
        number: str = "",
        digest: str = "",
        demo: bool = False,
    ) -> None:
        register()
        self.title = checked(title, SERIF_BOLD)
        self._footer = " · ".join(checked(part, SANS) for part in (title, number, digest) if part)
        self._demo = demo
        self._sections = 0
        self._boxes: list[Box] = []
        self._fields: set[str] = set()
        self._story: list[Flowable] = []
        if issuer:
            self._story.append(_paragraph(issuer, _ISSUER))
        self._story.append(_paragraph(title, _title_style(title)))
        if subtitle:
            self._story.append(_paragraph(subtitle, _SUBTITLE))
        self._story.append(Rule())

    def section(self, title: str, *, room: float = 32) -> Paper:
        """Numbered heading 一、…; never left alone at the foot of a page: so many millimetres stand below its top."""
        self._sections += 1
        heading = _paragraph(f"{chinese_number(self._sections)}、{title}", _SECTION)
        self._story += [CondPageBreak(room * mm), heading]
        return self

    def subsection(self, title: str) -> Paper:
        self._story += [CondPageBreak(24 * mm), _paragraph(title, _SUBSECTION)]
        return self

    def text(self, text: str, *, indent: bool = True) -> Paper:
        self._story.append(_paragraph(text, _BODY if indent else _FLUSH))
        return self

    def note(self, text: str) -> Paper:
        self._story.append(_paragraph(text, _NOTE))
        return self

    def facts(self, rows: Sequence[tuple[str, str]], *, columns: int = 1) -> Paper:
        """Key and value side by side; `columns` pairs a line."""
        cells = [part for key, value in rows for part in (_paragraph(key, _KEY), _paragraph(value, _CELL))]
        cells += [_paragraph("", _CELL)] * (-len(cells) % (2 * columns))
        lines = [cells[i : i + 2 * columns] for i in range(0, len(cells), 2 * columns)]
        if not lines:
            raise Unusable("a table of facts needs a row")
        key = 31 * mm
        table = Table(lines, colWidths=[key, WIDE / columns - key] * columns)
        shades = [("BACKGROUND", (2 * n, 0), (2 * n, -1), _HEAD) for n in range(columns)]
        table.setStyle(TableStyle([*_GRID, *shades]))
        return self._add_table(table)

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        widths: Sequence[float] | None = None,
        align: Sequence[str] | None = None,
    ) -> Paper:
        """Data table over as many pages as it needs. `widths`: shares of the line; `align`: left, right, centre."""
        shares, sides = list(widths or [1] * len(head)), list(align or ["left"] * len(head))
        if not head or {len(shares), len(sides), *(len(row) for row in rows)} != {len(head)}:
            raise Unusable("a table needs as many cells in every row as in its head")
        columns = [WIDE * share / sum(shares) for share in shares]
        aligned = [("ALIGN", (n, 0), (n, -1), side.upper()) for n, side in enumerate(sides)]
        style = TableStyle([*_GRID, *_NUMBERS, *aligned, ("BACKGROUND", (0, 0), (-1, 0), _HEAD)])
        for at in range(0, len(rows) or 1, TOGETHER):
            body = [
                [_cell(cell, side, wide) for cell, side, wide in zip(row, sides, columns, strict=True)]
                for row in rows[at : at + TOGETHER]
            ]
            top = [_paragraph(cell, _CELL_HEAD) for cell in head]
            table = Table([top, *body], colWidths=columns, repeatRows=1, splitInRow=1, style=style)
            self._story.append(table)
        self._story.append(Spacer(1, 8))
        return self

    def qr(self, content: str, caption: str = "") -> Paper:
        """QR of `content` (30 mm, error correction M) with words beside it."""
        words = [_paragraph(caption, _CELL), Spacer(1, 4), _paragraph(content, _NOTE)]
        table = Table([[Qr(content, 30 * mm), words]], colWidths=[36 * mm, WIDE - 36 * mm])
        table.setStyle(
            TableStyle([_GRID[0], ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (0, 0), 0)])
        )
        self._story.append(KeepTogether([Spacer(1, 6), table]))
        return self

    def signatures(self, places: Sequence[str | SignatureBox], note: str = "") -> Paper:
        """Boxes to sign, two a line, seals square and last; a plain string is both field and label."""
        boxes = [SignatureBox(place, place) if isinstance(place, str) else place for place in places]
        for box in boxes:
            if not box.field.isascii() or not box.field.replace("-", "").isalnum():
                raise Unusable(f"a signature field is named with ASCII letters, digits and hyphens: {box.field!r}")
            if box.field in self._fields:
                raise Unusable(f"two signature fields are named {box.field}")
            self._fields.add(box.field)
        if note:
            self._story += [CondPageBreak(60 * mm), _paragraph(note, _FLUSH)]
        people, seals = [box for box in boxes if not box.seal], [box for box in boxes if box.seal]
        cells: list[SignatureBox | None] = [*people]
        # A stamp belongs at the lower right, beside the last name when there is room.
        for seal in seals:
            cells += [seal] if len(cells) % 2 else [None, seal]
        self._story += [_SignRow(self._boxes, cells[i : i + 2]) for i in range(0, len(cells), 2)]
        return self

    def build(self) -> PaperResult:
        """The document's bytes and where its signature boxes landed; a paper is built once."""
        out = BytesIO()
        frame = Frame(LEFT, BOTTOM, WIDE, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
        document = BaseDocTemplate(
            out,
            pagesize=A4,
            title=self.title,
            author="",
            creator=MAKER,
            producer=MAKER,
            lang="zh-CN",
            invariant=1,
            pageCompression=1,
            initialFontName=SERIF,  # else every file refers to an unembedded Helvetica
            pageTemplates=[PageTemplate("page", [frame])],
        )
        made: list[_Pages] = []

        def canvas(*args: Any, **kwargs: Any) -> _Pages:
            made.append(_Pages(*args, footer=self._footer, demo=self._demo, **kwargs))
            return made[-1]

        story, self._story = self._story, []
        if not story:
            raise Unusable("a paper is built once")
        document.build(story, canvasmaker=canvas)
        return PaperResult(out.getvalue(), tuple(self._boxes), made[-1].count)

    def _add_table(self, table: Table) -> Paper:
        self._story += [table, Spacer(1, 8)]
        return self


_GRID: list[tuple[Any, ...]] = [
    ("FONTNAME", (0, 0), (-1, -1), SERIF),  # cells without it pull in an unembedded Helvetica
    ("GRID", (0, 0), (-1, -1), 0.5, _LINE),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LEFTPADDING", (0, 0), (-1, -1), _PAD),
    ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
]

_NUMBERS: list[tuple[Any, ...]] = [("FONTSIZE", (0, 0), (-1, -1), 9.5), ("LEADING", (0, 0), (-1, -1), 14)]


class _SignRow(Flowable):  # type: ignore[misc]
    """Up to two signature boxes on one line; notes where it was drawn."""

    def __init__(self, found: list[Box], row: Sequence[SignatureBox | None]) -> None:
        super().__init__()
        self._found, self._row = found, row
        for box in row:
            checked(box.label if box else "", SANS)
        self._tall = _SEAL + 16 if any(box and box.seal for box in row) else _SIGN + 16

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self._cell = width / 2
        return width, self._tall + 3 * mm

    def draw(self) -> None:
        canvas = self.canv
        for column, box in enumerate(self._row):
            if box is None:
                continue
            left = column * self._cell + 2
            canvas.setFont(SANS, 9)
            canvas.setFillColor(black)
            canvas.drawString(left, self._tall - 10, f"{box.label}{'(盖章)' if box.seal else '(签名)'}:")
            wide, high = (_SEAL, _SEAL) if box.seal else (self._cell - 8 * mm, _SIGN)
            low = self._tall - 16 - high
            canvas.setStrokeColor(_GREY)
            canvas.setLineWidth(0.5)
            canvas.setDash(2, 2)
            if box.seal:
                canvas.circle(left + wide / 2, low + high / 2, wide / 2, stroke=1, fill=0)
            else:
                canvas.line(left, low, left + wide, low)
            canvas.setDash()
            x, y = canvas.absolutePosition(left, low)
            corners = (round(value, 2) for value in (x, y, x + wide, y + high))
            self._found.append(Box(box.field, canvas.getPageNumber() - 1, *corners))


class _Pages(Canvas):  # type: ignore[misc]
    """Two passes: pages are held until their number is known, then each gets its frame."""

    def __init__(self, *args: Any, footer: str, demo: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[dict[str, Any]] = []
        self._words, self._mark = footer, demo
        self.count = 0

    def showPage(self) -> None:
        self._held.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        held, self.count = self._held, len(self._held)
        for state in held:
            self.__dict__.update(state, count=len(held), _held=held)
            self._frame()
            super().showPage()
        super().save()

    def _frame(self) -> None:
        if self._mark:
            self.saveState()
            self.setFillColor(Color(0.75, 0.1, 0.1, alpha=0.07))
            self.setFont(SANS_BOLD, 96)
            self.translate(A4[0] / 2, A4[1] / 2)
            self.rotate(45)
            self.drawCentredString(0, -30, "演示 DEMO")
            self.restoreState()
            self.setFillColor(HexColor(0xB02020))
            self.setFont(SANS, 8.5)
            self.drawRightString(A4[0] - RIGHT, A4[1] - 16 * mm, "演示数据 无法律效力 DEMO")
        self.setStrokeColor(_GREY)
        self.setLineWidth(0.4)
        self.line(LEFT, BOTTOM - 5 * mm, A4[0] - RIGHT, BOTTOM - 5 * mm)
        self.setFillColor(_GREY)
        self.setFont(SANS, 8)
        pages = f"第 {self._pageNumber} 页 共 {self.count} 页"
        self.drawRightString(A4[0] - RIGHT, BOTTOM - 9.5 * mm, pages)
        room = WIDE - width(pages, SANS, 8) - 6 * mm
        self.drawString(LEFT, BOTTOM - 9.5 * mm, _fit(self._words, room))


def _fit(text: str, room: float) -> str:
    """The document's name is cut in the middle when too long: number and hash at the end must stay."""
    while width(text, SANS, 8) > room and len(text) > 3:
        middle = len(text) // 3
        text = text[: middle - 1] + "…" + text[middle + 1 :]
    return text
