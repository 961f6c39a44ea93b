"""The room: coming in, recusal, the election, review, scores nobody else sees, what blocks the report."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certs import desk
from core.access import SYSTEM, Role
from core.doors import TABLE
from core.faults import Unusable
from core.rules import Refused
from evaluation.cases import facts
from evaluation.sitting.models import Sitting
from evaluation.sitting.presence import LOST, Presence
from tests.evaluation.house import CRITERIA, EVALUATION, NOW

SMALL = {"420112": 2, "420203": 3}


@pytest.fixture
def room(house):
    house.build(pool=6, sites=SMALL)
    house.names = house.sit(sites=SMALL)
    return house


def to_scoring(house):
    for name in house.names:
        house.mark(name)
    return house


def seated(house):
    house.build(pool=6, sites=SMALL)
    house.names = house.form(sites=SMALL)
    house.seat()
    house.world.clock.moment = NOW + timedelta(hours=1)
    return house


# -- coming in ---------------------------------------------------------------------------------------------------------


def test_a_seat_is_known_to_nobody_before_its_member_signs_in(house):
    seated(house)
    rows = house.members("accepted")
    assert all(row.seat_sealed and not row.seat_id and not row.person_id for row in rows)
    for who, question in (("regulator", "room.watch"), ("staff1", "room.venue")):
        seen = house.ask(who, question)
        assert not any(seat in str(seen) for seats in house.seats.values() for seat in seats)
    house.certify(house.names[0])
    seat = house.do(house.names[0], "sitting.signin")["seat"]
    assert seat in house.seats[rows[0].site]
    assert sum(bool(row.seat_id) for row in house.members()) == 1


@pytest.mark.certify("A-156", "A-155")
@pytest.mark.parametrize(("hours", "allowed"), [(-2, True), (-2.001, False), (8, True), (8.001, False)])
def test_members_come_in_only_around_their_sitting(house, hours, allowed):
    seated(house)
    house.certify(house.names[0])
    house.world.clock.moment = NOW + timedelta(hours=1 + hours)
    if allowed:
        assert house.do(house.names[0], "sitting.signin")["seat"]
    else:
        with pytest.raises(Refused, match="SITTING-TIME"):
            house.do(house.names[0], "sitting.signin")


def test_strangers_spares_and_other_experts_stay_out(house):
    seated(house)
    outside = next(n for site in house.experts.values() for n in site if n not in house.names)
    with pytest.raises(Refused, match="MEMBER"):
        house.do(outside, "sitting.signin")
    with pytest.raises(Refused, match="MEMBER"):
        house.ask(outside, "room.view")


@pytest.mark.certify("A-133")
def test_the_pledge_is_over_the_list_of_bidders_that_was_shown(house):
    seated(house)
    name = house.names[0]
    house.certify(name)
    with pytest.raises(Refused, match="SIGNIN"):
        house.do(name, "pledge.sign", no_conflict=True, pledge=True, bidders=[])
    house.do(name, "sitting.signin")
    view = house.ask(name, "room.view")
    assert len(view["bidders"]) == 3
    assert "bids" not in view
    with pytest.raises(Refused, match="PLEDGE-LIST"):
        house.do(name, "pledge.sign", no_conflict=True, pledge=True, bidders=[])
    shown = [one["org"] for one in view["bidders"]]
    with pytest.raises(Refused, match="PLEDGE"):
        house.do(name, "pledge.sign", no_conflict=False, pledge=True, bidders=shown)


def test_staff_confirm_who_sits_at_their_own_venue(house):
    seated(house)
    house.come_in(house.names[0])
    place = house.place(house.names[0])
    with pytest.raises(Refused, match="CENTRE"):
        house.do("staff2", "signin.confirm", member=place.id, how="id_card")
    with pytest.raises(Unusable, match="reason"):
        house.do("staff1", "signin.confirm", member=place.id, how="manual")
    house.do("staff1", "signin.confirm", member=place.id, how="manual", reason="读卡器故障")
    assert house.ask("staff1", "room.venue")["identity"] == {place.id: "manual"}


def test_recusal_voids_everything_said_and_the_replacement_does_it_all(room):
    to_scoring(room)
    leader = room.names[0]
    room.score(leader, room.flat())
    gone = room.place(leader)
    room.do(leader, "member.recuse", reason="发现利害关系")
    assert room.stage == "SIGN_IN"
    with pytest.raises(Refused, match="INCOMPLETE"):
        room.do(room.names[1], "score.save", bid=room.bids["甲"], criterion="plan", points="1")
    with pytest.raises(Refused, match="MEMBER"):
        room.ask(leader, "room.view")
    spare = room.name_of(room.members("invited")[0])
    assert room.place(spare).site == gone.site
    room.do(spare, "invitation.answer", answer="accept")
    before = {row.id: row.seat_sealed for row in room.members("pledged")}
    room.seat()
    assert {row.id: row.seat_sealed for row in room.members("pledged")} == before
    room.come_in(spare)
    assert room.stage == "LEADER"  # the leader himself had left
    room.names = [*room.names[1:], spare]
    room.elect(room.names)
    assert room.stage == "PRELIM"
    room.mark(spare)
    assert room.stage == "SCORING"
    assert room.ask(spare, "room.view")["mine"]["scores"] == {}


@pytest.mark.parametrize("who", ["staff1", "regulator"])
def test_a_member_is_removed_by_venue_or_regulator_with_a_reason(room, who):
    member = next(row for row in room.members("pledged") if row.site == "420112")
    room.do(who, "member.remove", member=member.id, reason="突发疾病")
    assert room.stage == "SIGN_IN"


def test_another_venue_cannot_remove_a_member(room):
    member = next(row for row in room.members("pledged") if row.site == "420112")
    with pytest.raises(Refused, match="WATCH"):
        room.do("staff2", "member.remove", member=member.id, reason="x")


def test_a_tie_is_voted_again_and_then_the_eldest_leads(house):
    seated(house)
    for name in house.names:
        house.come_in(name)
    a, b, c = (house.place(name).id for name in house.names[:3])
    for choice, name in zip((a, a, b, b, c), house.names, strict=True):
        answer = house.do(name, "leader.vote", **{"for": choice})
    assert answer == {"leader": "", "round": 2}
    for choice, name in zip((a, a, b, b, c), house.names, strict=True):
        answer = house.do(name, "leader.vote", **{"for": choice})
    assert answer["leader"] in (a, b)
    with pytest.raises(Refused, match="STAGE"):
        house.do(house.names[0], "leader.vote", **{"for": a})


def test_one_vote_a_round(house):
    seated(house)
    for name in house.names:
        house.come_in(name)
    me = house.place(house.names[0]).id
    house.do(house.names[0], "leader.vote", **{"for": me})
    with pytest.raises(Refused, match="VOTED"):
        house.do(house.names[0], "leader.vote", **{"for": me})
    with pytest.raises(Unusable, match="for"):
        house.do(house.names[1], "leader.vote", **{"for": "nobody"})


def test_a_pause_stops_everyone_and_goes_into_the_report(room):
    room.do("staff1", "sitting.pause", reason="分会场断电")
    with pytest.raises(Refused, match="PAUSED"):
        room.mark(room.names[0])
    room.do("regulator", "sitting.resume", reason="恢复供电")
    room.mark(room.names[0])
    assert [one["kind"] for one in room.ask("regulator", "room.watch")["incidents"]] == ["paused", "resumed"]


@pytest.mark.rule("R1-21", "allowed")
def test_more_than_a_third_asking_moves_the_end(room):
    first = room.do(room.names[0], "time.ask")["until"]
    assert room.do(room.names[0], "time.ask")["until"] == first
    assert room.do(room.names[1], "time.ask")["until"] > first


def test_presence_is_lost_after_thirty_seconds_and_told_once():
    presence = Presence()
    assert presence.beat("c", "m", NOW)
    assert not presence.beat("c", "m", NOW + timedelta(seconds=5))
    late = NOW + timedelta(seconds=5) + LOST
    assert presence.present("c", late) == {"m"}
    late += timedelta(milliseconds=1)
    assert presence.present("c", late) == set()
    assert presence.lost("c", late) == {"m"}
    assert presence.lost("c", late) == set()


# -- review ------------------------------------------------------------------------------------------------------------


def mark_one(house, name, **change):
    return house.do(name, "prelim.mark", **{"bid": house.bids["甲"], "item": "F1", "pass": True} | change)


@pytest.mark.parametrize(("change", "rule"), [
    ({"pass": False, "page": "3", "reason": "x"}, "GROUND"),
    ({"pass": False, "page": "3", "reason": "x", "ground": "R-99"}, "GROUND"),
    ({"pass": False, "reason": "x", "ground": "R-07"}, "FAIL-REASON"),
    ({"pass": False, "page": "3", "ground": "R-07"}, "FAIL-REASON"),
])  # fmt: skip
def test_a_fail_needs_page_reason_and_a_ground_of_the_file(room, change, rule):
    with pytest.raises(Refused, match=rule):
        mark_one(room, room.names[0], **change)


def test_marks_are_own_complete_and_final_once_locked(room):
    name = room.names[0]
    mark_one(room, name)
    with pytest.raises(Refused, match="INCOMPLETE-REVIEW"):
        room.do(name, "prelim.lock")
    room.mark(name)
    with pytest.raises(Refused, match="LOCKED"):
        mark_one(room, name)
    assert room.ask(room.names[1], "room.view")["mine"]["marks"] == []
    with pytest.raises(Unusable, match="item"):
        mark_one(room, room.names[1], item="none")
    with pytest.raises(Unusable, match="bid"):
        mark_one(room, room.names[1], bid="none")


def vote(house, yes: int, ground: str = "R-07", bidder: str = "丙"):
    for number, name in enumerate(house.names):
        house.do(name, "reject.vote", bid=house.bids[bidder], ground=ground, reject=number < yes, reason="工期")


@pytest.mark.parametrize(("yes", "out"), [(2, False), (3, True)])
def test_more_than_half_of_all_reject(room, yes, out):
    room.mark(room.names[0], {"丙": "R-07"})
    with pytest.raises(Refused, match="REVIEW-OPEN"):
        room.do(room.names[0], "reject.vote", bid=room.bids["丙"], ground="R-07", reject=True, reason="x")
    for name in room.names[1:]:
        room.mark(name)
    assert room.stage == "PRELIM"
    with pytest.raises(Refused, match="GROUND"):
        room.do(room.names[0], "reject.vote", bid=room.bids["甲"], ground="R-07", reject=True, reason="x")
    vote(room, yes)
    assert room.stage == ("LACK" if out else "SCORING")
    assert room.ask("regulator", "room.watch")["rejected"] == ({room.bids["丙"]: "R-07"} if out else {})


@pytest.mark.parametrize(("yes", "stage"), [(2, "SCORING"), (3, "SUMMARY")])
def test_below_three_bids_the_committee_says_whether_competition_lacks(room, yes, stage):
    for name in room.names:
        room.mark(name, {"丙": "TL51-3"})
    vote(room, 5, "TL51-3")
    assert room.stage == "LACK"
    for number, name in enumerate(room.names):
        room.do(name, "lack.vote", lack=number < yes, reason="报价相近" if number < yes else "仍有竞争")
    assert room.stage == stage


def test_an_unreadable_price_goes_to_a_vote_and_cannot_be_kept(house):
    house.build(pool=6, sites=SMALL, prices={"甲": "5689", "乙": "5828", "丙": "5709", "丁": ""})
    house.names = house.sit(sites=SMALL)
    to_scoring(house)
    assert house.stage == "PRELIM"
    with pytest.raises(Refused, match="NO-PRICE"):
        house.do(house.names[0], "reject.vote", bid=house.bids["丁"], ground="TL51-6", reject=False)
    vote(house, 5, "TL51-6", "丁")
    assert house.stage == "SCORING"


# -- scores ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "allowed"), [
    ("0", True), ("100", True), ("99.99", True), ("100.01", False), ("-0.01", False), ("90.001", False), ("x", False),
])  # fmt: skip
def test_points_lie_between_nought_and_the_maximum_with_two_places(room, points, allowed):
    to_scoring(room)
    cell = {"bid": room.bids["甲"], "criterion": "plan", "points": points}
    if allowed:
        assert room.do(room.names[0], "score.save", **cell)["done"] == 1
    else:
        with pytest.raises((Refused, Unusable), match="points|POINTS"):
            room.do(room.names[0], "score.save", **cell)


@pytest.mark.certify("A-146")
def test_nobody_sees_anothers_scores_until_all_have_locked(room):
    to_scoring(room)
    secret = "37.13"
    first, *others = room.names
    room.score(first, room.flat(secret))
    with pytest.raises(Refused, match="LOCKED"):
        room.do(first, "score.save", bid=room.bids["甲"], criterion="plan", points="1")
    for name in others:
        assert secret not in str(room.ask(name, "room.view"))
    for who, question in (("tenderer", "room.progress"), ("agency", "room.progress"), ("staff1", "room.venue"),
                          ("regulator", "room.watch"), ("auditor", "room.watch"), ("admin", "room.admin"),
                          ("甲", "room.bidder")):  # fmt: skip
        assert secret not in str(room.ask(who, question))
    with room.world.read() as session:
        for table in ("ledger_entry", "live_event"):
            assert secret not in str(session.connection().exec_driver_sql(f"SELECT * FROM {table}").fetchall())  # noqa: S608
        assert session.query(Sitting).one().result == {}
    for name in others:
        room.score(name, room.flat("40"))
    leader, second = room.ask(first, "room.view"), room.ask(others[0], "room.view")
    assert leader["summary"]["result"]["price_scores"]
    assert "summary" not in second
    assert secret in str(room.ask("regulator", "room.watch"))
    for who, question in (("tenderer", "room.progress"), ("staff1", "room.venue"), ("admin", "room.admin"),
                          ("甲", "room.bidder")):  # fmt: skip
        assert secret not in str(room.ask(who, question))
        assert "5752" not in str(room.ask(who, question))


def test_a_sheet_locks_only_when_full_and_as_saved(room):
    to_scoring(room)
    name = room.names[0]
    full = room.flat()
    room.score(name, {"甲": full["甲"]}, lock=False)
    with pytest.raises(Refused, match="INCOMPLETE-SCORES"):
        room.do(name, "score.lock")
    room.score(name, full, lock=False)
    sheet = {room.bids[bidder]: given for bidder, given in full.items()}
    with pytest.raises(Refused, match="OTHER-SCORES"):
        room.do(name, "score.lock", scores=sheet | {room.bids["甲"]: {"plan": "1"}})
    room.do(name, "score.lock", scores=sheet)
    with pytest.raises(Refused, match="LOCKED"):
        room.do(name, "score.lock")


@pytest.mark.certify("A-150")
def test_a_score_that_stands_out_needs_a_reason_or_a_correction_by_its_author(room):
    to_scoring(room)
    odd, *others = room.names
    room.score(odd, room.flat() | {"甲": {"credit": "90", "management": "60", "plan": "62"}})
    for name in others:
        room.score(name, room.flat())
    flags = room.ask(odd, "room.view")["flags"]
    assert [(one["criterion"], one["score"]) for one in flags] == [("management", "60"), ("plan", "62")]
    assert room.ask(others[0], "room.view")["flags"] == []
    cell = {"bid": room.bids["甲"], "criterion": "management"}
    with pytest.raises(Refused, match="ANOMALY"):
        room.do(odd, "report.make")
    with pytest.raises(Refused, match="ANOMALY"):
        room.do(others[0], "anomaly.confirm", **cell, reason="代人说明")
    with pytest.raises(Refused, match="R2-30"):
        room.do(others[0], "score.correct", **cell, points="89", reason="x")
    room.do(odd, "anomaly.confirm", **cell, reason="项目经理未到岗")
    with pytest.raises(Refused, match="ANOMALY"):
        room.do(odd, "report.make")
    room.do(odd, "score.correct", bid=room.bids["甲"], criterion="plan", points="88", reason="误录")
    with pytest.raises(Refused, match="R2-30"):
        room.do(odd, "score.correct", bid=room.bids["甲"], criterion="credit", points="1", reason="x")
    with pytest.raises(Refused, match="LEADER"):
        room.do(others[0], "report.make")
    room.do(odd, "report.make")
    assert room.stage == "REPORT"


def test_the_line_itself_is_not_flagged(room):
    to_scoring(room)
    odd, *others = room.names
    room.score(odd, room.flat() | {"甲": {"credit": "90", "management": "90", "plan": "63"}})  # exactly 30 % below 90
    for name in others:
        room.score(name, room.flat())
    assert room.ask(odd, "room.view")["flags"] == []


def test_objective_scores_must_be_equal_before_anything_goes_on(house):
    criteria = [CRITERIA[0] | {"kind": "objective"}, *CRITERIA[1:]]
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | {"criteria": criteria})
    house.names = house.sit(sites=SMALL)
    to_scoring(house)
    house.score(house.names[0], house.flat() | {"甲": {"credit": "80", "management": "90", "plan": "90"}})
    for name in house.names[1:]:
        house.score(name, house.flat())
    with pytest.raises(Refused, match="OBJECTIVE"):
        house.do(house.names[0], "report.make")
    house.do(house.names[0], "score.correct", bid=house.bids["甲"], criterion="credit", points="90", reason="误录")
    house.do(house.names[0], "report.make")


# -- clarification, report ---------------------------------------------------------------------------------------------


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
