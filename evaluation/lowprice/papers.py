"""The report's section on abnormally low prices: only where the procedure was opened or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.paper import Paper

LINES = {"mean": "全部符合性审查合格报价平均值", "second_lowest": "次低报价", "limit": "最高限价（无限价的为预算金额）"}


def _at(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}" if text else "—"


def section(paper: Paper, record: Mapping[str, Any]) -> None:
    found = record.get("low_price") or []
    if not found:
        return
    bids = {bid["id"]: f"{bid['number']}. {bid['org_name']}" for bid in record["bids"]}
    names = {one["label"]: one["name"] for one in record["committee"]}
    paper.section("异常低价投标审查情况")
    for one in found:
        paper.subsection(bids[one["bid"]])
        for line in one["triggers"]:
            of, pct = LINES[line["trigger"]], line["pct"]
            paper.text(f"报价 {line['price']} 低于{of}的 {pct}%，即 {line['line']}（{line['source']}）。")
        yes = sum(start["start"] for start in one["starts"])
        if one["starts"]:
            said = "；".join(start["reason"] for start in one["starts"] if start["reason"])
            verdict = "启动审查" if one["opened"] else "不启动审查"
            paper.text(f"评委提议审查，赞成 {yes} 人，{verdict}。理由: {said}。")
        if not one["opened"]:
            continue
        paper.text(f"书面要求（{_at(one['asked_at'])}，{_at(one['until'])} 前答复）: {one['question']}")
        paper.text(f"说明（{_at(one['answered_at'])}）: {one['answer'] or '在规定时间内未说明'}")
        for file in one["attachments"]:
            paper.note(f"证明材料 SHA-256 {file}")
        rows = [
            [names[v["member"]], "合理" if v["justified"] else "不能合理说明", v["reason"], v["sources"] or "—"]
            for v in one["votes"]
        ]
        if rows:
            paper.table(["评委", "意见", "理由", "查询记录"], rows, widths=[0.8, 1, 3, 2.4])
        against = sum(not v["justified"] for v in one["votes"])
        word = "超过半数，按无效投标处理" if one["invalid"] else "未超过全体成员半数，不作无效处理"
        paper.text(f"表决: 认为不能合理说明 {against} 人，{word}。")
