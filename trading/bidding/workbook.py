"""xlsx workbooks of a bill of quantities: read into text cells, and written for bidders with the price columns empty.

A bidder's workbook reaches this file only after the opening; before it only the bidder's own browser reads it
(web/static/src/bill/read.js).
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from core.faults import Unusable
from core.money import plain
from methods import bill as bills
from methods.bill import Bill, Cells

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAME, DATA = "bill.xlsx", "bill.json"
LARGEST = 16 << 20
UNPACKED = 128 << 20
MOST_ROWS = 2 * bills.MOST_LINES + 500
MOST_COLUMNS = 30
HEADINGS = ("序号", "项目编码", "项目名称", "项目特征", "计量单位", "工程量", "综合单价(元)", "合价(元)")
_WIDTHS = (7, 16, 30, 44, 10, 14, 16, 18)


def _text(value: Any) -> str:
    """A cell as text; numbers to the fifteen digits a workbook shows, whatever binary fraction it stores."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return plain(Decimal(format(value, ".15g")))
    if isinstance(value, datetime | date | time | timedelta):
        return "#DATE"
    return str(value)


def _checked(data: bytes) -> None:
    """A workbook of bounded size when unpacked, and without the declarations that let XML grow."""
    if len(data) > LARGEST:
        raise Unusable(f"workbook: at most {LARGEST >> 20} MB")
    if data[:4] != b"PK\x03\x04":
        raise Unusable("workbook: not an xlsx file")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(one.file_size for one in archive.infolist()) > UNPACKED:
            raise Unusable(f"workbook: more than {UNPACKED >> 20} MB unpacked")
        for one in archive.infolist():
            with archive.open(one) as part:
                if b"<!DOCTYPE" in part.read(4096):
                    raise Unusable("workbook: not an xlsx file")


def _says_something(row: tuple[Any, ...]) -> bool:
    return any(value is not None for value in row)


def rows(data: bytes) -> list[Cells]:
    """The first sheet's rows; formulas by the values their program saved. Unusable when it cannot be read."""
    try:
        _checked(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        # A row far down would otherwise be counted up to, one empty row after the other.
        read = sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True)
        found: list[Cells] = [
            (place, [_text(value) for value in row]) for place, row in enumerate(read, 1) if _says_something(row)
        ]
        if found and found[-1][0] > MOST_ROWS:
            raise Unusable(f"workbook: more than {MOST_ROWS} rows")
        return found
    except (Unusable, MemoryError):
        raise
    except Exception as error:  # a library's own way of saying that this is no workbook
        raise Unusable(f"workbook: cannot be read ({type(error).__name__})") from None


def write(bill: Bill) -> bytes:
    """The workbook bidders fill in: the tender's columns as they are, prices empty, fixed sums in place."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "工程量清单"
    sheet.append(list(HEADINGS))
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
    for letter, width in zip("ABCDEFGH", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    for name, lines in bill.sections:
        if name:
            sheet.append(["", "", name])
            sheet.cell(sheet.max_row, 3).font = Font(bold=True)
        for line in lines:
            amount = Decimal(line.fixed) if line.fixed else None
            sheet.append([line.no, line.code, line.name, line.feature, line.unit, Decimal(line.quantity), None, amount])
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
