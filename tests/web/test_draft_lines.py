"""Drafts over a line: left to be written with others, answered in order, and nothing else overtakes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import orjson
import pytest
import socketio
from sqlalchemy import select

from accounts import queries
from benchmarks import rooms
from benchmarks.house import house
from core import ledger
from core.access import SYSTEM, Actor, Role
from core.db import open_engine
from evaluation.scoring.models import Score
from web import transport
from web.app import create_app
from web.socket import UNANSWERED, Line, Socket

SAVE = {"name": "score.save"}


class Below:
    """What would go out over the websocket."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, one: Any) -> None:
        self.said.append(one.data)


@pytest.fixture
def room(config, front) -> rooms.Room:
    return front.acts.act(rooms.build, SYSTEM, 1, 2, 3)[0]


@pytest.fixture
def hub(config, front) -> Socket:
    found: Socket = create_app(config, front.acts.house.clock).extensions["gongheng.socket"]
    found.house = type(found.house)(front.acts, found.house.prover, found.house.config)
    front.acts.wake = lambda: None  # written when the test says so
    return found


def line_of(hub: Socket, person: str, language: str = "zh_CN") -> tuple[Line, Below]:
    with hub.house.acts.reading() as session:
        actor = queries.actor(session, person, "") if person else Actor()
    assert actor is not None
    below = Below()
    return Line(actor, "", language, set(), below), below  # type: ignore[arg-type]


@pytest.fixture
def member(hub, front, room) -> tuple[Line, Below]:
    with front.acts.reading() as session:
        person = session.scalars(select(rooms.Member.person_id).where(rooms.Member.id == room.members[0])).one()
    return line_of(hub, person)


def said(number: int, room: rooms.Room, points: str = "50", criterion: int = 0, **more: Any) -> str:
    payload = {"bid": room.bids[0], "criterion": room.criteria[criterion], "points": points}
    return f"42{number}" + orjson.dumps(["act", SAVE | {"case": room.case, "payload": payload} | more]).decode()


def answers(below: Below) -> list[tuple[str, dict[str, Any]]]:
    found = [(one[: one.index("[")], orjson.loads(one[one.index("[") :])[0]) for one in below.said]
    below.said.clear()
    return found


def test_drafts_are_taken_and_answered_in_order_after_the_commit(hub, front, room, member):
    line, below = member
    for number, points in enumerate(("50", "100.01", "51", "x")):
        assert hub._leave_draft(line, said(number, room, points, criterion=number % 2)) is True
    assert below.said == [] and line.unanswered == 4
    while front.acts.write_left():
        pass
    found = answers(below)
    assert [number for number, _ in found] == ["30", "31", "32", "33"], "3: an answer, then its number"
    assert [answer["status"] for _, answer in found] == [200, 409, 200, 400]
    assert found[2][1]["result"] == {"done": 1, "of": 6}
    assert found[1][1]["breaches"][0]["rule"] == "POINTS"
    assert line.unanswered == 0 and line.quiet.is_set()
    with front.acts.reading() as session:
        assert [one.kind for one in ledger.entries(session, f"case:{room.case}")] == ["score.saved"] * 2
    hub._leave_draft(line, said(5, room, "52"))
    assert front.acts.write_left() is False
    assert [answer["status"] for _, answer in answers(below)] == [200]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_fault_of_ours_is_an_answer_in_the_readers_language(hub, front, room, member, language, monkeypatch):
    line, below = line_of(hub, member[0].actor.person, language)
    monkeypatch.setattr(front.acts, "_quickly", lambda *_: 1 / 0)
    monkeypatch.setattr(front.acts, "_ordinarily", lambda *_: 1 / 0)
    assert hub._leave_draft(line, said(1, room)) is True
    front.acts.write_left()
    [(number, answer)] = answers(below)
    assert (number, answer["status"]) == ("31", 500)
    assert "ZeroDivision" not in answer["error"] and answer["error"].isascii() is (language == "en")


def _other(room: rooms.Room) -> dict[str, str]:
    act = {"name": "score.save", "case": room.case, "payload": {}}
    dumped = {name: orjson.dumps(value).decode() for name, value in {
        "another event": ["join", act], "another act": ["act", act | {"name": "score.lock"}],
        "no such act": ["act", act | {"name": "none"}], "a proof": ["act", act | {"proof": {"nonce": "x"}}],
        "a payload that is none": ["act", act | {"payload": []}], "a case that is none": ["act", act | {"case": 1}],
        "two objects": ["act", act, {}], "no object": ["act"], "an id that is none": ["act", act | {
            "payload": {"once": "!"}}],
    }.items()}  # fmt: skip
    texts = {name: f"421{text}" for name, text in dumped.items()}
    plain = orjson.dumps(["act", act]).decode()
    return texts | {
        "no number": f"42{plain}", "a namespace": f"42/x,1{plain}", "no JSON": "421[", "nothing": "42", "a pong": "3",
        "letters for a number": f"42a{plain}", "a float for a number": f"421.5{plain}",
    }  # fmt: skip


def test_whatever_else_is_said_goes_the_ordinary_way(hub, front, room, member):
    line, below = member
    for what, text in _other(room).items():
        assert hub._leave_draft(line, text) is False, what
        assert line.unanswered == 0, what
    assert front.acts.write_left() is False and below.said == []


def test_nobody_leaves_a_draft_without_a_name(hub, front, room):
    line, below = line_of(hub, "")
    assert hub._leave_draft(line, said(1, room)) is False
    assert front.acts.write_left() is False and below.said == []


def test_another_role_is_refused_by_the_act_itself(hub, front, room):
    line, below = line_of(hub, f"p-{Role.REGULATOR}")
    assert hub._leave_draft(line, said(1, room)) is True
    front.acts.write_left()
    assert [answer["status"] for _, answer in answers(below)] == [403]


def test_what_a_sender_says_next_waits_for_their_drafts_and_nobody_elses(hub, front, room, member):
    line, below = member
    other, _ = line_of(hub, f"p-{Role.REGULATOR}")
    hub._leave_draft(line, said(1, room))
    join = '422["join",{"channel":"room:x"}]'
    assert hub._leave_draft(other, join) is False, "at once"
    waits = gevent.spawn(hub._leave_draft, line, join)
    gevent.sleep(0)
    assert not waits.ready()
    assert hub._leave_draft(line, "3") is False, "a heartbeat of the line waits for nobody"
    front.acts.write_left()
    assert waits.get(timeout=5) is False and len(below.said) == 1


def test_who_floods_the_line_is_read_no_further_until_their_drafts_are_written(hub, front, room, member):
    line, below = member
    for number in range(UNANSWERED):
        assert hub._leave_draft(line, said(number, room)) is True
    waits = gevent.spawn(hub._leave_draft, line, said(UNANSWERED, room))
    gevent.sleep(0)
    assert not waits.ready() and line.unanswered == UNANSWERED
    while front.acts.write_left():
        pass
    assert waits.get(timeout=5) is True and line.unanswered == 1
    assert [answer["status"] for _, answer in answers(below)] == [200] * UNANSWERED


def test_a_writer_that_stumbles_goes_on(hub, front, room, member, monkeypatch):
    line, below = member
    transport.write_together(front.acts)
    with monkeypatch.context() as patch:
        patch.setattr(front.acts, "_commit_waiting", lambda: 1 / 0)
        hub._leave_draft(line, said(1, room))
        gevent.idle()
        assert below.said == []
    hub._leave_draft(line, said(2, room, "51"))
    line.quiet.wait(5)
    assert [(number, answer["status"]) for number, answer in answers(below)] == [("31", 200), ("32", 200)]


@contextmanager
def told(base: str, token: str) -> Iterator[socketio.Client]:
    client = socketio.Client(reconnection=False)
    client.connect(base, headers={"Cookie": f"gh_session={token}"}, transports=["websocket"])
    try:
        yield client
    finally:
        client.disconnect()


def test_who_sends_without_waiting_is_answered_in_order_by_the_server():
    """The last of many drafts of one cell is what stands; the broadcast of each comes in the order of the ledger."""
    with house(0, rooms=lambda tx: rooms.build(tx, 1, 2, 2)) as made:
        room, heard, answered = made.rooms[0], [], []
        with told(made.base, room.tokens[0]) as client:
            client.on("live", lambda event: heard.append(event["seq"]))
            assert client.call("join", {"channel": f"room:{room.case}"})["status"] == 200
            for number in range(1, 100):
                payload = {"bid": room.bids[0], "criterion": room.criteria[0], "points": str(number)}
                act = SAVE | {"case": room.case, "payload": payload | {"once": f"act-{number:06}"}}
                client.emit("act", act, callback=lambda answer, number=number: answered.append((number, answer)))
            assert client.call("ping", {}, timeout=30) == {"status": 200}, "said last, answered last"
            assert [number for number, _ in answered] == list(range(1, 100))
            assert {answer["status"] for _, answer in answered} == {200}
            assert heard == list(range(1, 100))
        engine = open_engine(f"sqlite:///{next(made.folder.glob('*.db'))}")
        with engine.connect() as connection:
            assert [one.points for one in connection.execute(select(Score.points))] == ["99"]
        engine.dispose()
