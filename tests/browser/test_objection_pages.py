"""An objection raised, prepared and answered by clicks; each reader's part of it; readable by all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from tests.browser.test_trading_pages import NAMES

pytestmark = pytest.mark.browser
TEXT, GROUNDS = "资质条件高于工程规模所需", "招标文件第二章第3条与资质标准不符"


def section(page: Page) -> str:
    return page.locator("#objections").inner_text()


def test_an_objection_is_raised_prepared_and_answered(live: Live) -> None:
    case = live.announced()
    page = live.open("bidder1", f"/cases/{case}", language="en")
    errors = listen(page)
    page.get_by_label("Objection", exact=True).fill(TEXT)
    page.get_by_label("Facts and grounds").fill(GROUNDS)
    first = live.stage.act("bidder1", "objection.raise", case, subject="file", text="x", grounds="x")["objection"]
    page.get_by_role("button", name="Raise the objection").click()
    live.sign(page, "bidder1")
    expect(page.locator("#objections [data-breaches]:visible")).to_contain_text("another one may follow")
    live.stage.act("bidder1", "objection.withdraw", case, objection=first)
    expect(page.get_by_label("Objection", exact=True)).to_have_value(TEXT)
    page.get_by_role("button", name="Raise the objection").click()
    live.sign(page, "bidder1")
    expect(page.locator("#objection-list")).to_contain_text(TEXT)
    expect(page.locator(".gh-line [aria-current=step]")).to_contain_text("suspended")
    assert [one for one in errors if "Failed to load" not in one] == []
    each_reads_its_part(live, case)
    prepare_and_answer(live, case)
    page.reload()
    expect(page.locator("#objection-list")).to_contain_text("条件与规模相适应")
    expect(page.locator(".gh-line [aria-current=step]")).not_to_contain_text("suspended")


def each_reads_its_part(live: Live, case: str) -> None:
    for who in ("tenderer", "agency", "regulator"):
        read = section(live.open(who, f"/cases/{case}"))
        assert TEXT in read and GROUNDS in read and NAMES[0] in read, who
    other = live.open("bidder2", f"/cases/{case}").locator("main").inner_text()
    assert TEXT in other and GROUNDS not in other and NAMES[0] not in other
    public = live.open("", f"/cases/{case}")
    line = public.locator("#case-line").inner_text()
    assert "暂停" in line and "招标投标法实施条例 第22条" in line
    assert TEXT not in public.content() and public.locator("#objections").count() == 0


def prepare_and_answer(live: Live, case: str) -> None:
    agency = live.open("agency", "/workbench", language="en")
    agency.get_by_role("link", name="Prepare", exact=True).first.click()
    agency.get_by_label("Answer", exact=True).fill("条件与规模相适应")
    agency.get_by_label("Upheld or not").select_option("false")
    with agency.expect_navigation():
        agency.get_by_role("button", name="Save for the tenderer's signature").click()
    expect(agency.get_by_label("Answer", exact=True)).to_have_value("条件与规模相适应")
    tenderer = live.open("tenderer", f"/cases/{case}#objections", language="en")
    expect(tenderer.get_by_label("Answer", exact=True)).to_have_value("条件与规模相适应")
    tenderer.locator("#act-project-terminate summary").click()
    expect(tenderer.get_by_role("button", name="End the tender")).to_be_disabled()
    expect(tenderer.locator("#why-project-terminate")).to_contain_text("all objections answered")
    tenderer.get_by_role("button", name="Sign the answer").click()
    live.sign(tenderer, "tenderer")
    expect(tenderer.locator("#objection-list li", has_text=TEXT).locator(".badge")).to_have_text("not upheld")
    tenderer.locator("#act-project-terminate summary").click()
    expect(tenderer.get_by_role("button", name="End the tender")).to_be_enabled()


@pytest.fixture(scope="module")
def objected(live: Live) -> str:
    """One objection answered, one open, one withdrawn."""
    case = live.announced()
    made = [
        live.stage.act(f"bidder{n}", "objection.raise", case, subject="file", text=TEXT, grounds=GROUNDS)["objection"]
        for n in (1, 2, 3)
    ]
    said = {"text": "成立", "upheld": True, "measure": "发布澄清"}
    live.stage.act("tenderer", "objection.answer", case, objection=made[0], **said)
    live.stage.act("bidder2", "objection.withdraw", case, objection=made[1])
    return case


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("who", ["tenderer", "agency", "bidder1", "bidder3", "regulator", "public"])
def test_the_section_is_readable_by_all(live: Live, objected: str, who: str, phone: bool) -> None:
    page = live.open("" if who == "public" else who, f"/cases/{objected}", phone=phone)
    errors = listen(page)
    page.reload(wait_until="networkidle")
    for fold in page.locator("details").all():
        fold.evaluate("fold => { fold.open = true }")
    assert (faults_of(page), errors) == ([], [])
