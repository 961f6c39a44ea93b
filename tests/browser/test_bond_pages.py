"""Bid bonds in a real browser: lodged, paid, handed in as a guarantee, written down by a clerk, shown, given back."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from tests.browser.test_trading_pages import letter

pytestmark = pytest.mark.browser
ACCOUNT = "4200111122223333"


def clean(live: Live, who: str, path: str) -> None:
    for phone in (False, True):
        page = live.open(who, path, phone=phone)
        errors = listen(page)
        page.reload(wait_until="networkidle")
        assert (faults_of(page), errors) == ([], []), (who, path, phone)


@pytest.mark.soak
def test_a_bond_from_the_desk_to_its_return(live: Live, tmp_path: Path) -> None:
    case = live.announced()
    page = live.open("bidder1", f"/cases/{case}/bid", language="en")
    page.get_by_role("button", name="Lodge and get the payment reference").click()
    live.sign(page, "bidder1")
    reference = page.locator("#bond-state strong", has_text=re.compile("^[2-9A-Z]{12}$")).inner_text()
    page.get_by_text("Demo: pay at the simulated bank").click()
    page.get_by_label("Account that pays").fill(ACCOUNT)
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_load_state("networkidle")

    other = live.open("bidder2", f"/cases/{case}/bid", language="en")
    other.get_by_text("Hand in an electronic guarantee").click()
    for label, value in (("Issuer", "某担保公司"), ("Number of the guarantee", "BH-1"), ("Valid until", "2027-12-31")):
        other.get_by_label(label).fill(value)
    other.locator("#guarantee-file").set_input_files(letter(tmp_path / "guarantee.pdf"))
    other.get_by_role("button", name="Hand in the guarantee").click()
    live.sign(other, "bidder2")
    expect(other.locator("#bond-state")).to_contain_text("某担保公司")

    third = live.stage.act("bidder3", "bond.lodge", case, form="transfer")["reference"]
    clerk = live.open("centre1", "/bonds", language="en")
    fields = {
        "Payment reference": third, "Amount (yuan)": "800000", "Payer": "长丰市政", "Account that pays": ACCOUNT,
        "Arrived at": live.stage.now().strftime("%Y-%m-%dT%H:%M:%S"), "Number in the bank's statement": f"S-{third}",
    }  # fmt: skip
    for label, value in fields.items():
        clerk.get_by_label(label).fill(value)
    clerk.get_by_role("button", name="Write down").click()
    expect(clerk.locator("table")).to_contain_text(third)
    assert "bidder" not in clerk.locator("table").inner_text() and case not in clerk.content()

    clean(live, "bidder1", f"/cases/{case}/bid")
    bids = live.sealed(case)
    live.stage.move_to(live.stage.now() + timedelta(minutes=11))
    live.begin(case)
    hall = live.open("", f"/cases/{case}/hall", language="en")
    expect(hall.locator("tr[data-row]")).to_have_count(len(bids))
    expect(hall.locator("#hall-rows")).to_contain_text("electronic guarantee")
    expect(hall.locator("#hall-rows")).to_contain_text("R1-15")
    assert reference not in hall.content()
    expect(live.open("bidder1", f"/cases/{case}/bid", language="en").locator("#bond-state")).to_contain_text("800000")
    shown = live.open("regulator", f"/cases/{case}/bonds", language="en")
    expect(shown.locator("#bond-list")).to_contain_text(f"****{ACCOUNT[-4:]}")
    expect(shown.get_by_text("Bonds of several bidders came from one account")).to_be_visible()
    for who, path in (("tenderer", f"/cases/{case}/bonds"), ("centre1", "/bonds"), ("", f"/cases/{case}/hall"),
                      ("bidder1", "/me")):  # fmt: skip
        clean(live, who, path)
