"""A large bid over a poor line: the page goes on by itself after a cut, and after it was closed and opened again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.staged import Upload
from tests.browser.conftest import Live
from tests.browser.looks import listen
from tests.browser.test_trading_pages import letter
from trading.bidding.models import Bid

pytestmark = pytest.mark.browser
RATE = 3_000_000
PROCESS_MOST = 512  # MiB that one process of the browser may ever have had in memory


class Line:
    """The page's network: `rate` bytes a second upwards, or none."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")

    def be(self, *, rate: int = -1, offline: bool = False) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        self.session.send("Network.emulateNetworkConditions", conditions)


@pytest.mark.soak
@pytest.mark.certify("A-91", "A-101")
def test_a_large_bid_goes_on_after_a_cut_and_a_closed_page(live: Live, tmp_path: Path) -> None:
    case, who = live.announced(), "bidder2"
    page = live.open(who, f"/cases/{case}/bid", language="en")
    errors, line = listen(page), Line(page)
    plans = tmp_path / "plans.bin"
    plans.write_bytes(os.urandom(40 << 20))
    for name, value in (("Total price", "5700"), ("Certificate number", "鄂1420260001")):
        page.get_by_label(name).fill(value)
    page.get_by_label("Project manager", exact=True).fill("张建国")
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.locator("#bid-more").set_input_files(plans)
    line.be(rate=RATE)
    page.locator("form[data-bid] button.btn-primary").click()
    status = page.locator("form[data-bid] [data-status]")
    expect(status).to_contain_text(re.compile(r"Uploading: [2-9]\d? % · [\d.]+ MB/s · \d+ s left"))
    line.be(offline=True)
    expect(status).to_contain_text("Line cut; going on by itself")
    line.be(rate=RATE)
    expect(status).to_contain_text(re.compile(r"Uploading: [4-9]\d %"))
    line.be()
    page.reload()
    expect(page.locator("[data-kept]")).to_be_visible()
    expect(status).to_contain_text("The sealed bid is on the server")
    with live.acts.reading() as session:
        (upload,) = session.query(Upload).filter_by(subject=case).all()
        assert (upload.state, upload.purpose) == ("done", "bid"), "one upload from beginning to end"
        size = upload.size
    with page.expect_download() as saved:
        page.locator("form[data-bid] button.btn-primary").click()
        live.sign(page, who)
    assert b'"version":1' in Path(saved.value.path()).read_bytes()
    expect(page.locator("[data-kept]")).to_be_hidden()
    with live.acts.reading() as session:
        bid = session.query(Bid).filter_by(case_id=case).one()
        assert bid.size == size > 40 << 20
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('gh-upload:'))") == []
    assert page.evaluate(KEPT) == []
    assert [one for one in errors if "Failed to load" not in one and "ERR_" not in one] == []


KEPT = """async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("gongheng-sealed", { create: true });
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}"""


def _browser_processes() -> Iterator[Path]:
    """/proc folders of the browsers below this process."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[folder.name] = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except FileNotFoundError:
            continue  # it has just ended
    for pid in parents:
        above = pid
        while above in parents and above != str(os.getpid()):
            above = parents[above]
        if above == str(os.getpid()) and b"chrom" in (Path("/proc") / pid / "cmdline").read_bytes():
            yield Path("/proc") / pid


def _peak(folder: Path) -> int:
    """MiB of the largest resident size of a process since it began."""
    return int((folder / "status").read_text().partition("VmHWM:")[2].split()[0]) // 1024


@pytest.mark.soak
def test_a_bid_of_a_gigabyte_never_stands_in_memory(live: Live, tmp_path: Path) -> None:
    case, who = live.announced(), "bidder3"
    page = live.open(who, f"/cases/{case}/bid", language="en", profile=tmp_path / "profile")
    plans = tmp_path / "plans.bin"
    with plans.open("wb") as file:
        for _ in range(1024):
            file.write(os.urandom(1 << 20))
    for name, value in (("Total price", "5700"), ("Certificate number", "鄂1420260001")):
        page.get_by_label(name).fill(value)
    page.get_by_label("Project manager", exact=True).fill("张建国")
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.locator("#bid-more").set_input_files(plans)
    with page.expect_download(timeout=300_000):
        page.locator("form[data-bid] button.btn-primary").click()
        page.locator("dialog[open]").wait_for(timeout=300_000)
        live.sign(page, who)
    peaks = sorted((_peak(one) for one in _browser_processes()), reverse=True)
    assert peaks and peaks[0] < PROCESS_MOST, peaks
    print(f"largest resident sizes of the browser's processes: {peaks[:3]} MiB")
    with live.acts.reading() as session:
        assert session.query(Bid).filter_by(case_id=case).one().size > 1 << 30
