"""The certificate door: only the holder's own signature over exactly this act opens it, once."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta

import pytest

from accounts import proof, queries
from certs import challenge, issuer, suite
from certs.models import Certificate, Nonce
from certs.suite import b64
from core import ledger
from core.access import Actor, Role
from core.doors import TABLE, acting
from core.faults import Unusable
from core.rules import Breach, Refused
from tests.accounts.cast import Cast, Holder, rows

SECOND = timedelta(seconds=1)
PAYLOAD = {"price": "5689.00", "text": "投标"}
ACT = "test.sign"

if ACT not in TABLE:

    @acting(ACT, Role.BIDDER, signed=True)
    def _sign(tx, case, p):
        if p.get("refuse"):
            raise Refused(Breach("T-1", "test", "B", "", ""))
        tx.record(f"case:{case or 'none'}", "test.signed", {"by": tx.actor.person}, case=case)
        return {"certificate": tx.actor.certificate}

    @acting("test.other", Role.BIDDER, signed=True)
    def _other(tx, case, p):
        return {}


@pytest.fixture
def cast(world):
    return Cast(world)


@pytest.fixture
def holder(cast) -> Holder:
    return cast.certify(cast.org(2, "bidder"))


def refused(holder, rule, given, *, act=ACT, case="c1", payload=PAYLOAD):
    before = rows(holder.world)
    with pytest.raises(Refused) as caught:
        holder.do(act, case, payload, given)
    assert [breach.rule for breach in caught.value.breaches] == [rule]
    assert all(breach.article for breach in caught.value.breaches)
    assert rows(holder.world) == before


@pytest.mark.rule("E-08", "allowed")
def test_a_proven_act_happens_and_names_its_certificate(world, holder):
    assert holder.do(ACT, "c1", PAYLOAD) == {"certificate": holder.fingerprint}
    with world.read() as session:
        (entry,) = ledger.entries(session, "case:c1")
        assert entry.actor["certificate"] == holder.fingerprint
        assert session.query(Nonce).filter_by(act=ACT).one().spent_at == world.clock.now()


def test_an_act_without_a_case_is_signed_as_such(holder):
    assert holder.do(ACT, "", PAYLOAD)["certificate"] == holder.fingerprint
    refused(holder, "S-NONCE", holder.prove(ACT, "", PAYLOAD))


def test_a_proof_works_once(holder):
    given = holder.prove(ACT, "c1", PAYLOAD)
    holder.do(ACT, "c1", PAYLOAD, given)
    refused(holder, "S-NONCE", given)


def test_a_proof_sent_many_times_at_once_works_once(world, holder):
    given, done = holder.prove(ACT, "c1", PAYLOAD), []

    def send() -> None:
        try:
            done.append(holder.do(ACT, "c1", PAYLOAD, given)["certificate"])
        except Refused as error:
            done.append(error.breaches[0].rule)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted([holder.fingerprint, *["S-NONCE"] * 7])
    with world.read() as session:
        assert len(ledger.entries(session, "case:c1")) == 1


def test_a_refused_act_leaves_the_nonce_unspent(world, holder):
    payload = PAYLOAD | {"refuse": True}
    given = holder.prove(ACT, "c1", payload)
    refused(holder, "T-1", given, payload=payload)
    with world.read() as session:
        assert session.query(Nonce).filter_by(act=ACT).one().spent_at is None


def test_a_proof_is_of_one_act_case_and_object(holder):
    refused(holder, "S-NONCE", holder.prove("test.other", "c1", PAYLOAD))
    refused(holder, "S-NONCE", holder.prove(ACT, "c2", PAYLOAD))
    refused(holder, "S-NONCE", holder.prove(ACT, "c1", PAYLOAD | {"price": "5688.00"}))


def test_rewriting_the_text_does_not_help(world, holder):
    for lie in ({"act": "test.other"}, {"case": "c2"}, {"object": "0" * 64}):
        refused(holder, "S-SIGN", holder.prove(ACT, "c1", PAYLOAD, **lie))
    soon = proof.whole(world.clock.now() + challenge.SKEW + SECOND).isoformat()
    refused(holder, "S-SIGN", holder.prove(ACT, "c1", PAYLOAD, time=soon))
    old = proof.whole(world.clock.now() - challenge.MAX_AGE - SECOND).isoformat()
    refused(holder, "S-SIGN", holder.prove(ACT, "c1", PAYLOAD, time=old))
    refused(holder, "S-NONCE", holder.prove(ACT, "c1", PAYLOAD, nonce=secrets.token_urlsafe(24)))


def test_a_nonce_expires_to_the_second(world, holder):
    given = [holder.prove(ACT, "c1", PAYLOAD) for _ in range(2)]
    world.clock.moment += proof.NONCE_LIFE
    holder.do(ACT, "c1", PAYLOAD, given[0])
    world.clock.moment += SECOND
    refused(holder, "S-NONCE", given[1])


def test_another_persons_nonce_certificate_and_signature(world, cast, holder):
    other = cast.certify(cast.org(3, "bidder"))
    refused(holder, "S-OWNER", other.prove(ACT, "c1", PAYLOAD))
    refused(holder, "S-SIGN", holder.prove(ACT, "c1", PAYLOAD) | {"signature": b64(secrets.token_bytes(64))})
    forged = Holder(world, holder.actor, other.key, holder.fingerprint)
    refused(holder, "S-SIGN", forged.prove(ACT, "c1", PAYLOAD))
    refused(holder, "S-NONCE", other.prove(ACT, "c1", PAYLOAD) | {"certificate": holder.fingerprint})
    stolen = other.prove(ACT, "c1", PAYLOAD)
    refused(Holder(world, Actor(), other.key, other.fingerprint), "ACCESS", stolen)


@pytest.mark.certify("A-12", "A-13")
def test_certificates_hold_from_their_first_to_their_last_second(world, cast, holder):
    with world.read() as session:
        until = session.get(Certificate, holder.fingerprint).not_after
        assert queries.certificates(session, holder.actor.person, until - timedelta(days=31))[0]["state"] == "valid"
        (soon,) = queries.certificates(session, holder.actor.person, until - timedelta(days=30))
        assert (soon["state"], soon["days_left"]) == ("ending", 30)
        assert queries.certificates(session, holder.actor.person, until + SECOND)[0]["state"] == "expired"
    world.clock.moment = until
    holder.do(ACT, "c1", PAYLOAD)
    world.clock.moment = until + SECOND
    refused(holder, "S-TIME", holder.prove(ACT, "c1", PAYLOAD))
    with world.read() as session:
        assert queries.signing_certificate(session, holder.actor.person, until + SECOND) is None


def test_a_revoked_certificate_signs_nothing_from_that_moment(world, cast, holder):
    given = holder.prove(ACT, "c1", PAYLOAD)
    world.do(holder.actor, "cert.revoke", certificate=holder.fingerprint, reason="keyCompromise")
    refused(holder, "S-REVOKED", given)
    again = cast.certify(holder.actor)
    assert again.do(ACT, "c1", PAYLOAD)["certificate"] == again.fingerprint


def test_unknown_foreign_and_wrong_kind_certificates(world, cast, holder):
    given = holder.prove(ACT, "c1", PAYLOAD)
    refused(holder, "S-CERT", given | {"certificate": "0" * 64})
    ca = issuer.LocalCA(issuer.create("别家", world.clock.now(), demo=True))
    foreign = ca.issue(suite.spki_of(holder.key), issuer.Subject("张三", "x"), "person-sign", world.clock.now())
    refused(holder, "S-CERT", given | {"certificate": issuer.fingerprint(foreign)})


def test_a_proof_of_the_wrong_shape(holder):
    given = holder.prove(ACT, "c1", PAYLOAD)
    refused(holder, "S-SIGN", {})
    refused(holder, "S-SIGN", given | {"extra": "x"})
    refused(holder, "S-SIGN", given | {"text": b64(b"gongheng/act/1\n")})
    refused(holder, "S-SIGN", given | {"text": b64(b"1" + secrets.token_bytes(200))})
    refused(holder, "S-SIGN", given | {"signature": b64(b"short")})
    for wrong in ({"certificate": 7}, {"text": "???"}, {"text": None}, {"signature": "!"}):
        with pytest.raises(Unusable):
            holder.do(ACT, "c1", PAYLOAD, given | wrong)


def test_every_flipped_bit_of_the_signed_text_is_refused(holder):
    given = holder.prove(ACT, "c1", PAYLOAD)
    text = suite.unb64(given["text"], "text")
    before = rows(holder.world)
    for place in range(0, len(text), 7):
        bent = bytearray(text)
        bent[place] ^= 1
        with pytest.raises(Refused):
            holder.do(ACT, "c1", PAYLOAD, given | {"text": b64(bytes(bent))})
    assert rows(holder.world) == before
    holder.do(ACT, "c1", PAYLOAD, given)


def test_nonces_are_for_people_and_old_ones_are_swept(world, cast, holder):
    with pytest.raises(Refused):
        world.do(Actor(), "nonce.issue", act=ACT, object="0" * 64)
    for wrong in ({"act": "Bad Act"}, {"object": "x"}, {"more": 1}):
        with pytest.raises(Unusable):
            world.do(holder.actor, "nonce.issue", "", **{"act": ACT, "object": "0" * 64, **wrong})
    with pytest.raises(Unusable):
        world.do(holder.actor, "nonce.issue", "a b", act=ACT, object="0" * 64)
    world.do(holder.actor, "nonce.issue", act=ACT, object="0" * 64)
    world.clock.moment += timedelta(hours=1)
    world.do(holder.actor, "nonce.issue", act=ACT, object="1" * 64)
    with world.read() as session:
        assert [row.object for row in session.query(Nonce).filter_by(act=ACT)] == ["1" * 64]
