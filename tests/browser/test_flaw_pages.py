"""A flawed tender file in a real browser: a member puts it to the vote, three of five stop it, the tenderer signs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Live
from tests.browser.looks import faults_of
from tests.browser.seated import seated

pytestmark = pytest.mark.browser
CLAUSE = "第三章 评标办法 3.2.1"


@pytest.mark.soak
def test_members_stop_the_sitting_and_the_tenderer_answers(live: Live, tmp_path: Path) -> None:
    case, bids = live.opened()
    found = seated(live, case, bids)
    place = f"/room/{found.case}"
    first = live.open(found.members[0], place, language="en")
    first.get_by_text("The tender file is flawed or against the law").click()
    first.get_by_label("Clause of the file").fill(CLAUSE)
    first.locator("#flaw-why").fill("以本地业绩作为加分条件")
    first.get_by_role("button", name="Put it to the vote").click()
    expect(first.locator("#room-tasks")).to_contain_text("1 of 5 members have voted")
    first.screenshot(path=tmp_path / "member.png", full_page=True)
    flaw = live.stage.ask(found.members[1], "room.view", found.case)["flaws"][0]["id"]
    live.stage.act(found.members[1], "flaw.vote", found.case, flaw=flaw, flawed=True)

    third = live.open(found.members[2], place, phone=True)
    form = third.locator("form[data-room-act='flaw.vote']")
    third.screenshot(path=tmp_path / "phone.png", full_page=True)
    form.get_by_label("是：招标文件存在重大缺陷或者违反强制性规定").check()
    form.get_by_role("button", name="投票").click()
    for page in (first, third):
        expect(page.locator("main")).to_contain_text(CLAUSE)
        expect(page.locator(".alert-danger").first).to_be_visible()
    assert faults_of(third) == []

    owner = live.open("tenderer", f"/cases/{found.case}")
    owner.locator("#act-flaw-answer a").click()
    expect(owner.locator("#watch-flaws")).to_contain_text("以本地业绩作为加分条件")
    owner.get_by_label("属实：终止本次招标，修改招标文件后重新招标（采购）").check()
    owner.get_by_label("书面答复").fill("属实，修改后重新招标")
    assert faults_of(owner) == []
    owner.screenshot(path=tmp_path / "owner.png", full_page=True)
    owner.get_by_role("button", name="签名并答复").click()
    live.sign(owner, "tenderer")
    expect(owner).to_have_url(f"{live.base}/cases/{found.case}")
    expect(owner.locator("main")).to_contain_text("招标失败")
