"""A line is cut in the middle of a sitting: offline, alarm, pause, two who let it go on, a spare seat, a night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.proof import prove
from tests.browser.conftest import REGION, Live
from tests.browser.looks import check_axe
from tests.browser.relay import Relay
from tests.browser.test_room_pages import EXPERTS, Sitting, expert
from web.demo.local import LocalStage
from web.demo.world import Builder

pytestmark = pytest.mark.browser
PARTIES = {"tenderer": "tenderer", "centre": "centre1", "supervisor": "regulator"}


def seats_ready(live: Live) -> None:
    seats = [one["id"] for room in live.stage.ask("centre1", "venue.seats")["rooms"] for one in room["seats"]]
    live.stage.act("centre1", "seat.check", seats=seats, camera=True, screen=True, microphone=True, clock=True)


def drawn(live: Live, case: str) -> list[str]:
    """Five experts of one venue, drawn, invited and with keys of their own."""
    begin = live.stage.now() + timedelta(hours=2)
    centre = live.stage.act("centre1", "venue.open", name="东西湖区公共资源交易中心", region=REGION)["centre"]
    plan = [{"cell": f"1-{n}", "label": f"10{n}", "x": 2 * n, "y": 0} for n in range(1, 9)]
    live.stage.act("centre1", "venue.add_room", name="评标室1", purpose="evaluation", seats=plan)
    booking = live.stage.act(
        "agency", "venue.request", case, centre=centre, part="main", from_at=(begin - timedelta(hours=1)).isoformat(),
        until_at=(begin + timedelta(hours=30)).isoformat(), seats=5,
    )["booking"]  # fmt: skip
    live.stage.act("centre1", "venue.accept", booking=booking)
    live.stage.act(
        "agency", "draw.request", case, experts=5, members_by_site={REGION: 5}, spares_by_site={REGION: 1},
        specialities=["A0801"], at=begin.isoformat(), until=(begin + timedelta(hours=8)).isoformat(),
    )  # fmt: skip
    parties = {party: live.ring[who].person for party, who in PARTIES.items()}
    live.draw(case, live.stage.act("agency", "draw.freeze", case, parties=parties)["draw"])
    builder = Builder(LocalStage(live.acts, prove, live.ring, lambda: None), stored_keys=True)
    found = []
    for who in (f"roomexpert{n}" for n in range(1, EXPERTS + 1)):
        if any(one["state"] == "invited" for one in live.stage.ask(who, "invitation.mine")["invitations"]):
            live.stage.act(who, "invitation.answer", case, answer="accept")
            builder.enrol(live.ring[who])
            found.append(who)
    live.stage.move_to(begin - timedelta(minutes=5))
    seats_ready(live)
    live.draw(case, live.stage.act("centre1", "seating.freeze", case, parties=parties)["draw"])
    return found


@pytest.fixture(scope="module")
def sitting(live: Live) -> Sitting:
    """Everybody has signed in and pledged, the first member leads, the review is on."""
    case, bids = live.opened()
    builder = Builder(LocalStage(live.acts, prove, live.ring, lambda: None), stored_keys=True)
    builder.number = 7000
    for number in range(1, EXPERTS + 1):
        expert(builder, number)
    members = drawn(live, case)
    for who in members:
        live.stage.act(who, "sitting.signin", case)
        bidders = [one["org"] for one in live.stage.ask(who, "room.view", case)["bidders"]]
        live.stage.act(who, "pledge.sign", case, no_conflict=True, pledge=True, bidders=bidders)
    leader = live.stage.ask(members[0], "room.view", case)["member"]
    for who in members:
        live.stage.act(who, "leader.vote", case, **{"for": leader})
    return Sitting(live, case, bids, members)


@pytest.fixture(scope="module")
def relay(live: Live) -> Iterator[Relay]:
    made = Relay(live.base)
    yield made
    made.end()


def pass_time(live: Live, **span: int) -> None:
    live.stage.move_to(live.stage.now() + timedelta(**span))


def fill_and_press(page: Page, act: str, reason: str) -> None:
    form = page.locator(f'form[data-room-act="{act}"]:visible').first
    form.locator("[name=reason]").fill(reason)
    form.locator("button").click()


@pytest.mark.soak
@pytest.mark.certify("A-154", "A-155")
def test_a_line_is_cut_the_sitting_pauses_and_two_let_it_go_on(sitting: Sitting, relay: Relay) -> None:
    live, case = sitting.live, sitting.case
    leader, other = sitting.members[:2]
    lead = live.open(leader, f"/room/{case}")
    far = replace(live, base=relay.base).open(other, f"/room/{case}")
    wall, venue = live.open("regulator", f"/room/{case}"), live.open("centre1", f"/room/{case}")
    expect(lead.locator('.rm-strip .rm-dot[data-there="yes"]')).to_have_count(2)
    relay.cut()
    expect(far.locator('[data-line="down"]').first).to_be_visible()
    meanwhile = far.locator("form[data-mark]").nth(1)
    meanwhile.locator("label", has_text="✓").click()
    for page in (lead, wall, venue):
        expect(page.locator(".rm-alarms li")).to_have_count(1)
        expect(page.locator(".rm-alarms")).to_contain_text("离线自")
        expect(page.locator(".rm-strip")).to_contain_text("离线自")
    pass_time(live, minutes=11)
    for page in (wall, venue):
        expect(page.locator(".rm-alarms .text-danger")).to_contain_text("报警")
        check_axe(page)
    fill_and_press(venue, "site.cut", "机房光缆中断")
    expect(wall.locator(".rm-alarms")).to_contain_text("机房光缆中断")
    pass_time(live, minutes=31)
    for page in (lead, wall, venue):
        expect(page.locator("[role=status]", has_text="PAUSED_TECH")).to_be_visible()
        check_axe(page)
    fill_and_press(wall, "halt.confirm", "链路已恢复")
    expect(wall.locator('form[data-room-act="halt.confirm"] [data-breaches]')).to_contain_text("仍报告中断")
    relay.mend()
    expect(lead.locator(".rm-alarms", has_text="离线自")).to_have_count(0)
    expect(far.locator('[data-line="up"]').first).to_be_visible()
    expect(far.locator("[data-saved]").first).to_contain_text("评标暂停中")
    check_axe(far)
    venue.locator('form[data-room-act="site.back"] button').click()
    expect(wall.locator(".rm-alarms")).to_have_count(0)
    wall.reload()
    fill_and_press(wall, "halt.confirm", "链路已恢复")
    expect(lead.locator("[role=status]", has_text="PAUSED_TECH")).to_contain_text("已确认")
    fill_and_press(lead, "halt.confirm", "设备检查正常")
    for page in (lead, far, wall):
        expect(page.locator("[role=status]", has_text="PAUSED_TECH")).to_have_count(0)
    expect(meanwhile).to_have_attribute("data-done", "yes")  # what was found while nobody could act came in by itself
    lead.locator("form[data-mark] label", has_text="✓").first.click()
    expect(lead.locator("form[data-mark]").first).to_have_attribute("data-done", "yes")


@pytest.mark.soak
def test_a_member_moves_to_a_spare_seat_and_the_page_follows(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    other = sitting.members[1]
    page = live.open(other, f"/room/{case}")
    page.locator("form[data-mark] label", has_text="✓").first.click()
    expect(page.locator("form[data-mark]").first).to_have_attribute("data-done", "yes")
    before = page.locator(".rm-chip.me").inner_text()
    seats_ready(live)
    venue = live.open("centre1", f"/room/{case}")
    name = live.ring[other].name
    mover = venue.locator("#watch-steering details:has(form[data-room-act='seat.change'])", has_text=name)
    mover.locator("summary").click()
    label = mover.locator("option").first.inner_text()
    mover.locator("[name=reason]").fill("显示器故障")
    mover.locator("button").click()
    expect(page.locator(".rm-chip.me")).to_contain_text(label)
    assert label not in before
    expect(page.locator("form[data-mark]").first).to_have_attribute("data-done", "yes")
    expect(venue.locator("#watch-incidents")).to_contain_text("显示器故障")
    check_axe(venue)


@pytest.mark.soak
def test_duties_are_given_by_the_leader_and_seen_by_all(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    lead, page = (live.open(who, f"/room/{case}") for who in sitting.members[:2])
    form = lead.locator('form[data-room-act="duty.assign"]').nth(1)
    form.locator("[name=text]").fill("技术标")
    form.locator("button").click()
    expect(page.locator("#room-tasks")).to_contain_text("技术标")
    check_axe(lead)


@pytest.mark.soak
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_pages_fit(sitting: Sitting, phone: bool) -> None:
    for who, path in ((sitting.members[0], "room"), ("regulator", "room"), ("centre1", "room"), ("centre1", "venues")):
        address = f"/room/{sitting.case}" if path == "room" else "/venues"
        check_axe(sitting.live.open(who, address, phone=phone))
    check_axe(sitting.live.open("", "/terminal", phone=phone))


@pytest.mark.soak
def test_a_night_closes_the_room_and_every_member_comes_back_with_a_signature(sitting: Sitting) -> None:
    live, case = sitting.live, sitting.case
    first, rest = sitting.members[0], sitting.members[1:]
    page, venue = live.open(first, f"/room/{case}"), live.open("centre1", f"/room/{case}")
    page.locator(".rm-grid").wait_for()
    bid = next(iter(sitting.bids.values()))
    until = live.stage.now() + timedelta(hours=14)
    venue.locator("summary", has_text="隔夜封存").click()
    form = venue.locator('form[data-room-act="sitting.freeze"]')
    form.locator("[name=reason]").fill("当日未完成，次日继续")
    form.locator("[name=until]").fill(until.strftime("%Y-%m-%dT%H:%M"))
    form.locator("button").click()
    page.locator("#rejoin").wait_for()
    assert "建设集团" not in page.content()
    assert page.request.get(f"{live.base}/room/{case}/bids/{bid}/file").status == 404
    expect(page.locator('form[data-room-act="sitting.rejoin"]')).to_have_count(0)
    check_axe(page)
    live.stage.move_to(until)
    page.reload()
    page.locator('form[data-room-act="sitting.rejoin"] button').click()
    live.sign(page, first)
    expect(page.locator("#rejoin")).to_contain_text("等待其他成员")
    check_axe(page)
    for who in rest:
        live.stage.act(who, "sitting.rejoin", case)
    page.locator(".rm-grid").wait_for()
    expect(page.locator("form[data-mark]").first).to_have_attribute("data-done", "yes")


@pytest.mark.soak
def test_a_machine_is_registered_with_a_code_of_the_desk(sitting: Sitting) -> None:
    live = sitting.live
    desk = live.open("centre1", "/venues")
    desk.locator('form[data-act="terminal.offer"] button').click()
    desk.locator("[data-code]").wait_for()
    code = desk.locator("[data-code]").inner_text()
    machine = live.open("", "/terminal")
    machine.locator("[name=code]").fill("00000 00000")
    machine.locator("main button.w-100").click()
    expect(machine.locator("main [role=alert]")).to_contain_text("登记码不存在")
    machine.locator("[name=code]").fill(code)
    machine.locator("main button.w-100").click()
    expect(machine.locator(".alert-success")).to_contain_text("工位")
    expect(desk.locator("#venue-machines li")).to_have_count(1)
    check_axe(machine)
    check_axe(desk)
    who = sitting.members[0]
    stayed = live.open(who, f"/room/{sitting.case}")
    expect(stayed.locator(".rm-grid")).to_be_visible()  # whoever came before is not thrown out
    guest = live.open("", f"/room/{sitting.case}")
    guest.locator("[name=login]").fill(live.ring[who].login)
    guest.locator("[name=password]").fill(live.ring[who].password)
    guest.locator("main button.w-100").click()
    guest.goto(f"{live.base}/room/{sitting.case}")
    expect(guest.locator("#rejoin")).to_contain_text("您不在本人工位")
    expect(guest.locator("#seat-code")).to_be_visible()
    check_axe(guest)


def test_of_the_room_nothing_stays_before_a_member_who_was_removed(sitting: Sitting) -> None:
    live, case, who = sitting.live, sitting.case, sitting.members[3]
    page = live.open(who, f"/room/{case}")
    page.locator(".rm-grid").wait_for()
    member = live.stage.ask(who, "room.view", case)["member"]
    live.stage.act("regulator", "member.remove", case, member=member, reason="突发疾病")
    page.wait_for_url(f"{live.base}/invitations")
    assert "建设集团" not in page.content()
