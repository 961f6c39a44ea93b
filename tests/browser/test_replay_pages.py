"""The regulator's slider on a running case: by keyboard, on a phone; what members said stays covered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import check_axe
from tests.browser.test_room_pages import Sitting
from tests.browser.test_sitting_cut import sitting  # noqa: F401  (a fixture)

pytestmark = pytest.mark.browser
REASON = "网络维护暂停一刻"
FINDING = "工期承诺超出招标文件"


def replay(sitting: Sitting, *, phone: bool = False) -> Page:  # noqa: F811
    page = sitting.live.open("regulator", f"/audit/{sitting.case}/replay", phone=phone)
    page.locator("#slider:not([max='0'])").wait_for()
    return page


@pytest.fixture(scope="module")
def troubled(sitting: Sitting) -> Sitting:  # noqa: F811
    """One finding was written, then the sitting was paused and went on."""
    act, case = sitting.live.stage.act, sitting.case
    view = sitting.live.stage.ask(sitting.members[0], "room.view", case)
    act(sitting.members[0], "prelim.mark", case, bid=view["bids"][0]["id"], item=view["items"][0]["id"], page="3",
        reason=FINDING, ground="TL51-3", **{"pass": False})  # fmt: skip
    act("centre1", "sitting.pause", case, reason=REASON)
    act("centre1", "sitting.resume", case, reason="维护结束")
    return sitting


@pytest.mark.soak
def test_every_moment_is_reached_by_keyboard_and_shows_who_was_there(troubled: Sitting) -> None:
    page = replay(troubled)
    check_axe(page)
    slider, place, sites = page.locator("#slider"), page.locator("[data-place]"), page.locator("[data-sites]")
    expect(sites).to_contain_text("尚无人到场")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(place).to_contain_text("2 / ")
    page.keyboard.press("End")
    expect(page.locator(".rm-steps [aria-current=step]")).to_have_attribute("data-stage", "PRELIM")
    expect(sites.locator("tbody tr:not(.rp-group)")).to_have_count(5)
    expect(sites).to_contain_text("组长")
    expect(sites).to_contain_text("已记 1 项")
    page.keyboard.press("Home")
    expect(place).to_contain_text("1 / ")
    page.locator('[data-jump="1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-told]")).not_to_be_empty()
    check_axe(page)


def test_a_step_is_jumped_to_and_the_pause_stands_there(troubled: Sitting) -> None:
    page = replay(troubled)
    option = page.locator("#rp-steps option", has_text="暂停评标")
    page.locator("#rp-steps").select_option(value=option.first.get_attribute("value"))
    expect(page.locator("[data-pause]")).to_contain_text(REASON)
    page.locator('[data-step="1"]').click()
    expect(page.locator("[data-pause]")).to_be_hidden()
    page.locator('[data-step="-1"]').click()
    expect(page.locator("[data-pause]")).to_be_visible()


def test_it_plays_stops_and_fetches_what_is_new(troubled: Sitting) -> None:
    page = replay(troubled)
    play, place = page.locator("[data-play]"), page.locator("[data-place]")
    play.click()
    expect(place).to_contain_text("3 / ")
    play.click()
    expect(play).to_contain_text("播放")
    before = int(page.locator("#slider").get_attribute("max") or 0)
    troubled.live.stage.act("centre1", "incident.note", troubled.case, text="空调故障")
    page.locator("[data-fresh]").click()
    expect(place).to_contain_text(f"{before + 2} / {before + 2}")
    expect(page.locator("[data-panel=incidents]")).to_contain_text("空调故障")


def test_while_the_committee_works_nothing_a_member_said_is_in_the_answer(troubled: Sitting) -> None:
    page = replay(troubled, phone=True)
    page.locator("#slider").focus()
    page.keyboard.press("End")
    expect(page.locator("[data-panel=sheets]")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_axe(page)
    answer = troubled.live.stage.ask("regulator", "audit.replay", troubled.case)
    assert FINDING not in str(answer)
    assert any(one["changes"].get("members") for one in answer["events"])
