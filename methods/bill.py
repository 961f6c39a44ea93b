"""A bill of quantities (工程量清单) and a priced one, line by line; web/static/src/bill/check.js does the same.

A line's amount is its unit price × the quantity of the tender's bill, rounded half up to the cent; amounts are yuan. A
finding never stops anything by itself: what an incomplete bill means is the committee's to say (实施条例 art. 51, 52).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, localcontext
from typing import Any

from core import fields
from core.faults import Unusable
from core.money import half_up, plain

SCHEMA, PRICED = "bill-of-quantities/1", "priced-bill/1"
MOST_LINES = 5000
# A product of two numbers of fifteen digits on either side of the point stays exact.
_DIGITS = 80
# So many digits of a number a workbook gives back as they were put in.
_EXACT = 15
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
# Characters of a finding: what differs is shown, not whole cells.
MOST_SHOWN = 200
# The same characters in both languages: their own classes of white space differ.
_SPACE = re.compile(r"[\t\n\v\f\r \u00a0\u3000]+")
_GROUPS = re.compile(r"[,，]")
# What XML, and so a workbook, cannot hold.
_UNWRITABLE = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
TEXTS = ("code", "name", "feature", "unit")
LINE = ("no", *TEXTS, "quantity", "fixed")
MAY = ("limit",)  # of a line, where the tender sets one
PRICED_LINE = ("no", *TEXTS, "quantity", "price", "amount")


@dataclass(frozen=True)
class Line:
    """One line of the tender's bill. `fixed`: the amount every bidder takes over (暂列金额), "" for the rest; `limit`:
    the highest unit price (最高综合单价), "" where there is none."""

    no: str
    code: str
    name: str
    feature: str
    unit: str
    quantity: str
    fixed: str
    limit: str = ""


@dataclass(frozen=True)
class PricedLine:
    """One line as a bidder's workbook has it, cells as text; `line` is its row there."""

    line: int
    no: str
    code: str
    name: str
    feature: str
    unit: str
    quantity: str
    price: str
    amount: str


@dataclass(frozen=True)
class Bill:
    """Sections in order, each with its lines."""

    sections: tuple[tuple[str, tuple[Line, ...]], ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for _, lines in self.sections for line in lines)


@dataclass(frozen=True)
class Priced:
    """`total` as stated in row `total_line`; row 0: the workbook states none."""

    lines: tuple[PricedLine, ...]
    total: str
    total_line: int


@dataclass(frozen=True)
class Finding:
    """What differs: `line` of the workbook (0: none there), `no` of the bill, required and found."""

    line: int
    no: str
    kind: str
    required: str
    found: str

    def plain(self) -> dict[str, Any]:
        cut = {key: getattr(self, key)[:MOST_SHOWN] for key in ("no", "required", "found")}
        return {"line": self.line, "kind": self.kind} | cut


def tidy(text: str) -> str:
    """White space of any kind and length is one blank."""
    return _SPACE.sub(" ", text).strip(" ")


def number(text: str) -> Decimal | None:
    """The number a cell says, with or without thousands separators; None where it says none."""
    bare = _SPACE.sub("", _GROUPS.sub("", text))
    return Decimal(bare) if _NUMBER.fullmatch(bare) else None


def _texts(row: Mapping[str, Any], keys: Sequence[str], where: str, may: Sequence[str] = ()) -> dict[str, str]:
    if set(row) - {"line"} - set(may) != set(keys):
        raise Unusable(f"{where}: exactly {', '.join(keys)} are expected")
    keys = [*keys, *(key for key in may if key in row)]
    if not all(isinstance(row[key], str) and len(row[key]) <= 4000 for key in keys):
        raise Unusable(f"{where}: texts of at most 4000 characters are expected")
    if any(_UNWRITABLE.search(row[key]) for key in keys):
        raise Unusable(f"{where}: control characters are not allowed")
    return {key: row[key] for key in keys}


def _line(row: Mapping[str, Any]) -> Line:
    """A line of the tender's bill, numbers without thousands separators."""
    said = _texts(row, LINE, "bill", MAY)
    return Line(**(said | _numbers(said)))


def _numbers(said: Mapping[str, str]) -> dict[str, str]:
    found = {key: number(said.get(key, "")) for key in ("quantity", "fixed", "limit")}
    return {key: plain(value) for key, value in found.items() if value is not None}


def read(value: Any) -> Bill:
    """A `bill-of-quantities/1`; Unusable names what is wrong."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise Unusable(f"bill: not a {SCHEMA}")
    fields.only(value, "schema", "sections")
    sections = []
    for section in fields.items(value, "sections", most=500):
        if not isinstance(section, dict):
            raise Unusable("bill: a section is an object")
        fields.only(section, "name", "lines")
        lines = fields.items(section, "lines", most=MOST_LINES)
        if not all(isinstance(line, dict) for line in lines):
            raise Unusable("bill: a line is an object")
        name = fields.text(section, "name") if section.get("name") else ""
        if _UNWRITABLE.search(name):
            raise Unusable("bill: control characters are not allowed")
        sections.append((name, tuple(_line(line) for line in lines)))
    found = Bill(tuple(sections))
    wrong = faults(found)
    if wrong:
        raise Unusable(f"bill: {wrong[0].kind} {wrong[0].no or wrong[0].found}")
    return found


def faults(bill: Bill) -> list[Finding]:
    """What makes a bill unusable to price; `line` counts the lines from 1."""
    lines, found, seen = bill.lines, [], set()
    if not 1 <= len(lines) <= MOST_LINES:
        found.append(Finding(0, "", "bill.lines", f"1–{MOST_LINES}", str(len(lines))))
    for place, line in enumerate(lines, 1):
        found += [Finding(place, line.no, *wrong) for wrong in _faults(line)]
        if line.no in seen:
            found.append(Finding(place, line.no, "twice", "", line.no))
        seen.add(line.no)
    return found


def _faults(line: Line) -> list[tuple[str, str, str]]:
    found = [(f"bill.{key}", "", "") for key in ("no", "name", "unit") if not getattr(line, key)]
    quantity, fixed = number(line.quantity), number(line.fixed)
    if quantity is None or quantity <= 0 or len(plain(quantity).replace(".", "").lstrip("0")) > _EXACT:
        found.append(("bill.quantity", "> 0", line.quantity))
    if line.fixed and (fixed is None or fixed < 0 or fixed != half_up(fixed, 2)):
        found.append(("bill.fixed", "≥ 0, 0.01", line.fixed))
    limit = number(line.limit)
    if line.limit and (limit is None or limit <= 0 or line.fixed):
        found.append(("bill.limit", "> 0", line.limit))
    return found


def read_priced(value: Any) -> Priced:
    """A `priced-bill/1`, the part bill.json of a bid: what a workbook says, sound or not."""
    if not isinstance(value, dict) or value.get("schema") != PRICED:
        raise Unusable(f"not a {PRICED}")
    fields.only(value, "schema", "lines", "total", "total_line")
    lines = []
    for row in fields.items(value, "lines", most=2 * MOST_LINES):
        if not isinstance(row, dict):
            raise Unusable("lines: objects are expected")
        place = fields.integer(row, "line", least=1, most=1 << 21)
        lines.append(PricedLine(place, **_texts(row, PRICED_LINE, "lines")))
    place = fields.integer(value, "total_line", least=0, most=1 << 21)
    total = value.get("total")
    if not isinstance(total, str) or len(total) > 60:
        raise Unusable("total: a text of at most 60 characters is expected")
    return Priced(tuple(lines), total, place)


def compose_priced(priced: Priced) -> dict[str, Any]:
    """The plain form of `priced-bill/1`."""
    lines = [asdict(line) for line in priced.lines]
    return {"schema": PRICED, "lines": lines, "total": priced.total, "total_line": priced.total_line}


def compose(bill: Bill) -> dict[str, Any]:
    """The plain form of `bill-of-quantities/1`; a line without a limit says nothing of one."""
    listed = [(name, [asdict(line) for line in lines]) for name, lines in bill.sections]
    for row in (row for _, rows in listed for row in rows if not row["limit"]):
        del row["limit"]
    return {"schema": SCHEMA, "sections": [{"name": name, "lines": rows} for name, rows in listed]}


def check(bill: Bill, priced: Priced, price: Decimal | None = None) -> list[Finding]:
    """Everything that differs, in the order of the workbook, then what it lacks, then its totals.

    `price`: of the price sheet, in yuan; None where it is not known (then it is not compared).
    """
    wanted = {line.no: line for line in bill.lines}
    first: dict[str, int] = {}
    found: list[Finding] = []
    with localcontext(prec=_DIGITS):
        for row in priced.lines:
            want = wanted.get(row.no)
            if want is None:
                found.append(Finding(row.line, row.no, "added", "", tidy(f"{row.code} {row.name}")))
            elif row.no in first:
                found.append(Finding(row.line, row.no, "twice", str(first[row.no]), row.no))
            else:
                first[row.no] = row.line
                found += _changed(want, row) + _priced(want, row)
        for line in bill.lines:
            if line.no not in first:
                found.append(Finding(0, line.no, "missing", tidy(f"{line.code} {line.name}"), ""))
        return found + _totals(priced, price)


def _changed(want: Line, row: PricedLine) -> list[Finding]:
    """What the tenderer wrote stands as it is."""
    found = [
        Finding(row.line, row.no, key, getattr(want, key), getattr(row, key))
        for key in TEXTS
        if tidy(getattr(want, key)) != tidy(getattr(row, key))
    ]
    if number(row.quantity) != number(want.quantity):
        found.append(Finding(row.line, row.no, "quantity", want.quantity, row.quantity))
    return found


def _says(row: PricedLine, key: str) -> tuple[Decimal | None, str]:
    """(usable number, what is wrong with it)"""
    text = getattr(row, key)
    if not text:
        return None, f"{key}.empty"
    value = number(text)
    if value is None:
        return None, f"{key}.number"
    return (None, f"{key}.negative") if value < 0 else (value, "")


def _priced(want: Line, row: PricedLine) -> list[Finding]:
    quantity, fixed = number(want.quantity), number(want.fixed)
    assert quantity is not None
    price, odd_price = _says(row, "price")
    amount, odd_amount = _says(row, "amount")
    due = fixed if fixed is not None else half_up(price * quantity, 2) if price is not None else None
    need = "" if due is None else plain(due)
    found = []
    if odd_price and not (fixed is not None and odd_price == "price.empty"):
        found.append(Finding(row.line, row.no, odd_price, "", row.price))
    limit = number(want.limit)
    if limit is not None and price is not None and price > limit:
        found.append(Finding(row.line, row.no, "limit", plain(limit), row.price))
    if odd_amount:
        found.append(Finding(row.line, row.no, odd_amount, need, row.amount))
    elif due is not None and amount != due:
        found.append(Finding(row.line, row.no, "fixed" if fixed is not None else "amount", need, row.amount))
    return found


def _totals(priced: Priced, price: Decimal | None) -> list[Finding]:
    amounts = [_says(row, "amount")[0] for row in priced.lines]
    total = sum((amount for amount in amounts if amount is not None), Decimal(0))
    stated, place, need = number(priced.total), priced.total_line, plain(total)
    found = []
    if not place or not priced.total:
        found.append(Finding(place, "", "total.missing", need, ""))
    elif stated is None:
        found.append(Finding(place, "", "total.number", need, priced.total))
    elif stated != total:
        found.append(Finding(place, "", "total", need, priced.total))
    said = total if stated is None else stated
    if price is not None and price != said:
        found.append(Finding(place, "", "sheet", plain(said), plain(price)))
    return found


# -- what a workbook's first sheet says -------------------------------------------------------------------------------

Cells = tuple[int, Sequence[str]]
"""(row of the sheet from 1, its cells as text)"""
HEADS: dict[str, tuple[str, ...]] = {
    "no": ("序号",),
    "code": ("项目编码", "编码", "清单编码"),
    "name": ("项目名称", "名称"),
    "feature": ("项目特征", "项目特征描述"),
    "unit": ("计量单位", "单位"),
    "quantity": ("工程量", "数量"),
    "fixed": ("固定金额", "暂定金额"),
    "limit": ("最高综合单价", "综合单价限价", "单价限价", "控制单价"),
    "price": ("综合单价", "单价"),
    "amount": ("合价", "金额"),
}
TOTALS = ("合计", "总计", "投标总价")
_HEAD_ROWS = 30


def head(text: str) -> str:
    """A heading without blanks and what stands in brackets: 综合单价（元） is 综合单价."""
    return re.split(r"[(（]", _SPACE.sub("", text))[0]


def _columns(rows: Sequence[Cells]) -> tuple[int, dict[str, int]]:
    """(place of the heading row, column of each field)."""
    for place, (_, cells) in enumerate(rows[:_HEAD_ROWS]):
        names = [head(cell) for cell in cells]
        columns = {key: names.index(known) for key, among in HEADS.items() for known in among[::-1] if known in names}
        if {"name", "quantity"} <= columns.keys():
            return place, columns
    raise Unusable("workbook: no row with the headings 项目名称 and 工程量")


def _records(rows: Sequence[Cells], needed: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """(row, {field: text}) of every row below the headings that says something; absent columns read as empty."""
    start, columns = _columns(rows)
    lacking = [HEADS[key][0] for key in needed if key not in columns]
    if lacking:
        raise Unusable(f"workbook: no column ({', '.join(lacking)})")
    for line, cells in rows[start + 1 :]:
        record = {key: tidy(cells[at]) if at < len(cells) else "" for key, at in columns.items()}
        if any(record.values()):
            yield line, {key: record.get(key, "") for key in HEADS}


def _is_total(record: Mapping[str, str]) -> bool:
    return any(_SPACE.sub("", record[key]) in TOTALS for key in ("no", "code", "name"))


def _is_heading(record: Mapping[str, str]) -> bool:
    """A section: words, and nothing to count or to pay."""
    return bool(record["name"]) and not any(record[key] for key in ("unit", "quantity", "fixed", "price", "amount"))


def bill_of(rows: Sequence[Cells]) -> tuple[Bill, list[Finding]]:
    """A tenderer's workbook: the bill, and what makes it unusable with the row of the sheet.

    Lines are numbered anew through the whole bill: numbers that begin again in every section name no line.
    """
    sections: list[tuple[str, list[Line]]] = []
    places = []
    for place, record in _records(rows, ("name", "unit", "quantity")):
        if _is_total(record):
            continue
        if _is_heading(record) and not record["code"]:
            sections.append((record["name"], []))
            continue
        if not sections:
            sections.append(("", []))
        places.append(place)
        fixed = record["fixed"]
        usual = {"no": str(len(places))} | ({"unit": record["unit"] or "项"} if fixed else {})
        if fixed and not record["quantity"]:
            usual["quantity"] = "1"
        said = {key: record[key] for key in (*LINE, *MAY)} | usual
        sections[-1][1].append(Line(**(said | _numbers(said))))
    bill = Bill(tuple((name, tuple(lines)) for name, lines in sections if lines))
    wrong = [
        Finding(places[one.line - 1] if one.line else 0, one.no, one.kind, one.required, one.found)
        for one in faults(bill)
    ]
    return bill, wrong


def priced_of(rows: Sequence[Cells]) -> Priced:
    """A bidder's workbook as it stands; headings of sections are left out, the first row of a total counts."""
    lines, total, total_line = [], "", 0
    for place, record in _records(rows, ("no", "name", "quantity", "price", "amount")):
        if _is_total(record):
            if not total_line:
                total, total_line = record["amount"][:60], place
        elif not _is_heading(record) or record["no"]:
            lines.append(PricedLine(place, **{key: record[key] for key in PRICED_LINE}))
    if len(lines) > 2 * MOST_LINES:
        raise Unusable(f"workbook: too many lines (> {2 * MOST_LINES})")
    return Priced(tuple(lines), total, total_line)
