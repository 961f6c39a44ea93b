"""评审报告 and 框架协议."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import Org
from core.money import plain
from core.paper import Paper, PaperResult, SignatureBox
from core.paper_fonts import legible
from trading.framework.models import Framework, FrameworkItem, FrameworkPrice
from trading.project.papers import hour, place

KINDS = {"closed": "封闭式框架协议", "open": "开放式框架协议"}
REGIMES = {"gov": "政府采购框架协议采购方式管理暂行办法（财政部令第110号）", "soe": "GB/T 43711—2024 附录D"}
BASES = {"price": "价格优先法", "quality": "质量优先法"}
WAYS = {"direct": "直接选定", "mini": "二次竞价", "rota": "顺序轮候"}
STATES = {"CHOSEN": "入围", "ELIMINATED": "淘汰", "UNQUALIFIED": "未通过评审"}
STEPS = {
    "leaving": "应淘汰家数（向上取整）", "by_rate": "按比例最多入围", "by_least": "按最少淘汰家数最多入围",
    "room": "入围家数上限", "inside": "入围", "out": "淘汰",
}  # fmt: skip

FORMULAS = {
    "leaving": "有效响应家数 × 淘汰比例，向上取整", "by_rate": "有效响应家数 − 应淘汰家数",
    "by_least": "有效响应家数 − 最少淘汰家数", "room": "上述两项与征集文件规定上限中的最小值",
    "inside": "按排序依次入围，至上限为止", "out": "其余供应商",
}  # fmt: skip
VALUES = {
    "n": "有效响应家数", "rate": "淘汰比例", "leaving": "应淘汰家数", "least": "最少淘汰家数", "cap": "征集文件上限",
    "by_rate": "按比例", "by_least": "按最少淘汰家数", "room": "入围家数上限", "undecided": "并列待排序",
}  # fmt: skip


def _heads(row: Framework, owner: str) -> list[tuple[str, str]]:
    return [
        ("项目名称", row.name), ("项目编号", row.number), ("征集人", owner), ("类型", KINDS[row.kind]),
        ("依据", REGIMES[row.regime]), ("适用地区", place(row.region)),
    ]  # fmt: skip


def _told(value: Any, numbers: Mapping[str, int]) -> str:
    """A value of the derivation; suppliers by their numbers."""
    if isinstance(value, list):
        return "、".join(f"{numbers[one]}号" if one in numbers else str(one) for one in value) or "无"
    return str(value)


def derived(result: Mapping[str, Any]) -> list[list[str]]:
    """The derivation of the elimination as rows [step, formula, values, result]."""
    numbers = {one["member"]: one["number"] for one in result["responders"]}
    return [
        [STEPS[one["step"]], FORMULAS[one["step"]],
         "，".join(f"{VALUES[name]} = {_told(value, numbers)}" for name, value in one["values"].items()),
         _told(one["result"], numbers)]
        for one in result["derivation"]
    ]  # fmt: skip


def report(
    row: Framework, owner: str, record: Mapping[str, Any], reviewers: Sequence[str], *, demo: bool
) -> PaperResult:
    result, basis = record["result"], row.settings["basis"]
    paper = Paper("评审报告", subtitle=row.name, issuer=owner, number=row.number, demo=demo)
    paper.section("项目").facts([*_heads(row, owner), ("评审方法", BASES[basis]), ("评审时间", hour(row.opened_at))])
    paper.section("评审结果")
    rows = [
        [str(one["number"]), one["name"], one["evaluated"] or "—", one["points"] or "—",
         str(one["place"]) if one["place"] else "—", STATES.get(one["state"], one["state"])]
        for one in result["responders"]
    ]  # fmt: skip
    head = ["序号", "供应商", "评审总价（元）", "质量得分", "名次", "结果"]
    paper.table(
        head, rows, widths=[0.8, 4, 2, 1.3, 1, 1.5], align=["centre", "left", "right", "right", "centre", "left"]
    )
    _reasons(paper, result)
    paper.section("淘汰家数的计算").text(f"淘汰比例依据：{record['rate']['article']}。淘汰家数不足一家的部分向上取整。")
    paper.table(["步骤", "公式", "代入", "结果"], derived(result), widths=[2.2, 2.4, 3, 2.4])
    if row.settings["override"]:
        paper.text(f"征集文件说明的较低淘汰比例及理由：{row.settings['override']}")
    if result["ties"]:
        paper.text(f"淘汰线上并列供应商的排定理由：{result['tie_reason']}")
    paper.section("评审人员签署")
    paper.signatures([SignatureBox(f"reviewer-{n}", name) for n, name in enumerate(reviewers, 1)])
    return paper.build()


def _reasons(paper: Paper, result: Mapping[str, Any]) -> None:
    said = []
    for one in result["responders"]:
        for item, name in (("qualification", "资格"), ("conformity", "符合性")):
            found = one["review"].get(item)
            if found and not found["pass"]:
                said.append([one["name"], f"{name}不通过：{found['reason']}"])
        if one["problem"]:
            said.append([one["name"], f"响应文件不能读取：{legible(one['problem'])}"])
        said += [[one["name"], f"报价高于最高限制单价：{b['found']}，{b['required']}"] for b in one["too_high"]]
    if said:
        paper.section("未通过的原因").table(["供应商", "原因"], said, widths=[2, 5])


def priced(items: Sequence[FrameworkItem], prices: Mapping[str, FrameworkPrice]) -> list[dict[str, str]]:
    return [
        {"item": one.id, "name": one.name, "category": one.category, "unit": one.unit, "specs": one.specs,
         "price": plain(prices[one.id].price), "brand": prices[one.id].brand, "model": prices[one.id].model}
        for one in items if one.id in prices
    ]  # fmt: skip


def agreement(row: Framework, owner: Org, supplier: Org, record: Mapping[str, Any], *, demo: bool) -> PaperResult:
    said = row.settings
    paper = Paper("框架协议", subtitle=row.name, number=row.number, demo=demo)
    paper.section("双方").facts(
        [("征集人", f"{owner.name}（{owner.uscc}）"), ("入围供应商", f"{supplier.name}（{supplier.uscc}）")]
    )
    paper.section("协议").facts(
        [
            *_heads(row, owner.name), ("有效期", f"自全部框架协议签订完成之日起 {said['months']} 个月"),
            ("第二阶段方式", "、".join(WAYS[one] for one in said["ways"])),
            ("价格调整", said["adjustment"] or "有效期内不调整"),
        ]
    )  # fmt: skip
    paper.section("协议标的和价格")
    rows = [
        [
            one["name"],
            one["category"],
            legible(f"{one['brand']} {one['model']}".strip()) or "—",
            one["unit"],
            one["price"],
        ]
        for one in record["lines"]
    ]
    widths, align = [3, 1.6, 2.4, 1, 1.6], ["left", "left", "left", "centre", "right"]
    paper.table(["标的", "品目", "品牌型号", "单位", "单价（元）"], rows, widths=widths, align=align)
    paper.section("履约")
    paper.text("入围供应商在有效期内按协议价格供货；无正当理由不得主动放弃入围资格或者退出框架协议。")
    paper.text("出现征集文件和有关规定所列情形的，征集人可以暂停供货资格或者解除协议，并公告。")
    paper.section("签署")
    paper.signatures([SignatureBox("solicitor", owner.name), SignatureBox("supplier", supplier.name)])
    return paper.build()
