"""Orders in a browser: confirmed with a certificate, signed, inspected, invoiced and paid from their pages."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live, serving
from tests.browser.looks import faults_of, listen
from trading.order.placing import Line
from web.demo.orders import OrderTale
from web.demo.world import Builder, uscc

pytestmark = pytest.mark.browser
REGION = "420112"
CHAIRS = (Line("A05010299", "办公椅", "把", 10, Decimal("350.00")),)
LAPTOPS = (Line("A02010105", "便携式计算机", "台", 3, Decimal("4999.99")),)


def populate(builder: Builder) -> None:
    builder.founding("centre1", "东西湖区公共资源交易中心", uscc("12", REGION, 1), REGION)
    for place, (kind, name, head, what) in enumerate(
        (("buyer", "东西湖区某中学", "12", "tenderer"), ("supplier", "武汉某办公设备有限公司", "91", "bidder"),
         ("regulator", "东西湖区财政局", "11", "regulator")), 2
    ):  # fmt: skip
        builder.org(kind, name, uscc(head, REGION, place), what, REGION, "centre1")


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data"), populate) as started:
        yield started


def placed(mall: Live, lines: tuple[Line, ...]) -> str:
    return OrderTale(mall._local(), "buyer", "supplier").place(lines).order


def act(page: Page, name: str) -> Page:
    """The place of one act on the order's page."""
    part = page.locator(f"[data-one='{name}']")
    expect(part).to_be_visible()
    return part


def test_a_small_order_from_confirmation_to_payment(mall: Live) -> None:
    order = placed(mall, CHAIRS)
    supplier = mall.open("supplier", f"/mall/orders/{order}", language="en")
    errors = listen(supplier)
    act(supplier, "order.confirm").get_by_role("button").click()
    mall.sign(supplier, "supplier")
    ship = act(supplier, "order.ship")
    ship.get_by_label("Carrier").fill("SF")
    ship.get_by_role("button", name="Send goods").click()
    expect(supplier.locator("#order-sent")).to_contain_text("SF")
    buyer = mall.open("buyer", f"/mall/orders/{order}", language="en")
    act(buyer, "order.receive").get_by_role("button").click()
    inspect = act(buyer, "order.inspect")
    inspect.get_by_label("pieces accepted").fill("8")
    inspect.get_by_role("button").click()
    expect(inspect.locator("[data-breaches]")).to_contain_text("Accepted and refused pieces together")
    assert inspect.get_by_label("pieces accepted").input_value() == "8"  # nothing that was filled in is lost
    inspect.get_by_label("pieces refused").fill("2")
    inspect.get_by_label("Reason, if refused").fill("scratched")
    inspect.get_by_role("button").click()
    expect(buyer.get_by_role("link", name="Sign: Acceptance note")).to_be_visible()
    assert faults_of(buyer) == []
    document = buyer.get_by_role("link", name="Sign: Acceptance note").get_attribute("href")
    assert document is not None
    for who in ("buyer", "supplier"):
        mall.stage.sign(who, document.rpartition("/")[2])
    supplier.reload()
    invoice = act(supplier, "order.invoice")
    expect(invoice.get_by_label("Amount (yuan)")).to_have_value("2800")
    invoice.get_by_label("Number").fill("26420000000000000001")
    invoice.get_by_role("button", name="Enter an invoice").click()
    buyer.reload()
    pay = act(buyer, "order.pay")
    pay.get_by_label("Number of the bank's receipt").fill("HD-1")
    pay.get_by_role("button").click()
    expect(buyer.locator("#order-sums [data-sum=paid]")).to_have_text("2,800.00")
    act(buyer, "order.rate")
    assert errors == []


def test_what_one_side_writes_appears_at_the_other_without_a_reload(mall: Live) -> None:
    order = placed(mall, CHAIRS)
    buyer = mall.open("buyer", f"/mall/orders/{order}", language="en")
    mall.stage.act("supplier", "order.say", order, text="何时方便收货？")
    expect(buyer.locator("#order-said")).to_contain_text("何时方便收货？")


def test_a_closed_button_stands_beside_its_reason(mall: Live) -> None:
    order = placed(mall, LAPTOPS)
    mall.stage.act("supplier", "order.confirm", order)
    page = mall.open("supplier", f"/mall/orders/{order}", language="en")
    ship = act(page, "order.ship")
    expect(ship.get_by_role("button", name="Send goods")).to_be_disabled()
    expect(ship).to_contain_text("both sign a contract before goods are sent")


@pytest.mark.parametrize("who", ["buyer", "supplier", "centre1", "regulator"])
def test_the_pages_are_clean_on_a_phone(mall: Live, who: str) -> None:
    order = placed(mall, LAPTOPS)
    own = [] if who in ("centre1", "regulator") else ["/mall/orders/statement", "/mall/orders/payments"]
    for path in ("/mall/orders", f"/mall/orders/{order}", *own):
        page = mall.open(who, path, phone=True)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert faults_of(page) == [], path
        page.context.close()


def test_another_organisation_finds_no_such_order(mall: Live) -> None:
    order = placed(mall, CHAIRS)
    for who, status in (("buyer", 200), ("regulator", 200), ("", 200)):
        http = mall.stage.session(who)
        assert http.get(f"{mall.base}/mall/orders/{order}").status_code == status  # nobody in particular logs in first
    assert "login" in mall.stage.session("").get(f"{mall.base}/mall/orders/{order}").url
    for path in ("0" * 16, f"{order}/papers/{'0' * 16}", f"{order}/invoices/{'0' * 16}"):
        assert mall.stage.session("buyer").get(f"{mall.base}/mall/orders/{path}").status_code == 404
    assert mall.stage.session("buyer").get(f"{mall.base}/mall/orders?tab=x").status_code == 404
    bad = mall.stage.session("buyer").get(f"{mall.base}/mall/orders/statement?period=soon")
    assert bad.status_code in (400, 422) and "Traceback" not in bad.text


def test_statements_are_downloaded(mall: Live) -> None:
    placed(mall, CHAIRS)
    http = mall.stage.session("supplier")
    for ending, head in (("xlsx", b"PK"), ("pdf", b"%PDF-")):
        found = http.get(f"{mall.base}/mall/orders/statement.{ending}", params={"period": "2026"})
        assert found.status_code == 200 and found.content.startswith(head)
        assert "2026" in found.headers["Content-Disposition"]
