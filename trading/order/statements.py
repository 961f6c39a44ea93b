"""对账单: the orders an organisation placed or took within a month, quarter or year, with their sums; xlsx and PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import Actor, Role
from core.clock import CST
from core.faults import Unusable
from core.money import yuan
from core.paper import Paper
from trading.order import tally
from trading.order.models import Order, OrderSum
from trading.order.tally import AMOUNTS as SUMS

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST = 20000  # orders of one statement
PRINTED = 2000  # of which a PDF lists as many, the newest
SIDES = {Role.TENDERER: "buyer", Role.BIDDER: "supplier"}
HEADINGS = ("序号", "订单编号", "下单时间", "对方单位", "状态", "订单金额(元)", "验收金额(元)", "开票金额(元)",
            "付款金额(元)", "未付金额(元)")  # fmt: skip
WIDTHS = (7, 20, 18, 36, 14, 16, 16, 16, 16, 16)


@dataclass(frozen=True)
class Period:
    """`text` as it stands in an address: 2026, 2026-Q1 or 2026-03. `begins` ≤ a moment < `ends`."""

    text: str
    begins: datetime
    ends: datetime

    @property
    def title(self) -> str:
        year, _, part = self.text.partition("-")
        if not part:
            return f"{year}年"
        return f"{year}年第{'一二三四'[int(part[1]) - 1]}季度" if part[0] == "Q" else f"{year}年{int(part)}月"


def period(text: str) -> Period:
    found = re.fullmatch(r"(20[0-9]{2})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", text)
    if found is None:
        raise Unusable("period: a year, quarter or month like 2026, 2026-Q1 or 2026-03 is expected")
    year, quarter, month = int(found[1]), found[2], found[3]
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    length = 1 if month else 3 if quarter else 12
    last = first + length
    ends = date(year + (last > 12), last - 12 if last > 12 else last, 1)
    return Period(text, _midnight(date(year, first, 1)), _midnight(ends))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, CST)


def periods(now: datetime) -> list[Period]:
    """What one is offered: this year and the one before, each with its quarters, and the last twelve months."""
    today = now.astimezone(CST)
    years = [f"{today.year}", f"{today.year - 1}"]
    quarters = [f"{year}-Q{n}" for year in years for n in (4, 3, 2, 1)]
    months = [divmod(today.year * 12 + today.month - 1 - back, 12) for back in range(12)]
    listed = [*years, *quarters, *(f"{year}-{month + 1:02d}" for year, month in months)]
    return [one for one in map(period, listed) if one.begins <= now]


def wanted(actor: Actor, side: str, chosen: Period) -> list[ColumnElement[bool]]:
    """Orders of the own organisation on this side; cancelled ones stand in it with what was kept of them: nothing."""
    mine = [key for role, key in SIDES.items() if actor.has(role)]
    if side not in mine or not actor.org:
        raise Unusable("side: one of your own is expected")
    column = Order.buyer_org if side == "buyer" else Order.supplier_org
    return [column == actor.org, Order.placed_at >= chosen.begins, Order.placed_at < chosen.ends]


def statement(session: Session, actor: Actor, side: str, chosen: Period, *, limit: int) -> dict[str, Any]:
    """{title, side, count, sums: {total, accepted, invoiced, paid, owed}, rows: the newest `limit`}; sums are
    those kept (tally), over all. Unusable where more orders are in it than one statement takes."""
    where = wanted(actor, side, chosen)
    whose = [(tally.BUYER if side == "buyer" else tally.SUPPLIER) + actor.org]
    within = (OrderSum.month >= f"{chosen.begins:%Y%m}", OrderSum.month < f"{chosen.ends:%Y%m}")
    found = tally.together(tally.by_state(session, whose, *within).values())
    if found["count"] > MOST:
        raise Unusable(f"period: at most {MOST} orders, choose a shorter one")
    other = Order.supplier_org if side == "buyer" else Order.buyer_org
    query = select(Order, Org.name).join(Org, Org.id == other).where(*where)
    query = query.order_by(Order.placed_at.desc(), Order.id.desc()).limit(limit)
    rows = [
        {"id": row.id, "number": row.number, "placed_at": row.placed_at, "other": name, "state": row.state,
         **{key: getattr(row, key) for key in SUMS}, "owed": row.accepted - row.paid}
        for row, name in session.execute(query)
    ]  # fmt: skip
    found["sums"]["owed"] = found["sums"]["accepted"] - found["sums"]["paid"]
    return {"title": chosen.title, "side": side, "rows": rows, **found}


def workbook(found: dict[str, Any], states: dict[str, str]) -> bytes:
    """`states`: words of states. Amounts are numbers, the last row is their sum as the database made it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("对账单")
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJ", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width

    def styled(values: list[Any]) -> Iterator[Cell]:
        for value in values:
            cell = WriteOnlyCell(sheet, value)
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
            yield cell

    sheet.append(list(styled(list(HEADINGS))))
    for place, one in enumerate(found["rows"], 1):
        placed = one["placed_at"].astimezone(CST).strftime("%Y-%m-%d %H:%M")
        texts = [_text(sheet, text) for text in (one["number"], placed, one["other"], states[one["state"]])]
        sheet.append([place, *texts, *(one[key] for key in (*SUMS, "owed"))])
    sheet.append(list(styled(["", f"合计 {found['count']} 笔", "", "", "", *found["sums"].values()])))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, text: str) -> Cell:
    """A text beginning with = is a text."""
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def paper(found: dict[str, Any], states: dict[str, str], org: str, now: datetime, *, demo: bool) -> bytes:
    made = Paper("订单对账单", subtitle=found["title"], issuer=org, demo=demo)
    said = found["sums"]
    labels = zip(HEADINGS[5:], ("total", "accepted", "invoiced", "paid", "owed"), strict=True)
    facts = [(label.removesuffix("(元)"), f"{yuan(said[key])} 元") for label, key in labels]
    made.section("合计").facts([("订单", f"{found['count']} 笔"), *facts], columns=2)
    rows = [
        [one["number"], f"{one['placed_at'].astimezone(CST):%m-%d}", one["other"], states[one["state"]],
         *(yuan(one[key]) for key in ("total", "accepted", "paid", "owed"))]
        for one in found["rows"]
    ]  # fmt: skip
    made.section("订单").table(
        ["订单编号", "下单", "对方单位", "状态", "订单金额", "验收金额", "付款金额", "未付金额"], rows,
        widths=[2.1, 0.9, 2.6, 1.1, 1.5, 1.5, 1.5, 1.5], align=["left"] * 4 + ["right"] * 4,
    )  # fmt: skip
    if found["count"] > len(rows):
        made.note(f"仅列示最近 {len(rows)} 笔，全部订单见电子表格；合计为全部订单之和。")
    made.note(f"按下单时间统计，各金额为 {now.astimezone(CST):%Y-%m-%d %H:%M} 的数据，单位：元。")
    return made.build().bytes
