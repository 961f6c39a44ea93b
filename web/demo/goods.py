"""Goods by the million, for benches, tests and a mall that should look full: the same from the same seed.

Names are made as suppliers make them: brand, model, what it is by the official list, a property or two.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from trading.mall.categories import Category, categories

T = TypeVar("T")
BRANDS = (
    "惠普 HP", "联想", "华为", "佳能 Canon", "爱普生 EPSON", "兄弟", "奔图", "得力", "齐心", "晨光", "格力", "美的",
    "海尔", "海信", "TCL", "小米", "戴尔", "华硕", "理光", "京瓷", "松下", "东芝", "震旦", "富士", "索尼", "科密",
    "史泰博", "广博", "真彩", "百乐", "三木", "欧普", "公牛", "德力西", "正泰", "西门子", "飞利浦", "明基", "创维",
    "长虹", "方正", "同方", "浪潮", "新华三", "锐捷", "大华", "海康", "天敏", "汉王", "紫光", "永发", "圣奥",
    "震坤", "全友", "曲美", "联邦", "顾家", "南方", "苏泊尔", "九阳",
)  # fmt: skip
LINES = (
    "LaserJet",
    "Pro",
    "商用",
    "经典",
    "Air",
    "Max",
    "轻巧",
    "工程",
    "节能",
    "智能",
    "静音",
    "桌面",
    "便携",
    "高速",
)
PROPERTIES = (
    "双面打印", "A4", "A3", "无线网络", "彩色", "黑白", "可升降", "实木", "钢制", "一级能效", "变频", "自动进纸",
    "大容量", "加厚", "环保", "防火", "静音", "可折叠", "高清", "触摸屏", "蓝牙", "国产", "原装", "兼容", "标准型",
    "增强型",
)  # fmt: skip
SPECS = {
    "颜色": ("黑", "白", "灰", "木色", "蓝"), "产地": ("湖北", "广东", "江苏", "浙江", "山东", "上海"),
    "质保": ("一年", "两年", "三年", "五年"), "功率": ("15W", "60W", "350W", "1500W", "2200W"),
    "尺寸": ("A4", "A3", "1200×600×750", "1400×700×750", "23.8英寸", "27英寸"),
    "材质": ("钢", "木", "塑料", "铝合金"),
}  # fmt: skip
REGIONS = (
    ("420000",), ("420100",), ("420112",), ("420112", "420106"), ("420100", "420500"), ("420000", "430000"),
    ("000000",), ("420500",), ("420600", "420800"), ("110000",), ("310000", "320000"), ("440000",),
)  # fmt: skip
TAILS = ("", "", "n", "dw", "nw", "S")
UNITS = ("台", "件", "套", "个", "箱", "盒")
ROOTS = ("A02010000", "A02020000", "A02060000", "A02080000", "A05010000", "A05040000", "A02320000")


@dataclass(frozen=True)
class Stock:
    """Who offers and what, fixed before the first item is made."""

    suppliers: list[str]
    agreements: list[str]
    began: datetime


def leaves() -> list[Category]:
    """Categories that goods are put under: those of ROOTS with nothing below, the doubtful ones left out."""
    found: list[Category] = []
    waiting = [categories().get(code) for code in ROOTS if code in categories().by_code]
    while waiting:
        at = waiting.pop()
        below = categories().children(at.code)
        waiting += below
        found += [] if below or at.doubtful else [at]
    return sorted(found, key=lambda one: one.code)


def _often(draw: random.Random, among: Sequence[T], steep: float) -> T:
    """One of them, the first ones oftener."""
    return among[int(len(among) * draw.random() ** steep)]


def _model(draw: random.Random) -> str:
    letters = "".join(draw.choices("ABCDEFGHKLMNPRSTVXZ", k=draw.choice((1, 1, 2))))
    return f"{letters}{draw.choice(['', '-'])}{draw.randrange(100, 10_000)}{draw.choice(TAILS)}"


def _price(draw: random.Random) -> Decimal:
    return Decimal(max(100, int(draw.lognormvariate(11, 1.6)))) / 100


def goods(count: int, stock: Stock, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Rows of mall_item; an id is the seed and the number in hexadecimal."""
    draw, kinds, specs = random.Random(seed), leaves(), sorted(SPECS)  # noqa: S311 - goods, no secrets
    for number in range(count):
        kind, brand, model = _often(draw, kinds, 2), _often(draw, BRANDS, 1.7), _model(draw)
        some = " ".join(draw.sample(PROPERTIES, 2))
        listed = stock.began + timedelta(minutes=draw.randrange(500_000))
        yield {
            "id": f"{seed:04x}{number:012x}", "supplier_org": _often(draw, stock.suppliers, 2),
            "sku": f"S{number:08d}", "category": kind.code, "brand": brand, "model": model,
            "name": f"{brand} {draw.choice(LINES)} {model} {kind.name} {some}",
            "specs": {name: draw.choice(SPECS[name]) for name in draw.sample(specs, 3)},
            "unit": draw.choice(UNITS), "price": _price(draw), "elsewhere": None, "elsewhere_url": "",
            "stock": draw.choice((0, 5, 20, 100, 500)), "sold": min(int(draw.paretovariate(0.9)) - 1, 1_000_000),
            "regions": list(draw.choice(REGIONS)),
            "marks": [mark for mark, share in (("energy", 0.2), ("environment", 0.15)) if draw.random() < share],
            "pictures": [], "agreement_id": draw.choice(stock.agreements) if draw.random() < 0.3 else "",
            "state": "listed", "reason": "", "version": 1, "changed_at": listed, "listed_at": listed,
        }  # fmt: skip


def questions(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """What buyers ask: one or two words and three facets, as keywords of trading.mall.search.Wanted."""
    draw, kinds = random.Random(seed), leaves()  # noqa: S311
    facets: dict[str, Any] = {
        "category": lambda: draw.choice(kinds).code[: draw.choice((3, 5))],
        "brands": lambda: (_often(draw, BRANDS, 1.7),),
        "region": lambda: draw.choice(("420112", "420106", "420100", "420500", "110100", "320500")),
        "bands": lambda: (draw.randrange(6),), "marks": lambda: (draw.choice(("energy", "environment")),),
        "way": lambda: draw.choice(("market", "framework")), "stock": lambda: True,
    }  # fmt: skip
    for _ in range(count):
        kind = draw.choice(kinds).name
        words = draw.choice((
            kind[-3:], kind[-2:], draw.choice(PROPERTIES), draw.choice(LINES), f"{kind[-2:]} {draw.choice(PROPERTIES)}",
            f"{draw.choice(BRANDS[:20])[:2]} {kind[-2:]}", _model(draw)[:4],
        ))  # fmt: skip
        asked = {key: facets[key]() for key in draw.sample(sorted(facets), 3)}
        if "category" in asked:
            asked["category"] = asked["category"].ljust(9, "0")
        yield {"text": words, "order": draw.choice(("relevance", "relevance", "cheap", "sold", "new")), **asked}
