"""The evaluation method in words and formula, for the tender file: pure text from the same data that will score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.money import D, plain
from methods import small

TERM = {
    "mean": "有效投标报价算术平均值",
    "lowest": "最低有效投标报价",
    "second_lowest": "次低有效投标报价",
    "ceiling": "最高投标限价",
    "reference": "标底",
}

CLAIMED = {"small_firm": "属于小微企业", "domestic": "提供本国产品"}


def _percent(share: str) -> str:
    return f"{plain(D(share) * 100)}%"


def benchmark(price: Mapping[str, Any]) -> list[str]:
    """Steps to the benchmark, in the order in which they are done."""
    if price["curve"]["kind"] == "evaluated":
        return ["评标价 = 投标报价 + 招标文件列明的价格调整额；评标基准价为最低评标价。"]
    plan = price["benchmark"]
    lines = [
        f"有效投标报价达到 {t['from']} 家时，去掉 {t['high']} 个最高价和 {t['low']} 个最低价后计算平均值。"
        for t in plan.get("trim") or []
    ]
    keep = plan.get("keep_within_pct")
    if keep:
        parts = [
            f"{'低于' if side == 'below' else '高于'} {keep[side]}%" for side in ("below", "above") if side in keep
        ]
        lines.append(f"{'、'.join(parts)}上述平均值的报价不参与平均值计算；全部在外时取全部报价。")
    terms = " + ".join(
        f"{TERM.get(t['of'], t.get('value', ''))}{'' if t.get('weight', '1') == '1' else ' × ' + t['weight']}"
        for t in plan["terms"]
    )
    lines.append(f"评标基准价 D = {terms}。")
    if plan.get("average_with_lowest"):
        lines.append("再与最低有效投标报价取平均。")
    if plan.get("factor", "1") != "1":
        lines.append(f"再乘以下浮系数 K = {plan['factor']}。")
    if plan.get("factor_set"):
        listed = "、".join(plan["factor_set"])
        lines.append(f"再乘以系数 K；K 在开标后、评标前由招标人、交易中心和监管部门从 {listed} 中公开随机抽取。")
    if plan.get("round") is not None:
        lines.append(f"评标基准价四舍五入保留 {plan['round']} 位小数。")
    return [*lines, "评标基准价一经计算确定，除计算错误外不因后续否决投标而改变。"]


def _slope(price: Mapping[str, Any]) -> str:
    curve, full = price["curve"], price["full"]
    below = f"加 {curve['below_per_pct']} 分" if curve.get("below_adds") else f"扣 {curve['below_per_pct']} 分"
    step = "，不足百分之一按百分之一计" if curve.get("step") == "ceil" else "，不足百分之一按比例计"
    return (
        f"偏差率 δ = (P − D) ÷ D × 100%。P = D 得 {full} 分；P > D 时每高 1% 扣 {curve['above_per_pct']} 分；"
        f"P < D 时每低 1% {below}{step}。"
    )


def curve(price: Mapping[str, Any]) -> list[str]:
    """How a price becomes points."""
    kind, full = price["curve"]["kind"], price["full"]
    lines = {
        "ratio": [f"价格分 = D ÷ P × {full}。"],
        "evaluated": [f"价格分 = 最低评标价 ÷ 评标价 × {full}；评标价低者优先。"],
        "slope": [_slope(price)] if kind == "slope" else [],
        "table": ["偏差率 δ = (P − D) ÷ D × 100%，按下列区间取分，区间内按斜率线性计算："],
    }[kind]
    if kind == "table":
        lines += [
            f"{b['from_pct']}% ≤ δ < {b['to_pct']}%: {b['points']} 分，每 1% {b.get('slope', '0')} 分。"
            for b in price["curve"]["bands"]
        ]
    if price.get("deviation_round") is not None:
        lines.append(f"偏差率先四舍五入保留 {price['deviation_round']} 位小数。")
    if price.get("score_round") is not None:
        lines.append(f"价格分四舍五入保留 {price['score_round']} 位小数。")
    bounds = [
        f"{word} {price[key]} 分" for key, word in (("floor", "最低"), ("cap", "最高")) if price.get(key) is not None
    ]
    if bounds:
        lines.append(f"价格分{'、'.join(bounds)}。")
    return lines + _deductions(price)


def _deductions(price: Mapping[str, Any]) -> list[str]:
    """Who gets which deduction, with the least share where small firms have a part of the contract."""
    told = price.get("deductions") or {}
    lines = [
        f"{CLAIMED.get(flag, f'符合 {flag} ')}的投标人，评审用价格扣除 {_percent(rate)}。"
        for flag, rate in told.items() if flag != small.FLAG
    ]  # fmt: skip
    if small.FLAG in told:
        lines.append(
            f"联合协议或者分包意向协议约定小微企业的合同份额占合同总金额 {price['least_share']}% 以上的"
            f"联合体或者投标人，评审用价格扣除 {_percent(told[small.FLAG])}（{small.ARTICLES['consortium']}）。"
        )
    if small.FLAG in told and small.FIRM in told:
        lines.append(f"联合体各方均为小微企业的，视同小微企业（{small.ARTICLES[small.ALL_SMALL]}）。")
    return lines


def criterion_row(number: int, criterion: Mapping[str, Any]) -> list[str]:
    """No., name, full points, weight, how it is aggregated."""
    notes = ["客观分，全体评委一致" if criterion.get("kind") == "objective" else "各评委评分的算术平均值"]
    notes += [
        f"评委达 {t['from']} 人时去掉 {t['high']} 个最高分、{t['low']} 个最低分" for t in criterion.get("trim") or []
    ]
    if criterion.get("eliminate_below"):
        notes.append(f"平均分低于 {criterion['eliminate_below']} 分的不再推荐")
    name = str(criterion.get("name") or criterion["id"])
    return [str(number), name, criterion["max"], criterion.get("weight", "1"), "; ".join(notes)]


def total(evaluation: Mapping[str, Any]) -> list[str]:
    parts = [f"价格分 × {evaluation['price'].get('weight', '1')}"]
    parts += [f"{c.get('name') or c['id']} × {c.get('weight', '1')}" for c in evaluation.get("criteria") or []]
    lines = [f"总分 = {' + '.join(parts)}。"]
    if evaluation.get("total_round") is not None:
        lines.append(f"总分四舍五入保留 {evaluation['total_round']} 位小数，中间结果不取整。")
    if "price" in (evaluation.get("ties") or []):
        lines.append("总分相同的，投标报价低的优先。")
    return lines
