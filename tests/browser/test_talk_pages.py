"""Talk in the room as people have it: three members with cameras, one cut line, one frozen computer, a supervisor."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests import chromium
from tests.browser.conftest import PATIENCE, Live, serving
from tests.browser.looks import check_axe
from tests.browser.talking import FAKES, Relay, seated, signal_browser
from web import identity

pytestmark = pytest.mark.browser
FRAMES = (
    "[...document.querySelectorAll('.rm-tile-face:not([data-peer=me]) video')]"
    ".reduce((sum, v) => sum + v.getVideoPlaybackQuality().totalVideoFrames, 0)"
)
SEEN = "[...document.querySelectorAll('.rm-tile-face:not([data-peer=me]) video')].filter(v => v.videoWidth > 0).length"
HEARD = ("[...document.querySelectorAll('.rm-tile-face video')].filter(v => v.srcObject?.getAudioTracks()"
         ".some(track => track.readyState === 'live' && !track.muted)).length")  # fmt: skip


@dataclass
class Sitting:
    live: Live
    case: str
    members: list[str]

    def open(self, who: str, path: str = "", **ways) -> Page:
        page = self.live.open(who, f"/room/{self.case}{path}", **ways)
        unfold(page)
        return page


def unfold(page: Page) -> None:
    page.locator("[data-talk]").wait_for()
    if not page.locator("[data-say], [data-call=join]").first.is_visible():
        page.locator(".rm-talk-fold > summary").click()


def join(page: Page) -> None:
    page.locator("[data-call=join]").click()
    page.locator("[data-call=leave]").wait_for()


def until(page: Page, sentence: str) -> None:
    """Until an expression holds, asked with every frame; the driver's own waiting needs eval, which the page's policy
    forbids."""
    held = page.evaluate(
        f"""() => new Promise((done) => {{
          const late = performance.now() + {PATIENCE};
          const look = () => (({sentence}) ? done(true) : performance.now() > late ? done(false)
            : requestAnimationFrame(look));
          look();
        }})"""
    )
    assert held, f"it did not come to hold: {sentence}"


def plays(page: Page, seconds: int) -> None:
    """So many seconds of one's own picture go by."""
    own = "document.querySelector('.rm-tile-face[data-peer=me] video')"
    until(page, f"{own}?.videoWidth > 0")
    until(page, f"{own}.currentTime >= {page.evaluate(f'{own}.currentTime') + seconds}")


def sees(page: Page, others: int) -> None:
    until(page, f"{SEEN} === {others}")
    expect(page.locator('.rm-tile-face[data-state="connected"]:not([data-peer=me])')).to_have_count(others)


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sitting]:
    with serving(tmp_path_factory.mktemp("data")) as live:
        plain = live.browser
        live.browser = plain.browser_type.launch(executable_path=chromium.PATH, args=["--no-sandbox", *FAKES])
        case, members = seated(live)
        yield Sitting(live, case, members)
        live.browser.close()
        live.browser = plain


@pytest.fixture
def relay(sitting: Sitting) -> Iterator[Relay]:
    found = Relay(sitting.live.base)
    yield found
    found.close()


def said(page: Page) -> list[str]:
    return page.locator("[data-lines] > p [data-text]").all_inner_texts()


@pytest.mark.soak
@pytest.mark.certify("A-154")
@pytest.mark.certify("A-157")
def test_three_members_see_each_other_and_a_supervisor_watches_unseen(sitting: Sitting) -> None:
    pages = [sitting.open(who) for who in sitting.members[:3]]
    for page in pages:
        join(page)
    for page in pages:
        sees(page, 2)
    watching = sitting.open("regulator")
    join(watching)
    sees(watching, 3)
    until(watching, f"{HEARD} === 3")
    expect(watching.locator("[data-peer=me], [data-say], [data-call=camera]")).to_have_count(0)
    for page in pages:
        expect(page.locator(".rm-tile-face")).to_have_count(3)
        expect(page.locator("[data-call-state]")).to_contain_text("另有 2 人")
        check_axe(page)
    check_axe(watching)
    pages[0].locator("[data-call=camera]").click()
    away = pages[1].locator('.rm-tile-face[data-camera="off"]:not([data-peer=me])')
    expect(away.locator("[data-said]")).to_contain_text("仅语音")
    pages[0].locator("[data-call=camera]").click()
    expect(away).to_have_count(0)
    sees(pages[1], 2)
    pages[2].reload()
    sees(pages[2], 2)  # the call goes on after a reload
    sees(pages[0], 2)
    status = sitting.live.open("centre1", f"/room/{sitting.case}").locator("#watch-av")
    expect(status.locator("tr", has_text="已连接")).to_have_count(3)
    expect(status.locator("video")).to_have_count(0)
    pages[1].locator("[data-call=leave]").click()
    sees(pages[0], 1)
    expect(status.locator("tr", has_text="已连接")).to_have_count(2)


def open_through(sitting: Sitting, relay: Relay, who: str) -> Page:
    """The room of a member whose line runs over `relay`."""
    base, sitting.live.base = sitting.live.base, relay.base
    try:
        return sitting.open(who)
    finally:
        sitting.live.base = base


@pytest.mark.soak
def test_what_is_said_while_the_line_is_cut_arrives_once_and_the_call_stays(sitting: Sitting, relay: Relay) -> None:
    first, second = sitting.open(sitting.members[0]), open_through(sitting, relay, sitting.members[1])
    for page in (first, second):
        join(page)
    for page in (first, second):
        sees(page, 1)
    relay.cut()
    expect(second.locator("[data-line]").first).to_have_attribute("data-line", "down")
    second.locator("#talk-text").fill("断线时说的话")
    second.locator("#talk-text").press("Enter")
    expect(second.locator("[data-once] [data-note]")).to_have_text("网络恢复后自动发送")
    second.locator("#talk-text").fill("还没说完")
    first.locator("#talk-text").fill("听得到吗")
    first.locator("[data-say] button").click()
    relay.mend()
    expect(second.locator("[data-once]")).to_have_count(0)
    for page in (first, second):
        expect(page.locator("[data-lines] > p")).to_have_count(2)
        assert sorted(said(page)) == sorted(["断线时说的话", "听得到吗"])
        sees(page, 1)
    second.reload()
    unfold(second)
    assert second.locator("#talk-text").input_value() == "还没说完", "a draft was lost"
    assert len(said(second)) == 2
    lines = sitting.live.stage.ask("regulator", "talk.read", sitting.case)["lines"]
    assert sorted(one["text"] for one in lines) == sorted(["断线时说的话", "听得到吗"])
    watching = sitting.open("regulator")
    assert len(said(watching)) == 2
    first.locator("#talk-text").fill("监督也看得到")
    first.locator("#talk-text").press("Enter")
    expect(watching.locator("[data-lines] > p")).to_have_count(3)


@pytest.mark.soak
def test_a_frozen_computer_is_shown_as_lost_and_comes_back(sitting: Sitting) -> None:
    """Sound, picture and line stop together, as with a pulled cable; nobody reloads anything."""
    live, first = sitting.live, sitting.open(sitting.members[0])
    mark = f"--gongheng-{sitting.case}"
    other = live.browser.browser_type.launch(executable_path=chromium.PATH, args=["--no-sandbox", *FAKES, mark])
    try:
        context = other.new_context(viewport={"width": 1280, "height": 900})
        token = live.stage.session(sitting.members[1]).cookies[identity.COOKIE]
        context.add_cookies([{"name": identity.COOKIE, "value": token, "url": live.base}])
        second = context.new_page()
        second.goto(f"{live.base}/room/{sitting.case}")
        unfold(second)
        for page in (first, second):
            join(page)
        for page in (first, second):
            sees(page, 1)
        signal_browser(mark, signal.SIGSTOP)
        try:
            expect(first.locator('.rm-tile-face[data-state="lost"]')).to_have_count(1)
            still = first.evaluate(FRAMES)
            plays(first, 1)
            assert first.evaluate(FRAMES) == still, "nothing comes from a frozen computer"
        finally:
            signal_browser(mark, signal.SIGCONT)
        for page in (first, second):
            sees(page, 1)
            until(page, f"{FRAMES} > {page.evaluate(FRAMES)}")
    finally:
        other.close()


@pytest.mark.soak
def test_without_a_camera_a_member_goes_on_with_sound(sitting: Sitting) -> None:
    live, first = sitting.live, sitting.open(sitting.members[0])
    blind = [one + "=device-count=0" if one.startswith("--use-fake-device") else one for one in FAKES]
    other = live.browser.browser_type.launch(executable_path=chromium.PATH, args=["--no-sandbox", *blind])
    try:
        context = other.new_context(viewport={"width": 390, "height": 844})
        token = live.stage.session(sitting.members[3]).cookies[identity.COOKIE]
        context.add_cookies([{"name": identity.COOKIE, "value": token, "url": live.base}])
        page = context.new_page()
        page.goto(f"{live.base}/room/{sitting.case}")
        unfold(page)
        for one in (first, page):
            join(one)
        expect(page.locator("[data-call-note]")).to_contain_text("仅以语音继续")
        sees(page, 1)
        tile = first.locator('.rm-tile-face:not([data-peer=me])[data-state="connected"]')
        expect(tile.locator("[data-said]")).to_have_text("仅语音")
        until(first, f"{HEARD} === 1")
    finally:
        other.close()


@pytest.mark.soak
def test_a_poor_line_keeps_the_sound_and_many_share_what_a_seat_may_send(sitting: Sitting) -> None:
    page = sitting.live.open(sitting.members[0], f"/room/{sitting.case}")
    found = page.evaluate(
        "import('/static/pages/mesh.js').then(({tooThin, pictureRate}) => ({"
        "thin: [[89e3,89e3,89e3,89e3,89e3], [5e5,89e3,89e3,89e3,89e3], [1,1,1,1], [5e5,1,1,1,1,1]].map(tooThin),"
        "rate: [1, 2, 3, 8, 11, 40].map(pictureRate)}))"
    )
    assert found == {
        "thin": [True, False, False, True], "rate": [400_000, 400_000, 400_000, 150_000, 109_090, 80_000],
    }  # fmt: skip


@pytest.mark.soak
def test_hands_are_raised_and_the_leader_gives_the_word(sitting: Sitting) -> None:
    leader, other = sitting.open(sitting.members[0]), sitting.open(sitting.members[3])
    other.locator("[data-hand-mine]").click()
    expect(other.locator("[data-hand-mine]")).to_have_attribute("aria-pressed", "true")
    expect(leader.locator(".rm-strip [data-hand]:visible")).to_have_text("1")
    check_axe(leader)
    expect(other.locator("[data-hand-act]")).to_have_count(0)
    leader.locator('[data-hand-act="hand.call"]').click()
    expect(other.locator("[data-hand-list] [data-called]")).to_have_count(1)
    leader.locator('[data-hand-act="hand.lower"]').click()
    expect(other.locator("[data-hand-mine]")).to_have_attribute("aria-pressed", "false")


@pytest.mark.soak
def test_a_piece_of_the_recording_lands_with_its_digest_and_plays(sitting: Sitting) -> None:
    live, page = sitting.live, sitting.open(sitting.members[2])
    join(page)
    page.locator("[data-call=record]").click()
    expect(page.locator("[data-record-note]")).to_contain_text("正在录制")
    plays(page, 3)
    page.reload()  # what was recorded before a reload is not lost
    unfold(page)
    expect(page.locator("[data-record-note]")).to_contain_text("正在录制")
    plays(page, 2)
    page.locator("[data-call=record]").click()
    watching = live.open("regulator", f"/room/{sitting.case}/recordings")
    expect(watching.locator("#rm-count")).to_have_attribute("data-pieces", "2")  # the page hears of each
    watching.reload()
    expect(watching.locator(".rm-pieces > li")).to_have_count(2)
    check_axe(watching)
    for one in live.stage.ask("regulator", "recording.list", sitting.case)["pieces"]:
        answer = watching.request.get(f"{live.base}/room/{sitting.case}/recordings/{one['piece']}")
        assert hashlib.sha256(answer.body()).hexdigest() == one["sha256"] and len(answer.body()) == one["size"]
        assert one["picture"] and one["from"] < one["until"]
    watching.evaluate("document.querySelector('video').play()")
    until(watching, "document.querySelector('video').videoWidth > 0")
    part = watching.request.get(
        f"{live.base}/room/{sitting.case}/recordings/{one['piece']}", headers={"Range": "bytes=0-3"}
    )
    assert part.status == 206 and part.body() == b"\x1aE\xdf\xa3"
    for who in (sitting.members[0], "centre1", "tenderer", "agency", "bidder1", ""):
        refused = live.open(who, "/").request.get(
            f"{live.base}/room/{sitting.case}/recordings/{one['piece']}", max_redirects=0
        )
        assert refused.status in (302, 403, 404), (who, refused.status)


@pytest.mark.soak
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_panel_folds_and_has_a_window_of_its_own(sitting: Sitting, phone: bool) -> None:
    page = sitting.live.open(sitting.members[4], f"/room/{sitting.case}", phone=phone)
    expect(page.locator("[data-say]")).to_be_hidden()
    box = page.locator(".rm-talk").bounding_box()
    assert box is not None and box["height"] < 90, "folded it is one line"
    check_axe(page)
    unfold(page)
    check_axe(page)
    join(page)
    with page.context.expect_page() as opened:
        page.locator("[data-call=window]").click()
    expect(opened.value.locator("[data-call=leave]")).to_be_visible()
    expect(page.locator("[data-call-state]")).to_have_text("通话已在另一窗口中进行。")
    check_axe(opened.value)


@pytest.mark.soak
def test_pages_without_a_call_may_not_ask_for_a_camera(sitting: Sitting) -> None:
    page = sitting.live.open(sitting.members[0], "/me")
    tried = page.evaluate("navigator.mediaDevices.getUserMedia({video: true}).then(() => 'open', error => error.name)")
    assert tried == "NotAllowedError"
