"""A deadline in doubt in a real browser: everybody sees the outage, the tenderer decides, the host waits meanwhile."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from core.access import SYSTEM
from core.heartbeat import PROCESSES, Heartbeat
from core.sntp import Answer
from tests.browser.conftest import PRICES, Live, case_of
from tests.browser.looks import faults_of, listen
from trading.deadline import outages, timers

pytestmark = pytest.mark.browser
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bids(live: Live) -> tuple[str, dict[str, str]]:
    """Three bids, twenty minutes before the deadline."""
    case = live.announced()
    made = {f"bidder{n}": live.bid(case, f"bidder{n}", price) for n, price in enumerate(PRICES, 1)}
    live.stage.move_to(deadline_of(live, case) - 20 * MINUTE)
    return case, made


def deadline_of(live: Live, case: str):
    with live.acts.reading() as session:
        return case_of(session, case).deadline


def silence(live: Live, case: str) -> None:
    """The platform was last heard of eight minutes before the beat of now, by the machine's own clock."""
    acts, at = live._local().acts, deadline_of(live, case) - 28 * MINUTE

    def write(tx) -> None:
        for process in PROCESSES:
            tx.session.add(Heartbeat(process=process, at=at, ahead=tx.ahead // timedelta(milliseconds=1)))
        tx.session.flush()
        outages.look(tx)

    acts.act(write, SYSTEM)


def decide(live: Live, page: Page, decision: str, reason: str, moment: str = "") -> None:
    form = page.locator("form[data-act='deadline.decide']")
    form.locator(f"input[value={decision}]").check()
    if moment:
        form.locator("[name=deadline]").fill(moment)
    form.locator("[name=reason]").fill(reason)
    form.locator("button").click()
    live.sign(page, "tenderer")


@pytest.mark.soak
def test_an_outage_is_seen_by_all_and_the_hall_opens_after_the_decision(live: Live, bids) -> None:
    case, made = bids
    silence(live, case)
    live.past_deadline(case)
    guest = live.open("", f"/cases/{case}/hall", phone=True)
    expect(guest.locator("#hall-deadline")).to_contain_text("招标人作出决定前不开标")
    expect(guest.locator("form[data-act='deadline.decide']")).to_have_count(0)
    assert not faults_of(guest)
    for who in made:
        live.stage.act(who, "opening.signin", case)
    host = live.open("centre1", f"/cases/{case}/hall")
    expect(host.get_by_role("button", name="开启开标大厅")).to_be_disabled()
    expect(host.locator("#begin-why")).to_contain_text("平台曾经中断")
    regulator = live.open("regulator", "/watch", language="en")
    expect(regulator.locator("#wall")).to_contain_text("could not be reached around the deadline")
    desk = live.open("tenderer", "/workbench", language="en")
    desk.locator(f"a[href='/cases/{case}#deadline']").first.click()
    expect(desk.locator("#deadline")).to_be_visible()
    tenderer = live.open("tenderer", f"/cases/{case}/hall", language="en")
    errors = listen(tenderer)
    assert not faults_of(tenderer)
    decide(live, tenderer, "go_on", "The platform is back; nobody was hindered.")
    expect(tenderer.locator("#hall-deadline")).to_contain_text("the deadline stands")
    expect(host.get_by_role("button", name="开启开标大厅")).to_be_enabled()
    host.get_by_role("button", name="开启开标大厅").click()
    expect(host.locator("#hall-rows tbody tr")).to_have_count(3)
    assert not errors


def test_a_new_deadline_is_set_in_the_browser_and_told_to_the_public(live: Live, bids) -> None:
    case, _ = bids
    silence(live, case)
    moment = (deadline_of(live, case) + timedelta(days=2)).replace(second=0, microsecond=0)
    page = live.open("tenderer", f"/cases/{case}", phone=True)
    errors = listen(page)
    assert not faults_of(page)
    decide(live, page, "postpone", "平台中断，为公平起见延期", f"{moment:%Y-%m-%dT%H:%M}")
    expect(page.locator("#case-deadline")).to_contain_text("延期公告")
    assert deadline_of(live, case) == moment
    guest = live.open("", f"/cases/{case}")
    expect(guest.locator("#case-documents")).to_contain_text("延期公告")
    expect(guest.locator("#case-deadline")).to_contain_text("平台中断，为公平起见延期")
    assert not errors and not faults_of(guest)


def test_a_clock_that_is_off_is_shown_to_who_runs_the_tender(live: Live, bids) -> None:
    case, _ = bids
    told = {"step": "30 min", "deadline": deadline_of(live, case).isoformat()}
    answer = Answer("ntp.ntsc.ac.cn", Decimal("2.500"), Decimal("0.031"), 1)
    assert live._local().acts.act(timers.note, SYSTEM, case, told, [answer])["alarm"]
    for who in ("agency", "centre1", "regulator"):
        page = live.open(who, f"/cases/{case}")
        expect(page.locator("#case-deadline")).to_contain_text("与 ntp.ntsc.ac.cn 相差 2.500 秒")
        expect(page.locator("form[data-act='deadline.decide']")).to_have_count(0)
    bidder = live.open("bidder1", f"/cases/{case}")
    expect(bidder.locator("#case-deadline")).to_be_empty()
    page = live.open("tenderer", f"/cases/{case}", language="en")
    expect(page.locator("#case-next")).to_contain_text("Decide whether the deadline stands")
    assert not faults_of(page)
    decide(live, page, "go_on", "Checked: the clock was set right, nobody was late.")
    expect(page.locator("form[data-act='deadline.decide']")).to_have_count(0)


def test_every_page_says_what_its_clock_is_compared_with(live: Live) -> None:
    page = live.open("", "/", language="en", phone=True)
    expect(page.locator("[data-standard-time]")).to_contain_text("It is not compared with national standard time")
    assert not faults_of(page)
