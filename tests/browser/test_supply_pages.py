"""The mall's suppliers in a real browser: applied by keyboard, reviewed, an item with a picture, a file, the patrol."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from tests.trading.test_supply_import import row, workbook

pytestmark = pytest.mark.browser
NOTEBOOK = "A02010108"
FIELDS = [{"name": "内存", "kind": "number", "required": True, "unit": "GB", "choices": []}]


def pick(page: Page, label: str, text: str, name: str) -> None:
    """By keyboard alone: typed, moved to, taken."""
    field = page.get_by_role("combobox", name=label)
    field.focus()
    field.press_sequentially(text)
    option = page.get_by_role("option").filter(has_text=name).first
    expect(option).to_be_visible()
    for _ in range(20):
        if option.get_attribute("aria-selected") == "true":
            break
        field.press("ArrowDown")
    field.press("Enter")


def clean(live: Live, who: str, path: str) -> None:
    page = live.open(who, path, phone=True)
    errors = listen(page)
    page.reload(wait_until="networkidle")
    assert (faults_of(page), errors) == ([], []), (who, path)


def photo(path: Path) -> Path:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "#2f5d8a").save(out, "PNG")
    path.write_bytes(out.getvalue())
    return path


def test_from_the_application_to_a_price_that_is_blocked(live: Live, tmp_path: Path) -> None:
    live.stage.act("centre1", "mall_template.save", category="A02010100", fields=FIELDS)
    page = live.open("bidder2", "/mall/supply", language="en")
    errors = listen(page)
    field = page.get_by_role("combobox", name="Categories to be supplied")
    field.focus()
    for key in ("ArrowDown", "ArrowUp", "ArrowRight"):  # into the goods, without a letter typed
        expect(page.get_by_role("option").first).to_be_visible()
        field.press(key)
    expect(page.get_by_role("option").filter(has_text="设备").first).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    pick(page, "Categories to be supplied", "A0201", "信息化设备")
    pick(page, "Regions delivered to", "东西湖", "东西湖区")
    page.get_by_label("Promise of service").fill("三日内送达")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#entry")).to_be_visible()

    desk = live.open("centre1", "/mall/review", language="en")
    assert faults_of(desk) == []
    desk.get_by_role("button", name="Approve").click()
    expect(desk.get_by_text("No entry waits")).to_be_visible()

    page.goto(f"{live.base}/mall/supply/items/new")
    pick(page, "Procurement category", "便携式", "便携式计算机")
    page.get_by_role("button", name="Go on").click()
    values = {"Number of your own": "N-1", "Unit of measure": "台", "Name of the item": "便携式计算机", "Brand": "示例",
              "Price (yuan)": "5000", "Stock": "7"}  # fmt: skip
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)
    page.locator("#pictures").set_input_files(photo(tmp_path / "a.png"))
    expect(page.locator("[data-shown] img")).to_have_count(1)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#stands")).to_be_visible()
    assert page.locator("[data-shown] img").evaluate("image => image.complete && image.naturalWidth") == 320
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.get_by_text("The specification is not what the category's template asks for.")).to_be_visible()
    page.get_by_label("内存").fill("16")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.get_by_role("button", name="Take back from the review")).to_be_visible()
    assert (faults_of(page), [one for one in errors if "409" not in one]) == ([], [])
    item = page.url.rsplit("/", 1)[1]

    desk.reload()
    desk.get_by_role("checkbox", name="便携式计算机").check()
    desk.get_by_role("button", name="Decide on it").click()
    expect(desk.get_by_text("No item waits")).to_be_visible()
    flag = live.stage.act("tenderer", "flag.report", item=item, text="门店更低")["flag"]
    patrol = live.open("centre1", "/mall/patrol", language="en")
    task = patrol.locator(f"[data-flag='{flag}']")
    task.locator("summary").click()
    assert faults_of(patrol) == []
    task.get_by_label("Outcome").select_option("block")
    task.get_by_label("Reason").fill("核查中")
    task.get_by_role("button", name="Decide on it").click()
    expect(patrol.get_by_text("Nothing here")).to_be_visible()
    expect(live.open("tenderer", "/mall/patrol/mine", language="en").locator("main")).to_contain_text("核查中")
    for who, path in (("bidder2", "/mall/supply"), ("bidder2", f"/mall/supply/items/{item}"),
                      ("centre1", f"/mall/patrol/items/{item}")):  # fmt: skip
        clean(live, who, path)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("bidder3", "/mall/supply/import"), ("bidder3", "/mall/supply/items/new"), ("centre1", "/mall/review"),
        ("centre1", "/mall/patrol"), ("centre1", "/mall/review/templates?category=A02010100"),
        ("regulator", "/mall/review/suppliers"), ("auditor", "/mall/patrol"), ("tenderer", "/mall/patrol/mine"),
    ],
)  # fmt: skip
def test_the_desks_are_clean_on_a_phone(live: Live, who: str, path: str) -> None:
    clean(live, who if who in live.ring.users else "regulator", path)


def test_a_file_reports_each_bad_line_and_a_mended_one_is_loaded(live: Live, tmp_path: Path) -> None:
    entry = {"categories": ["A02000000"], "regions": ["420100"], "promise": "三日内送达"}
    made = live.stage.act("bidder3", "supplier.apply", **entry)
    live.stage.act("centre1", "supplier.decide", supplier=made["supplier"], approve=True)
    bad, good = tmp_path / "bad.xlsx", tmp_path / "good.xlsx"
    bad.write_bytes(workbook([row(1), row(2, **{"单价(元)": "贵"}), row(3, 库存="无")]))
    good.write_bytes(workbook([row(1), row(2)]))
    page = live.open("bidder3", "/mall/supply/import", language="en")
    page.locator("#file").set_input_files({"name": "x.xlsx", "mimeType": "application/zip", "buffer": b"nothing"})
    page.get_by_role("button", name="Check and load").click()
    expect(page.get_by_role("alert").first).to_contain_text("not a workbook")
    page.locator("#file").set_input_files(bad)
    page.get_by_role("button", name="Check and load").click()
    expect(page.locator("[data-fault]")).to_have_count(2)
    expect(page.locator("main")).to_contain_text("2 faults in 3 lines")
    expect(page.locator("[data-fault]").first).to_contain_text("单价(元)")
    assert faults_of(page) == []
    clean(live, "bidder3", page.url.removeprefix(live.base))
    page.goto(f"{live.base}/mall/supply/import")
    page.locator("#file").set_input_files(good)
    page.get_by_role("button", name="Check and load").click()
    expect(page.locator("main")).to_contain_text("2 new, 0 changed")
    page.goto(f"{live.base}/mall/supply?state=draft")
    page.get_by_role("checkbox", name="All on this page").check()
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.get_by_text("No items here yet")).to_be_visible()
