"""The platform log under checkpoints: signed by the log, grown from the last, cosigned only by its witness."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from certs import checkpoint
from core import canon, jobs, ledger, merkle
from core.access import SYSTEM
from core.doors import QUESTIONS, TABLE
from core.faults import Fault, Unusable
from core.ledger import EntryRow
from core.rules import Refused
from oversight import casefile, checkpoints
from oversight.models import Cosignature, LogCheckpoint
from tests.oversight.scene import WITNESS
from verifier import archive


def take(scene) -> dict:
    return scene.world.acts.act(TABLE["log.checkpoint"].fn, SYSTEM, "", {})


def latest(scene, **p) -> dict:
    with scene.world.read() as session:
        return QUESTIONS["checkpoint.latest"].fn(session, scene.world.clock.now(), scene.admin, "", p)


def test_a_checkpoint_is_the_signed_root_of_the_platform_log(scene) -> None:
    point = take(scene)
    log = checkpoint.key_of(scene.house.log_key, scene.house.log_name)
    seen = checkpoint.verify(point["note"].encode(), [log], [], 0).checkpoint
    with scene.world.read() as session:
        head = ledger.head(session, "platform")
        last = ledger.entries(session, "platform")[-1]
    assert (seen.size, seen.root.hex()) == (head["size"], head["root"]) == (point["size"], point["root"])
    assert last.kind == "heads" and last.index == seen.size - 1


def test_nothing_new_is_no_new_checkpoint_and_the_timer_rings_on_once(scene) -> None:
    first = take(scene)
    assert take(scene) == first
    with scene.world.read() as session:
        planned = session.scalars(select(jobs.DueJob).where(jobs.DueJob.act == "log.checkpoint")).all()
    assert len(planned) == 1 and planned[0].at > scene.world.clock.now()
    scene.stage.announced()
    assert take(scene)["size"] > first["size"]


def test_each_checkpoint_extends_the_last_and_the_witness_can_see_it(scene) -> None:
    old = take(scene)
    scene.stage.announced()
    new = take(scene)
    told = latest(scene, old=str(old["size"]))
    proof = [bytes.fromhex(step) for step in told["consistency"]["proof"]]
    roots = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
    merkle.verify_consistency(old["size"], told["size"], proof, *roots)
    assert latest(scene, size=old["size"])["root"] == old["root"]


def test_a_rewritten_platform_log_is_never_signed(scene) -> None:
    take(scene)
    scene.stage.announced()
    scene.register()
    with scene.world.read() as session, session.begin():
        session.execute(
            update(EntryRow)
            .where(EntryRow.stream == "platform", EntryRow.kind == "witness.registered")
            .values(leaf="{}")
        )
    with pytest.raises(Fault, match="not the one that was signed before"):
        take(scene)


def test_a_cosignature_is_verified_before_it_is_stored(scene) -> None:
    scene.register()
    point = take(scene)
    note = point["note"]
    stranger = Ed25519PrivateKey.generate()
    good = scene.line(note)
    wrong = {
        "another key under our name": scene.line(note, stranger),
        "another name": scene.line(note, name="other.example/witness"),
        "another note": scene.line(note.replace(f"\n{point['size']}\n", f"\n{point['size'] + 1}\n")),
        "two lines": f"{good}\n{good}",
        "not a line": "— x y",
    }
    for why, line in wrong.items():
        with pytest.raises(Refused):
            scene.stage.do("监管", "checkpoint.cosign", size=point["size"], cosignature=line)
        with scene.world.read() as session:
            assert session.scalar(select(Cosignature.size)) is None, why
    with pytest.raises(Unusable, match="no checkpoint of this size"):
        scene.stage.do("监管", "checkpoint.cosign", size=point["size"] + 5, cosignature=good)
    answer = scene.stage.do("监管", "checkpoint.cosign", size=point["size"], cosignature=good)
    log = checkpoint.key_of(scene.house.log_key, scene.house.log_name)
    seen = checkpoint.verify(answer["note"].encode(), [log], [checkpoint.verifier_key(scene.vkey)], 1)
    assert [name for name, _ in seen.witnesses] == [WITNESS]
    with pytest.raises(Refused, match="one cosignature a witness"):
        scene.stage.do("监管", "checkpoint.cosign", size=point["size"], cosignature=good)


def test_a_witness_key_is_ones_own_and_the_newest_counts(scene) -> None:
    log = scene.house
    keys = {
        "the log's own key": checkpoint.key_of(log.log_key, "a.example/w", checkpoint.WITNESS).text,
        "the log's name": checkpoint.key_of(scene.key, log.log_name, checkpoint.WITNESS).text,
    }
    for text in keys.values():
        with pytest.raises(Refused):
            scene.stage.do("监管", "witness.register", vkey=text)
    with pytest.raises(Unusable, match="a witness key"):
        scene.stage.do("监管", "witness.register", vkey=checkpoint.key_of(scene.key, WITNESS).text)
    with pytest.raises(Unusable):
        scene.stage.do("监管", "witness.register", vkey="x+00000000+" + base64.b64encode(b"x").decode())
    scene.register()
    with pytest.raises(Refused, match="a key and name of one's own"):
        scene.register()
    scene.checkpoint()
    scene.key = Ed25519PrivateKey.generate()
    scene.register()
    with scene.world.read() as session:
        assert [one.vkey for one in checkpoints.witnesses(session)] == [scene.vkey]
        with pytest.raises(Refused):  # the old key's cosignature carries nothing any more
            checkpoints.usable(session)
    scene.checkpoint()
    with scene.world.read() as session:
        assert checkpoints.usable(session).size == checkpoints.newest(session).size


def test_bids_move_no_head_before_the_deadline(scene) -> None:
    """20号令 art. 21, 27, 56: nobody may count bids by the log either."""
    case = scene.stage.announced()
    before = take(scene)
    for who in ("投标人甲", "投标人乙"):
        scene.stage.do(who, "file.fetch", case)
        scene.stage.bid(case, who)
    assert take(scene) == before
    with scene.world.read() as session:
        point = checkpoints.usable(session)
        assert f"sealed:{case}" not in point.heads
    scene.stage.bid(case, "投标人丙")
    scene.stage.sealed(case)
    take(scene)
    with scene.world.read() as session:
        assert f"sealed:{case}" not in checkpoints.usable(session).heads, "the deadline may still be set anew"
    scene.stage.begin(case, "投标人甲", "投标人乙", "投标人丙")
    take(scene)
    with scene.world.read() as session:
        head = checkpoints.usable(session).heads[f"sealed:{case}"]
        assert head == ledger.head(session, f"sealed:{case}")


def test_a_sealed_head_that_was_signed_once_is_carried_on_while_it_is_hidden(scene) -> None:
    """Checkpoints of an earlier release stand over the head as soon as the deadline is over."""
    case = scene.stage.announced()
    scene.stage.bid(case, "投标人甲")
    take(scene)
    with scene.world.read() as session, session.begin():
        head = ledger.head(session, f"sealed:{case}")
        point = checkpoints.newest(session)
        point.heads = {**point.heads, f"sealed:{case}": head}
    scene.stage.bid(case, "投标人乙")
    take(scene)
    with scene.world.read() as session:
        assert checkpoints.usable(session).heads[f"sealed:{case}"] == head
        made = casefile.build(session, scene.world.acts.house.blobs, scene.house, case, "supervisor")
    assert set(canon.loads(archive.read(made)["ledger/streams.json"])) == {f"case:{case}"}
    for who in ("投标人丙", "投标人丁"):
        scene.stage.bid(case, who)
    scene.stage.sealed(case)
    scene.stage.begin(case, *("投标人甲", "投标人乙", "投标人丙"))
    take(scene)
    with scene.world.read() as session:
        assert checkpoints.usable(session).heads[f"sealed:{case}"] == ledger.head(session, f"sealed:{case}")


def test_only_the_checkpoints_that_can_carry_case_files_keep_their_heads(scene) -> None:
    scene.register()
    first = scene.checkpoint()
    scene.stage.announced()
    second = take(scene)
    with scene.world.read() as session:
        assert checkpoints.usable(session).size == first["size"]
    scene.stage.do("监管", "checkpoint.cosign", size=second["size"], cosignature=scene.line(second["note"]))
    with scene.world.read() as session:
        assert checkpoints.usable(session).size == second["size"]
        assert session.get(LogCheckpoint, first["size"]).heads == {}
