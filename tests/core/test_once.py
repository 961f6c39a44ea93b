"""The same act sent twice happens once; an id cannot be turned to another act."""

from __future__ import annotations

import threading

import pytest

from core import ledger, once
from core.access import Actor, Role
from core.canon import dumps, sha256_hex
from core.faults import Unusable

ANN, BEN = (Actor(person=name, roles=frozenset({Role.EXPERT})) for name in ("ann", "ben"))


def sent(world, actor, payload, act="score.save"):
    def run(tx):
        digest = sha256_hex(dumps(payload))
        first = once.answered(tx.session, tx.actor.person, act, "c", payload, digest)
        if first is not None:
            return first
        entry = tx.record("case:c", "score.saved", once.without(payload), case="c")
        return once.keep(tx.session, tx.now, tx.actor.person, act, "c", payload, digest, {"entry": entry})

    return world.acts.act(run, actor)


def entries(world):
    with world.read() as session:
        return len(ledger.entries(session, "case:c"))


def test_second_sending_gets_the_first_answer_and_writes_nothing(world):
    first = sent(world, ANN, {"points": "90", "once": "client-0001"})
    assert sent(world, ANN, {"points": "90", "once": "client-0001"}) == first
    assert entries(world) == 1


def test_ids_are_the_persons_own(world):
    first = sent(world, ANN, {"points": "90", "once": "client-0001"})
    assert sent(world, BEN, {"points": "90", "once": "client-0001"}) != first
    assert entries(world) == 2


@pytest.mark.parametrize(("points", "act"), [("91", "score.save"), ("90", "score.lock")])
def test_an_id_stands_for_one_act_only(world, points, act):
    sent(world, ANN, {"points": "90", "once": "client-0001"})
    with pytest.raises(Unusable, match="another act"):
        sent(world, ANN, {"points": points, "once": "client-0001"}, act)
    assert entries(world) == 1


def test_without_an_id_every_sending_counts(world):
    sent(world, ANN, {"points": "90"})
    sent(world, ANN, {"points": "90"})
    assert entries(world) == 2


@pytest.mark.parametrize("bad", ["short", 7, "a" * 65, "white space"])
def test_a_malformed_id_is_refused(world, bad):
    with pytest.raises(Unusable, match="once"):
        sent(world, ANN, {"once": bad})


def test_concurrent_sendings_happen_once(world):
    answers = []
    work = [threading.Thread(target=lambda: answers.append(sent(world, ANN, {"once": "client-0002"})["entry"]))
            for _ in range(8)]  # fmt: skip
    for one in work:
        one.start()
    for one in work:
        one.join()
    assert len(set(answers)) == 1
    assert len(answers) == 8
    assert entries(world) == 1
