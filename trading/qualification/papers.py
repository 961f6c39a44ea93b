"""资格审查报告: who examined, what was asked, what was found of each bidder, who goes on to the evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.paper import Paper, PaperResult, SignatureBox
from trading.document.judging import BRAND_ARTICLE
from trading.project.papers import hour


def record(case: str, round: int, shown: Mapping[str, Any], at: datetime, by: str) -> dict[str, Any]:
    """The machine record qualification/1."""
    keys = ("id", "number", "org_name", "uscc", "marks", "qualified")
    return {
        "schema": "qualification/1", "case": case, "round": round, "concluded_at": at, "by": by,
        "items": list(shown["items"]), "bids": [{key: one[key] for key in keys} for one in shown["bids"]],
        "qualified": shown["qualified"],
        **({"counted": shown["counted"], "alike": shown["alike"]} if shown["alike"] else {}),
    }  # fmt: skip


def report(
    name: str, heads: Sequence[tuple[str, str]], record: Mapping[str, Any], least: int, *, signed: str, demo: bool
) -> PaperResult:
    """`signed`: whom the signature box is for, "" without one."""
    paper = Paper("资格审查报告", subtitle=name, issuer=record["by"], demo=demo)
    facts = [("审查人", record["by"]), ("审查时间", hour(record["concluded_at"]))]
    paper.section("项目").facts([*heads, *facts, ("依据", "政府采购货物和服务招标投标管理办法第44条")])
    names = {one["id"]: one["name"] for one in record["items"]}
    rows = [[str(n), one["name"]] for n, one in enumerate(record["items"], 1)]
    paper.section("审查内容").table(["序号", "资格条件"], rows, widths=[1, 8])
    paper.section("审查结论")
    listed = [[str(one["number"]), one["org_name"], "合格" if one["qualified"] else "不合格"] for one in record["bids"]]
    paper.table(["投标编号", "投标人", "结论"], listed, widths=[1, 5, 1.5])
    for one in record["bids"]:
        failed = {item: mark for item, mark in one["marks"].items() if not mark["pass"]}
        if failed:
            paper.subsection(f"{one['org_name']} 未通过资格审查的原因")
            said = [[names.get(item, item), mark["page"] or "—", mark["reason"]] for item, mark in failed.items()]
            paper.table(["资格条件", "页码", "原因"], said, widths=[3, 1, 4])
    alike = _alike(paper, record)
    if record.get("counted", record["qualified"]) < least:
        paper.text(f"合格投标人 {record['qualified']} 家{alike}，不足 {least} 家，不得评标，本次采购予以废标。")
    else:
        paper.text(f"合格投标人 {record['qualified']} 家{alike}，进入评标。资格审查不由评标委员会进行。")
    if signed:
        paper.signatures([SignatureBox("examiner", signed)])
    return paper.build()


def _alike(paper: Paper, record: Mapping[str, Any]) -> str:
    """Who counts as one bidder (87号令 art. 31), and the count in words; "" where nobody does."""
    names = {one["id"]: one["org_name"] for one in record["bids"]}
    for one in record.get("alike", ()):
        listed, brand = "、".join(names[bid] for bid in one["bids"]), "、".join(one["brands"])
        paper.text(f"{listed} 提供相同品牌（{brand}）的核心产品，按一家投标人计算（{BRAND_ARTICLE}）。")
    return f"，按相同品牌计算为 {record['counted']} 家" if record.get("alike") else ""
