"""The report's section on blind parts: whose code was whose, and what the identity check found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.paper import Paper

KINDS = {
    "name": "单位名称", "short_name": "单位简称", "uscc": "统一社会信用代码", "phone": "电话号码",
    "person": "单位人员姓名", "manager": "项目负责人姓名",
}  # fmt: skip
PROBLEMS = {"missing": "未提交该部分", "unreadable": "无法读取"}


def section(paper: Paper, record: Mapping[str, Any]) -> None:
    found = record.get("blind")
    if not found:
        return
    bids = {bid["id"]: f"{bid['number']}. {bid['org_name']}" for bid in record["bids"]}
    rows = []
    for bid, code in sorted(found["codes"].items(), key=lambda item: item[1]):
        part = found["parts"].get(code, {})
        said = "；".join(f"第{one['page']}页 {KINDS[one['kind']]}" for one in part.get("findings", []))
        rows.append([code, bids[bid], said or PROBLEMS.get(part.get("problem", ""), "未发现")])
    paper.section("暗标评审")
    paper.text("暗标部分隐去属性信息后以代码评审，全体评委锁定暗标评分后揭示代码。身份信息检查只作提示，不作否决依据。")
    paper.table(["代码", "投标人", "身份信息检查"], rows, widths=[0.6, 2.4, 3])
    paper.note(f"代码由种子 {found['seed']} 生成，种子承诺 {found['commitment']} 在评审前已记入账本。")
