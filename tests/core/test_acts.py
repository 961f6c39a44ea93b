"""The one way to act: one commit for row and entry, refusals roll back alone, batches hand back each its own."""

from __future__ import annotations

import threading

import pytest

from core import ledger, live, merkle
from core.access import SYSTEM
from core.acts import Tx
from core.db import new_id
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


def test_ids_do_not_count():
    assert len({new_id() for _ in range(1000)}) == 1000
