"""A page that hears a channel: what it missed is asked for again when the first answer did not come."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Live

pytestmark = pytest.mark.browser
CATCH_UP = "**/api/v1/live/**"


def test_a_page_whose_catch_up_failed_asks_again_while_its_line_stands(live: Live) -> None:
    case = live.announced()
    page = live.open("regulator", "/verify")
    asked: list[str] = []

    def fail_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    page.route(CATCH_UP, fail_once)
    with page.expect_response(lambda answer: "/api/v1/live/" in answer.url and answer.ok):
        page.goto(f"{live.base}/audit/{case}")
    assert asked[1] == asked[0]
