"""Enrolment, seals, revocation and wrapped keys."""

from __future__ import annotations

import pytest

from accounts import actions_certs, queries
from certs import authority, issuer, keys, suite
from certs.models import Certificate, Nonce
from certs.suite import b64
from core import ledger
from core.access import Actor, Role
from core.faults import Unusable
from core.rules import Refused
from tests.accounts.cast import Cast, rows


@pytest.fixture
def cast(world):
    return Cast(world)


@pytest.fixture
def bidder(cast):
    return cast.org(2, "bidder")


def refused(world, actor, act, rule, /, **payload):
    before = rows(world)
    with pytest.raises(Refused) as caught:
        world.do(actor, act, "", **payload)
    assert rule in [breach.rule for breach in caught.value.breaches]
    assert rows(world) == before


@pytest.mark.certify("A-12")
def test_enrolment_gives_a_certificate_of_this_person_that_checks(world, cast, bidder):
    holder = cast.certify(bidder)
    house = authority.of(world.acts.house.config)
    with world.read() as session:
        row = session.get(Certificate, holder.fingerprint)
        lists = house.crls(session, world.clock.now())
        entry = next(e for e in ledger.entries(session, "platform") if e.kind == "certificate.issued")
    issuer.check_certificate(row.der, house.chain, lists, world.clock.now(), "person-sign")
    assert issuer.common_name(row.der) == "张三"
    assert entry.body["fingerprint"] == row.fingerprint == issuer.fingerprint(row.der)
    subject = issuer.load(row.der).subject.rfc4514_string()
    assert "单位2" in subject and bidder.person in subject


def test_nobody_unverified_or_unknown_enrols(world, cast):
    fresh = cast.org(3, "bidder", verified=False)
    for actor in (Actor(), fresh):
        refused(world, actor, "cert.enrol", "ACCESS", spki="", nonce="", text="", signature="")


def test_possession_must_be_proved_for_this_key_person_and_nonce(world, cast, bidder):
    key, other = suite.generate(), cast.org(3, "bidder")
    good = cast.possession(bidder, "cert.enrol", "sign", bidder.person, key)
    foreign = suite.sign_raw(suite.generate(), suite.unb64(good["text"], "t"))
    refused(world, bidder, "cert.enrol", "S-POP", **good | {"signature": b64(foreign)})
    refused(world, bidder, "cert.enrol", "S-POP", **good | {"spki": b64(suite.spki_of(suite.generate()))})
    refused(world, other, "cert.enrol", "S-POP", **good)
    elsewhere = cast.possession(bidder, "cert.enrol_org", "sign", bidder.person, suite.generate())
    refused(world, bidder, "cert.enrol", "S-NONCE", **elsewhere)
    decrypting = cast.possession(bidder, "cert.enrol", "decrypt", bidder.person, suite.generate())
    refused(world, bidder, "cert.enrol", "S-POP", **decrypting)
    world.do(bidder, "cert.enrol", **good)
    refused(world, bidder, "cert.enrol", "S-NONCE", **good)
    for wrong in ({"spki": "x"}, {"text": 1}, {"signature": None}, {"extra": "1"}, {"spki": b64(b"abc")}):
        with pytest.raises(Unusable):
            world.do(bidder, "cert.enrol", **good | wrong)


def test_a_key_gets_one_certificate_and_a_person_five(world, cast, bidder):
    holder = cast.certify(bidder)
    again = cast.possession(bidder, "cert.enrol", "sign", bidder.person, holder.key)
    refused(world, bidder, "cert.enrol", "S-KEY", **again)
    for _ in range(actions_certs.MAX_KEYS - 1):
        cast.certify(bidder)
    one_more = cast.possession(bidder, "cert.enrol", "sign", bidder.person, suite.generate())
    refused(world, bidder, "cert.enrol", "S-KEY", **one_more)
    world.do(bidder, "cert.revoke", certificate=holder.fingerprint, reason="superseded")
    world.do(bidder, "cert.enrol", **one_more)


@pytest.mark.parametrize(("kind", "use", "profile"), [
    ("bidder", "bidder", "org-encrypt"), ("tenderer", "custodian", "custodian-encrypt"),
    ("regulator", "custodian", "custodian-encrypt"),
])  # fmt: skip
def test_an_organisation_enrols_a_decryption_certificate_under_its_managers_signature(world, cast, kind, use, profile):
    manager = cast.org(4, kind)
    holder, key = cast.certify(manager), suite.generate()
    payload = {"use": use, **cast.possession(manager, "cert.enrol_org", "decrypt", manager.org, key)}
    before = rows(world)
    with pytest.raises(Refused):
        holder.do("cert.enrol_org", "", payload, {})
    assert rows(world) == before
    answer = holder.do("cert.enrol_org", "", payload)
    assert issuer.profile_of(suite.unb64(answer["certificate"], "c")) == profile
    with world.read() as session:
        found = queries.decryption_certificate(session, manager.org, profile, world.clock.now())
        assert found.fingerprint == answer["fingerprint"]
        assert found.person_id == ""


def test_who_may_not_enrol_for_an_organisation(world, cast, bidder):
    clerk = cast.person(bidder, 20, ["bidder"])
    key = suite.generate()
    payload = cast.possession(bidder, "cert.enrol_org", "decrypt", bidder.org, key)
    refused(world, clerk, "cert.enrol_org", "U-OWN", use="bidder", **payload)
    refused(world, bidder, "cert.enrol_org", "U-ROLE", use="custodian", **payload)
    refused(world, cast.person(cast.centre, 21, ["expert"], pool=True), "cert.enrol_org", "ACCESS", use="bidder")
    wrong = cast.possession(bidder, "cert.enrol_org", "sign", bidder.org, suite.generate())
    refused(world, bidder, "cert.enrol_org", "S-POP", use="bidder", **wrong)
    with pytest.raises(Unusable):
        world.do(bidder, "cert.enrol_org", use="sealing", **payload)


def test_only_a_centres_manager_makes_its_seal_and_a_new_one_supersedes(world, cast, bidder):
    refused(world, bidder, "cert.make_seal", "ACCESS")
    refused(world, cast.person(cast.centre, 20, ["centre"]), "cert.make_seal", "U-OWN")
    holder = cast.certify(cast.centre)
    first = holder.do("cert.make_seal", "", {})
    second = holder.do("cert.make_seal", "", {})
    house = authority.of(world.acts.house.config)
    assert house.seal_of(cast.centre.org, second["fingerprint"]).fingerprint == second["fingerprint"]
    with world.read() as session:
        assert session.get(Certificate, first["fingerprint"]).revoked_reason == "superseded"
        assert session.get(Certificate, second["fingerprint"]).revoked_at is None


def test_who_may_revoke(world, cast, bidder):
    clerk = cast.certify(cast.person(bidder, 20, ["bidder"]))
    other = cast.org(3, "bidder")
    payload = {"certificate": clerk.fingerprint, "reason": "keyCompromise"}
    refused(world, other, "cert.revoke", "S-OWNER", **payload)
    refused(world, Actor(), "cert.revoke", "ACCESS", **payload)
    refused(world, bidder, "cert.revoke", "S-CERT", **payload | {"certificate": "0" * 64})
    with pytest.raises(Unusable):
        world.do(bidder, "cert.revoke", **payload | {"reason": "fun"})
    world.do(bidder, "cert.revoke", **payload)
    refused(world, cast.centre, "cert.revoke", "S-REVOKED", **payload)
    another = cast.certify(other)
    world.do(cast.centre, "cert.revoke", certificate=another.fingerprint, reason="cessationOfOperation")
    with world.read() as session:
        lists = authority.of(world.acts.house.config).crls(session, world.clock.now())
        rows_ = {row.serial for row in session.query(Certificate).filter(Certificate.revoked_at.is_not(None))}
    listed = {f"{entry.serial_number:x}" for entry in issuer._load_crl(lists[0])}
    assert listed == rows_ and len(listed) == 2


def test_a_wrapped_signing_key_goes_back_to_its_holder_alone(world, cast, bidder):
    holder, passphrase = cast.certify(bidder), keys.new_passphrase()
    envelope = keys.wrap(holder.key, "sign", bidder.person, passphrase)
    world.do(bidder, "keyblob.store", certificate=holder.fingerprint, envelope=envelope)
    got = world.do(bidder, "keyblob.get", certificate=holder.fingerprint)["envelope"]
    assert suite.spki_of(keys.unwrap(got, "sign", passphrase, bidder.person)) == suite.spki_of(holder.key)
    colleague, other = cast.person(bidder, 20, ["bidder"]), cast.certify(cast.org(3, "bidder"))
    for actor in (colleague, other.actor, cast.centre):
        refused(world, actor, "keyblob.get", "S-OWNER", certificate=holder.fingerprint)
        refused(world, actor, "keyblob.store", "S-OWNER", certificate=holder.fingerprint, envelope=envelope)
    refused(world, Actor(), "keyblob.get", "ACCESS", certificate=holder.fingerprint)
    foreign = keys.wrap(suite.generate(), "sign", bidder.person, passphrase)
    refused(world, bidder, "keyblob.store", "S-OWNER", certificate=holder.fingerprint, envelope=foreign)
    strangers = keys.wrap(holder.key, "sign", "somebody", passphrase)
    refused(world, bidder, "keyblob.store", "S-OWNER", certificate=holder.fingerprint, envelope=strangers)
    with pytest.raises(Unusable):
        world.do(other.actor, "keyblob.get", certificate=other.fingerprint)


def test_a_decryption_key_is_never_stored(world, cast, bidder):
    holder = cast.certify(bidder)
    envelope = keys.wrap(holder.key, "decrypt", bidder.person, keys.new_passphrase())
    before = rows(world)
    for blob in (envelope, {}, None, "x", envelope | {"use": "sign"}):
        with pytest.raises(Unusable):
            world.do(bidder, "keyblob.store", certificate=holder.fingerprint, envelope=blob)
    assert rows(world) == before


def test_roles_that_enrol(world, cast):
    """Every signed-in role may hold a certificate, an auditor and a pool expert too."""
    regulator = cast.org(5, "regulator")
    for person in (cast.person(regulator, 30, ["auditor"]), cast.person(cast.centre, 31, ["expert"], pool=True)):
        assert cast.certify(person).fingerprint
    assert Role.PUBLIC not in actions_certs.SIGNED_IN
    with world.read() as session:
        assert all(row.spent_at for row in session.query(Nonce))
