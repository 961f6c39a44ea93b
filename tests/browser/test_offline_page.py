"""A bid sealed by the script alone, handed in through the page: both files are checked, the receipt comes back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from certs import alone, authority, receipts
from tests.browser.conftest import Live
from tests.browser.test_trading_pages import letter
from trading.bidding.models import Bid
from trading.opening import sheet

pytestmark = pytest.mark.browser
WHO = "bidder2"


def sealed_alone(live: Live, page: Page, folder: Path) -> None:
    """As a bidder does it: settings and script from the desk, everything else on an own machine."""
    page.get_by_text("I have sealed offline").click()
    for name, link in (("sealing.json", "Settings (signed)"), ("seal.py", "Offline script")):
        with page.expect_download() as saved:
            page.get_by_role("link", name=link).click()
        saved.value.save_as(folder / name)
    assert alone.sha256((folder / "seal.py").read_bytes()) in page.locator("[data-offline]").inner_text()
    trust = authority.of(live.acts.house.config).trust()
    (folder / "trust.json").write_text(json.dumps(trust))
    key = live.key_file(WHO, folder)
    (folder / "price.json").write_bytes(sheet.compose(sheet.Sheet("5828", 365, "合格", {"name": "张建国"})))
    command = f"seal --settings sealing.json --trust trust.json --key {key.name} --out bid.sealed --manifest bid.json"
    files = [letter(folder / "bid.pdf").name, "price.json"]
    subprocess.run(
        [sys.executable, "-I", "seal.py", *command.split(), *files], cwd=folder, check=True, capture_output=True
    )


def hand_in(page: Page, ciphertext: Path, manifest: Path) -> None:
    page.locator("[data-offline] [name=ciphertext]").set_input_files(ciphertext)
    page.locator("[data-offline] [name=manifest]").set_input_files(manifest)
    page.locator("form[data-bid] .btn-lg").click()


def test_a_bid_sealed_by_the_script_is_handed_in(live: Live, tmp_path: Path) -> None:
    case = live.announced()
    page = live.open(WHO, f"/cases/{case}/bid", language="en")
    sealed_alone(live, page, tmp_path)
    refused = page.locator("form[data-bid] [data-breaches]")
    other = json.loads((tmp_path / "bid.json").read_bytes()) | {"lot": "0" * 16}
    (tmp_path / "other.json").write_bytes(alone.dumps(other))
    hand_in(page, tmp_path / "bid.sealed", tmp_path / "other.json")
    expect(refused).to_contain_text("sealed for another lot")
    shutil.copy(tmp_path / "bid.sealed", tmp_path / "cut.sealed")
    with (tmp_path / "cut.sealed").open("r+b") as file:
        file.truncate(5000)
    hand_in(page, tmp_path / "cut.sealed", tmp_path / "bid.json")
    expect(refused).to_contain_text("the ciphertext has 5000 bytes")
    with page.expect_download() as saved:
        hand_in(page, tmp_path / "bid.sealed", tmp_path / "bid.json")
        live.sign(page, WHO)
    data = Path(saved.value.path()).read_bytes()
    platform = authority.of(live.acts.house.config).platform_key.public_key()
    receipt = receipts.verify(data, {json.loads(data)["key_id"]: platform})
    assert (receipt.lot, receipt.ciphertext_sha256) == (case, alone.sha256((tmp_path / "bid.sealed").read_bytes()))
    with live.acts.reading() as session:
        assert session.query(Bid).filter_by(case_id=case, state="received").one().id == receipt.bid
