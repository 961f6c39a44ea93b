"""A locked sheet before all have locked: asked for with a reason, decided by the leader, seen by supervisors."""

from __future__ import annotations

import pytest

from core import ledger
from core.faults import Unusable
from core.rules import Refused
from evaluation.committee.models import Committee
from evaluation.report import record
from evaluation.scoring import sheet, unlock  # noqa: F401  (fills the table of acts)
from evaluation.sitting.models import Sitting
from tests.evaluation.house import EVALUATION, SMALL, to_scoring


def ask(house, name: str) -> str:
    return house.do(name, "unlock.ask", reason="两家分数填反")["request"]


def built(house):
    with house.world.read() as session:
        sitting = session.query(Sitting).one()
        return record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))


def commitments(house) -> list[str]:
    with house.world.read() as session:
        entries = ledger.entries(session, f"case:{house.case}")
    return [one.body["sheet"] for one in entries if one.kind == "score.locked"]


@pytest.mark.rulebook("3.6 unlock")
def test_the_former_commitment_stays_and_the_report_opens_it(room):
    to_scoring(room)
    leader, member, *others = room.names
    with pytest.raises(Refused, match="UNLOCK"):
        ask(room, member)  # nothing is locked
    room.score(member, room.flat("70"))
    request = ask(room, member)
    with pytest.raises(Refused, match="UNLOCK"):
        ask(room, member)  # once
    assert room.do(leader, "unlock.decide", request=request, grant=True, answer="同意")["state"] == "granted"
    with pytest.raises(Refused, match="UNLOCK"):
        room.do(leader, "unlock.decide", request=request, grant=True)
    room.score(member, room.flat("90"))
    for name in (leader, *others):
        room.score(name, room.flat("90"))
    first, second, *_ = commitments(room)
    assert first != second
    found = built(room)
    one = found["unlocks"][0]
    assert sheet.commitment(one["salt"], one["sheet"]) == first
    lock = found["commitments"][one["member"]]
    assert lock["sheet"] == found["scoring"]["input"]["scores"][one["member"]]
    assert sheet.commitment(lock["salt"], lock["sheet"]) == second
    assert one["sheet"][room.bids["甲"]]["plan"] == "70"


def test_an_open_request_holds_the_summary_and_a_refusal_frees_it(room):
    to_scoring(room)
    leader, member, *others = room.names
    room.score(member, room.flat())
    request = ask(room, member)
    for name in (leader, *others):
        room.score(name, room.flat())
    assert room.stage == "SCORING"
    answer = room.do(leader, "unlock.decide", request=request, grant=False, answer="无正当理由")
    assert (answer["state"], answer["stage"]) == ("refused", "SUMMARY")
    with pytest.raises(Refused, match="STAGE"):
        ask(room, member)  # after all have locked only what stands out or differs is corrected


def test_a_granted_request_after_the_last_lock_reopens_only_that_sheet(room):
    to_scoring(room)
    leader, member, *others = room.names
    room.score(member, room.flat())
    request = ask(room, member)
    for name in (leader, *others):
        room.score(name, room.flat())
    assert room.do(leader, "unlock.decide", request=request, grant=True)["stage"] == "SCORING"
    with pytest.raises(Refused, match="LOCKED"):
        room.do(others[0], "score.save", bid=room.bids["甲"], criterion="plan", points="1")
    room.score(member, room.flat("88"))
    assert room.stage == "SUMMARY"


def test_the_leaders_own_request_is_the_regulators(room):
    to_scoring(room)
    leader, member, *_ = room.names
    room.score(leader, room.flat())
    room.score(member, room.flat())
    own, other = ask(room, leader), ask(room, member)
    with pytest.raises(Refused, match="UNLOCK-OWN"):
        room.do(leader, "unlock.decide", request=own, grant=True)
    with pytest.raises(Refused, match="LEADER"):
        room.do("regulator", "unlock.decide", request=other, grant=True)
    assert room.do("regulator", "unlock.decide", request=own, grant=True)["state"] == "granted"


@pytest.mark.parametrize("who", ["member", "tenderer", "agency", "staff1", "甲", "admin", "auditor"])
def test_nobody_else_decides(room, who):
    to_scoring(room)
    member = room.names[1]
    room.score(member, room.flat())
    request = ask(room, member)
    with pytest.raises(Refused):
        room.do(room.names[2] if who == "member" else who, "unlock.decide", request=request, grant=True)
    with pytest.raises(Refused):
        room.do("regulator" if who == "member" else who, "unlock.ask", reason="x")
    with pytest.raises(Unusable, match="request"):
        room.do(room.names[0], "unlock.decide", request="none", grant=True)


def test_supervisors_see_the_reason_and_no_point_and_others_see_nothing(room):
    to_scoring(room)
    leader, member, third, *_ = room.names
    room.score(member, room.flat("37.13"))
    ask(room, member)
    for who, question in (("regulator", "room.watch"), ("auditor", "room.watch"), (leader, "room.view")):
        seen = str(room.ask(who, question))
        assert "两家分数填反" in seen and "37.13" not in seen
    for who, question in ((third, "room.view"), ("tenderer", "room.progress"), ("staff1", "room.venue"),
                          ("甲", "room.bidder"), ("admin", "room.admin")):  # fmt: skip
        assert "两家分数填反" not in str(room.ask(who, question))


@pytest.mark.rulebook("3.6 objective")
def test_who_differs_on_an_objective_item_hears_which_cell_and_not_what_the_others_gave(house):
    objective = [{"id": "credit", "name": "业绩", "max": "100", "weight": "0.5", "kind": "objective"}]
    house.build(pool=6, sites=SMALL,
                evaluation=EVALUATION | {"criteria": objective})  # fmt: skip
    house.names = house.sit(sites=SMALL)
    to_scoring(house)
    odd, *others = house.names
    house.score(odd, {name: {"credit": "61.07" if name == "甲" else "80"} for name in house.bids})
    for name in others:
        house.score(name, {name: {"credit": "80"} for name in house.bids})
    mine = house.ask(others[-1], "room.view")["flags"]
    assert [(one["bid"], one["apart"]) for one in mine] == [(house.bids["甲"], False)]
    assert "61.07" not in str(house.ask(others[-1], "room.view"))
    told = house.ask(odd, "room.view")
    assert [(one["bid"], one["apart"], one["score"]) for one in told["flags"]] == [(house.bids["甲"], True, "61.07")]
    assert told["summary"]["objective_gaps"] == [(house.bids["甲"], "credit")]  # the leader sees the gaps
    house.do(odd, "score.correct", bid=house.bids["甲"], criterion="credit", points="80", reason="误录")
    assert house.ask(odd, "room.view")["flags"] == []
