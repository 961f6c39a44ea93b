"""Nobody rejects for what the bidder was not asked about; a fault of form warns (1117号 art. 13)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import ledger
from core.faults import Unusable
from core.rules import Refused
from evaluation.report import record
from evaluation.sitting.models import Sitting
from tests.evaluation.house import EVALUATION, SMALL, to_scoring, vote

LOW = "TL51-5"


def failed(house, ground: str = LOW, bidder: str = "丙", **change) -> None:
    """The first member fails the bid, the others pass everything."""
    first, *others = house.names
    bid = house.bids[bidder]
    if change:
        house.do(first, "prelim.mark", bid=bid, item="F1", **{"pass": False, "page": "P1", "reason": "不明",
                                                            "ground": ground} | change)  # fmt: skip
        items = [{"bid": one, "item": item, "pass": True} for one in house.bids.values() for item in ("F1", "Q1")
                 if (one, item) != (bid, "F1")]  # fmt: skip
        house.do(first, "prelim.mark", marks=items)
        house.do(first, "prelim.lock")
    else:
        house.mark(first, {bidder: ground})
    for name in others:
        house.mark(name)


def reject(house, name: str, ground: str = LOW, *, yes: bool = True, bidder: str = "丙"):
    return house.do(name, "reject.vote", bid=house.bids[bidder], ground=ground, reject=yes, reason="不能说明")


def ask(house, ground: str = LOW, **more):
    question = "请说明报价的构成并提供证明材料"
    return house.do(house.names[0], "clarify.ask", bid=house.bids["丙"], question=question, ground=ground, **more)


@pytest.mark.rulebook("3.1 clarify")
@pytest.mark.rule("CLARIFY-FIRST", "refused")
@pytest.mark.rule("CLARIFY-FIRST", "allowed")
def test_a_possibly_low_price_is_asked_about_before_anybody_rejects(room):
    failed(room)
    with pytest.raises(Refused, match="CLARIFY-FIRST"):
        reject(room, room.names[1])
    reject(room, room.names[4], yes=False)  # to keep needs no question
    asked = ask(room)["clarification"]
    with pytest.raises(Refused, match="unanswered"):
        reject(room, room.names[1])
    room.do("丙", "clarify.answer", clarification=asked, answer="附成本分析")
    for name in room.names[:4]:
        reject(room, name)
    assert room.ask("regulator", "room.watch")["rejected"] == {room.bids["丙"]: LOW}


@pytest.mark.parametrize(("seconds", "may"), [(0, False), (1, True)])
def test_silence_frees_the_vote_only_after_the_last_second(room, seconds, may):
    failed(room)
    ask(room, minutes=10)
    room.world.clock.moment += timedelta(minutes=10, seconds=seconds)
    if may:
        reject(room, room.names[1])
        with pytest.raises(Refused, match="CLARIFY-LATE"):
            room.do("丙", "clarify.answer", answer="迟到",
                    clarification=room.ask("丙", "room.bidder")["clarifications"][0]["id"])  # fmt: skip
    else:
        with pytest.raises(Refused, match="CLARIFY-FIRST"):
            reject(room, room.names[1])


def test_a_question_about_something_else_does_not_free_the_vote(room):
    failed(room)
    asked = room.do(room.names[0], "clarify.ask", bid=room.bids["丙"], question="请说明工期")["clarification"]
    room.do("丙", "clarify.answer", clarification=asked, answer="360 日")
    other = room.do(room.names[0], "clarify.ask", bid=room.bids["甲"], question="请说明报价", ground=LOW)
    room.do("甲", "clarify.answer", clarification=other["clarification"], answer="见附表")
    with pytest.raises(Refused, match="CLARIFY-FIRST"):
        reject(room, room.names[1])
    with pytest.raises(Unusable, match="ground"):
        ask(room, ground="R-99")


@pytest.mark.parametrize(("price", "first"), [("6000", True), ("6000.01", False)])
def test_a_price_above_the_ceiling_shares_the_ground_and_needs_no_question(house, price, first):
    house.build(pool=6, sites=SMALL, prices={"甲": "5689", "乙": "5828", "丁": "5700", "丙": price})
    house.names = house.sit(sites=SMALL)
    failed(house)
    if first:
        with pytest.raises(Refused, match="CLARIFY-FIRST"):
            reject(house, house.names[0])
    else:
        reject(house, house.names[0])


@pytest.mark.parametrize("unclear", [True, False])
def test_a_member_who_finds_the_words_unclear_makes_the_question_due(room, unclear):
    failed(room, "R-07", unclear=unclear)
    pair = room.ask(room.names[2], "room.view")["votes"]["pairs"][0]
    assert (pair["ask_first"], pair["findings"][0]["unclear"]) == (unclear, unclear)
    if unclear:
        with pytest.raises(Refused, match="CLARIFY-FIRST"):
            reject(room, room.names[1], "R-07")
        asked = ask(room, "R-07")["clarification"]
        room.do("丙", "clarify.answer", clarification=asked, answer="以第12页为准")
    reject(room, room.names[1], "R-07")


def test_a_ground_of_the_file_may_ask_first_too(house):
    grounds = [{"id": "R-07", "text": "工期不明", "clarify": True}]
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | {"reject_grounds": grounds})
    house.names = house.sit(sites=SMALL)
    failed(house, "R-07")
    with pytest.raises(Refused, match="CLARIFY-FIRST"):
        reject(house, house.names[0], "R-07")


@pytest.mark.rulebook("3.1 clerical")
@pytest.mark.rule("CLERICAL", "refused")
@pytest.mark.rule("CLERICAL", "allowed")
def test_a_fault_of_form_warns_and_the_warning_is_recorded(house):
    items = [{"id": "F1", "name": "格式", "clerical": True}, {"id": "Q1", "name": "资质"}]
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | {"preliminary": items})
    house.names = house.sit(sites=SMALL)
    failed(house, "R-07")  # the helper fails the first item
    assert house.ask(house.names[1], "room.view")["votes"]["pairs"][0]["clerical"] is True
    warned = reject(house, house.names[0], "R-07")["warnings"]
    assert [(one["rule"], one["action"]) for one in warned] == [("CLERICAL", "W")]
    kept = reject(house, house.names[1], "R-07", yes=False)
    assert kept["warnings"] == []
    with house.world.read() as session:
        entries = [one for one in ledger.entries(session, f"case:{house.case}") if one.kind == "reject.voted"]
    assert [bool(one.body["warnings"]) for one in entries] == [True, False]


def test_substance_does_not_warn(room):
    failed(room, "R-07")
    assert reject(room, room.names[0], "R-07")["warnings"] == []
    assert room.ask(room.names[1], "room.view")["votes"]["pairs"][0]["clerical"] is False


@pytest.mark.rulebook("3.7 clarification")
@pytest.mark.parametrize("who", ["member", "tenderer", "agency", "staff1", "regulator", "甲", "auditor"])
def test_only_the_leader_asks(room, who):
    name = room.names[1] if who == "member" else who
    with pytest.raises(Refused):
        room.do(name, "clarify.ask", bid=room.bids["丙"], question="x", ground=LOW)


@pytest.mark.rulebook("3.7 unsolicited")
@pytest.mark.parametrize("who", ["甲", "tenderer", "staff1", "regulator"])
def test_only_the_bidder_that_was_asked_answers_and_nothing_unasked_is_taken(room, who):
    failed(room)
    asked = ask(room)["clarification"]
    with pytest.raises(Refused):
        room.do(who, "clarify.answer", clarification=asked, answer="x")
    with pytest.raises(Refused, match="CLARIFICATION"):
        room.do("丙", "clarify.answer", clarification="none", answer="主动说明")


@pytest.mark.rulebook("3.1 reject by majority")
def test_question_and_answer_stand_in_the_report(room):
    failed(room)
    asked = ask(room)["clarification"]
    room.do("丙", "clarify.answer", clarification=asked, answer="附成本分析")
    vote(room, 0, LOW)
    assert room.stage == "SCORING"
    with room.world.read() as session:
        sitting = session.query(Sitting).one()
        from_rows = record.plain(record.read(session, session.get(record.Committee, sitting.committee_id), sitting, 1))
    assert from_rows["clarifications"][0]["answer"] == "附成本分析"
    assert from_rows["review"]["rejected"] == []


def test_nothing_to_ask_leads_to_scoring_at_once(room):
    to_scoring(room)
    assert room.stage == "SCORING"
