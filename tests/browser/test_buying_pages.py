"""Buying in a browser: a cart through its approval to an order, and a request from sealed quotes to its result."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from certs import sealing, suite
from certs.sealing_parts import Part
from core import canon
from core.access import Role
from core.acts import Tx
from tests.browser.conftest import REGION, START, Live, populate, serving
from tests.browser.test_trading_pages import faults_of, listen
from trading.buying.quotes import contents
from trading.buying.quotes.contents import Offer, Priced
from trading.buying.quotes.models import QuoteRequest
from trading.mall.models import Item
from trading.supplier.models import MallSupplier
from web.demo.world import Builder

pytestmark = pytest.mark.browser
PC, CHAIR = "A02010105", "A05010300"


def fill(builder: Builder) -> None:
    """Three suppliers of the mall with an item each; a clerk beside the buyer's manager."""
    populate(builder)
    builder.opening_key(builder.ring["bidder1"], "bidder")
    builder.person("tenderer", "clerk", "李经办", [Role.TENDERER], REGION)
    orgs = [builder.ring[f"bidder{n}"].org for n in (1, 2, 3)]

    def rows(tx: Tx) -> None:
        for number, org in enumerate(orgs):
            tx.session.add(MallSupplier(org_id=org, state="active", categories=["A"], regions=["420000"],
                                        applied_at=START))  # fmt: skip
            tx.session.add(
                Item(id=f"item{number}", supplier_org=org, sku=str(number), category=PC if number else CHAIR,
                     name=("办公椅", "台式计算机", "一体式计算机")[number], brand="联想", model="M90", unit="台",
                     price=Decimal("899.50") * (number + 1), stock=50, state="listed", changed_at=START)
            )  # fmt: skip

    builder.stage.acts.act(rows, builder.stage.actor("centre1"))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data"), fill) as started:
        today = started.stage.now().date().isoformat()
        local = {"region": REGION, "effective_from": today, "source": "东财采〔2026〕1号"}
        for rule, value in (("BUY-DIRECT-ORDER", "50000"), ("BUY-SPLIT", "2000000")):
            started.stage.act("centre1", "parameter.set", rule=rule, category="A", value=value, level=3, **local)
        yield started


def budget(live: Live) -> None:
    live.stage.act("tenderer", "budget.set", fiscal_year=2026, category="A", funds="fiscal", amount="500000",
                   reason="年初预算批复")  # fmt: skip


def test_a_budget_a_chain_and_a_purchase_from_cart_to_order(live: Live) -> None:
    page = live.open("tenderer", "/mall/buying/budgets", language="en")
    errors = listen(page)
    page.get_by_label("Category, with all below it").fill("A")
    page.get_by_label("Amount (yuan)").fill("500000")
    page.get_by_label("Reason or number").fill("年初预算批复")
    page.get_by_role("button", name="Enter it").click()
    expect(page.locator("#history")).to_contain_text("年初预算批复")
    assert faults_of(page) == []
    page.goto(f"{live.base}/mall/buying/chains")
    page.locator('[data-list="steps"] [data-key="name"]').fill("单位负责人")
    page.locator('[data-list="steps"] [data-key="duty"]').select_option("manager")
    assert faults_of(page) == []
    page.get_by_role("button", name="Set it").click()
    expect(page.locator("#chains").locator("xpath=../..")).to_contain_text("单位负责人")
    for item, quantity in (("item0", 4), ("item1", 2)):
        live.stage.act("clerk", "cart.put", item=item, quantity=quantity)
    cart = live.open("clerk", "/mall/buying", language="en")
    expect(cart.locator("[data-cart]")).to_have_count(2)
    assert faults_of(cart) == []
    cart.get_by_label("Address of delivery").fill("东西湖区测试路1号")
    cart.get_by_role("button", name="Ask for it").click()
    expect(cart.locator("main")).to_contain_text("awaits approval")
    assert faults_of(cart) == []
    page.goto(cart.url)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("main")).to_contain_text("DD2026")
    expect(page.locator("main a[href^='/mall/orders/']")).to_have_count(2)
    assert errors == []


def test_the_pages_are_clean_on_a_phone(live: Live) -> None:
    live.stage.act("clerk", "cart.put", item="item2", quantity=1)
    for who, path in (("clerk", "/mall/buying"), ("tenderer", "/mall/buying/chains"),
                      ("centre1", "/mall/buying/rules"), ("tenderer", "/mall/quotes/new"),
                      ("regulator", "/mall/buying"), ("", "/mall/quotes")):  # fmt: skip
        page = live.open(who, path, phone=True)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 200, (who, path)
        assert (path, faults_of(page)) == (path, [])
        page.context.close()


def requested(live: Live) -> tuple[Page, str]:
    """Written on the page, by the clerk."""
    page = live.open("clerk", "/mall/quotes/new", language="en")
    page.get_by_label("Title").fill("办公电脑采购")
    line = page.locator('[data-list="lines"] [data-item]')
    for key, value in (("category", PC), ("name", "台式计算机"), ("quantity", "10"), ("unit", "台"),
                       ("spec", "8核处理器，内存16G，硬盘512G")):  # fmt: skip
        line.locator(f'[data-key="{key}"]').fill(value)
    page.get_by_label("Ceiling of the total").fill("60000")
    page.get_by_label("Address of delivery").fill("东西湖区测试路1号")
    page.get_by_label("End of quoting").fill("2026-03-03T09:00")
    page.get_by_role("button", name="Publish the request").click()
    expect(page.locator("form[data-list-act] [data-breaches]")).to_contain_text("at least this long")
    page.get_by_label("End of quoting").fill("2026-03-10T09:00")
    page.get_by_role("button", name="Publish the request").click()
    expect(page.locator("h1")).to_have_text("办公电脑采购")
    return page, page.url.rsplit("/", 1)[1]


def quoted(live: Live, request: str, who: str, price: str) -> sealing.Manifest:
    """As the desk seals and sends it."""
    user = live.ring[who]
    assert user.opening is not None
    held = live.stage.ask(who, "quote.desk", request)["sealing"]["custodians"]
    custodians = {role: suite.load_spki(suite.unb64(spki, "spki")) for role, spki in held.items()}
    data = contents.compose(Offer((Priced(1, Decimal(price), "惠普", "P1"),), 7, False, ""))
    out = io.BytesIO()
    context = sealing.Context("quote", request, secrets.token_hex(8), user.fingerprint)
    part = Part.of_bytes(contents.NAME, "application/json", data)
    manifest = sealing.seal([part], user.opening.public_key(), context, out, custodians or None)
    stored = live.stage.upload(who, out.getvalue())
    live.stage.act(who, "quote.submit", request, manifest=canon.loads(manifest.data),
                   ciphertext_sha256=stored["sha256"], size=stored["size"])  # fmt: skip
    return manifest


def test_from_sealed_quotes_to_the_result(live: Live, tmp_path: Path) -> None:
    budget(live)
    buyer, request = requested(live)
    made = {who: quoted(live, request, who, price) for who, price in (("bidder1", "5100"), ("bidder3", "4900.5"))}
    supplier = live.open("bidder2", f"/mall/quotes/{request}", language="en")
    errors = listen(supplier)
    supplier.locator("#key-file").set_input_files(live.key_file("bidder2", tmp_path))
    supplier.locator("#key-passphrase").fill(live.ring["bidder2"].passphrase)
    supplier.get_by_role("button", name="Load", exact=True).click()
    expect(supplier.locator("[data-key-state]")).to_contain_text("lies in this browser")
    supplier.locator("[data-price]").fill("4900.49")
    supplier.locator("[data-brand]").fill("联想")
    expect(supplier.locator("[data-total]")).to_have_text("49004.9")
    assert faults_of(supplier) == []
    with supplier.expect_download() as saved:
        supplier.get_by_role("button", name="Seal, sign and hand in").click()
        live.sign(supplier, "bidder2")
    assert b'"schema":"receipt/1"' in Path(saved.value.path()).read_bytes()
    buyer.reload()
    expect(buyer.locator("main")).not_to_contain_text("湖北长丰")
    with live.acts.reading() as session:
        ends_at = session.get_one(QuoteRequest, request).ends_at
    supplier.reload()
    live.stage.move_to(ends_at)
    for who, manifest in made.items():
        key = suite.b64(sealing.unwrap_file_key(manifest, live.ring[who].opening))
        live.stage.act(who, "quote.unlock", request, file_key=key)
    expect(buyer.locator("#compare")).to_be_visible()  # the third was unlocked by its open page
    expect(buyer.locator("[data-quote]").first).to_contain_text("湖北长丰")
    buyer.reload()
    assert faults_of(buyer) == []
    buyer.get_by_role("button", name="Select it and ask for approval").click()
    expect(buyer.locator("main")).to_contain_text("awaits approval")
    live.stage.act("tenderer", "purchase.approve", buyer.url.rsplit("/", 1)[1])
    public = live.open("", f"/mall/quotes/{request}", phone=True)
    expect(public.locator("#result")).to_be_visible()
    expect(public.locator("main")).to_contain_text("湖北长丰市政工程有限公司")
    expect(public.locator("main")).not_to_contain_text("汉水建筑")
    assert faults_of(public) == []
    assert errors == []
