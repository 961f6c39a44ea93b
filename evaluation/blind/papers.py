"""The report's section on blind parts: whose code was whose, and what the identity check found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.paper import Paper

KINDS = {
    "name": "单位名称", "short_name": "单位简称", "uscc": "统一社会信用代码", "phone": "电话号码",
    "person": "单位人员姓名", "manager": "项目负责人姓名",
}  # fmt: skip
LAYOUT = {
    "font": "字体不符", "size": "字号不符", "spacing": "行距不符", "margin": "文字超出左右边距",
    "header": "页眉处有文字", "footer": "页脚处有文字或者页码", "colour": "彩色", "picture": "图片",
    "hidden": "不显示的文字", "rest": "其后页数过多或者内容过密，未检查",
}  # fmt: skip
PROBLEMS = {"missing": "未提交该部分", "unreadable": "无法读取"}


def section(paper: Paper, record: Mapping[str, Any]) -> None:
    found = record.get("blind")
    if not found:
        return
    bids = {bid["id"]: f"{bid['number']}. {bid['org_name']}" for bid in record["bids"]}
    rows, demanded = [], "layout" in found
    for bid, code in sorted(found["codes"].items(), key=lambda item: item[1]):
        part = found["parts"].get(code, {})
        said = "；".join(f"第{one['page']}页 {KINDS[one['kind']]}" for one in part.get("findings", []))
        unread = PROBLEMS.get(part.get("problem", ""), "未发现")
        line = [code, bids[bid], said or unread]
        rows.append([*line, "；".join(map(_look, part.get("layout", []))) or unread] if demanded else line)
    paper.section("暗标评审")
    paper.text(
        "暗标部分隐去属性信息后以代码评审，全体评委锁定暗标评分后揭示代码。身份信息、版式检查只作提示，不作否决依据。"
    )
    if demanded:
        paper.table(["代码", "投标人", "身份信息检查", "版式检查"], rows, widths=[0.6, 2, 1.8, 2.6])
    else:
        paper.table(["代码", "投标人", "身份信息检查"], rows, widths=[0.6, 2.4, 3])
    paper.note(f"代码由种子 {found['seed']} 生成，种子承诺 {found['commitment']} 在评审前已记入账本。")


def _look(sign: Mapping[str, Any]) -> str:
    """第1、2页等共12页 字号不符（12 磅）"""
    pages = "、".join(map(str, sign["pages"]))
    where = f"第{pages}页" if sign["count"] == len(sign["pages"]) else f"第{pages}页等共{sign['count']}页"
    points, found = sign["kind"] in ("size", "spacing"), str(sign["found"])
    detail = f"{found} 磅" if points and found else {"other": "非常用字体"}.get(found, found)
    return f"{where} {LAYOUT[sign['kind']]}" + (f"（{detail}）" if detail else "")
