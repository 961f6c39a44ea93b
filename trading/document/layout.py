"""How a blind part must look, as the tender file demands it: read from the editor, printed in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core import fields
from core.faults import Unusable
from core.money import plain

# What each family is called inside a PDF, spaces and dashes left out. Latin letters and digits usually have a font of
# their own, so that a file names both.
FAMILIES = {
    "宋体": ("simsun", "songti", "stsong", "宋体"),
    "仿宋": ("fangsong", "仿宋"),
    "黑体": ("simhei", "heiti", "黑体"),
    "楷体": ("kaiti", "simkai", "楷体"),
    "Times New Roman": ("timesnewroman", "timesroman"),
    "Arial": ("arial", "helvetica"),
}
NUMBERS = {"22": "二号", "18": "小二", "16": "三号", "15": "小三", "14": "四号", "12": "小四", "10.5": "五号"}
MOST_SIZES = 5
USUAL: dict[str, Any] = {
    "fonts": ["宋体", "Times New Roman"], "sizes": ["14"], "spacing": "28", "margin_mm": "25", "headers": "banned",
    "colours": "black", "pictures": "banned",
}  # fmt: skip
CHOICES = {"headers": ("banned", "allowed"), "colours": ("black", "any"), "pictures": ("banned", "allowed")}
GROUND = {
    "id": "BLIND-LAYOUT",
    "text": "暗标部分的字体、字号、行距、页边距、页眉页脚、颜色或者图片不符合招标文件的版式要求",
}


def read(value: Mapping[str, Any]) -> dict[str, Any]:
    """{fonts, sizes, spacing, margin_mm, headers, colours, pictures}; what is not said is as usual.

    `sizes` and `spacing` (of lines) in points; an empty spacing demands none.
    """
    fields.only(value, *USUAL)
    told = {key: item for key, item in value.items() if item is not None}
    out: dict[str, Any] = {"fonts": _fonts(told), "sizes": _sizes(told)}
    out["spacing"] = "" if told.get("spacing") == "" else _decimal(USUAL | told, "spacing", "8", "100")
    out["margin_mm"] = _decimal(USUAL | told, "margin_mm", "10", "60")
    return out | {key: fields.choice(USUAL | told, key, allowed) for key, allowed in CHOICES.items()}


def _fonts(told: Mapping[str, Any]) -> list[str]:
    named = fields.items(USUAL | dict(told), "fonts", most=len(FAMILIES))
    if not named or not all(isinstance(one, str) and one in FAMILIES for one in named) or len(set(named)) != len(named):
        raise Unusable(f"evaluation.blind.layout.fonts: one or more of {', '.join(FAMILIES)} are expected, each once")
    return named


def _sizes(told: Mapping[str, Any]) -> list[str]:
    sizes = fields.items(USUAL | dict(told), "sizes", most=MOST_SIZES)
    if not sizes:
        raise Unusable("evaluation.blind.layout.sizes: at least one size in points is expected")
    found = [_decimal({"sizes": one}, "sizes", "5", "72") for one in sizes]
    if len(set(found)) != len(found):
        raise Unusable("evaluation.blind.layout.sizes: a size stands twice")
    return found


def _decimal(told: Mapping[str, Any], key: str, least: str, most: str) -> str:
    try:
        value = fields.decimal(told, key, least=Decimal(least), places=2)
    except Unusable as error:
        raise Unusable(f"evaluation.blind.layout.{error}") from None
    if value > Decimal(most):
        raise Unusable(f"evaluation.blind.layout.{key}: {least} to {most} is expected")
    return plain(value)


def _size(points: str) -> str:
    return f"{NUMBERS[points]}（{points} 磅）" if points in NUMBERS else f"{points} 磅"


def printed(layout: Mapping[str, Any], name: str) -> list[str]:
    """The sentence of the tender file on the part `name`."""
    said = [f"字体为{'、'.join(layout['fonts'])}", f"字号为{'、'.join(_size(one) for one in layout['sizes'])}"]
    if layout["spacing"]:
        said.append(f"行距为固定值 {layout['spacing']} 磅")
    said.append(f"页边距各不小于 {layout['margin_mm']} 毫米")
    said += [words for key, banned, words in (
        ("headers", "banned", "不得有页眉、页脚和页码"), ("colours", "black", "文字一律为黑色，不得使用彩色"),
        ("pictures", "banned", "不得插入图片"),
    ) if layout[key] == banned]  # fmt: skip
    return [f"“{name}”的版式: {'；'.join(said)}。系统检查只作提示，是否违反由评标委员会表决。"]
