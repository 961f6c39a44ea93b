"""Reading in the room: a bid of a thousand pages opened where it is wanted, found in, marked; two side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live, serving
from tests.browser.looks import check_axe
from tests.browser.seated import Seated, seated, thick

pytestmark = pytest.mark.browser
PAGES = 1000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data")) as started:
        started.letters["bidder1"] = thick(PAGES, picture=30_000)
        yield started


@pytest.fixture(scope="module")
def sitting(live: Live) -> Seated:
    case, bids = live.opened()
    return seated(live, case, bids)


def room(sitting: Seated, who: str = "", query: str = "", **more) -> Page:
    path = f"/room/{sitting.case}?bid={sitting.bids['bidder1']}{query}"
    return sitting.live.open(who or sitting.members[0], path, **more)


def shown(page: Page, number: int, reader: str = "#bid-pdf") -> None:
    expect(page.locator(reader)).to_have_attribute("data-shown", str(number))


@pytest.mark.soak
@pytest.mark.certify("A-138")
def test_page_900_of_a_thousand_is_opened_without_the_899_before(sitting: Seated) -> None:
    fetched: list[int] = []
    page = room(sitting)
    shown(page, 1)
    page.on("response", lambda r: fetched.append(int(r.headers.get("content-length", 0))) if r.status == 206 else None)
    field = page.locator("#bid-pdf [data-rd-page]")
    field.fill("900")
    field.press("Enter")
    shown(page, 900)
    expect(page.locator('#bid-pdf .page[data-page-number="900"] .textLayer')).to_contain_text("page 900")
    whole = len(sitting.live.letters["bidder1"])
    assert 0 < sum(fetched) < whole / 20, f"{sum(fetched)} of {whole} bytes"
    assert page.locator("#bid-pdf canvas").count() < 20, "pages that nobody looks at are drawn"


@pytest.mark.soak
def test_text_is_found_highlighted_and_there_after_a_reload(sitting: Seated) -> None:
    page = room(sitting, query="&page=900")
    shown(page, 900)
    page.locator("#bid-pdf [data-rd-scroll]").focus()
    page.keyboard.press("Control+f")
    page.keyboard.type("page 950")
    expect(page.locator("#bid-pdf [data-rd-found]")).to_have_text(re.compile("1"))
    shown(page, 950)
    line = page.locator('#bid-pdf .page[data-page-number="950"] .textLayer span', has_text="950-3").first
    line.scroll_into_view_if_needed()
    line.click(click_count=3)
    page.locator("#bid-pdf [data-rd-mark]").click()
    box = page.locator('#bid-pdf .page[data-page-number="950"] .rd-marks > div')
    expect(box).to_have_count(1)
    page.locator('#bid-pdf [data-rd-open="marks"]').click()
    page.locator("#bid-pdf [data-rd-marks] input").fill("养护措施不足")
    page.locator("#bid-pdf [data-rd-marks] input").press("Tab")
    expect(page.locator("#bid-pdf [data-rd-status]")).to_have_text("已保存。")
    page.reload()
    shown(page, 900)
    page.locator('#bid-pdf [data-rd-open="marks"]').click()
    expect(page.locator("#bid-pdf [data-rd-marks] input")).to_have_value("养护措施不足")
    page.locator("#bid-pdf [data-rd-marks] .rd-entry").click()
    expect(box).to_have_count(1)
    text, mark = line.bounding_box(), box.bounding_box()
    assert text and mark and abs(text["y"] - mark["y"]) < 3 and abs(text["x"] - mark["x"]) < 3


@pytest.mark.soak
def test_another_seat_shows_them_to_their_member_and_to_nobody_else(sitting: Seated) -> None:
    again = room(sitting)
    again.locator('#bid-pdf [data-rd-open="marks"]').click()
    expect(again.locator("#bid-pdf [data-rd-marks] input")).to_have_value("养护措施不足")
    other = room(sitting, sitting.members[1])
    shown(other, 1)
    other.locator('#bid-pdf [data-rd-open="marks"]').click()
    expect(other.locator("#bid-pdf [data-rd-no-marks]")).to_be_visible()
    expect(other.locator("#bid-pdf [data-rd-marks] li")).to_have_count(0)


@pytest.mark.soak
def test_a_note_on_a_whole_page_needs_no_mouse(sitting: Seated) -> None:
    page = room(sitting, sitting.members[2], "&page=7")
    shown(page, 7)
    page.locator("#bid-pdf [data-rd-mark]").focus()
    page.keyboard.press("Enter")
    field = page.locator("#bid-pdf [data-rd-marks] input")
    expect(field).to_be_focused()
    page.keyboard.type("缺签字")
    page.keyboard.press("Tab")
    expect(page.locator("#bid-pdf [data-rd-status]")).to_have_text("已保存。")
    page.keyboard.press("Enter")
    expect(page.locator("#bid-pdf [data-rd-marks] li")).to_have_count(0)
    page.reload()
    shown(page, 7)
    page.locator('#bid-pdf [data-rd-open="marks"]').click()
    expect(page.locator("#bid-pdf [data-rd-no-marks]")).to_be_visible()


@pytest.mark.certify("A-138")
def test_an_item_leads_to_its_bookmark_and_a_finding_takes_the_page(sitting: Seated) -> None:
    page = room(sitting)
    shown(page, 1)
    item = page.locator("form[data-mark]", has_text="安全生产许可证")
    item.locator(".rd-goto").first.click()
    shown(page, 501)
    item.locator("label", has_text="✗").click()
    item.locator("[data-take-page]").click()
    expect(item.locator("[name=page]")).to_have_value("501")
    page.locator('#bid-pdf [data-rd-open="outline"]').click()
    page.get_by_role("button", name="施工组织设计", exact=True).click()
    shown(page, 751)


@pytest.mark.certify("A-136", "A-139")
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_bid_and_tender_file_stand_side_by_side(sitting: Seated, phone: bool) -> None:
    page = room(sitting, query="&beside=file", phone=phone)
    shown(page, 1)
    shown(page, 1, "#beside-pdf")
    expect(page.locator("#beside-pdf .textLayer").first).to_contain_text("招标")
    check_axe(page)
    page.locator("[data-together]").check()
    page.locator("#bid-pdf [data-rd-scroll]").evaluate("node => { node.scrollTop = 200 }")
    expect(page.locator("#beside-pdf [data-rd-scroll]")).to_have_js_property("scrollTop", 200)
    page.locator("[data-beside]").select_option(sitting.bids["bidder2"])
    shown(page, 1, "#beside-pdf")
    expect(page.locator("#beside-pdf .textLayer").first).to_contain_text("5828")


@pytest.mark.soak
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_every_panel_is_clean(sitting: Seated, phone: bool) -> None:
    page = room(sitting, phone=phone, language="en")
    shown(page, 1)
    for panel in ("find", "outline", "marks"):
        page.locator(f'#bid-pdf [data-rd-open="{panel}"]').click()
        check_axe(page)


@pytest.mark.soak
def test_a_cut_line_is_waited_for(sitting: Seated) -> None:
    page = room(sitting)
    shown(page, 1)
    page.context.set_offline(True)
    field = page.locator("#bid-pdf [data-rd-page]")
    field.fill("600")
    field.press("Enter")
    expect(page.locator("#bid-pdf")).to_have_attribute("data-shown", "1")
    page.context.set_offline(False)
    shown(page, 600)


@pytest.mark.certify("A-139", "A-141", "A-148", "A-149", "B-023")
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_facts_and_comparison(sitting: Seated, phone: bool) -> None:
    page = sitting.live.open(sitting.members[0], f"/room/{sitting.case}/aid", phone=phone, language="en")
    table = page.locator(".rm-compare")
    expect(table.locator("tbody tr")).to_have_count(4)
    expect(table).to_contain_text("94.82 %")
    expect(page.locator("#signs").locator("xpath=ancestor::section")).to_contain_text("C5")
    table.get_by_role("link", name="1. ").click()
    expect(page.get_by_text("The files are those that were decrypted at the opening.")).to_be_visible()
    expect(page.locator(".gh-facts")).to_contain_text(str(PAGES))
    check_axe(page)
    for who in ("bidder1", "tenderer", "centre1", "agency", "regulator", ""):
        other = sitting.live.open(who, "/")
        answer = other.request.get(f"{sitting.live.base}/room/{sitting.case}/aid", max_redirects=0)
        assert answer.status in (302, 404), (who, answer.status)
