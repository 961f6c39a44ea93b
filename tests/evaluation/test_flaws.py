"""A committee that finds the tender file flawed stops and tells the tenderer (87号令 art. 65, 1117号 art. 13)."""

from __future__ import annotations

import pytest

from core import ledger
from core.access import Actor
from core.doors import perform
from core.faults import Unusable
from core.rules import Refused
from evaluation.committee.queries import committee_of
from evaluation.flaws.models import FileFlaw
from tests.evaluation.house import House, to_scoring
from tests.evaluation.test_same_brand import record_of, recorded, sitting
from trading.project import actions as project_actions  # noqa: F401  (tender again)
from trading.project.models import Case, CaseDocument

CLAUSE = "第三章 3.2.1"


def propose(house: House, who: int = 0, **change):
    said = {"clause": CLAUSE, "reason": "评分标准设定地方业绩，违反公平竞争规定"} | change
    return house.do(house.names[who], "flaw.propose", **said)


def vote(house: House, flaw: str, who: int, flawed: bool = True):
    return house.do(house.names[who], "flaw.vote", flaw=flaw, flawed=flawed, reason="同意" if flawed else "")


def found(house: House) -> str:
    """Three of five: the sitting stands still."""
    flaw = propose(house)["flaw"]
    assert vote(house, flaw, 1)["state"] == "open"
    assert vote(house, flaw, 2)["state"] == "found"
    return flaw


def scored(house: House) -> House:
    recorded(to_scoring(house))
    for name in house.names:
        house.score(name, house.flat())
    return house


def answer(house: House, accept: bool, who: str = "tenderer", **change):
    return house.do(who, "flaw.answer", **({"accept": accept, "answer": "予以说明"} | change))


def case_of(house: House) -> Case:
    with house.world.read() as session:
        return session.get_one(Case, house.case)


def kinds(house: House) -> list[str]:
    with house.world.read() as session:
        return [one.kind for one in ledger.entries(session, f"case:{house.case}")]


@pytest.mark.rulebook("3.7 flawed file")
@pytest.mark.rule("FLAW", "refused")
def test_more_than_half_stop_the_sitting_and_the_tenderer_ends_the_tender(room):
    found(room)
    with pytest.raises(Refused, match="PAUSED"):
        room.mark(room.names[0])
    with pytest.raises(Refused, match=r"HALT-KIND.*flaw\.answer"):
        room.do("regulator", "sitting.resume", reason="x")
    told = room.ask("tenderer", "room.progress")
    assert [(one["clause"], one["state"]) for one in told["flaws"]] == [(CLAUSE, "found")] and told["paused"]
    assert answer(room, True) == {"state": "FAILED"}
    case = case_of(room)
    assert case.state == "FAILED" and case.failed_reason.startswith("FLAW")
    with room.world.read() as session:
        papers = list(session.query(CaseDocument).filter_by(case_id=room.case, kind="failure_notice"))
        assert len(papers) == 1 and committee_of(session, room.case) is None
    assert kinds(room)[-1] == "flaw.answered"
    room.world.do(room.actor("tenderer"), "project.retender", room.case)
    assert case_of(room).state == "REGISTERED" and case_of(room).round == 2


@pytest.mark.rulebook("3.7 flawed file")
@pytest.mark.rule("FLAW", "allowed")
def test_a_tenderer_that_explains_lets_it_go_on_and_the_report_says_so(room):
    flaw = found(room)
    assert answer(room, False, answer="该条款系法定资格，附文件依据") == {"state": "EVALUATING"}
    record = record_of(scored(room))
    assert [(one["clause"], one["answer"], one["state"]) for one in record["flaws"]["found"]] == [
        (CLAUSE, "该条款系法定资格，附文件依据", "declined")
    ]
    assert record["flaws"]["article"] == "发改法规规〔2022〕1117号 (十三)"
    with room.world.read() as session:
        assert session.get_one(FileFlaw, flaw).answered_at is not None


def test_half_is_not_more_than_half(room):
    flaw = propose(room)["flaw"]
    vote(room, flaw, 1)
    vote(room, flaw, 2, False)
    vote(room, flaw, 3, False)
    assert vote(room, flaw, 4, False)["state"] == "none"
    assert room.ask("tenderer", "room.progress")["flaws"] == [], "what was only proposed stays in the room"
    mine = room.ask(room.names[0], "room.view")["flaws"]
    assert [(one["yes"], one["of"], one["mine"]) for one in mine] == [(2, 5, True)]
    with pytest.raises(Refused, match="FLAW"):
        vote(room, flaw, 4)
    propose(room, 3)  # another question may be put


def test_nobody_sees_how_others_vote_before_it_is_settled(room):
    flaw = propose(room)["flaw"]
    vote(room, flaw, 1)
    [shown] = room.ask(room.names[2], "room.view")["flaws"]
    assert (shown["cast"], shown["yes"], shown["mine"]) == (2, None, None)


def test_no_report_over_an_open_question(room):
    propose(scored(room))
    with pytest.raises(Refused, match="FLAW"):
        room.do(room.names[0], "report.make")


@pytest.mark.parametrize("who", ["agency", "regulator", "staff1", "甲"])
def test_only_the_tenders_own_side_answers(room, who):
    found(room)
    if who == "agency":
        assert answer(room, False, who) == {"state": "EVALUATING"}
    else:
        with pytest.raises(Refused, match=r"ACCESS|CASE-PARTY"):
            answer(room, False, who)


def test_wrong_order_twice_and_wrong_values(room):
    with pytest.raises(Refused, match="FLAW"):
        answer(room, True)
    for wrong in ({"clause": ""}, {"clause": "x" * 201}, {"reason": ""}, {"reason": 3}, {"extra": 1}):
        with pytest.raises(Unusable):
            propose(room, **wrong)
    flaw = propose(room)["flaw"]
    with pytest.raises(Refused, match="one question at a time"):
        propose(room, 1)
    with pytest.raises(Refused, match="one vote"):
        vote(room, flaw, 0)
    with pytest.raises(Unusable, match="flaw"):
        vote(room, "0" * 16, 1)
    with pytest.raises(Refused, match="FLAW"):
        answer(room, True)
    vote(room, flaw, 1)
    vote(room, flaw, 2)
    with pytest.raises(Refused, match="PAUSED"):
        vote(room, flaw, 3)
    with pytest.raises(Unusable, match="answer"):
        answer(room, True, answer="")
    answer(room, False)
    with pytest.raises(Refused, match="FLAW"):
        answer(room, False)


def test_a_night_cannot_be_laid_over_it(room):
    found(room)
    with pytest.raises(Refused, match="PAUSED"):
        until = room.world.clock.now().replace(hour=23).isoformat()
        room.do("regulator", "sitting.freeze", reason="过夜", until=until)


def test_government_procurement_cites_its_own_article(house):
    goods = sitting(house, {})
    found(goods)
    answer(goods, True)
    assert "FLAW" in case_of(goods).failed_reason
    with goods.world.read() as session:
        [last] = [one for one in ledger.entries(session, f"case:{goods.case}") if one.kind == "flaw.answered"]
    assert last.body["article"] == "政府采购货物和服务招标投标管理办法 第65条"


def test_a_refusal_in_a_shared_room_cites_the_law_of_its_case(house):
    goods = sitting(house, {})
    for act, payload in (("prelim.lock", {}), ("report.make", {})):
        with pytest.raises(Refused) as refused:
            perform(goods.world.acts, nobody, goods.actor(goods.names[0]), act, goods.case, payload)
        assert [one.article for one in refused.value.breaches] == ["政府采购法实施条例 第41条"], act


def nobody(*_: object) -> Actor:
    raise AssertionError("no proof is asked for")
