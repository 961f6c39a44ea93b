"""A small world of framework agreements: a solicitor, buyers, ten suppliers, and short ways to each stage."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from certs import desk_sign, sealing, suite
from certs.sealing import Context
from certs.sealing_parts import Part
from core.access import Actor, Role
from core.clock import CST
from core.money import D
from tests.trading.stage import Seal, Stage, set_up
from trading.framework import sheet
from trading.framework.models import Framework, FrameworkMember, FrameworkNeed, FrameworkPrice
from trading.framework.states import items_of, members_of
from web import rooms, timers

F = TypeVar("F", bound=Callable[..., object])
ROOMS = rooms.modules()
START = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
OWNER, BUYER, AGENCY, CENTRE, REGULATOR = "招标人", "采购单位", "代理", "交易中心", "监管"
SUPPLIERS = tuple(f"投标人{n}" for n in "甲乙丙丁戊己庚辛壬癸")
TERMS: dict[str, Any] = {
    "name": "办公用纸框架协议", "kind": "closed", "regime": "gov", "region": "420112", "goods": "goods", "months": 12,
    "basis": "price", "ways": ["direct", "mini", "rota"], "tie": "points", "rota": "rank",
}  # fmt: skip
PAPER = {"category": "A05040101", "name": "复印纸 A4 70克", "unit": "包", "ceiling": "25.00", "weight": 10}
DELIVERY = {"address": "东西湖区某路1号", "receiver": "王某"}


def shows(*rules: str, sides: tuple[str, ...] = ("allowed", "refused")) -> Callable[[F], F]:
    """Marks a test with the rules whose sides it shows (scripts/rules_table.py)."""

    def mark(test: F) -> F:
        for rule in rules:
            for side in sides:
                test = pytest.mark.rule(rule, side)(test)
        return test

    return mark


@dataclass
class Agreements:
    stage: Stage
    seals: dict[tuple[str, str], Seal] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.stage.world.clock.moment

    def do(self, who: str, act: str, case: str = "", /, **payload: Any) -> dict[str, Any]:
        return self.stage.do(who, act, case, **payload)

    def actor(self, who: str) -> Actor:
        return self.stage.people[who]

    def read(self):
        return self.stage.world.read()

    def row(self, framework: str) -> Framework:
        with self.read() as session:
            return session.get_one(Framework, framework)

    def need(self, need: str) -> FrameworkNeed:
        with self.read() as session:
            return session.get_one(FrameworkNeed, need)

    def items(self, framework: str) -> list[str]:
        with self.read() as session:
            return [one.id for one in items_of(session, framework)]

    def member(self, framework: str, who: str) -> FrameworkMember:
        with self.read() as session:
            mine = [one for one in members_of(session, framework) if one.org_id == self.actor(who).org]
            return max(mine, key=lambda one: one.number)

    def move(self, moment: datetime) -> None:
        """Forward, and whatever is due by then is done."""
        self.stage.at(max(moment, self.now))
        self.work()

    def work(self) -> None:
        while timers.run_once(self.stage.world.acts):
            pass

    # -- stage one --------------------------------------------------------------------------------------------------

    def scheme(self, *, items: int = 1, **changes: Any) -> str:
        framework = str(self.do(OWNER, "framework.plan", **(TERMS | changes))["framework"])
        for n in range(items):
            self.do(OWNER, "framework.item", framework, **(PAPER | {"name": f"复印纸 {n + 1} 号"}))
        return framework

    def solicited(self, *, days: int = 21, **changes: Any) -> str:
        framework = self.scheme(**changes)
        deadline = (self.now + timedelta(days=days)).isoformat()
        payload = {} if changes.get("kind") == "open" else {"deadline": deadline}
        self.do(OWNER, "framework.solicit", framework, **payload)
        return framework

    def seal(self, subject: str, who: str, data: bytes) -> Seal:
        actor, owner, out = self.actor(who), suite.generate(), io.BytesIO()
        context = Context("response", subject, secrets.token_hex(8), actor.certificate)
        parts = [Part.of_bytes(sheet.SHEET, "application/json", data)]
        manifest = sealing.seal(parts, owner.public_key(), context, out)
        return Seal(manifest, suite.b64(sealing.unwrap_file_key(manifest, owner)), out.getvalue(), actor)

    def respond(
        self, subject: str, who: str, prices: dict[str, str], act: str = "framework.respond", brand: str = ""
    ) -> dict[str, Any]:
        data = sheet.compose({item: sheet.Offer(D(price), brand) for item, price in prices.items()})
        made = self.seal(subject, who, data)
        self.stage.at(self.now + timedelta(seconds=1))  # the order of receipt is the order of the responses
        done = self.do(who, act, subject, **made.payload(self.stage.world))
        self.seals[subject, who] = made
        return done

    def unlock(self, subject: str, *who: str, act: str = "framework.unlock") -> None:
        for one in who:
            self.do(one, act, subject, file_key=self.seals[subject, one].file_key)

    def opened(self, prices: dict[str, str], **changes: Any) -> str:
        """Responded with these unit prices (the same for every item), closed, unlocked, opened."""
        framework = self.solicited(**changes)
        self.answered(framework, prices)
        return framework

    def answered(self, framework: str, prices: dict[str, str]) -> None:
        for who, price in prices.items():
            self.respond(framework, who, dict.fromkeys(self.items(framework), price))
        deadline = self.row(framework).deadline
        assert deadline is not None
        self.move(deadline)
        self.unlock(framework, *prices)
        self.work()

    def mark_all(self, framework: str, failing: tuple[str, ...] = (), **points: str) -> None:
        with self.read() as session:
            members = members_of(session, framework, "OPENED")
        by_org = {self.actor(who).org: who for who in self.stage.people}
        for one in members:
            who = by_org[one.org_id]
            bad = {"pass": False, "reason": "营业执照过期"} if who in failing else {"pass": True}
            more = {"points": points[who]} if who in points else {}
            self.do(OWNER, "framework.mark", framework, member=one.id, qualification=bad, conformity={"pass": True},
                    **more)  # fmt: skip

    def conclude(self, framework: str, **more: Any) -> dict[str, Any]:
        return self.do(OWNER, "framework.conclude", framework, reviewers=[self.actor(OWNER).person], **more)

    def sign(self, who: str, document: str) -> None:
        acts, actor = self.stage.world.acts, self.actor(who)
        with self.read() as session:
            names = [one.name for one in desk_sign.desk.places(session, document) if one.person_id == actor.person]
        offer = desk_sign.prepare_signature(acts, actor, document, names[0])
        raw = suite.sign_raw(self.stage.keys[who], offer.tbs)
        desk_sign.finish_signature(acts, actor, document, names[0], raw, offer.lease)

    def published(self, framework: str, **more: Any) -> None:
        """Reviewed, signed, published; the agreements are on the desk."""
        self.mark_all(framework)
        done = self.conclude(framework, **more)
        self.sign(OWNER, done["document"])
        self.do(OWNER, "framework.publish", framework)
        self.work()

    def sign_agreement(self, framework: str, who: str) -> None:
        document = self.member(framework, who).document
        self.sign(OWNER, document)
        self.sign(who, document)

    def active(self, prices: dict[str, str], inside: tuple[str, ...] = (), **changes: Any) -> str:
        """An agreement in force; `inside` are those who enter (all but the last by default)."""
        framework = self.opened(prices, **changes)
        self.published(framework)
        for who in inside or tuple(sorted(prices, key=lambda one: D(prices[one])))[: len(prices) - 1]:
            if self.member(framework, who).state == "SHORTLISTED":
                self.sign_agreement(framework, who)
        self.work()
        return framework

    def ready(self, prices: dict[str, str], **changes: Any) -> str:
        """An agreement in force whose first stage nobody has to play: the suppliers of `prices` in their order, and
        one that was eliminated."""
        framework = self.scheme(**changes)
        items = self.items(framework)
        with self.read() as session, session.begin():
            row = session.get_one(Framework, framework)
            row.state, row.solicited_at, row.signed_at = "ACTIVE", self.now, self.now
            months = row.settings["months"]
            row.starts_on, row.ends_on = self.now.date(), self.now.date() + timedelta(days=30 * months)
            for n, (who, price) in enumerate([*prices.items(), (SUPPLIERS[3], "")], 1):
                actor = self.actor(who)
                member = FrameworkMember(
                    framework_id=framework, org_id=actor.org, person_id=actor.person, number=n, place=n,
                    state="ACTIVE" if price else "ELIMINATED", applied_at=self.now,
                    joined_at=self.now if price else None,
                )  # fmt: skip
                session.add(member)
                session.flush()
                for item in items if price else ():
                    session.add(FrameworkPrice(member_id=member.id, item_id=item, price=D(price), since=self.now))
        return framework

    # -- stage two --------------------------------------------------------------------------------------------------

    def wants(self, framework: str, quantity: int = 3) -> dict[str, Any]:
        return {"quantities": {self.items(framework)[0]: quantity}, **DELIVERY}

    def pick(self, framework: str, who: str, **more: Any) -> str:
        said = self.wants(framework) | {"reason": "距离最近，可当日送达"} | more
        return str(self.do(BUYER, "framework.pick", framework, member=self.member(framework, who).id, **said)["need"])

    def rotate(self, framework: str) -> str:
        return str(self.do(BUYER, "framework.rotate", framework, **self.wants(framework))["need"])

    def invite(self, framework: str, days: int = 3) -> str:
        end = (self.now + timedelta(days=days)).isoformat()
        return str(self.do(BUYER, "framework.invite", framework, end=end, **self.wants(framework))["need"])

    def quoted(self, need: str, prices: dict[str, str]) -> None:
        """Quoted, closed, unlocked, ranked."""
        for who, price in prices.items():
            lines = self.need(need).lines
            self.respond(need, who, {one["item"]: price for one in lines}, "framework.quote")
        end = self.need(need).end_at
        assert end is not None
        self.move(end)
        self.unlock(need, *prices, act="framework.quote_unlock")
        self.work()


def build(world) -> Agreements:
    stage = set_up(world)
    stage.org(BUYER, "tenderer", Role.TENDERER)
    for who in SUPPLIERS[5:]:
        stage.org(who, "bidder", Role.BIDDER)
    rooms.listen(ROOMS, world.acts)
    stage.at(START)
    return Agreements(stage)
