"""Registration, verification, change and suspension of organisations."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, select

from accounts import actions_orgs, queries
from accounts.identity import account_hash
from accounts.models import Org
from certs import authority
from core import ledger
from core.access import SYSTEM, Actor, Role
from core.faults import Unusable
from core.rules import Refused
from tests.accounts.cast import Cast, contact, registration, rows, uscc

VISITOR = Actor()
NEW = {"name": "新名", "kinds": ["bidder"], "region": "420112"}


@pytest.fixture
def cast(world):
    return Cast(world)


def refused(world, actor, act, rule, /, **payload):
    before = rows(world)
    with pytest.raises(Refused) as caught:
        world.do(actor, act, "", **payload)
    assert rule in [breach.rule for breach in caught.value.breaches]
    assert all(breach.article for breach in caught.value.breaches)
    assert rows(world) == before


@pytest.mark.certify("A-01", "A-14", "A-25")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_nobody_registers_without_accepting_the_agreement(world, cast, kind):
    for text in ("", "registration/0"):
        refused(world, VISITOR, "org.register", "U-AGREE", **registration(2, [kind], agreement=text))
    answer = world.do(VISITOR, "org.register", **registration(2, [kind]))
    with world.read() as session:
        filing = queries.filing(session, answer["org"])
    assert (filing["agreement"], filing["agreed_at"]) == ("registration/1", world.clock.now())


@pytest.mark.certify("A-02", "A-15", "A-26")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_a_name_is_registered_once(world, cast, kind):
    cast.org(2, kind)
    refused(world, VISITOR, "org.register", "U-NAME", **registration(3, [kind], name="单位2"))


@pytest.mark.certify("A-03", "A-16")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_a_code_is_registered_once(world, cast, kind):
    cast.org(2, kind)
    refused(world, VISITOR, "org.register", "U-USCC", **registration(3, [kind], uscc=uscc(2)))


def test_a_code_with_a_wrong_check_digit_is_refused_and_an_odd_layout_only_warned_of(world, cast):
    good = uscc(2)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    refused(world, VISITOR, "org.register", "U-CODE", **registration(2, ["bidder"], uscc=wrong))
    refused(world, VISITOR, "org.register", "U-CODE", **registration(2, ["bidder"], uscc="I" + good[1:]))
    assert world.do(VISITOR, "org.register", **registration(2, ["bidder"]))["warnings"] == []


def test_real_codes_register(world, cast):
    for number, code in enumerate(("91110000600037341L", "914403001922038216", "91350100M000100Y43"), start=2):
        world.do(VISITOR, "org.register", **registration(number, ["bidder"], uscc=code))


@pytest.mark.certify("A-04", "A-05", "A-17", "A-18", "A-27", "A-28", "A-29")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_who_filed_and_who_verified_is_kept_and_business_waits_for_it(world, cast, kind):
    manager = cast.org(2, kind, verified=False)
    assert manager.roles == frozenset()
    org = cast.orgs[2]
    filed = world.clock.now()
    world.clock.moment = filed.replace(hour=15)
    world.do(cast.centre, "org.verify", org=org, approve=False, reason="营业执照看不清")
    with world.read() as session:
        seen = queries.filing(session, org)
    assert (seen["state"], seen["reason"]) == ("refused", "营业执照看不清")
    assert (seen["filed_by"], seen["filed_at"]) == (manager.person, filed)
    assert (seen["verified_by"], seen["verified_at"]) == (cast.centre.person, world.clock.now())
    assert cast.actor(manager.person).roles == frozenset()
    world.do(manager, "org.edit", uscc=uscc(2), name="改好的单位", kinds=[kind], region="420112")
    assert world.do(manager, "org.file")["state"] == "pending"
    world.do(cast.centre, "org.verify", org=org, approve=True)
    assert cast.actor(manager.person).roles == {Role(kind)}
    with world.read() as session:
        kinds = [entry.kind for entry in ledger.entries(session, f"org:{org}")]
    assert kinds == ["person.added", "org.filed", "org.refused", "org.edited", "org.filed", "org.verified"]


@pytest.mark.certify("A-06", "A-19", "A-30")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_what_awaits_verification_is_locked(world, cast, kind):
    manager = cast.org(2, kind, verified=False)
    values = {"name": "别的", "kinds": [kind], "region": "420112"}
    refused(world, manager, "org.edit", "U-STATE", uscc=uscc(2), **values)
    refused(world, manager, "org.file", "U-STATE")
    refused(world, manager, "org.change", "U-CHANGE", **values)
    refused(world, manager, "org.delete", "U-STATE")


@pytest.mark.certify("A-07", "A-20", "A-31")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_a_change_takes_effect_only_once_verified(world, cast, kind):
    manager = cast.org(2, kind)
    org = cast.orgs[2]
    refused(world, manager, "org.edit", "U-STATE", uscc=uscc(2), **{**NEW, "kinds": [kind]})
    world.do(manager, "org.change", **{**NEW, "kinds": [kind]})

    def name() -> str:
        with world.read() as session:
            return queries.org(session, org)["name"]

    assert name() == "单位2"
    refused(world, manager, "org.change", "U-CHANGE", **{**NEW, "kinds": [kind]})
    refused(world, VISITOR, "org.register", "U-NAME", **registration(3, [kind], name="新名"))
    world.do(cast.centre, "org.verify", org=org, approve=False, reason="无证明")
    assert name() == "单位2"
    world.do(manager, "org.change", **{**NEW, "kinds": [kind]})
    assert cast.actor(manager.person).roles == {Role(kind)}
    world.do(cast.centre, "org.verify", org=org, approve=True)
    assert name() == "新名"
    refused(world, cast.centre, "org.verify", "U-PENDING", org=org, approve=True)


@pytest.mark.certify("A-08", "A-21", "A-32")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_only_drafts_and_refused_registrations_can_be_edited_or_deleted(world, cast, kind):
    manager = cast.org(2, kind, verified=False, draft=True)
    world.do(manager, "org.edit", uscc=uscc(2), name="草稿", kinds=[kind], region="420100")
    world.do(manager, "org.delete")
    with world.read() as session:
        assert queries.org(session, cast.orgs[2]) is None
        assert queries.actor(session, manager.person) is None
    verified = cast.org(2, kind)
    refused(world, verified, "org.delete", "U-STATE")
    again = cast.org(3, kind, verified=False)
    world.do(cast.centre, "org.verify", org=cast.orgs[3], approve=False, reason="重复")
    world.do(again, "org.delete")


@pytest.mark.certify("A-09", "A-22", "A-33")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_a_centre_takes_and_gives_the_right_to_do_business(world, cast, kind):
    manager = cast.org(2, kind)
    org = cast.orgs[2]
    world.do(cast.centre, "org.suspend", org=org, reason="处罚决定")
    assert cast.actor(manager.person).roles == frozenset()
    refused(world, cast.centre, "org.suspend", "U-VERIFIED", org=org, reason="再次")
    refused(world, manager, "person.add", "ACCESS" if not manager.roles else "U-VERIFIED", **contact(9, roles=[kind]))
    world.do(cast.centre, "org.resume", org=org, reason="期满")
    assert cast.actor(manager.person).roles == {Role(kind)}


def test_only_a_centre_verifies_and_never_itself(world, cast):
    bidder = cast.org(2, "bidder")
    for act in ("org.verify", "org.suspend", "org.resume"):
        more = {"approve": True} if act == "org.verify" else {"reason": "x"}
        for actor in (VISITOR, bidder):
            refused(world, actor, act, "ACCESS", org=cast.orgs[2], **more)
    world.do(cast.centre, "org.change", name="自己改名", kinds=["centre"], region="420100")
    refused(world, cast.centre, "org.verify", "U-SELF", org=cast.centre.org, approve=True)
    refused(world, cast.centre, "org.suspend", "U-SELF", org=cast.centre.org, reason="x")
    other = cast.org(3, "centre")
    world.do(other, "org.verify", org=cast.centre.org, approve=True)


def test_only_the_manager_edits_files_changes_and_deletes(world, cast):
    manager = cast.org(2, "bidder")
    clerk = cast.person(manager, 20, ["bidder"])
    for act in ("org.edit", "org.file", "org.change", "org.delete"):
        payload = {"uscc": uscc(2), **NEW} if act == "org.edit" else NEW if act == "org.change" else {}
        refused(world, clerk, act, "U-OWN", **payload)
        refused(world, VISITOR, act, "ACCESS", **payload)


@pytest.mark.parametrize("kinds", [["centre", "bidder"], ["regulator", "tenderer"], ["centre", "regulator"]])
def test_a_neutral_body_is_nothing_else(world, cast, kinds):
    refused(world, VISITOR, "org.register", "U-KIND", **registration(2, kinds))
    refused(world, cast.org(4, "bidder"), "org.change", "U-KIND", **{**NEW, "kinds": kinds})


def test_a_kind_stays_while_people_hold_its_role(world, cast):
    manager = cast.org(2, "bidder", "tenderer")
    refused(world, manager, "org.change", "U-ROLE", **{**NEW, "kinds": ["bidder"]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "长" * 101}, {"kinds": []}, {"kinds": ["bank"]}, {"kinds": ["bidder", "bidder"]},
        {"kinds": "bidder"}, {"draft": "yes"}, {"colour": "red"}, {"contact": None}, {"contact": {"login": "a"}},
    ],
)  # fmt: skip
def test_a_registration_of_the_wrong_shape_is_unusable(world, cast, wrong):
    before = rows(world)
    with pytest.raises(Unusable):
        world.do(VISITOR, "org.register", **registration(2, ["bidder"]) | wrong)
    assert rows(world) == before


def test_founding_happens_once_and_has_no_door(world, cast):
    payload = registration(5, ["centre"])
    payload.pop("agreement")
    with pytest.raises(Refused):
        world.acts.act(actions_orgs.found, SYSTEM, payload)


@pytest.mark.certify("A-205", "A-208", "A-212")
@pytest.mark.parametrize("kind", ["tenderer", "agency", "bidder"])
def test_verified_organisations_can_be_looked_up_by_kind(world, cast, kind):
    cast.org(2, kind)
    with world.read() as session:
        (one,) = queries.orgs(session, kind=kind)
    assert (one["name"], one["uscc"], one["kinds"]) == ("单位2", uscc(2), [kind])


def test_an_edited_kind_takes_the_role_with_it(world, cast):
    manager = cast.org(2, "bidder", verified=False, draft=True)
    world.do(manager, "org.edit", uscc=uscc(2), name="单位2", kinds=["agency"], region="420100")
    world.do(manager, "org.file")
    world.do(cast.centre, "org.verify", org=cast.orgs[2], approve=True)
    assert cast.actor(manager.person).roles == {Role.AGENCY}


def test_lists(world, cast):
    cast.org(2, "bidder")
    cast.org(3, "tenderer", verified=False)
    with world.read() as session:
        assert [one["name"] for one in queries.orgs(session)] == ["单位1", "单位2"]
        assert [one["name"] for one in queries.orgs(session, after="单位1")] == ["单位2"]
        assert [one["name"] for one in queries.orgs(session, kind="bidder", text="单")] == ["单位2"]
        assert [one["name"] for one in queries.orgs(session, text=uscc(2))] == ["单位2"]
        assert [one["name"] for one in queries.waiting(session)] == ["单位3"]


# -- basic account ----------------------------------------------------------------------------------------------------

ACCOUNT = {"bank": "某银行武汉支行", "number": "4200 1111-2222 3333"}


def stored(world) -> str:
    """Every row of every table as text, the ledger's bodies included."""
    with world.engine.connect() as connection:
        tables = inspect(world.engine).get_table_names()
        return "".join(str(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in tables)


def test_of_an_account_a_keyed_hash_and_a_mask_are_kept(world, cast):
    world.do(VISITOR, "org.register", **registration(2, ["bidder"], account=ACCOUNT))
    answer = world.do(VISITOR, "org.register", **registration(3, ["bidder"], account=ACCOUNT | {"bank": "另一银行"}))
    with world.read() as session:
        seen = queries.filing(session, answer["org"])
        hashes = session.scalars(select(Org.account_hash).where(Org.account_hash != "")).all()
    assert (seen["account_bank"], seen["account_masked"], "account_hash" in seen) == ("另一银行", "****3333", False)
    assert len(set(hashes)) == 1, "the same account is known again"
    pepper = authority.of(world.acts.house.config).pepper
    assert hashes[0] == account_hash(pepper, "4200111122223333") != account_hash(b"other", "4200111122223333")
    assert "4200111122223333" not in stored(world) and "1111-2222" not in stored(world)
    with world.read() as session:
        assert "account_masked" not in queries.org(session, answer["org"]), "the public does not see it"


def test_another_account_counts_once_the_centre_has_verified_it(world, cast):
    manager = cast.org(2, "bidder")
    now = {"name": "单位2", "kinds": ["bidder"], "region": "420112"}

    def held() -> str:
        with world.read() as session:
            return queries.filing(session, cast.orgs[2])["account_masked"]

    world.do(manager, "org.change", **now, account=ACCOUNT)
    assert held() == ""
    with world.read() as session:
        (change,) = queries.filing(session, cast.orgs[2])["changes"]
        assert (change["values"]["account_masked"], "account_hash" in change["values"]) == ("****3333", False)
        (entry,) = [e for e in ledger.entries(session, f"org:{cast.orgs[2]}") if e.kind == "org.change_filed"]
        assert "account_hash" not in entry.body["values"]
    world.do(cast.centre, "org.verify", org=cast.orgs[2], approve=True)
    assert held() == "****3333"
    world.do(manager, "org.change", **now | {"address": "新址"})
    world.do(cast.centre, "org.verify", org=cast.orgs[2], approve=True)
    assert held() == "****3333", "a change that names no account leaves it"


@pytest.mark.parametrize(
    "account",
    ["x", [], {"bank": "某银行"}, {"number": "4200111122223333"}, {"bank": "", "number": "4200111122223333"},
     {"bank": "某银行", "number": "1234567"}, {"bank": "某银行", "number": "1" * 33},
     {"bank": "某银行", "number": "42001111X2223333"}, {"bank": "长" * 101, "number": "4200111122223333"},
     {"bank": "某银行", "number": "4200111122223333", "x": 1}],
)  # fmt: skip
def test_what_is_no_account(world, cast, account):
    before = rows(world)
    with pytest.raises(Unusable):
        world.do(VISITOR, "org.register", **registration(2, ["bidder"], account=account))
    assert rows(world) == before
