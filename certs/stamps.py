"""What a signature looks like: a drawn one-page PDF, used as static stamp (40 ms a signature; text stamps take 775).

The picture proves nothing; the signature under it does.
"""

from __future__ import annotations

import math
from datetime import datetime
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.clock import CST
from core.paper_fonts import SANS_BOLD, SERIF, SERIF_BOLD, checked, width

_INK, _RED, _GREY = HexColor(0x1B2A6B), HexColor(0xC8102E), HexColor(0x555555)
SEAL_SIDE = 42 * mm


def name_stamp(name: str, serial: str, now: datetime, size: tuple[float, float] = (204.0, 48.0)) -> bytes:
    """A name, the moment claimed and the head of the certificate's fingerprint; `size` in points as the box."""
    wide, high = size
    canvas, out = _canvas(size)
    line = f"{now.astimezone(CST):%Y-%m-%d %H:%M:%S} +08:00  证书 {serial[:16]}"
    canvas.setFillColor(_INK)
    tall = _fitting(name, SERIF_BOLD, high * 0.5, wide - 8)
    canvas.setFont(SERIF_BOLD, tall)
    canvas.drawString(4, high * 0.4, checked(name, SERIF_BOLD))
    canvas.setFillColor(_GREY)
    canvas.setFont(SERIF_BOLD, _fitting(line, SERIF_BOLD, 7, wide - 8))
    canvas.drawString(4, high * 0.14, checked(line, SERIF_BOLD))
    canvas.save()
    return out.getvalue()


def seal_stamp(organisation: str, purpose: str = "电子签章", *, demo: bool) -> bytes:
    """Round red seal, 42 mm: the organisation's name on the upper arc, a star, the purpose below; 演示 in a demo."""
    canvas, out = _canvas((SEAL_SIDE, SEAL_SIDE))
    middle, radius = SEAL_SIDE / 2, SEAL_SIDE / 2 - 2
    canvas.setStrokeColor(_RED)
    canvas.setFillColor(_RED)
    canvas.setLineWidth(2.4)
    canvas.circle(middle, middle, radius, stroke=1, fill=0)
    _star(canvas, middle, middle + 2, 13)
    _arc(canvas, checked(organisation, SERIF_BOLD), middle, radius - 15)
    canvas.setFont(SERIF_BOLD, 9.5)
    canvas.drawCentredString(middle, middle - 28, checked(purpose, SERIF_BOLD))
    if demo:
        canvas.setFont(SANS_BOLD, 8)
        canvas.drawCentredString(middle, middle - 40, "演示 DEMO")
    canvas.save()
    return out.getvalue()


def _canvas(size: tuple[float, float]) -> tuple[Canvas, BytesIO]:
    checked("", SERIF)
    out = BytesIO()
    return Canvas(out, pagesize=size, invariant=1, pageCompression=1, initialFontName=SERIF), out


def _fitting(text: str, font: str, size: float, room: float) -> float:
    return size * min(1.0, room / max(width(text, font, size), 0.01))


def _star(canvas: Canvas, x: float, y: float, radius: float) -> None:
    path = canvas.beginPath()
    for point in range(10):
        reach = radius if point % 2 == 0 else radius * 0.382
        angle = math.pi / 2 + point * math.pi / 5
        (path.moveTo if point == 0 else path.lineTo)(x + reach * math.cos(angle), y + reach * math.sin(angle))
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)


def _arc(canvas: Canvas, text: str, middle: float, radius: float) -> None:
    """Characters upright along the arc, evenly over at most 250°."""
    size = max(6.5, min(12.0, 150.0 / max(len(text), 1)))
    step = min(22.0, 250.0 / max(len(text) - 1, 1))
    start = 90 + step * (len(text) - 1) / 2
    canvas.setFont(SERIF_BOLD, size)
    for index, character in enumerate(text):
        canvas.saveState()
        canvas.translate(middle, middle)
        canvas.rotate(start - index * step - 90)
        canvas.drawCentredString(0, radius, character)
        canvas.restoreState()
