"""The report's section on bids of one brand: only where the tender file names core products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.paper import Paper


def section(paper: Paper, record: Mapping[str, Any]) -> None:
    found = record.get("same_brand")
    if not found:
        return
    names = {bid["id"]: f"{bid['number']}. {bid['org_name']}" for bid in record["bids"]}
    paper.section("提供相同品牌产品的投标人").text(f"依据: {found['article']}。核心产品品牌相同的，按一家投标人计算。")
    rows = [
        [names[bid], core["name"], said[core["id"]]["brand"] or "—", said[core["id"]]["page"] or "开标一览表",
         said[core["id"]]["reason"] or "—"]
        for bid, said in found["said"].items() for core in found["core"]
    ]  # fmt: skip
    paper.table(["投标人", "核心产品", "品牌", "出处（页码）", "评标委员会说明"], rows, widths=[2.2, 1.6, 1.2, 1, 2])
    if not found["groups"]:
        paper.text("参加评标的投标人之间没有相同品牌。")
    scored = (record["scoring"] or {}).get("result", {})
    for one in found["groups"]:
        listed, rest = "、".join(names[bid] for bid in one["bids"]), [bid for bid in one["bids"] if bid != one["kept"]]
        others, how = "、".join(names[bid] for bid in rest), "" if one["how"] == "best" else "，经随机抽取"
        lead = f"{listed} 提供相同品牌（{'、'.join(one['brands'])}）"
        if any(bid in scored.get("totals", {}) for bid in rest):
            kept = f"其中得分最高的 {names[one['kept']]}{how}获得中标人推荐资格"
            paper.text(f"{lead}，{kept}；{others} 不作为中标候选人。")
        else:
            paper.text(f"{lead}，其中报价最低的 {names[one['kept']]}{how}参加评标；{others} 的投标无效。")
    if found["lot"]:
        lot = found["lot"]
        paper.note(f"随机抽取的种子 {lot['seed']}，其承诺 {lot['commitment']} 在评审前已记入账本。")
