"""What of a course supervisors see while the committee works (domain.md §4), and how the answer is cut into pages."""

from __future__ import annotations

import pytest

from core.faults import Unusable
from core.rules import Refused
from oversight.replay import labels, replay, shut
from tests.oversight.scene import Scene
from trading.project.models import Case
from verifier.replay.state import State, lay


def test_what_members_said_is_a_number_until_the_report() -> None:
    changed: State = {
        "fails": {"m:b:F1": {"member": "m", "reason": "工期"}}, "words": {"m:b:plan": {"reason": "x"}},
        "sheets": {"m": {"points": {"b": {"plan": "90"}}}},
        "votes": {"reject:b:R-07": {"what": "reject", "cast": {"m": True, "n": False}}},
        "questions": {"c": {"bid": "b", "question": "请说明", "until": "10:00"}, "d": {"answer": "360 日"}},
        "lowprice": {"b": {"starts": {"m": True}, "invalid": False}},
        "members": {"m": {"marked": 3, "stance": "dissent", "dissent": "不同意"}}, "totals": {"b": {"total": "95"}},
        "unlocks": {"r": None},
    }  # fmt: skip
    assert shut(changed) == {
        "votes": {"reject:b:R-07": {"what": "reject", "cast": 2}},
        "questions": {"c": {"bid": "b", "until": "10:00"}, "d": {"answer": "360 日"}},
        "lowprice": {"b": {"starts": 1, "invalid": False}},
        "members": {"m": {"marked": 3}}, "totals": {"b": {"total": "95"}}, "unlocks": {"r": None},
    }  # fmt: skip


def test_pages_of_the_course_join_to_one(scene: Scene) -> None:
    case = scene.opened()
    actor = scene.stage.people["监管"]
    with scene.world.read() as session:
        whole = replay(session, case, actor)
        assert whole["next"] == ""
        first = replay(session, case, actor, limit=7)
        rest = replay(session, case, actor, after=first["next"])
        assert first["events"] + rest["events"] == whole["events"] and len(first["events"]) == 7
        assert first["last"] == whole["last"]
        assert replay(session, case, actor, after=whole["last"])["events"] == []
        with pytest.raises(Unusable, match="cursor"):
            replay(session, case, actor, after="x|y|1")
    state: State = {}
    for event in whole["events"]:
        lay(state, event["changes"])
    assert state["case"]["case"]["state"] == "OPENED"
    assert [one["number"] for one in state["bids"].values()] == [1, 2, 3]


@pytest.mark.parametrize("who", ["招标人", "代理", "投标人甲", "交易中心"])
def test_only_supervisors_ask_for_the_course(scene: Scene, who: str) -> None:
    case = scene.opened()
    with scene.world.read() as session, pytest.raises(Refused, match="OVERSIGHT"):
        replay(session, case, scene.stage.people[who])
    with scene.world.read() as session:
        replay(session, case, scene.auditor)


def test_ids_without_a_committee_have_no_names(scene: Scene) -> None:
    case = scene.opened()
    with scene.world.read() as session:
        found = labels(session, session.get_one(Case, case))
    assert found["members"] == {} and found["sites"] == {}
