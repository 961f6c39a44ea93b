"""Bidders in trouble, and one with a phone only: late by a second, a wrong passphrase, a key file of another key."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from certs import keys, suite
from core.staged import Upload
from tests.browser.conftest import PRICES, Live, case_of, letter
from tests.browser.looks import faults_of, listen
from trading.bidding.models import Bid
from trading.opening.models import Unlock

pytestmark = pytest.mark.browser
ARTICLE = "Measures for Electronic Tendering and Bidding art. 27"


def filled(page: Page, folder: Path, extra: int = 0) -> None:
    for name, value in (("price", "5700"), ("manager_name", "张建国"), ("manager_certificate", "鄂1420260001")):
        page.locator(f"form[data-bid] [name={name}]").fill(value)
    page.locator("#bid-pdf").set_input_files(letter(folder / "bid.pdf"))
    if extra:
        (folder / "plans.bin").write_bytes(os.urandom(extra))
        page.locator("#bid-more").set_input_files(folder / "plans.bin")


def stands(live: Live, page: Page, case: str, bid: str) -> None:
    """The refusal names article, the deadline and the time found; the version before is the one in force."""
    box = page.locator("form[data-bid] [data-breaches]")
    with live.acts.reading() as session:
        deadline = case_of(session, case).deadline
    expect(box).to_contain_text(ARTICLE)
    expect(box.locator("dd").nth(1)).to_have_text(re.compile(rf"^< {deadline:%Y-%m-%d %H:%M}(:\d\d)?$"))
    expect(box.locator("dd").nth(2)).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"))
    expect(page.locator("form[data-bid] [data-status]")).to_contain_text("Too late")
    expect(page.locator("form[data-bid] .btn-lg")).to_be_disabled()
    versions = page.locator("#versions li")
    expect(versions.filter(has_text="Version 1")).to_contain_text("in force")
    expect(versions.filter(has_text="Version 2")).to_have_count(0)
    with live.acts.reading() as session:
        kept = session.query(Bid).filter_by(case_id=case, org_id=live.ring["bidder2"].org).all()
        assert [(one.id, one.state) for one in kept] == [(bid, "received")]


@pytest.fixture
def with_bids(live: Live) -> tuple[str, dict[str, str]]:
    """A tender with a first version of everybody."""
    case = live.announced()
    return case, {f"bidder{n}": live.bid(case, f"bidder{n}", price) for n, price in enumerate(PRICES, 1)}


@pytest.mark.soak
@pytest.mark.certify("A-92", "A-93")
def test_a_transfer_that_ends_a_second_late_is_refused_and_the_version_before_stands(
    live: Live, with_bids, tmp_path: Path
) -> None:
    case, bids = with_bids
    page = live.open("bidder2", f"/cases/{case}/bid", language="en")
    held: list[Route] = []

    def hold(route: Route) -> None:
        """The last piece waits on the line."""
        late = route.request.method == "PATCH" and route.request.headers.get("upload-offset") != "0"
        held.append(route) if late else route.continue_()

    page.route("**/uploads/*", hold)
    filled(page, tmp_path, 12 << 20)
    last = lambda sent: sent.method == "PATCH" and sent.headers.get("upload-offset") != "0"  # noqa: E731
    with page.expect_request(last):
        page.locator("form[data-bid] .btn-lg").click()
    page.evaluate("0")  # what was told after the request has been heard
    assert held, "the last piece waits"
    live.past_deadline(case)
    held[0].continue_()
    stands(live, page, case, bids["bidder2"])
    told = "d => document.dispatchEvent(new CustomEvent('gh:live', {detail: {kind: 'deadline.postponed', data: d}}))"
    page.evaluate(told, {"case": "another"})
    expect(page.locator("form[data-bid] .btn-lg")).to_be_disabled()
    page.evaluate(told, {"case": case})
    expect(page.locator("form[data-bid] .btn-lg")).to_be_enabled()
    expect(page.locator("#versions")).to_contain_text("not fully transferred, deemed withdrawn")
    expect(page.locator("#versions")).to_contain_text("A version that was handed in before stands.")
    with live.acts.reading() as session:
        upload = session.query(Upload).filter_by(subject=case, purpose="bid").one()
        assert (upload.state, upload.org_id) == ("withdrawn", live.ring["bidder2"].org)
    page.reload()
    expect(page.locator("#versions")).to_contain_text("not fully transferred, deemed withdrawn")
    expect(page.get_by_text("Bids can no longer be handed in.")).to_be_visible()
    other = live.open("bidder3", f"/cases/{case}/bid", language="en")
    expect(other.locator("#versions")).not_to_contain_text("deemed withdrawn")


@pytest.mark.certify("A-92")
def test_a_signature_a_second_late_hands_nothing_in(live: Live, with_bids, tmp_path: Path) -> None:
    case, bids = with_bids
    page = live.open("bidder2", f"/cases/{case}/bid", language="en")
    filled(page, tmp_path)
    page.locator("form[data-bid] .btn-lg").click()
    page.locator("#gh-sign[open]").wait_for()
    live.past_deadline(case)
    live.sign(page, "bidder2")
    stands(live, page, case, bids["bidder2"])
    expect(page.locator("#receipt")).to_be_hidden()


@pytest.fixture
def hall(live: Live) -> tuple[str, dict[str, str]]:
    """A hall that has just been opened by the centre."""
    case = live.announced()
    bids = live.sealed(case)
    live.begin(case)
    return case, bids


def load_key(page: Page, path: Path, passphrase: str) -> None:
    page.locator("#key-file").set_input_files(path)
    page.locator("#key-passphrase").fill(passphrase)
    page.get_by_role("button", name="Load", exact=True).click()


def test_two_wrong_passphrases_and_a_wrong_key_cost_a_bidder_nothing(live: Live, hall, tmp_path: Path) -> None:
    case, bids = hall
    page = live.open("bidder2", f"/cases/{case}/hall", language="en")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    own, box = live.key_file("bidder2", tmp_path), page.locator("form[data-keyfile] [data-breaches]")
    for wrong in (keys.new_passphrase(), live.ring["bidder3"].passphrase):
        load_key(page, own, wrong)
        expect(box).to_have_text("the passphrase does not open this key, or the key was changed")
        page.get_by_role("button", name="Unlock my bid").click()
        refused = page.locator("form[data-unlock] [data-breaches]")
        expect(refused).to_contain_text("The decryption key is not in this browser")
    earlier = tmp_path / "earlier.json"
    earlier.write_bytes(keys.key_file(suite.generate(), live.ring["bidder2"].org, live.ring["bidder2"].passphrase))
    load_key(page, earlier, live.ring["bidder2"].passphrase)
    expect(box).to_have_text("The key file and its passphrase belong to another key.")
    load_key(page, live.key_file("bidder3", tmp_path), live.ring["bidder3"].passphrase)
    expect(box).to_have_text("the wrapped key belongs to another holder")
    assert sent == [], "nothing was sent"
    with live.acts.reading() as session:
        assert session.get_one(Unlock, bids["bidder2"]).how == ""
    load_key(page, own, live.ring["bidder2"].passphrase)
    expect(page.locator("[data-need-key]")).to_be_hidden()
    page.get_by_role("button", name="Unlock my bid").click()
    live.sign(page, "bidder2")
    expect(page.locator("#hall-own")).to_contain_text("unlocked")
    assert any(url.endswith("/acts/opening.unlock") for url in sent)
    with live.acts.reading() as session:
        assert session.get_one(Unlock, bids["bidder2"]).how == "bidder"


@pytest.fixture
def phone(live: Live) -> Iterator[Page]:
    """A telephone: 390 pixels wide, fingers instead of a mouse."""
    page = live.open("bidder2", "/", language="en")
    context = live.browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2,
        accept_downloads=True, reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(60_000)
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


@pytest.mark.certify("A-90", "A-101", "A-106")
def test_a_bidder_with_a_phone_seals_hands_in_signs_in_and_unlocks(live: Live, phone: Page, tmp_path: Path) -> None:
    case, who = live.announced(), "bidder2"
    errors = listen(phone)
    phone.goto(f"{live.base}/cases/{case}/bid")
    key = live.key_file(who, tmp_path)
    phone.locator("#key-file").set_input_files(key)
    phone.locator("#key-passphrase").fill(live.ring[who].passphrase)
    phone.get_by_role("button", name="Load", exact=True).tap()
    expect(phone.locator("[data-check=key]")).to_have_attribute("data-ok", "yes")
    filled(phone, tmp_path)
    with phone.expect_download() as saved:
        phone.locator("form[data-bid] .btn-lg").tap()
        tap_sign(live, phone, who)
    assert b'"schema":"receipt/1"' in Path(saved.value.path()).read_bytes()
    expect(phone.locator("#receipt")).to_be_visible()
    expect(phone.locator("#versions")).to_contain_text("in force")
    assert faults_of(phone) == []
    others = {f"bidder{n}": live.bid(case, f"bidder{n}", PRICES[n - 1]) for n in (1, 3)}
    live.past_deadline(case)
    phone.goto(f"{live.base}/cases/{case}/hall")
    phone.get_by_role("button", name="Sign in as present").tap()
    expect(phone.locator("#hall-own .badge")).to_have_text("signed in")
    for login in others:
        live.stage.act(login, "opening.signin", case)
    live.stage.act("centre1", "opening.begin", case)
    phone.get_by_role("button", name="Unlock my bid").tap()
    tap_sign(live, phone, who)
    expect(phone.locator("#hall-own .badge")).to_have_text("unlocked")
    for login, bid in others.items():
        live.unlock(case, login, bid)
    live.stage.act("centre1", "opening.close", case)
    expect(phone.locator("#hall-rows")).to_contain_text("5700")
    assert (faults_of(phone), errors) == ([], [])


def tap_sign(live: Live, page: Page, who: str) -> None:
    page.locator("#gh-sign[open]").wait_for()
    field = page.locator("#gh-passphrase")
    if field.is_visible():
        field.fill(live.ring[who].passphrase)
    page.locator("#gh-sign button[value=sign]").tap()
