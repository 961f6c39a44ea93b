"""A framework agreement in a browser: scheme, a response sealed and unlocked, review, shortlist, purchase."""

from __future__ import annotations

import io
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from certs import sealing, suite
from certs.sealing import Context
from certs.sealing_parts import Part
from core import canon
from core.money import D
from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from trading.framework import sheet
from trading.framework.models import Framework
from trading.framework.states import items_of

pytestmark = pytest.mark.browser


def written(live: Live) -> tuple[Page, str]:
    """A scheme written and published on its pages; (page, agreement)."""
    page = live.open("tenderer", "/frameworks/new", language="en")
    assert faults_of(page) == []
    page.locator("#f-regime").select_option("soe")
    page.locator("#f-name").fill("办公用纸框架协议")
    page.get_by_role("button", name="Begin the scheme").click()
    page.wait_for_url("**/scheme")
    expect(page.get_by_role("button", name="Sign and publish")).to_be_disabled()
    for name, value in (("category", "A05040101"), ("unit", "包"), ("ceiling", "25.00")):
        page.locator(f"#f-{name}").fill(value)
    page.locator("#i-name").fill("复印纸 A4")
    page.get_by_role("button", name="Add the item").click()
    expect(page.get_by_role("cell", name="复印纸 A4")).to_be_visible()
    assert faults_of(page) == []
    deadline = live.stage.now() + timedelta(days=2)
    page.locator("#f-deadline").fill(f"{deadline:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Sign and publish").click()
    live.sign(page, "tenderer")
    page.wait_for_url(lambda url: not url.endswith("/scheme"))
    return page, page.url.rpartition("/")[2]


def responded(live: Live, framework: str, who: str, price: str) -> str:
    """A response by a program; the key that opens it."""
    with live.acts.reading() as session:
        items = [one.id for one in items_of(session, framework)]
    user, out = live.ring[who], io.BytesIO()
    assert user.opening is not None
    context = Context("response", framework, secrets.token_hex(8), user.fingerprint)
    data = sheet.compose({item: sheet.Offer(D(price)) for item in items})
    parts = [Part.of_bytes(sheet.SHEET, "application/json", data)]
    manifest = sealing.seal(parts, user.opening.public_key(), context, out)
    stored = live.stage.upload(who, out.getvalue())
    live.stage.act(who, "framework.respond", framework, manifest=canon.loads(manifest.data),
                   ciphertext_sha256=stored["sha256"], size=stored["size"])  # fmt: skip
    return suite.b64(sealing.unwrap_file_key(manifest, user.opening))


def deadline_of(live: Live, framework: str) -> datetime:
    with live.acts.reading() as session:
        found = session.get_one(Framework, framework).deadline
    assert found is not None
    return found


def comes_to(watching: Page, state: str) -> None:
    """The page of the agreement hears by itself how it goes on."""
    expect(watching.locator("#fw-life")).to_have_attribute("data-state", state)


def test_from_the_scheme_to_an_order(live: Live, tmp_path: Path) -> None:
    owner, framework = written(live)
    page = live.open("bidder2", f"/frameworks/{framework}/respond", language="en")
    errors = listen(page)
    assert faults_of(page) == []
    page.locator("[data-item] [name=price]").fill("25.01")
    page.get_by_role("button", name="Seal, sign and hand in").click()
    expect(page.locator("form[data-respond] [data-breaches]")).to_contain_text("above 25")
    page.locator("[data-item] [name=price]").fill("20.50")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Seal, sign and hand in").click()
        live.sign(page, "bidder2")
    assert b'"schema":"receipt/1"' in Path(saved.value.path()).read_bytes()
    other = responded(live, framework, "bidder3", "21")
    public = live.open("", f"/frameworks/{framework}")
    expect(public.locator("#members")).to_contain_text("(0)")

    live.stage.move_to(deadline_of(live, framework) + timedelta(seconds=1))
    comes_to(public, "RESPONSES")
    expect(page.get_by_role("button", name="Unlock", exact=True)).to_be_visible()  # the page went on by itself
    page.get_by_text("Load the key file").click()
    page.locator("#key-file").set_input_files(live.key_file("bidder2", tmp_path))
    page.locator("#key-passphrase").fill(live.ring["bidder2"].passphrase)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.locator("form[data-keyfile] [data-status]")).not_to_be_empty()
    page.get_by_role("button", name="Unlock", exact=True).click()
    live.sign(page, "bidder2")
    expect(page.locator(".badge", has_text="unlocked")).to_be_visible()
    assert errors == []
    live.stage.act("bidder3", "framework.unlock", framework, file_key=other)
    comes_to(public, "OPENED")
    reviewed(live, owner, framework)
    comes_to(public, "ACTIVE")
    bought(live, framework)


def reviewed(live: Live, owner: Page, framework: str) -> None:
    owner.goto(f"{live.base}/frameworks/{framework}/review")
    assert faults_of(owner) == []
    expect(owner.locator("[data-member] strong")).to_have_text(["20.50", "21.00"])  # no fraction, in yuan
    for number in range(2):
        owner.locator("[data-member]").nth(number).get_by_role("button", name="Save").click()
        expect(owner.locator("[data-member]").nth(number).locator(".badge", has_text="reviewed")).to_be_visible()
    owner.get_by_role("button", name="Sign and conclude the review").click()
    live.sign(owner, "tenderer")
    expect(owner.get_by_role("button", name="Sign and publish the shortlist")).to_be_disabled()
    waiting = live.stage.ask("tenderer", "paper.waiting")["papers"]
    live.stage.sign("tenderer", next(one["document"] for one in waiting if one["kind"] == "framework_report"))
    owner.reload()
    owner.get_by_role("button", name="Sign and publish the shortlist").click()
    live.sign(owner, "tenderer")
    owner.wait_for_url(lambda url: not url.endswith("/review"))
    for who in ("tenderer", "bidder2"):
        desk = live.open(who, "/papers")
        expect(desk.locator("#papers-waiting a", has_text="框架协议").first).to_be_visible()
        papers = live.stage.ask(who, "paper.waiting")["papers"]
        live.stage.sign(who, next(one["document"] for one in papers if one["kind"] == "framework_agreement"))


def bought(live: Live, framework: str) -> None:
    page = live.open("tenderer", f"/frameworks/{framework}/buy", language="en")
    assert faults_of(page) == []
    form = page.locator('form[data-act="framework.pick"]')
    form.locator("[name=reason]").fill("距离最近")
    form.locator('[name^="quantities."]').fill("4")
    form.locator("[name=address]").fill("东西湖区某路1号")
    form.locator("[name=receiver]").fill("王某")
    form.get_by_role("button", name="Sign and offer").click()
    live.sign(page, "tenderer")
    page.wait_for_url("**/frameworks/needs/*")
    supplier = live.open("bidder2", page.url.removeprefix(live.base), phone=True, language="en")
    assert faults_of(supplier) == []
    assert supplier.evaluate("document.documentElement.scrollWidth <= innerWidth")
    supplier.get_by_role("button", name="Sign and accept").click()
    live.sign(supplier, "bidder2")
    expect(supplier.locator(".badge", has_text="accepted, ordered")).to_be_visible()
    assert live.open("bidder3", page.url.removeprefix(live.base)).title().startswith("页面不存在")
    public = live.open("", f"/frameworks/{framework}", phone=True)
    expect(public.locator("#members")).to_contain_text("(1)")
    assert faults_of(public) == [] and public.evaluate("document.documentElement.scrollWidth <= innerWidth")
