"""People: added, separated, disabled; what is kept of an ID number."""

from __future__ import annotations

import pytest

from accounts import actions_people, identity, passwords, queries, rules
from accounts.models import Person
from core.access import Actor, Role
from core.faults import Unusable
from core.rules import Refused
from tests.accounts.cast import Cast, contact, id_number, registration, rows


@pytest.fixture
def cast(world):
    return Cast(world)


def refused(world, actor, act, rule, /, **payload):
    before = rows(world)
    with pytest.raises(Refused) as caught:
        world.do(actor, act, "", **payload)
    assert rule in [breach.rule for breach in caught.value.breaches]
    assert rows(world) == before


def test_an_id_number_is_kept_as_hash_and_mask_only(world, cast):
    manager = cast.org(2, "bidder")
    with world.read() as session:
        person = session.get(Person, manager.person)
    assert person.id_masked == id_number(2)[:3] + "*" * 11 + id_number(2)[-4:]
    assert person.phone_masked == "138****5678"
    data = b"".join(path.read_bytes() for path in world.acts.house.config.data_dir.glob("test.db*"))
    assert person.login.encode() in data
    assert id_number(2).encode() not in data and b"13812345678" not in data


def test_the_hash_needs_the_pepper():
    assert identity.id_hash(b"a" * 32, "1") == identity.id_hash(b"a" * 32, "1")
    assert len({identity.id_hash(pepper, n) for pepper in (b"a" * 32, b"b" * 32) for n in "12"}) == 4


def test_one_login_one_person(world, cast):
    manager = cast.org(2, "bidder")
    cast.person(manager, 20, ["bidder"])
    refused(world, manager, "person.add", "U-LOGIN", **contact(21, login="user20", roles=["bidder"]))
    refused(world, manager, "person.add", "U-LOGIN", **contact(21, login="USER20", roles=["bidder"]))
    refused(world, manager, "person.add", "U-PERSON", **contact(21, id_number=id_number(20), roles=["bidder"]))
    refused(
        world, Actor(), "org.register", "U-PERSON", **registration(3, ["tenderer"], contact=contact(20, login="x20"))
    )


def test_id_number_must_be_right(world, cast):
    manager = cast.org(2, "bidder")
    wrong = id_number(20)[:-1] + ("0" if id_number(20)[-1] != "0" else "1")
    for number in (wrong, "", 17, None, "420106"):
        with pytest.raises(Unusable):
            world.do(manager, "person.add", **contact(20, id_number=number, roles=["bidder"]))


@pytest.mark.parametrize(
    "pair",
    [
        (Role.TENDERER, Role.REGULATOR), (Role.AGENCY, Role.REGULATOR), (Role.BIDDER, Role.REGULATOR),
        (Role.EXPERT, Role.REGULATOR), (Role.CENTRE, Role.REGULATOR), (Role.CENTRE, Role.BIDDER),
        (Role.CENTRE, Role.TENDERER), (Role.CENTRE, Role.EXPERT), (Role.ADMIN, Role.CENTRE),
        (Role.AUDITOR, Role.REGULATOR), (Role.AUDITOR, Role.EXPERT),
    ],
)  # fmt: skip
def test_separated_duties_never_meet_in_one_person(pair):
    assert [breach.rule for breach in rules.apart(pair)] == ["U-APART"]
    assert [rules.apart([role]) for role in pair] == [[], []]


def test_separation_holds_in_every_act_that_sets_roles(world, cast):
    regulator = cast.org(2, "regulator")
    refused(world, regulator, "person.add", "U-APART", **contact(20, roles=["regulator", "auditor"]))
    refused(world, regulator, "person.add", "U-ROLE", **contact(20, roles=["regulator", "tenderer"]))
    person = cast.person(regulator, 20, ["auditor"])
    refused(world, regulator, "person.roles", "U-APART", person=person.person, roles=["auditor", "expert"])
    world.do(regulator, "person.roles", person=person.person, roles=["regulator"])
    assert cast.actor(person.person).roles == {Role.REGULATOR}


def test_roles_come_from_the_organisation(world, cast):
    bidder = cast.org(2, "bidder")
    refused(world, bidder, "person.add", "U-ROLE", **contact(20, roles=["tenderer"]))
    refused(world, bidder, "person.add", "U-ROLE", **contact(20, roles=["centre"]))
    for roles in ([], ["king"], ["public"], ["bidder", "bidder"], "bidder"):
        with pytest.raises(Unusable):
            world.do(bidder, "person.roles", person=bidder.person, roles=roles)


def test_experts_of_the_pool_are_brought_in_by_a_centre_alone(world, cast):
    expert = cast.person(cast.centre, 20, ["expert"], pool=True)
    assert (expert.org, expert.roles) == ("", {Role.EXPERT})
    refused(world, cast.org(2, "bidder"), "person.add", "ACCESS", **contact(21, roles=["expert"]), pool=True)
    refused(world, cast.centre, "person.add", "U-ROLE", **contact(21, roles=["tenderer"]), pool=True)
    world.do(cast.centre, "person.disable", person=expert.person, reason="退出")
    with world.read() as session:
        assert queries.actor(session, expert.person) is None


def test_strangers_touch_nobody(world, cast):
    one, two = cast.org(2, "bidder"), cast.org(3, "bidder")
    clerk, auditor = cast.person(one, 20, ["bidder"]), cast.person(cast.org(4, "regulator"), 21, ["auditor"])
    for act in ("person.roles", "person.disable", "person.enable", "person.reset"):
        more = {"roles": ["bidder"]} if act == "person.roles" else {"reason": "x"}
        refused(world, two, act, "U-OWN", person=clerk.person, **more)
        refused(world, clerk, act, "U-OWN", person=one.person, **more)
        for actor in (Actor(), auditor):
            refused(world, actor, act, "ACCESS", person=clerk.person, **more)
    refused(world, clerk, "person.add", "U-OWN", **contact(22, roles=["bidder"]))


def test_the_last_manager_stays(world, cast):
    manager = cast.org(2, "bidder")
    refused(world, manager, "person.disable", "U-MANAGER", person=manager.person, reason="x")
    refused(world, manager, "person.roles", "U-MANAGER", person=manager.person, roles=["bidder"], manager=False)
    second = cast.person(manager, 20, ["bidder"])
    world.do(manager, "person.roles", person=second.person, roles=["bidder"], manager=True)
    world.do(manager, "person.roles", person=manager.person, roles=["bidder"], manager=False)
    refused(world, manager, "person.disable", "U-OWN", person=second.person, reason="x")


def test_disabled_people_act_no_more_and_come_back_with_a_new_password(world, cast):
    manager = cast.org(2, "bidder")
    clerk = cast.person(manager, 20, ["bidder"])
    world.do(manager, "person.disable", person=clerk.person, reason="离职")
    refused(world, clerk, "nonce.issue", "U-ACTIVE", act="bid.submit", object="0" * 64)
    refused(world, manager, "person.reset", "U-ACTIVE", person=clerk.person, reason="x")
    assert world.do(manager, "person.enable", person=clerk.person, reason="复职")["activation"]
    refused(world, manager, "person.enable", "U-ACTIVE", person=clerk.person, reason="x")
    refused(world, manager, "person.reset", "U-SELF", person=manager.person, reason="x")


def test_a_seeder_may_hand_over_one_hash_for_many(world, cast):
    ready = passwords.hashed("demo-Passw0rd")
    for number in (20, 21):
        answer = world.acts.act(actions_people.add_person, cast.centre, contact(number, roles=["centre"]), ready)
        assert answer["activation"] == ""
        assert cast.actor(answer["person"]).roles == {Role.CENTRE}
    for weak in ("plain", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A"):
        with pytest.raises(Unusable):
            world.acts.act(actions_people.add_person, cast.centre, contact(22, roles=["centre"]), weak)
    with pytest.raises(Unusable):
        world.do(cast.centre, "person.add", **contact(22, roles=["centre"]), password_hash=ready)


def test_people_are_listed_without_secrets(world, cast):
    manager = cast.org(2, "bidder")
    with world.read() as session:
        (one,) = queries.people(session, manager.org)
        assert queries.names(session, [manager.person]) == {manager.person: "张三"}
    assert set(one) == {"id", "login", "name", "id_masked", "phone_masked", "roles", "manager", "state"}
