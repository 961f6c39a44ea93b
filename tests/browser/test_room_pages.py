"""Draw, room, signing desk, venue and audit in a real browser: one tender from the request to the sealed report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.actions_people import add_person
from accounts.proof import prove
from certs import draws, suite, typed
from core.access import Role
from tests.browser.conftest import REGION, Live, case_of
from tests.browser.looks import check_axe
from web.demo.local import LocalStage
from web.demo.ring import User
from web.demo.world import Builder

pytestmark = pytest.mark.browser
PARTIES = {"tenderer": "tenderer", "centre": "centre1", "supervisor": "regulator"}
EXPERTS = 12
COMPONENTS = [{"id": "letter", "name": "投标函及附录"}, {"id": "model", "name": "进度模型", "format": "zip"}]


def expert(builder: Builder, number: int) -> User:
    login = f"roomexpert{number}"
    contact = builder.contact(login, f"评审专家{number:02d}", REGION, [Role.EXPERT]) | {"pool": True}
    answer = builder.stage.acts.act(add_person, builder.stage.actor("centre1"), contact, builder.hash)
    user = User(login, contact["name"], answer["person"], "", (Role.EXPERT,), "Gongheng-2026-demo")
    builder.ring.add(user)
    builder.stage.act(
        "centre1", "expert.admit", person=user.person, region=REGION, specialities=["A0801"], title="高级工程师",
        level="senior", years=12, born_year=1970 + number, employer_name=f"武汉设计院{number}", employer_uscc="",
    )  # fmt: skip
    return user


def case_state(live: Live, case: str) -> str:
    with live.acts.reading() as session:
        return str(case_of(session, case).state)


@dataclass
class Sitting:
    live: Live
    case: str
    bids: dict[str, str]
    members: list[str]

    def commit_or_reveal(self, login: str, party: str, act: str, secret: bytes) -> None:
        listed = self.live.stage.ask(login, "draw.list", self.case)["draws"]
        seen = next(one for one in listed if one["state"] in ("COMMITTING", "REVEALING"))
        value = draws.commitment_value(party, seen["draw"], secret) if act == "commit" else secret.hex()
        name = "list" if act == "commit" else "commitments"
        fields = {"act": act, "draw": seen["draw"], name: seen[name], "party": party, "value": value}
        key = self.live.ring[login].key
        assert key is not None
        signature = suite.b64(suite.sign_raw(key, typed.compose(draws.TEXT, fields)))
        self.live.stage.act(login, f"draw.{act}", self.case, draw=seen["draw"], value=value, signature=signature)


@pytest.fixture(scope="module")
def sitting(live: Live) -> Sitting:
    """Bids opened, a venue with twelve seats booked, a pool of experts; nobody is drawn yet."""
    case, bids = live.opened(settings={"fallback": True, "window_minutes": 30, "components": COMPONENTS})
    local = LocalStage(live.acts, prove, live.ring, lambda: None)
    builder = Builder(local, stored_keys=True)
    builder.number = 7000
    stage = live.stage
    stage.act("centre1", "venue.open", name="东西湖区公共资源交易中心", region=REGION)
    plan = [{"cell": f"1-{n}", "label": f"10{n}", "x": 2 * n, "y": 0} for n in range(1, 10)]
    stage.act("centre1", "venue.add_room", name="评标室1", purpose="evaluation", seats=plan)
    for number in range(1, EXPERTS + 1):
        expert(builder, number)
    return Sitting(live, case, bids, [])


def booked(sitting: Sitting) -> None:
    """The tenderer asks for the venue on its page, the centre accepts on its own."""
    live = sitting.live
    page = live.open("tenderer", f"/venues/{sitting.case}")
    form = page.locator('form[data-act="venue.request"]')
    form.locator("[name=seats]").fill("5")
    form.locator("button").click()
    page.locator(".badge", has_text="待").or_(page.locator(".bg-orange-lt")).first.wait_for()
    check_axe(page)
    desk = live.open("centre1", "/venues")
    desk.locator('form[data-act="venue.accept"] button').click()
    desk.locator("#venue-bookings .bg-green-lt").wait_for()
    check_axe(desk)


def draw(sitting: Sitting, freeze: str) -> None:
    """Frozen, committed and revealed: the tenderer in a browser, the others as programs."""
    live, case = sitting.live, sitting.case
    who = "tenderer" if freeze == "draw.freeze" else "centre1"
    page = live.open(who, f"/draws/{case}")
    page.locator(f'form[data-act="{freeze}"] button').click()
    page = live.open("tenderer", f"/draws/{case}")
    own = page.locator('[data-draw]:not([data-state="DONE"])')
    check_axe(page)
    own.locator('form[data-draw-act="commit"] .btn-primary').click()
    live.sign(page, "tenderer")
    own.locator("[data-kept]").wait_for()
    others = {"centre": b"c" * 32, "supervisor": b"s" * 32}
    for party, secret in others.items():
        sitting.commit_or_reveal(PARTIES[party], party, "commit", secret)
    for party, secret in others.items():
        sitting.commit_or_reveal(PARTIES[party], party, "reveal", secret)
    page.reload()
    done = page.locator('[data-draw][data-state="DONE"]').count()
    page.locator('form[data-draw-act="reveal"] .btn-primary').click()
    live.sign(page, "tenderer")
    expect(page.locator('[data-draw][data-state="DONE"]')).to_have_count(done + 1)


def test_committee_is_drawn_by_three_parties(sitting: Sitting) -> None:
    booked(sitting)
    live, case = sitting.live, sitting.case
    page = live.open("tenderer", f"/draws/{case}")
    form = page.locator('form[data-act="draw.request"]')
    form.locator("[name=specialities]").fill("A0801")
    begin = (live.stage.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    form.locator("[name=at]").fill(begin)
    form.locator("[name=experts]").fill("4")
    form.locator(f'[name="members_by_site.{REGION}"]').evaluate("node => { node.value = '4' }")
    form.locator("button").click()
    refusal = form.locator("[data-breaches]")
    refusal.wait_for()
    assert "招标投标法" in refusal.inner_text()
    assert form.locator("[name=specialities]").input_value() == "A0801", "the form lost what was typed"
    form.locator("[name=experts]").fill("5")
    form.locator(f'[name="members_by_site.{REGION}"]').fill("5")
    form.locator("button").click()
    page.locator("#draws-committee .rm-sites").wait_for()
    draw(sitting, "draw.freeze")
    answer_invitations(sitting)
    assert len(sitting.members) == 5


def answer_invitations(sitting: Sitting) -> None:
    """The first drawn expert answers in the browser, without learning which tender it is."""
    live = sitting.live
    drawn = [
        f"roomexpert{n}"
        for n in range(1, EXPERTS + 1)
        if any(one["state"] == "invited" for one in live.stage.ask(f"roomexpert{n}", "invitation.mine")["invitations"])
    ]
    page = live.open(drawn[0], "/invitations")
    assert "污水处理厂" not in page.content()
    check_axe(page)
    page.locator('form[data-act="invitation.answer"] .btn-primary').first.click()
    page.locator(f'a[href="/room/{sitting.case}"]').wait_for()
    for who in drawn[1:]:
        live.stage.act(who, "invitation.answer", sitting.case, answer="accept")
    builder = Builder(LocalStage(live.acts, prove, live.ring, lambda: None), stored_keys=True)
    for who in drawn:
        builder.enrol(live.ring[who])
    sitting.members = drawn


def check_devices(sitting: Sitting) -> None:
    page = sitting.live.open("centre1", "/venues")
    page.locator("[data-all]").first.click()
    page.locator('form[data-act="seat.check"] .btn-primary').click()
    page.locator(".rm-plan .rm-ready, .rm-plan .rm-next").first.wait_for()


def test_members_sign_in_and_pledge(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    live.stage.move_to(live.stage.now() + timedelta(hours=1, minutes=50))
    check_devices(sitting)
    draw(sitting, "seating.freeze")
    first, rest = sitting.members[0], sitting.members[1:]
    page = live.open(first, f"/room/{case}")
    check_axe(page)
    page.locator('form[data-room-act="sitting.signin"] button').click()
    live.sign(page, first)
    page.locator('form[data-room-act="pledge.sign"]').wait_for()
    check_axe(page)
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.locator('form[data-room-act="pledge.sign"] button').click()
    live.sign(page, first)
    page.locator(".rm-grid").wait_for()
    for who in rest:
        live.stage.act(who, "sitting.signin", case)
        shown = live.stage.ask(who, "room.view", case)
        live.stage.act(who, "pledge.sign", case, no_conflict=True, pledge=True,
                       bidders=[one["org"] for one in shown["bidders"]])  # fmt: skip
    page.locator('form[data-room-act="leader.vote"]').wait_for()
    expect(page.locator('#room-top a[href="#room-tasks"]')).to_have_text("推选组长")  # it stands far below the bids
    me = live.stage.ask(first, "room.view", case)["member"]
    page.locator(f'input[name=for][value="{me}"]').check()
    page.locator('form[data-room-act="leader.vote"] button').click()
    for who in rest:
        live.stage.act(who, "leader.vote", case, **{"for": me})
    expect(page.locator("[data-room]")).to_have_attribute("data-stage", "PRELIM")


def test_findings_survive_a_cut_line_and_a_reload(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    first = sitting.members[0]
    page = live.open(first, f"/room/{case}")
    check_axe(page)
    item = page.locator("form[data-mark]").first
    item.locator("label", has_text="✗").click()
    item.locator("[name=page]").fill("3")
    page.reload()
    item = page.locator("form[data-mark]").first
    assert item.locator("[name=page]").input_value() == "3", "a half-written finding was lost"
    item.locator("label", has_text="✓").click()
    expect(item).to_have_attribute("data-done", "yes")
    page.context.set_offline(True)
    second = page.locator("form[data-mark]").nth(1)
    second.locator("label", has_text="✓").click()
    page.context.set_offline(False)
    expect(second).to_have_attribute("data-done", "yes", timeout=30_000)
    marks = live.stage.ask(first, "room.view", case)["mine"]["marks"]
    assert len(marks) == 2
    for bid in sitting.bids.values():
        page.goto(f"{live.base}/room/{case}?bid={bid}")
        page.locator("[data-pass-rest]").click()
        expect(page.locator('form[data-mark][data-done="no"]')).to_have_count(0)
    a_fail_that_is_begun_is_not_locked_as_a_pass(page)
    a_lock_closed_by_a_pause_opens_with_its_end(sitting, page)
    page.locator('form[data-room-act="prelim.lock"] button').click()
    page.locator("#room-tasks", has_text="4").wait_for()
    for who in sitting.members[1:]:
        shown = live.stage.ask(who, "room.view", case)
        marks = [{"bid": b["id"], "item": i["id"], "pass": True} for b in shown["bids"] for i in shown["items"]]
        live.stage.act(who, "prelim.mark", case, marks=marks)
        live.stage.act(who, "prelim.lock", case)
    expect(page.locator("[data-room]")).to_have_attribute("data-stage", "SCORING")


def a_fail_that_is_begun_is_not_locked_as_a_pass(page: Page) -> None:
    """What was saved as held is shown as failed, its reason not written yet: the lock would sign what nobody sees."""
    begun = page.locator("form[data-mark]").last
    begun.locator("label", has_text="✗").click()
    begun.locator("[name=page]").fill("7")
    page.reload()
    begun = page.locator("form[data-mark]").last
    expect(begun.locator("[name=page]")).to_have_value("7")
    assert begun.locator("[name=pass]:checked").input_value() == "false"
    page.locator('form[data-room-act="prelim.lock"] button').click()
    expect(page.locator('form[data-room-act="prelim.lock"] [data-breaches]')).to_contain_text("还需填写")
    begun.locator("label", has_text="✓").click()
    expect(begun).to_have_attribute("data-done", "yes")


def a_lock_closed_by_a_pause_opens_with_its_end(sitting: Sitting, page: Page) -> None:
    sitting.live.stage.act("regulator", "sitting.pause", sitting.case, reason="核对身份")
    page.reload()
    lock = page.locator('form[data-room-act="prelim.lock"]')
    expect(lock.locator("button")).to_be_disabled()
    expect(lock.locator("[data-lock-why]")).to_contain_text("暂停")
    assert "going on" not in lock.inner_text()
    sitting.live.stage.act("regulator", "sitting.resume", sitting.case, reason="已核对")
    expect(lock.locator("button")).to_be_enabled()


def test_what_a_supervisor_writes_stands_while_the_room_goes_on(sitting: Sitting) -> None:
    """Others' acts exchange parts of the page: neither what is written nor what was unfolded goes with them."""
    live, case = sitting.live, sitting.case
    assert live.open("tenderer", f"/room/{case}").locator("[data-line]").count() == 0, "it waits for no line"
    page = live.open("regulator", f"/room/{case}")
    fold = page.locator("#watch-steering details", has_text="立即技术暂停")
    fold.locator("summary").click()
    fold.locator("[name=reason]").fill("大屏无信号")
    page.locator("#watch-notes textarea").fill("三号席位核对证件")
    page.locator("h1").click()
    live.stage.act("centre1", "incident.note", case, text="网络巡检")
    page.locator("#watch-incidents", has_text="网络巡检").wait_for()
    expect(fold.locator("[name=reason]")).to_be_visible()
    expect(fold.locator("[name=reason]")).to_have_value("大屏无信号")
    expect(page.locator("#watch-notes textarea")).to_have_value("三号席位核对证件")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_members_read_the_parts_of_a_bid_and_what_its_check_found(sitting: Sitting, phone: bool) -> None:
    live, case, bid = sitting.live, sitting.case, sitting.bids["bidder1"]
    page = live.open(sitting.members[0], f"/room/{case}?bid={bid}", phone=phone, language="en")
    expect(page.get_by_text("The check of parts and priced bill found 2 points.")).to_be_visible()
    page.get_by_role("link", name="Parts of the bid and what the check found").click()
    table = page.get_by_role("table")
    expect(table).to_contain_text("The bid does not say where this part stands; it may be inside the bid PDF.")
    expect(table).to_contain_text("A part is missing.")
    expect(page.get_by_role("link", name="bid.pdf")).to_be_visible()
    check_axe(page)
    for who in ("bidder1", "tenderer", ""):
        other = live.open(who, "/")
        for path in (f"/room/{case}/bids/{bid}", f"/room/{case}/bids/{bid}/parts/0"):
            answer = other.request.get(live.base + path, max_redirects=0)
            assert answer.status in (302, 404), (who, path, answer.status)


def finish_the_shown_bid(page: Page) -> None:
    """Opened without naming a bid: when it is finished, the list still marks the bid whose form is shown."""
    shown = page.locator(".rm-tabs > strong").inner_text()
    for form in page.locator("form[data-score]").all():
        form.locator("[name=points]").fill("90")
        form.locator("[name=points]").press("Tab")
    expect(page.locator("#room-bids > .here .rm-count")).to_have_text("3/3")
    expect(page.locator("#room-bids > .here")).to_contain_text(shown)


def test_points_are_locked_over_the_signed_sheet(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    first = sitting.members[0]
    page = live.open(first, f"/room/{case}")
    assert page.locator('[data-lock="scores"]').is_disabled()
    finish_the_shown_bid(page)
    for bid in sitting.bids.values():
        page.goto(f"{live.base}/room/{case}?bid={bid}")
        for form in page.locator("form[data-score]").all():
            form.locator("[name=points]").fill("91.5")
            form.locator("[name=points]").press("Tab")
            expect(form).to_have_attribute("data-done", "yes")
    check_axe(page)
    page.locator('[data-lock="scores"]').click()
    live.sign(page, first)
    for place, who in enumerate(sitting.members[1:]):
        points = [{"bid": b, "criterion": c["id"], "points": str(90 + place)} for b in sitting.bids.values()
                  for c in live.stage.ask(who, "room.view", case)["criteria"]]  # fmt: skip
        live.stage.act(who, "score.save", case, scores=points)
        live.stage.act(who, "score.lock", case)
    expect(page.locator("[data-room]")).to_have_attribute("data-stage", "SUMMARY")
    check_axe(page)


def test_report_is_made_and_signed_in_the_browser(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    first = sitting.members[0]
    page = live.open(first, f"/room/{case}")
    page.locator('form[data-room-act="report.make"] button').click()
    page.locator('#room-tasks a[href^="/papers/"]').wait_for()
    document = page.locator('#room-tasks a[href^="/papers/"]').get_attribute("href")
    assert document is not None
    page.goto(live.base + document)
    assert page.locator("form[data-paper] button").first.is_disabled(), "the leader signs last"
    check_axe(page)
    for who in sitting.members[1:]:
        live.stage.sign(who, document.rpartition("/")[2])
    page.reload()
    page.locator("form[data-paper] button").first.click()
    live.sign(page, first)
    page.locator("#paper-state .bg-green-lt").wait_for(timeout=30_000)
    assert case_state(live, case) == "EVALUATED"
    watched = live.open("regulator", f"/room/{case}")
    expect(watched.locator("[data-room]")).to_have_attribute("data-stage", "SIGNED")
    assert watched.locator("[data-av-status]").count() == 0, "nobody is missed in a sitting that is over"


def test_nobody_outside_reads_a_bid(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    bid = next(iter(sitting.bids.values()))
    for who in ("", "bidder2", "tenderer", "centre1", "agency", "elector1"):
        page = live.open(who, "/")
        status = page.evaluate(
            "address => fetch(address, {redirect: 'manual'}).then(answer => answer.status)",
            f"/room/{case}/bids/{bid}/file",
        )
        assert status in (0, 403, 404), (who, status)
    page = live.open(sitting.members[0], "/")
    sent = page.evaluate("address => fetch(address).then(answer => answer.status)", f"/room/{case}/bids/{bid}/file")
    assert sent == 200


def test_audit_holds_and_exports(sitting: Sitting, tmp_path: Path) -> None:
    live, case = sitting.live, sitting.case
    page = live.open("regulator", f"/audit/{case}")
    check_axe(page)
    shown = page.locator("#audit-lines > li").count()
    page.locator("[data-more]").click()
    expect(page.locator("#audit-lines > li").nth(shown)).to_be_visible()
    page.locator("[data-integrity]").click()
    page.locator("[data-integrity-result] .text-success").wait_for()
    page.goto(f"{live.base}/audit/{case}/replay")
    expect(page.locator("[data-place]")).to_contain_text("1 / ")
    page.locator('[data-step="1"]').click()
    expect(page.locator("[data-place]")).to_contain_text("2 / ")
    check_axe(page)


PAGES: list[tuple[str, str]] = [
    ("tenderer", "/draws/{case}"), ("tenderer", "/venues/{case}"), ("tenderer", "/room/{case}"), ("centre1", "/venues"),
    ("centre1", "/pool"), ("centre1", "/room/{case}"), ("regulator", "/room/{case}"), ("regulator", "/audit/{case}"),
    ("regulator", "/watch"), ("regulator", "/papers"),
]  # fmt: skip


@pytest.mark.parametrize("who,path", PAGES)
@pytest.mark.parametrize("phone", [False, True])
def test_pages_are_clean_on_desk_and_phone(sitting: Sitting, who: str, path: str, phone: bool) -> None:
    noted: list[Any] = []
    page = sitting.live.open(who, "/verify", phone=phone)
    page.on("console", lambda message: noted.append(message.text) if message.type == "error" else None)
    page.goto(sitting.live.base + path.format(case=sitting.case))
    check_axe(page)
    assert not noted, noted
