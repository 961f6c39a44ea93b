"""Pressed before the page's own code has come: nothing is sent as an address, and it is done once the code is there."""

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
