"""Odd workbooks at the bid desk: read as the server reads them, warned of where they cannot be, never a dead end."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.faults import Unusable
from methods import bill as bills
from tests.browser.conftest import Live
from tests.browser.test_desk_checks import COMPARE, SOUND, WHO, asking, b64, desk, opened, put, seal
from tests.browser.test_trading_pages import letter
from tests.trading.test_workbook_bounds import NASTY, SHEET, remade, sheet
from tests.trading.workbooks import VECTORS, book
from trading.bidding import workbook

pytestmark = pytest.mark.browser
SAME = ("a cell of 4,001", "a cell of 4,000", "a long text elsewhere", "all cells long", "too many rows",
        "a row far down", "a doctype after a comment", "styles of 60 MB")  # fmt: skip


NUMBERS = ("20.004999999999999", "0.30000000000000004", "1234567890.123455", "-1E-7", "1e3", "1E15",
           "123456789012345678", "999999999999999.9", "0.000", "-0", ".5", "5.", "+7", "1e309",
           "1E-400", "1e99999", "0x10", "1_0",
           ".", "", "１", "Infinity")  # fmt: skip


def test_both_read_numbers_alike(live: Live) -> None:
    rows = "".join(f"<row>{'<c/>' * 6}<c><v>{one}</v></c><c><v>1</v></c></row>" for one in NUMBERS)
    data = remade({SHEET: sheet(rows)})
    answer = live.open("", "/").evaluate(COMPARE, [b64(data), VECTORS["bill"], "", "元"])
    read = bills.priced_of(workbook.rows(data))
    assert answer["priced"] == bills.compose_priced(read)
    assert [line.price for line in read.lines][:8] == [
        "20.005", "0.3", "1234567890.12346", "-0.0000001", "1000", "1000000000000000", "123456789012346000",
        "1000000000000000",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_both_bound_a_workbook_alike(live: Live, name: str) -> None:
    """Read in both, or refused by both in the same words."""
    parts, _ = NASTY[name]
    data = remade(parts)
    answer = live.open("", "/").evaluate(COMPARE, [b64(data), VECTORS["bill"], "", "元"])
    try:
        read = {"priced": bills.compose_priced(bills.priced_of(workbook.rows(data)))}
    except Unusable as error:
        read = {"error": str(error)}
    answer.pop("findings", None)
    assert answer == read


def test_a_line_cut_while_the_tenders_bill_is_fetched_blocks_nothing(live: Live, tmp_path: Path) -> None:
    page = desk(live, asking(live, VECTORS["bill"]))
    page.route("**/bill.json", lambda route: route.abort())
    put(page, "#bid-bill", "报价.xlsx", book(SOUND["rows"]), workbook.MEDIA)
    findings = page.locator("[data-bill-findings]")
    expect(findings).to_contain_text("The tender's bill could not be fetched")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("[data-review-list]")).to_contain_text("The tender's bill could not be fetched")
    page.unroute("**/bill.json")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("[data-review-list]")).not_to_contain_text("could not be fetched")
    put(page, "#bid-bill", "报价.xlsx", book(SOUND["rows"]), workbook.MEDIA)
    expect(findings).to_contain_text("Nothing to find fault with.")


def test_a_workbook_this_page_cannot_read_is_warned_of_and_sealed(live: Live, tmp_path: Path) -> None:
    case = asking(live, VECTORS["bill"])
    page, odd = desk(live, case), remade({"xl/workbook.xml": "<damaged"})
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.get_by_role("button", name="All PDF parts stand in the bid PDF").click()
    put(page, "#bid-bill", "报价.xlsx", b"no workbook", workbook.MEDIA)
    seal(page)
    expect(page.locator("form[data-bid] [data-breaches]").last).to_contain_text("cannot be sealed yet: 1 points")
    put(page, "#bid-bill", "报价.xlsx", odd, workbook.MEDIA)
    seal(page)
    expect(page.locator("form[data-bid] [data-breaches]").last).to_contain_text("Read the warnings")
    expect(page.locator("[data-review-list]")).to_contain_text("The workbook is damaged or of a kind")
    page.get_by_label("I have read the warnings").check()
    with page.expect_download():
        seal(page)
        live.sign(page, WHO)
    parts = opened(live, case, WHO)
    assert parts["bill.xlsx"] == odd and "bill.json" not in parts


def test_saved_findings_hold_no_formulas(live: Live, tmp_path: Path) -> None:
    page = desk(live, asking(live, VECTORS["bill"]))
    cells = ("1", "=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(1)", "1", "\t=1", "x=1")
    row = "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>' for cell in cells)
    put(page, "#bid-bill", "报价.xlsx", remade({SHEET: sheet(f"<row>{row}</row>")}), workbook.MEDIA)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save all findings").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    saved_cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert {"'=HYPERLINK(1)", "'+1+1", "'-1+1", "'@SUM(1)", "'=1", "x=1"} <= set(saved_cells)
    assert [cell for cell in saved_cells if cell[:1] in ("=", "+", "-", "@")] == []


def test_the_bill_is_given_to_bidders_who_took_the_file(live: Live) -> None:
    case = asking(live, VECTORS["bill"])
    for who, status in ((WHO, 200), ("bidder3", 400), ("agency", 200)):
        page = live.open(who, f"/cases/{case}/bid" if who != "agency" else "/", language="en")
        for name in ("bill.xlsx", "bill.json"):
            assert page.request.get(f"{live.base}/cases/{case}/{name}").status == status
        if who == "bidder3":
            expect(page.locator("body")).to_contain_text("Take the tender file first")
