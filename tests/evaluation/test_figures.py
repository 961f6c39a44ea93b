"""Corrected prices in a sitting (87号令 art. 59): asked, confirmed or not, evaluated, printed, binding."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.access import SYSTEM
from core.doors import TABLE
from core.faults import Unusable
from core.rules import Refused
from evaluation.figures.rules import GROUND
from tests.evaluation.house import House, to_scoring
from tests.evaluation.test_same_brand import names_of, record_of, recorded, sitting, told
from trading.opening.queries import opened_bids
from web import timers

FOUR = {"甲": "5689", "乙": "5828", "丙": "5709", "丁": "5900"}
WORDS = {"words": {"found": "5600", "page": "P3"}}


@pytest.fixture
def goods(house) -> House:
    return sitting(house, {}, prices=FOUR)


def correct(house: House, bidder: str = "丁", findings=None, who: int = 0, **more):
    return house.do(house.names[who], "figures.correct", bid=house.bids[bidder], findings=findings or WORDS, **more)


def answer(house: House, confirm: bool, bidder: str = "丁"):
    one = house.ask(bidder, "room.bidder")["figures"][0]
    return house.do(bidder, "figures.answer", correction=one["id"], confirm=confirm)


POINTS = {"甲": "90", "乙": "80", "丙": "70", "丁": "60"}


@pytest.mark.rulebook("3.2 arithmetic")
@pytest.mark.rule("R2-59", "allowed")
def test_a_confirmed_price_is_evaluated_printed_and_binds(goods):
    goods.listen()
    made = correct(goods)
    assert made["after"] == "5600"
    to_scoring(goods)
    assert goods.stage == "PRELIM", "the sitting waits for the bidder"
    answer(goods, True)
    assert goods.stage == "SCORING"
    bid = next(one for one in goods.ask(goods.names[0], "room.view")["bids"] if one["id"] == goods.bids["丁"])
    assert (bid["price"], bid["opened_price"]) == ("5600", "5900")
    recorded(goods)
    for name in goods.names:
        goods.score(name, {who: dict.fromkeys(("credit", "management", "plan"), POINTS[who]) for who in goods.bids})
    record = record_of(goods)
    assert record["scoring"]["result"]["benchmark"] == "5600", "the lowest price is the corrected one"
    assert next(one for one in record["bids"] if one["id"] == goods.bids["丁"])["price"] == "5900", "as it was opened"
    for said in ("第59条", "以大写金额为准", "修正后的报价 5600"):
        assert said in record["text"]
    document = goods.ask(goods.names[0], "room.view")["report"]["document"]
    for name in [*goods.names[1:], goods.names[0]]:
        goods.sign(name, document)
    with goods.world.read() as session:
        prices = {one["id"]: one["price"] for one in opened_bids(session, goods.case)}
    assert (prices[goods.bids["丁"]], prices[goods.bids["甲"]]) == ("5600", "5689")


@pytest.mark.rule("R2-59", "refused")
@pytest.mark.parametrize("silent", [False, True])
def test_what_is_not_confirmed_is_invalid(goods, silent):
    correct(goods, minutes=10)
    to_scoring(goods)
    if silent:
        goods.world.clock.moment += timedelta(minutes=10)
        timers.run_once(goods.world.acts)
        assert goods.stage == "PRELIM", "the last moment is the bidder's"
        goods.world.clock.moment += timedelta(seconds=1)
        with pytest.raises(Refused, match="CLARIFY-LATE"):
            answer(goods, True)
        timers.run_once(goods.world.acts)
    else:
        assert answer(goods, False) == {"answer": "declined"}
    assert goods.stage == "SCORING"
    assert goods.ask(goods.names[1], "room.view")["rejected"] == {goods.bids["丁"]: GROUND}
    recorded(goods)
    for name in goods.names:
        points = {who: dict.fromkeys(("credit", "management", "plan"), POINTS[who]) for who in ("甲", "乙", "丙")}
        goods.score(name, points)
    record = record_of(goods)
    assert names_of(goods, record["ranking"]) == ["甲", "乙", "丙"]
    assert ("在规定时间内未确认" if silent else "不确认") in record["text"]


def test_corrected_while_points_are_given_it_stops_before_the_price_score(goods):
    recorded(to_scoring(goods))
    correct(goods, findings={"sum": {"found": "9000", "page": "P9"}, "list": {"found": "1", "page": "P2"}})
    for name in goods.names:
        goods.score(name, {who: dict.fromkeys(("credit", "management", "plan"), POINTS[who]) for who in goods.bids})
    assert goods.stage == "SCORING"
    answer(goods, False)
    assert goods.stage == "SUMMARY" and told(goods, "figures.settled") == [{"invalid": [goods.bids["丁"]]}]
    assert goods.bids["丁"] not in goods.ask(goods.names[0], "room.view")["summary"]["result"]["totals"]


def test_a_pause_holds_the_sitting_and_an_answer_in_it_counts(goods):
    correct(goods)
    to_scoring(goods)
    goods.do("staff1", "sitting.pause", reason="断电", technical=True)
    answer(goods, True)
    assert goods.stage == "PRELIM"
    goods.do("regulator", "halt.confirm", reason="x")
    goods.do(goods.names[0], "halt.confirm", reason="x")
    goods.world.clock.moment += timedelta(seconds=31)
    timers.run_once(goods.world.acts)
    assert goods.stage == "SCORING"


def test_who_may_correct_and_answer_and_what(goods):
    with pytest.raises(Refused, match="LEADER"):
        correct(goods, who=1)
    for wrong in ({}, {"price": {"found": "1", "page": "P1"}}, {"words": {"found": "0", "page": "P1"}},
                  {"words": {"found": "x", "page": "P1"}}, {"words": {"found": "5", "page": ""}},
                  {"words": {"found": "9" * 21, "page": "P1"}}):  # fmt: skip
        with pytest.raises(Unusable):
            goods.do(goods.names[0], "figures.correct", bid=goods.bids["丁"], findings=wrong)
    with pytest.raises(Unusable, match="bid"):
        goods.do(goods.names[0], "figures.correct", bid="0" * 16, findings=WORDS)
    made = correct(goods)
    with pytest.raises(Refused, match="FIGURES-DONE"):
        correct(goods)
    with pytest.raises(Refused, match="CORRECTION"):
        goods.do("甲", "figures.answer", correction=made["correction"], confirm=True)
    assert goods.ask("甲", "room.bidder")["figures"] == [], "nobody else hears of it"
    answer(goods, True)
    with pytest.raises(Refused, match="FIGURES-DONE"):
        answer(goods, False)


def test_works_know_no_such_correction(room):
    with pytest.raises(Unusable, match="question"):
        correct(room, "甲")
    assert room.ask(room.names[0], "room.view")["figures"] == {}


def test_the_timer_finds_nothing_to_do(goods):
    settle = TABLE["figures.settle"].fn
    assert goods.world.acts.act(settle, SYSTEM, goods.case, {}) == {}
    assert goods.stage == "PRELIM"


def test_the_corrected_price_decides_who_of_a_brand_is_lowest(house):
    sitting(house, {"甲": "海信", "丁": "海信"}, lowest=True, prices=FOUR)
    correct(house)
    to_scoring(house)
    answer(house, True)
    assert names_of(house, list(house.ask(house.names[0], "room.view")["rejected"])) == ["甲"]
