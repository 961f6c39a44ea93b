"""Trading in a real browser: a file drafted, a bid sealed, unlocked and published, a ballot cast; readable by all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from certs import authority, receipts
from tests.browser.conftest import PRICES, Live, case_of, letter, make_key
from tests.browser.looks import faults_of, listen
from trading.bidding.models import Bid
from trading.opening.models import OpenedBid

pytestmark = pytest.mark.browser
NAMES = ("武汉江源", "长丰市政", "汉水建筑")


def test_a_project_is_planned_and_published_from_its_pages(live: Live) -> None:
    page = live.open("tenderer", "/projects/new", language="en")
    page.get_by_label("Name of the project").fill("滨江路改造工程")
    page.get_by_label("Estimate", exact=False).first.fill("5800")
    page.get_by_label("Name of the lot").fill("施工标段")
    page.get_by_label("Duration in days").fill("365")
    page.get_by_label("Tendering agency").select_option(label="江汉招标代理有限公司")
    page.get_by_role("button", name="Create the project").click()
    expect(page.get_by_role("heading", name="滨江路改造工程")).to_be_visible()
    expect(page.get_by_text("江汉招标代理有限公司")).to_be_visible()
    page.get_by_role("button", name="Publish the plan").click()
    live.sign(page, "tenderer")
    expect(page.locator(".gh-line [aria-current=step]")).to_contain_text("Plan public")
    case = page.url.rsplit("/", 1)[1].split("#")[0]
    assert live.open("", f"/cases/{case}").locator("h1").inner_text() == "滨江路改造工程"


def test_a_plan_that_is_not_public_is_nobodys_business(live: Live) -> None:
    case = live.planned("未公开项目")
    for who in ("", "bidder1"):
        assert "未公开项目" not in live.open(who, f"/cases/{case}").content()


def test_the_editor_checks_scores_and_saves(live: Live) -> None:
    case = live.drafted()
    page = live.open("agency", f"/cases/{case}/file", language="en")
    expect(page.locator("#preview svg")).to_be_visible()
    page.get_by_label("Bid bond").fill("500")
    expect(page.locator("#check")).to_contain_text("Blocks the issue")
    page.get_by_label("Bid bond").fill("80")
    expect(page.locator("#check")).not_to_contain_text("Blocks the issue")
    rows = page.locator("[data-list='evaluation.criteria'] [data-item]")
    before = rows.count()
    page.get_by_role("button", name="Add a criterion").click()
    fresh = rows.nth(before)
    for key, value in (("id", "safety"), ("name", "安全文明施工"), ("max", "100"), ("weight", "0.05")):
        fresh.locator(f"[data-key='{key}']").fill(value)
    page.get_by_role("button", name="Save the file").click()
    expect(page.locator("form[data-tender-file] [data-status]")).to_contain_text("Saved at")
    with live.acts.reading() as session:
        saved = case_of(session, case)
        assert [one["id"] for one in saved.evaluation["criteria"]] == ["credit", "management", "plan", "safety"]
        assert (saved.award["committee"], saved.settings["fallback"]) == (5, True)


def test_a_shut_button_names_article_required_and_found(live: Live) -> None:
    case = live.drafted(bid_bond="500")
    page = live.open("tenderer", f"/cases/{case}", language="en")
    button = page.get_by_role("button", name="Issue the tender")
    expect(button).to_be_disabled()
    reason = page.locator(f"#{button.get_attribute('aria-describedby')}")
    for text in ("art. 26", "≤ 116", "500"):
        expect(reason).to_contain_text(text)


def test_warnings_are_accepted_with_a_reason_and_the_tender_is_issued(live: Live) -> None:
    case = live.drafted()
    page = live.open("tenderer", f"/cases/{case}", language="en")
    for box in page.locator("input[name=accept_warnings]").all():
        box.check()
    page.get_by_label("Reason for going on despite the warnings").fill("依据地方规定, 已备案")
    page.get_by_role("button", name="Issue the tender").click()
    live.sign(page, "tenderer")
    expect(page.locator(".gh-line [aria-current=step]")).to_contain_text("Announced")
    expect(page.get_by_role("link", name=re.compile("招标公告"))).to_be_visible()


def test_a_bid_is_sealed_replaced_withdrawn_and_unlocked_in_the_browser(live: Live, tmp_path: Path) -> None:
    case, who, pdf = live.announced(), "bidder1", letter(tmp_path / "bid.pdf")
    page = live.open(who, f"/cases/{case}/bid", language="en")
    errors = listen(page)
    page.get_by_role("button", name="Take the tender file").click()
    expect(page.get_by_role("link", name=re.compile("招标文件"))).to_be_visible()
    (tmp_path / "passphrase").write_text(make_key(page, tmp_path / "key.json"))
    live.sign(page, who)
    expect(page.locator("[data-check=key]")).to_have_attribute("data-ok", "yes")
    first = live.hand_in(page, who, pdf, "5999")
    trusted = authority.of(live.acts.house.config).platform_key
    said = receipts.verify(first, {json.loads(first)["key_id"]: trusted.public_key()})
    assert (said.lot, said.version) == (case, 1)
    expect(page.locator("#versions")).to_contain_text("Version 1")
    page.get_by_text("Withdraw this bid").first.click()
    page.get_by_role("button", name="Withdraw", exact=True).click()
    live.sign(page, who)
    expect(page.locator("#versions .badge").first).to_have_text("withdrawn")
    live.hand_in(page, who, pdf, PRICES[0])
    expect(page.locator("#versions .badge").first).to_have_text("in force")
    with live.acts.reading() as session:
        stored = session.query(Bid).filter_by(case_id=case, state="received").one()
        sealed = live.acts.house.blobs.get(stored.ciphertext_sha256)
    assert PRICES[0].encode() not in sealed and b"%PDF" not in sealed
    others = {f"bidder{n}": live.bid(case, f"bidder{n}", PRICES[n - 1]) for n in (2, 3)}
    open_the_hall(live, page, case, who, others, tmp_path)
    assert [one for one in errors if "Failed to load" not in one] == []


def open_the_hall(live: Live, page: Page, case: str, who: str, others: dict[str, str], folder: Path) -> None:
    """The same browser unlocks; another machine needs the key file; all prices come at once, without a reload."""
    live.past_deadline(case)
    host = live.open("centre1", f"/cases/{case}/hall", language="en")
    guest = live.open("", f"/cases/{case}/hall", language="en")
    assert not any(name in one.content() for one in (host, guest) for name in NAMES)
    page.goto(f"{live.base}/cases/{case}/hall")
    expect(page.get_by_role("button", name="Unlock my bid")).to_be_disabled()
    for login in others:
        live.stage.act(login, "opening.signin", case)
    expect(host.get_by_role("button", name="Open the hall")).to_be_disabled()
    page.get_by_role("button", name="Sign in as present").click()
    expect(page.locator("#hall-own .badge")).to_have_text("signed in")
    expect(host.get_by_role("button", name="Open the hall")).to_be_enabled()
    host.get_by_role("button", name="Open the hall").click()
    expect(host.get_by_text(NAMES[0])).to_be_visible()
    expect(guest.get_by_text(NAMES[0])).to_be_visible()
    expect(host.get_by_role("button", name="Close and publish all prices")).to_be_disabled()
    other_machine(live, case, who, folder)
    page.get_by_role("button", name="Unlock my bid").click()
    live.sign(page, who)
    expect(page.locator("#hall-own .badge")).to_have_text("unlocked")
    assert all(price not in guest.content() for price in PRICES)
    for login, bid in others.items():
        live.unlock(case, login, bid)
    expect(host.get_by_role("button", name="Close and publish all prices")).to_be_enabled()
    host.get_by_role("button", name="Close and publish all prices").click()
    for one in (guest, page):
        for price in PRICES:
            expect(one.locator("#hall-rows")).to_contain_text(price)
    expect(guest.get_by_role("button", name="Read aloud")).to_be_visible()
    expect(page.get_by_role("link", name="Sign the record")).to_be_visible()
    with live.acts.reading() as session:
        assert session.query(OpenedBid).filter_by(case_id=case, problem="").count() == 3


def other_machine(live: Live, case: str, who: str, folder: Path) -> None:
    """A browser without the key says so and takes the key file."""
    elsewhere = live.open(who, f"/cases/{case}/hall", language="en")
    elsewhere.locator("#key-file").set_input_files(folder / "key.json")
    elsewhere.locator("#key-passphrase").fill((folder / "passphrase").read_text())
    elsewhere.get_by_role("button", name="Load").click()
    expect(elsewhere.locator("[data-need-key]")).to_be_hidden()


def test_custodians_release_what_the_platform_failed_to_unlock(live: Live, tmp_path: Path) -> None:
    case = live.announced()
    bids = live.sealed(case)
    live.begin(case)
    for login in ("bidder1", "bidder2"):
        live.unlock(case, login, bids[login])
    live.compared(case, bids["bidder3"])
    live.stage.act("centre1", "opening.decide", case, bid=bids["bidder3"], cause="platform", reason="平台解密服务故障")
    for who in ("regulator", "tenderer"):
        page = live.open(who, f"/cases/{case}/hall", language="en")
        page.locator("#key-file").set_input_files(live.key_file(who, tmp_path))
        page.locator("#key-passphrase").fill(live.ring[who].passphrase)
        page.get_by_role("button", name="Load").click()
        expect(page.locator("[data-need-key]")).to_be_hidden()
        page.get_by_role("button", name="Release my share").click()
        live.sign(page, who)
        expect(page.locator("#gh-sign[open]")).to_have_count(0)
        page.wait_for_load_state("networkidle")
    expect(page.get_by_text("unlocked by custodians")).to_be_visible()


def choose_while_the_page_is_renewed(live: Live, page: Page, case: str, other: str, bid: str) -> None:
    """Another's vote makes this page ask for its news; what is chosen before they arrive stays chosen."""
    held: list[Route] = []
    page.route(f"**/award/{case}", lambda route: held.append(route))
    with page.expect_request(f"**/award/{case}"):
        live.stage.act(other, "award.vote", case, round=1, choice=[bid])
    mine = page.get_by_label(re.compile(NAMES[0]))
    mine.check()
    page.unroute(f"**/award/{case}")  # lets go what it held
    assert held
    expect(page.locator("#award-seats li", has_text=re.compile(r"·\s+voted"))).to_have_count(1)
    expect(mine).to_be_checked()


def test_ballots_show_who_voted_and_never_for_whom(live: Live) -> None:
    case, bids = live.evaluated()
    electors = live.gathered(case)
    order = list(bids.values())
    watcher = live.open("supervisor1", f"/award/{case}", language="en")
    page = live.open(electors[0], f"/award/{case}", language="en")
    choose_while_the_page_is_renewed(live, page, case, electors[1], order[0])
    page.get_by_role("button", name="Cast my ballot").click()
    live.sign(page, electors[0])
    expect(watcher.get_by_text("2 of 5 have voted")).to_be_visible()
    expect(page.get_by_text("Totals appear when all have voted.")).to_be_visible()
    assert "No round is closed yet." in watcher.locator("#award-rounds").inner_text()
    page.get_by_label("For the minutes").fill("请各位委员独立投票。")
    page.get_by_role("button", name="Say it").click()
    expect(watcher.locator("#award-minutes")).to_contain_text("请各位委员独立投票。")
    for who in electors[2:]:
        live.stage.act(who, "award.vote", case, round=1, choice=[order[0]])
    expect(watcher.locator("#award-rounds")).to_contain_text("5")
    expect(watcher.get_by_role("heading", name="Decision")).to_be_visible()
    undrawn = {f"elector{n}" for n in range(1, 9)} - set(electors)
    for outsider in ("bidder1", sorted(undrawn)[0]):
        assert NAMES[2] not in live.open(outsider, f"/award/{case}").content()


def test_candidates_are_published_from_the_result_page(live: Live) -> None:
    case, _ = live.evaluated(award={"separate": False, "candidates": 3, "ranked": True})
    page = live.open("agency", f"/cases/{case}/result", language="en")
    page.get_by_label("Where and how to object").fill("书面异议请递交招标人")
    page.get_by_role("button", name="Publish the candidates").click()
    live.sign(page, "agency")
    expect(page.get_by_text("Publicity of the candidates until")).to_be_visible()
    expect(page.get_by_role("button", name="Publish the result")).to_be_disabled()


@pytest.fixture(scope="module")
def stages(live: Live) -> dict[str, str]:
    """One tender a stage, for looking at pages."""
    evaluated, _ = live.evaluated()
    live.gathered(evaluated)
    return {"drafting": live.drafted(), "announced": live.announced(), "evaluated": evaluated}


LOOK = (
    ("tenderer", "/projects/new", ""),
    ("tenderer", "/cases/{}", "drafting"),
    ("agency", "/cases/{}/file", "drafting"),
    ("", "/cases/{}", "announced"),
    ("bidder2", "/cases/{}/bid", "announced"),
    ("tenderer", "/cases/{}/reference", "announced"),
    ("", "/cases/{}/hall", "announced"),
    ("bidder2", "/cases/{}/hall", "evaluated"),
    ("tenderer", "/award/{}", "evaluated"),
    ("agency", "/cases/{}/result", "evaluated"),
)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize(("who", "path", "stage"), LOOK, ids=[f"{p}-{s}" for _, p, s in LOOK])
def test_pages_are_readable_by_all(live: Live, stages: dict[str, str], who: str, path: str, stage: str, phone: bool):
    page = live.open(who, path.format(stages.get(stage, "")), phone=phone)
    errors = listen(page)
    page.reload(wait_until="networkidle")
    assert (faults_of(page), errors) == ([], [])
