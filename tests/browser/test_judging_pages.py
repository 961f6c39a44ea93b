"""Blind parts, asking before rejecting and a low price in a real browser: member, leader, bidder and watcher."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.proof import prove
from certs.sealing_parts import Part
from tests.browser import test_room_pages as rooms
from tests.browser.conftest import EVALUATION, PRICES, REGION, Live
from tests.browser.looks import check_axe
from tests.browser.seated import thick
from tests.browser.test_room_pages import PARTIES, Sitting
from trading.bidding import contents
from trading.document import layout
from trading.opening.queries import opened_bids
from web.demo.local import LocalStage
from web.demo.world import Builder

pytestmark = pytest.mark.browser
NAMES = ("江源", "长丰", "汉水")
COMPONENTS = [{"id": "letter", "name": "投标函及附录"}, {"id": "plan", "name": "施工组织设计", "required": False}]


def draw(sitting: Sitting, act: str, who: str) -> None:
    live = sitting.live
    parties = {party: live.ring[login].person for party, login in PARTIES.items()}
    live.stage.act(who, act, sitting.case, parties=parties)
    for step in ("commit", "reveal"):
        for place, (party, login) in enumerate(PARTIES.items()):
            sitting.commit_or_reveal(login, party, step, bytes([place + 1]) * 32)


@pytest.fixture(scope="module")
def room(live: Live) -> Sitting:
    """Five members seated, the first leads; the plan is blind, a price below 95 % of the ceiling is explained."""
    told = {"blind": {"part": "plan", "criteria": ["plan"], "layout": layout.USUAL},
            "low_price": {"lines": {"limit": "95"}}}  # fmt: skip
    said = contents.compose(contents.Contents(files={"letter": contents.PDF, "plan": "plan.pdf"}))
    live.parts["bidder1"] = [Part.of_bytes("plan.pdf", "application/pdf", thick(70)),
                             Part.of_bytes(contents.NAME, "application/json", said)]  # fmt: skip
    case, bids = live.opened(evaluation=EVALUATION | told,
                             settings={"fallback": True, "window_minutes": 30, "components": COMPONENTS})  # fmt: skip
    builder = Builder(LocalStage(live.acts, prove, live.ring, lambda: None), stored_keys=True)
    builder.number = 8000
    stage, found = live.stage, Sitting(live, case, bids, [])
    centre = stage.act("centre1", "venue.open", name="东西湖区公共资源交易中心", region=REGION)["centre"]
    plan = [{"cell": f"1-{n}", "label": f"10{n}", "x": 2 * n, "y": 0} for n in range(1, 10)]
    made = stage.act("centre1", "venue.add_room", name="评标室1", purpose="evaluation", seats=plan)
    begin = stage.now() + timedelta(hours=1)
    booking = stage.act("tenderer", "venue.request", case, centre=centre, part="main", seats=5,
                        from_at=(begin - timedelta(minutes=30)).isoformat(),
                        until_at=(begin + timedelta(hours=9)).isoformat())["booking"]  # fmt: skip
    stage.act("centre1", "venue.accept", booking=booking)
    pool = [rooms.expert(builder, number) for number in range(1, rooms.EXPERTS + 1)]
    stage.act(
        "agency", "draw.request", case, experts=5, members_by_site={REGION: 5}, specialities=["A0801"],
        spares_by_site={REGION: 1}, at=begin.isoformat(), until=(begin + timedelta(hours=8)).isoformat(),
    )  # fmt: skip
    draw(found, "draw.freeze", "agency")
    for user in pool:
        if any(one["state"] == "invited" for one in stage.ask(user.login, "invitation.mine")["invitations"]):
            stage.act(user.login, "invitation.answer", case, answer="accept")
            builder.enrol(user)
            found.members.append(user.login)
    stage.move_to(begin - timedelta(minutes=5))
    stage.act("centre1", "seat.check", seats=list(made["seats"].values()), camera=True, screen=True, microphone=True,
              clock=True)  # fmt: skip
    draw(found, "seating.freeze", "centre1")
    for who in found.members:
        stage.act(who, "sitting.signin", case)
        shown = stage.ask(who, "room.view", case)
        stage.act(who, "pledge.sign", case, no_conflict=True, pledge=True,
                  bidders=[one["org"] for one in shown["bidders"]])  # fmt: skip
    leader = stage.ask(found.members[0], "room.view", case)["member"]
    for who in found.members:
        stage.act(who, "leader.vote", case, **{"for": leader})
    return found


def at_stage(page: Page, stage: str) -> None:
    expect(page.locator("[data-room]")).to_have_attribute("data-stage", stage)


def prepared(room: Sitting) -> str:
    """The code of the bid that has a blind part, once the server has made the parts ready."""
    page = room.live.open(room.members[0], f"/room/{room.case}")
    expect(page.locator("[data-room]:not([data-again])")).to_have_count(1)  # it hears that they are, and is read anew
    view = room.live.stage.ask(room.members[0], "room.view", room.case)
    return next(str(bid["id"]) for bid in view["bids"] if bid["pdf_sha256"])


def test_a_blind_part_is_read_in_the_room_under_its_code(room: Sitting) -> None:
    live, code = room.live, prepared(room)
    page = live.open(room.members[0], f"/room/{room.case}?bid={code}")
    expect(page.locator("[data-layout-signs]")).to_contain_text("共 70 页: 行距不符")
    expect(page.locator("#bid-pdf")).to_have_attribute("data-shown", "1")
    expect(page.locator("#bid-pdf .textLayer").first).to_contain_text("page 1")
    page.locator("#bid-pdf [data-rd-page]").fill("69")
    page.locator("#bid-pdf [data-rd-page]").press("Enter")
    expect(page.locator("#bid-pdf")).to_have_attribute("data-shown", "69")
    expect(page.locator('a[href$="/aid"]')).to_have_count(0)
    path = f"{live.base}/room/{room.case}/blind/{code}"
    part = page.request.get(path, headers={"Range": "bytes=0-4"})
    assert (part.status, part.body(), part.headers["cache-control"]) == (206, b"%PDF-", "private, no-store")
    assert live.open("tenderer", "/").request.get(path, max_redirects=0).status == 404
    check_axe(page)


def test_the_plan_is_judged_under_codes_without_a_name_or_price(room: Sitting) -> None:
    live, case, first = room.live, room.case, room.members[0]
    page = live.open(first, f"/room/{case}")
    at_stage(page, "BLIND")
    shown = page.locator(".rm-grid").inner_text()
    assert "T01" in shown and not any(word in shown for word in (*NAMES, *PRICES))
    for bid in room.bids.values():
        for path in (f"/room/{case}/bids/{bid}/file", f"/room/{case}/bids/{bid}", f"/room/{case}/bids/{bid}/parts/0"):
            assert page.request.get(live.base + path).status == 404, path
    check_axe(page)
    check_axe(live.open(first, f"/room/{case}", phone=True))
    for code in ("T01", "T02", "T03"):
        page.goto(f"{live.base}/room/{case}?bid={code}")
        form = page.locator("form[data-score]")
        form.locator("[name=points]").fill("91.5")
        form.locator("[name=points]").press("Tab")
        expect(form).to_have_attribute("data-done", "yes")
    page.locator('[data-lock="scores"]').click()
    live.sign(page, first)
    expect(page.locator('[data-lock="scores"]')).to_be_disabled()
    for who in room.members[1:]:
        points = [{"bid": code, "criterion": "plan", "points": "90"} for code in ("T01", "T02", "T03")]
        live.stage.act(who, "blind.score", case, scores=points)
        live.stage.act(who, "blind.lock", case)
    at_stage(page, "PRELIM")
    assert any(word in page.locator(".rm-grid").inner_text() for word in NAMES)
    expect(page.locator(".rm-left a[href$='/aid']")).to_have_count(1)


def test_unclear_words_are_asked_about_before_anybody_rejects(room: Sitting, tmp_path: Path) -> None:
    live, case, first = room.live, room.case, room.members[0]
    bid = room.bids["bidder2"]
    page = live.open(first, f"/room/{case}?bid={bid}")
    item = page.locator("form[data-mark]").first
    item.locator("label", has_text="✗").click()
    item.locator("[name=page]").fill("3")
    item.locator("[name=unclear]").check()
    item.locator("[name=reason]").fill("工期前后表述不一致")
    item.locator("[name=reason]").press("Tab")
    expect(item).to_have_attribute("data-done", "yes")
    check_axe(page)
    for one in room.bids.values():
        page.goto(f"{live.base}/room/{case}?bid={one}")
        page.locator("[data-pass-rest]").click()
        expect(page.locator('form[data-mark][data-done="no"]')).to_have_count(0)
    page.locator('form[data-room-act="prelim.lock"] button').click()
    for who in room.members[1:]:
        seen = live.stage.ask(who, "room.view", case)
        marks = [{"bid": b["id"], "item": i["id"], "pass": True} for b in seen["bids"] for i in seen["items"]]
        live.stage.act(who, "prelim.mark", case, marks=marks)
        live.stage.act(who, "prelim.lock", case)
    vote = page.locator('form[data-room-act="reject.vote"]')
    vote.locator("input[value=true]").check()
    vote.locator("textarea").fill("不一致")
    vote.locator("button").click()
    expect(vote.locator("[data-breaches]")).to_contain_text("1117")
    check_axe(page)
    ask = page.locator('form[data-room-act="clarify.ask"]').first
    ask.locator("textarea").fill("请说明以何处工期为准")
    ask.locator("button").click()
    answers(room, "bidder2", tmp_path)
    page.reload()  # what the leader was writing was not exchanged under the hands
    expect(page.locator("#room-tasks")).to_contain_text("以投标函为准")
    proof = page.locator('#room-tasks a[href*="/answers/"]').get_attribute("href")
    assert page.request.get(live.base + str(proof)).body() == b"cost proof"
    assert live.open("bidder1", "/").request.get(live.base + str(proof), max_redirects=0).status == 404
    for who in room.members:
        live.stage.act(who, "reject.vote", case, bid=bid, ground=ground(room, first), reject=False)
    at_stage(page, "SCORING")


def ground(room: Sitting, who: str) -> str:
    return str(room.live.stage.ask(who, "room.view", room.case)["votes"]["pairs"][0]["ground"])


def answers(room: Sitting, who: str, folder: Path) -> None:
    """The bidder on its own page, with a file, signed."""
    proof = folder / "proof.txt"
    proof.write_bytes(b"cost proof")
    page = room.live.open(who, f"/cases/{room.case}/questions")
    check_axe(page)
    form = page.locator('form[data-act="clarify.answer"]')
    form.locator("textarea").fill("以投标函为准")
    form.locator("input[type=file]").set_input_files(proof)
    form.locator("button").click()
    room.live.sign(page, who)
    expect(page.locator("main")).to_contain_text("以投标函为准")
    expect(page.locator('form[data-act="clarify.answer"]')).to_have_count(0)
    check_axe(page)


@pytest.mark.soak
def test_a_low_price_is_explained_before_the_first_price_score(room: Sitting, tmp_path: Path) -> None:
    live, case, first, second = room.live, room.case, room.members[0], room.members[1]
    page = live.open(first, f"/room/{case}")
    for who in room.members[::-1]:
        seen = live.stage.ask(who, "room.view", case)
        rest = [c["id"] for c in seen["criteria"] if c["id"] not in seen["blind_criteria"]]
        points = [{"bid": b, "criterion": c, "points": "90"} for b in room.bids.values() for c in rest]
        live.stage.act(who, "score.save", case, scores=points)
        live.stage.act(who, "score.lock", case)
        if who == second:
            unlock(room)
    at_stage(page, "LOWPRICE")
    check_axe(page)
    for phone in (False, True):
        check_axe(live.open("regulator", f"/room/{case}", phone=phone))
    form = page.locator('form[data-room-act="lowprice.ask"]')
    form.locator("textarea").fill("请对报价作出书面说明并附成本证明")
    form.locator("button").click()
    expect(page.locator('form[data-room-act="lowprice.ask"]')).to_have_count(0)
    answers(room, "bidder1", tmp_path)
    vote = page.locator('form[data-room-act="lowprice.vote"]')
    vote.locator("input[value=true]").check()
    vote.locator("[name=reason]").fill("自有砂石场")
    check_axe(live.open(second, f"/room/{case}", phone=True))
    vote.locator("button").click()
    for who in room.members[1:]:
        live.stage.act(who, "lowprice.vote", case, bid=room.bids["bidder1"], justified=True, reason="合理")
    at_stage(page, "SUMMARY")
    check_axe(page)


def unlock(room: Sitting) -> None:
    """A member asks on its page while the leader has not locked; the leader decides on the page."""
    live, case, second = room.live, room.case, room.members[1]
    page = live.open(second, f"/room/{case}")
    page.locator("summary", has_text="解锁").click()
    form = page.locator('form[data-room-act="unlock.ask"]')
    form.locator("textarea").fill("两家分数填反")
    form.locator("button").click()
    expect(page.locator('form[data-room-act="unlock.ask"]')).to_have_count(0)
    leader = live.open(room.members[0], f"/room/{case}", phone=True)
    check_axe(leader)
    decide = leader.locator('form[data-room-act="unlock.decide"]')
    decide.locator("input[value=true]").check()
    decide.locator("button").click()
    expect(leader.locator('form[data-room-act="unlock.decide"]')).to_have_count(0)
    live.stage.act(second, "score.lock", case)


@pytest.mark.certify("B-023")
def test_the_bid_read_in_the_room_is_the_one_that_was_decrypted(room: Sitting) -> None:
    """Byte for byte: what the room serves has the digest the opening noted when it decrypted this bid."""
    live, case, first = room.live, room.case, room.members[0]
    page = live.open(first, "/")
    seen = {bid["id"]: bid["pdf_sha256"] for bid in live.stage.ask(first, "room.view", case)["bids"]}
    with live.acts.reading() as session:
        opened = {bid["id"]: bid["pdf_sha256"] for bid in opened_bids(session, case)}
    assert seen == opened and len(seen) == len(PRICES)
    for bid, digest in opened.items():
        answer = page.request.get(f"{live.base}/room/{case}/bids/{bid}/file")
        assert hashlib.sha256(answer.body()).hexdigest() == digest == answer.headers["x-content-sha256"]
