"""A goods tender in a real browser: its file, who is qualified, the winner settled, what a bidder is told."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from core.access import SYSTEM
from tests.browser.conftest import REGION, Live, walk_to_report
from tests.browser.looks import check_axe
from trading.document import layout
from trading.procedures.open_goods import fields
from trading.project.models import Case

pytestmark = pytest.mark.browser
FILE: dict[str, Any] = {
    "ceiling": "6000", "bid_bond": "0", "validity_days": 90, "issue_days": 9, "bidding_days": 21,
    "evaluation": dict(fields.START), "award": {"separate": False, "candidates": 3, "ranked": True},
    "settings": {"fallback": True, "window_minutes": 30},
}  # fmt: skip


def drafted(live: Live) -> str:
    made = live.stage.act(
        "tenderer", "project.create", name="东西湖区某中学计算机教室设备采购", region=REGION, category="D01 货物",
        procedure="open-goods", funds="state", estimate="6000", unit="万元", agency_org=live.ring["agency"].org,
        lot={"no": "001", "name": "计算机教室设备", "duration_days": 30},
    )  # fmt: skip
    case = str(made["case"])
    live.stage.act("tenderer", "plan.publish", case)
    live.stage.act("agency", "project.register", case, approval_no="采购计划〔2026〕1号", agency_contract="委托1号")
    live.stage.act("agency", "file.compile", case)
    live.stage.act("agency", "file.save", case, **FILE)
    return case


def announced(live: Live) -> str:
    return issued(live, drafted(live))


def issued(live: Live, case: str) -> str:
    warned = live.stage.act("agency", "file.save", case)["breaches"]
    assert not [one for one in warned if one["action"] == "B"], warned
    live.stage.act("tenderer", "tender.issue", case, accept_warnings=sorted({one["rule"] for one in warned}),
                   reason="采购意向公开时间不足，已备案")  # fmt: skip
    return case


def test_small_firms_and_the_layout_of_a_blind_part_from_the_editor_to_the_desk(live: Live) -> None:
    case = drafted(live)
    page = live.open("agency", f"/cases/{case}/file")
    page.get_by_role("button", name="添加扣除").click()
    row = page.locator('[data-list="deductions"] [data-item]').last
    row.locator("[data-key=flag]").select_option("small_share")
    row.locator("[data-key=rate]").fill("0.07")
    expect(page.locator("#check")).to_contain_text("价格扣除比例须在规定幅度内")
    row.locator("[data-key=rate]").fill("0.05")
    part = page.locator("[name='evaluation.blind.part']")
    expect(page.locator("[name='evaluation.blind.layout.sizes']")).to_be_hidden()
    part.select_option("response")
    page.locator("[name='evaluation.blind.criteria']").fill("technical")
    page.locator("[name='evaluation.blind.layout.sizes']").fill("14 12")
    page.locator("[name='evaluation.blind.layout.spacing']").fill("")
    page.get_by_role("button", name="保存招标文件").click()
    expect(page.locator("form[data-tender-file] > fieldset > [data-status]")).to_contain_text("已于")
    with live.acts.reading() as session:
        told = session.get_one(Case, case).evaluation
    assert (told["price"]["deductions"]["small_share"], told["price"]["least_share"]) == ("0.05", "30")
    assert told["blind"]["layout"] == layout.USUAL | {"sizes": ["14", "12"], "spacing": ""}
    check_axe(page)
    issued(live, case)
    desk = live.open("bidder1", f"/cases/{case}/bid")
    review, share = desk.locator("[data-review-list]"), desk.locator("[name=small_share]")
    for ticked, form, value, said in (
        (False, "consortium", "30", "未勾选对应的价格扣除"), (True, "consortium", "100", "大于0且小于100"),
        (True, "all_small", "30", "不填份额"), (True, "subcontract", "30.00", ""),
    ):  # fmt: skip
        desk.locator("input[value=small_share]").set_checked(ticked)
        desk.locator("[name=small_form]").select_option(form)
        share.fill(value)
        desk.locator("[data-review]").click()
        if said:
            expect(review).to_contain_text(said)
        else:
            expect(review).not_to_contain_text("小微企业合同份额")
    check_axe(desk)


@pytest.fixture(scope="module")
def opened(live: Live) -> tuple[str, dict[str, str]]:
    case = announced(live)
    bids = live.sealed(case)
    live.begin(case)
    for who, bid in bids.items():
        live.unlock(case, who, bid)
    live.stage.act("centre1", "opening.close", case)
    live.settled(case)
    return case, bids


def test_the_file_of_a_procurement_is_checked_as_one_types(live: Live) -> None:
    case = drafted(live)
    page = live.open("agency", f"/cases/{case}/file")
    check = page.locator("#check")
    expect(check).to_contain_text("采购意向应当在采购公告前此期限公开")
    page.locator("[name='settings.notice_days']").fill("4")
    expect(check).to_contain_text("招标公告的公告期限不得少于此期限")
    page.locator("[name='settings.notice_days']").fill("5")
    page.locator("[name='evaluation.price.full']").fill("29")
    expect(check).to_contain_text("货物项目的价格分值占总分值的比重不得低于此比例")
    page.locator("[name='evaluation.price.full']").fill("30")
    page.locator("[name='sections.qualification']").fill("注册资本不少于500万元")
    expect(check).to_contain_text("不得将投标人的规模条件")
    assert page.locator("[name='award.separate']").count() == 0, "no award meeting in this procedure"
    check_axe(page)


def test_a_core_product_named_in_the_editor_is_asked_for_at_the_desk(live: Live) -> None:
    case = drafted(live)
    page = live.open("agency", f"/cases/{case}/file")
    page.get_by_role("button", name="添加核心产品").click()
    page.locator('[data-list="evaluation.brands.core"] [data-key=name]').fill("交互式触控一体机")
    page.get_by_role("button", name="保存招标文件").click()
    expect(page.locator("form[data-tender-file] > fieldset > [data-status]")).to_contain_text("已于")
    with live.acts.reading() as session:
        told = session.get_one(Case, case).evaluation["brands"]
    assert told == {"core": [{"id": "core1", "name": "交互式触控一体机"}], "same": "any", "tie": ""}
    warned = live.stage.act("agency", "file.save", case)["breaches"]
    live.stage.act("tenderer", "tender.issue", case, accept_warnings=sorted({one["rule"] for one in warned}),
                   reason="采购意向公开时间不足，已备案")  # fmt: skip
    desk = live.open("bidder1", f"/cases/{case}/bid")
    review = desk.locator("[data-review-list]")
    desk.locator("[data-review]").click()
    expect(review).to_contain_text("交互式触控一体机 的品牌")
    desk.locator("input[name=brand]").fill("海信")
    desk.locator("[data-review]").click()
    expect(review).not_to_contain_text("交互式触控一体机 的品牌")
    check_axe(desk)


def test_the_agency_examines_on_its_page_and_concludes(live: Live, opened: tuple[str, dict[str, str]]) -> None:
    case, _ = opened
    page = live.open("agency", f"/cases/{case}")
    expect(page.locator("#case-next")).to_contain_text("采购人 / 采购代理机构")
    expect(page.locator("#case-next")).to_contain_text("资格审查")
    page.goto(f"{live.base}/cases/{case}/qualification")
    conclude = page.locator("form[data-act='qualification.conclude'] button")
    expect(conclude).to_be_disabled()
    check_axe(page)
    last = page.locator("form[data-act='qualification.mark']").last
    last.locator("input[type=radio][value=false]").first.check()
    last.locator("[name$='.reason']").first.fill("未提供纳税证明")
    for number in range(3):
        form = page.locator("form[data-act='qualification.mark']").nth(number)
        if number == 1:  # the first was saved and the page loaded anew
            expect(last.locator("[name$='.reason']").first).to_have_value("未提供纳税证明")
            expect(last.locator("input[type=radio][value=false]").first).to_be_checked()
        if number == 0:
            for radio in form.locator("input[type=radio][value=true]").all():
                radio.check()
        elif number == 1:
            form.locator("[data-check-rest]").click()
        else:  # what was chosen stays when the others are met all at once
            form.locator("[data-check-rest]").click()
            expect(form.locator("input[type=radio][value=false]").first).to_be_checked()
            form.locator("input[type=radio][value=true]").first.check()
        form.locator(".btn-primary").click()
        expect(page.locator(".badge.bg-green-lt")).to_have_count(number + 1)
    phone = live.open("agency", f"/cases/{case}/qualification", phone=True)
    check_axe(phone)
    conclude.click()
    live.sign(page, "agency")
    page.wait_for_url(f"**/cases/{case}")
    expect(page.locator("#case-line")).to_contain_text("资格审查完成")
    shown = live.open("regulator", f"/cases/{case}/qualification")
    expect(shown.locator("h2", has_text="报告")).to_be_visible()
    assert shown.locator("form[data-act]").count() == 0, "who supervises examines nothing"
    for who in ("bidder1", "centre1"):
        assert live.stage.session(who).get(f"{live.base}/cases/{case}/qualification").status_code in (403, 404)


def test_settled_published_and_each_bidder_reads_its_own(live: Live, opened: tuple[str, dict[str, str]]) -> None:
    case, bids = opened
    order = [bids["bidder2"], bids["bidder1"], bids["bidder3"]]
    result = {
        "outcome": "evaluated", "ranked": True, "candidates": order, "ranking": order, "members": [], "rejected": {},
        "totals": dict(zip(order, ("93.12", "91.80", "90.47"), strict=True)),
        "places": dict(zip(order, (1, 2, 3), strict=True)),
        "reported_at": live.stage.now().isoformat(), "report_sha256": "0" * 64,
    }  # fmt: skip
    with live.acts.reading() as session:
        assert session.get_one(Case, case).state == "QUALIFIED", "the page of qualification concluded"
    live._local().acts.act(walk_to_report, SYSTEM, case, result)
    page = live.open("tenderer", f"/cases/{case}/result")
    expect(page.locator("form[data-act='winner.settle']")).to_be_visible()
    check_axe(page)
    page.locator("form[data-act='winner.settle'] button").click()
    live.sign(page, "tenderer")
    publish = page.locator("form[data-act='result.publish'] button")
    expect(publish).to_be_enabled()
    assert "湖北长丰市政工程有限公司" not in live.open("bidder1", f"/cases/{case}/result").content(), "not yet told"
    publish.click()
    live.sign(page, "tenderer")
    expect(page.locator(".gh-big").first).to_contain_text("湖北长丰市政工程有限公司")  # published: not shown before
    own = live.open("bidder1", f"/cases/{case}/result")
    expect(own.locator("section", has_text="我方结果")).to_contain_text("91.80")
    assert "90.47" not in own.content()
    check_axe(own)
    answer = live.stage.session("bidder1").get(f"{live.base}/cases/{case}/letter")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert live.stage.session("bidder2").get(f"{live.base}/cases/{case}/letter").status_code == 404, "the winner's"
