"""Papers of a reverse auction: the record at the close, the result at each ending, whom they name, who opens them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certs import authority, pdfcheck, suite
from certs.issuer import Subject
from certs.models import SigningDoc
from core import doors, jobs
from core.access import Actor
from core.faults import Fault
from core.rules import Refused
from tests.trading import papers_offline
from tests.trading.auction_world import OPENS, START, Mall, mall
from tests.trading.papers_offline import offline, pdf_of, planned, text_of
from tests.trading.stage import Stage
from trading.auction import filing
from trading.auction.queries import seen, view
from verifier.recompute import recompute

ANYONE = Actor("", "", "", "", frozenset(), "")


@pytest.fixture
def house(world) -> Mall:
    return mall(world)


@pytest.fixture
def key(house) -> suite.PrivateKey:
    """The buyer's person can sign."""
    made = suite.generate()
    name = Subject(house.buyer.name, house.buyer.org_name)
    ca = authority.of(house.world.acts.house.config).issuer
    der = ca.issue(suite.spki_of(made), name, "person-sign", START)
    with house.world.read() as session, session.begin():
        Stage._certificate(session, der, made, "person-sign", person=house.buyer.person, org=house.buyer.org)
    return made


def ring(house: Mall, auction: str, kind: str) -> str:
    return papers_offline.ring(house.world, "auction.paper", auction, kind)


def drawn(house: Mall, auction: str, kind: str) -> tuple[str, dict]:
    """Text and machine record."""
    data = pdf_of(house.world, ring(house, auction, kind))
    return text_of(data), pdfcheck.machine_record(data)[0]


def named(house: Mall, said: str) -> list[str]:
    return [one.org_name for one in house.suppliers if one.org_name in said]


def kinds(house: Mall, auction: str, actor: Actor) -> list[str]:
    with house.world.read() as session:
        shown = view(session, seen(session, auction, actor), actor, house.world.clock.now())
    return [one["kind"] for one in shown["papers"]]


def confirmed(house: Mall, *prices: str, **changes) -> str:
    auction = house.closed(*prices, **changes)
    house.do(house.suppliers[len(prices) - 1], "auction.confirm", auction, prices=["4000"])
    return auction


# -- the close --------------------------------------------------------------------------------------------------------


def test_the_clock_closes_and_the_platform_alone_seals_the_record_of_all_prices(house):
    auction = house.closed("50000", "45000", "41000")
    document = ring(house, auction, filing.RECORD)
    data = pdf_of(house.world, document)
    said = text_of(data)
    for part in ("竞价记录", "最高限价50,000.00元", "不少于100.00元", "共3次报价", "45,000.00", "41,000.00",
                 "本件由平台按规则自动形成", "待确认的供应商", "下一顺位", "72小时", "03-0210:00:00.000"):  # fmt: skip
        assert part in said, part
    assert len(named(house, said)) == 3, "the page names them after the close"
    report = offline(house.world, data)
    assert report[0].startswith("1 signatures") and any("recomputed" in one and "lowering" in one for one in report)
    for actor in (ANYONE, house.buyer, house.suppliers[3], house.other["regulator"]):
        assert kinds(house, auction, actor) == [filing.RECORD]
    with house.world.read() as session:
        assert session.get_one(SigningDoc, document).state == "sealed"


def test_before_the_close_no_paper_is_made_whoever_rings(house):
    auction = house.bidding(3)
    house.bid(0, auction, "49000")
    for kind in (filing.RECORD, filing.RESULT, "else"):
        assert jobs.LONG["auction.paper"](house.world.acts, auction, {"kind": kind, "person": ""}) == {}
        assert house.ring("auction.paper", auction, kind=kind, person="") == {}
    assert planned(house.world, "auction.paper", auction, filing.RECORD) == []
    with pytest.raises(Refused):
        doors.perform(house.world.acts, None, house.buyer, "auction.paper", auction, {"kind": filing.RESULT})


def test_extensions_and_interruptions_stand_in_it_with_the_ends_they_moved(house):
    auction = house.bidding(3)
    house.bid(0, auction, "49000")
    house.at(OPENS, minutes=30)
    house.do(house.centre, "auction.pause", auction, reason="机房断电")
    house.at(OPENS, minutes=40)
    house.do(house.centre, "auction.resume", auction, reason="已恢复")
    house.bid(1, auction, "48000")
    house.at(house.row(auction).ends_at - timedelta(seconds=1))
    house.bid(2, auction, "47000")
    house.end(auction)
    said, record = drawn(house, auction, filing.RECORD)
    assert "机房断电/已恢复" in said and "11:00:00移至2026年3月2日11:10:00" in said and "延时次数1次" in said
    result = record["lowering"]["result"]
    assert (result["extensions"], result["broken"]) == (1, [])
    assert result["end"] == house.row(auction).ends_at.isoformat()


# -- each ending ------------------------------------------------------------------------------------------------------


def test_the_result_names_the_winner_the_next_in_line_and_the_order_and_is_signed_by_the_buyer(house, key):
    auction = confirmed(house, "50000", "45000", "41000")
    house.do(house.buyer, "auction.accept", auction)
    document = ring(house, auction, filing.RESULT)
    assert kinds(house, auction, house.buyer) == [filing.RESULT] and kinds(house, auction, ANYONE) == []
    papers_offline.sign(house.world, document, house.buyer, key)
    assert kinds(house, auction, ANYONE) == [filing.RESULT]
    data = pdf_of(house.world, document)
    said = text_of(data)
    winner, second = house.suppliers[2].org_name, house.suppliers[1].org_name
    for part in ("竞价结果记录", f"成交供应商{winner}", "41,000.00元", "9,000.00元（18.00%）", f"下一顺位{second}",
                 "已确认", "订单编号DD2026", "4,000.00"):  # fmt: skip
        assert part in said, part
    report = offline(house.world, data)
    assert report[0].startswith("2 signatures")


def test_who_was_passed_over_stands_in_the_result_with_the_reason(house):
    auction = house.closed("50000", "45000", "41000")
    house.do(house.suppliers[2], "auction.decline", auction, reason="缺货")
    house.do(house.suppliers[1], "auction.confirm", auction, prices=["4500"])
    house.do(house.buyer, "auction.accept", auction)
    said, _ = drawn(house, auction, filing.RESULT)
    assert "放弃" in said and "缺货" in said and f"成交供应商{house.suppliers[1].org_name}" in said
    assert "没有有效的签名证书" in said, "the buyer of this world holds none"


def test_fewer_than_three_void_it_with_the_article_and_nobody_is_named(house):
    auction = house.closed("50000", "45000")
    assert house.row(auction).state == "VOID"
    said, record = drawn(house, auction, filing.RESULT)
    assert "不足3家，竞价作废（平台竞价规则）" in said and "45,000.00" in said and named(house, said) == []
    assert record["names"] == {} and len(record["lowering"]["result"]["ranking"]) == 2, "masks as on the page"
    assert not any(one.org in str(record) for one in house.suppliers)
    assert planned(house.world, "auction.paper", auction, filing.RECORD) == []


def test_where_the_number_of_bidders_is_hidden_a_void_auction_shows_no_mask_either(house):
    auction = house.closed("50000", "45000", regime="state_firm")
    said, record = drawn(house, auction, filing.RESULT)
    assert "GB/T43711—2024竞价" in said and "（不公开）" in said and named(house, said) == []
    assert record["lowering"]["result"]["ranking"] == []
    assert not any("mask" in one for one in record["lowering"]["input"]["prices"])


def test_nobody_left_in_line_names_nobody_and_the_record_with_names_goes_with_the_page(house):
    auction = house.closed("50000", "45000", "41000")
    ring(house, auction, filing.RECORD)
    for place in (2, 1, 0):
        house.do(house.suppliers[place], "auction.decline", auction, reason=f"{house.suppliers[place].org_name}缺货")
    assert house.row(auction).state == "VOID"
    said, record = drawn(house, auction, filing.RESULT)
    assert "各顺位供应商均未确认" in said and named(house, said) == [] and named(house, str(record)) == []
    assert kinds(house, auction, ANYONE) == [filing.RESULT]


def test_the_buyer_who_turns_the_last_one_away_signs_the_void(house, key):
    auction = house.closed("50000", "45000", "41000")
    for _ in range(3):
        house.do(house.buyer, "auction.reject", auction, reason="不符合公告要求")
    document = ring(house, auction, filing.RESULT)
    papers_offline.sign(house.world, document, house.buyer, key)
    assert offline(house.world, pdf_of(house.world, document))[0].startswith("2 signatures")


@pytest.mark.parametrize("after", ["notice", "prices", "pause"])
def test_a_cancelled_auction_says_why(house, after):
    auction = house.published() if after == "notice" else house.bidding(3)
    if after != "notice":
        house.bid(0, auction, "49000")
    if after == "pause":
        house.do(house.centre, "auction.pause", auction, reason="故障")
    house.do(house.buyer, "auction.cancel", auction, reason="需求变更")
    said, _ = drawn(house, auction, filing.RESULT)
    assert "采购人取消竞价" in said and "需求变更" in said and named(house, said) == []


def test_a_price_that_breaks_the_rules_is_found_by_whoever_computes_again(house):
    auction = house.closed("50000", "45000", "41000")
    _, record = drawn(house, auction, filing.RECORD)
    assert recompute(record) == ["lowering"]
    record["lowering"]["input"]["prices"][1]["price"] = "50000"
    with pytest.raises(Fault, match="broken"):
        recompute(record)
