"""The report is made outside the write transaction, and is the one that the act would have made inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from core import doors
from core.faults import Unusable
from core.rules import Breach, Refused
from evaluation.committee.queries import committee_of
from evaluation.report import making
from evaluation.report import record as records
from evaluation.report.making import report_of
from evaluation.sitting.models import Sitting
from tests.evaluation.house import House, to_scoring


def _proven(tx, act, case, digest, proof):
    return tx.actor


def send(house: House, name: str, act: str, **payload: Any) -> dict[str, Any]:
    """As every door does it."""
    return doors.perform(house.world.acts, _proven, house.actor(name), act, house.case, payload)


@dataclass
class Watch:
    """Where reports were made, and what happens meanwhile."""

    inside: list[bool] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None


@pytest.fixture
def scored(room: House) -> House:
    to_scoring(room)
    for name in room.names:
        room.score(name, room.flat())
    return room


@pytest.fixture
def watch(scored: House, monkeypatch) -> Watch:
    seen, real = Watch(), making.compose

    def compose(work: making.Work, *, demo: bool) -> making.Ready:
        inside = scored.world.acts._lock.locked()
        seen.inside.append(inside)
        made = real(work, demo=demo)
        if not inside:
            seen.meanwhile()
        return made

    monkeypatch.setattr(making, "compose", compose)
    return seen


def newest(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record of the version on the desk, and what the rows say now."""
    with house.world.read() as session:
        committee = committee_of(session, house.case)
        row = report_of(session, committee)
        sitting = session.get(Sitting, committee.id)
        return row.record, records.plain(records.read(session, committee, sitting, row.version))


def test_no_report_is_made_while_the_writer_waits_and_each_is_what_the_rows_say(scored, watch):
    leader, second, third, *_ = scored.names
    made = send(scored, leader, "report.make")
    record, now = newest(scored)
    assert made["version"] == 1 and record == now
    assert send(scored, second, "report.dissent", text=" 评分过高，理由如下。 ")["version"] == 2
    record, now = newest(scored)
    assert record == now and [one["dissent"] for one in record["committee"] if one["dissent"]] == [
        "评分过高，理由如下。"
    ]
    silent = {"member": scored.place(third).id, "reference": "录像 12:03"}
    assert send(scored, "regulator", "report.deem", **silent)["version"] == 3
    record, now = newest(scored)
    assert record == now and record["refusals"][0]["reference"] == "录像 12:03"
    assert watch.inside == [False, False, False]


def test_a_dissent_before_the_report_makes_none(scored, watch):
    assert send(scored, scored.names[1], "report.dissent", text="理由") == {"document": ""}
    assert watch.inside == []


def test_what_changes_while_it_is_made_stands_in_the_report(scored, watch):
    left = ["停电一分钟", "网络波动"]
    watch.meanwhile = lambda: left and scored.do("staff1", "incident.note", text=left.pop(0))
    send(scored, scored.names[0], "report.make")
    assert watch.inside == [False, False, False] and not left
    record, now = newest(scored)
    assert record == now and {"停电一分钟", "网络波动"} <= {one["text"] for one in record["incidents"]}


def test_a_case_that_never_stands_still_gets_its_report_all_the_same(scored, watch):
    watch.meanwhile = lambda: scored.do("staff1", "incident.note", text="又一次")
    send(scored, scored.names[0], "report.make")
    assert watch.inside == [*[False] * doors.TRIES, True]
    record, now = newest(scored)
    assert record == now


def test_talk_goes_on_while_it_is_made(scored, watch):
    watch.meanwhile = lambda: scored.do(scored.names[1], "talk.say", text="请稍等")
    send(scored, scored.names[0], "report.make")
    assert watch.inside == [False]
    assert newest(scored)[0]["talk"]["lines"] == 0, "counted up to the moment it was read"


def test_a_stage_that_was_left_meanwhile_refuses_and_leaves_nothing(scored, watch):
    watch.meanwhile = lambda: scored.do("staff1", "sitting.pause", reason="断电", technical=True)
    with pytest.raises(Refused, match="PAUSED"):
        send(scored, scored.names[0], "report.make")
    with scored.world.read() as session:
        assert report_of(session, committee_of(session, scored.case)) is None


def test_nobody_has_a_report_made_that_they_may_not_make(scored, watch):
    for name, why in ((scored.names[1], "LEADER"), ("staff1", "ACCESS"), ("甲", "ACCESS")):
        with pytest.raises(Refused, match=why):
            send(scored, name, "report.make")
    send(scored, scored.names[0], "report.make")
    with pytest.raises(Refused, match="STAGE"):
        send(scored, scored.names[0], "report.make")
    with pytest.raises(Refused, match="MEMBER"):
        send(scored, next(iter(set(scored.experts["420112"]) - set(scored.names))), "report.dissent", text="x")
    with pytest.raises(Refused, match="DEEM-LEADER"):
        send(scored, "regulator", "report.deem", member=scored.place(scored.names[0]).id, reference="x")
    assert watch.inside == [False]


def test_a_payload_that_cannot_be_read_is_refused_after_the_proof(scored, watch):
    send(scored, scored.names[0], "report.make")

    def unproven(tx, act, case, digest, proof):
        raise Refused(Breach("S-SIGN", "x", "B", "a signature", "-"))

    for name, act in (("regulator", "report.deem"), (scored.names[1], "report.dissent")):
        with pytest.raises(Refused, match="S-SIGN"):
            doors.perform(scored.world.acts, unproven, scored.actor(name), act, scored.case, {})
        with pytest.raises(Unusable):
            send(scored, name, act)
    assert watch.inside == [False]


def test_the_same_sending_twice_is_answered_without_a_second_making(scored, watch):
    first = send(scored, scored.names[0], "report.make", once="a1b2c3d4e5")
    assert send(scored, scored.names[0], "report.make", once="a1b2c3d4e5") == first
    assert watch.inside == [False]
