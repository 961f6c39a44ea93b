"""A live auction by clicks: three suppliers, an extension, the close; the lowest is silent, the next confirms."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.mall_story_people import WHERE, Shopper, Story, stamp
from tests.browser.mall_story_supply import PC
from trading.auction.models import Auction

CONFIRM = timedelta(hours=72)


class AuctionStages(Story):
    def auction(self) -> None:
        self._published()
        place = f"/mall/auctions/{self.kept['auction']}"
        pages = [self.person(who).go(place) for who in ("bidder1", "bidder2", "bidder3")]
        for page in pages:
            page.form("auction.enter").locator("[name=accept]").check()
            page.press("auction.enter")
            expect(page.at("#my")).to_be_visible()
        self.move(self._lot().opens_at)
        for page in pages:
            expect(page.at("[data-state]")).to_have_text("竞价中")
        for page, price in zip(pages, ("24000", "23800", "23600"), strict=True):
            self._bid(page, price)
        pages[0].at("#price").fill("23500")
        pages[0].at("[data-send]").click()  # not a whole step below the best
        expect(pages[0].at("form[data-bid] [data-breaches]")).to_contain_text("降价幅度")
        self._extended(pages)
        self._closed(pages)

    def _lot(self) -> Auction:
        with self.live.acts.reading() as session:
            row = session.get_one(Auction, self.kept["auction"])
            session.expunge(row)
            return row

    def _published(self) -> None:
        buyer = self.person("handler").go("/mall/auctions")
        buyer.follow("a[href='/mall/auctions/new']")
        form = buyer.at("form[data-auction]")
        opens = self.at(1, 9)
        buyer.fill(form, title="计算机竞价", address=WHERE, ceiling="24000", step="200", opens_at=stamp(opens),
                   ends_at=stamp(opens + timedelta(hours=1)))  # fmt: skip
        for name, value in (("name", "台式计算机"), ("category", PC), ("quantity", "4"), ("unit", "台"),
                            ("specs", "内存：十六")):  # fmt: skip
            form.locator(f"[data-goods] [data-name={name}]").first.fill(value)
        with buyer.page.expect_navigation(url="**/mall/auctions/*"):
            form.locator("button[value=publish]").click()
            buyer.sign()
        buyer.look().see("[data-state]", "已公告")
        self.kept["auction"] = buyer.last

    def _bid(self, page: Shopper, price: str) -> None:
        page.at("#price").fill(price)
        page.at("[data-send]").click()
        expect(page.at("[data-best]")).to_have_text(price)

    def _extended(self, pages: list[Shopper]) -> None:
        """A price in the last minutes moves the end, on every page."""
        before = self._lot().ends_at
        self.move(before - timedelta(seconds=100))
        self._bid(pages[1], "23400")
        after = self._lot().ends_at
        assert after - before >= timedelta(seconds=180), (before, after)
        shown = f"{after.astimezone(self.now().tzinfo):%H:%M:%S}"
        watcher = self.person("centre1").go(f"/mall/auctions/{self.kept['auction']}")
        for page in (*pages, watcher):
            expect(page.at("[data-end-text]")).to_contain_text(shown)
            expect(page.at("[data-best]")).to_have_text("23400")
            page.look()
            assert "示例" not in page.read("main") and "商贸" not in page.read("main"), "names stay masked"
        self._bid(pages[2], "23000")

    def _closed(self, pages: list[Shopper]) -> None:
        """The lowest lets 72 hours pass; the next in line confirms, the buyer places the order."""
        self.move(self._lot().ends_at)
        for page in pages:
            expect(page.at("#result")).to_be_visible()
        assert "汉水" in pages[0].look().read("#auction-result")
        self.move(self.now() + CONFIRM + timedelta(seconds=1))
        second = self.person("bidder2").until(f"/mall/auctions/{self.kept['auction']}", "form[data-confirm]")
        second.at("form[data-confirm] button").click()
        second.sign()
        second.see("[data-state]", "供应商已确认")
        second.look()
        third = self.person("bidder3").go(f"/mall/auctions/{self.kept['auction']}")
        third.see("#auction-result", "逾期")
        buyer = self.person("handler").go(f"/mall/auctions/{self.kept['auction']}")
        buyer.press("auction.accept")
        buyer.follow("main a[href^='/mall/orders/']")
        self.orders["auction"] = buyer.last
        buyer.see("#facts >> xpath=../..", "竞价")
        buyer.go(f"/mall/auctions/{self.kept['auction']}/log")
