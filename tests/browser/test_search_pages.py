"""The shop in a browser: narrowing, comparing, keeping; on a phone the choices are a sheet; scripts are not needed."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from core.access import SYSTEM
from tests.browser.conftest import Live
from tests.browser.looks import faults_of
from tests.trading.search_world import DESK, item, offer, supplier
from trading.mall import search_index
from trading.mall.models import Item, PriceChange

pytestmark = pytest.mark.browser
FIRST, LAST = "item000000000001", "item000000000050"


def fill(tx) -> None:
    if tx.session.get(Item, FIRST) is not None:
        return
    orgs = [supplier(tx, 1), supplier(tx, 2, regions=("420000", "430000"))]
    rows = [item(tx, n, orgs[n % 2], name=f"惠普 M{100 + n} 黑白激光打印机", model=f"M{100 + n}", sold=n,
                 specs={"颜色": "黑" if n % 2 else "白", "速度": "20页/分"}, price=Decimal(900 + n),
                 marks=["energy"][: n % 2])
            for n in range(1, 31)]  # fmt: skip
    rows += [item(tx, 50, orgs[0], name="会议桌 2400×1200", brand="圣奥", category=DESK, price=Decimal("2380.00"))]
    offer(tx, *rows)
    for price in ("901.00", "920.50", "880.00"):
        rows[0].price, rows[0].changed_at = Decimal(price), rows[0].changed_at + timedelta(days=20)
        tx.session.add(PriceChange(item_id=FIRST, at=rows[0].changed_at, price=Decimal(price), by=""))
        search_index.refresh(tx.session, [rows[0].id])


def test_a_buyer_looks_narrows_compares_and_keeps(live: Live) -> None:
    live.acts.act(fill, SYSTEM)
    page = live.open("tenderer", "/mall", language="en")
    page.get_by_role("searchbox").fill("激光 打印")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#hits")).to_have_text("30 hits")
    assert faults_of(page) == []
    page.get_by_role("link", name=re.compile("Energy saving")).click()
    expect(page.locator("#hits")).to_have_text("15 hits")
    page.get_by_label("Order").select_option("cheap")
    expect(page.locator(".gh-item-name").first).to_contain_text("M101")
    for number in (0, 1):
        page.locator(".gh-item").nth(number).get_by_role("button", name=re.compile("Compare")).click()
    page.get_by_role("link", name="Compare side by side").click()
    expect(page.locator("tr.gh-differs").first).to_be_visible()
    assert faults_of(page) == []
    page.locator(".gh-compare thead a").first.click()
    expect(page.locator(".gh-chart svg")).to_be_visible()
    page.get_by_role("button", name="Keep as a favourite").click()
    expect(page.get_by_role("button", name="Among the favourites")).to_be_visible()
    assert faults_of(page) == []
    page.goto(live.base + "/mall/shelves/seen")
    expect(page.locator(".gh-item-name").first).to_contain_text("M101")
    assert faults_of(page) == []


def test_on_a_phone_choices_are_a_sheet_without_scripts(live: Live) -> None:
    live.acts.act(fill, SYSTEM)
    context = live.browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(live.base + "/mall?q=打印机")
    expect(page.locator("#facets")).to_be_hidden()
    page.locator('main a[href="#facets"]').click()
    expect(page.locator("#facets")).to_be_visible()
    page.locator("#facets").get_by_role("link", name=re.compile("节能产品")).click()
    expect(page.locator("#facets")).to_be_hidden()
    expect(page.locator("#hits")).to_have_text("15 件商品")
    page.goto(live.base + "/mall?q=***")
    expect(page.locator("#wrong")).to_be_visible()
    context.close()


PATHS = ("/mall", f"/mall/items/{FIRST}", f"/mall/compare?item={FIRST}&item={LAST}")


@pytest.mark.parametrize("path", PATHS)
def test_pages_are_clean_on_a_phone(live: Live, path: str) -> None:
    live.acts.act(fill, SYSTEM)
    page = live.open("", path, phone=True)
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults_of(page) == []
