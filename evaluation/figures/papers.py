"""The report's section on corrected prices: only where figures were corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.paper import Paper

# kind → (what contradicts, what holds)
KINDS = {
    "list": ("开标一览表与投标文件中相应内容不一致", "以开标一览表为准"),
    "words": ("大写金额和小写金额不一致", "以大写金额为准"),
    "point": ("单价金额小数点或者百分比明显错位", "以开标一览表的总价为准，并修改单价"),
    "sum": ("总价金额与按单价汇总金额不一致", "以单价金额计算结果为准"),
}


def _at(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}" if text else "—"


def section(paper: Paper, record: Mapping[str, Any]) -> None:
    found = record.get("figures")
    if not found:
        return
    names = {bid["id"]: f"{bid['number']}. {bid['org_name']}" for bid in record["bids"]}
    unit = record["case"]["unit"]
    paper.section("报价前后不一致的修正").text(f"依据: {found['article']}，按该条规定的次序修正。")
    for one in found["corrections"]:
        pages = {row["kind"]: row["page"] for row in one["findings"]}
        rows = [
            [KINDS[step["kind"]][0], pages[step["kind"]], step["before"], step["value"], KINDS[step["kind"]][1],
             step["after"]]
            for step in one["steps"]
        ]  # fmt: skip
        paper.subsection(names[one["bid"]])
        head = ["情形", "页码", f"报价（{unit}）", "另处所载", "处理", "修正后"]
        paper.table(head, rows, widths=[2.2, 0.8, 1, 1, 2, 1])
        said = f"要求确认（{_at(one['asked_at'])}，{_at(one['until'])} 前答复）"
        if one["answer"] == "confirmed":
            binds = f"修正后的报价 {one['after']} {unit} 产生约束力，用于评审"
            paper.text(f"{said}；投标人于 {_at(one['answered_at'])} 确认，{binds}。")
        elif one["answer"] == "declined":
            paper.text(f"{said}；投标人于 {_at(one['answered_at'])} 不确认，其投标无效。")
        else:
            paper.text(f"{said}；投标人在规定时间内未确认，其投标无效。")
