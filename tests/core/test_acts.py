"""The one way to act: one commit for row and entry, refusals roll back alone, batches hand back each its own."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from certs import desk_sign
from core import jobs, ledger, live, merkle
from core.access import SYSTEM
from core.acts import ORDINARY, Acts, Tx
from core.clock import CST
from core.db import new_id, open_engine
from core.jobs import DueJob, plan
from core.quick import Draft
from core.rules import Breach, Refused

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=CST)


def _note(tx: Tx, text: str) -> str:
    plan(tx.session, tx.now, text, "")
    return tx.record("case:x", "noted", {"text": text}, case="x")


def _refuse(tx: Tx) -> None:
    _note(tx, "never")
    raise Refused(Breach("R1-06", "招标投标法 第24条", "B", "20日", "19日"))


def test_row_and_entry_are_one_commit(world):
    world.acts.act(_note, SYSTEM, "a")
    with pytest.raises(Refused):
        world.acts.act(_refuse, SYSTEM)
    with world.read() as session:
        assert [job.act for job in session.query(DueJob)] == ["a"]
        assert [entry.body["text"] for entry in ledger.entries(session, "case:x")] == ["a"]
        assert ledger.head(session, "case:x")["size"] == 1


def test_concurrent_acts_are_neither_lost_nor_doubled(world):
    def work(number: int) -> None:
        try:
            world.acts.act(_refuse if number % 5 == 0 else _note, SYSTEM, *([] if number % 5 == 0 else [str(number)]))
        except Refused:
            refused.append(number)

    refused: list[int] = []
    threads = [threading.Thread(target=work, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.read() as session:
        found = ledger.entries(session, "case:x")
        assert sorted(int(e.body["text"]) for e in found) == [n for n in range(40) if n % 5]
        assert [e.index for e in found] == list(range(32))
        leaves = [bytes.fromhex(e.leaf_hash) for e in found]
        assert merkle.root_of(leaves).hex() == ledger.head(session, "case:x")["root"]
    assert len(refused) == 8


def test_hooks_run_after_the_commit_and_only_then(world):
    seen = []

    def act(tx: Tx, fail: bool) -> None:
        tx.publish("hall:x", "price", {"n": 1})
        if fail:
            raise Refused(Breach("X", "", "B", "", ""))

    world.acts.house.hub.push = seen.append
    with pytest.raises(Refused):
        world.acts.act(act, SYSTEM, True)
    assert seen == []
    world.acts.act(act, SYSTEM, False)
    assert [event.seq for event in seen] == [1]
    with world.read() as session:
        assert [event.seq for event in live.since(session, "hall:x", 0)] == [1]
        assert live.since(session, "hall:x", 1) == []


def test_a_process_that_waited_for_another_writes_a_later_moment(world):
    """Two processes on one file: what is written second has been written later, whoever wanted to write first."""
    begun, waiting = threading.Event(), threading.Event()
    clock = world.clock

    def slow(tx: Tx) -> None:
        begun.set()
        assert waiting.wait(10)
        clock.moment += timedelta(seconds=1)
        tx.record("case:x", "noted", {"text": "first"}, case="x")
        clock.moment += timedelta(seconds=1)

    other_engine = open_engine(str(world.acts.engine.url))
    with other_engine.connect():  # opening a file asks for its lock too
        pass

    @event.listens_for(other_engine, "checkout")
    def _asked(*_connection: object) -> None:
        waiting.set()

    first = threading.Thread(target=world.acts.act, args=(slow, SYSTEM))
    first.start()
    assert begun.wait(10)
    Acts(other_engine, world.acts.house).act(_note, SYSTEM, "second")
    first.join()
    other_engine.dispose()
    with world.read() as session:
        found = ledger.entries(session, "case:x")
        assert [one.body["text"] for one in found] == ["first", "second"]
        assert found[1].at == clock.moment


def test_ids_do_not_count():
    assert len({new_id() for _ in range(1000)}) == 1000


def test_a_house_that_closes_leaves_everything_in_the_file(world, config):
    """Also what a writer of its own has written: the log goes with the last connection."""
    acts = Acts(open_engine(config.database_url, mapped=True), world.acts.house, open_engine(config.database_url))
    acts.act(_note, SYSTEM, "a")
    with acts.reading() as session:
        assert ledger.head(session, "case:x")["size"] == 1
    log = config.data_dir / "test.db-wal"
    assert log.exists()
    acts.close()
    assert not log.exists()


class _Left:
    """Acts that are left with one who writes when this test says so."""

    def __init__(self, acts: Acts) -> None:
        self.acts, self.heard = acts, []
        acts.wake = lambda: None

    def leave(self, fn, name: str) -> None:
        draft = Draft(SYSTEM, "none", "x", {}, "", "")
        self.acts.leave(fn, draft, lambda answer: self.heard.append((name, answer)))


def _impatient(world) -> None:
    """Its writer waits for nobody."""
    world.acts.act(lambda tx: tx.session.connection().exec_driver_sql("PRAGMA busy_timeout=1"), SYSTEM)


def test_who_does_not_wait_hears_of_the_commit_afterwards(world):
    left = _Left(world.acts)
    refusal = Refused(Breach("X", "", "B", "", ""))

    def refuse(tx: Tx) -> None:
        _note(tx, "never")
        raise refusal

    def broken(tx: Tx) -> str:
        tx.after(lambda: 1 / 0)
        return _note(tx, "b")

    left.leave(lambda tx: _note(tx, "a") and "a", "a")
    left.leave(refuse, "refused")
    left.leave(broken, "broken")
    assert left.heard == []
    assert world.acts.write_left() is False
    assert [name for name, _ in left.heard] == ["a", "refused", "broken"]
    assert left.heard[0][1] == "a" and left.heard[1][1] is refusal
    assert isinstance(left.heard[2][1], ZeroDivisionError), "written, but what came after it failed"
    with world.read() as session:
        assert [one.body["text"] for one in ledger.entries(session, "case:x")] == ["a", "b"]


def test_who_acted_is_answered_before_everybody_is_told(world):
    """Nobody waits for a room of others to be told."""
    left = _Left(world.acts)
    world.acts.house.hub.push = lambda event: left.heard.append((event.kind, event.seq))

    def publish(tx: Tx, kind: str) -> str:
        tx.publish("room:x", kind, {})
        return kind

    for name in ("a", "b"):
        left.leave(partial(publish, kind=name), f"answer {name}")
    world.acts.write_left()
    assert left.heard == [("answer a", "a"), ("answer b", "b"), ("a", 1), ("b", 2)]


def test_the_writer_keeps_its_connection_until_it_fails(world):
    _impatient(world)
    first = world.acts._connection
    world.acts.act(_note, SYSTEM, "a")
    assert world.acts._connection is first is not None
    with closing(sqlite3.connect(world.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            world.acts.act(_note, SYSTEM, "never")
    assert first.closed and world.acts._connection is None
    world.acts.act(_note, SYSTEM, "b")
    with world.read() as session:
        assert [one.body["text"] for one in ledger.entries(session, "case:x")] == ["a", "b"]


def test_a_connection_that_broke_is_replaced_and_nobody_waits_for_ever(world):
    left = _Left(world.acts)
    world.acts.act(_note, SYSTEM, "a")

    def broken(tx: Tx) -> None:
        tx.session.connection().connection.dbapi_connection.close()

    left.leave(partial(_note, text="lost"), "lost")
    left.leave(broken, "broken")
    world.acts.write_left()
    assert [name for name, _ in left.heard] == ["lost", "broken"]
    assert all(isinstance(answer, Exception) for _, answer in left.heard)
    world.acts.act(_note, SYSTEM, "b")
    with world.read() as session:
        assert [one.body["text"] for one in ledger.entries(session, "case:x")] == ["a", "b"]


def test_long_acts_that_are_left_take_turns_with_others(world):
    """No commit is longer than a few acts; everybody is written once and in order, whoever comes in between."""
    left = _Left(world.acts)
    names = [str(number) for number in range(2 * ORDINARY + 1)]
    for name in names:
        left.leave(partial(_note, text=name), name)
    assert world.acts.write_left() is True
    assert [name for name, _ in left.heard] == names[:ORDINARY]
    world.acts.act(_note, SYSTEM, "waits")
    assert [name for name, _ in left.heard] == names, "who waits writes those who came before"
    with world.read() as session:
        assert [one.body["text"] for one in ledger.entries(session, "case:x")] == [*names, "waits"]
    assert world.acts.write_left() is False


def test_nobody_who_left_is_forgotten_when_the_commit_fails(world):
    left = _Left(world.acts)
    _impatient(world)
    with closing(sqlite3.connect(world.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for name in ("a", "b"):
            left.leave(partial(_note, text=name), name)
        world.acts.write_left()
    assert [name for name, _ in left.heard] == ["a", "b"]
    assert all(isinstance(answer, OperationalError) for _, answer in left.heard)
    world.acts.act(_note, SYSTEM, "c")
    with world.read() as session:
        assert [one.body["text"] for one in ledger.entries(session, "case:x")] == ["c"]


@pytest.mark.parametrize(("question", "row"), [(jobs.ANY_DUE, {"now": NOW}), (desk_sign.ANY_SIGNED, {})])
def test_what_is_asked_twice_a_second_looks_through_nothing_that_is_done(world, question, row):
    assert world.acts.peek(question, row) is None
    with world.engine.connect() as connection:
        worded = question._of(connection)
        values = [NOW.isoformat()] * len(worded.names)
        plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {worded.text}", values).fetchall()
    assert [line[3].split(" ")[0] for line in plan] in (["SEARCH"], ["SCAN"])
    assert all("USING COVERING INDEX" in line[3] or "USING INDEX" in line[3] for line in plan), plan


def test_a_job_is_due_at_its_moment_and_not_before(world):
    world.acts.act(lambda tx: plan(tx.session, tx.now, "none", ""), SYSTEM)
    now = world.clock.now()
    assert world.acts.peek(jobs.ANY_DUE, {"now": now}) is not None
    assert world.acts.peek(jobs.ANY_DUE, {"now": now - timedelta(microseconds=1)}) is None
