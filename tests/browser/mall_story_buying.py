"""Buying: looking for goods, budgets and chains, a cart of two suppliers, splitting, sealed quotes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.mall_story_people import SUPPLIERS, WHERE, Shopper, Story, stamp
from tests.browser.mall_story_supply import PC
from trading.buying.quotes.models import QuoteRequest

QUOTERS = {"bidder1": "5100", "bidder2": "5000", "bidder3": "4950.5"}


class BuyingStages(Story):
    def search(self) -> None:
        """Words, three facets, the comparison, favourites, what one looked at last."""
        handler = self.person("handler").go("/mall")
        handler.at("#q").fill("台式计算机")
        with handler.page.expect_navigation():
            handler.at("form.gh-search button").click()
        handler.look()
        expect(handler.at("article.gh-item")).to_have_count(4)
        for text in ("示例甲", "江源", "有货"):
            handler.follow(f"#facets a:has-text('{text}')")
        expect(handler.at("article.gh-item")).to_have_count(1)
        handler.see(".gh-tokens", "示例甲")
        handler.follow(".gh-tokens li:last-child a")
        expect(handler.at("article.gh-item")).to_have_count(4)
        for name in ("pc1", "pc3"):
            card = handler.at(f"article.gh-item:has(a[href='/mall/items/{self.items[name]}'])")
            with handler.page.expect_navigation():
                card.locator("form[action='/mall/compare'] button").click()
        handler.look()
        handler.follow(".gh-tray a")
        handler.see("table.gh-compare", "4,899")
        expect(handler.at("table.gh-compare thead th")).to_have_count(3)
        handler.go(f"/mall/items/{self.items['pc3']}")
        with handler.page.expect_navigation():
            handler.at("form[action='/mall/favourites'] button").click()
        handler.look().see("form[action='/mall/favourites'] button", "已收藏")
        handler.go("/mall").follow("a[href='/mall/shelves/favourites']")
        expect(handler.at("article.gh-item")).to_have_count(1)
        handler.follow("a[href='/mall/shelves/seen']")
        expect(handler.at("article.gh-item")).to_have_count(1)
        handler.follow("article.gh-item a")
        handler.see("#prices >> xpath=../..", "4,899")

    # -- budgets, chains, the cart ------------------------------------------------------------------------------------

    def budgets(self) -> None:
        for who in ("school", "hospital"):
            manager = self.person(who).go("/mall/buying/budgets")
            manager.press("budget.set", category="A", funds="fiscal", amount="500000", reason="年初预算批复")
            manager.see("#history", "年初预算批复")

    def chains(self) -> None:
        """The school: finance, and above ten thousand the leader too. The hospital: nobody needs to."""
        school = self.person("school").go("/mall/buying/chains")
        for name, duty in (("学校财务", "finance"), ("分管校长", "leader")):
            row = school.at("#duties >> xpath=../..").locator("li", has_text=name)
            school.press_in(row.locator(f'form:has(input[value="{duty}"])'))
            expect(row.locator("[aria-pressed=true]")).to_have_count(1)
        for least, duties in (("0", ("finance",)), ("10000", ("finance", "leader"))):
            form = school.at("form[data-list-act='chain.set']")
            form.locator("[name=least]").fill(least)
            for place, duty in enumerate(duties):
                if place:
                    form.locator("[data-add=steps]").click()
                step = form.locator("[data-item]").nth(place)
                step.locator("[data-key=name]").fill({"finance": "财务审核", "leader": "领导批准"}[duty])
                step.locator("[data-key=duty]").select_option(duty)
            school.send(form)
        school.see("#chains >> xpath=../..", "领导批准")
        hospital = self.person("hospital").go("/mall/buying/chains")
        hospital.send(hospital.at("form[data-list-act='chain.set']"))
        hospital.see("#chains >> xpath=../..", "无需审批")
        hospital.press("absence.set", substitute="医院经办")
        hospital.see("#duties >> xpath=../..", "医院经办")
        hospital.press("absence.end")

    def put(self, who: str, name: str, quantity: int) -> Shopper:
        person = self.person(who).go(f"/mall/items/{self.items[name]}")
        person.press("cart.put", quantity=quantity)
        expect(person.at(f'[data-cart="{self.items[name]}"]')).to_be_visible()
        return person

    def cart(self) -> None:
        """Goods of two suppliers, kept as a list, one changed, asked for, approved by two, placed as two orders."""
        handler = self.put("handler", "pc1", 3)
        handler = self.put("handler", "chair2", 9)
        handler.press("list.save", name="办公常用")
        line = handler.at(f'[data-cart="{self.items["pc1"]}"]')
        handler.press_in(line.locator("form:has(input[inputmode])"), quantity=4)
        for name in ("pc1", "chair2"):
            line = handler.at(f'[data-cart="{self.items[name]}"]')
            handler.press_in(line.locator('form:has(input[name=quantity][value="0"])'))
        handler.press("list.use", times=1)  # three and nine, as they were kept
        expect(handler.at("[data-cart]")).to_have_count(2)
        handler.press("purchase.submit", address=WHERE, note="工作日送达")
        handler.see("#what >> xpath=../..", "待审批")
        purchase = handler.last
        for who in ("finance", "leader"):
            approver = self.person(who).go("/mall/buying")
            approver.follow("#decide >> xpath=../.. >> a.btn")
            assert approver.last == purchase
            approver.press("purchase.approve", reason="同意")
        self._ordered(handler.go(f"/mall/buying/{purchase}"), computers="bidder1", chairs="bidder2")

    def _ordered(self, person: Shopper, **names: str) -> None:
        """The orders on a purchase's page, each of its supplier."""
        expect(person.at("main a[href^='/mall/orders/']")).to_have_count(len(names))
        for name, supplier in names.items():
            link = person.at("main dd", has_text=SUPPLIERS[supplier]).locator("a[href^='/mall/orders/']")
            self.orders[name] = str(link.get_attribute("href")).rpartition("/")[2]

    def splitting(self) -> None:
        """The second of the year passes the threshold: a warning, a reason, refused once by the approver, then placed;
        the regulator sees it."""
        handler = self.put("handler", "pc3", 2)
        form = handler.form("purchase.submit")
        handler.refused(form, "公开招标数额标准", address=WHERE)
        handler.press("purchase.submit", reason="新增班级，年初未能预见")
        purchase = handler.last
        finance = self.person("finance").go(f"/mall/buying/{purchase}")
        finance.see("main", "公开招标数额标准")
        finance.press("purchase.refuse", reason="请先说明用途")
        handler.go(f"/mall/buying/{purchase}").press("purchase.again")
        handler.press("purchase.submit", address=WHERE, reason="新增班级，年初未能预见，用于五年级")
        purchase = handler.last
        finance.go(f"/mall/buying/{purchase}").press("purchase.approve")
        self._ordered(handler.go(f"/mall/buying/{purchase}"), split="bidder3")
        self.person("regulator").go("/mall/buying/rules").see("#flags >> xpath=../..", "用于五年级")

    def quickly(self) -> None:
        """The hospital buys without a chain, several times: each order goes its own way afterwards."""
        for name, number, quantity in (("returned", 1, 5), ("disputed", 2, 4), ("cancelled", 1, 2), ("declined", 2, 1),
                                       ("called_off", 1, 3)):  # fmt: skip
            nurse = self.put("nurse", f"chair{number}", quantity)
            nurse.press("purchase.submit", address=WHERE)
            self._ordered(nurse, **{name: f"bidder{number}"})

    # -- quotes -------------------------------------------------------------------------------------------------------

    def _request(self, who: str, title: str, kind: str, ends: datetime) -> str:
        person = self.person(who).go("/mall/quotes")
        person.follow("a[href='/mall/quotes/new']")
        form = person.at("form[data-list-act='quote.publish']")
        row = form.locator("[data-item]").first
        for key, value in (("category", PC), ("name", "台式计算机"), ("quantity", "4"), ("unit", "台"),
                           ("spec", "八核处理器，内存不少于十六")):  # fmt: skip
            row.locator(f'[data-key="{key}"]').fill(value)
        person.fill(form, title=title, kind=kind, ceiling="24000", address=WHERE, ends_at=stamp(ends))
        person.send(form)
        person.see("h1", title)
        return person.last

    def quoted(self, who: str, request: str, price: str) -> None:
        """Prices sealed in the supplier's browser and handed in; the receipt is saved."""
        person = self.person(who).go(f"/mall/quotes/{request}")
        self.with_key(who)
        person.at("[data-price]").fill(price)
        person.at("[data-brand]").fill("示例品牌")
        with person.page.expect_download() as saved:
            person.at("form[data-quote] button").last.click()
            person.sign()
        assert b'"schema":"receipt/1"' in Path(saved.value.path()).read_bytes()
        person.go(f"/mall/quotes/{request}").see("#desk-title >> xpath=../..", "有效")

    def quotes(self) -> None:
        """An inquiry: three sealed quotes, the end, unlocked by the open pages, the lowest selected and approved."""
        request = self.kept["inquiry"] = self._request("handler", "计算机询价", "inquiry", self.at(8, 9))
        for who, price in QUOTERS.items():
            self.quoted(who, request, price)
        self.quoted("bidder1", request, "5050")  # replaced by a lower one
        handler = self.person("handler").go(f"/mall/quotes/{request}")
        assert not [price for price in (*QUOTERS.values(), "5050", "汉水") if price in handler.read("main")]
        self.move(self._ends(request))
        handler.until(f"/mall/quotes/{request}", "#compare")
        handler.see("[data-quote] >> nth=0", "汉水")
        rows = handler.at("[data-quote]")
        expect(rows).to_have_count(3)
        second = self.person("bidder2").go(f"/mall/quotes/{request}")
        assert "4950" not in second.read("main"), "a competitor sees no other quote"
        handler.press("quote.select", reason="全校统一更换，询价采购")
        purchase = handler.last
        for who in ("finance", "leader"):
            self.person(who).go(f"/mall/buying/{purchase}").press("purchase.approve")
        self._ordered(handler.go(f"/mall/buying/{purchase}"), quoted="bidder3")
        handler.go(f"/mall/quotes/{request}").see("#result >> xpath=../..", "汉水")
        handler.follow("#q-result a[href^='/mall/orders/']")
        assert handler.last == self.orders["quoted"]

    def _ends(self, request: str) -> datetime:
        with self.live.acts.reading() as session:
            return session.get_one(QuoteRequest, request).ends_at

    def too_few(self) -> None:
        """A comparison that one supplier answers: put off once, opened, closed without a purchase."""
        request = self._request("nurse", "计算机比价", "comparison", self.at(4, 9))
        self.quoted("bidder2", request, "5500")
        self.person("bidder2").go(f"/mall/quotes/{request}")
        first = self._ends(request)
        self.move(first)
        nurse = self.person("nurse").until(f"/mall/quotes/{request}", "main", "已顺延")
        assert self._ends(request) - first >= timedelta(days=1)
        self.move(self._ends(request))
        nurse.until(f"/mall/quotes/{request}", "#settle")
        nurse.refused(nurse.form("quote.select"), "三家")
        nurse.press("quote.close", reason="有效报价不足三家")
        nurse.see("#result >> xpath=../..", re.compile("有效报价不足三家"))
