"""The procedure on abnormally low prices, through the acts (domain.md §3.5): a line asks, only the members decide."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import ledger, live
from core.faults import Unusable
from core.rules import Refused
from evaluation.committee.models import Committee
from evaluation.lowprice import actions  # noqa: F401  (fills the table of acts)
from evaluation.report import papers, record
from evaluation.scoring import sheet
from evaluation.sitting.models import Sitting
from tests.evaluation.house import EVALUATION, SMALL, to_scoring
from tests.evaluation.test_talk import piece

QUESTION = "请对报价的合理性作出书面说明并附成本证明"


def scored(house, prices: dict[str, str], *, regime: str = "R2", **told):
    """Everybody has passed and scored every bid; regime R2 has the lines of 财库〔2026〕2号."""
    evaluation = EVALUATION | ({"low_price": told} if told else {})
    house.build(pool=6, sites=SMALL, prices=prices, regime=regime, evaluation=evaluation)
    house.names = house.sit(sites=SMALL)
    to_scoring(house)
    for name in house.names if regime == "R2" else ():
        piece(house, name, name.encode())  # nobody scores unrecorded
    for name in house.names:
        house.score(name, house.flat())
    return house


def seen(house, name: str, bidder: str = "丙"):
    found = house.ask(name, "room.view")["low_price"]
    return next((one for one in found if one["bid"] == house.bids[bidder]), None)


def ask(house, bidder: str = "丙", **more):
    return house.do(house.names[0], "lowprice.ask", bid=house.bids[bidder], question=QUESTION, **more)


def answer(house, bidder: str = "丙", text: str = "自有砂石场，附采购合同"):
    asked = house.ask(bidder, "room.bidder")["clarifications"][-1]["id"]
    return house.do(bidder, "clarify.answer", clarification=asked, answer=text)


def decide(house, against: int, bidder: str = "丙"):
    for number, name in enumerate(house.names):
        house.do(name, "lowprice.vote", bid=house.bids[bidder], justified=number >= against, reason="成本证明",
                 sources="建材价格网 2026-04-01")  # fmt: skip


def entries(house, kind: str):
    with house.world.read() as session:
        return [one.body for one in ledger.entries(session, f"case:{house.case}") if one.kind == kind]


@pytest.mark.rulebook("3.5 second lowest")
def test_the_worked_example_stops_before_the_first_price_score(house):
    """100, 96, 45: 45 < 96 × 0.5 = 48 although 45 > 40.17, half of the mean."""
    scored(house, {"甲": "100", "乙": "96", "丙": "45"})
    assert house.stage == "LOWPRICE"
    found = seen(house, house.names[1])
    # The ceiling of the house is 6000, so every price lies below the third line.
    assert {one["trigger"]: one["line"] for one in found["triggers"]} == {"second_lowest": "48", "limit": "2700"}
    assert house.ask("regulator", "room.watch")["summary"] is None
    assert entries(house, "scores.summarised") == []
    opened = entries(house, "lowprice.opened")[0]["bids"]
    assert {one["bid"] for one in opened} == set(house.bids.values())


@pytest.mark.rulebook("3.5 mean")
@pytest.mark.rulebook("3.5 limit")
@pytest.mark.parametrize(("prices", "lines"), [
    ({"甲": "5600", "乙": "5600", "丙": "2800"}, []),  # exactly half of the second lowest
    ({"甲": "5600", "乙": "5600", "丙": "2799.99"}, ["second_lowest"]),
    ({"甲": "5000", "乙": "5000", "丙": "2700"}, []),  # exactly 45 % of the ceiling 6000
    ({"甲": "5000", "乙": "5000", "丙": "2699.99"}, ["limit"]),
    ({"甲": "9000", "乙": "6000", "丙": "3000"}, []),  # the mean is 6000: exactly half of it
    ({"甲": "9000.03", "乙": "6000", "丙": "3000"}, ["mean"]),
])  # fmt: skip
def test_exactly_on_a_line_asks_for_nothing(house, prices, lines):
    scored(house, prices)
    assert house.stage == ("LOWPRICE" if lines else "SUMMARY")
    found = seen(house, house.names[0])
    assert [one["trigger"] for one in (found["triggers"] if found else ())] == lines


@pytest.mark.rulebook("3.5 trigger is not invalid")
@pytest.mark.parametrize(("against", "invalid"), [(0, False), (2, False), (3, True), (5, True)])
def test_only_more_than_half_of_all_make_the_bid_invalid(house, against, invalid):
    scored(house, {"甲": "5600", "乙": "5600", "丁": "5600", "丙": "2799.99"})
    ask(house)
    answer(house)
    decide(house, against)
    assert house.stage == "SUMMARY"
    told = house.ask("regulator", "room.watch")
    assert told["rejected"] == ({house.bids["丙"]: "LOWPRICE"} if invalid else {})
    assert (house.bids["丙"] in told["summary"]["result"]["totals"]) is not invalid
    assert entries(house, "lowprice.settled") == ([{"invalid": [house.bids["丙"]]}] if invalid else [])


def test_an_invalid_bid_is_outside_the_benchmark_and_in_the_report_with_everything(house):
    scored(house, {"甲": "5600", "乙": "5600", "丁": "5600", "丙": "2799.99"})
    ask(house, minutes=45)
    answer(house)
    decide(house, 5)
    leader = house.names[0]
    assert house.ask(leader, "room.view")["summary"]["result"]["benchmark"] == "5696"  # 6000 × 0.576 + 5600 × 0.4
    with house.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    one = built["low_price"][0]
    assert (one["question"], one["answer"], one["invalid"]) == (QUESTION, "自有砂石场，附采购合同", True)
    assert {vote["sources"] for vote in one["votes"]} == {"建材价格网 2026-04-01"}
    assert built["review"]["rejected"][0]["ground"] == "LOWPRICE"
    assert len(papers.build(built, demo=True).bytes) > 1000
    house.do(leader, "report.make")


@pytest.mark.parametrize("out", [("丙",), ("甲", "乙", "丙")])
def test_the_report_opens_the_locks_over_bids_rejected_for_their_price(house, out):
    prices = {"甲": "5600", "乙": "5600", "丁": "5600", "丙": "2799.99"} if len(out) == 1 else dict.fromkeys(out, "100")
    scored(house, prices)
    for bidder in out:
        ask(house, bidder)
        answer(house, bidder)
        decide(house, 5, bidder)
    assert house.stage == "SUMMARY"
    with house.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    assert (built["scoring"] is None) is (len(out) == len(prices))
    told = {body["member"]: body["sheet"] for body in entries(house, "score.locked")}
    for one in built["committee"]:
        lock = built["commitments"][one["label"]]
        assert lock["sheet"].keys() == set(house.bids.values())
        assert sheet.commitment(lock["salt"], lock["sheet"]) == told[one["member"]]


@pytest.mark.rulebook("3.5 written request")
@pytest.mark.rule("LOWPRICE-TIME", "allowed")
@pytest.mark.rule("LOWPRICE-TIME", "refused")
@pytest.mark.parametrize(("printed", "minutes", "ok"), [
    (None, 30, True), (None, 29, False), (60, 60, True), (60, 59, False), (10, 29, False),
])  # fmt: skip
def test_the_bidder_has_at_least_half_an_hour(house, printed, minutes, ok):
    scored(house, {"甲": "5600", "乙": "5600", "丙": "2799.99"}, **({"minutes": printed} if printed else {"lines": {}}))
    if ok:
        until = ask(house, minutes=minutes)["until"]
        assert until == (house.world.clock.now() + timedelta(minutes=minutes)).isoformat()
    else:
        with pytest.raises(Refused, match="LOWPRICE-TIME"):
            ask(house, minutes=minutes)


def test_nobody_votes_before_the_answer_or_the_last_second(house):
    scored(house, {"甲": "5600", "乙": "5600", "丁": "5600", "丙": "2799.99"})
    with pytest.raises(Refused, match="LOWPRICE-ASK"):
        decide(house, 5)
    ask(house)
    with pytest.raises(Refused, match="LOWPRICE-DONE"):
        ask(house)
    house.world.clock.moment += timedelta(minutes=30)
    with pytest.raises(Refused, match="LOWPRICE-ASK"):
        decide(house, 5)
    house.world.clock.moment += timedelta(seconds=1)
    decide(house, 5)
    with pytest.raises(Refused, match="STAGE"):
        decide(house, 5)
    assert house.ask("regulator", "room.watch")["rejected"] == {house.bids["丙"]: "LOWPRICE"}


def test_one_vote_each_and_only_on_a_suspect(house):
    scored(house, {"甲": "5600", "乙": "5600", "丙": "2799.99"})
    ask(house)
    answer(house)
    name = house.names[1]
    house.do(name, "lowprice.vote", bid=house.bids["丙"], justified=True, reason="合理")
    with pytest.raises(Refused, match="VOTED"):
        house.do(name, "lowprice.vote", bid=house.bids["丙"], justified=False, reason="改主意")
    with pytest.raises(Refused, match="LOWPRICE"):
        house.do(name, "lowprice.vote", bid=house.bids["甲"], justified=True, reason="x")
    with pytest.raises(Refused, match="LOWPRICE"):
        ask(house, "甲")
    assert seen(house, house.names[2])["my_vote"] is None
    assert seen(house, house.names[2])["voted"] == 1


@pytest.mark.rulebook("3.5 R1 judgement")
@pytest.mark.parametrize(("yes", "stage"), [(2, "SUMMARY"), (3, "LOWPRICE")])
def test_in_works_a_member_proposes_and_a_majority_starts_it(house, yes, stage):
    """R1 has no line of law: 2800 of 5600 asks for nothing until the members say so."""
    house.build(pool=6, sites=SMALL, prices={"甲": "5600", "乙": "5600", "丁": "5600", "丙": "1000"})
    house.names = house.sit(sites=SMALL)
    first, *others = house.names
    bid = house.bids["丙"]
    with pytest.raises(Refused, match="LOWPRICE"):
        house.do(others[0], "lowprice.back", bid=bid, start=True)
    house.do(first, "lowprice.propose", bid=bid, reason="明显低于其他报价")
    with pytest.raises(Refused, match="LOWPRICE-DONE"):
        house.do(others[0], "lowprice.propose", bid=bid, reason="同意")
    with pytest.raises(Refused, match="VOTED"):
        house.do(first, "lowprice.back", bid=bid, start=False)
    to_scoring(house)
    for name in house.names:
        house.score(name, house.flat())
    assert house.stage == "LOWPRICE"  # the summary waits for every word
    assert house.ask(others[0], "room.view")["tasks"] == ["lowprice.back"]
    for number, name in enumerate(others, 2):
        house.do(name, "lowprice.back", bid=bid, start=number <= yes, reason="")
    assert house.stage == stage
    if stage == "LOWPRICE":
        ask(house)
        answer(house)
        decide(house, 3)
        assert house.ask("regulator", "room.watch")["rejected"] == {bid: "LOWPRICE"}


@pytest.mark.rulebook("3.5 R1 printed line")
@pytest.mark.parametrize(("price", "asks"), [("5100", False), ("5099.99", True)])
def test_a_line_printed_in_the_file_of_a_works_tender(house, price, asks):
    scored(house, {"甲": "5700", "乙": "5700", "丙": price}, regime="R1", lines={"limit": "85"})  # 6000 × 85 %
    assert house.stage == ("LOWPRICE" if asks else "SUMMARY")
    if asks:
        assert seen(house, house.names[0])["triggers"][0]["source"] == "招标文件"


def test_too_few_bids_left_are_judged_again_by_everybody(house):
    scored(house, {"甲": "5600", "乙": "5600", "丙": "2799.99"}, regime="R2")
    ask(house)
    answer(house)
    decide(house, 5)
    assert house.stage == "LACK"
    for name in house.names:
        house.do(name, "lack.vote", lack=False, reason="仍有竞争")
    assert house.stage == "SUMMARY"
    assert set(house.ask("regulator", "room.watch")["summary"]["result"]["totals"]) == {
        house.bids["甲"], house.bids["乙"]
    }


def test_lacking_competition_after_the_procedure_rejects_all(house):
    scored(house, {"甲": "5600", "乙": "5600", "丙": "2799.99"})
    ask(house)
    answer(house)
    decide(house, 5)
    for name in house.names:
        house.do(name, "lack.vote", lack=True, reason="缺乏竞争")
    assert house.stage == "SUMMARY"
    rejected = house.ask("regulator", "room.watch")["rejected"]
    assert rejected == {house.bids["甲"]: "LACK", house.bids["乙"]: "LACK", house.bids["丙"]: "LOWPRICE"}


def test_a_replaced_members_words_are_void_and_the_newcomer_votes_anew(house):
    scored(house, {"甲": "5600", "乙": "5600", "丁": "5600", "丙": "2799.99"})
    ask(house)
    answer(house)
    for name in house.names[:4]:
        house.do(name, "lowprice.vote", bid=house.bids["丙"], justified=False, reason="x")
    gone = house.names[1]
    house.do(gone, "member.recuse", reason="亲属关系")
    house.accept_all()
    new = next(house.name_of(row) for row in house.members("accepted"))
    if not house.place(new).seat_sealed:
        house.seat()
    house.come_in(new)
    house.names[1] = new
    house.mark(new)
    piece(house, new, new.encode())
    house.score(new, house.flat())
    assert house.stage == "LOWPRICE"
    assert seen(house, new)["voted"] == 3
    house.do(new, "lowprice.vote", bid=house.bids["丙"], justified=True, reason="y")
    house.do(house.names[4], "lowprice.vote", bid=house.bids["丙"], justified=True, reason="y")
    assert house.ask("regulator", "room.watch")["rejected"] == {house.bids["丙"]: "LOWPRICE"}


ACTS = {
    "lowprice.propose": {"reason": "x"}, "lowprice.back": {"start": True}, "lowprice.ask": {"question": "x"},
    "lowprice.vote": {"justified": True, "reason": "x"},
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_who_is_no_member_does_none_of_it(house, act):
    scored(house, {"甲": "5600", "乙": "5600", "丙": "2799.99"})
    outside = next(name for names in house.experts.values() for name in names if name not in house.names)
    for who in ("tenderer", "agency", "staff1", "regulator", "auditor", "admin", "甲", outside):
        with pytest.raises(Refused):
            house.do(who, act, bid=house.bids["丙"], **ACTS[act])
    if act == "lowprice.ask":
        with pytest.raises(Refused, match="LEADER"):
            house.do(house.names[1], act, bid=house.bids["丙"], **ACTS[act])


def test_what_is_heard_names_no_bid_and_no_price(house):
    scored(house, {"甲": "5600", "乙": "5600", "丁": "5600", "丙": "2799.99"})
    ask(house)
    answer(house)
    decide(house, 5)
    with house.world.read() as session:
        heard = str([(one.kind, one.data) for channel in ("room", "watch")
                     for one in live.since(session, f"{channel}:{house.case}", 0)])  # fmt: skip
    assert "lowprice.voted" in heard
    for word in (*house.bids.values(), *house.names, "2799.99", "justified"):
        assert word not in heard
    for who, question in (("tenderer", "room.progress"), ("staff1", "room.venue"), ("admin", "room.admin"),
                          ("甲", "room.bidder")):  # fmt: skip
        assert QUESTION not in str(house.ask(who, question))


def test_a_bid_of_nobody_is_a_clear_error(house):
    scored(house, {"甲": "5600", "乙": "5600", "丙": "2799.99"})
    with pytest.raises(Unusable, match="bid"):
        house.do(house.names[0], "lowprice.propose", bid="none", reason="x")
