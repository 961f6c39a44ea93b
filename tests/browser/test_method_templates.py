"""Templates of evaluation methods in a browser: kept from one tender file, looked at, taken over into another."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EVALUATION, Live
from tests.browser.looks import faults_of

pytestmark = pytest.mark.browser


@pytest.mark.certify("A-147")
def test_an_agency_keeps_a_template_and_begins_another_file_from_it(live: Live) -> None:
    source = live.drafted()
    page = live.open("agency", "/method-templates", language="en")
    expect(page.locator("#list")).to_contain_text("(0)")
    page.locator("#f-from").select_option(value=source)
    page.locator("#f-name").fill("市政综合评估")
    page.get_by_role("button", name="Keep the template").click()
    expect(page.locator("#look")).to_contain_text("市政综合评估")
    expect(page.locator("#look")).to_contain_text(EVALUATION["criteria"][0]["name"])
    assert faults_of(page) == []
    other = EVALUATION | {"criteria": [{"id": "only", "name": "唯一评分项", "max": "100", "weight": "0.5"}]}
    target = live.drafted(evaluation=other)
    editor = live.open("agency", f"/cases/{target}/file", language="en")
    assert faults_of(editor) == []
    editor.get_by_role("button", name="Take it over").click()
    first = editor.locator('[data-list="evaluation.criteria"] [data-items] [data-key="name"]').first
    expect(first).to_have_value(EVALUATION["criteria"][0]["name"])
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#list")).to_contain_text("(0)")


@pytest.mark.parametrize("who", ["agency", "tenderer", "centre1"])
def test_the_page_of_templates_is_clean_on_a_phone(live: Live, who: str) -> None:
    page = live.open(who, "/method-templates", phone=True)
    expect(page.locator("#keep")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults_of(page) == []
