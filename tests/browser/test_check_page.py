"""The page that checks a computer, in a real browser: all in order, a broken line, a camera that is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.staged import Upload
from tests import chromium
from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen

pytestmark = pytest.mark.browser
ALL = ["clock", "certificate", "key", "decryption", "seal", "storage", "socket", "upload", "download", "microphone",
       "camera"]  # fmt: skip
# Every use of microphone and camera, counted.
ASKED = """
window.asked = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => { window.asked.push(Object.keys(wanted)[0]); return ask(wanted); };
"""


def probe(page: Page, name: str, state: str):
    row = page.locator(f'[data-probe="{name}"]')
    expect(row).to_have_attribute("data-state", state)
    return row


def checked(page: Page) -> None:
    expect(page.locator("[data-check-all]")).to_be_enabled()


def load_key(page: Page, path: Path, passphrase: str) -> None:
    page.locator("#key-file").set_input_files(path)
    page.locator("#key-passphrase").fill(passphrase)
    page.get_by_role("button", name="Load", exact=True).click()


@pytest.mark.soak
def test_a_bidders_computer_is_checked_line_by_line_and_over_all(live: Live, tmp_path: Path) -> None:
    page = live.open("bidder2", "/check", language="en")
    errors = listen(page)
    checked(page)
    assert [row.get_attribute("data-probe") for row in page.locator("[data-probe]").all()] == ALL
    for name in ("clock", "certificate", "seal", "storage", "socket", "upload", "download"):
        probe(page, name, "good")
    expect(probe(page, "upload", "good")).to_contain_text("a bid of 1 GB takes about")
    expect(page.locator("[data-sentence]")).to_have_text(
        "You can bid with this computer; mind: Signing key and Decryption key."
    )
    probe(page, "key", "weak").get_by_role("button", name="Open my key and try it").click()
    live.sign(page, "bidder2")
    expect(probe(page, "key", "good")).to_contain_text("a signature was made and checked")
    page.get_by_text("Load the key file").click()
    load_key(page, live.key_file("bidder3", tmp_path), live.ring["bidder3"].passphrase)
    expect(page.locator("form[data-keyfile] [data-breaches]")).to_contain_text("belongs to another holder")
    probe(page, "decryption", "weak")
    load_key(page, live.key_file("bidder2", tmp_path), live.ring["bidder2"].passphrase)
    probe(page, "decryption", "good")
    expect(page.locator("[data-sentence]")).to_have_text("This computer is ready for bidding.")
    assert errors == []
    nothing_stays(live, page)


def nothing_stays(live: Live, page: Page) -> None:
    """The result lies in this browser alone, and of what was tried nothing lies anywhere."""
    kept = json.loads(page.evaluate("localStorage.getItem('gh-check')"))
    assert kept["text"] == "This computer is ready for bidding."
    names = page.evaluate("""async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("gongheng-sealed");
      return Array.fromAsync ? Array.fromAsync(folder.keys()) : [];
    }""")
    assert names == []
    with live.acts.reading() as session:
        assert session.query(Upload).count() == 0
    page.reload()
    expect(page.locator("[data-before]")).to_contain_text("This computer is ready for bidding.")
    checked(page)


def test_a_visitor_checks_what_needs_no_login_and_is_led_to_the_rest(live: Live) -> None:
    page = live.open("", "/login", language="en")
    page.get_by_role("link", name="Check this computer").click()
    checked(page)
    named = {row.get_attribute("data-probe") for row in page.locator("[data-probe]").all()}
    assert named == {"clock", "seal", "storage", "socket", "microphone", "camera"}
    expect(page.locator("[data-sentence]")).to_contain_text("Log in to try certificate, key and line.")
    assert page.get_by_role("link", name="Log in and check everything").get_attribute("href") == "/login?next=/check"


def test_a_broken_line_and_a_browser_that_keeps_no_files_are_named_with_what_to_do(live: Live) -> None:
    page = live.open("bidder2", "/", language="en")
    page.add_init_script('Object.defineProperty(StorageManager.prototype, "getDirectory", { value: undefined });')
    page.route("**/uploads/measure*", lambda route: route.abort())
    page.route_web_socket("**/socket.io/**", lambda line: line.close())
    page.goto(f"{live.base}/check")
    checked(page)
    expect(probe(page, "socket", "bad")).to_contain_text("WebSocket (wss)")
    expect(probe(page, "upload", "bad")).to_contain_text("The line to the server is cut")
    expect(probe(page, "storage", "weak")).to_contain_text("not private")
    probe(page, "seal", "good")
    expect(page.locator("[data-sentence]")).to_have_text(
        "This computer is not ready: Lasting connection and Line to the server."
    )


def test_microphone_and_camera_are_asked_for_by_a_click_alone_and_missed_in_words(live: Live) -> None:
    page = live.open("bidder2", "/", language="en")
    page.add_init_script(ASKED)
    page.goto(f"{live.base}/check")
    checked(page)
    assert page.evaluate("asked") == []
    for name, button in (("microphone", "Try the microphone"), ("camera", "Try the camera")):
        page.get_by_role("button", name=button).click()
        expect(probe(page, name, "weak")).to_contain_text("no bid needs one")
        expect(probe(page, name, "weak")).to_contain_text("None was found.")
    assert page.evaluate("asked") == ["audio", "video"]
    expect(page.locator("[data-sentence]")).not_to_contain_text("Camera")


@pytest.fixture(params=["granted", "denied"])
def with_devices(live: Live, request: pytest.FixtureRequest) -> Iterator[tuple[Browser, bool]]:
    """A browser with a microphone that beeps and a camera that shows a picture, whose user grants or denies both."""
    granted = request.param == "granted"
    more = ["--use-fake-device-for-media-stream", f"--use-fake-ui-for-media-stream{'' if granted else '=deny'}"]
    browser = live.browser.browser_type.launch(**chromium.OPTIONS | {"args": [*chromium.OPTIONS["args"], *more]})
    yield browser, granted
    browser.close()


def test_a_level_moves_and_a_picture_comes_or_a_denial_is_said(live: Live, with_devices: tuple[Browser, bool]) -> None:
    browser, granted = with_devices
    context = browser.new_context()
    context.add_cookies([{"name": "gh_language", "value": "en", "url": live.base}])
    page = context.new_page()
    page.goto(f"{live.base}/check")
    errors = listen(page)
    page.get_by_role("button", name="Try the microphone").click()
    page.get_by_role("button", name="Try the camera").click()
    if granted:
        expect(probe(page, "microphone", "good")).to_contain_text("You are heard.")
        expect(page.locator("#level")).to_be_visible()
        expect(probe(page, "camera", "good")).to_contain_text("The picture comes:")
        assert page.evaluate("document.getElementById('picture').videoWidth") > 0
    else:
        for name in ("microphone", "camera"):
            expect(probe(page, name, "weak")).to_contain_text("Access was denied.")
    assert errors == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_page_is_readable_by_all(live: Live, phone: bool) -> None:
    page = live.open("agency" if phone else "tenderer", "/check", phone=phone)  # the bidders have measured enough
    errors = listen(page)
    checked(page)
    assert (faults_of(page), errors) == ([], [])
