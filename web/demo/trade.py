"""What goes on in the demo mall: a buyer with a budget, an order on its way, a request for quotes, an auction of the
next morning, an open framework agreement. Played through acts."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from core.clock import CST
from web.demo.local import LocalStage
from web.demo.mall import DESKTOP, PAPER, PRINTER, SUPPLIERS
from web.demo.orders import OrderTale

BUYER, SUPPLIER = "tenderer", "bidder1"
WHERE = {"address": "东西湖区吴家山街道某路1号", "receiver": "采购经办 13900000000"}
LINE: dict[str, Any] = {"category": DESKTOP, "name": "台式计算机", "unit": "台", "quantity": 10}


class Trade:
    """`items`: {the supplier's number: item} of the supplier that sells."""

    def __init__(self, stage: LocalStage, region: str, items: dict[str, str]) -> None:
        self.stage, self.items, self.where = stage, items, WHERE | {"region": region}

    def at(self, days: int, hour: int) -> str:
        day = (self.stage.now().astimezone(CST) + timedelta(days=days)).date()
        return datetime.combine(day, time(hour), CST).isoformat()

    def grow(self) -> None:
        act, today = self.stage.act, self.stage.now().astimezone(CST).date()
        for rule, category, value in (("BUY-DIRECT-ORDER", "A", "50000"), ("BUY-SPLIT", "A", "500000")):
            act("centre1", "parameter.set", rule=rule, region=self.where["region"], category=category, value=value,
                effective_from=today.isoformat(), source="演示：本地集中采购目录及标准")  # fmt: skip
        act(BUYER, "budget.set", fiscal_year=today.year, category="A", funds="fiscal", amount="2000000",
            reason="年初批复预算")  # fmt: skip
        act(BUYER, "chain.set", least="0", steps=[])
        self.order()
        self.quotes()
        self.auction()
        self.agreement()

    def order(self) -> None:
        """Bought from the cart, confirmed and sent."""
        act, item = self.stage.act, self.items[f"{PRINTER[-5:]}-M280"]
        act(BUYER, "cart.put", item=item, quantity=2)
        made = act(BUYER, "purchase.submit", items=[item], funds="fiscal", **self.where)
        tale = OrderTale(self.stage, BUYER, SUPPLIER, made["orders"][0], timedelta(minutes=1))
        tale.confirm().ship()
        act(BUYER, "cart.put", item=self.items[f"{PAPER[-5:]}-A4-80"], quantity=20)

    def quotes(self) -> None:
        self.stage.act(BUYER, "quote.publish", title="办公电脑比价", kind="inquiry", to_whom="open", ceiling="60000",
                       lines=[LINE | {"spec": "8核处理器，16GB 内存，512GB 硬盘"}], funds="fiscal", delivery_days=10,
                       ends_at=self.at(7, 9), **self.where)  # fmt: skip

    def auction(self) -> None:
        act = self.stage.act
        lines = [LINE | {"brand": "", "model": "", "specs": {}}]
        notice = {"regime": "government", "title": "台式计算机竞价", "lines": lines, "entrants": "open",
                  "ceiling": "60000", "step": "200", "opens_at": self.at(1, 9), "ends_at": self.at(1, 10)}  # fmt: skip
        made = act(BUYER, "auction.save", **notice, **self.where)
        act(BUYER, "auction.publish", made["auction"])
        for login, *_ in SUPPLIERS:
            act(login, "auction.enter", made["auction"], accept=True)

    def agreement(self) -> None:
        act = self.stage.act
        terms = {"name": "办公用纸框架协议", "kind": "open", "regime": "gov", "region": self.where["region"],
                 "goods": "goods", "months": 12, "basis": "price", "ground": "all_qualified",
                 "ways": ["direct"], "tie": "points",
                 "rota": "rank"}  # fmt: skip
        made = act(BUYER, "framework.plan", **terms)["framework"]
        act(BUYER, "framework.item", made, category=PAPER, name="复印纸 A4 70克", unit="包", ceiling="25.00", weight=10)
        act(BUYER, "framework.solicit", made)
        act(SUPPLIER, "framework.apply", made, statement="具备供货资格，承诺按协议价格供应。")
