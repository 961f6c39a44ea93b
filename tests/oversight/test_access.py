"""Every act of the room against every role; the guard stands inside the act as well as at the door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.access import Actor, Role
from core.doors import TABLE, perform
from core.faults import Unusable
from core.ledger import entries
from core.rules import Refused
from tests.oversight.scene import Scene

ACTS = ("log.checkpoint", "witness.register", "checkpoint.cosign", "casefile.export")
OPEN = {
    "log.checkpoint": {Role.REGULATOR, Role.ADMIN},
    "witness.register": {Role.REGULATOR},
    "checkpoint.cosign": {Role.REGULATOR},
    "casefile.export": {Role.REGULATOR, Role.AUDITOR, Role.CENTRE},
}
SIGNED = {"witness.register", "checkpoint.cosign"}


@pytest.fixture
def ready(scene: Scene) -> tuple[Scene, str, dict[str, Callable[[], dict[str, Any]]]]:
    """A case after its result under a cosigned checkpoint, and a payload that works for each act."""
    scene.register()
    case = scene.opened()
    scene.set_state(case, "WINNER_SET")
    scene.checkpoint()
    scene.later()
    note = scene.stage.do("监管", "log.checkpoint")
    payloads = {
        "log.checkpoint": dict,
        "witness.register": lambda: {"vkey": scene.vkey},
        "checkpoint.cosign": lambda: {"size": note["size"], "cosignature": scene.line(note["note"])},
        "casefile.export": lambda: {"edition": "supervisor"},
    }
    return scene, case, payloads


def who(scene: Scene, role: Role) -> Actor:
    """The person of the case in this role, where there is one."""
    named = {Role.TENDERER: "招标人", Role.AGENCY: "代理", Role.CENTRE: "交易中心", Role.REGULATOR: "监管",
             Role.BIDDER: "投标人甲"}  # fmt: skip
    others = {Role.AUDITOR: scene.auditor, Role.ADMIN: scene.admin}
    if role in named:
        return scene.stage.people[named[role]]
    return others.get(role, Actor("x" * 16, roles=frozenset({role})))


def test_every_act_for_every_role(ready) -> None:
    scene, case, payloads = ready
    assert {name for name in TABLE if name.startswith(("log.", "witness.", "checkpoint.", "casefile."))} == set(ACTS)
    for name in ACTS:
        assert TABLE[name].signed == (name in SIGNED)
        for role in Role:
            actor = who(scene, role)
            of = case if name == "casefile.export" else ""
            if role not in OPEN[name]:
                with pytest.raises(Refused) as refused:
                    scene.world.do(actor, name, of, **payloads[name]())
                assert [one.rule for one in refused.value.breaches] == ["ACCESS"], (name, role)
            elif name != "witness.register":  # registered in the fixture already, by the same role
                assert scene.world.do(actor, name, of, **payloads[name]()), (name, role)


@pytest.mark.rule("E-08", "refused")
def test_signed_acts_do_not_happen_without_a_proof(scene: Scene) -> None:
    def prover(tx, act, case, digest, proof):
        raise Unusable("no proof")

    for name in SIGNED:
        with pytest.raises(Unusable, match="no proof"):
            perform(scene.world.acts, prover, scene.stage.people["监管"], name, "", {"vkey": scene.vkey})


def test_only_those_of_the_case_export_it(ready) -> None:
    scene, case, _ = ready
    far = scene.stage.org("外地监管", "regulator", Role.REGULATOR, region="410600")
    other = scene.stage.org("外地中心", "centre", Role.CENTRE, region="410600")
    for actor in (far, other):
        with pytest.raises(Refused):
            scene.world.do(actor, "casefile.export", case, edition="supervisor")
    for wrong in ({}, {"edition": "secret"}, {"edition": "public", "more": 1}):
        with pytest.raises(Unusable):
            scene.stage.do("监管", "casefile.export", case, **wrong)
    with pytest.raises(Unusable, match="no such case"):
        scene.stage.do("监管", "casefile.export", "0" * 16, edition="public")


def test_a_regulator_without_a_key_of_its_own_does_not_cosign(ready) -> None:
    scene, _, payloads = ready
    other = scene.stage.org("市监管", "regulator", Role.REGULATOR, region="420100")
    with pytest.raises(Refused, match="a registered witness key"):
        scene.world.do(other, "checkpoint.cosign", "", **payloads["checkpoint.cosign"]())


def test_exports_stand_in_the_ledger_of_the_case(ready) -> None:
    scene, case, _ = ready
    answer, _ = scene.export("监管", case)
    with scene.world.read() as session:
        from_ledger = [one for one in entries(session, f"case:{case}") if one.kind == "casefile.exported"]
    assert from_ledger[-1].body == {key: answer[key] for key in ("edition", "sha256", "size", "checkpoint")}
    assert from_ledger[-1].actor["person"] == scene.stage.people["监管"].person
