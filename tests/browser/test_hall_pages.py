"""The opening hall in a real browser: a wrong passphrase and a second try, a hall that stands still, a voice."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EVALUATION, PRICES, Live
from tests.browser.looks import faults_of, listen

pytestmark = pytest.mark.browser
NAMES = ("武汉江源建设集团有限公司", "湖北长丰市政工程有限公司", "汉水建筑股份有限公司")
# A voice that takes its time: headless browsers have none of their own, and the page must go by its events.
VOICE = """
const queue = [];
window.spoken = [];
const voice = {
  paused: false,
  speak(one) { queue.push(one); window.spoken.push([one.lang, one.text]); one.onstart?.({}); },
  cancel() { queue.length = 0; }, pause() { voice.paused = true; }, resume() { voice.paused = false; },
};
window.sayNext = () => queue.shift()?.onend?.({});
window.voiceIsPaused = () => voice.paused;
Object.defineProperty(window, "speechSynthesis", { value: voice });
"""


@pytest.fixture
def hall(live: Live) -> tuple[str, dict[str, str]]:
    """A hall that has just been opened by the centre."""
    case = live.announced()
    bids = live.sealed(case)
    live.begin(case)
    return case, bids


def row(page: Page, number: int):
    return page.locator("#hall-rows tbody tr").nth(number - 1)


def load_key(page: Page, path: Path, passphrase: str) -> None:
    page.locator("#key-file").set_input_files(path)
    page.locator("#key-passphrase").fill(passphrase)
    page.get_by_role("button", name="Load").click()


def test_a_wrong_passphrase_is_reported_compared_and_then_the_bid_opens(live: Live, hall, tmp_path: Path) -> None:
    case, bids = hall
    guest = live.open("", f"/cases/{case}/hall", language="en")
    host = live.open("centre1", f"/cases/{case}/hall", language="en")
    page = live.open("bidder2", f"/cases/{case}/hall", language="en")
    path = live.key_file("bidder2", tmp_path)
    load_key(page, path, "wrong wrong wrong")
    expect(page.locator("form[data-keyfile] [data-breaches]")).to_be_visible()
    page.get_by_role("button", name="Unlock my bid").click()
    expect(page.locator("#hall-report")).to_have_attribute("open", "")
    expect(page.locator("#what")).to_have_value("passphrase")
    page.get_by_role("button", name="Fetch my sealed file").click()
    expect(page.locator("[data-own-digest] .badge")).to_have_text("The same as in the receipt.")
    page.get_by_role("button", name="Report the failed unlock").click()
    expect(row(guest, 2)).to_contain_text("unlock failed, another try is open")
    for one in (guest, host):
        trouble = one.locator(f'[data-trouble="{bids["bidder2"]}"]')
        expect(trouble.get_by_text("the same")).to_have_count(2)
        expect(trouble).to_contain_text("wrong passphrase or key file")
        expect(trouble).to_contain_text("a person decides")
    expect(host.get_by_text("Decide the cause")).to_be_visible()
    assert not host.locator('[data-trouble] option[value="platform"]').is_checked()
    load_key(page, path, live.ring["bidder2"].passphrase)
    expect(page.locator("[data-need-key]")).to_be_hidden()
    page.get_by_role("button", name="Unlock my bid").click()
    live.sign(page, "bidder2")
    expect(row(guest, 2)).to_contain_text("unlocked")
    expect(page.locator("#hall-own")).to_contain_text("unlocked")


def test_one_cannot_fetch_what_another_sealed(live: Live, hall) -> None:
    case, bids = hall
    for who, status in (("bidder2", 200), ("bidder1", 404)):
        answer = live.stage.session(who).get(f"{live.base}/cases/{case}/bids/{bids['bidder2']}/sealed")
        assert answer.status_code == status


def test_rows_change_by_themselves_and_the_table_is_not_fetched_again(live: Live, hall) -> None:
    case, bids = hall
    guest = live.open("", f"/cases/{case}/hall", language="en")
    expect(guest.locator("[data-line=up]")).to_be_visible()
    asked: list[str] = []
    guest.on("request", lambda one: asked.append(one.url) if f"/cases/{case}/hall" in one.url else None)
    guest.evaluate("document.querySelector('#hall-rows table').dataset.mark = 'same'")
    for who, bid in bids.items():
        live.unlock(case, who, bid)
    expect(guest.locator('[data-count="unlocked"]')).to_have_text("3")
    assert asked == [], "an unlocked bid costs no page"
    live.stage.act("centre1", "opening.close", case)
    for number, price in enumerate(PRICES, 1):
        expect(row(guest, number)).to_contain_text(price)
    expect(row(guest, 1)).to_contain_text("伍仟陆佰捌拾玖万元整")
    assert guest.locator("#hall-rows table").get_attribute("data-mark") == "same"
    expect(guest.locator("#hall-head")).to_contain_text("Opened")
    assert asked and all(url.endswith("?rows=no") for url in asked)


def test_a_hall_that_stands_still_says_why_and_goes_on(live: Live, hall) -> None:
    case, _ = hall
    regulator = live.open("regulator", f"/cases/{case}/hall", language="en")
    host = live.open("centre1", f"/cases/{case}/hall", language="en")
    bidder = live.open("bidder2", f"/cases/{case}/hall", language="en", phone=True)
    regulator.get_by_text("Suspend the hall").click()
    regulator.get_by_label("Reason of the suspension").fill("收到投诉，正在核实")
    regulator.get_by_role("button", name="Suspend", exact=True).click()
    for one in (regulator, host, bidder):
        expect(one.locator("#hall-head")).to_contain_text("The hall is suspended")
        expect(one.locator("#hall-head")).to_contain_text("收到投诉，正在核实")
    expect(bidder.get_by_role("button", name="Unlock my bid")).to_be_disabled()
    expect(host.get_by_role("button", name="Let the hall go on")).to_have_count(0)
    assert faults_of(bidder) == []
    regulator.get_by_role("button", name="Let the hall go on").click()
    expect(bidder.get_by_role("button", name="Unlock my bid")).to_be_enabled()
    expect(host.locator("#hall-head [data-countdown]")).to_be_visible()


def test_prices_are_read_out_row_by_row(live: Live) -> None:
    case, _ = live.opened()
    page = live.open("", "/", language="en")
    page.add_init_script(VOICE)
    page.goto(f"{live.base}/cases/{case}/hall")
    page.get_by_role("button", name="Read aloud").focus()
    page.keyboard.press("Enter")
    expect(row(page, 1)).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("voiceIsPaused()")
    page.get_by_role("button", name="Go on").click()
    assert not page.evaluate("voiceIsPaused()")
    page.evaluate("sayNext()")
    expect(row(page, 2)).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-reading]")).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-reading]")).to_have_count(0)
    said = page.evaluate("spoken")
    assert said[0] == ["zh-CN", f"第一号，{NAMES[0]}，投标报价五千六百八十九万元，工期三百六十五日历天。"]


def test_a_browser_without_a_voice_says_so(live: Live) -> None:
    case, _ = live.opened()
    page = live.open("", "/", language="en")
    page.add_init_script('Object.defineProperty(window, "speechSynthesis", { value: undefined });')
    page.goto(f"{live.base}/cases/{case}/hall")
    page.get_by_role("button", name="Read aloud").click()
    expect(page.locator("#hall-rows .gh-why")).to_have_text("This browser cannot read aloud.")


def test_the_coefficient_is_drawn_before_everybodys_eyes(live: Live) -> None:
    price = EVALUATION["price"]
    benchmark = price["benchmark"] | {"factor_set": ["0.95", "0.96", "0.97"]}
    case, _ = live.opened(evaluation=EVALUATION | {"price": price | {"benchmark": benchmark}})
    guest = live.open("", f"/cases/{case}/hall", language="en")
    host = live.open("centre1", f"/cases/{case}/hall", language="en")
    expect(guest.locator("#hall-factor")).to_contain_text("0.95、0.96、0.97")
    host.get_by_role("button", name="Begin the draw").click()
    expect(host.get_by_role("link", name="Take part in the draw")).to_be_visible()
    expect(guest.locator("#hall-factor")).to_contain_text("not yet committed")
    draw = live.stage.ask("", "opening.hall", case)["factor"]["draw"]
    live.draw(case, draw)
    expect(guest.locator("[data-factor]")).to_have_text(live.stage.ask("", "opening.hall", case)["factor"]["value"])
    expect(guest.get_by_role("link", name="record of the draw")).to_be_visible()


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("who", ["", "bidder3", "centre1", "regulator"])
def test_the_open_hall_is_readable_by_all(live: Live, hall, who: str, phone: bool) -> None:
    case, bids = hall
    live.stage.act("bidder3", "opening.report_failure", case, what="other")
    live.compared(case, bids["bidder3"])
    page = live.open(who, f"/cases/{case}/hall", phone=phone)
    errors = listen(page)
    page.reload(wait_until="networkidle")
    assert (faults_of(page), errors) == ([], [])
