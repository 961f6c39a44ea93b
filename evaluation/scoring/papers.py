"""The report's part on policy deductions: what was deducted, by which rate and article (domain.md §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.paper import Paper
from evaluation.scoring import policy

Record = Mapping[str, Any]
FLAGS = {"small_firm": "小微企业", "domestic": "本国产品", "small_share": "小微企业合同份额"}
FORMS = {"consortium": "联合体", "subcontract": "分包", "all_small": "联合体各方均为小微企业"}
UNHEARD = {
    "not_offered": "招标文件未规定该项扣除", "unflagged": "声明了份额但未主张扣除",
    "undeclared": "主张扣除但未声明份额",
    "both": "同时主张小微企业和小微企业合同份额", "form": "声明的形式无法识别", "share": "声明的份额不在0至100%之间",
    "alone": "联合体各方均为小微企业的不另声明份额",
}  # fmt: skip


def section(paper: Paper, record: Record, data: Record, result: Record, bids: Mapping[str, str]) -> None:
    """Prices for evaluation, and declarations that count for nothing with the reason; nothing where there are none."""
    found, unheard = policy.prices(data, result), policy.unheard(record["bids"], data["price"])
    if not found and not unheard:
        return
    paper.subsection("政策性价格扣除").text("扣除仅用于评审，合同价格以投标报价为准；各项扣除均以原报价为基数。")
    rows = [
        [bids[one["bid"]], one["price"], "；".join(_deductions(one)),
         f"{one['formula']} = {one['evaluated']}" if one["deductions"] else one["evaluated"]]
        for one in found
    ]  # fmt: skip
    if rows:
        paper.table(["投标人", "投标报价", "扣除", "评审价格"], rows, widths=[1.7, 0.9, 2.4, 2.6])
    for line in unheard:
        paper.note(f"{bids[line['bid']]} 关于小微企业合同份额的声明不予采纳: {UNHEARD[line['why']]}。")


def _deductions(one: Record) -> list[str]:
    """Each deduction of a bid in words; a share of small firms with what decided it and the article."""
    told = one.get("small")
    plain_ones = {flag: share for flag, share in one["deductions"].items() if not told or flag == "domestic"}
    said = [f"{FLAGS.get(flag, flag)} {share}" for flag, share in plain_ones.items()]
    if told:
        measured = ""
        if told["form"] != "all_small":
            side = "不低于" if told["counts"] else "低于"
            measured = f"，小微企业合同份额 {told['share']}% {side} {told['least']}%"
        rate = f"扣除 {told['rate']}" if told["counts"] else "不扣除"
        said.append(f"{FORMS[told['form']]}{measured}，{rate}（{told['article']}）")
    return said
