"""A live auction in a real browser, on two processes: published, entered, bid down, cut, closed, ordered."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.access import SYSTEM
from core.acts import Tx
from tests.browser.conftest import REGION, Live, serving
from tests.browser.relay import Relay
from tests.browser.test_trading_pages import faults_of, listen
from trading.auction.models import AuctionEntry
from trading.supplier.models import MallSupplier

pytestmark = pytest.mark.browser
BIDDERS = ("bidder1", "bidder2", "bidder3")


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    before = os.environ.get("WORKERS")
    os.environ["WORKERS"] = "2"
    try:
        with serving(tmp_path_factory.mktemp("auction")) as live:
            live.acts.act(_supply, SYSTEM, [live.ring[who].org for who in BIDDERS])
            yield live
    finally:
        os.environ.pop("WORKERS")
        if before is not None:
            os.environ["WORKERS"] = before


def _supply(tx: Tx, orgs: list[str]) -> None:
    for org in orgs:
        tx.session.add(MallSupplier(org_id=org, state="active", categories=["A02000000"], regions=[REGION],
                                    applied_at=tx.now))  # fmt: skip


def on_line(tx: Tx, org: str, line: int) -> None:
    """The mark decides which process a bidder's page speaks with."""
    row = tx.session.scalars(select(AuctionEntry).where(AuctionEntry.org_id == org)).one()
    row.mark = f"{line:08x}{row.mark[8:]}"


def published(live: Live) -> str:
    """By the buyer, from its form."""
    page = live.open("tenderer", "/mall/auctions/new", language="en")
    errors = listen(page)
    assert faults_of(page) == []
    opens = live.stage.now() + timedelta(hours=1)
    for name, value in (("title", "办公电脑采购"), ("address", "某路1号"), ("ceiling", "50000"), ("step", "100"),
                        ("opens_at", opens.strftime("%Y-%m-%dT%H:%M")),
                        ("ends_at", (opens + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))):  # fmt: skip
        page.locator(f"[name={name}]").fill(value)
    for name, value in (("name", "台式计算机"), ("category", "A02010105"), ("quantity", "10"), ("unit", "台"),
                        ("specs", "内存: 16GB")):  # fmt: skip
        page.locator(f"[data-goods] [data-name={name}]").first.fill(value)
    page.locator("[name=step]").fill("20000")
    page.get_by_role("button", name="Publish", exact=True).click()
    live.sign(page, "tenderer")
    expect(page.locator("form[data-auction] [data-breaches]")).to_contain_text("do not fit together")
    page.locator("[name=step]").fill("100")
    page.get_by_role("button", name="Publish", exact=True).click()
    live.sign(page, "tenderer")
    page.wait_for_url(re.compile(r"/mall/auctions/[0-9a-f]{16}$"))
    expect(page.locator("[data-state]")).to_have_text("Announced, not begun")
    errors = [one for one in errors if "409" not in one]  # the refusal above
    assert errors == []
    return page.url.rpartition("/")[2]


def entered(live: Live, auction: str) -> Page:
    """The first in its browser, the others over HTTP."""
    page = live.open("bidder1", f"/mall/auctions/{auction}", language="en")
    page.get_by_text("I have read what is bought").click()
    page.get_by_role("button", name="Enter under a mask").click()
    live.sign(page, "bidder1")
    expect(page.locator("#my")).to_be_visible()
    for who in BIDDERS[1:]:
        live.stage.act(who, "auction.enter", auction, accept=True)
    return page


def bid(page: Page, price: str) -> None:
    page.locator("#price").fill(price)
    page.get_by_role("button", name="Give this price", exact=True).click()


def test_a_live_auction_from_notice_to_order(mall: Live, tmp_path: Path) -> None:
    auction = published(mall)
    place = f"/mall/auctions/{auction}"
    entered(mall, auction)
    for line, who in enumerate(BIDDERS):
        mall.acts.act(on_line, SYSTEM, mall.ring[who].org, line % 2)
    shown = mall.stage.ask("", "auction.show", auction)
    mall.stage.move_to(mall.stage.now() + timedelta(hours=1))
    assert mall.stage.ask("", "auction.show", auction)["state"] == "BIDDING", shown

    relay = Relay(mall.base)
    first = replace(mall, base=relay.base).open("bidder1", place, language="en")
    second = mall.open("bidder2", place, language="en", phone=True)
    public = mall.open("", place, phone=True)
    errors = [listen(page) for page in (second, public)]
    for page in (first, second):
        expect(page.locator("main [data-line]")).to_have_text("connected")
    assert second.locator("main").get_attribute("data-socket") != ""

    bid(first, "50000")
    expect(first.locator("[data-ack]")).to_contain_text("伍万元整")
    expect(first.locator("[data-mine]")).to_have_text("You lead with 50000 yuan.")
    for page in (second, public):
        expect(page.locator("[data-best]")).to_have_text("50000")
    expect(second.locator("#price")).to_have_value("49900")
    bid(second, "49950")
    expect(second.locator("form[data-bid] [data-breaches]")).to_contain_text("one step below")
    bid(second, "4990")
    expect(second.locator("form[data-bid] [data-breaches]")).to_contain_text("far below")
    second.locator("#sure").fill("4991")
    second.get_by_role("button", name="Give this price", exact=True).click()
    expect(second.locator("form[data-bid] [data-breaches]")).to_contain_text("differ")
    bid(second, "49900")
    expect(first.locator("[data-mine]")).to_have_text("You do not lead. Your best price is 50000 yuan.")

    relay.cut()
    first.locator("#price").fill("49700")
    first.get_by_role("button", name="Give this price", exact=True).click()
    expect(first.locator("[data-ack]")).to_contain_text("The line is cut")
    mall.stage.act("bidder3", "auction.bid", auction, price="49800")
    expect(first.locator("#price")).to_have_value("49700")
    relay.mend()
    expect(first.locator("[data-ack]")).to_contain_text("number 4", timeout=20_000)
    for page in (first, second, public):
        expect(page.locator("[data-best]")).to_have_text("49700")
        expect(page.locator("#price-rows tr")).to_have_count(4)
    assert [faults_of(page) for page in (second, public)] == [[], []]
    assert mall.ring["bidder1"].name not in public.content() and "武汉江源" not in public.content()
    for found in errors:
        assert [one for one in found if "409" not in one] == []
    _ordered(mall, auction, first)


def _ordered(live: Live, auction: str, first: Page) -> None:
    centre = live.open("centre1", f"/mall/auctions/{auction}", language="en")
    centre.locator("#watch").locator("xpath=ancestor::section").get_by_label("Reason").fill("核实报价")
    centre.get_by_role("button", name="Pause the auction").click()
    expect(first.locator("[data-state]")).to_have_text("Paused")
    expect(first.get_by_role("button", name="Give this price", exact=True)).to_be_disabled()
    live.stage.act("centre1", "auction.resume", auction, reason="无误")
    expect(first.get_by_role("button", name="Give this price", exact=True)).to_be_enabled()
    first.evaluate("window.untouched = true")  # the close tells the names without a fresh page under anybody's hands
    live.stage.move_to(live.stage.now() + timedelta(hours=2))
    expect(first.locator("#result")).to_be_visible(timeout=20_000)
    expect(first.locator("#price-rows")).to_contain_text("武汉江源建设集团有限公司")
    expect(first.locator("#price")).to_be_hidden()
    first.get_by_role("button", name="Confirm", exact=True).click()
    first.locator("#gh-sign[open]").wait_for()
    assert first.evaluate("window.untouched")
    live.sign(first, "bidder1")
    expect(first.locator("[data-state]")).to_have_text("Confirmed by the supplier")
    buyer = live.open("tenderer", f"/mall/auctions/{auction}", language="en")
    buyer.get_by_role("button", name="Confirm and place the order").click()
    live.sign(buyer, "tenderer")
    expect(buyer.locator("[data-state]")).to_have_text("Order placed")


@pytest.mark.parametrize("who", ["", "tenderer", "bidder1", "centre1"])
def test_the_list_is_clean_on_a_phone(mall: Live, who: str) -> None:
    page = mall.open(who, "/mall/auctions", phone=True)
    expect(page.locator("h1")).to_be_visible()
    assert faults_of(page) == []
