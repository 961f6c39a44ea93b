"""The mall once through in Chromium with real clicks: two buyers, three suppliers, a patrol officer, every path.

Nothing goes past the pages but the clock. At every page anybody comes to: axe, no error of a script, no English."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from playwright.sync_api import Page
from sqlalchemy import text

from tests.browser.conftest import serving
from tests.browser.mall_story_asides import AsideStages
from tests.browser.mall_story_orders import OrderStages
from tests.browser.mall_story_people import Step, populate

pytestmark = pytest.mark.browser
WAYS = {"direct": "直购", "quote": "比价（询价）", "auction": "竞价", "framework": "框架协议"}
SELLERS = {"quoted": "bidder3", "auction": "bidder2", "picked": "bidder1", "rotated": "bidder1", "competed": "bidder2"}
SUMS = "SELECT source, count(*), sum(total) FROM mall_order WHERE state <> 'CANCELLED' GROUP BY source"


@dataclass
class MallStory(AsideStages, OrderStages):
    """A step a chapter."""

    def steps(self) -> tuple[Step, ...]:
        return (
            self.local_numbers, self.template, self.entries, self.items_by_form, self.items_by_file, self.listing,
            self.search, self.reported, self.watched, self.budgets, self.chains, self.cart, self.splitting,
            self.quickly, self.contracted, self.partly_refused, self.returned, self.disputed, self.called_off,
            self.entry_changed, self.item_withdrawn, self.price_changed, self.quotes, self.too_few,
            self.quotes_called_off, self.auction, self.auction_called_off, self.solicited, self.responded,
            self.reviewed, self.signed, self.picked, self.rotated, self.competed, self.bound, self.watched_over,
            self.joined, self.suspended, self.summed_up, self.statements,
        )  # fmt: skip

    def play(self) -> None:
        """What nobody confirms in time is called off by itself: orders of the other ways are confirmed at once."""
        sellers = dict(SELLERS)
        for step in self.steps():
            step()
            for name in sellers.keys() & self.orders.keys():
                self.order(sellers.pop(name), name).press("order.confirm")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MallStory]:
    """Played once; the tests look at what it left behind."""
    with serving(tmp_path_factory.mktemp("data"), populate) as live:
        played = MallStory(live, tmp_path_factory.mktemp("saved"))
        played.play()
        yield played


def sums_on(page: Page) -> dict[str, tuple[int, Decimal]]:
    """{way of buying: (orders, yuan)} as the table beside the chart says it."""
    rows = page.locator("#table-ways tbody tr").all()
    return {
        row.locator("th").inner_text(): (
            int(row.locator("td").first.inner_text().replace(",", "")),
            Decimal(str(row.locator("td[data-value]").get_attribute("data-value"))),
        )
        for row in rows
    }


@pytest.mark.soak
def test_a_supplier_enters_by_clicks_and_every_page_is_looked_at(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The story's beginning, quickly; and its eyes are open: a page in English is told of."""
    with serving(tmp_path_factory.mktemp("data"), populate) as live:
        begun = MallStory(live, tmp_path_factory.mktemp("saved"))
        begun.enter("bidder1")
        assert begun.faults == []
        supplier = begun.person("bidder1")
        supplier.page.context.add_cookies([{"name": "gh_language", "value": "en", "url": live.base}])
        supplier.go("/mall/supply")
        assert any("English: Categories" in one for one in begun.faults), begun.faults
        supplier.page.evaluate("document.querySelector('main').append(new Image())")
        supplier.look()
        assert any("image-alt" in one for one in begun.faults), begun.faults


@pytest.mark.soak
def test_every_page_was_clean(story: MallStory) -> None:
    assert story.faults == [], "\n".join(story.faults)
    assert len({path for _, path in story.visited}) >= 40, sorted(story.visited)


@pytest.mark.soak
def test_the_figures_say_what_the_orders_say(story: MallStory) -> None:
    with story.live.acts.reading() as session:
        found = {WAYS[source]: (count, Decimal(total) / 100) for source, count, total in session.execute(text(SUMS))}
    page = story.person("regulator").go("/mall/figures").page
    assert set(found) == set(WAYS.values())
    assert sums_on(page) == found
