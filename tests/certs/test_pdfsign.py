"""Signing a document from many hands: refused before embedding when wrong, readable by independent tools when right."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from pyhanko.pdf_utils.reader import PdfFileReader

from certs import blocking, issuer, pdfsign, stamps
from certs.pdfbytes import no_signature_text, scan
from certs.pdfsign import Field, Prepared
from core.faults import Fault, Unusable
from core.paper import Paper
from tests.certs.pdf_tools import START, Report, World, body_of, fonts_missing, report, tool

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def sealed(world) -> Report:
    made = report(world, people=3)
    for name in ("member-2", "member-1", "leader"):
        made.sign(name)
    made.close()
    return made


@pytest.fixture
def fresh(world) -> Report:
    return report(world, people=2)


def prepare(made: Report, name: str = "member-1", head: bytes = b"", who=None, now=START) -> Prepared:
    who = who or made.people[name]
    stamp = stamps.name_stamp(who.name, who.print, now)
    ca = made.world.ca
    return pdfsign.prepare(head or made.first, name, who.cert, ca.chain, ca.crls(now), stamp, now)


def test_first_revision_is_reproducible_and_carries_the_record(world):
    people = {"member-1": world.signer("张三")}
    body, boxes = body_of(people)
    record = {"signers": [{"field": name, "fingerprint": "ab", "role": "x"} for name in ("member-1", "seal")]}
    places = [Field(box.field, box, seal=box.field == "seal") for box in boxes]
    first = pdfsign.first_revision(body, record, places)
    assert first == pdfsign.first_revision(body, record, places)
    assert first != pdfsign.first_revision(body, record | {"score": "1"}, places)
    with pytest.raises(Unusable, match="not the same"):
        pdfsign.first_revision(body, record, places[:1])


def test_a_text_that_imitates_a_signature_stays_text(world):
    made = Paper("/Contents <00> /ByteRange [0 1 2 3]", number="/ByteRange [0 1 2 3]").text("甲").build()
    first = pdfsign.first_revision(made.bytes, {"signers": []}, [])
    assert scan(first) == []
    with pytest.raises(Unusable, match="ByteRange"):
        no_signature_text(b"stream /ByteRange [0 1 2 3] endstream")


def test_first_revision_is_a_prefix_of_every_later_file(sealed):
    assert sealed.head.startswith(sealed.first)
    assert [r.covered for r in scan(sealed.head)][-1] == len(sealed.head)


def test_prepared_survives_json_and_the_attributes_are_those_of_pades(fresh):
    prepared = prepare(fresh)
    again = Prepared.from_json(json.loads(json.dumps(prepared.as_json())))
    assert again == prepared
    assert prepared.tbs[0] == 0x31
    covered = prepared.pdf[: prepared.start] + prepared.pdf[prepared.end :]
    assert bytes.fromhex(prepared.digest) in prepared.tbs
    assert issuer.sha256_hex(covered) == prepared.digest
    assert set(prepared.pdf[prepared.start + 1 : prepared.end - 1]) == {ord("0")}


def test_claimed_time_is_the_time_handed_over_in_chinese_time(fresh):
    prepared = prepare(fresh)
    made = pdfsign.embed(prepared, fresh.people["member-1"].sign(prepared.tbs), fresh.world.tsa.stamper(START))
    (signature,) = PdfFileReader(BytesIO(made)).embedded_signatures
    assert signature.sig_object["/M"] == "D:20260325140000+08'00'"


def test_wrong_signatures_never_enter_the_document(fresh):
    prepared, who = prepare(fresh), fresh.people["member-1"]
    stamper = fresh.world.tsa.stamper(START)
    digest = bytes.fromhex(issuer.sha256_hex(prepared.tbs))
    bad = {
        "another person's key": fresh.people["leader"].sign(prepared.tbs),
        "over the digest as data": who.sign(digest),
        "DER instead of r and s": who.key.sign(prepared.tbs, ec.ECDSA(hashes.SHA256())),
        "zeros": bytes(64),
    }
    for signature in bad.values():
        with pytest.raises(Fault):
            pdfsign.embed(prepared, signature, stamper)
    prehashed = who.key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    r, s = utils.decode_dss_signature(prehashed)
    pdfsign.embed(prepared, r.to_bytes(32, "big") + s.to_bytes(32, "big"), stamper)


def test_a_field_is_signed_once_and_must_exist(fresh):
    head = fresh.sign("member-1")
    with pytest.raises(Fault, match="already signed"):
        prepare(fresh, head=head)
    with pytest.raises(Unusable, match="no signature field"):
        prepare(fresh, "member-9", who=fresh.people["leader"])


def test_certificates_are_asked_before_anything_is_prepared(fresh):
    world = World(START)
    with pytest.raises(Fault, match="was not issued by"):
        prepare(fresh, who=world.signer("张三"))
    with pytest.raises(Fault, match="profile"):
        prepare(fresh, who=fresh.world.signer("张三", "org-encrypt"))
    with pytest.raises(Fault, match="not valid at"):
        prepare(fresh, who=fresh.world.signer("张三", life=timedelta(hours=1)), now=START + timedelta(hours=2))
    gone = fresh.world.signer("张三")
    fresh.world.ca.revoke(issuer.load(gone.cert).serial_number, "keyCompromise", START)
    with pytest.raises(Fault, match="revoked"):
        prepare(fresh, who=gone)


def test_a_closed_document_takes_nothing_more(world):
    made = report(world, people=2)
    made.sign("member-1")
    made.close()
    with pytest.raises(Fault, match="closed"):
        prepare(made, "leader", head=made.head)
    with pytest.raises(Fault, match="bytes follow"):
        prepare(made, "leader", head=made.head + b"\n")
    with pytest.raises(Unusable):
        prepare(made, head=b"not a pdf")


@pytest.mark.skipif(not tool("pdfsig"), reason="pdfsig (poppler-utils) is not installed")
def test_pdfsig_finds_every_digest_valid(sealed, tmp_path):
    (tmp_path / "r.pdf").write_bytes(sealed.head)
    shown = subprocess.run(["pdfsig", "-nocert", "r.pdf"], cwd=tmp_path, capture_output=True, text=True).stdout
    assert shown.count("Signature Validation: Signature is Valid.") == 4
    assert shown.rstrip().endswith("has not yet been verified.")  # pdfsig cannot judge a document timestamp
    assert shown.count("- Total document signed") == 1


@pytest.mark.skipif(not tool("openssl"), reason="openssl is not installed")
def test_openssl_verifies_one_signature_and_the_closing_timestamp(sealed, tmp_path):
    for name, der in zip(("ca.pem", "root.pem"), sealed.world.ca.chain, strict=True):
        (tmp_path / name).write_bytes(issuer.load(der).public_bytes(serialization.Encoding.PEM))
    regions = scan(sealed.head)
    for region, name in ((regions[0], "one"), (regions[-1], "time")):
        (tmp_path / f"{name}.der").write_bytes(region.der)
        data = sealed.head[: region.start] + sealed.head[region.end : region.covered]
        (tmp_path / f"{name}.data").write_bytes(data)
    trust = ["-CAfile", "root.pem", "-attime", str(int(START.timestamp()) + 600)]
    cms = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "one.der", "-content", "one.data", "-out", "out"]
    ts = ["ts", "-verify", "-data", "time.data", "-in", "time.der", "-token_in", "-untrusted", "ca.pem"]
    for command in ([*cms, "-purpose", "any", "-certfile", "ca.pem"], ts):
        done = subprocess.run(["openssl", *command, *trust], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not tool("qpdf"), reason="qpdf is not installed")
def test_qpdf_finds_the_file_clean(sealed, tmp_path):
    (tmp_path / "r.pdf").write_bytes(sealed.head)
    done = subprocess.run(["qpdf", "--check", "r.pdf"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent
from certs import blocking, pdfcheck
from tests.certs.pdf_tools import World, report
blocking.set_runner(gevent.get_hub().threadpool.apply)
world, beats = World(), []
def beat():
    while True:
        beats.append(1)
        gevent.sleep(0.002)
heart = gevent.spawn(beat)
def life():
    made = report(world, people=2)
    made.sign("member-1"); made.sign("leader"); made.close()
    return len(pdfcheck.accept(made.head, world.roots).signatures)
jobs = [gevent.spawn(life) for _ in range(6)]
gevent.joinall(jobs, raise_error=True)
assert len(beats) > 20, len(beats)
print([job.value for job in jobs])
"""


def test_greenlets_sign_and_check_at_the_same_time_without_stopping_the_loop():
    done = subprocess.run([sys.executable, "-W", "error", "-c", GEVENT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[3, 3, 3, 3, 3, 3]"


def test_signing_works_where_another_loop_runs():
    """A browser driver keeps a loop running in the thread of the tests; so may any host of this code."""

    async def inside() -> int:
        return blocking.finish(_answer())

    async def _answer() -> int:
        return 42

    assert asyncio.run(inside()) == 42
    assert blocking.finish(_answer()) == 42
