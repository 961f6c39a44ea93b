"""What the pages of a PDF look like: runs of text, pictures, shades, as pdfium reads them, in bounded work."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as raw

from core.faults import Unusable
from evaluation.blind.layout import Colour, Look, Run
from evaluation.blind.pdf import ONE_AT_A_TIME

# Reading a run asks pdfium to go through the signs of its page, so what one page may cost is bounded too.
MOST_PAGES, MOST_ON_A_PAGE, MOST_OBJECTS, DEEPEST = 1000, 4000, 200_000, 4
LEAST_PICTURE = 2.0  # points: a rule drawn as a picture is no picture
LONGEST_BLANK = 256
STROKED, UNSEEN = (1, 5), (3, 7)  # modes of drawing text
Matrix = tuple[float, float, float, float, float, float]
STRAIGHT: Matrix = (1, 0, 0, 1, 0, 0)


def looks(data: bytes) -> list[Look]:
    """A Look for each page, up to MOST_PAGES; where something was left out the last says so. Unusable for no PDF."""
    with ONE_AT_A_TIME:
        try:
            return _looks(data)
        except pypdfium2.PdfiumError as error:
            raise Unusable(f"not a readable PDF: {error}") from None


def _looks(data: bytes) -> list[Look]:
    found: list[Look] = []
    left = MOST_OBJECTS
    with pypdfium2.PdfDocument(data) as source:
        for number in range(min(len(source), MOST_PAGES)):
            page = source[number]
            reading = _Page(page, min(left, MOST_ON_A_PAGE))
            look = reading.look(more=number + 1 == MOST_PAGES < len(source))
            found.append(look)
            left -= reading.seen
            page.close()
            if left <= 0:
                break
    return found


@dataclass
class _Page:
    """One page while it is gone through; `most` objects of it."""

    page: pypdfium2.PdfPage
    most: int
    seen: int = 0
    cut: bool = False

    def look(self, *, more: bool) -> Look:
        runs: list[Run] = []
        shades: set[Colour] = set()
        pictures = 0
        text = raw.FPDFText_LoadPage(self.page)
        try:
            for thing, at in self._objects():
                kind = raw.FPDFPageObj_GetType(thing)
                if kind == raw.FPDF_PAGEOBJ_TEXT and not _blank(thing, text):
                    runs.append(_run(thing, at))
                elif kind == raw.FPDF_PAGEOBJ_PATH:
                    shades |= _shades(thing)
                elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                    left, bottom, right, top = _box(thing, at)
                    pictures += min(right - left, top - bottom) > LEAST_PICTURE
        finally:
            raw.FPDFText_ClosePage(text)
        width, height = self.page.get_size()
        return Look(width, height, tuple(runs), pictures, tuple(sorted(shades)), rest=more or self.cut)

    def _objects(self) -> Iterator[tuple[Any, Matrix]]:
        """Every object with the matrix of the forms it lies in; forms within forms as far as DEEPEST."""
        count = raw.FPDFPage_CountObjects(self.page)
        open_ = [(raw.FPDFPage_GetObject(self.page, place), STRAIGHT, 0) for place in range(min(count, self.most))]
        open_.reverse()
        while open_ and self.seen < self.most:
            thing, at, depth = open_.pop()
            self.seen += 1
            if raw.FPDFPageObj_GetType(thing) != raw.FPDF_PAGEOBJ_FORM:
                yield thing, at
            elif depth < DEEPEST:
                inner = _times(_matrix(thing), at)
                within = min(raw.FPDFFormObj_CountObjects(thing), self.most)
                open_ += [(raw.FPDFFormObj_GetObject(thing, place), inner, depth + 1)
                          for place in reversed(range(within))]  # fmt: skip
        self.cut = bool(open_) or count > self.most


def _matrix(thing: Any) -> Matrix:
    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(thing, found)
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _box(thing: Any, at: Matrix) -> tuple[float, float, float, float]:
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(thing, *sides)
    left, bottom, right, top = (one.value for one in sides)
    a, b, c, d, e, f = at
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    across, up = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(up), max(across), max(up)


def _blank(thing: Any, text: Any) -> bool:
    """Spaces alone: word processors give them any font and size."""
    size = raw.FPDFTextObj_GetText(thing, text, None, 0)
    if size > LONGEST_BLANK:
        return False
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFTextObj_GetText(thing, text, buffer, size)
    return not bytes(buffer).decode("utf-16-le", "replace").replace("\0", "").strip()


def _run(thing: Any, at: Matrix) -> Run:
    size, mode = ctypes.c_float(), raw.FPDFTextObj_GetTextRenderMode(thing)
    raw.FPDFTextObj_GetFontSize(thing, size)
    _, _, c, d, _, base = _times(_matrix(thing), at)
    get = raw.FPDFPageObj_GetStrokeColor if mode in STROKED else raw.FPDFPageObj_GetFillColor
    return Run(_font(thing), size.value * math.hypot(c, d), _colour(get, thing), *_box(thing, at), base,
               hidden=mode in UNSEEN)  # fmt: skip


def _font(thing: Any) -> str:
    """The name a PDF gives a font; Chinese programs write it in GBK."""
    font = raw.FPDFTextObj_GetFont(thing)
    size = raw.FPDFFont_GetBaseFontName(font, None, 0) if font else 0
    buffer = ctypes.create_string_buffer(size + 1)
    if size:
        raw.FPDFFont_GetBaseFontName(font, buffer, size)
    try:
        return buffer.value.decode()
    except UnicodeDecodeError:
        return buffer.value.decode("gb18030", "replace")


def _colour(get: Any, thing: Any) -> Colour:
    red, green, blue, _ = channels = [ctypes.c_uint() for _ in range(4)]
    get(thing, *channels)
    return red.value, green.value, blue.value


def _shades(thing: Any) -> set[Colour]:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(thing, fill, stroke)
    found = {_colour(raw.FPDFPageObj_GetFillColor, thing)} if fill.value else set()
    return found | ({_colour(raw.FPDFPageObj_GetStrokeColor, thing)} if stroke.value else set())
