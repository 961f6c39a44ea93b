"""A small mall: a centre, a regulator, a buyer, two suppliers with an entry in force, one without."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from core import ledger, staged
from core.access import Role
from core.clock import CST
from core.rules import Refused
from tests.trading.stage import Stage
from trading.mall import importing as _importing
from trading.mall import items as _items  # noqa: F401  (declares the acts)
from trading.mall import patrol as _patrol  # noqa: F401
from trading.mall import pictures, queries, sheet
from trading.mall.models import Flag, Item
from trading.supplier import credit as _credit  # noqa: F401
from trading.supplier.models import MallSupplier
from trading.supplier.queries import entry

NOW = datetime(2026, 5, 8, 9, 0, tzinfo=CST)
CENTRE, REGULATOR, OTHER_REGULATOR, BUYER = "交易中心", "财政局", "财政局二", "采购人"
FIRST, SECOND, NEW = "供应商甲", "供应商乙", "供应商丙"
DESKTOP, COMPUTERS, OFFICE = "A02010105", "A02000000", "A05000000"
LOST = "A02110202"  # its name was lost in the source of the list
CITY, DISTRICT, ELSEWHERE = "420100", "420112", "110101"
DAY = timedelta(days=1)
FIELDS = [
    {"name": "内存", "kind": "number", "required": True, "unit": "GB", "choices": []},
    {"name": "系统", "kind": "choice", "required": False, "unit": "", "choices": ["统信UOS", "麒麟"]},
]
APPLY: dict[str, Any] = {"categories": [COMPUTERS], "regions": [CITY], "promise": "三日内送达"}
ITEM: dict[str, Any] = {
    "sku": "K-1", "category": DESKTOP, "name": "台式计算机", "brand": "示例", "model": "T1", "unit": "台",
    "price": "100", "stock": 5, "regions": [DISTRICT], "specs": {"内存": "16"},
}  # fmt: skip


class Mall:
    """`stage.do(who, act, …)` with short ways to what most tests begin from."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.world = stage, stage.world
        stage.org(CENTRE, "centre", Role.CENTRE)
        stage.org(REGULATOR, "regulator", Role.REGULATOR)
        stage.org(OTHER_REGULATOR, "regulator", Role.REGULATOR)
        stage.org(BUYER, "tenderer", Role.TENDERER)
        for who in (FIRST, SECOND, NEW):
            stage.org(who, "bidder", Role.BIDDER)
        stage.at(NOW)

    def do(self, who: str, act: str, **payload: Any) -> dict[str, Any]:
        return self.stage.do(who, act, **payload)

    def enter(self, who: str = FIRST, **changes: Any) -> str:
        made = self.do(who, "supplier.apply", **(APPLY | changes))["supplier"]
        self.do(CENTRE, "supplier.decide", supplier=made, approve=True)
        return str(made)

    def template(self, category: str = COMPUTERS, fields: list[dict[str, Any]] | None = None) -> None:
        self.do(CENTRE, "mall_template.save", category=category, fields=FIELDS if fields is None else fields)

    def draft(self, who: str = FIRST, **changes: Any) -> str:
        return str(self.do(who, "item.save", **(ITEM | changes))["item"])

    def listed(self, who: str = FIRST, **changes: Any) -> str:
        item = self.draft(who, **changes)
        self.do(who, "item.submit", items=[item])
        self.do(CENTRE, "item.review", items=[item], approve=True)
        return item

    def change(self, item: str, who: str = FIRST, **changes: Any) -> dict[str, Any]:
        """The item saved again with other values."""
        row = self.row(item)
        keys = ("sku", "category", "name", "brand", "model", "unit", "stock", "regions", "specs", "pictures",
                "certificates")  # fmt: skip
        values = {key: getattr(row, key) for key in keys} | {"price": str(row.price)}
        return self.do(who, "item.save", item=item, **(values | changes))

    def row(self, item: str) -> Item:
        with self.world.read() as session:
            return session.get_one(Item, item)

    def entry(self, who: str = FIRST) -> MallSupplier:
        with self.world.read() as session:
            found = entry(session, self.stage.people[who].org)
        assert found is not None
        return found

    def flags(self, item: str) -> list[Flag]:
        with self.world.read() as session:
            return list(session.scalars(select(Flag).where(Flag.item_id == item).order_by(Flag.at, Flag.id)))

    def kinds(self, stream: str) -> list[str]:
        with self.world.read() as session:
            return [one.kind for one in ledger.entries(session, stream)]

    def past(self, item: str) -> list[str]:
        with self.world.read() as session:
            return [str(one.price) for one in reversed(queries.price_history(session, item))]

    def bring(self, who: str, data: bytes) -> str:
        """As an upload that has ended."""
        blob = self.world.acts.house.blobs.put(data)
        self.world.acts.act(staged.stage, self.stage.people[who], blob.sha256, blob.size)
        return blob.sha256

    def picture(self, who: str = FIRST, **how: Any) -> str:
        return pictures.take(self.world.acts, self.stage.people[who], self.bring(who, image(**how)))

    def load(self, rows: list[dict[str, Any]], who: str = FIRST, **how: Any) -> dict[str, Any]:
        lines = sheet.lines_of_json({"items": rows})
        return _importing.run(self.world.acts, self.stage.people[who], "x.json", lambda: lines, **how)


def image(size: tuple[int, int] = (300, 240), kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2f5d8a").save(out, kind, **more)
    return out.getvalue()


def rules_of(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [one.rule for one in error.value.breaches]


@pytest.fixture
def mall(world) -> Mall:
    return Mall(Stage(world))
