"""The opening record in a real browser: its templates at the centre, its confirmation in the hall, its publication."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from trading.opening.models import Opening
from trading.project.models import CaseDocument

pytestmark = pytest.mark.browser
PDF = "#hall-record a[href^='/files/']"


def sign_all(live: Live, case: str, *names: str) -> None:
    with live.acts.reading() as session:
        document = session.query(CaseDocument).filter_by(case_id=case, kind="opening_record").one().signing_doc
    for who in names:
        live.stage.sign(who, document)


@pytest.mark.certify("A-114", "B-017")
def test_bidders_read_and_sign_and_the_public_reads_it_when_it_is_confirmed(live: Live) -> None:
    case, _ = live.opened()
    guest = live.open("", f"/cases/{case}/hall", language="en")
    bidder = live.open("bidder2", f"/cases/{case}/hall", language="en", phone=True)
    expect(guest.locator("#hall-record")).to_contain_text("It is published here once it is confirmed.")
    expect(guest.locator(PDF)).to_have_count(0)
    expect(bidder.locator(PDF)).to_be_visible()
    assert (faults_of(guest), faults_of(bidder)) == ([], [])
    bidder.get_by_role("link", name="Sign the record").click()
    bidder.get_by_role("button", name="Sign", exact=True).click()
    live.sign(bidder, "bidder2")
    expect(bidder.locator("#paper-state")).to_contain_text("signed at")
    sign_all(live, case, "centre1", "regulator", "bidder1")
    expect(guest.locator("#hall-record")).to_contain_text("being confirmed")
    with live.acts.reading() as session:
        until = session.get_one(Opening, (case, 1)).sign_until
    live.stage.move_to(until + timedelta(seconds=1))
    guest.reload()
    expect(guest.locator("#hall-record")).to_contain_text("Confirmed and published")
    expect(guest.locator(PDF)).to_be_visible()
    portal = live.open("", "/?tab=opening", language="en")
    expect(portal.locator(f'main a[href*="{case}"], main a[href^="/files/"]').first).to_be_visible()
    listed = live.open("", f"/cases/{case}", language="en")
    expect(listed.locator("#case-documents")).to_contain_text("开标记录表")


def test_the_regulator_keeps_a_secret_record_from_the_public(live: Live) -> None:
    case, _ = live.opened()
    page = live.open("regulator", f"/cases/{case}/hall", language="en")
    page.get_by_text("Keep it from the public").click()
    page.get_by_label("Law and reason for which it is secret").fill("保守国家秘密法（示例）")
    page.get_by_role("button", name="Do not publish it").click()
    live.sign(page, "regulator")
    expect(page.locator("#hall-record")).to_contain_text("because the law keeps it secret: 保守国家秘密法（示例）")
    sign_all(live, case, "centre1", "regulator", "bidder1", "bidder2", "bidder3")
    guest = live.open("", f"/cases/{case}/hall", language="en")
    expect(guest.locator("#hall-record")).to_contain_text("kept from the public")
    expect(guest.locator(PDF)).to_have_count(0)


@pytest.mark.certify("A-115")
def test_a_centre_writes_finds_uses_and_deletes_templates(live: Live) -> None:
    page = live.open("centre1", "/record-templates", language="en")
    errors = listen(page)
    for name in ("市政工程", "房建工程"):
        page.get_by_label("Name of the template").fill(name)
        page.get_by_label("Quality").uncheck()
        page.get_by_label("Digest of the sealed file").check()
        page.get_by_role("button", name="Make the template").click()
        expect(one(page, name)).to_contain_text("Version 1")
    expect(one(page, "市政工程")).to_contain_text("Digest of the sealed file")
    page.get_by_label("Part of the name").fill("市政")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-template]")).to_have_count(1)
    one(page, "市政工程").get_by_role("link", name="Edit").click()
    page.get_by_label("Words at the end").fill("本表一式三份。")
    page.get_by_role("button", name="Save as version 2").click()
    expect(one(page, "市政工程")).to_contain_text("Version 2")
    one(page, "市政工程").get_by_role("button", name="Put in force").click()
    expect(one(page, "市政工程")).to_contain_text("in use")
    expect(one(page, "市政工程").get_by_role("button", name="Delete")).to_have_count(0)
    link = one(page, "市政工程").get_by_role("link", name="PDF").get_attribute("href")
    for path in (link, "/record-templates/house.pdf"):
        answer = live.stage.session("centre1").get(f"{live.base}{path}")
        assert answer.content.startswith(b"%PDF-")
        assert live.stage.session("bidder2").get(f"{live.base}{path}").status_code == 403
    one(page, "房建工程").get_by_role("button", name="Delete").click()
    expect(one(page, "房建工程")).to_have_count(0)
    page.get_by_role("link", name="Deleted templates").click()
    expect(one(page, "房建工程")).to_contain_text("deleted")
    assert errors == []


def one(page: Page, name: str):
    return page.locator("[data-template]", has_text=name)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_page_is_readable_by_all(live: Live, phone: bool) -> None:
    page = live.open("centre1", "/record-templates", phone=phone)
    errors = listen(page)
    page.reload(wait_until="networkidle")
    assert (faults_of(page), errors) == ([], [])
