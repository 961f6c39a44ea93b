"""xlsx workbooks of a bill of quantities: read into text cells, and written for bidders with the price columns empty.

A bidder's workbook reaches this file only after the opening; before it only the bidder's own browser reads it
(web/static/src/bill/read.js).
"""

from __future__ import annotations

import io
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from methods.bill import Bill
from trading.bidding.xlsx import LARGEST, rows

__all__ = ["DATA", "LARGEST", "MEDIA", "NAME", "rows", "write"]

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAME, DATA = "bill.xlsx", "bill.json"
HEADINGS = ("序号", "项目编码", "项目名称", "项目特征", "计量单位", "工程量", "综合单价(元)", "合价(元)")
LIMIT = "最高综合单价(元)"
_WIDTHS = (7, 16, 30, 44, 10, 14, 16, 18, 18)


def write(bill: Bill) -> bytes:
    """The workbook bidders fill in: the tender's columns as they are, prices empty, fixed sums in place."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "工程量清单"
    limited = any(line.limit for line in bill.lines)
    sheet.append([*HEADINGS, *([LIMIT] if limited else [])])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
    for letter, width in zip("ABCDEFGHI", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for name, lines in bill.sections:
        if name:
            sheet.append(["", "", name])
            sheet.cell(sheet.max_row, 3).font = Font(bold=True)
        for line in lines:
            amount = Decimal(line.fixed) if line.fixed else None
            cells = [line.no, line.code, line.name, line.feature, line.unit, Decimal(line.quantity), None, amount]
            sheet.append([*cells, Decimal(line.limit)] if line.limit else cells)
            sheet.cell(sheet.max_row, 4).alignment = Alignment(wrap_text=True)
    sheet.append(["", "", "合计"])
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a text beginning with = is a text
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
