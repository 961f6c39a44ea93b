"""Objections to the tender file: the tenth day, the third day; what waits, what goes on, who reads what."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from accounts.models import Org
from core import ledger, live
from core.access import SYSTEM, Actor, Role
from core.doors import TABLE
from core.faults import Unusable
from core.rules import Refused
from oversight import queries as oversight
from tests.trading.objecting import (
    AUDITOR,
    DUE,
    LAST,
    NO,
    SECOND,
    THREE,
    YES,
    entries,
    refused,
    row_of,
    rules_of,
    seen,
    suspended,
)  # fmt: skip
from trading.objection.models import Objection
from trading.objection.queries import raising, waiting
from trading.project.models import Case
from trading.project.queries import case_page, cases_of
from web import timers

# -- the tender file ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("R1-08", "allowed")
@pytest.mark.certify("A-195", "B-011", "B-030")
def test_ten_days_before_the_deadline_an_objection_suspends(stage) -> None:
    case = stage.announced()
    stage.at(LAST)
    made = stage.do("投标人甲", "objection.raise", case, subject="file", text="条件过高", grounds="第二章")
    assert made["breaches"] == []
    assert datetime.fromisoformat(made["due"]) == DUE
    assert suspended(stage, case)


@pytest.mark.rule("R1-08", "refused")
@pytest.mark.certify("A-195", "B-011", "B-030")
def test_a_second_later_it_is_registered_only_and_says_so(stage) -> None:
    case = stage.announced()
    stage.at(LAST + SECOND)
    made = stage.do("投标人甲", "objection.raise", case, subject="file", text="条件过高", grounds="第二章")
    (late,) = made["breaches"]
    assert (late["rule"], late["required"], late["found"]) == ("R1-08", "≥ 10日", "9日")
    assert late["article"] == "招标投标法实施条例 第22条"
    assert made["due"] == "" and not suspended(stage, case)
    stage.do("招标人", "objection.answer", case, objection=made["objection"], **NO)
    stage.sealed(case)
    assert row_of(stage, case).state == "FAILED"  # nobody bid: the late objection kept nothing back


def test_at_the_deadline_there_is_nothing_left_to_object_to(stage) -> None:
    case = stage.announced()
    stage.at(stage.deadline(case) - SECOND)
    stage.object("投标人甲", case)
    stage.at(stage.deadline(case))
    with pytest.raises(Refused) as error:
        stage.object("投标人乙", case)
    (breach,) = error.value.breaches
    assert (breach.rule, breach.required) == ("R1-08", f"< {stage.deadline(case).isoformat()}")


@pytest.mark.certify("B-031")
def test_while_it_waits_nothing_goes_forward_and_bids_still_come(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    stage.bid(case, "投标人乙")
    stage.do("代理", "tender.clarify", case, text="补充图纸", affects_bids=False)
    stage.do("投标人丙", "question.ask", case, text="图纸比例")
    for act, payload in (("reference.seal", {}), ("project.terminate", {"reason": "调整"})):
        with pytest.raises(Refused) as error:
            stage.do("招标人", act, case, **payload)
        (breach,) = error.value.breaches
        assert (breach.rule, breach.required) == ("R1-09", "all objections answered")
        assert breach.article == "招标投标法实施条例 第22条、第54条"
    with stage.world.read() as session:
        shown = case_page(session, case, stage.people["招标人"], stage.world.clock.now())
        assert shown["case"]["suspended"] is True
        assert [one["suspended"] for one in cases_of(session, stage.people["招标人"])["items"]] == [True]
    blocked = {one["act"]: [b.rule for b in one["breaches"]] for one in shown["acts"]}
    assert "R1-09" in blocked["project.terminate"] and "R1-09" not in blocked["tender.clarify"]
    stage.do("招标人", "objection.answer", case, objection=objection, **NO)
    assert not suspended(stage, case)


def test_a_deadline_that_comes_meanwhile_is_kept_after_the_answer(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    for who, price in THREE.items():
        stage.bid(case, who, price)
    timers.run_once(stage.world.acts)
    stage.at(stage.deadline(case))
    timers.run_once(stage.world.acts)
    (held,) = entries(stage, f"case:{case}", "tender.held")
    assert (row_of(stage, case).state, len(entries(stage, f"sealed:{case}", "bid.received"))) == ("ANNOUNCED", 3)
    assert refused(stage, "交易中心", "opening.begin", case) == ["STATE", "R1-09"]
    late = stage.seal(case, "投标人丁", {"bid.pdf": b"x", "price.json": b"{}"})
    assert refused(stage, "投标人丁", "bid.submit", case, **late.payload(stage.world)) == ["E-02"]
    assert refused(stage, "代理", "tender.clarify", case, text="更正", affects_bids=True) == ["E-02"]
    stage.do("招标人", "objection.answer", case, objection=objection, **NO)
    timers.run_once(stage.world.acts)
    assert row_of(stage, case).state == "SEALED"
    (sealed,) = entries(stage, f"case:{case}", "tender.sealed")
    assert sealed.body["sealed_root"] == held.body["sealed_root"]
    stage.begin(case, *THREE)


def test_the_case_waits_for_every_objection(stage) -> None:
    case = stage.announced()
    first, second = stage.object("投标人甲", case), stage.object("投标人乙", case)
    stage.at(stage.deadline(case))
    timers.run_once(stage.world.acts)
    stage.do("招标人", "objection.answer", case, objection=first, **NO)
    timers.run_once(stage.world.acts)
    assert suspended(stage, case) and row_of(stage, case).state == "ANNOUNCED"
    stage.do("投标人乙", "objection.withdraw", case, objection=second)
    timers.run_once(stage.world.acts)
    assert row_of(stage, case).state == "FAILED"  # R1-10: nobody bid


# -- the answer --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R1-09", "allowed")
@pytest.mark.certify("A-196", "B-031")
def test_answered_on_the_third_day_is_in_time(stage) -> None:
    case = stage.announced()
    stage.at(LAST)
    objection = stage.object("投标人甲", case)
    stage.at(DUE)
    timers.run_once(stage.world.acts)
    assert stage.do("招标人", "objection.answer", case, objection=objection, **NO) == {"breaches": []}
    assert entries(stage, f"case:{case}", "objection.overdue") == []
    stage.at(DUE + SECOND)
    timers.run_once(stage.world.acts)
    assert entries(stage, f"case:{case}", "objection.overdue") == []


@pytest.mark.rule("R1-09", "refused")
@pytest.mark.certify("A-196", "B-031")
def test_a_second_later_the_regulator_is_told_and_the_answer_carries_its_warning(stage) -> None:
    case = stage.announced()
    stage.at(LAST)
    objection = stage.object("投标人甲", case)
    stage.at(DUE + SECOND)
    timers.run_once(stage.world.acts)
    stage.world.acts.act(TABLE["objection.overdue"].fn, SYSTEM, case, {"objection": objection})
    (told,) = entries(stage, f"case:{case}", "objection.overdue")
    (warning,) = told.body["warnings"]
    assert (warning["rule"], warning["action"], warning["required"]) == ("R1-09", "W", f"≤ {DUE.isoformat()}")
    with stage.world.read() as session:
        watch = oversight.watch(session, stage.people["监管"], stage.world.clock.now())
        assert [event.kind for event in live.since(session, f"watch:{case}", 0)][-1] == "objection.overdue"
    alarms = {one["alarm"]: one for one in watch["items"][0]["alarms"]}
    assert "suspended" in alarms and alarms["warnings"]["rules"] == ["R1-09"]
    assert seen(stage, case, "监管")[0]["overdue"] is True
    assert suspended(stage, case)
    (breach,) = stage.do("招标人", "objection.answer", case, objection=objection, **NO)["breaches"]
    assert (breach["rule"], breach["action"]) == ("R1-09", "W")
    assert entries(stage, f"case:{case}", "objection.answered")[0].body["warnings"] == [breach]
    assert seen(stage, case, "监管")[0]["overdue"] is True


def test_the_agency_writes_and_the_tenderer_signs(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    stage.do("代理", "objection.prepare", case, objection=objection, **YES)
    assert [one["draft"] for who in ("代理", "招标人") for one in seen(stage, case, who)] == [YES, YES]
    assert [one["draft"] for who in ("投标人甲", "监管") for one in seen(stage, case, who)] == [{}, {}]
    assert suspended(stage, case)
    assert refused(stage, "代理", "objection.answer", case, objection=objection, **YES) == ["ACCESS"]
    stage.do("招标人", "objection.answer", case, objection=objection, **YES)
    (one,) = seen(stage, case, "投标人甲")
    assert (one["answer"], one["upheld"], one["measure"], one["waits"]) == (*YES.values(), False)
    assert [TABLE[f"objection.{act}"].signed for act in ("raise", "withdraw", "answer", "prepare")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_what_ended_is_neither_answered_nor_taken_back_again(stage) -> None:
    case = stage.announced()
    first = stage.object("投标人甲", case)
    stage.do("招标人", "objection.answer", case, objection=first, **NO)
    assert refused(stage, "招标人", "objection.answer", case, objection=first, **NO) == ["OBJ-STATE"]
    assert refused(stage, "代理", "objection.prepare", case, objection=first, **NO) == ["OBJ-STATE"]
    assert refused(stage, "投标人甲", "objection.withdraw", case, objection=first) == ["OBJ-STATE"]
    second = stage.object("投标人甲", case)  # another one, after the answer
    stage.do("投标人甲", "objection.withdraw", case, objection=second)
    assert refused(stage, "招标人", "objection.answer", case, objection=second, **NO) == ["OBJ-STATE"]
    assert not suspended(stage, case)


def test_one_objection_of_an_organisation_waits_at_a_time(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    with pytest.raises(Refused) as error:
        stage.object("投标人甲", case)
    assert rules_of(error) == ["OBJ-TWICE"]
    with stage.world.read() as session, pytest.raises(IntegrityError), session.begin():
        one = session.get_one(Objection, objection)
        values = {c.key: getattr(one, c.key) for c in Objection.__table__.columns} | {"id": "f" * 16}
        session.add(Objection(**values))


def test_only_its_objector_takes_it_back_and_only_in_its_case(stage) -> None:
    case, other = stage.announced(), stage.announced()
    objection = stage.object("投标人甲", case)
    unknown = "no such objection of yours"
    for who, where, name in (("投标人乙", case, objection), ("投标人甲", case, "0" * 16)):
        with pytest.raises(Unusable, match=unknown):
            stage.do(who, "objection.withdraw", where, objection=name)
    for who, act, payload in (("招标人", "objection.answer", NO), ("投标人甲", "objection.withdraw", {})):
        with pytest.raises(Unusable, match="no such objection in this case"):
            stage.do(who, act, other, objection=objection, **payload)
    assert suspended(stage, case)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": "  "}, "text: text expected"),
        ({"grounds": ""}, "grounds: text expected"),
        ({"text": "过" * 4001}, "text: at most 4000 characters, found 4001"),
        ({"text": "a\x00b"}, "text: control characters"),
        ({"subject": "opening"}, "subject: one of candidates, file"),
        ({"extra": "x"}, "extra: unknown field"),
    ],
)
def test_a_badly_written_objection_is_refused_by_field(stage, change, said) -> None:
    case = stage.announced()
    payload = {"subject": "file", "text": "条件过高", "grounds": "第二章"} | change
    with pytest.raises(Unusable, match=said):
        stage.do("投标人甲", "objection.raise", case, **payload)
    assert not suspended(stage, case)


def test_an_upheld_objection_says_what_is_done(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    with pytest.raises(Unusable, match="measure"):
        stage.do("招标人", "objection.answer", case, objection=objection, text="成立", upheld=True)
    with pytest.raises(Unusable, match="upheld"):
        stage.do("招标人", "objection.answer", case, objection=objection, text="成立", upheld="yes")


def test_who_may_object(stage) -> None:
    case = stage.announced()
    payload = {"subject": "file", "text": "条件过高", "grounds": "第二章"}
    for who in ("招标人", "代理", "交易中心", "监管"):
        assert refused(stage, who, "objection.raise", case, **payload) == ["ACCESS"]
    both = replace(stage.people["代理"], roles=frozenset({Role.AGENCY, Role.BIDDER}))
    with pytest.raises(Refused) as error:
        stage.world.do(both, "objection.raise", case, **payload)
    assert rules_of(error) == ["ACCESS"]  # a party is never also a bidder
    assert refused(stage, "投标人甲", "objection.answer", case, objection="0" * 16, **NO) == ["ACCESS"]
    other = stage.org("别家招标人", "tenderer", Role.TENDERER)
    objection = stage.object("投标人乙", case)
    with pytest.raises(Refused) as error:
        stage.world.do(other, "objection.answer", case, objection=objection, **NO)
    assert rules_of(error) == ["ACCESS"]
    with stage.world.read() as session, session.begin():
        session.get_one(Org, stage.people["投标人甲"].org).state = "pending"
    assert refused(stage, "投标人甲", "objection.raise", case, **payload) == ["U-VERIFIED"]
    assert refused(stage, "投标人乙", "objection.raise", stage.drafting(), **payload) == ["STATE"]


# -- who reads what ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("E-12", "objectors")
def test_who_objected_is_read_by_those_who_answer_and_supervise_alone(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    for who in ("招标人", "代理", "监管", AUDITOR, "投标人甲"):
        (one,) = seen(stage, case, who)
        assert (one["org_name"], one["grounds"]) == ("投标人甲", "招标文件第二章第3条"), who
    for who in ("投标人乙", "交易中心"):
        (one,) = seen(stage, case, who)
        assert (one["org_name"], one["grounds"], one["text"]) == ("", "", "资格条件限制了竞争"), who
        assert stage.people["投标人甲"].org not in str(one) and not one["mine"]
    nobody = Actor(roles=frozenset({Role.PUBLIC}))
    expert = Actor("e" * 16, "专家", "f" * 16, "", frozenset({Role.EXPERT}))
    assert [seen(stage, case, who) for who in (nobody, expert)] == [[], []]
    (told,) = entries(stage, f"case:{case}", "objection.received")
    assert told.actor["person"] == "system" and set(told.body) == {"objection", "subject", "late", "due"}
    (own,) = entries(stage, f"sealed:{case}", "objection.raised")
    assert own.actor["certificate"] == stage.people["投标人甲"].certificate and own.body["text"] == "资格条件限制了竞争"
    stage.do("投标人甲", "objection.withdraw", case, objection=objection)
    assert [len(seen(stage, case, who)) for who in ("投标人甲", "招标人", "投标人乙")] == [1, 1, 0]
    for stream in (f"case:{case}", f"hall:{case}"):
        with stage.world.read() as session:
            said = [*ledger.entries(session, stream), *live.since(session, stream, 0)]
        assert stage.people["投标人甲"].org not in str(said) and "资格条件限制了竞争" not in str(said)


def test_before_the_deadline_the_timeline_names_no_objector(stage) -> None:
    case = stage.announced()
    stage.object("投标人甲", case)
    with stage.world.read() as session:
        lines = oversight.timeline(session, case, stage.people["监管"], limit=200)["items"]
    assert "objection.received" in [one["kind"] for one in lines]
    assert "投标人甲" not in str(lines)


def test_both_sides_have_it_on_their_desk(stage) -> None:
    case = stage.announced()
    objection = stage.object("投标人甲", case)
    with stage.world.read() as session:
        desks = {who: waiting(session, stage.people[who]) for who in ("招标人", "代理", "投标人甲", "投标人乙", "监管")}
    assert [(one["case"], one["mine"]) for one in desks["招标人"]] == [(case, False)]
    assert [one["mine"] for one in desks["代理"]] == [False]
    assert [one["mine"] for one in desks["投标人甲"]] == [True]
    assert desks["投标人乙"] == desks["监管"] == []
    stage.do("招标人", "objection.answer", case, objection=objection, **NO)
    with stage.world.read() as session:
        assert waiting(session, stage.people["招标人"]) == waiting(session, stage.people["投标人甲"]) == []


def test_the_form_knows_what_is_in_time(stage) -> None:
    case = stage.announced()

    def form(who: str) -> dict[str, Any] | None:
        with stage.world.read() as session:
            row, now = session.get_one(Case, case), stage.world.clock.now()
            return raising(session, row, stage.people[who], now)

    stage.at(LAST)
    assert form("投标人甲") == {"subject": "file", "until": LAST, "late": False, "days": 3, "breaches": []}
    assert form("招标人") is None
    stage.at(LAST + SECOND)
    late = form("投标人甲")
    assert late is not None and late["late"] and late["breaches"] == []
    stage.object("投标人甲", case)
    again = form("投标人甲")
    assert again is not None and [one.rule for one in again["breaches"]] == ["OBJ-TWICE"]
