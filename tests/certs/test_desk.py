"""The signing desk: who signs, in which order, under which lease; what two hands at once can and cannot do."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from certs import authority, desk, desk_sign, issuer, pdfcheck, suite
from certs.desk_rules import LEASE
from certs.issuer import Subject
from certs.models import Certificate, SigningDoc
from core import ledger, live
from core.access import SYSTEM, Actor
from core.faults import Unusable
from core.paper import Paper, SignatureBox
from core.rules import Refused
from tests.certs.pdf_tools import fonts_missing

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
CENTRE = "c" * 16
SECOND = timedelta(seconds=1)
NAMES = {"member-1": "张三", "member-2": "李四", "leader": "王五"}


@dataclass
class Hand:
    """A person with a certificate; `sign` is what the browser does with the offer."""

    field: str
    actor: Actor
    key: suite.PrivateKey
    fingerprint: str

    def sign(self, offer: desk.Offer) -> bytes:
        return suite.sign_raw(self.key, offer.tbs)


def _certificate(world, profile: str, name: str, *, person: str = "", org: str = "", key=None) -> str:
    house = authority.of(world.acts.house.config)

    def run(tx):
        subject = Subject(name, "武汉市公共资源交易中心", uid=person or org)
        if profile == "seal":
            der = house.make_seal(org, subject, tx.now).certificate
        else:
            der = house.issuer.issue(suite.spki_of(key), subject, profile, tx.now)
        loaded = issuer.load(der)
        made = Certificate(
            fingerprint=issuer.fingerprint(der), serial=f"{loaded.serial_number:x}", profile=profile, person_id=person,
            org_id=org, spki_sha256=suite.spki_id(loaded.public_key()), der=der,
            not_before=loaded.not_valid_before_utc, not_after=loaded.not_valid_after_utc,
        )  # fmt: skip
        tx.session.add(made)
        return made.fingerprint

    return world.acts.act(run, SYSTEM)


@dataclass
class Desk:
    world: Any
    document: str
    hands: dict[str, Hand]
    first: desk.First

    def prepare(self, field: str, actor: Actor | None = None) -> desk.Offer:
        return desk_sign.prepare_signature(self.world.acts, actor or self.hands[field].actor, self.document, field)

    def finish(self, offer: desk.Offer, hand: Hand | None = None, raw: bytes | None = None, **more) -> dict[str, Any]:
        hand = hand or self.hands[offer.field]
        given = {"field": offer.field, "lease": offer.lease, **more}
        return desk_sign.finish_signature(
            self.world.acts, hand.actor, self.document, given["field"], raw or hand.sign(offer), given["lease"]
        )

    def sign(self, field: str) -> dict[str, Any]:
        self.world.clock.moment += SECOND
        return self.finish(self.prepare(field))

    @property
    def state(self) -> dict[str, Any]:
        with self.world.read() as session:
            return desk.state(session, self.document)

    @property
    def row(self) -> SigningDoc:
        with self.world.read() as session:
            return desk.row(session, self.document)

    def kinds(self) -> list[str]:
        with self.world.read() as session:
            return [entry.kind for entry in ledger.entries(session, "case:k1")]

    def accept(self) -> pdfcheck.Report:
        house = authority.of(self.world.acts.house.config)
        seen = self.state
        expected = pdfcheck.Expected(seen["head"], seen["first"], seen["record_sha256"])
        return pdfcheck.accept(self.world.acts.house.blobs.get(seen["head"]), [house.chain[-1]], expected=expected)


def make(world, names=NAMES, *, seal: bool = True, last: str = "leader") -> Desk:
    hands = {}
    for number, (field, name) in enumerate(names.items()):
        key, person = suite.generate(), f"{number:016x}"
        hands[field] = Hand(
            field, Actor(person, name), key, _certificate(world, "person-sign", name, person=person, key=key)
        )
    if seal:
        _certificate(world, "seal", "武汉市公共资源交易中心 电子签章", org=CENTRE)
    boxes = [SignatureBox(field, name) for field, name in names.items()]
    paper = Paper("评标报告", demo=True).text("得分 95.55")
    body = paper.signatures([*boxes, *([SignatureBox("seal", "盖章", seal=True)] if seal else [])]).build()
    with world.read() as session:
        now = world.clock.now()
        signers = [desk.signer(session, h.actor.person, h.field, "member", now) for h in hands.values()]
        sealer = desk.sealer(session, CENTRE, now) if seal else None
    first = desk.first_revision(body.bytes, body.boxes, {"schema": "test/1"}, signers, sealer)
    document = world.acts.act(
        desk.open_document, SYSTEM, first, case="k1", kind="evaluation_report", title="评标报告", audience="members",
        last=last,
    )  # fmt: skip
    return Desk(world, document, hands, first)


@pytest.fixture
def table(world) -> Desk:
    return make(world)


def refused(rule: str, work, *args, **more) -> None:
    with pytest.raises(Refused) as caught:
        work(*args, **more)
    assert [breach.rule for breach in caught.value.breaches] == [rule]
    assert caught.value.breaches[0].article


@pytest.mark.certify("A-152")
def test_members_in_any_order_the_leader_last_then_the_seal(world, table):
    with world.read() as session:
        assert [one["ready"] for one in desk.waiting(session, table.hands["leader"].actor.person)] == [False]
        assert [e.kind for e in live.since(session, f"me:{table.hands['leader'].actor.person}", 0)] == ["paper.waiting"]
    refused("D-LAST", table.prepare, "leader")
    table.sign("member-2")
    refused("D-LAST", table.prepare, "leader")
    assert table.sign("member-1")["state"] == "open"
    with world.read() as session:
        (task,) = desk.waiting(session, table.hands["leader"].actor.person)
        assert (task["ready"], task["document"]) == (True, table.document)
        assert desk.waiting(session, table.hands["member-1"].actor.person) == []
    done = table.sign("leader")
    assert done["state"] == "sealed" and done["sealed_at"] == world.clock.now()
    report = table.accept()
    assert [one.field for one in report.signatures] == ["member-2", "member-1", "leader", "seal"]
    assert report.record == table.first.record
    assert table.kinds() == ["paper.opened", "paper.signed", "paper.signed", "paper.signed", "paper.sealed"]
    with world.read() as session:
        entries = ledger.entries(session, "case:k1")
        assert desk.documents(session, "k1") == [done]
    assert entries[-1].body["sha256"] == done["head"] == report.document
    assert entries[0].body["signers"] == report.record["signers"]
    assert entries[1].actor["certificate"] == table.hands["member-2"].fingerprint
    # Each version is kept, and begins with the one before.
    versions = [world.acts.house.blobs.get(entry.body["sha256"]) for entry in entries]
    assert all(later.startswith(earlier) for earlier, later in pairwise(versions))


def test_a_document_without_a_seal_closes_after_its_last_signature(world):
    table = make(world, {"tenderer": "张三"}, seal=False, last="")
    assert table.sign("tenderer")["state"] == "sealed"
    assert [one.field for one in table.accept().signatures] == ["tenderer"]


def test_after_the_seal_nothing_enters(world, table):
    early = table.prepare("member-1")
    table.finish(early)
    table.sign("member-2")
    table.sign("leader")
    head = table.state["head"]
    for field in table.hands:
        refused("D-CLOSED", table.prepare, field)
    refused("D-CLOSED", table.finish, early)
    desk_sign.seal_document(world.acts, table.document)
    assert table.state["head"] == head and desk_sign.seal_waiting(world.acts) == 0


def test_the_wrong_person_and_the_wrong_key(world, table):
    other = table.hands["member-2"]
    refused("D-SIGNER", table.prepare, "member-1", other.actor)
    refused("ACCESS", table.prepare, "member-1", Actor())
    with pytest.raises(Unusable):
        table.prepare("member-9", other.actor)
    offer = table.prepare("member-1")
    refused("D-SIGNER", table.finish, offer, other)
    before = table.state
    refused("S-SIGN", table.finish, offer, raw=other.sign(offer))
    assert table.state == before and table.row.lease == ""
    refused("D-LEASE", table.finish, offer)
    for raw in (bytes(64), b"short", suite.sign_raw(table.hands["member-1"].key, b"other bytes")):
        again = table.prepare("member-1")
        refused("S-SIGN", table.finish, again, raw=raw)
    assert table.sign("member-1")["fields"][0]["signed_at"]
    refused("D-SIGNED", table.prepare, "member-1")


def test_a_lease_keeps_others_out_until_it_ends(world, table):
    first = table.prepare("member-1")
    refused("D-LEASE", table.prepare, "member-2")
    world.clock.moment += LEASE - SECOND
    refused("D-LEASE", table.prepare, "member-2")
    world.clock.moment += SECOND
    second = table.prepare("member-2")
    refused("D-LEASE", table.finish, first)
    assert table.finish(second)["fields"][0]["signed_at"] is None
    refused("D-LEASE", table.finish, first)
    table.sign("member-1")
    table.sign("leader")
    assert len(table.accept().signatures) == 4


def test_an_expired_lease_nobody_took_still_counts(world, table):
    offer = table.prepare("member-1")
    world.clock.moment += LEASE * 4
    assert table.finish(offer)["fields"][0]["signed_at"] == world.clock.now()


def test_the_second_tab_of_the_same_holder_wins(world, table):
    first, second = table.prepare("member-1"), table.prepare("member-1")
    refused("D-LEASE", table.finish, first)
    table.finish(second)
    refused("D-SIGNED", table.finish, second)
    assert table.kinds().count("paper.signed") == 1


def test_a_lease_is_of_one_field(world, table):
    offer = table.prepare("member-1")
    refused("D-SIGNER", table.finish, offer, field="member-2")
    refused("D-LEASE", table.finish, offer, lease="0" * 32)
    refused("D-LEASE", table.finish, offer, lease="")
    table.finish(offer)


def test_a_late_embed_leaves_no_file_behind(world, table, monkeypatch):
    """The lease is lost while the PDF work runs: the signature made on the old head is thrown away."""
    blobs = world.acts.house.blobs
    offer = table.prepare("member-1")
    embed = desk_sign.pdfsign.embed

    def slow(*args):
        made = embed(*args)
        monkeypatch.setattr(desk_sign.pdfsign, "embed", embed)
        world.clock.moment += LEASE
        table.finish(table.prepare("member-2"))
        return made

    monkeypatch.setattr(desk_sign.pdfsign, "embed", slow)
    refused("D-LEASE", table.finish, offer)
    files = {path.name for path in blobs.root.glob("??/*")}
    assert files == {table.state["first"], table.state["head"]}


def test_all_at_once_with_retries_lose_nobody(world):
    names = {f"member-{n}": name for n, name in enumerate("赵钱孙李周吴", start=1)} | {"leader": "郑"}
    table = make(world, names)
    tries: list[str] = []
    failed: list[BaseException] = []

    def run(field: str) -> None:
        for _ in range(400):
            try:
                table.finish(table.prepare(field))
                return
            except Refused as error:
                tries.append(error.breaches[0].rule)
                pause.wait(0.02)
            except BaseException as error:
                failed.append(error)
                return

    pause = threading.Event()
    threads = [threading.Thread(target=run, args=(field,)) for field in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(tries) <= {"D-LEASE", "D-LAST"} and tries
    report = table.accept()
    assert len(report.signatures) == 8
    assert [one.field for one in report.signatures][-2:] == ["leader", "seal"]


def test_a_revoked_or_expired_certificate_does_not_sign(world, table):
    offer = table.prepare("member-1")

    def revoke(tx):
        found = tx.session.get(Certificate, table.hands["member-1"].fingerprint)
        found.revoked_at, found.revoked_reason = tx.now, "keyCompromise"

    world.acts.act(revoke, SYSTEM)
    refused("S-REVOKED", table.finish, offer)
    refused("S-REVOKED", table.prepare, "member-1")
    with world.read() as session:
        until = session.get(Certificate, table.hands["member-2"].fingerprint).not_after
    world.clock.moment = until
    table.prepare("member-2")
    world.clock.moment = until + SECOND
    refused("S-TIME", table.prepare, "member-2")
    with world.read() as session:
        refused("D-NONE", desk.signer, session, table.hands["member-1"].actor.person, "x", "member", until)


def test_a_failure_while_preparing_gives_the_lease_back(world, table, monkeypatch):
    prepare = desk_sign.pdfsign.prepare

    def broken(*args):
        raise OSError("disk")

    monkeypatch.setattr(desk_sign.pdfsign, "prepare", broken)
    with pytest.raises(OSError, match="disk"):
        table.prepare("member-1")
    monkeypatch.setattr(desk_sign.pdfsign, "prepare", prepare)
    assert table.row.lease == ""
    table.sign("member-2")


def test_a_seal_that_failed_is_made_later(world, table, monkeypatch):
    seal = desk_sign.pdfsign.seal

    def broken(*args):
        raise OSError("no timestamp")

    monkeypatch.setattr(desk_sign.pdfsign, "seal", broken)
    table.sign("member-1")
    table.sign("member-2")
    with pytest.raises(OSError, match="no timestamp"):
        table.sign("leader")
    assert table.state["state"] == "signed"
    refused("D-CLOSED", table.prepare, "leader")
    monkeypatch.setattr(desk_sign.pdfsign, "seal", seal)
    assert desk_sign.seal_waiting(world.acts) == 1
    assert len(table.accept().signatures) == 4


def test_a_voided_document_takes_no_more_signatures(world, table):
    offer = table.prepare("member-1")
    world.acts.act(desk.void_document, SYSTEM, table.document, "专家更换")
    refused("D-CLOSED", table.finish, offer)
    refused("D-CLOSED", table.prepare, "member-2")
    refused("D-CLOSED", world.acts.act, desk.void_document, SYSTEM, table.document, "再次")
    with world.read() as session:
        assert desk.waiting(session, offer.field) == []
    assert table.kinds()[-1] == "paper.voided"


def test_shape_of_a_document(world, table):
    first = table.first
    with pytest.raises(Unusable):
        desk.first_revision(first.pdf, (), {}, [])
    with pytest.raises(Unusable):
        desk.first_revision(first.pdf, (), {}, [desk.Signer("seal", "p", "member", "0" * 64)])
    twice = [desk.Signer(field, "p", "member", "0" * 64) for field in ("a", "b")]
    with pytest.raises(Unusable, match="one certificate"):
        desk.first_revision(first.pdf, (), {}, twice)
    with pytest.raises(Unusable):
        world.acts.act(desk.open_document, SYSTEM, first, case="k1", kind="x", title="x", audience="x", last="nobody")
    with world.read() as session, pytest.raises(Unusable):
        desk.state(session, "0" * 16)
    public = table.prepare("member-1").public()
    assert public["first_revision"] == {"sha256": table.state["first"], "length": len(first.pdf)}
