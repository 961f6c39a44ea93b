"""Orders of the mall played through acts, as buyer and supplier do it. Called by whoever grows a demo world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.clock import CST
from core.money import D
from trading.order import placing
from trading.order.placing import Line, Placing
from web.demo.local import LocalStage

HOUR = timedelta(hours=1)
Payload = dict[str, Any]


@dataclass
class OrderTale:
    """One order; `buyer` and `supplier` are logins. Every step moves the clock on by a little."""

    stage: LocalStage
    buyer: str
    supplier: str
    order: str = ""
    pace: timedelta = HOUR

    def place(self, lines: Sequence[Line], *, source: str = "direct", **more: Any) -> OrderTale:
        """As a way of buying places it after its own guards."""
        ring = self.stage.ring
        where = {"region": "420112", "address": "东西湖区吴家山街道某路1号", "receiver": "采购经办 13900000000"} | more
        wanted = Placing(buyer_org=ring[self.buyer].org, buyer_person=ring[self.buyer].person, source=source,
                         supplier_org=ring[self.supplier].org, source_id="", lines=tuple(lines), **where)  # fmt: skip
        self.order = self.stage.acts.act(placing.place, self.stage.actor(self.buyer), wanted).id
        return self

    def do(self, who: str, act: str, /, **payload: Any) -> Payload:
        self.stage.move_to(self.stage.now() + self.pace)
        return self.stage.act(who, act, self.order, **payload)

    def page(self) -> Payload:
        return self.stage.ask(self.buyer, "order.page", self.order)

    def confirm(self) -> OrderTale:
        """With the contract where one is asked for, signed by both."""
        if self.do(self.supplier, "order.confirm")["contract"]:
            document = self.do(self.buyer, "order.contract")["document"]
            for who in (self.buyer, self.supplier):
                self.stage.sign(who, document)
            self.stage.let_work()
        return self

    def ship(self, lines: Mapping[str, int] | None = None, carrier: str = "顺丰速运") -> str:
        """What is left, or as much as said; the delivery."""
        shown = self.page()
        left = {one["line"]: one["ordered"] - one["shipped"] - one["dropped"] for one in shown["lines"]}
        wanted = {key: number for key, number in (lines or left).items() if number}
        tracking = f"SF{shown['number'][2:]}{len(shown['shipments']) + 1}"
        sent = self.do(self.supplier, "order.ship", lines=wanted, carrier=carrier, tracking=tracking)
        return str(sent["shipment"])

    def receive(self, shipment: str, refused: Mapping[str, int] | None = None) -> str:
        """Received and inspected; the note that waits for its signatures."""
        self.do(self.buyer, "order.receive", shipment=shipment)
        sent = next(one for one in self.page()["shipments"] if one["shipment"] == shipment)
        bad = refused or {}
        result = {
            key: {"accepted": came - bad.get(key, 0), "refused": bad.get(key, 0)}
            | ({"reason": "外包装破损，屏幕有划痕"} if bad.get(key) else {})
            for key, came in sent["lines"].items()
        }
        return str(self.do(self.buyer, "order.inspect", shipment=shipment, lines=result)["document"])

    def accept(self, document: str) -> OrderTale:
        for who in (self.buyer, self.supplier):
            self.stage.sign(who, document)
        self.stage.let_work()
        return self

    def deliver(self, refused: Mapping[str, int] | None = None) -> OrderTale:
        return self.accept(self.receive(self.ship(), refused))

    def today(self) -> str:
        return self.stage.now().astimezone(CST).date().isoformat()

    def invoice(self) -> OrderTale:
        """All that was accepted, on one fully digital e-invoice."""
        shown, day = self.page(), self.today()
        number = f"{day[2:4]}42{int(shown['number'][2:]) % 10**16:016d}"
        amount = str(D(shown["accepted"]) - D(shown["invoiced"]))
        self.do(self.supplier, "order.invoice", kind="e", number=number, amount=amount, issued_on=day)
        return self

    def pay(self) -> OrderTale:
        shown = self.page()
        amount = str(D(shown["invoiced"]) - D(shown["paid"]))
        receipt = f"国库支付{shown['number'][2:]}"
        self.do(self.buyer, "order.pay", amount=amount, bank_ref=receipt, paid_on=self.today())
        return self

    def rate(self, stars: int, text: str = "") -> OrderTale:
        said = {"text": text} if text else {}
        self.do(self.buyer, "order.rate", goods=stars, delivery=stars, service=stars, **said)
        return self


def play(stage: LocalStage, buyer: str, supplier: str, items: Sequence[Line]) -> dict[str, str]:
    """An order at every kind of station, {what: order}. `items`: at least one line; each order takes all of them."""

    def tale() -> OrderTale:
        return OrderTale(stage, buyer, supplier).place(items)

    rated = tale().confirm().deliver().invoice().pay().rate(5, "送货及时，安装规范")
    rated.do(supplier, "order.answer_rating", text="感谢支持，欢迎再次选购")
    paid, invoiced, accepted = (tale().confirm().deliver() for _ in range(3))
    paid.invoice().pay()
    invoiced.invoice()
    returned = tale().confirm().deliver()
    key = returned.page()["lines"][0]["line"]
    returned.do(buyer, "order.ask_return", lines={key: 1}, reason="开机无反应，申请退货一件")
    disputed = tale().confirm()
    disputed.ship()
    disputed.do(supplier, "order.say", text="货物已发出，请安排收货")
    disputed.do(buyer, "order.dispute", reason="与约定型号不符，供应商拒绝更换")
    on_the_way = tale().confirm()
    on_the_way.ship()
    cancelled = tale()
    cancelled.do(buyer, "order.cancel", reason="需求变更")
    waiting = tale()
    tales = {
        "rated": rated, "paid": paid, "invoiced": invoiced, "accepted": accepted, "returned": returned,
        "disputed": disputed, "on_the_way": on_the_way, "cancelled": cancelled, "waiting": waiting,
    }  # fmt: skip
    return {key: one.order for key, one in tales.items()}
