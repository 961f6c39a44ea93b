"""Scores and findings saved by a grant (core.quick): the same rows, entries, events and answers as the ordinary way."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from core import canon, doors, ledger, live
from core.acts import Acts
from core.faults import Unusable
from core.rules import Refused
from evaluation.scoring.models import Score
from evaluation.sitting import guards
from evaluation.talk import actions as talk
from evaluation.talk import recordings  # noqa: F401  (fills the table of acts)
from tests.evaluation.house import CRITERIA, House, to_scoring
from tests.evaluation.test_talk import piece
from trading.project.models import Case
from verifier import ledger as lines

SMALL = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
POINTS = st.sampled_from(["0", "87.5", "100", "100.01", "-0.01", "1.234", "", "x"])



def _nobody(*_: Any) -> Any:
    raise AssertionError("a draft needs no proof")


def send(house: House, name: str, act: str, payload: dict[str, Any], acts: Acts | None = None) -> dict[str, Any]:
    """As every door does it."""
    return doors.perform(acts or house.world.acts, _nobody, house.actor(name), act, house.case, payload)


def leave(house: House, name: str, act: str, payload: dict[str, Any]) -> dict[str, Any]:
    """As a line does it that does not wait."""
    heard: list[Any] = []
    assert doors.drafted(house.world.acts, _nobody, house.actor(name), act, house.case, payload, heard.append)
    [answer] = heard
    if isinstance(answer, BaseException):
        raise answer
    return dict(answer)


STEP = st.tuples(
    st.integers(0, 4), st.integers(0, 2), st.integers(0, 2), POINTS, st.booleans(), st.sampled_from([send, leave])
)  # fmt: skip


def covered(house: House, name: str, act: str = "score.save") -> bool:
    """Whether the next one goes by a grant."""
    with house.world.read() as session:
        size = ledger.head(session, f"case:{house.case}")["size"]
    draft = doors.Draft(house.actor(name), act, house.case, {}, "", "")
    return house.world.acts.grants.find(draft, size, house.world.clock.now()) is not None


@pytest.fixture
def scoring(room: House) -> House:
    return to_scoring(room)


def _entries(house: House, kind: str = "score.saved") -> list[ledger.Entry]:
    with house.world.read() as session:
        return [one for one in ledger.entries(session, f"case:{house.case}") if one.kind == kind]


def _chain_holds(house: House) -> None:
    """Read as a stranger would."""
    stream = f"case:{house.case}"
    with house.world.read() as session:
        rows = [lines.line(one.leaf, one.salt, one.body, one.actor) for one in ledger.entries(session, stream)]
        head = ledger.head(session, stream)
    assert len(lines.read(lines.lines(rows), canon.dumps({stream: head})).entries) == len(rows) == head["size"]


@dataclass
class Model:
    """What must be there after what was done."""

    scores: dict[tuple[str, str, str], str] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def save(self, member: str, bid: str, criterion: str, points: str) -> int:
        self.scores[member, bid, criterion] = points
        self.bodies.append({"member": member, "cells": [{"bid": bid, "criterion": criterion}]})
        done = sum(key[0] == member for key in self.scores)
        self.events.append({"member": member, "done": done})
        return done


def _stands(house: House, model: Model) -> None:
    with house.world.read() as session:
        rows = {(one.member_id, one.bid_id, one.criterion): one.points for one in session.query(Score)}
        told = [one.data for one in live.since(session, f"room:{house.case}", 0) if one.kind == "score.progress"]
    assert rows == model.scores
    assert [one.body for one in _entries(house)] == model.bodies
    assert told == model.events
    _chain_holds(house)


def test_by_grant_or_not_the_same_is_written_and_answered(scoring: House) -> None:
    model, members = Model(), {name: scoring.place(name).id for name in scoring.names}
    bids, wanted = list(scoring.bids.values()), len(scoring.bids) * len(CRITERIA)
    ways = set()

    @SMALL
    @given(st.lists(STEP, min_size=10, max_size=30))
    def play(steps: list[tuple[int, int, int, str, bool, Any]]) -> None:
        for who, bid, criterion, points, forget, door in steps:
            name, cell = scoring.names[who], (bids[bid], CRITERIA[criterion]["id"])
            if forget:
                scoring.world.acts.grants.forget([scoring.case])
            ways.add((by := covered(scoring, name), points in ("0", "87.5", "100")))
            payload = {"bid": cell[0], "criterion": cell[1], "points": points, "once": secrets.token_hex(8)}
            try:
                answer = door(scoring, name, "score.save", payload)
            except (Refused, Unusable):
                assert points not in ("0", "87.5", "100"), by
            else:
                assert answer == {"done": model.save(members[name], *cell, points), "of": wanted}
        _stands(scoring, model)

    play()
    assert ways == {(by, good) for by in (True, False) for good in (True, False)}, (
        "both ways were gone, both answers given"
    )


@pytest.mark.parametrize("points", ["100.01", "x", "1.234"])
def test_a_refusal_by_grant_is_the_ordinary_one(scoring: House, points: str) -> None:
    name, said = scoring.names[0], []
    payload = {"bid": scoring.bids["甲"], "criterion": "plan", "points": points}
    for forget in (True, False):
        send(scoring, name, "score.save", payload | {"points": "50"})
        if forget:
            scoring.world.acts.grants.forget([scoring.case])
        assert covered(scoring, name) is not forget
        with pytest.raises((Refused, Unusable)) as refused:
            send(scoring, name, "score.save", payload)
        said.append((refused.type, str(refused.value), getattr(refused.value, "breaches", None)))
    assert said[0] == said[1]


def test_the_same_sending_twice_is_written_once_and_answered_alike(scoring: House) -> None:
    name = scoring.names[0]
    payload = {"bid": scoring.bids["甲"], "criterion": "plan", "points": "50"}
    send(scoring, name, "score.save", payload | {"once": "first-one"})
    assert covered(scoring, name)
    answers = [send(scoring, name, "score.save", payload | {"once": "second-one"}) for _ in range(2)]
    assert answers[0] == answers[1] and len(_entries(scoring)) == 2
    with pytest.raises(Unusable, match="another act"):
        send(scoring, name, "score.save", payload | {"points": "51", "once": "second-one"})
    assert len(_entries(scoring)) == 2


def test_whatever_else_is_written_to_the_case_ends_the_grants(scoring: House) -> None:
    first, second = scoring.names[:2]
    for name in (first, second):
        scoring.score(name, scoring.flat(), lock=False)
        send(scoring, name, "score.save", {"bid": scoring.bids["甲"], "criterion": "plan", "points": "50"})
        assert covered(scoring, name)
    scoring.do(first, "score.lock")
    assert not covered(scoring, first) and not covered(scoring, second)
    with pytest.raises(Refused) as refused:
        send(scoring, first, "score.save", {"bid": scoring.bids["甲"], "criterion": "plan", "points": "51"})
    assert [one.rule for one in refused.value.breaches] == ["LOCKED"]
    send(scoring, second, "score.save", {"bid": scoring.bids["甲"], "criterion": "plan", "points": "51"})
    assert covered(scoring, second) and not covered(scoring, first)


def test_talk_hands_and_recordings_leave_the_grants_standing(scoring: House) -> None:
    """They move no guard: a room that talks while it scores is as fast as a silent one."""
    leader, second = scoring.names[:2]
    cell = {"bid": scoring.bids["甲"], "criterion": "plan"}
    for name in (leader, second):
        send(scoring, name, "score.save", cell | {"points": "50"})
    said: list[tuple[str, str, dict[str, Any]]] = [
        (second, "talk.say", {"text": "请看第12页"}), (second, "hand.raise", {}),
        (leader, "hand.call", {"member": scoring.place(second).id}), (second, "hand.lower", {}),
    ]  # fmt: skip
    for points, (who, act, payload) in enumerate(said):
        scoring.do(who, act, **payload)
        assert covered(scoring, leader) and covered(scoring, second), act
        send(scoring, second, "score.save", cell | {"points": str(points)})
    piece(scoring, second, b"sound")
    assert covered(scoring, leader) and covered(scoring, second)
    _chain_holds(scoring)
    scoring.do("regulator", "incident.note", text="示例")
    assert not covered(scoring, second)
    scoring.do(second, "talk.say", text="已恢复")
    assert not covered(scoring, second), "a sentence gives no grant back"
    told = {one.kind for kind in talk.STILL for one in _entries(scoring, kind)}
    assert told == talk.STILL, "every kind of them was written here"


@pytest.mark.parametrize("act", ["sitting.pause", "member.remove"])
def test_a_pause_or_a_removal_holds_for_whoever_has_a_grant(scoring: House, act: str) -> None:
    name = scoring.names[1]
    payload = {"bid": scoring.bids["甲"], "criterion": "plan", "points": "50"}
    send(scoring, name, "score.save", payload)
    assert covered(scoring, name)
    more = {"member": scoring.place(name).id} if act == "member.remove" else {}
    scoring.do("regulator", act, reason="示例", **more)
    with pytest.raises(Refused):
        send(scoring, name, "score.save", payload)
    assert len(_entries(scoring)) == 1


@pytest.mark.parametrize("regime", ["R1", "R2"])
@pytest.mark.parametrize("late", [False, True])
def test_a_grant_ends_by_itself_and_soon_where_a_guard_looks_at_the_clock(
    scoring: House, regime: str, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under R2 nobody scores unrecorded, and a recording ends without a word."""
    monkeypatch.setattr(guards, "recorded", lambda *_: ())  # it runs
    with scoring.world.engine.begin() as connection:
        connection.execute(update(Case).where(Case.id == scoring.case).values(regime=regime))
    later = timedelta(seconds=30) if regime == "R2" else timedelta(minutes=30)
    later += timedelta(milliseconds=late)
    name = scoring.names[0]
    payload = {"bid": scoring.bids["甲"], "criterion": "plan", "points": "50"}
    send(scoring, name, "score.save", payload)
    began = scoring.world.clock.moment
    scoring.world.clock.moment = began + timedelta(seconds=20)
    send(scoring, name, "score.save", payload)
    scoring.world.clock.moment = began + later
    assert covered(scoring, name) is not late, "it counts from the last asking, not from the last draft"


def test_what_another_process_writes_is_seen(scoring: House) -> None:
    name = scoring.names[0]
    payload = {"bid": scoring.bids["甲"], "criterion": "plan", "points": "50"}
    send(scoring, name, "score.save", payload)
    elsewhere = Acts(scoring.world.engine, scoring.world.acts.house)
    send(scoring, name, "score.save", payload | {"criterion": "credit"}, elsewhere)
    assert not covered(scoring, name)
    assert send(scoring, name, "score.save", payload | {"criterion": "management"})["done"] == 3
    assert covered(scoring, name)
    _chain_holds(scoring)


@pytest.fixture
def broken(scoring: House) -> Iterator[str]:
    """A row behind the ledger's back: what a grant takes for fresh stands there already."""
    name = scoring.names[0]
    send(scoring, name, "score.save", {"bid": scoring.bids["甲"], "criterion": "plan", "points": "50"})
    with scoring.world.engine.begin() as connection:
        told = {"member": scoring.place(name).id, "bid": scoring.bids["乙"]}
        connection.execute(text("insert into score values (:member, :bid, 'plan', '1', '2026-04-01 01:00:00')"), told)
    assert covered(scoring, name)
    yield name


def test_a_grant_that_is_wrong_writes_nothing_and_the_ordinary_way_does(scoring: House, broken: str) -> None:
    answer = send(scoring, broken, "score.save", {"bid": scoring.bids["乙"], "criterion": "plan", "points": "60"})
    assert answer["done"] == 2 and len(_entries(scoring)) == 2
    _chain_holds(scoring)


def test_everybody_at_once_is_written_once_each_and_heard_in_order(scoring: House) -> None:
    heard: list[int] = []
    scoring.world.acts.house.hub.push = lambda event: heard.append(event.seq)
    cells = [(bid, one["id"]) for bid in scoring.bids.values() for one in CRITERIA]
    actors = {name: scoring.actor(name) for name in scoring.names}
    order = {name: number for number, name in enumerate(scoring.names)}

    def work(name: str) -> None:
        for number in range(40):
            bid, criterion = cells[number % len(cells)]
            payload = {"bid": bid, "criterion": criterion, "points": str(number), "once": f"{order[name]}-{number:08}"}
            doors.perform(scoring.world.acts, _nobody, actors[name], "score.save", scoring.case, payload)

    threads = [threading.Thread(target=work, args=(name,)) for name in scoring.names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_entries(scoring)) == 40 * len(scoring.names)
    assert heard == sorted(heard) and len(set(heard)) == len(heard) == 40 * len(scoring.names)
    with scoring.world.read() as session:
        assert {one.points for one in session.query(Score)} == {str(n) for n in range(40 - len(cells), 40)}
    _chain_holds(scoring)


def test_findings_go_the_same_way(room: House) -> None:
    name, items = room.names[0], [one["id"] for one in room.ask(room.names[0], "room.view")["items"]]
    bid = room.bids["甲"]
    fail = {"bid": bid, "item": items[0], "pass": False, "page": "P1", "reason": "不符合", "ground": "R-07"}
    send(room, name, "prelim.mark", {"bid": bid, "item": items[1], "pass": True})
    assert covered(room, name, "prelim.mark")
    assert send(room, name, "prelim.mark", fail)["done"] == 2
    with pytest.raises(Refused) as refused:
        send(room, name, "prelim.mark", fail | {"reason": ""})
    assert [one.rule for one in refused.value.breaches] == ["FAIL-REASON"]
    assert send(room, name, "prelim.mark", {"bid": bid, "item": items[0], "pass": True})["done"] == 2
    mine = {one["item"]: one for one in room.ask(name, "room.view")["mine"]["marks"]}
    assert mine[items[0]] == {
        "bid": bid,
        "item": items[0],
        "pass": True,
        "page": "",
        "reason": "",
        "ground": "",
        "unclear": False,
    }
    assert len(_entries(room, "review.marked")) == 3
    _chain_holds(room)
