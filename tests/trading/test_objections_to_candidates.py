"""Objections to the candidates: until the last second of the publicity, and what must follow one that was upheld."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from core.access import SYSTEM
from core.rules import Refused
from tests.trading.objecting import NO, SECOND, THREE, YES, entries, refused, row_of, seen, suspended
from tests.trading.stage import Stage
from trading.award.models import AwardMeeting
from trading.objection.models import Objection
from trading.opening.queries import opened_bids
from trading.project.queries import case_page
from trading.project.states import accept_report, set_state

RANKED = {"separate": False, "candidates": 3, "ranked": True}


def publish(stage: Stage, case: str) -> datetime:
    return datetime.fromisoformat(stage.do("代理", "candidates.publish", case, channel="平台在线提出")["until"])


@pytest.fixture
def published(stage: Stage) -> tuple[Stage, str, datetime]:
    """Three ranked candidates in publicity: the case, and until when."""
    case = stage.announced(award=RANKED)
    seals = {who: stage.bid(case, who, price) for who, price in THREE.items()}
    stage.sealed(case)
    stage.open_all(case, seals)
    with stage.world.read() as session:
        order = [bid["id"] for bid in opened_bids(session, case)]
    result = {"outcome": "evaluated", "ranked": True, "candidates": order, "totals": dict.fromkeys(order, "90")}

    def walk(tx) -> None:
        for act in ("committee.set", "evaluation.begin"):
            set_state(tx, case, act)
        accept_report(tx, case, result)

    stage.world.acts.act(walk, SYSTEM)
    return stage, case, publish(stage, case)


@pytest.mark.certify("A-195", "B-030")
def test_until_the_last_second_of_the_publicity(published) -> None:
    stage, case, until = published
    stage.at(until)
    stage.object("投标人乙", case, "candidates")
    assert suspended(stage, case)


def test_a_second_after_the_publicity_is_too_late(published) -> None:
    stage, case, until = published
    stage.at(until + SECOND)
    with pytest.raises(Refused) as error:
        stage.object("投标人乙", case, "candidates")
    (breach,) = error.value.breaches
    assert (breach.rule, breach.article, breach.action) == ("OBJ-PUBLIC", "招标投标法实施条例 第54条", "R")
    assert (breach.required, breach.found) == (f"≤ {until.isoformat()}", (until + SECOND).isoformat())
    stage.do("代理", "result.publish", case)


def test_each_subject_has_its_stage(published) -> None:
    stage, case, _ = published
    with pytest.raises(Refused) as error:
        stage.object("投标人乙", case, "file")
    assert [(one.rule, one.required, one.found) for one in error.value.breaches] == [
        ("STATE", "ANNOUNCED", "CANDIDATE_PUBLIC")]  # fmt: skip
    with pytest.raises(Refused, match="STATE"):
        stage.object("投标人乙", stage.announced(), "candidates")


@pytest.mark.certify("B-031")
def test_the_result_waits_for_the_answer(published) -> None:
    stage, case, until = published
    objection = stage.object("投标人乙", case, "candidates")
    stage.at(until + SECOND)
    for act, payload in (("result.publish", {}), ("candidates.fail", {"reason": "x"}),
                         ("candidates.withdraw", {"bid": "x", "reason": "x"})):  # fmt: skip
        assert refused(stage, "招标人", act, case, **payload) == ["R1-09"]
    assert [len(seen(stage, case, who)) for who in ("投标人乙", "投标人丙", "交易中心", "监管")] == [1, 0, 0, 1]
    assert len(entries(stage, f"case:{case}", "objection.raised")) == 1
    stage.do("招标人", "objection.answer", case, objection=objection, **NO)
    stage.do("代理", "result.publish", case)
    assert row_of(stage, case).state == "WINNER_SET"


def test_an_upheld_objection_must_lead_to_something(published) -> None:
    stage, case, until = published
    objection = stage.object("投标人乙", case, "candidates")
    stage.do("招标人", "objection.answer", case, objection=objection, **YES)
    stage.at(until + SECOND)
    with pytest.raises(Refused) as error:
        stage.do("代理", "result.publish", case)
    (breach,) = error.value.breaches
    assert (breach.rule, breach.article) == ("OBJ-UPHELD", "招标投标法实施条例 第54条、第55条")
    with stage.world.read() as session:
        shown = case_page(session, case, stage.people["招标人"], stage.world.clock.now())
    acts = {one["act"]: [b.rule for b in one["breaches"]] for one in shown["acts"]}
    assert acts["result.publish"] == ["OBJ-UPHELD"] and acts["candidates.withdraw"] == []
    first = row_of(stage, case).result["candidates"][0]
    stage.do("招标人", "candidates.withdraw", case, bid=first, reason="异议成立")
    again = publish(stage, case)
    assert refused(stage, "代理", "result.publish", case) == ["R1-23"]
    stage.at(again + SECOND)
    assert stage.do("代理", "result.publish", case)["winner"] != first


def test_a_new_tender_or_a_new_vote_follows_it_too(published) -> None:
    stage, case, _ = published
    objection = stage.object("投标人乙", case, "candidates")
    stage.do("招标人", "objection.answer", case, objection=objection, **YES)
    order = row_of(stage, case).result["candidates"]
    counted = {"method": "majority", "candidates": order, "electors": 5, "rounds": [],
               "prices": dict.fromkeys(order, "5700")}  # fmt: skip
    now = stage.world.clock.now()
    with stage.world.read() as session, session.begin():
        session.add(AwardMeeting(case_id=case, state="REPORTED", opened_at=now, pool=[], vote=counted))
    stage.do("招标人", "award.redo", case, excluded=order[0], reason="异议成立")
    assert row_of(stage, case).state == "AWARD_MEETING"


def test_a_new_round_knows_nothing_of_the_last_ones_objections(published) -> None:
    stage, case, _ = published
    objection = stage.object("投标人乙", case, "candidates")
    stage.do("招标人", "objection.answer", case, objection=objection, **YES)
    stage.do("招标人", "candidates.fail", case, reason="异议成立, 重新招标")
    stage.do("代理", "project.retender", case)
    assert not suspended(stage, case)
    with pytest.raises(Refused, match="STATE"):
        stage.do("招标人", "objection.answer", case, objection=objection, **NO)
    with stage.world.read() as session:
        counts = session.scalars(select(Objection.round)).all()
    assert counts == [1] and row_of(stage, case).round == 2
