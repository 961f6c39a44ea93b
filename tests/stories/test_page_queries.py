"""Every page asks a fixed number of questions of the database, however many bids, members and entries it shows."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from accounts import sign_in
from core.access import SYSTEM
from tests.stories.play import four_sites, with_bidders
from web.app import create_app

MOST = 90  # statements a page may cost; a page that grows with its rows passes neither this nor the comparison
PAGES = {
    "/": "", "/workbench": "tenderer", "/cases/{}": "tenderer", "/cases/{}/hall": "regulator", "/draws/{}": "tenderer",
    "/award/{}": "tenderer", "/audit/{}": "regulator", "/papers": "tenderer", "/venues": "centre1",
    "/watch": "regulator", "/me": "bidder1", "/room/{}/aid": "regulator",
}  # fmt: skip


def counted(life, page: str, who: str) -> int:
    """Statements of one GET; the page must open."""
    app = create_app(life.acts.house.config, life.acts.house.clock)
    engine = app.extensions["gongheng"].acts.engine
    client, seen = app.test_client(), []
    if who:
        client.set_cookie("gh_session", life.acts.act(sign_in.begin, SYSTEM, life.user(who).person))
    client.get(page)
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    answer = client.get(page)
    engine.dispose()
    assert answer.status_code == 200, page
    return len(seen)


@pytest.fixture(scope="module")
def lives(begin_shared):
    """The same life with three bids and with five."""
    more = with_bidders(four_sites(), dict(zip("甲乙丙丁戊", PRICES, strict=True)))
    small, large = begin_shared(), begin_shared(more)
    for life in (small, large):
        life.to_opened()
        life.to_report()
        life.stage.run_due()
        life.award()
        life.result(life.publish())
    return small, large


PRICES = ("5689", "5828", "5709", "5990", "5995")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_the_same_for_more_rows(lives, page):
    small, large = (counted(life, page.format(life.case), PAGES[page]) for life in lives)
    assert large <= MOST
    assert large <= small + 2, f"{page}: {small} statements for three bids, {large} for five"
