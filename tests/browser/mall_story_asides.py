"""Beside the straight way: what is changed, taken back, called off, paused, offered under an agreement."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.mall_story_auction import AuctionStages
from tests.browser.mall_story_buying import BuyingStages
from tests.browser.mall_story_framework import FrameworkStages
from tests.browser.mall_story_people import WHERE, stamp
from tests.browser.mall_story_supply import FURNITURE, HUBEI, ITS, PAPER, SupplyStages


class AsideStages(SupplyStages, BuyingStages, AuctionStages, FrameworkStages):
    def entry_changed(self) -> None:
        """The second supplier asks for paper too, and is let."""
        second = self.person("bidder2").go("/mall/supply")
        form = second.form("supplier.change")
        for code in (ITS, FURNITURE, HUBEI):
            expect(form.locator(f"input[value='{code}']")).to_be_checked()
        second.choose("categories", PAPER)
        second.press("supplier.change")
        second.see("#entry >> xpath=../..", "复印纸")
        self._decide(self.person("centre1").go("/mall/review"), "bidder2", True)
        second.go("/mall/supply").see("#entry >> xpath=../..", "复印纸")

    def item_withdrawn(self) -> None:
        """Taken back from the review, handed in again, listed, taken down and put up once more."""
        second = self.person("bidder2")
        self._write(
            second, PAPER, "复印纸", sku="Z-1", brand="示例纸业", model="A70", unit="包", price="22", stock="900"
        )
        self.items["paper2"] = second.last
        for act in ("item.submit", "item.withdraw", "item.submit"):
            second.press(act)
        for again in (True, False):
            desk = self.person("centre1").go("/mall/review")
            self._tick(desk, "paper2")
            desk.press("item.review", approve="true")
            second.go(f"/mall/supply/items/{self.items['paper2']}")
            if again:
                second.press("item.delist")
                second.press("item.submit")

    def price_changed(self) -> None:
        """What lies in a cart has become cheaper: the buyer is asked, accepts, asks for it, takes it back."""
        handler = self.put("handler", "pc3", 1)
        third = self.person("bidder3").go(f"/mall/supply/items/{self.items['pc3']}")
        third.press("item.save", price="4800")
        handler.go("/mall/buying").see(f"[data-cart='{self.items['pc3']}']", "4,899")
        handler.press("cart.accept")
        handler.press("list.save", name="一台计算机")
        handler.press("purchase.submit", address=WHERE, reason="补一台，此前已说明")
        handler.press("purchase.recall")
        handler.see("#what >> xpath=../..", "撤回")
        handler.go("/mall/buying")
        while handler.at("form[data-act='list.delete']").count():
            handler.press("list.delete")

    def quotes_called_off(self) -> None:
        """A quote is taken back; the request is cancelled."""
        request = self._request("nurse", "打印机询价", "inquiry", self.at(7, 9))
        self.quoted("bidder1", request, "5100")
        first = self.person("bidder1")
        first.press("quote.withdraw")
        first.see("#desk-title >> xpath=../..", "已撤回")
        nurse = self.person("nurse").go(f"/mall/quotes/{request}")
        nurse.press("quote.cancel", reason="预算调整")
        nurse.see("#result >> xpath=../..", "预算调整")

    def auction_called_off(self) -> None:
        """A draft is kept, changed and published; paused by the centre, let go on, cancelled by the buyer."""
        buyer = self.person("hospital").go("/mall/auctions/new")
        form = buyer.at("form[data-auction]")
        opens = self.at(2, 9)
        buyer.fill(form, title="档案用纸竞价", address=WHERE, ceiling="9000", step="100", opens_at=stamp(opens),
                   ends_at=stamp(opens + timedelta(hours=1)))  # fmt: skip
        for name, value in (("name", "复印纸"), ("category", PAPER), ("quantity", "300"), ("unit", "包")):
            form.locator(f"[data-goods] [data-name={name}]").first.fill(value)
        with buyer.page.expect_navigation(url="**/mall/auctions/*"):
            form.locator("button[value=save]").click()
        place = buyer.look().page.url.removeprefix(self.live.base)
        buyer.go("/mall/auctions?tab=mine").follow(f"a[href='{place}/edit']")
        form = buyer.at("form[data-auction]")
        buyer.fill(form, ceiling="8000")
        with buyer.page.expect_navigation(url=f"**{place}"):
            form.locator("button[value=publish]").click()
            buyer.sign()
        centre = self.person("centre1").go(place)
        centre.form("auction.pause").locator("[name=reason]").fill("核对公告")
        centre.form("auction.pause").locator("button").click()
        centre.see("[data-state]", "暂停")
        centre.look()
        centre.form("auction.resume").locator("[name=reason]").fill("无误")
        centre.form("auction.resume").locator("button").click()
        buyer.go(place).press("auction.cancel", reason="需求变更")
        buyer.see("[data-state]", re.compile("取消|撤销"))

    def bound(self) -> None:
        """An item offered under the agreement is blocked while it costs more than agreed, and sold when it does not."""
        second = self.person("bidder2").go(f"/mall/supply/items/{self.items['paper2']}")
        second.press("framework.bind")
        second.see("#stands >> xpath=../..", "已屏蔽")
        second.press("item.save", price="21.50")
        officer = self.person("patrol").go("/mall/patrol?state=blocked")
        officer.press_in(
            officer.at("[data-flag]", has_text="复印纸").locator("form"), outcome="release", reason="已改正"
        )
        self.person("nurse").go(f"/mall/items/{self.items['paper2']}").see("main", "框架协议")
        second.go(f"/mall/supply/items/{self.items['paper2']}").press("framework.unbind")
