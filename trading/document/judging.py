"""What a tender file prints on abnormally low prices and on blind parts (暗标). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import fields
from core.faults import Unusable
from methods.lowprice import percentages

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
    """{part, criteria}: the component that is judged under a code, and the criteria that are judged by it."""
    fields.only(value, "part", "criteria")
    named = [str(one) for one in fields.items(value, "criteria", most=50)]
    known = {one.get("id") for one in criteria}
    if not named or not set(named) <= known or len(set(named)) != len(named):
        raise Unusable("evaluation.blind.criteria: criteria of this file are expected, each once")
    return {"part": fields.text(value, "part", limit=30), "criteria": named}


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
    return out
