"""A closed framework agreement by clicks: sealed responses, elimination, signing, three ways of the second stage, the
summary; and an open one that a supplier joins and leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

from playwright.sync_api import expect

from tests.browser.mall_story_people import SUPPLIERS, WHERE, Shopper, Story, stamp
from tests.browser.mall_story_supply import PAPER
from trading.framework.models import Framework, FrameworkNeed

OFFERS = {"bidder1": "22.00", "bidder2": "21.50", "bidder3": "24.90"}
GOODS = (("复印纸", "25.00"), ("打印纸", "28.00"))


class FrameworkStages(Story):
    def _place(self, page: str = "") -> str:
        return f"/frameworks/{self.kept['framework']}{page}"

    def _agreement(self) -> Framework:
        with self.live.acts.reading() as session:
            row = session.get_one(Framework, self.kept["framework"])
            session.expunge(row)
            return row

    def solicited(self) -> None:
        """The scheme, its items, and the solicitation of twenty days and more."""
        owner = self.person("hospital").go("/frameworks")
        owner.follow("a[href='/frameworks/new']")
        for way in ("direct", "mini", "rota"):
            owner.at(f"input[name=ways][value={way}]").check()
        owner.press("framework.plan", name="办公用纸框架协议", months=1, kind="closed", regime="gov")
        self.kept["framework"] = owner.page.url.rsplit("/", 2)[1]
        for name, ceiling in GOODS:
            owner.press("framework.item", category=PAPER, name=name, unit="包", ceiling=ceiling)
        owner.refused(owner.form("framework.solicit"), "20日", deadline=stamp(self.at(10, 9)))
        owner.press("framework.solicit", deadline=stamp(self.at(22, 9)))
        owner.see("#members", "0")

    def responded(self) -> None:
        """Three responses, sealed in their browsers; nobody sees who answers. Unlocked by their own keys."""
        for who, price in OFFERS.items():
            person = self.person(who).go("/frameworks")
            person.follow(f"a[href='{self._place()}']")
            person.follow(f"a[href='{self._place('/respond')}']")
            self._sealed(person, price)
        assert "江源" not in self.person("hospital").go(self._place()).read("main")
        deadline = self._agreement().deadline
        assert deadline is not None
        self._unlocked(tuple(OFFERS), self._place("/respond"), deadline)

    def _sealed(self, person: Shopper, price: str) -> None:
        form = person.at("form[data-respond]")
        for field in form.locator("[name=price]").all():
            field.fill(price)
        with person.page.expect_download():
            form.locator("button").last.click()
            person.sign()
        person.go(person.page.url.removeprefix(self.live.base)).see("main", "有效")

    def _unlocked(self, suppliers: tuple[str, ...], place: str, end: datetime) -> None:
        self.move(end + timedelta(seconds=1))
        for who in suppliers:
            person = self.person(who).until(place, "form[data-unlock-response]")
            self.with_key(who)
            person.send(person.at("form[data-unlock-response]"), signed=True)

    def reviewed(self) -> None:
        """Each response is marked, the dearest of three eliminated, the report signed, the shortlist published."""
        owner = self.person("hospital").until(self._place("/review"), "[data-member]")
        members = owner.at("[data-member]")
        expect(members).to_have_count(3)
        for number in range(3):
            owner.press_in(members.nth(number).locator("form"))
        owner.press("framework.conclude")
        owner.see("#outcome >> xpath=../..", "3")
        self.signed_paper("hospital", "a[href^='/papers/']")
        owner.until(self._place("/review"), "form[data-act='framework.publish'] button:enabled")
        owner.press("framework.publish")
        owner.see("#members >> xpath=../..", "淘汰")

    def signed(self) -> None:
        """Both sides sign each agreement on the desk; it runs; its copy goes to the finance department."""
        inside = [who for who in OFFERS if who != "bidder3"]
        for _ in inside:
            self.person("hospital").until(self._place(), "main a[href^='/papers/']")
            self.signed_paper("hospital", "main a[href^='/papers/']")
        for who in inside:
            self.person(who).until(self._place(), "main a[href^='/papers/']")
            self.signed_paper(who, "main a[href^='/papers/']")
        owner = self.person("hospital").until(self._place(), "form[data-act='framework.copy']")
        owner.press("framework.copy")
        owner.press("framework.rota")
        owner.see("main", "轮候")
        self.person("regulator").go(self._place()).see("main", "报财政部门")

    # -- the second stage ---------------------------------------------------------------------------------------------

    def _bought(self, who: str, act: str, pieces: int, **values: str) -> str:
        person = self.person(who).go(self._place())
        person.follow(f"a[href='{self._place('/buy')}']")
        person.form(act).locator("[name^='quantities.']").first.fill(str(pieces))
        person.press(act, address=WHERE, receiver="库房", **values)
        return person.last

    def _asked(self, who: str, need: str) -> Shopper:
        """A supplier comes to a purchase from its workbench."""
        person = self.person(who).until("/workbench", f"a[href='/frameworks/needs/{need}']")
        person.follow(f"a[href='/frameworks/needs/{need}']")
        return person

    def _taken(self, who: str, need: str, act: str = "framework.accept", **values: str) -> Shopper:
        person = self._asked(who, need)
        person.press(act, **values)
        return person

    def _order_of(self, who: str, need: str, name: str) -> None:
        """From the purchase to its order."""
        person = self.person(who).go(f"/frameworks/needs/{need}")
        person.follow("main a[href^='/mall/orders/']")
        self.orders[name] = person.last
        person.see("#facts >> xpath=../..", "框架协议")

    def picked(self) -> None:
        need = self._bought("handler", "framework.pick", 4, reason="距离最近", member=SUPPLIERS["bidder1"])
        self._taken("bidder1", need)
        self._order_of("handler", need, "picked")

    def rotated(self) -> None:
        """The first in turn declines with a reason, the next accepts; the result is published."""
        need = self._bought("hospital", "framework.rotate", 6)
        self._taken("bidder2", need, "framework.decline", reason="库存不足")
        self._taken("bidder1", need)
        self.person("hospital").go(f"/frameworks/needs/{need}").press("framework.result")
        self._order_of("hospital", need, "rotated")

    def competed(self) -> None:
        """Sealed quotes of both, the lowest is offered the order."""
        need = self._bought("hospital", "framework.invite", 10, end=stamp(self.at(4, 15)))
        for who, price in (("bidder1", "20.80"), ("bidder2", "20.50")):
            self._sealed(self._asked(who, need), price)
        with self.live.acts.reading() as session:
            end = session.get_one(FrameworkNeed, need).end_at
        assert end is not None
        self._unlocked(("bidder1", "bidder2"), f"/frameworks/needs/{need}", end)
        buyer = self.person("hospital").until(f"/frameworks/needs/{need}", "form[data-act='framework.award']")
        buyer.press("framework.award")
        self._taken("bidder2", need)
        buyer.go(f"/frameworks/needs/{need}").press("framework.result")
        self._order_of("hospital", need, "competed")

    def watched_over(self) -> None:
        """The regulator suspends a member and lets it supply again; a supplier may not simply leave."""
        regulator = self.person("regulator").go(self._place())
        member = regulator.at("[data-member]", has_text="长丰")
        regulator.press_in(member.locator("form[data-act='framework.suspend']"), reason="质量抽检中", days=10)
        buyer = self.person("handler").go(self._place("/buy"))
        assert "长丰" not in buyer.read("#prices >> xpath=../..")
        member = regulator.go(self._place()).at("[data-member]", has_text="长丰")
        regulator.press_in(member.locator("form[data-act='framework.resume']"))
        first = self.person("bidder1").go(self._place())
        first.press("framework.quit_ask", reason="不可抗力导致停产")
        self.person("hospital").go(self._place()).see("main", "停产")

    def summed_up(self) -> None:
        """The term ends; the closing summary says what was ordered."""
        ends = self._agreement().ends_on
        assert ends is not None
        self.move(datetime.combine(ends + timedelta(days=2), self.now().time(), self.now().tzinfo))
        owner = self.person("hospital").until(self._place(), "form[data-act='framework.summary']")
        owner.press("framework.summary", text="供货及时")
        owner.follow("#notices >> xpath=../.. >> li:has-text('汇总') a")
        owner.see("main", "供货及时")

    def joined(self) -> None:
        """An open agreement: applied for, refused, checked, listed, left."""
        owner = self.person("school").go("/frameworks/new")
        owner.press("framework.plan", name="桌椅框架协议", kind="open", regime="gov", ground="all_qualified", months=6)
        place = owner.page.url.removeprefix(self.live.base).removesuffix("/scheme")
        owner.press("framework.item", category="A05010301", name="办公椅", unit="把", ceiling="400")
        owner.press("framework.solicit")
        for who in ("bidder2", "bidder3"):
            self.person(who).go(place).press("framework.apply", statement="具备供货资格")
        owner.go(place)
        for name, passes in (("长丰", "true"), ("汉水", "false")):
            member = owner.at("[data-member]", has_text=name)
            form = member.locator(f"form[data-act='framework.check']:has(input[name=pass][value={passes}])")
            owner.press_in(form, **({} if passes == "true" else {"reason": "资质过期"}))
        owner.press("framework.list")
        second = self.person("bidder2").go(place)
        second.press("framework.leave", reason="产能不足")
        second.see("main", "退出")
