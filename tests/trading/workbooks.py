"""Workbooks for tests, written by a library of its own kind: rows of the vector file, a large bill."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from methods import bill as bills
from methods.bill import Bill, Line

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("bill-vectors.json").read_text(encoding="utf-8"))


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return float(value["n"]) if "n" in value else date.fromisoformat(value["d"])
    return value


def book(rows: list[list[Any]], heads: list[str] | None = None) -> bytes:
    """An xlsx whose first sheet holds the headings and the rows."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in [heads or VECTORS["heads"], *rows]:
        sheet.append([_cell(cell) for cell in row])
    made.create_sheet("说明").append(["不读的第二页"])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def large(lines: int) -> Bill:
    found = [Line(str(n), f"0401{n:08d}", f"清单项目{n}", "一般特征", "m3", "12.5", "") for n in range(1, lines + 1)]
    return Bill((("分部分项工程", tuple(found)),))


def priced(bill: Bill, price: str = "10.01", amount: str = "125.13") -> bytes:
    """The bill filled in with one price for every line (10.01 × 12.5 = 125.125, rounded half up)."""
    rows: list[list[Any]] = [
        [line.no, line.code, line.name, line.feature, line.unit, {"n": line.quantity}, {"n": price}, {"n": amount}]
        for line in bill.lines
    ]
    total = sum(bills.number(amount) or 0 for _ in rows)
    return book([*rows, [None, None, "合计", None, None, None, None, {"n": str(total)}]])
