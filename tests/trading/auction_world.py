"""A small world for auctions: a buyer, suppliers of the mall, the centre of the place; and short ways to each stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Org, Person
from core import codes
from core.access import SYSTEM, Actor, Role
from core.clock import CST
from core.doors import TABLE
from trading.auction import actions, bidding, breaks, closing, queries, work  # noqa: F401  (declare acts)
from trading.auction.models import Auction
from trading.supplier.models import MallSupplier

START = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
OPENS, ENDS = START + timedelta(hours=1), START + timedelta(hours=2)
CATEGORY = "A02010105"
LINE = {"category": CATEGORY, "name": "台式计算机", "unit": "台", "quantity": 10, "brand": "", "model": "",
        "specs": {"内存": "16GB"}}  # fmt: skip
NOTICE: dict[str, Any] = {
    "regime": "government", "title": "办公电脑反向竞价", "region": "420112", "address": "东西湖区某路1号",
    "receiver": "张三", "lines": [LINE], "entrants": "open", "ceiling": "50000", "step": "100",
    "opens_at": OPENS.isoformat(), "ends_at": ENDS.isoformat(),
}  # fmt: skip


def people(session: Any, number: int, kind: str, role: Role, *, region: str = "420112") -> Actor:
    """A verified organisation with one person."""
    uscc = codes.make_uscc(f"91420112MA5K{number:04d}0")
    org = Org(name=f"{kind}{number}", uscc=uscc, kinds=[kind], region=region, agreement="x", agreed_at=START,
              state="verified")  # fmt: skip
    session.add(org)
    session.flush()
    person = Person(login=f"{kind}{number}", name=f"人员{number}", id_hash=f"{number:064d}", id_masked="*",
                    phone_masked="*", org_id=org.id, roles=[role], state="active", added_at=START)  # fmt: skip
    session.add(person)
    session.flush()
    return Actor(person.id, person.name, org.id, org.name, frozenset({role}), "10.0.0.1", "f" * 64)


@dataclass
class Mall:
    world: Any
    buyer: Actor
    centre: Actor
    suppliers: list[Actor]
    other: dict[str, Actor] = field(default_factory=dict)

    def at(self, moment: datetime, **more: float) -> None:
        self.world.clock.moment = moment + timedelta(**more)

    def do(self, actor: Actor, act: str, auction: str = "", **payload: Any) -> dict[str, Any]:
        return self.world.do(actor, act, auction, **payload)

    def draft(self, **changes: Any) -> str:
        return str(self.do(self.buyer, "auction.save", **NOTICE | changes)["auction"])

    def published(self, **changes: Any) -> str:
        auction = self.draft(**changes)
        self.do(self.buyer, "auction.publish", auction)
        return auction

    def bidding(self, bidders: int = 3, **changes: Any) -> str:
        """Published, so many entered, the clock at the start."""
        auction = self.published(**changes)
        for one in self.suppliers[:bidders]:
            self.do(one, "auction.enter", auction, accept=True)
        self.at(OPENS)
        self.ring("auction.begin", auction)
        return auction

    def bid(self, place: int, auction: str, price: str, **more: str) -> dict[str, Any]:
        return self.do(self.suppliers[place], "auction.bid", auction, price=price, **more)

    def ring(self, act: str, auction: str, **payload: Any) -> dict[str, Any]:
        return self.world.acts.act(TABLE[act].fn, SYSTEM, auction, payload)

    def beat(self, worker: int = 0) -> None:
        self.world.acts.act(breaks.beat, SYSTEM, worker)

    def lively(self, until: datetime, *workers: int) -> None:
        """Pulses every two seconds up to a moment."""
        while self.world.clock.moment < until:
            self.at(min(self.world.clock.moment + breaks.EVERY, until))
            for worker in workers or (0,):
                self.beat(worker)

    def closed(self, *prices: str, **changes: Any) -> str:
        """Bid down to the end by as many bidders as there are prices, and closed."""
        auction = self.bidding(len(prices), **changes)
        for place, price in enumerate(prices):
            self.bid(place, auction, price)
        self.end(auction)
        return auction

    def end(self, auction: str) -> dict[str, Any]:
        self.at(self.row(auction).ends_at)
        self.world.acts.act(breaks.touch, SYSTEM)
        self.beat()
        return self.ring("auction.close", auction)

    def row(self, auction: str) -> Auction:
        with self.world.read() as session:
            return session.get_one(Auction, auction)

    def show(self, actor: Actor, auction: str) -> dict[str, Any]:
        with self.world.read() as session:
            row = queries.seen(session, auction, actor)
            return queries.view(session, row, actor, self.world.clock.now())


def mall(world: Any, suppliers: int = 4) -> Mall:
    world.clock.moment = START
    with world.read() as session, session.begin():
        buyer = people(session, 1, "tenderer", Role.TENDERER)
        centre = people(session, 2, "centre", Role.CENTRE)
        found = [people(session, 10 + n, "bidder", Role.BIDDER) for n in range(suppliers)]
        other = {
            "buyer": people(session, 3, "owner", Role.TENDERER),
            "far centre": people(session, 4, "centre", Role.CENTRE, region="110000"),
            "regulator": people(session, 5, "regulator", Role.REGULATOR),
            "not of the mall": people(session, 6, "bidder", Role.BIDDER),
        }
        for one in found:
            session.add(MallSupplier(org_id=one.org, state="active", categories=["A02000000"], regions=["420000"],
                                     applied_at=START, reviewed_at=START))  # fmt: skip
    return Mall(world, buyer, centre, found, other)
