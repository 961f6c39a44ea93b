"""The one way to act: one commit for row and entry, refusals roll back alone, batches hand back each its own."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event

from core import ledger, live, merkle
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.db import new_id, open_engine
from core.jobs import DueJob, plan
from core.rules import Breach, Refused


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
