"""The mall of the demo world: three suppliers with some sixty items, one that waits, one price that is looked into."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw

from trading.mall import importing, pictures, sheet
from web.demo import world
from web.demo.local import LocalStage

DESKTOP, NOTEBOOK, PROJECTOR, PRINTER = "A02010105", "A02010108", "A02020200", "A02020400"
DESK, CHAIR, PAPER = "A05010201", "A05010301", "A05040101"
GUARANTEE = {"name": "质保期", "kind": "number", "required": True, "unit": "月", "choices": []}
Field = dict[str, Any]


def _text(name: str, required: bool = True) -> Field:
    return {"name": name, "kind": "text", "required": required, "unit": "", "choices": []}


def _number(name: str, unit: str) -> Field:
    return {"name": name, "kind": "number", "required": True, "unit": unit, "choices": []}


def _choice(name: str, *choices: str) -> Field:
    return {"name": name, "kind": "choice", "required": True, "unit": "", "choices": list(choices)}


# What is asked of all computers stands above both kinds.
TEMPLATES: dict[str, list[Field]] = {
    "A02000000": [GUARANTEE],
    "A02010100": [_text("处理器"), _number("内存", "GB"), _number("硬盘", "GB"),
                  _choice("操作系统", "统信UOS", "麒麟", "无")],
    NOTEBOOK: [_number("屏幕尺寸", "英寸")],
    PROJECTOR: [_number("亮度", "流明"), _choice("分辨率", "1920×1080", "3840×2160")],
    PRINTER: [_choice("幅面", "A4", "A3"), {"name": "双面打印", "kind": "yes_no", "required": True, "unit": "",
                                           "choices": []}],
    "A05010000": [_text("材质"), _text("规格尺寸")],
    PAPER: [_choice("幅面", "A4", "A3"), _number("克重", "g/m²")],
}  # fmt: skip
_COMPUTER = {"质保期": "36", "处理器": "8 核 2.7 GHz", "内存": "16", "硬盘": "512", "操作系统": "麒麟"}
# category, name, brand, models, unit, price, specification, colour of the picture
GOODS: tuple[tuple[str, str, str, tuple[str, ...], str, str, dict[str, str], str], ...] = (
    (DESKTOP, "台式计算机", "示例甲", ("T510", "T520", "T530"), "台", "4980", _COMPUTER, "#2f5d8a"),
    (NOTEBOOK, "便携式计算机", "示例乙", ("N14", "N15", "N16"), "台", "5680",
     _COMPUTER | {"屏幕尺寸": "14"}, "#3a7d5d"),
    (PROJECTOR, "激光投影仪", "示例丙", ("P40", "P50", "P60"), "台", "6999",
     {"质保期": "24", "亮度": "4000", "分辨率": "1920×1080"}, "#7d4a8a"),
    (PRINTER, "打印复印扫描一体机", "示例丁", ("M280", "M380", "M480"), "台", "2380",
     {"质保期": "12", "幅面": "A4", "双面打印": "是"}, "#8a5a2f"),
    (DESK, "办公桌", "示例木业", ("D120", "D140", "D160"), "张", "860",
     {"材质": "三聚氰胺板", "规格尺寸": "1400×700×750 mm"}, "#8a7a4a"),
    (CHAIR, "办公椅", "示例木业", ("C10", "C20", "C30"), "把", "420",
     {"材质": "网布", "规格尺寸": "620×600×1000 mm"}, "#556270"),
    (PAPER, "复印纸", "示例纸业", ("A4-70", "A4-80", "A3-80"), "包", "22.5", {"幅面": "A4", "克重": "70"}, "#3f8a8a"),
)  # fmt: skip
OFFICE, COMPUTERS = "A05000000", "A02000000"
# login, what it may supply, its price against that of the list
SUPPLIERS = (("bidder1", [COMPUTERS, OFFICE], "1.00"), ("bidder2", [COMPUTERS, OFFICE], "1.03"),
             ("bidder3", [COMPUTERS, OFFICE], "0.98"))  # fmt: skip
PROMISE = "东西湖区内 3 个工作日送达，7 日内无理由退换，保修期内 24 小时上门。联系电话 027-00000000。"
HUBEI = "420000"
REGULATION = {"mark": "energy", "number": "CQC-DEMO-0001", "until": "2027-12-31"}


def _drawn(colour: str) -> bytes:
    """A placeholder: a box in one colour. No picture of anybody's goods is ours to show."""
    image = Image.new("RGB", (480, 360), "#f4f6f9")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((110, 70, 370, 250), 18, fill=colour)
    draw.rectangle((190, 250, 290, 300), fill="#9aa5b1")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class Mall:
    """Grown through acts, as suppliers, the centre and a buyer would do it."""

    def __init__(self, stage: LocalStage, builder: world.Builder, region: str) -> None:
        self.stage, self.builder, self.region = stage, builder, region
        self.drawn: dict[tuple[str, str], str] = {}

    def grow(self) -> None:
        act = self.stage.act
        for category, fields in TEMPLATES.items():
            act("centre1", "mall_template.save", category=category, fields=fields)
        for login, wanted, level in SUPPLIERS:
            self._enter(login, wanted)
            self._offer(login, Decimal(level))
        waiting = world.uscc("91", self.region, 901)
        self.builder.org("supplier4", "某办公家具有限公司", waiting, "bidder", self.region, "centre1")
        act("supplier4", "supplier.apply", categories=["A05010000"], regions=["420100"], promise=PROMISE)
        self._looked_into()

    def _enter(self, login: str, wanted: list[str]) -> None:
        act = self.stage.act
        made = act(login, "supplier.apply", categories=wanted, regions=[HUBEI], promise=PROMISE)
        act("centre1", "supplier.decide", supplier=made["supplier"], approve=True)

    def _offer(self, login: str, level: Decimal) -> None:
        """A file of items, handed in at once and approved."""
        acts, actor = self.stage.acts, self.stage.actor(login)
        rows = [row for goods in GOODS for row in self._rows(login, goods, level)]
        lines = sheet.lines_of_json({"items": rows})
        importing.run(acts, actor, f"{login}.xlsx", lambda: lines, submit=True)
        items = self.own(login)
        self.stage.act("centre1", "item.review", items=[items[row["sku"]] for row in rows], approve=True)

    def own(self, login: str) -> dict[str, str]:
        """{the supplier's number: item}"""
        found = self.stage.ask(login, "item.mine", "")["items"]
        return {one["sku"]: one["id"] for one in found}

    def _rows(self, login: str, goods: tuple[Any, ...], level: Decimal) -> list[dict[str, Any]]:
        category, name, brand, models, unit, price, specs, colour = goods
        picture = self._picture(login, colour)
        return [
            {
                "sku": f"{category[-5:]}-{model}", "category": category, "name": f"{name} {brand} {model}",
                "brand": brand, "model": model, "unit": unit, "stock": 20 + 15 * place, "regions": [HUBEI],
                "price": str((Decimal(price) * level * (100 + 12 * place) / 100).quantize(Decimal("0.01"))),
                "specs": specs, "pictures": [picture],
                "certificates": [REGULATION] if category in (DESKTOP, NOTEBOOK) and place else [],
            }
            for place, model in enumerate(models)
        ]  # fmt: skip

    def _picture(self, login: str, colour: str) -> str:
        if (login, colour) not in self.drawn:
            brought = self.stage.upload(login, _drawn(colour))["sha256"]
            self.drawn[login, colour] = pictures.take(self.stage.acts, self.stage.actor(login), brought)
        return self.drawn[login, colour]

    def _looked_into(self) -> None:
        """A supplier raises a price by a quarter; a buyer reports another."""
        act = self.stage.act
        row = next(row for row in self._rows("bidder2", GOODS[2], Decimal("1.03")))
        item = self.own("bidder2")[row["sku"]]
        risen = (Decimal(row["price"]) * Decimal("1.25")).quantize(Decimal("0.01"))
        act("bidder2", "item.save", item=item, **(row | {"price": str(risen)}))
        other = self.own("bidder1")[f"{PAPER[-5:]}-A4-80"]
        act("tenderer", "flag.report", item=other, text="同款复印纸在门店售价更低，请核查。")
