"""What a paper draws beside its text: the double line under a title, and QR."""

from __future__ import annotations

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.lib.colors import HexColor, black
from reportlab.platypus import Flowable

LINE = HexColor(0x333333)


class Rule(Flowable):  # type: ignore[misc]
    """The double line under a title."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self._wide = width
        return width, 10

    def draw(self) -> None:
        self.canv.setStrokeColor(LINE)
        for y, thick in ((7, 1.4), (4.6, 0.4)):
            self.canv.setLineWidth(thick)
            self.canv.line(0, y, self._wide, y)


class Qr(Flowable):  # type: ignore[misc]
    """Drawn module by module: reportlab's own drawing would refer to an unembedded Helvetica."""

    def __init__(self, content: str, side: float) -> None:
        super().__init__()
        code = QrCodeWidget(content, barLevel="M").qr
        code.make()
        self._code, self._side = code, side

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return self._side, self._side

    def draw(self) -> None:
        count, quiet = self._code.getModuleCount(), 2
        unit = self._side / (count + 2 * quiet)
        self.canv.setFillColor(black)
        for row in range(count):
            y = self._side - (row + quiet + 1) * unit
            for column in range(count):
                if self._code.isDark(row, column):
                    self.canv.rect((column + quiet) * unit, y, unit, unit, stroke=0, fill=1)
