"""A page at its first visit: what it fetches; and what is pressed before its code has come, which is sent nowhere as an
address and done once the code is there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Live

pytestmark = pytest.mark.browser


def test_a_form_pressed_early_waits_for_its_code(live: Live) -> None:
    page = live.open("bidder2", "/", language="en")
    held: list[Route] = []
    page.route("**/static/pages/enrol.js", lambda route: held.append(route))
    page.goto(f"{live.base}/me", wait_until="commit")
    form = page.locator("form[data-password]")
    form.locator("[name=old]").fill("not-my-password")
    form.locator("[name=new]").fill("a-new-password-1")
    form.locator("button").click()
    assert page.url == f"{live.base}/me", "what was typed stands in no address"
    expect(form.locator("[data-breaches]")).to_be_hidden()
    held[0].continue_()
    expect(form.locator("[data-breaches]")).to_contain_text("Login name or password is wrong")
    expect(form.locator("[name=new]")).to_have_value("a-new-password-1")
    assert page.url == f"{live.base}/me"


def test_a_first_visit_fetches_no_whole_chinese_face(live: Live) -> None:
    """A machine that has none of its own takes the slices the page writes with."""
    page = live.open("", "/verify")
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: int(answer.headers.get("content-length", 0))}))
    page.goto(f"{live.base}/")
    page.evaluate("document.fonts.ready.then(() => true)")
    fonts = [size for url, size in sizes.items() if "/fonts/noto" in url]
    assert all(0 < size < 100_000 for size in fonts), sizes
    assert sum(sizes.values()) < 3_000_000, sizes
