"""People of the whole case: each has a browser of their own, and does everything in it by clicks."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from core.clock import CST
from tests.browser.conftest import Live, passphrase_of
from web.demo.ring import User

# Chromium shows documents in a frame at a cost of seconds a page where seven people sit on two cores; what is signed
# the page fetches and hashes by itself. The frames stay blank.
SHEETS = re.compile(r"/(papers|bids)/[0-9a-f]+/file$")


def blank(route: Route) -> None:
    if route.request.is_navigation_request():
        route.fulfill(content_type="text/html", body="")
    else:
        route.continue_()


class Person:
    """One person before one browser. `page` is the tab they work in."""

    def __init__(self, live: Live, who: str, path: str = "/workbench", *, types_password: bool = False) -> None:
        """Logs in through the login page, or comes with a session that is open already."""
        self.live, self.who = live, who
        self.page = live.open("" if types_password or not who else who, "/login" if types_password else path)
        self.page.route(SHEETS, blank)
        if types_password:
            self.log_in()

    @property
    def user(self) -> User:
        return self.live.ring[self.who]

    def log_in(self) -> None:
        self.page.locator("#f-login").fill(self.who)
        self.page.locator("#f-password").fill(self.user.password)
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.page.locator('form[action="/login"] button').click()
        expect(self.page.locator('form[action="/logout"]')).to_be_attached()

    def go(self, path: str) -> Person:
        self.page.goto(self.live.base + path, wait_until="domcontentloaded")
        return self

    def at(self, selector: str, **having: Any) -> Locator:
        return self.page.locator(selector, **having)

    def form(self, act: str) -> Locator:
        """The form of an act; folded away ones are unfolded as a person would."""
        found = self.at(f'form[data-act="{act}"], form[data-room-act="{act}"]').first
        found.wait_for(state="attached")
        if not found.is_visible():
            found.locator("xpath=ancestor::details[1]/summary").click()
        return found

    def fill(self, form: Locator, **values: Any) -> None:
        """Fields by name (`__` stands for the dot of a path)."""
        for name, value in values.items():
            field = form.locator(f'[name="{name.replace("__", ".")}"]')
            kind = field.first.evaluate("node => node.tagName === 'SELECT' ? 'select' : node.type")
            if kind == "select":
                field.select_option(label=value) if not str(value).isascii() else field.select_option(str(value))
            elif kind == "checkbox":
                field.set_checked(bool(value))
            else:
                field.fill(str(value))

    def press(self, act: str, **values: Any) -> None:
        """Fill in and send the form of an act, signing when it says so; the page comes again, or stays without it."""
        form = self.form(act)
        self.fill(form, **values)
        signed = form.get_attribute("data-signed") is not None
        if form.get_attribute("data-next") != "stay":
            self.send(form, signed=signed)
            return
        form.locator("button:not([type=button])").last.click()
        if signed:
            self.sign()
        expect(form).to_have_count(0)

    def send(self, form: Locator, *, signed: bool = False) -> None:
        """Click the form's own button; what refuses it is the failure's text."""
        # A mark on the page that goes: news of others may renew it once more while it comes.
        self.page.evaluate("() => { document.documentElement.dataset.sent = 'yes'; }")
        form.locator("button:not([type=button])").last.click()
        if signed:
            self.sign()
        try:
            expect(self.at("html[data-sent]")).to_have_count(0)
            self.page.wait_for_load_state("domcontentloaded")  # its scripts listen from then on
        except AssertionError:
            said = ""
            with suppress(Exception):
                said = " ".join(self.at("[data-breaches]:visible, [data-status]:visible").all_inner_texts())
            raise AssertionError(f"{self.who} at {self.page.url}: nothing followed. {said}") from None

    def sign(self) -> None:
        self.live.sign(self.page, self.who)

    def see(self, selector: str, text: str | re.Pattern[str]) -> None:
        expect(self.at(selector).first).to_contain_text(text)

    def read(self, selector: str) -> str:
        return self.at(selector).first.inner_text()

    def follow(self, selector: str) -> None:
        """Click a link."""
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.at(selector).first.click()

    def fetch(self, selector: str) -> bytes:
        """What a link shows in a window of its own, as this person's browser gets it."""
        address = str(self.at(selector).first.get_attribute("href"))
        answer = self.page.request.get(self.live.base + address)
        assert answer.ok, (address, answer.status)
        return answer.body()

    def drop(self, selector: str, path: Path) -> None:
        """A file let go over the page."""
        held = self.page.evaluate_handle(
            "([text, name]) => { const data = new DataTransfer();"
            " const bytes = Uint8Array.from(atob(text), one => one.charCodeAt(0));"
            " data.items.add(new File([bytes], name)); return data; }",
            [base64.b64encode(path.read_bytes()).decode(), path.name],
        )
        self.at(selector).dispatch_event("drop", {"dataTransfer": held})

    def leave(self) -> None:
        """Goes home; the browser is closed."""
        self.page.context.close()

    # -- what several people do ---------------------------------------------------------------------------------------

    def make_signing_key(self) -> None:
        """On "My certificates": made here, wrapped under the passphrase shown once, stored."""
        self.go("/me")
        self.at("form[data-enrol=sign] button").click()
        self.user.passphrase = passphrase_of(self.page)
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.at("#gh-new-key button[value=sign]").click()
        self.see(".list-group-item", re.compile("[0-9a-f]{64}"))

    def load_key(self, path: Path, passphrase: str) -> None:
        """A decryption key from its file into this browser."""
        self.at("#key-file").set_input_files(path)
        self.at("#key-passphrase").fill(passphrase)
        self.at("form[data-keyfile] button").click()
        expect(self.at("form[data-keyfile]")).to_be_hidden()

    def sign_paper(self, document: str) -> None:
        """Read and sign a document on the signing desk."""
        self.go(f"/papers/{document}")
        self.send(self.at("form[data-paper]"), signed=True)

    def commit(self, case: str) -> None:
        self.go(f"/draws/{case}")
        self.send(self.at('form[data-draw-act="commit"]'), signed=True)
        expect(self.at('form[data-draw-act="commit"]')).to_have_count(0)

    def reveal(self, case: str) -> None:
        self.go(f"/draws/{case}")
        self.send(self.at('form[data-draw-act="reveal"]'), signed=True)

    def move_clock(self, to: datetime) -> None:
        """The demo's clock, moved from the bar on every page, to the next full minute."""
        local = to.astimezone(CST)
        if local.second or local.microsecond:
            local = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
        form = self.at("form[data-demo-clock]")
        if not form.is_visible():
            self.at(".gh-demo summary").click()
        form.locator("[name=to]").fill(local.strftime("%Y-%m-%dT%H:%M"))
        self.send(form)


def download(page: Page, selector: str, path: Path) -> Path:
    """A file saved by a click."""
    with page.expect_download() as saved:
        page.locator(selector).first.click()
    saved.value.save_as(path)
    return path
