"""Invitation and result of a request for quotes: what they say at each ending, who may read them, and that a stranger
can check them offline."""

from __future__ import annotations

import pytest

from certs import desk_sign, pdfcheck
from certs.models import SigningDoc
from core import doors, jobs
from core.access import Actor
from core.faults import Fault
from core.jobs import DueJob
from core.ledger import EntryRow
from core.live import LiveEventRow
from core.rules import Refused
from tests.trading import papers_offline as offline_papers
from tests.trading.buying_world import BUYER, OTHER, SUPPLIERS, Mall, mall_of
from tests.trading.papers_offline import text_of
from trading.buying.quotes import filing, queries
from trading.buying.quotes.models import Quote
from verifier.recompute import recompute

FIRST, SECOND, THIRD = SUPPLIERS
ANYONE = Actor("", "", "", "", frozenset(), "")


@pytest.fixture
def mall(world) -> Mall:
    found = mall_of(world)
    found.budget("1000000")
    found.free()
    return found


def ring(mall: Mall, request: str, kind: str) -> str:
    return offline_papers.ring(mall.world, "quote.paper", request, kind)


def sign(mall: Mall, document: str) -> None:
    offline_papers.sign(mall.world, document, mall.stage.people[BUYER], mall.stage.keys[BUYER])


def pdf_of(mall: Mall, document: str) -> bytes:
    return offline_papers.pdf_of(mall.world, document)


def offline(mall: Mall, data: bytes) -> list[str]:
    return offline_papers.offline(mall.world, data)


def readers(mall: Mall, request: str) -> dict[str, list[str]]:
    """Kinds of papers by who may open them; the public is 大众."""
    people = {**mall.stage.people, "大众": ANYONE}
    with mall.world.read() as session:
        row = session.get_one(queries.QuoteRequest, request)
        return {who: [one["kind"] for one in queries.papers(session, row, actor)] for who, actor in people.items()}


def quote_of(mall: Mall, request: str, who: str) -> Quote:
    with mall.world.read() as session:
        return session.query(Quote).filter_by(request_id=request, org_id=mall.stage.people[who].org,
                                              state="received").one()  # fmt: skip


def three(mall: Mall, request: str, *prices: str, **changes) -> dict:
    return {who: mall.quote(request, who, price, **changes.get(who, {}))
            for who, price in zip(SUPPLIERS, prices, strict=False)}  # fmt: skip


def settled(mall: Mall, request: str, *prices: str, **changes) -> str:
    """Quoted at these prices, the lowest selected and ordered; the result on the desk."""
    made = three(mall, request, *prices, **changes)
    if len(made) < 3:
        assert mall.end(request) == "QUOTING", "put off once"
    mall.compare(request, **made)
    with mall.world.read() as session:
        shown = queries.view(session, request, mall.stage.people[BUYER], mall.world.clock.now())
    mall.do(BUYER, "quote.select", request, quote=shown["quotes"][0]["quote"].id, reason="仅此两家，价格合理")
    return ring(mall, request, filing.RESULT)


# -- the invitation ---------------------------------------------------------------------------------------------------


def test_the_invitation_says_what_is_asked_and_until_when_and_is_signed_by_the_buyer(mall):
    request = mall.request()
    document = ring(mall, request, filing.INVITATION)
    assert readers(mall, request)[BUYER] == [filing.INVITATION]
    own = {BUYER, "经办人", "审批人"}
    assert not any(kinds for who, kinds in readers(mall, request).items() if who not in own), "not signed yet"
    sign(mall, document)
    said = text_of(pdf_of(mall, document))
    for part in ("询价通知书", BUYER, "办公电脑", "台式计算机", "8核16G512G", "60,000.00元", "2026年3月6日09:00",
                 "向电子卖场全部供应商公开", "第45条", "第48条", "顺延1个工作日"):  # fmt: skip
        assert part in said, part
    assert "收货人" not in said, "the page tells it to nobody either"
    report = offline(mall, pdf_of(mall, document))
    assert report[0].startswith("2 signatures") and any(line.startswith("platform:") for line in report)
    assert all(kinds == [filing.INVITATION] for kinds in readers(mall, request).values())


def test_an_invitation_to_named_suppliers_is_read_by_them_and_names_nobody(mall):
    invited = [mall.stage.people[who].org for who in SUPPLIERS]
    request = mall.request(to_whom="suppliers", invited=invited)
    sign(mall, ring(mall, request, filing.INVITATION))
    found = readers(mall, request)
    assert all(found[who] == [filing.INVITATION] for who in (BUYER, *SUPPLIERS, "监管", "交易中心"))
    assert found["大众"] == found[OTHER] == found["投标人丁"] == []
    with mall.world.read() as session:
        doc = session.query(SigningDoc).filter_by(case=request).one()
    said = text_of(pdf_of(mall, doc.id))
    assert "受邀请的供应商" in said and not any(who in said for who in SUPPLIERS)
    record, _ = pdfcheck.machine_record(pdf_of(mall, doc.id))
    assert not any(org in str(record) for org in invited)


def test_the_invitation_keeps_the_end_it_was_published_with(mall):
    request = mall.request()
    mall.end(request)
    assert mall.row(request).ends_at.day == 9, "put off"
    assert "2026年3月6日09:00" in text_of(pdf_of(mall, ring(mall, request, filing.INVITATION)))


def test_it_is_drawn_up_once_and_by_no_door(mall):
    request = mall.request()
    assert ring(mall, request, filing.INVITATION)
    job = {"kind": filing.INVITATION, "person": mall.stage.people[BUYER].person}
    assert jobs.LONG["quote.paper"](mall.world.acts, request, job) == {}
    assert mall.stage.ring("quote.paper", request, **job) == {}
    assert jobs.LONG["quote.paper"](mall.world.acts, request, job | {"kind": filing.RESULT}) == {}, "not ended"
    assert jobs.LONG["quote.paper"](mall.world.acts, "nothing", job) == {}
    with pytest.raises(Refused):
        doors.perform(mall.world.acts, None, mall.stage.people[BUYER], "quote.paper", request, job)


def test_what_the_font_lacks_holds_up_no_paper(mall):
    request = mall.request(title="电脑\U0001f4bb采购", note="第一行\n第二行\t完")
    assert "电脑□采购" in text_of(pdf_of(mall, ring(mall, request, filing.INVITATION)))


def test_a_buyer_without_a_certificate_gets_a_paper_closed_by_the_platform_alone(mall):
    request = mall.request("经办人")
    document = ring(mall, request, filing.INVITATION)
    data = pdf_of(mall, document)
    assert "没有有效的签名证书" in text_of(data) and offline(mall, data)[0].startswith("1 signatures")


def test_the_paper_is_made_while_nobody_waits_for_the_writer(mall, monkeypatch):
    seen, compose = [], filing.filing.compose

    def watched(*args):
        seen.append(mall.world.acts._lock.locked())
        return compose(*args)

    monkeypatch.setattr(filing.filing, "compose", watched)
    ring(mall, mall.request(), filing.INVITATION)
    assert seen == [False]


# -- nothing before the end -------------------------------------------------------------------------------------------


def test_before_the_end_no_paper_tells_that_anybody_quoted(mall):
    request = mall.request()
    ring(mall, request, filing.INVITATION)

    def snapshot() -> list:
        with mall.world.read() as session:
            entries = session.query(EntryRow.stream).filter(EntryRow.stream.not_like("sealed:%")).count()
            events = [(row.channel, row.kind) for row in session.query(LiveEventRow)]
            planned = [(one.act, one.payload) for one in session.query(DueJob).filter_by(case=request)]
        return [entries, events, planned, readers(mall, request)]

    before = snapshot()
    three(mall, request, "5000", "4999")
    assert snapshot() == before
    said = {"kind": filing.RESULT, "person": ""}
    assert jobs.LONG["quote.paper"](mall.world.acts, request, said) == {}, "whoever rings: no result before the end"


# -- each ending ------------------------------------------------------------------------------------------------------


def test_the_result_of_three_quotes_with_one_left_out(mall):
    request = mall.request()
    document = settled(mall, request, "5000", "4999.99", "4000", **{THIRD: {"delivery_days": 11}})
    assert readers(mall, request)[FIRST] == readers(mall, request)["监管"] == []
    sign(mall, document)
    data = pdf_of(mall, document)
    said = text_of(data)
    for part in ("询价成交结果", f"成交供应商{SECOND}", "49,999.90元", "10,000.10元（16.67%）", "截止时收到报价3家",
                 "40,000.00", "交货期超过采购要求", "第48条", "选定成交供应商", f"{BUYER}经办", "有效报价2家，不足3家",
                 "仅此两家，价格合理", "DD20260306"):  # fmt: skip
        assert part in said, part
    report = offline(mall, data)
    assert any("recomputed from the attached record: comparison" in line for line in report)
    found = readers(mall, request)
    assert all(filing.RESULT in found[who] for who in (BUYER, *SUPPLIERS, "监管", "交易中心"))
    assert filing.RESULT not in found["大众"] + found["投标人丁"] + found[OTHER]


def test_who_reads_the_result_is_who_sees_the_comparison_on_the_page(mall):
    request = mall.request()
    sign(mall, settled(mall, request, "5000", "4999", "4998"))
    with mall.world.read() as session:
        row = session.get_one(queries.QuoteRequest, request)
        for who, actor in {**mall.stage.people, "大众": ANYONE}.items():
            shown = queries.view(session, request, actor, mall.world.clock.now())
            has = filing.RESULT in [one["kind"] for one in queries.papers(session, row, actor)]
            assert has == bool(shown["quotes"]), who


def test_small_firms_and_equal_prices_are_told_as_they_were_ranked(mall):
    request = mall.request(deduction=10, kind="comparison")
    document = settled(mall, request, "5000", "5000", "5500", **{THIRD: {"small_firm": True}})
    record, _ = pdfcheck.machine_record(pdf_of(mall, document))
    result = record["comparison"]["result"]
    ids = {one["name"]: one["id"] for one in record["quotes"]}
    assert result["order"] == [ids[THIRD], ids[FIRST], ids[SECOND]] and result["tied"] == []
    assert result["evaluated"][ids[THIRD]] == "49500" and result["saved"] == "5000"
    said = text_of(pdf_of(mall, document))
    assert "比价成交结果" in said and "扣除10%" in said and "第9条" in said


def test_too_few_quotes_put_off_once_and_selected_with_a_reason(mall):
    request = mall.request(to_whom="suppliers", invited=[mall.stage.people[who].org for who in SUPPLIERS])
    document = settled(mall, request, "5000", "4999")
    said = text_of(pdf_of(mall, document))
    assert "原截止时报价不足3家，顺延一次" in said and "截止时收到报价2家" in said and "有效报价2家，不足3家" in said
    assert f"邀请供应商3家：{'、'.join(sorted(SUPPLIERS))}" in said
    with mall.world.read() as session:
        for who in (FIRST, "监管"):  # after the result the page tells it as well
            shown = queries.view(session, request, mall.stage.people[who], mall.world.clock.now())
            assert shown["invited"] == sorted(SUPPLIERS)


def test_nobody_quoted_the_platform_alone_closes_the_record(mall):
    request = mall.request()
    invitation = ring(mall, request, filing.INVITATION)
    assert (mall.end(request), mall.end(request)) == ("QUOTING", "FAILED")
    document = ring(mall, request, filing.RESULT)
    said = text_of(pdf_of(mall, document))
    assert "截止时没有供应商报价" in said and "第45条" in said and "平台（到时自动）" in said
    assert offline(mall, pdf_of(mall, document))[0].startswith("1 signatures")
    with mall.world.read() as session:
        assert session.get_one(SigningDoc, invitation).state == "void", "nobody can answer it any more"
        assert session.get_one(SigningDoc, document).state == "sealed"


def test_a_request_closed_after_the_comparison_says_why_and_by_whom(mall):
    request = mall.request()
    mall.compare(request, **three(mall, request, "5000", "4999", "7000"))
    mall.do(BUYER, "quote.find", request, quote=quote_of(mall, request, SECOND).id, meets=False, reason="内存不足")
    mall.do(BUYER, "quote.close", request, reason="预算调整")
    document = ring(mall, request, filing.RESULT)
    sign(mall, document)
    said = text_of(pdf_of(mall, document))
    for part in ("询价结果记录", "终止（未成交）", "预算调整", "内存不足", "总价超过最高限价", "第22条",
                 f"{BUYER}经办"):  # fmt: skip
        assert part in said, part
    assert "成交供应商" not in said.replace("不产生成交供应商", "")
    assert offline(mall, pdf_of(mall, document))[0].startswith("2 signatures")


def test_of_a_cancelled_request_nothing_of_the_quotes_is_told(mall):
    request = mall.request(to_whom="suppliers", invited=[mall.stage.people[who].org for who in SUPPLIERS])
    three(mall, request, "5000", "4999")
    mall.do(BUYER, "quote.cancel", request, reason="需求取消")
    document = ring(mall, request, filing.RESULT)
    sign(mall, document)
    data = pdf_of(mall, document)
    said, record = text_of(data), pdfcheck.machine_record(data)[0]
    assert "需求取消" in said and "第22条" in said and not any(who in said for who in SUPPLIERS)
    assert record["quotes"] == [] and record["comparison"] is None and record["invited"] == []
    assert offline(mall, data)


def test_approvals_stand_in_the_result_with_who_and_when(mall):
    mall.do(BUYER, "chain.set", least="0", steps=[{"name": "科室审批", "duty": "manager", "persons": []}])
    request = mall.request("经办人")
    mall.compare(request, **three(mall, request, "5000", "4999", "4998"))
    done = mall.do("经办人", "quote.select", request, quote=quote_of(mall, request, THIRD).id)
    with mall.world.read() as session:
        assert session.query(DueJob).filter_by(act="quote.paper", case=request).count() == 1, "not decided yet"
    mall.do(BUYER, "purchase.approve", done["purchase"])
    said = text_of(pdf_of(mall, ring(mall, request, filing.RESULT)))
    assert "选定成交供应商经办人" in said and f"审批：科室审批{BUYER}经办" in said


# -- what a stranger checks -------------------------------------------------------------------------------------------


def test_a_changed_figure_or_a_missing_signature_is_found_offline(mall):
    request = mall.request()
    document = settled(mall, request, "5000", "4999", "4998")
    with pytest.raises(Fault, match="no signature"):
        offline(mall, pdf_of(mall, document))
    sign(mall, document)
    data = pdf_of(mall, document)
    for at in (2000, len(data) // 2):
        with pytest.raises(Fault):
            offline(mall, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    record, _ = pdfcheck.machine_record(data)
    record["comparison"]["result"]["order"].reverse()
    with pytest.raises(Fault, match="comparison"):
        recompute(record)


def test_the_platform_closes_later_what_failed_at_first(mall, monkeypatch):
    request = mall.request("经办人")

    def broken(acts, document):
        raise OSError("no timestamp service")

    with monkeypatch.context() as patch:
        patch.setattr(desk_sign, "seal_document", broken)
        with pytest.raises(OSError):
            ring(mall, request, filing.INVITATION)
    assert readers(mall, request)["大众"] == []
    assert desk_sign.seal_waiting(mall.world.acts) == 1
    assert readers(mall, request)["大众"] == [filing.INVITATION]
