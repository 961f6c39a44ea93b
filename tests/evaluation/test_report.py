"""Questions to bidders, and the report: versions, dissent, refusal, the leader last, what follows the seal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certs import desk, desk_sign, suite
from core.access import SYSTEM, Actor, Role
from core.doors import TABLE
from core.rules import Refused
from evaluation.cases import facts
from tests.evaluation.house import NOW, SMALL, to_scoring, vote
from web.pages import papers


@pytest.mark.rulebook("3.7 clarification")
@pytest.mark.rule("E-07", "allowed")
@pytest.mark.rule("E-07", "refused")
@pytest.mark.certify("A-142", "A-143")
def test_a_question_goes_to_one_bidder_who_alone_answers_in_time(room):
    leader = room.names[0]
    with pytest.raises(Refused, match="LEADER"):
        room.do(room.names[1], "clarify.ask", bid=room.bids["甲"], question="请说明")
    asked = room.do(leader, "clarify.ask", bid=room.bids["甲"], question="请说明工期", minutes=10)
    one = {"clarification": asked["clarification"], "answer": "按招标文件"}
    assert room.ask("乙", "room.bidder")["clarifications"] == []
    with pytest.raises(Refused, match="CLARIFICATION"):
        room.do("乙", "clarify.answer", **one)
    room.world.clock.moment += timedelta(minutes=10)
    room.do("甲", "clarify.answer", **one)
    with pytest.raises(Refused, match="CLARIFIED"):
        room.do("甲", "clarify.answer", **one)
    late = room.do(leader, "clarify.ask", bid=room.bids["甲"], question="再问", minutes=10)
    room.world.clock.moment += timedelta(minutes=10, seconds=1)
    with pytest.raises(Refused, match="CLARIFY-LATE"):
        room.do("甲", "clarify.answer", clarification=late["clarification"], answer="x")


@pytest.fixture
def reported(room):
    room.listen()
    to_scoring(room)
    for name in room.names:
        room.score(name, room.flat())
    room.document = room.do(room.names[0], "report.make")["document"]
    return room


def sign_all(house, document, names):
    for name in names:
        house.sign(name, document)


@pytest.mark.rulebook("3.7 dissent")
@pytest.mark.certify("A-151")
def test_a_dissent_makes_a_new_version_that_everyone_signs(reported):
    house, (leader, second, *rest) = reported, reported.names
    house.sign(second, house.document)
    new = house.do(rest[0], "report.dissent", text="对丙的施工组织设计评分过高，理由如下。")
    assert new["version"] == 2
    with house.world.read() as session:
        assert desk.state(session, house.document)["state"] == "void"
    sign_all(house, new["document"], [second, *rest, leader])
    assert house.state == "EVALUATED"
    with house.world.read() as session:
        assert len(desk.state(session, new["document"])["fields"]) == 5


@pytest.mark.rulebook("3.7 deemed")
def test_who_refuses_without_a_reason_is_deemed_to_agree(reported):
    house, (leader, second, *rest) = reported, reported.names
    silent, leading = house.place(second), house.place(leader)
    house.sign(rest[0], house.document)
    with pytest.raises(Refused, match="DEEM-LEADER"):
        house.do("regulator", "report.deem", member=leading.id, reference="录像 12:03")
    with pytest.raises(Refused, match="DEEM-SIGNED"):
        house.do("regulator", "report.deem", member=house.place(rest[0]).id, reference="录像 12:03")
    new = house.do("regulator", "report.deem", member=silent.id, reference="录像 12:03")
    with house.world.read() as session:
        assert len(desk.state(session, new["document"])["fields"]) == 4
    sign_all(house, new["document"], [*rest, leader])
    assert house.state == "EVALUATED"


def test_the_leader_signs_last(reported):
    with pytest.raises(Refused, match="D-LAST"):
        reported.sign(reported.names[0], reported.document)


def test_reports_are_accepted_once_and_only_sealed(reported):
    accept = TABLE["report.accept"].fn
    acts, case = reported.world.acts, reported.case
    assert acts.act(accept, SYSTEM, case, {"document": reported.document}) == {}
    assert reported.ask("甲", "room.bidder")["result"] is None
    sign_all(reported, reported.document, reversed(reported.names))
    assert acts.act(accept, SYSTEM, case, {"document": reported.document}) == {}
    mine = reported.ask("甲", "room.bidder")["result"]
    assert mine["total"]
    assert reported.bids["乙"] not in str(mine)
    assert reported.ask("tenderer", "room.progress")["report"] == reported.document


def test_all_rejected_ends_in_a_report_that_says_so(room):
    room.listen()
    for name in room.names:
        room.mark(name, dict.fromkeys(room.bids, "R-07"))
    for bidder in room.bids:
        vote(room, 5, bidder=bidder)
    assert room.stage == "SUMMARY"
    document = room.do(room.names[0], "report.make")["document"]
    sign_all(room, document, reversed(room.names))
    assert room.state == "FAILED"


@pytest.mark.parametrize(("award", "ranked"), [
    ({"separate": False}, True), ({"separate": True}, False), ({"separate": True, "ranked": True}, True),
    ({"separate": False, "ranked": False}, False),
])  # fmt: skip
def test_a_rank_is_printed_only_where_the_award_block_lets_it(house, award, ranked):
    house.build(pool=6, sites=SMALL, award=award)
    assert house.ask("admin", "room.admin") == {"stage": ""}
    with house.world.read() as session:
        assert facts(session, house.case).ranked is ranked


def test_the_representative_sits_at_the_main_venue_and_sees_what_a_member_sees(house):
    sites = {"420112": 2, "420203": 4}
    house.build(pool=8, sites=sites)
    house.person("代表", Role.TENDERER, "org-tenderer")
    names = house.form(sites=sites, representatives=[house.people["代表"]])
    assert names[-1] == "代表"
    house.seat()
    house.world.clock.moment = NOW + timedelta(hours=1)
    for name in names:
        house.come_in(name)
    assert house.place("代表").site == "420112"
    house.elect(names)
    assert "prelim.mark" in house.ask("代表", "room.view")["tasks"]
    with pytest.raises(Refused, match="MEMBER"):
        house.ask("tenderer", "room.view")


def at(house, name: str, session: str) -> Actor:
    return replace(house.actor(name), session=session)


def may_read(house, actor: Actor, document: str) -> bool:
    with house.world.read() as session:
        return papers.may_read(session, actor, desk.row(session, document))


def offer(house, actor: Actor, document: str, name: str) -> desk.Offer:
    field = house.ask(name, "room.view")["report"]["field"]
    return desk_sign.prepare_signature(house.world.acts, actor, document, field)


def test_the_report_is_read_and_signed_at_the_members_own_session_until_it_is_sealed(reported):
    house, document, name = reported, reported.document, reported.names[1]
    own, other = at(house, name, "s1"), at(house, name, "s2")
    house.world.do(own, "sitting.rejoin", house.case)
    assert may_read(house, own, document) and not may_read(house, other, document)
    with pytest.raises(Refused, match="ONE-SESSION"):
        offer(house, other, document, name)
    made = offer(house, own, document, name)
    raw = suite.sign_raw(house.keys[name], made.tbs)
    with pytest.raises(Refused, match="ONE-SESSION"):
        desk_sign.finish_signature(house.world.acts, other, document, made.field, raw, made.lease)
    desk_sign.finish_signature(house.world.acts, own, document, made.field, raw, made.lease)
    sign_all(house, document, [one for one in [*house.names[1:], house.names[0]] if one != name])
    assert house.state == "EVALUATED"
    assert may_read(house, other, document), "the sealed report lies open to its signers"


def test_nobody_signs_the_report_in_a_pause_and_members_still_read_it(reported):
    house, document, name = reported, reported.document, reported.names[1]
    house.do("staff1", "sitting.pause", reason="断电", technical=True)
    assert may_read(house, house.actor(name), document)
    with pytest.raises(Refused, match="PAUSED"):
        house.sign(name, document)
    house.do("regulator", "halt.confirm", reason="x")
    house.do(house.names[0], "halt.confirm", reason="x")
    house.sign(name, document)


def test_whoever_left_reads_no_report_of_the_committee_any_more(reported):
    house, name = reported, reported.names[1]
    gone = house.actor(name)
    house.do(name, "member.recuse", reason="亲属")
    assert not may_read(house, gone, house.document)
    assert may_read(house, house.actor(house.names[0]), house.document)
