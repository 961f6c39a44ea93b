"""What goes on in the demo mall: a buyer with a budget and somebody who approves, orders at several stations, a request
for quotes, three auctions (over, running, of the next morning), an open framework agreement. Played through acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from core.access import SYSTEM
from core.clock import CST, DemoClock
from trading.auction import breaks
from web import pulse
from web.demo.local import LocalStage
from web.demo.mall import CHAIR, DESK, DESKTOP, PAPER, PRINTER, PROJECTOR, SUPPLIERS
from web.demo.orders import OrderTale

BUYER, SUPPLIER, HANDLER = "tenderer", "bidder1", "handler"
APPROVED = "20000"  # yuan from which a purchase of this buyer needs its manager
MINUTE = timedelta(minutes=1)
WHERE = {"address": "东西湖区吴家山街道某路1号", "receiver": "采购经办 13900000000"}
LINE: dict[str, Any] = {"category": DESKTOP, "name": "台式计算机", "unit": "台", "quantity": 10}


class Trade:
    """`items`: {the supplier's number: item} of the supplier that sells."""

    def __init__(self, stage: LocalStage, region: str, items: dict[str, str]) -> None:
        self.stage, self.items, self.where = stage, items, WHERE | {"region": region}

    def at(self, days: int, hour: int) -> datetime:
        day = (self.stage.now().astimezone(CST) + timedelta(days=days)).date()
        return datetime.combine(day, time(hour), CST)

    def grow(self) -> None:
        act, today = self.stage.act, self.stage.now().astimezone(CST).date()
        for rule, category, value in (("BUY-DIRECT-ORDER", "A", "50000"), ("BUY-SPLIT", "A", "500000")):
            act("centre1", "parameter.set", rule=rule, region=self.where["region"], category=category, value=value,
                effective_from=today.isoformat(), source="演示：本地集中采购目录及标准")  # fmt: skip
        act(BUYER, "budget.set", fiscal_year=today.year, category="A", funds="fiscal", amount="2000000",
            reason="年初批复预算")  # fmt: skip
        act(BUYER, "chain.set", least="0", steps=[])
        step = {"name": "负责人审批", "duty": "manager", "persons": []}
        act(BUYER, "chain.set", least=APPROVED, steps=[step])
        self.order()
        self.stations()
        self.asked()
        self.quotes()
        self.auctions()
        self.agreement()

    def bought(self, sku: str, quantity: int) -> OrderTale:
        """Put into the cart and asked for; below the sum that needs approval it is an order at once."""
        act, item = self.stage.act, self.items[sku]
        act(BUYER, "cart.put", item=item, quantity=quantity)
        made = act(BUYER, "purchase.submit", items=[item], funds="fiscal", **self.where)
        return OrderTale(self.stage, BUYER, SUPPLIER, made["orders"][0], MINUTE)

    def order(self) -> None:
        """Bought from the cart, confirmed and sent."""
        self.bought(f"{PRINTER[-5:]}-M280", 2).confirm().ship()
        self.stage.act(BUYER, "cart.put", item=self.items[f"{PAPER[-5:]}-A4-80"], quantity=20)

    def stations(self) -> None:
        """One order paid and rated, one invoiced, one that is argued about, one nobody has confirmed yet."""
        chairs = f"{CHAIR[-5:]}-C10"
        self.bought(chairs, 6).confirm().deliver().invoice().pay().rate(5, "送货及时，安装规范")
        self.bought(chairs, 4).confirm().deliver().invoice()
        argued = self.bought(f"{PROJECTOR[-5:]}-P40", 1).confirm()
        argued.ship()
        argued.do(BUYER, "order.dispute", reason="到货型号与约定不符，供应商拒绝更换")
        self.bought(f"{DESK[-5:]}-D120", 3)

    def asked(self) -> None:
        """A colleague asks for computers; the manager has to approve."""
        act, item = self.stage.act, self.items[f"{DESKTOP[-5:]}-T510"]
        act(HANDLER, "cart.put", item=item, quantity=6)
        act(HANDLER, "purchase.submit", items=[item], funds="fiscal", **self.where)

    def quotes(self) -> None:
        made = self.stage.act(BUYER, "quote.publish", title="办公电脑比价", kind="inquiry", to_whom="open",
                              lines=[LINE | {"spec": "8核处理器，16GB 内存，512GB 硬盘"}], funds="fiscal",
                              delivery_days=10, ceiling="60000", ends_at=self.at(7, 9).isoformat(),
                              **self.where)["request"]  # fmt: skip
        self.stage.let_work()
        papers = self.stage.ask(BUYER, "paper.waiting")["papers"]
        self.stage.sign(BUYER, next(one["document"] for one in papers if one["case"] == made))

    def auctions(self) -> None:
        """One that is over and waits for the lowest to confirm, one of this hour, one of the next morning."""
        now = self.stage.now
        over = self.auction("机房电脑竞价", now() + MINUTE, now() + 7 * MINUTE)
        self.stage.move_to(now() + MINUTE)
        self.bids(over, ("59000", "57600", "56200", "55900"))
        self.later(14 * MINUTE)
        running = self.auction("办公电脑竞价", now() + MINUTE, now() + timedelta(hours=4))
        self.stage.move_to(now() + MINUTE)
        self.bids(running, ("59800", "58600", "58200"))
        self.auction("台式计算机竞价", self.at(1, 9), self.at(1, 10))

    def auction(self, title: str, opens: datetime, ends: datetime) -> str:
        act = self.stage.act
        lines = [LINE | {"brand": "", "model": "", "specs": {}}]
        notice = {"regime": "government", "title": title, "lines": lines, "entrants": "open", "ceiling": "60000",
                  "step": "200", "opens_at": opens.isoformat(), "ends_at": ends.isoformat()}  # fmt: skip
        made = str(act(BUYER, "auction.save", **notice, **self.where)["auction"])
        act(BUYER, "auction.publish", made)
        for login, *_ in SUPPLIERS:
            act(login, "auction.enter", made, accept=True)
        return made

    def later(self, time: timedelta) -> None:
        """The clock goes on, and what is jumped over is no outage: as the demo's own clock does it."""
        clock = self.stage.acts.house.clock
        assert isinstance(clock, DemoClock)
        self.stage.acts.act(breaks.beat, SYSTEM, 0)
        clock.move_to(clock.now() + time)
        pulse.beat_all(self.stage.acts)
        self.stage.let_work()

    def bids(self, auction: str, prices: Sequence[str]) -> None:
        for place, price in enumerate(prices):
            self.stage.act(SUPPLIERS[place % len(SUPPLIERS)][0], "auction.bid", auction, price=price)

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
