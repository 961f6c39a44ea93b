"""A file of items: what its columns are called, how a line becomes the payload of an item, the workbook to fill in."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.faults import Unusable
from trading.bidding.xlsx import rows
from trading.mall.categories import Category
from trading.mall.facts import Asked, SpecField

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS: dict[str, str] = {
    "货号": "sku", "品目编码": "category", "名称": "name", "品牌": "brand", "型号": "model", "计量单位": "unit",
    "单价(元)": "price", "商城外售价(元)": "elsewhere", "商城外网址": "elsewhere_url", "库存": "stock",
    "配送区域编码": "regions", "节能证书编号": "energy.number", "节能证书有效期至": "energy.until",
    "环境标志证书编号": "environment.number", "环境标志证书有效期至": "environment.until",
}  # fmt: skip
NEEDED = ("货号", "品目编码", "名称", "品牌", "计量单位", "单价(元)", "库存", "配送区域编码")
SPEC = "规格:"
MOST_EMPTY = 200  # lines of the workbook that a choice can be picked in


@dataclass(frozen=True)
class Line:
    """`number` as the file counts its lines; `columns`: where a key stands (`G 单价(元)`), for the report."""

    number: int
    payload: dict[str, Any]
    columns: Mapping[str, str]


def _headings(row: Sequence[str]) -> dict[int, str]:
    """{place from 0: heading}; Unusable names what is missing, doubled or unknown."""
    found = {at: said.strip().replace("：", ":") for at, said in enumerate(row) if said.strip()}
    names = list(found.values())
    twice = sorted({one for one in names if names.count(one) > 1})
    unknown = [one for one in names if one not in COLUMNS and not one.startswith(SPEC)]
    missing = [one for one in NEEDED if one not in names]
    if missing or twice or unknown:
        what, which = ("missing", missing) if missing else ("twice", twice) if twice else ("unknown", unknown)
        raise Unusable(f"headings: {what} {'、'.join(which)[:100]}")
    return found


def _key(heading: str) -> str:
    return COLUMNS.get(heading) or f"specs.{heading.removeprefix(SPEC)}"


def _payload(cells: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {key: value for key, value in cells.items() if "." not in key}
    said["regions"] = [one for one in said.get("regions", "").replace("，", ",").replace("、", ",").split(",") if one]
    said["regions"] = [one.strip() for one in said["regions"]]
    said["specs"] = {key.removeprefix("specs."): value for key, value in cells.items() if key.startswith("specs.")}
    said["certificates"] = [
        {"mark": mark, "number": cells.get(f"{mark}.number", ""), "until": cells.get(f"{mark}.until", "")}
        for mark in ("energy", "environment")
        if cells.get(f"{mark}.number") or cells.get(f"{mark}.until")
    ]
    return said


def lines_of(data: bytes) -> list[Line]:
    """Lines below the row of headings, which is the first that holds 货号. Unusable when the file cannot be read."""
    found = rows(data)
    at = next((n for n, (_, cells) in enumerate(found) if "货号" in [one.strip() for one in cells]), None)
    if at is None:
        raise Unusable("headings: missing 货号")
    headings = _headings(found[at][1])
    places = {_key(name): f"{get_column_letter(place + 1)} {name}" for place, name in headings.items()}
    places |= {"certificates": "证书", "specs": "规格"}
    return [Line(number, _payload(_cells(cells, headings)), places) for number, cells in found[at + 1 :]]


def _cells(row: Sequence[str], headings: Mapping[int, str]) -> dict[str, str]:
    return {_key(name): row[at].strip() if at < len(row) else "" for at, name in headings.items()}


def lines_of_json(value: Any) -> list[Line]:
    """{"items": [{…as in item.save}]}: the line is the item's place, counted from 1."""
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list) or set(value) - {"items", "submit"}:
        raise Unusable("items: an object with a list of items is expected")
    return [Line(n, one if isinstance(one, dict) else {}, {}) for n, one in enumerate(items, 1)]


def blank(category: Category, asked: Asked) -> bytes:
    """The workbook of a category: headings, what each asks for, and a line to begin with."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = category.code
    names = [*COLUMNS, *(f"{SPEC}{one.name}" for one in asked.fields)]
    fields = {f"{SPEC}{one.name}": one for one in asked.fields}
    sheet.append([f"品目 {category.code} {category.name}；从第 4 行起每行一个商品，各列按文本填写，不要改动表头。"])
    sheet.append([_hint(name, fields.get(name)) for name in names])
    sheet.append(names)
    sheet.append(["", category.code])
    for at, name in enumerate(names, 1):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = max(12, 2 * len(name) + 4)
        head, hint = sheet.cell(3, at), sheet.cell(2, at)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
        hint.font, hint.alignment = Font(italic=True, size=9), Alignment(wrap_text=True, vertical="top")
        for line in range(4, 4 + MOST_EMPTY):
            sheet.cell(line, at).number_format = "@"
        _pick(sheet, letter, fields.get(name))
    sheet.freeze_panes = "B4"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _hint(name: str, one: SpecField | None) -> str:
    if one is None:
        return "必填" if name in NEEDED else "2027-12-31 的形式" if name.endswith("有效期至") else "选填"
    number, choice = f"数字 {one.unit}".strip(), " / ".join(one.choices)
    kind = {"text": "文字", "number": number, "choice": choice, "yes_no": "是 / 否"}[one.kind]
    return f"{'必填' if one.required else '选填'}：{kind}"


def _pick(sheet: Worksheet, letter: str, one: SpecField | None) -> None:
    choices = ("是", "否") if one is not None and one.kind == "yes_no" else one.choices if one is not None else ()
    listed = ",".join(choices)
    if choices and len(listed) <= 250 and '"' not in listed and not any("," in said for said in choices):
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{letter}4:{letter}{3 + MOST_EMPTY}")
