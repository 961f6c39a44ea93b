"""The bid desk's checks in a real browser: parts, priced bill, scans, supplement; nothing of it reaches the server."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect

from certs import sealing
from certs.sealing_parts import Memory
from core import canon
from methods import bill as bills
from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from tests.browser.test_trading_pages import letter
from tests.trading.workbooks import VECTORS, book, large, priced
from trading.bidding import contents, workbook
from trading.bidding.models import Bid
from trading.document.bills import bill_of
from trading.project.models import Case

pytestmark = pytest.mark.browser
WHO = "bidder2"
COMPONENTS = [
    {"id": "letter", "name": "投标函及附录", "required": True, "format": "pdf", "most_mb": 1},
    {"id": "plan", "name": "施工组织设计", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "model", "name": "进度模型", "required": False, "format": "zip", "most_mb": 0},
]
SOUND, FAULTY = VECTORS["cases"][0], VECTORS["cases"][5]
COMPARE = """([data, bill, price, unit]) => new Promise((resolve, reject) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const worker = new Worker("/static/bill/worker.js", { type: "module" });
  worker.onmessage = (event) => resolve(event.data);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage({ data: bytes.buffer, bill, price, unit });
})"""


# How long the page itself could not run: the longest time between two turns of a short timer.
STILL = """() => {
  window.still = 0;
  let last = performance.now();
  const turn = () => {
    const now = performance.now();
    window.still = Math.max(window.still, now - last);
    last = now;
    setTimeout(turn, 10);
  };
  turn();
}"""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def asking(live: Live, bill: dict[str, Any] | None = None) -> str:
    """An announced tender that asks for parts and has a bill of quantities."""
    case = live.drafted(settings={"fallback": True, "window_minutes": 30, "components": COMPONENTS})
    if bill is not None:
        live.stage.act("agency", "file.bill", case, bill=bill, name="清单.xlsx")
    warned = live.stage.act("agency", "file.save", case)["breaches"]
    accept = sorted({one["rule"] for one in warned if one["action"] == "W"})
    live.stage.act("tenderer", "tender.issue", case, accept_warnings=accept, reason="依据地方规定, 已备案")
    if bill is not None:
        live.stage.act(WHO, "file.fetch", case)
    return case


def desk(live: Live, case: str, who: str = WHO, **more: Any) -> Page:
    page = live.open(who, f"/cases/{case}/bid", language="en", **more)
    for name, value in (("price", "55.974617"), ("manager_name", "张建国"), ("manager_certificate", "鄂1420260001")):
        page.locator(f"form[data-bid] [name={name}]").fill(value)
    return page


def put(page: Page, field: str, name: str, data: bytes, media: str = "application/pdf") -> None:
    page.locator(field).set_input_files({"name": name, "mimeType": media, "buffer": data})


def seal(page: Page) -> None:
    page.locator("form[data-bid] .btn-lg").click()


def opened(live: Live, case: str, who: str) -> dict[str, bytes]:
    """The parts of the version in force, by the bidder's own key."""
    with live.acts.reading() as session:
        bid = session.query(Bid).filter_by(case_id=case, org_id=live.ring[who].org, state="received").one()
        manifest = sealing.read_manifest(canon.dumps(bid.manifest))
    out = Memory()
    with live.acts.house.blobs.path(manifest.sha256).open("rb") as source:
        sealing.open_with_key(manifest, live.ring[who].opening, source, out)
    return {name: bytes(data) for name, data in out.parts.items()}


# -- the shared vectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda one: one["name"])
def test_browser_and_python_read_and_find_the_same(live: Live, case: dict[str, Any]) -> None:
    page, data = live.open("", "/"), book(case["rows"])
    found = page.evaluate(COMPARE, [b64(data), VECTORS["bill"], case["price"], VECTORS["unit"]])
    assert found["findings"] == case["findings"]
    assert found["priced"] == bills.compose_priced(bills.priced_of(workbook.rows(data)))


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"PK\x03\x04 cut", book([], ["甲", "乙"]), book([], ["项目名称", "工程量"])]
)
def test_what_is_no_workbook_is_said_in_words_by_both(live: Live, data: bytes) -> None:
    page = live.open("", "/")
    answer = page.evaluate(COMPARE, [b64(data), VECTORS["bill"], "", "元"])
    assert answer["error"].startswith("workbook: ")


def test_three_thousand_lines_freeze_no_page(live: Live) -> None:
    """The longest time the page itself stood still while the worker read the bill."""
    bill = large(3000)
    page = live.open("", "/")
    page.evaluate(STILL)
    timed = f"(asked, t = performance.now()) => ({COMPARE})(asked).then((found) => [found, performance.now() - t])"
    found, took = page.evaluate(timed, [b64(priced(bill)), bills.compose(bill), "", "元"])
    still = page.evaluate("window.still")
    print(f"3,000 lines: {took:.0f} ms, page still for {still:.0f} ms")
    assert (len(found["priced"]["lines"]), found["findings"]) == (3000, [])
    assert still < 1000


# -- the desk ---------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-87", "A-94")
def test_the_desk_shows_what_the_file_asks_for_and_one_list_of_what_is_missing(live: Live, tmp_path: Path) -> None:
    case = asking(live, VECTORS["bill"])
    page = live.open(WHO, f"/cases/{case}/bid", language="en")
    errors = listen(page)
    expect(page.locator("[data-component=letter]")).to_contain_text("投标函及附录")
    expect(page.locator("[data-component=letter]")).to_contain_text("at most 1 MB")
    page.get_by_role("button", name="Check now").click()
    review = page.locator("[data-review-list]")
    for said in ("The bid PDF: Not attached.", "投标函及附录: Neither attached nor marked", "施工组织设计: Neither",
                 "Priced bill of quantities: Not attached.", "Total price (× 10,000 yuan): Fill in this field.",
                 "Project manager: Fill in this field."):  # fmt: skip
        expect(review).to_contain_text(said)
    expect(review).not_to_contain_text("进度模型")
    review.get_by_role("link", name="投标函及附录").click()
    assert page.evaluate("document.activeElement.id") == "part-letter"
    seal(page)
    expect(page.locator("form[data-bid] [data-breaches]").last).to_contain_text("cannot be sealed yet: 7 points")
    assert (faults_of(page), errors) == ([], [])


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.pdf", b"", "The file is empty"),
        ("a.pdf", b"PK\x03\x04", "not a PDF"),
        ("a.pdf", b"%PDF-1.7\ntrailer << /Encrypt 5 0 R >>\n%%EOF", "This PDF is protected"),
        ("a.pdf", b"%PDF-1.7" + bytes(1 << 20) + b"%%EOF", "larger than the tender file allows"),
    ],
)
@pytest.mark.certify("A-94")
def test_a_part_that_nobody_could_use_stops_the_sealing(live: Live, tmp_path: Path, name, data, said) -> None:
    page = desk(live, asking(live))
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.get_by_role("button", name="All PDF parts stand in the bid PDF").click()
    put(page, "#part-letter", name, data)
    seal(page)
    expect(page.locator("[data-review-list]")).to_contain_text(f"投标函及附录: {said}" if said[0].isupper() else said)
    expect(page.locator("#gh-sign")).to_be_hidden()


@pytest.mark.certify("A-88")
def test_files_are_added_looked_at_replaced_and_removed(live: Live, tmp_path: Path) -> None:
    page = desk(live, asking(live))
    row = page.locator("[data-component=letter]")
    expect(row.get_by_role("button", name="View")).to_be_hidden()
    put(page, "#part-letter", "first.pdf", letter(tmp_path / "first.pdf").read_bytes())
    expect(row.locator("[data-about]")).to_contain_text("first.pdf")
    row.get_by_role("button", name="View").click()
    expect(page.locator("#gh-viewer[open]")).to_contain_text("it was not sent")
    assert page.locator("#gh-viewer iframe").get_attribute("src").startswith("blob:")
    page.locator("#gh-viewer button").click()
    put(page, "#part-letter", "second.pdf", letter(tmp_path / "second.pdf").read_bytes())
    expect(row.locator("[data-about]")).to_contain_text("second.pdf")
    row.get_by_role("button", name="Remove").click()
    expect(row.locator("[data-about]")).to_have_text("")
    assert page.evaluate("document.getElementById('part-letter').files.length") == 0


@pytest.mark.certify("A-94")
def test_a_priced_bill_is_read_here_warned_of_and_sealed_when_confirmed(live: Live, tmp_path: Path) -> None:
    case = asking(live, VECTORS["bill"])
    page, sent = desk(live, case), []
    page.on("request", lambda one: sent.append(one))
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.get_by_role("button", name="All PDF parts stand in the bid PDF").click()
    put(page, "#bid-bill", "报价.xlsx", book(FAULTY["rows"]), workbook.MEDIA)
    findings = page.locator("[data-bill-findings]")
    expect(findings).to_contain_text("3 lines read, total —: 6 findings.")
    for said in ("A line of the tender's bill is missing.", "混凝土管", "The number of this line stands twice."):
        expect(findings).to_contain_text(said)
    seal(page)
    expect(page.locator("form[data-bid] [data-breaches]").last).to_contain_text("Read the warnings")
    page.get_by_label("I have read the warnings").check()
    page.locator("[name=price]").fill("55.974618")
    seal(page)
    expect(page.locator("form[data-bid] [data-breaches]").last).to_contain_text("Read the warnings")
    put(page, "#bid-bill", "报价.xlsx", book(SOUND["rows"]), workbook.MEDIA)
    expect(findings).to_contain_text("3 lines read, total 559746.17: 1 findings.")
    page.locator("[name=price]").fill("55.974617")
    page.locator("[name=price]").blur()
    expect(findings).to_contain_text("Nothing to find fault with.")
    with page.expect_download():
        seal(page)
        live.sign(page, WHO)
    assert_nothing_told(sent)
    parts = opened(live, case, WHO)
    assert parts["bill.xlsx"] == book_of(parts) and bills.read_priced(canon.loads(parts["bill.json"]))
    assert contents.read(parts["contents.json"]) == contents.Contents(
        "bid", "", {"letter": "bid.pdf", "plan": "bid.pdf"}
    )


def book_of(parts: dict[str, bytes]) -> bytes:
    """The sealed workbook, which reads as the sealed data says."""
    read = bills.compose_priced(bills.priced_of(workbook.rows(parts["bill.xlsx"])))
    assert read == canon.loads(parts["bill.json"])
    return parts["bill.xlsx"]


def assert_nothing_told(sent: list[Request]) -> None:
    """No request carried a figure of the bill or a word of the note."""
    for one in sent:
        body = one.post_data_buffer or b""
        for secret in (b"24696.17", b"55.974617", b"559746", "补充内容".encode()):
            assert secret not in body and secret.decode() not in one.url


@pytest.mark.certify("A-89")
def test_scans_become_one_pdf_in_the_browser(live: Live, tmp_path: Path) -> None:
    case = asking(live)
    page, errors = desk(live, case), []
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    scans = [scan(tmp_path / "2.jpg", "JPEG", (300, 400)), scan(tmp_path / "10.png", "PNG", (400, 300)),
             scan(tmp_path / "1.jpg", "JPEG", (200, 300), turned=6)]  # fmt: skip
    with page.expect_file_chooser() as chooser:
        page.locator("[data-scans=part-letter]").click()
    chooser.value.set_files(scans)
    expect(page.locator("#part-letter-about")).to_contain_text("3 scans are bound into one PDF.")
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.locator("[data-component=plan] [name=inside]").check()
    with page.expect_download():
        seal(page)
        live.sign(page, WHO)
    pdf = opened(live, case, WHO)["投标函及附录.pdf"]
    assert pages_of(pdf) == [(200, 300, 90), (300, 400, 0), (400, 300, 0)], "in the order of their names"
    with page.expect_file_chooser() as chooser:
        page.locator("[data-scans=part-plan]").click()
    chooser.value.set_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"GIF89a"})
    expect(page.locator("#part-plan-about")).to_contain_text("Only JPG and PNG scans can be bound: x.jpg")
    with page.expect_file_chooser() as chooser:
        page.locator("[data-scans=part-plan]").click()
    chooser.value.set_files([{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": b"x"} for n in range(201)])
    expect(page.locator("#part-plan-about")).to_contain_text("200 pages are bound in a browser")
    assert errors == []


def scan(path: Path, kind: str, size: tuple[int, int], turned: int = 1) -> Path:
    exif = Image.Exif()
    exif[0x0112] = turned
    Image.new("RGB", size, "white").save(path, kind, exif=exif)
    return path


def pages_of(pdf: bytes) -> list[tuple[int, int, int]]:
    """(width and height of the picture, rotation) of every page."""
    found = []
    for page in pdfium.PdfDocument(io.BytesIO(pdf)):
        (image,) = list(page.get_objects(filter=[3]))
        found.append((*image.get_px_size(), page.get_rotation()))
    return found


@pytest.mark.certify("A-99")
def test_a_supplement_takes_up_what_was_sealed_and_adds_to_it(live: Live, tmp_path: Path) -> None:
    case, who = asking(live), "bidder3"
    page = desk(live, case, who)
    page.locator("#key-file").set_input_files(live.key_file(who, tmp_path))
    page.locator("#key-passphrase").fill(live.ring[who].passphrase)
    page.get_by_role("button", name="Load").click()
    page.locator("#bid-pdf").set_input_files(letter(tmp_path / "bid.pdf"))
    page.get_by_role("button", name="All PDF parts stand in the bid PDF").click()
    put(page, "#part-letter", "letter.pdf", letter(tmp_path / "letter.pdf").read_bytes())
    put(page, "#bid-more", "图纸.bin", b"plans", "application/octet-stream")
    with page.expect_download():
        seal(page)
        live.sign(page, who)
    first = opened(live, case, who)
    page.reload()
    page.get_by_role("button", name="Take up the files I handed in").click()
    expect(page.locator("[data-brought]")).to_contain_text("in the form again")
    assert page.locator("[name=price]").input_value() == "55.974617"
    page.get_by_label("supplements the bid").check()
    seal(page)
    expect(page.locator("[data-review-list]")).to_contain_text("Write what is supplemented.")
    sent: list[Request] = []
    page.on("request", lambda one: sent.append(one))
    page.locator("#bid-note").fill("补充内容：进度模型")
    put(page, "#part-model", "model.zip", b"PK\x03\x04 model", "application/zip")
    with page.expect_download() as saved:
        seal(page)
        live.sign(page, who)
    assert canon.loads(Path(saved.value.path()).read_bytes())["kind"] == "supplement"
    assert_nothing_told(sent)
    second = opened(live, case, who)
    assert {name: data for name, data in second.items() if name not in ("contents.json", "进度模型.zip")} == {
        name: data for name, data in first.items() if name != "contents.json"
    }
    said = contents.read(second["contents.json"])
    assert (said.kind, said.note, said.files["model"]) == ("supplement", "补充内容：进度模型", "进度模型.zip")
    expect(page.locator("#versions")).to_contain_text("supplement")


# -- the editor -------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-87")
def test_the_editor_reads_a_bill_and_the_parts_reach_the_desk(live: Live, tmp_path: Path) -> None:
    case = live.drafted()
    page = live.open("agency", f"/cases/{case}/file", language="en")
    errors = listen(page)
    names = page.locator('[data-list="settings.components"] [data-key=name]')
    expect(names).to_have_count(6)
    page.get_by_role("button", name="Add a part").click()
    names.last.fill("进度模型")
    page.get_by_role("button", name="Save the file").click()
    expect(page.locator("form[data-tender-file] > fieldset > [data-status]")).to_contain_text("Saved at")
    status = page.locator("[data-bill-status]")
    heads = ["序号", "项目编码", "项目名称", "计量单位", "工程量", "固定金额"]
    put(page, "#tender-bill", "清单.xlsx", book([[None, "01", "管道", "m", {"n": "0"}]], heads), workbook.MEDIA)
    page.get_by_role("button", name="Read and save the bill").click()
    expect(page.locator("[data-bill-findings]")).to_contain_text("row 2: The quantity is not a number above zero.")
    put(page, "#tender-bill", "清单.xlsx", book([[None, "01", "管道", "m", {"n": "5"}]], heads), workbook.MEDIA)
    page.get_by_role("button", name="Read and save the bill").click()
    expect(status).to_contain_text("1 lines in 1 sections")
    put(page, "#tender-bill", "清单.xlsx", b"no workbook", workbook.MEDIA)
    page.get_by_role("button", name="Read and save the bill").click()
    expect(page.locator("[data-tender-bill] [data-breaches]")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="As bidders get it").click()
    assert bills.priced_of(workbook.rows(Path(saved.value.path()).read_bytes())).lines[0].name == "管道"
    with live.acts.reading() as session:
        row = session.get_one(Case, case)
        asked = row.settings["components"]
        assert (len(asked), asked[-1]["name"], asked[-1]["required"]) == (7, "进度模型", True)
        assert bill_of(session, row).lines == 1  # type: ignore[union-attr]
    page.get_by_role("button", name="Take it out").click()
    expect(status).to_contain_text("taken out")
    assert faults_of(page) == []
    assert [one for one in errors if "Failed to load" not in one] == [], "only the refused workbook"


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_full_desk_is_readable_by_all(live: Live, tmp_path: Path, phone: bool) -> None:
    page = desk(live, asking(live, VECTORS["bill"]), phone=phone)
    put(page, "#bid-bill", "报价.xlsx", book(FAULTY["rows"]), workbook.MEDIA)
    expect(page.locator("[data-bill-findings]")).to_contain_text("findings")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("[data-review-list] li").first).to_be_visible()
    assert faults_of(page) == []
