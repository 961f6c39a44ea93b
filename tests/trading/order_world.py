"""A small world of orders: two buyers, two suppliers, who keeps and who supervises the mall."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from certs import desk_sign, suite
from core.access import SYSTEM, Actor, Role
from core.doors import TABLE
from core.rules import Refused
from tests.trading.stage import START, Stage
from trading.order import hooks, placing
from trading.order.models import Order, OrderLine, Shipment
from trading.order.placing import Line, Placing
from web import rooms

ROOMS = rooms.modules()  # their tables are there before the first world is made
PEOPLE = (
    ("采购人", "tenderer", Role.TENDERER), ("别的采购人", "tenderer", Role.TENDERER), ("供应商", "bidder", Role.BIDDER),
    ("别的供应商", "bidder", Role.BIDDER), ("交易中心", "centre", Role.CENTRE), ("监管", "regulator", Role.REGULATOR),
    ("审计", "regulator", Role.AUDITOR),
)  # fmt: skip
SECOND = timedelta(seconds=1)
CHAIR = Line("A05010299", "办公椅", "把", 10, Decimal("350.00"))
LAPTOP = Line("A02010105", "便携式计算机", "台", 3, Decimal("4999.99"), brand="某品牌", model="X1")


@dataclass(repr=False)
class Orders:
    stage: Stage
    told: list[hooks.Happening] = field(default_factory=list)
    number: int = 0

    @property
    def world(self) -> Any:
        return self.stage.world

    @property
    def now(self) -> datetime:
        return self.world.clock.moment

    def at(self, moment: datetime) -> None:
        self.stage.at(moment)

    def place(self, *lines: Line, buyer: str = "采购人", supplier: str = "供应商", **more: Any) -> str:
        people = self.stage.people
        wanted = Placing(
            buyer_org=people[buyer].org, buyer_person=people[buyer].person, supplier_org=people[supplier].org,
            source="direct", source_id="", region="420112", address="某路1号", receiver="张三", lines=lines or (CHAIR,),
            **more,
        )  # fmt: skip
        return str(self.world.acts.act(placing.place, people[buyer], wanted).id)

    def do(self, who: str, act: str, order: str, /, **payload: Any) -> dict[str, Any]:
        return self.stage.do(who, act, order, **payload)

    def refused(self, who: str, act: str, order: str, /, **payload: Any) -> list[str]:
        with pytest.raises(Refused) as refused:
            self.do(who, act, order, **payload)
        return [one.rule for one in refused.value.breaches]

    def ring(self, act: str, order: str, **payload: Any) -> dict[str, Any]:
        """What the timer does."""
        found: dict[str, Any] = self.world.acts.act(TABLE[act].fn, SYSTEM, order, payload)
        return found

    def row(self, order: str) -> Order:
        with self.world.read() as session:
            return session.get_one(Order, order)

    def lines(self, order: str) -> list[OrderLine]:
        with self.world.read() as session:
            return list(session.query(OrderLine).filter_by(order_id=order).order_by(OrderLine.position))

    def shipments(self, order: str) -> list[Shipment]:
        with self.world.read() as session:
            return list(session.query(Shipment).filter_by(order_id=order).order_by(Shipment.number))

    def sign(self, document: str, **names: str) -> None:
        """names: field → who."""
        acts = self.world.acts
        for place, who in names.items():
            self.at(self.now + SECOND)
            actor = self.stage.people[who]
            offer = desk_sign.prepare_signature(acts, actor, document, place)
            raw = suite.sign_raw(self.stage.keys[who], offer.tbs)
            desk_sign.finish_signature(acts, actor, document, place, raw, offer.lease)

    # -- short ways --------------------------------------------------------------------------------------------------

    def confirmed(self, *lines: Line, **more: Any) -> str:
        order = self.place(*lines, **more)
        self.do("供应商", "order.confirm", order)
        return order

    def sent(self, order: str, *numbers: int) -> str:
        """A delivery of so many pieces a line, all that is left where none are said."""
        lines = self.lines(order)
        wanted = numbers or tuple(one.quantity - one.shipped - one.dropped for one in lines)
        pieces = {one.id: number for one, number in zip(lines, wanted, strict=True) if number}
        made = self.do("供应商", "order.ship", order, lines=pieces, carrier="某快递", tracking="SF1")
        return str(made["shipment"])

    def noted(self, order: str, shipment: str, **refused: int) -> str:
        """Received and inspected; `refused` {"1": pieces of the first line}."""
        if next(one for one in self.shipments(order) if one.id == shipment).state == "shipped":
            self.do("采购人", "order.receive", order, shipment=shipment)
        by_id = {one.id: refused.get(f"line{one.position}", 0) for one in self.lines(order)}
        came = next(one for one in self.shipments(order) if one.id == shipment).lines
        result = {
            key: {"accepted": number - by_id[key], "refused": by_id[key]} | ({"reason": "破损"} if by_id[key] else {})
            for key, number in came.items()
        }
        return str(self.do("采购人", "order.inspect", order, shipment=shipment, lines=result)["document"])

    def closed(self, order: str, document: str) -> None:
        """The note as the desk leaves it once both have signed; the signing itself is shown where it is the subject."""
        with self.world.read() as session, session.begin():
            session.get_one(desk_sign.SigningDoc, document).state = "sealed"
        self.ring("order.accept", order, document=document)

    def accepted(self, *lines: Line, **refused: int) -> str:
        order = self.confirmed(*lines)
        self.closed(order, self.noted(order, self.sent(order), **refused))
        return order

    def invoice(self, order: str, amount: str = "", **more: Any) -> dict[str, Any]:
        row, self.number = self.row(order), self.number + 1
        said = {"kind": "e", "number": f"2642{self.number:016d}", "issued_on": self.now.date().isoformat()} | more
        return self.do("供应商", "order.invoice", order, amount=amount or str(row.accepted - row.invoiced), **said)

    def pay(self, order: str, amount: str = "", **more: Any) -> dict[str, Any]:
        row, self.number = self.row(order), self.number + 1
        said = {"bank_ref": f"HD{self.number}", "paid_on": self.now.date().isoformat()} | more
        return self.do("采购人", "order.pay", order, amount=amount or str(row.invoiced - row.paid), **said)

    def paid(self, *lines: Line) -> str:
        order = self.accepted(*lines)
        self.invoice(order)
        self.pay(order)
        return order


def set_up(world: Any) -> Orders:
    stage = Stage(world)
    for name, kind, role in PEOPLE:
        stage.org(name, kind, role)
    stage.people["没登录"] = Actor()
    stage.people["管理员"] = Actor("admin", "管理员", "", "", frozenset({Role.ADMIN}))
    stage.at(START)
    rooms.listen(ROOMS, world.acts)
    return Orders(stage)
