"""The pool through its acts: every change of state, who may make it, and what the ledger keeps of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import Person
from core import ledger
from core.access import SYSTEM, Actor, Role
from core.faults import Unusable
from core.rules import Refused
from experts import actions  # noqa: F401
from experts.facts import Avoid
from experts.models import Expert
from experts.queries import candidates, pool

CENTRE = Actor(person="c1", org="centre", roles=frozenset({Role.CENTRE}))
REGULATOR = Actor(person="r1", org="reg", roles=frozenset({Role.REGULATOR}))
FACTS = {
    "region": "420112", "specialities": ["A0801"], "title": "高级工程师", "level": "senior", "years": 8,
    "born_year": 1970, "employer_name": "设计院", "employer_uscc": "91420112MA4KX0002U",
    "employments": [{"uscc": "91420000MA4KY0001Y", "name": "某公司", "from": "2010-01-01", "until": "2024-01-01"}],
}  # fmt: skip


@pytest.fixture
def expert(world) -> Actor:
    def run(tx):
        row = Person(login="expert1", name="专家", id_hash="a" * 64, id_masked="", phone_masked="", roles=["expert"],
                     state="active", added_at=tx.now)  # fmt: skip
        tx.session.add(row)
        tx.session.flush()
        return row.id

    return Actor(person=world.acts.act(run, SYSTEM), roles=frozenset({Role.EXPERT}))


def state(world, expert) -> str:
    with world.read() as session:
        return session.get(Expert, expert.person).state


@pytest.mark.certify("A-217", "A-218", "A-222", "A-223")
def test_a_life_in_the_pool(world, expert):
    world.do(expert, "expert.apply", **FACTS)
    assert state(world, expert) == "applied"
    world.do(CENTRE, "expert.admit", person=expert.person)
    assert state(world, expert) == "active"
    world.do(CENTRE, "expert.edit", person=expert.person, **FACTS | {"years": 9})
    world.do(REGULATOR, "expert.pause", person=expert.person, reason="考评不合格")
    assert state(world, expert) == "paused"
    world.do(CENTRE, "expert.resume", person=expert.person, reason="期满")
    world.do(CENTRE, "expert.remove", person=expert.person, reason="本人申请")
    assert state(world, expert) == "removed"
    with world.read() as session:
        entries = ledger.entries(session, "pool")
        assert pool(session, state="active") == []
    kinds = ["applied", "admitted", "changed", "paused", "resumed", "removed"]
    assert [one.kind for one in entries] == [f"expert.{kind}" for kind in kinds]
    assert all(one.actor["person"] for one in entries)


def test_seven_years_are_refused_at_admission_and_nothing_is_written(world, expert):
    with pytest.raises(Refused, match="R1-18"):
        world.do(CENTRE, "expert.admit", person=expert.person, **FACTS | {"years": 7})
    with world.read() as session:
        assert session.get(Expert, expert.person) is None


@pytest.mark.parametrize("act", ["expert.admit", "expert.edit", "expert.pause", "expert.resume", "expert.remove"])
@pytest.mark.parametrize("role", [Role.EXPERT, Role.TENDERER, Role.BIDDER, Role.AUDITOR, Role.ADMIN])
def test_only_staff_keep_the_pool(world, expert, act, role):
    with pytest.raises(Refused, match="ACCESS"):
        world.do(Actor(person="x", roles=frozenset({role})), act, person=expert.person)


@pytest.mark.parametrize(("change", "word"), [
    ({"specialities": []}, "specialities"), ({"specialities": ["A0801", "A0802", "A0803", "A0804"]}, "specialities"),
    ({"specialities": ["Z99"]}, "specialities"), ({"region": "4201"}, "region"), ({"level": "equal"}, "basis"),
    ({"employer_uscc": "short"}, "employer_uscc"), ({"years": 71}, "years"), ({"strange": 1}, "strange"),
    ({"employments": [{"uscc": "", "name": "x", "from": "2024-01-02", "until": "2024-01-01"}]}, "employments"),
])  # fmt: skip
def test_bad_facts_are_named(world, expert, change, word):
    with pytest.raises(Unusable, match=word):
        world.do(CENTRE, "expert.admit", person=expert.person, **FACTS | change)


def test_a_pause_with_an_end_cannot_be_cut_short(world, expert):
    world.do(CENTRE, "expert.admit", person=expert.person, **FACTS)
    until = world.clock.now() + timedelta(days=180)
    world.do(CENTRE, "expert.pause", person=expert.person, reason="x", until=until.isoformat())
    with pytest.raises(Refused, match="POOL-PAUSE"):
        world.do(CENTRE, "expert.resume", person=expert.person, reason="x")
    world.clock.moment = until
    world.do(CENTRE, "expert.resume", person=expert.person, reason="x")


def test_candidates_hold_the_excluded_with_their_rule(world, expert):
    world.do(CENTRE, "expert.admit", person=expert.person, **FACTS)
    avoid = Avoid(bidders=frozenset({FACTS["employer_uscc"]}))
    with world.read() as session:
        listed, out = candidates(session, ["420112"], ["A0801"], avoid, date(2026, 4, 1))
        assert [one["id"] for one in listed] == [expert.person]
        assert out == [{"id": expert.person, "rule": "AVOID-BIDDER"}]
        assert candidates(session, ["420112"], ["B01"], Avoid(), date(2026, 4, 1)) == ([], [])
        assert candidates(session, ["610900"], ["A0801"], Avoid(), date(2026, 4, 1)) == ([], [])
