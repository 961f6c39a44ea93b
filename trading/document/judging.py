"""What a tender file prints on abnormally low prices, blind parts (暗标) and core products (核心产品). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import fields
from core.faults import Unusable
from methods.brands import Group, groups
from methods.lowprice import percentages
from trading.document import layout

BRAND_ARTICLE = "政府采购货物和服务招标投标管理办法 第31条"
MOST_CORE, SAME = 20, ("any", "all")
MOST = 1440  # minutes in which a price is explained; the least is the law's (LOWPRICE-TIME)
BLIND_GROUND = {"id": "BLIND", "text": "暗标部分出现投标人名称、标识、人员或者其他可以识别投标人身份的信息"}
LINES = {"mean": "全部有效报价平均值", "second_lowest": "次低报价", "limit": "最高投标限价"}


def low_price(value: Mapping[str, Any]) -> dict[str, Any]:
    """{lines: {mean, second_lowest, limit}, minutes}: percentages below which an explanation is asked for."""
    fields.only(value, "lines", "minutes")
    lines = fields.mapping(value, "lines") if value.get("lines") else {}
    out: dict[str, Any] = {"lines": percentages(None, lines)} if lines else {}
    if value.get("minutes") is not None:
        out["minutes"] = fields.integer(value, "minutes", least=1, most=MOST)
    return out


def blind(value: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """{part, criteria, layout?}: the component that is judged under a code, the criteria that are judged by it, and how
    it must look where the file demands that."""
    fields.only(value, "part", "criteria", "layout")
    named = [str(one) for one in fields.items(value, "criteria", most=50)]
    known = {one.get("id") for one in criteria}
    if not named or not set(named) <= known or len(set(named)) != len(named):
        raise Unusable("evaluation.blind.criteria: criteria of this file are expected, each once")
    told = {"layout": layout.read(fields.mapping(value, "layout"))} if value.get("layout") is not None else {}
    return {"part": fields.text(value, "part", limit=30), "criteria": named} | told


def brands(value: Mapping[str, Any]) -> dict[str, Any]:
    """{core: [{id, name}], same: any | all, tie: price | ""}: the core products by whose brands bidders count as one
    (87号令 art. 31), {} where none is named; how full equals are told apart before a lot is drawn."""
    fields.only(value, "core", "same", "tie")
    core = []
    for row in fields.items(value, "core", most=MOST_CORE) if value.get("core") else []:
        if not isinstance(row, dict):
            raise Unusable("evaluation.brands.core: objects are expected")
        fields.only(row, "id", "name")
        core.append({"id": fields.text(row, "id", limit=20), "name": fields.text(row, "name", limit=60)})
    if not core:
        return {}
    for key in ("id", "name"):
        if len({row[key] for row in core}) != len(core):
            raise Unusable("evaluation.brands.core: a product stands twice")
    same = fields.choice({"same": "any"} | dict(value), "same", SAME)
    tie = fields.choice({"tie": ""} | dict(value), "tie", ("", "price"))
    return {"core": core, "same": same, "tie": tie}


def one_brand(evaluation: Mapping[str, Any], bids: Sequence[Mapping[str, Any]]) -> list[Group]:
    """`bids` {id, brands} as groups of one brand; each stands alone where the file names no core product."""
    told = evaluation.get("brands") or {"core": [], "same": "any"}
    said = {one["id"]: one.get("brands") or {} for one in bids}
    core = [one["id"] for one in told["core"]]
    return groups([one["id"] for one in bids], said, core, every=told["same"] == "all")


def _of_one_brand(evaluation: Mapping[str, Any]) -> list[str]:
    """The two sentences of art. 31, by the method of this file."""
    told = evaluation.get("brands")
    if not told:
        return []
    core = "、".join(one["name"] for one in told["core"])
    alike = "任意一种核心产品" if told["same"] == "any" else "全部核心产品"
    alike = "核心产品" if len(told["core"]) == 1 else alike
    lead = f"本项目核心产品: {core}。不同投标人提供的{alike}品牌相同的，按一家投标人计算"
    if lowest(evaluation):
        rest = "以其中通过资格审查、符合性审查且报价最低的参加评标；报价相同的，随机抽取一家参加评标；其他投标无效"
    else:
        way = "报价较低的获得推荐资格，仍相同的随机抽取" if told["tie"] else "随机抽取"
        rest = f"评审后得分最高的获得中标人推荐资格；得分相同的，{way}；其他同品牌投标人不作为中标候选人"
    return [f"{lead}，{rest}（{BRAND_ARTICLE}）。"]


def lowest(evaluation: Mapping[str, Any]) -> bool:
    """最低评标价法: the lowest evaluated price, nothing scored beside it."""
    curve = (evaluation.get("price") or {}).get("curve") or {}
    return curve.get("kind") == "evaluated" and not evaluation.get("criteria")


def part_of(blind: Mapping[str, Any], components: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The component named as blind, None where the file has no such PDF."""
    return next((one for one in components if one["id"] == blind["part"] and one["format"] == "pdf"), None)


def printed(evaluation: Mapping[str, Any], components: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sentences of the tender file, none where it says nothing on either."""
    out = []
    told = evaluation.get("low_price") or {}
    for name, pct in (told.get("lines") or {}).items():
        out.append(f"投标报价低于{LINES[name]}的 {pct}% 的，评标委员会应当要求投标人作出书面说明并提供证明材料。")
    if told:
        span = f"书面说明的时间不少于 {told['minutes']} 分钟；" if "minutes" in told else ""
        out.append(f"{span}不能合理说明的，经评标委员会全体成员过半数表决后否决。")
    hidden = evaluation.get("blind")
    if hidden:
        part = part_of(hidden, components)
        named = {one["id"]: one.get("name") or one["id"] for one in evaluation.get("criteria") or ()}
        name = part["name"] if part else hidden["part"]
        listed = "、".join(str(named[one]) for one in hidden["criteria"])
        out.append(
            f"“{name}”采用暗标评审，不得出现投标人名称、标识、人员姓名、联系方式或者其他可以识别投标人身份的信息。"
            f"{listed}按代码评分，全体评委锁定评分后揭示代码。"
        )
        out += layout.printed(hidden["layout"], name) if "layout" in hidden else []
    return out + _of_one_brand(evaluation)
