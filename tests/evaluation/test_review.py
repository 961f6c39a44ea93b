"""Review and scores: boundaries of every vote, scores nobody else sees, what blocks the report."""

from __future__ import annotations

import re

import pytest

from core import ledger, live
from core.doors import perform
from core.faults import Unusable
from core.rules import Refused
from evaluation.scoring.models import Score
from evaluation.sitting.models import Sitting
from tests.evaluation.house import CRITERIA, EVALUATION, SMALL, to_scoring, vote


def mark_one(house, name, **change):
    return house.do(name, "prelim.mark", **{"bid": house.bids["甲"], "item": "F1", "pass": True} | change)


@pytest.mark.rulebook("3.1 items")
@pytest.mark.rulebook("3.1 grounds")
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


@pytest.mark.rulebook("3.1 reject by majority")
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


@pytest.mark.rulebook("3.1 fewer than three")
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


@pytest.mark.parametrize(("points", "allowed"), [
    ("0", True), ("100", True), ("99.99", True), ("100.01", False), ("-0.01", False), ("90.001", False), ("x", False),
])  # fmt: skip
def test_points_lie_between_nought_and_the_maximum_with_two_places(room, points, allowed):
    to_scoring(room)
    cell = {"bid": room.bids["甲"], "criterion": "plan", "points": points}
    if allowed:
        assert room.do(room.names[0], "score.save", **cell)["done"] == 1
    else:
        with pytest.raises((Refused, Unusable), match=r"points|POINTS"):
            room.do(room.names[0], "score.save", **cell)


@pytest.mark.rulebook("3.6 independence")
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
            assert secret not in str(session.connection().exec_driver_sql(f"SELECT * FROM {table}").fetchall())
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
        assert not re.search(r"(?<![\w.])5752(?!\w)", str(room.ask(who, question))), "digits of an id are no price"


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


def test_a_score_or_vote_sent_twice_counts_once(room):
    """Through the door, as after a killed server: the second sending gets the first answer and writes nothing."""
    to_scoring(room)
    name = room.names[0]
    cell = {"bid": room.bids["甲"], "criterion": "plan", "points": "90", "once": "client-0001"}

    def send():
        return perform(room.world.acts, None, room.actor(name), "score.save", room.case, cell)

    def entries():
        with room.world.read() as session:
            return ledger.head(session, f"case:{room.case}")["size"]

    first, size = send(), entries()
    assert send() == first
    assert entries() == size
    with room.world.read() as session:
        assert session.query(Score).count() == 1


@pytest.mark.rulebook("3.6 anomalies")
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


def test_what_the_room_hears_names_no_bid_no_score_and_no_person(room):
    room.mark(room.names[0], {"丙": "R-07"})
    for name in room.names[1:]:
        room.mark(name)
    vote(room, 0)
    asked = room.do(room.names[0], "clarify.ask", bid=room.bids["甲"], question="请说明")
    room.do("甲", "clarify.answer", clarification=asked["clarification"], answer="按招标文件")
    for name in room.names:
        room.score(name, room.flat("37.13"))
    with room.world.read() as session:
        heard = str([(one.kind, one.data) for channel in ("room", "watch")
                     for one in live.since(session, f"{channel}:{room.case}", 0)])  # fmt: skip
    for word in (*room.bids.values(), *room.names, *(room.people[name] for name in room.names), "37.13", "R-07"):
        assert word not in heard
