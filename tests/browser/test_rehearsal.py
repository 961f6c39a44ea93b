"""A rehearsal in a real browser: the whole way on desktop and telephone, marked everywhere, gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import heartbeat
from core.ledger import EntryRow
from core.staged import StagedFile, Upload
from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from trading.bidding.models import Bid
from trading.rehearsal.models import Rehearsal

pytestmark = pytest.mark.browser


def load_key(page: Page, path: Path, passphrase: str) -> None:
    page.get_by_text("Load the key file").click()
    page.locator("#key-file").set_input_files(path)
    page.locator("#key-passphrase").fill(passphrase)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.locator('[data-probe="decryption"]')).to_have_attribute("data-state", "good")


def begun(live: Live, who: str, folder: Path, *, phone: bool = False) -> Page:
    page = live.open(who, "/rehearsal", phone=phone, language="en")
    page.get_by_role("button", name="Begin the rehearsal").click()
    expect(page.locator("[data-sentence]")).not_to_have_text("Being tried…")
    load_key(page, live.key_file(who, folder), live.ring[who].passphrase)
    return page


def hand_in(live: Live, page: Page, who: str, price: str) -> bytes:
    page.locator("[name=price]").fill(price)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Seal and hand in for practice").click()
        expect(page.locator("#gh-sign [data-what]")).to_contain_text("Rehearsal without legal effect")
        live.sign(page, who)
    return Path(saved.value.path()).read_bytes()


def entries(live: Live) -> int:
    with live.acts.reading() as session:
        here = (EntryRow.kind != "key.fetched", EntryRow.stream != heartbeat.STREAM)
        return session.query(EntryRow).filter(*here).count()


@pytest.mark.soak
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_whole_way_is_practised_and_read_out(live: Live, tmp_path: Path, phone: bool) -> None:
    who = "bidder3" if phone else "bidder2"
    before = entries(live)
    page = begun(live, who, tmp_path, phone=phone)
    errors = listen(page)
    expect(page.get_by_role("button", name="Unlock the practice bid")).to_be_disabled()
    receipt = hand_in(live, page, who, "5,688.60")
    assert b'"purpose":"rehearsal"' in receipt and b'"schema":"rehearsal-receipt/1"' in receipt
    expect(page.locator("#receipt")).to_contain_text("rehearsal")
    expect(page.locator("[data-sentence]")).to_have_text("What you have practised so far worked.")
    page.get_by_role("button", name="Unlock the practice bid").click()
    live.sign(page, who)
    row = page.locator("[data-row]")
    expect(row).to_contain_text("5688.6")
    expect(row).to_contain_text("伍仟陆佰捌拾捌万陆仟元整")
    expect(page.locator("[data-sentence]")).to_have_text(
        "You are ready: everything worked, from the check to the price read out."
    )
    expect(page.get_by_role("button", name="Read aloud")).to_be_visible()
    expect(page.locator(".gh-band")).to_have_count(2)
    assert (faults_of(page), errors) == ([], [])
    refused_as_a_receipt(page, receipt, tmp_path)
    left(live, page, who)
    assert entries(live) == before, "the ledger knows nothing of it"


def refused_as_a_receipt(page: Page, receipt: bytes, folder: Path) -> None:
    path = folder / "rehearsal-receipt.json"
    path.write_bytes(receipt)
    other = page.context.new_page()
    other.goto(page.url.replace("/rehearsal", "/verify"))
    other.locator("input[name=file]").set_input_files(path)
    other.locator("main form button").click()
    expect(other.locator("main")).to_contain_text("REHEARSAL: no receipt of a bid and without any legal effect")
    other.close()


def left(live: Live, page: Page, who: str) -> None:
    """Ended by its bidder: nothing of it is in the browser or at hand on the server."""
    page.get_by_role("button", name="End the rehearsal and delete everything").click()
    expect(page.get_by_role("button", name="Begin the rehearsal")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('rehearsal'))") == []
    with live.acts.reading() as session:
        assert session.query(Bid).count() == 0
        org = live.ring[who].org
        rows = session.query(Rehearsal).filter_by(org_id=org).all()
        assert {(one.state, one.ciphertext_sha256, str(one.receipt)) for one in rows} == {("left", "", "{}")}
        assert session.query(Upload).filter_by(org_id=org).count() == 0
        assert all(one.over for one in session.query(StagedFile).filter_by(org_id=org))


def test_what_failed_at_first_stands_in_the_summary_and_nothing_is_lost_by_a_reload(live: Live, tmp_path: Path) -> None:
    who = "bidder2"
    page = begun(live, who, tmp_path)
    page.locator("[name=price]").fill("much")
    page.get_by_role("button", name="Seal and hand in for practice").click()
    expect(page.locator("form[data-rehearse] [data-breaches]")).to_contain_text("The price must be a number.")
    expect(page.locator("[data-sentence]")).to_have_text("Not ready: Sealed, sent and signed.")
    page.locator("[name=price]").fill("5000")
    page.get_by_role("button", name="Seal and hand in for practice").click()
    page.locator("#gh-sign[open]").wait_for()
    page.reload()
    expect(page.locator("[data-sentence]")).to_have_text("Not ready: Sealed, sent and signed.")
    with live.acts.reading() as session:
        (upload,) = session.query(Upload).filter_by(org_id=live.ring[who].org, purpose="rehearsal").all()
        assert upload.state == "done"
    with page.expect_download():
        page.get_by_role("button", name="Seal and hand in for practice").click()
        live.sign(page, who)
    with live.acts.reading() as session:
        assert session.query(Upload).filter_by(org_id=live.ring[who].org, purpose="rehearsal").count() == 1, "sent once"
    page.reload()
    page.get_by_role("button", name="Unlock the practice bid").click()
    live.sign(page, who)
    expect(page.locator("[data-row]")).to_contain_text("5000")
    expect(page.locator("[data-sentence]")).to_contain_text("but mind what failed at first")
    expect(page.locator("[data-summary]")).to_contain_text("failed at first: The price must be a number.")
    left(live, page, who)


def test_a_bidder_without_a_decryption_key_is_sent_to_make_one(live: Live) -> None:
    page = live.open("bidder1", "/rehearsal", language="en")
    page.get_by_role("button", name="Begin the rehearsal").click()
    expect(page.locator("[data-sentence]")).to_contain_text("Not ready: This computer")
    expect(page.locator('[data-step="check"]').get_by_role("link", name="My certificates")).to_be_visible()
    page.get_by_role("button", name="End the rehearsal and delete everything").click()
    expect(page.get_by_role("button", name="Begin the rehearsal")).to_be_visible()


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_first_page_says_what_it_is(live: Live, phone: bool) -> None:
    page = live.open("bidder2", "/workbench", phone=phone)
    errors = listen(page)
    page.locator('main a[href="/rehearsal"]').click()
    expect(page.locator(".gh-band").first).to_be_visible()
    assert (faults_of(page), errors) == ([], [])
