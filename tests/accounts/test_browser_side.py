"""The browser's own modules at this room's doors: enrol, store and fetch the key, sign an act, sign a document."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from accounts import proof
from certs import authority, desk, desk_sign, keys, pdfcheck
from certs.suite import b64
from core.access import SYSTEM
from core.canon import dumps, sha256_hex
from core.doors import perform
from core.faults import Fault
from core.paper import Paper
from tests.accounts.cast import Cast
from tests.certs.js_side import call, calls
from tests.certs.pdf_tools import fonts_missing

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())


@pytest.mark.certify("A-12")
def test_a_key_made_in_the_browser_opens_every_door(world, tmp_path: Path):
    cast = Cast(world)
    person, passphrase = cast.org(2, "tenderer"), keys.new_passphrase()
    # The nonce of an enrolment is bound to the key: first the key, then the nonce, then the proof over both.
    key = {"use": "sign", "uid": person.person, "passphrase": passphrase}
    made = call("make", **key, nonce="0" * 32, iterations=keys.MIN_ITERATIONS)
    spki = sha256_hex(base64.b64decode(made["proof"]["spki"]))
    nonce = world.do(person, "nonce.issue", act="cert.enrol", object=spki)["nonce"]
    private = keys.unwrap(made["envelope"], "sign", passphrase, person.person)
    text = keys.pop_text("sign", person.person, nonce, private)
    signature = b64(keys.suite.sign_raw(private, text))
    answer = world.do(
        person, "cert.enrol", spki=made["proof"]["spki"], nonce=nonce, text=b64(text), signature=signature
    )
    world.do(person, "keyblob.store", certificate=answer["fingerprint"], envelope=made["envelope"])
    envelope = world.do(person, "keyblob.get", certificate=answer["fingerprint"])["envelope"]
    held = {"envelope": envelope, "use": "sign", "passphrase": passphrase, "uid": person.person}

    offer = world.do(person, "nonce.issue", act="cert.make_seal", object=sha256_hex(dumps({})))
    shown = {"act": offer["act"], "case": proof.CASELESS, "object": offer["object"]}
    lie = {**shown, "object": "0" * 64}
    signed, refused = calls(
        {"call": "challenge", **held, "offered": offer, "shown": shown},
        {"call": "challenge", **held, "offered": offer, "shown": lie},
    )
    assert isinstance(refused, Fault)
    given = {"certificate": answer["fingerprint"], **signed}

    def ask(tx):
        return proof.prove(tx, "cert.make_seal", "", offer["object"], given).certificate

    assert world.acts.act(ask, person) == answer["fingerprint"]
    _sign_a_document(world, person, answer, held, tmp_path)


def _sign_a_document(world, person, answer, held, tmp_path: Path) -> None:
    paper = Paper("招标公告", demo=True).text("公告正文").signatures(["tenderer"]).build()
    with world.read() as session:
        one = desk.signer(session, person.person, "tenderer", "tenderer", world.clock.now())
    first = desk.first_revision(paper.bytes, paper.boxes, {"schema": "test/1"}, [one])
    document = world.acts.act(
        desk.open_document, SYSTEM, first, case="k", kind="notice", title="招标公告", audience="public"
    )
    offer = desk_sign.prepare_signature(world.acts, person, document, "tenderer").public()
    path = tmp_path / "prepared.pdf"
    path.write_bytes(base64.b64decode(offer["prepared"]))
    raw = call(
        "signPdf", **held, certificate=answer["certificate"], path=str(path), region=offer["region"],
        tbs=offer["tbs"], reviewed=offer["first_revision"],
    )  # fmt: skip
    done = desk_sign.finish_signature(world.acts, person, document, "tenderer", base64.b64decode(raw), offer["lease"])
    assert done["state"] == "sealed"
    roots = [authority.of(world.acts.house.config).chain[-1]]
    assert pdfcheck.accept(world.acts.house.blobs.get(done["head"]), roots).signatures[0].name == "张三"


def test_the_same_act_through_perform(world):
    """A centre makes its seal through the door with a proof composed here."""
    cast = Cast(world)
    holder = cast.certify(cast.centre)
    answer = perform(
        world.acts, proof.prove, holder.actor, "cert.make_seal", "", {}, holder.prove("cert.make_seal", "", {})
    )
    assert len(answer["fingerprint"]) == 64
