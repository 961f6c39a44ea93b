"""A small mall: two buyers with several people, three suppliers, items, local numbers, budgets and chains."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Person
from certs import sealing, suite
from certs.sealing import Context
from certs.sealing_parts import Part
from core.access import Actor, Role
from core.clock import CST
from core.rules import Refused
from tests.trading.stage import Seal, Stage, set_up
from trading.buying import parameters as _parameters  # noqa: F401
from trading.buying import queries as _queries  # noqa: F401
from trading.buying.quotes import actions as _actions  # noqa: F401
from trading.buying.quotes import contents, settling
from trading.buying.quotes import desk as _desk  # noqa: F401
from trading.buying.quotes.contents import Offer, Priced
from trading.buying.quotes.models import QuoteRequest
from trading.mall.models import Item
from trading.supplier.models import MallSupplier

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
PC, LAPTOP, CHAIR, PRINTER = "A02010105", "A02010108", "A05010300", "A02021003"
REGION = "420112"
WHERE = {"region": REGION, "address": "东西湖区测试路1号", "receiver": "收货人"}
SUPPLIERS = ("投标人甲", "投标人乙", "投标人丙")
BUYER, OTHER = "采购单位", "另一采购单位"


@dataclass
class Mall:
    stage: Stage
    items: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> Any:
        return self.stage.world

    def do(self, who: str, act: str, case: str = "", /, **payload: Any) -> dict[str, Any]:
        return self.stage.do(who, act, case, **payload)

    def refused(self, who: str, act: str, case: str = "", /, **payload: Any) -> list[str]:
        """Rules of the refusal that this act must meet."""
        try:
            self.do(who, act, case, **payload)
        except Refused as caught:
            return [one.rule for one in caught.breaches]
        raise AssertionError(f"{act} by {who} was not refused")

    def person(self, org: str, name: str, *, manager: bool = False) -> Actor:
        """A colleague in an organisation that is there, without a certificate."""
        first = self.stage.people[org]
        with self.world.read() as session, session.begin():
            row = Person(login=f"p{secrets.token_hex(4)}", name=name, id_hash=secrets.token_hex(32), id_masked="*",
                         phone_masked="*", org_id=first.org, roles=[Role.TENDERER], manager=manager, state="active",
                         added_at=NOW)  # fmt: skip
            session.add(row)
            session.flush()
            actor = Actor(row.id, name, first.org, org, frozenset({Role.TENDERER}), "10.0.0.2")
        self.stage.people[name] = actor
        return actor

    def manager(self, org: str) -> None:
        with self.world.read() as session, session.begin():
            session.get_one(Person, self.stage.people[org].person).manager = True

    def supplier(self, name: str, **changes: Any) -> None:
        values = {"state": "active", "categories": ["A"], "regions": ["420000"], "applied_at": NOW} | changes
        with self.world.read() as session, session.begin():
            session.add(MallSupplier(org_id=self.stage.people[name].org, **values))

    def item(self, supplier: str, category: str, price: str, **changes: Any) -> str:
        name = f"{supplier}的商品{len(self.items)}"
        values = {"sku": secrets.token_hex(4), "name": name, "brand": "牌", "unit": "台", "stock": 1000,
                  "state": "listed", "changed_at": NOW} | changes  # fmt: skip
        with self.world.read() as session, session.begin():
            row = Item(supplier_org=self.stage.people[supplier].org, category=category, price=Decimal(price), **values)
            session.add(row)
            session.flush()
            self.items[row.name] = row.id
            return row.id

    def change(self, item: str, **values: Any) -> None:
        with self.world.read() as session, session.begin():
            row = session.get_one(Item, item)
            for name, value in values.items():
                setattr(row, name, value)

    def suspend(self, supplier: str) -> None:
        with self.world.read() as session, session.begin():
            session.query(MallSupplier).filter_by(org_id=self.stage.people[supplier].org).one().state = "suspended"

    def number(self, rule: str, value: str | None, category: str = "", **changes: Any) -> None:
        """A local number of the centre's region, from today."""
        today = self.world.clock.moment.astimezone(CST).date().isoformat()
        p = {"rule": rule, "region": REGION, "effective_from": today, "source": "东财采〔2026〕1号", **changes}
        p |= {"category": category} if category else {}
        self.do("交易中心", "parameter.set", **p, **({} if value is None else {"value": value}))

    def budget(
        self, amount: str, category: str = "A", org: str = BUYER, year: int = 2026, funds: str = "fiscal"
    ) -> str:
        p = {"fiscal_year": year, "category": category, "funds": funds, "amount": amount, "reason": "年初预算"}
        return str(self.do(org, "budget.set", **p)["budget"])

    def free(self, least: str = "0", org: str = BUYER, category: str = "") -> None:
        """No approval needed from this amount on."""
        p = {"least": least, "steps": []} | ({"category": category} if category else {})
        self.do(org, "chain.set", **p)

    def ask(self, who: str, *items: str, **changes: Any) -> dict[str, Any]:
        return self.do(who, "purchase.submit", items=list(items), **({"funds": "fiscal"} | WHERE | changes))

    # -- quotes -------------------------------------------------------------------------------------------------------

    def request(self, who: str = BUYER, **changes: Any) -> str:
        line = {"category": PC, "name": "台式计算机", "spec": "8核 16G 512G", "unit": "台", "quantity": 10}
        p: dict[str, Any] = {
            "title": "办公电脑", "kind": "inquiry", "to_whom": "open", "lines": [line], "ceiling": "60000",
            "funds": "fiscal", "delivery_days": 10, "ends_at": "2026-03-06T09:00", **WHERE,
        }  # fmt: skip
        return str(self.do(who, "quote.publish", **(p | changes))["request"])

    def row(self, request: str) -> QuoteRequest:
        with self.world.read() as session:
            return session.get_one(QuoteRequest, request)

    def sealed(self, request: str, who: str, price: str, *, body: bytes | None = None, **changes: Any) -> Seal:
        """Sealed for this request's custodians, not handed in."""
        actor, owner = self.stage.people[who], suite.generate()
        said = {"delivery_days": 5, "small_firm": False, "note": ""} | changes
        offer = Offer(
            (Priced(1, Decimal(price), "联想", "M1"),), said["delivery_days"], said["small_firm"], said["note"]
        )
        data = contents.compose(offer) if body is None else body
        held = self.row(request).custodians
        keys = {role: suite.load_spki(suite.unb64(one["spki"], role)) for role, one in held.items()} or None
        out = io.BytesIO()
        context = Context("quote", request, secrets.token_hex(8), actor.certificate)
        part = Part.of_bytes(contents.NAME, "application/json", data)
        manifest = sealing.seal([part], owner.public_key(), context, out, keys)
        return Seal(manifest, suite.b64(sealing.unwrap_file_key(manifest, owner)), out.getvalue(), actor)

    def quote(self, request: str, who: str, price: str, **changes: Any) -> Seal:
        made = self.sealed(request, who, price, **changes)
        self.stage.at(self.world.clock.moment + timedelta(seconds=1))
        self.do(who, "quote.submit", request, **made.payload(self.world))
        return made

    def end(self, request: str) -> str:
        """The end comes, the timer rings."""
        self.stage.at(max(self.world.clock.moment, self.row(request).ends_at))
        return str(self.stage.ring("quote.end", request)["state"])

    def unlock(self, request: str, **seals: Seal) -> None:
        for who, made in seals.items():
            self.do(who, "quote.unlock", request, file_key=made.file_key)

    def compare(self, request: str, **seals: Seal) -> None:
        """End, unlock all, settle."""
        assert self.end(request) == "OPENING"
        self.unlock(request, **seals)
        settling.settle(self.world.acts, request)
        assert self.row(request).state == "COMPARED"


def mall_of(world) -> Mall:
    """A buyer with a manager and a clerk, another buyer, three suppliers, A may be bought directly up to 50,000."""
    mall = Mall(set_up(world))
    mall.stage.at(NOW)
    for name in (BUYER, OTHER):
        mall.stage.org(name, "tenderer", Role.TENDERER)
        mall.manager(name)
    mall.stage.custodian("tenderer", mall.stage.people[BUYER])
    mall.person(BUYER, "经办人")
    mall.person(BUYER, "审批人")
    for name in SUPPLIERS:
        mall.supplier(name)
    mall.number("BUY-DIRECT-ORDER", "50000", "A")
    return mall


def day(text: str) -> date:
    return date.fromisoformat(text)
