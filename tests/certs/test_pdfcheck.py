"""What acceptance refuses: one flipped bit anywhere, anything appended, anyone missing, anything exchanged."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from datetime import UTC, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from asn1crypto.crl import CertificateList
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.generic import StreamObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from certs import issuer, pdfsign, stamps
from certs.pdfbytes import scan
from certs.pdfcheck import Expected, accept, machine_record
from core import canon
from core.canon import sha256_hex
from core.faults import Fault, Unusable
from tests.certs.pdf_tools import START, Report, World, fonts_missing, report

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
ROOT = Path(__file__).resolve().parents[2]
ORDER = ["member-5", "member-2", "member-6", "member-1", "member-4", "member-3", "leader"]
LIFE = timedelta(days=10)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def steps(world) -> list[bytes]:
    """A report after each of its seven signatures, people's certificates living ten days, then sealed."""
    made = report(world, life=LIFE)
    return [made.first, *(made.sign(name) for name in ORDER), made.close()]


@pytest.fixture(scope="module")
def sealed(steps) -> bytes:
    return steps[-1]


def signed_by_two(world: World, **change) -> Report:
    made = report(world, people=2, **change)
    made.sign("member-1")
    made.sign("leader")
    return made


def flips(pdf: bytes, count: int, seed: int) -> list[tuple[int, int]]:
    """Positions all over the file, and as many in the one part that no signature covers."""
    last, rng = scan(pdf)[-1], random.Random(seed)
    text_end = last.start + 1 + 2 * len(last.der)
    wide = [rng.randrange(len(pdf)) for _ in range(count)]
    inner = [rng.randrange(last.start, text_end) for _ in range(count // 2)]
    padding = [rng.randrange(text_end, last.end) for _ in range(count // 10)]
    edges = [0, last.start - 1, last.start, text_end, last.end - 1, last.end, len(pdf) - 1]
    return [(at, rng.randrange(8)) for at in (*wide, *inner, *padding, *edges)]


def refused(pdf: bytes, roots: list[bytes], flip: list[tuple[int, int]]) -> None:
    for at, bit in flip:
        changed = bytearray(pdf)
        changed[at] ^= 1 << bit
        with pytest.raises((Fault, Unusable)) as found:
            accept(bytes(changed), roots)
        assert str(found.value), (at, bit)


def test_a_sealed_report_is_accepted_with_names_times_and_hashes(world, steps, sealed):
    found = accept(sealed, world.roots)
    assert [signed.field for signed in found.signatures] == [*ORDER, "seal"]
    assert [signed.at for signed in found.signatures] == [START + timedelta(minutes=n) for n in range(1, 9)]
    assert found.closed == START + timedelta(minutes=8)
    assert found.record["totals"] == {"甲": "95.55"}
    assert found.first_revision == sha256_hex(steps[0])
    assert found.document == sha256_hex(sealed)
    assert machine_record(sealed) == (found.record, steps[0]) == machine_record(steps[0])
    accept(sealed, world.roots, expected=Expected(found.document, found.first_revision, found.record_hash))


@pytest.mark.parametrize(
    ("name", "words"), [("document", "file"), ("first_revision", "first revision"), ("record", "machine record")]
)
def test_hashes_of_the_ledger_decide(world, sealed, name, words):
    with pytest.raises(Fault, match=f"the {words} is not the one recorded"):
        accept(sealed, world.roots, expected=Expected(**{name: "0" * 64}))


def test_one_flipped_bit_anywhere_is_refused(world, sealed):
    refused(sealed, world.roots, flips(sealed, 200, 1))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_thousand_flipped_bits_are_refused(world, sealed, seed):
    refused(sealed, world.roots, flips(sealed, 200, seed))


@pytest.mark.soak
def test_every_byte_of_the_closing_timestamp_counts(world, sealed):
    last, rng = scan(sealed)[-1], random.Random(3)
    refused(
        sealed, world.roots, [(at, rng.randrange(8)) for at in range(last.start, last.start + 2 * len(last.der) + 3)]
    )


def test_upper_case_hex_in_the_closing_timestamp_is_another_spelling(world, sealed):
    last = scan(sealed)[-1]
    shouted = sealed[: last.start] + sealed[last.start : last.end].upper() + sealed[last.end :]
    with pytest.raises(Fault, match="lower-case hex"):
        accept(shouted, world.roots)


def test_unsigned_parts_in_the_closing_timestamp_are_refused(world, sealed):
    """A certificate that nothing covers, added to the token; the token's own signature still verifies."""
    last = scan(sealed)[-1]
    data = last.signed_data()
    stranger = asn1_x509.Certificate.load(World().ca.chain[0])
    content = cms.ContentInfo.load(last.der)
    content["content"]["certificates"].append(cms.CertificateChoices("certificate", stranger))
    der = content.dump(force=True)
    assert len(content["content"]["certificates"]) == len(data["certificates"]) + 1
    with pytest.raises(Fault, match="does not vouch for"):
        accept(pdfsign._filled(sealed, last.start, last.end, der), world.roots)


@pytest.mark.parametrize("tail", [b"\n", b"% a comment\n", b"\0", b"%%EOF\n"])
def test_anything_behind_the_end_is_refused(world, sealed, tail):
    with pytest.raises(Fault, match=f"{len(tail)} bytes stand behind the last signature"):
        accept(sealed + tail, world.roots)


def overlaid(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    paint = StreamObject(stream_data=b"q 1 1 1 rg 100 500 300 60 re f Q")
    writer.add_stream_to_page(0, writer.add_object(paint))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_appended_overlay_is_refused(world, sealed):
    with pytest.raises(Fault, match="something was appended"):
        accept(overlaid(sealed), world.roots)


def test_an_overlay_between_signatures_is_refused_also_when_sealed_over(world):
    made = signed_by_two(world)
    made.head = overlaid(made.head)
    with pytest.raises(Fault, match="bytes follow the last signature"):
        made.close()

    def careless(head: bytes) -> IncrementalPdfFileWriter:
        """An operator who signs over the overlay on purpose."""
        return IncrementalPdfFileWriter(BytesIO(head))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdfsign, "_writer", careless)
        made.close()
    with pytest.raises(Fault, match="signature member-1"):
        accept(made.head, world.roots)


@pytest.mark.parametrize("kept", range(1, 8))
def test_a_report_cut_back_names_who_is_missing(world, steps, kept):
    everyone = [*sorted(ORDER[:-1]), "leader", "seal"]
    missing = [name for name in everyone if name not in ORDER[:kept]]
    with pytest.raises(Fault, match=f"{8 - kept} of 8 signatures are missing: {', '.join(missing)}"):
        accept(steps[kept], world.roots)


def test_a_report_cut_back_and_closed_again_names_who_is_missing(world, steps):
    ca, now = world.ca, START + timedelta(hours=1)
    closed = pdfsign.close(steps[5], ca.chain, ca.crls(now), world.tsa, now)
    with pytest.raises(Fault, match="3 of 8 signatures are missing: member-3, leader, seal"):
        accept(closed, world.roots)


def test_the_first_revision_alone_is_no_signed_document(world, steps):
    with pytest.raises(Fault, match="no signature"):
        accept(steps[0], world.roots)
    with pytest.raises(Unusable, match="not a PDF"):
        accept(b"hello", world.roots)


def test_sealed_but_not_closed_is_refused(world):
    made = signed_by_two(world)
    seal, ca, now = made.seal, world.ca, START + timedelta(hours=1)
    prepared = pdfsign._prepare(made.head, "seal", seal.cert, ca.chain, stamps.seal_stamp("某", demo=True), now, True)
    head = pdfsign.embed(prepared, seal.sign(prepared.tbs), world.tsa.stamper(now))
    with pytest.raises(Fault, match="not closed"):
        accept(head, world.roots)


def test_an_exchanged_record_is_refused(world, sealed):
    record, _ = machine_record(sealed)
    writer = IncrementalPdfFileWriter(BytesIO(sealed))
    data = canon.dumps(record | {"totals": {"甲": "99.99"}})
    tree = writer.root["/Names"]["/EmbeddedFiles"]
    tree[pdf_name("/Names")] = pdfsign.generic.ArrayObject()
    writer.update_container(tree)
    file = EmbeddedFileObject.from_file_data(writer, data)
    embed_file(writer, FileSpec("record.json", file_name="record.json", embedded_data=file))
    out = BytesIO()
    writer.write(out)
    with pytest.raises(Fault, match="something was appended"):
        accept(out.getvalue(), world.roots)


def test_a_changed_score_inside_the_first_revision_names_the_first_broken_signature(world):
    """The same length, so that every offset still fits: only the digest knows."""
    made = report(world, people=2, score="95.55")
    tries = (pdfsign.first_revision(*_parts(made, f"95.{cents}")) for cents in range(56, 100))
    other = next(first for first in tries if len(first) == len(made.first))  # compression may differ by a byte
    made.sign("member-1")
    made.sign("leader")
    made.close()
    accept(made.head, world.roots)
    with pytest.raises(Fault, match=r"signature 1 \(张三\): the bytes it covers were changed"):
        accept(other + made.head[len(made.first) :], world.roots)


def _parts(made: Report, score: str):
    from_first, places = made.record | {"totals": {"甲": score}}, made.places
    return made.body, from_first, places


def test_signers_must_be_those_of_the_record(world):
    made = report(world, people=2)
    made.people["leader"] = world.signer("外人")
    made.sign("member-1")
    made.sign("leader")
    made.close()
    with pytest.raises(Fault, match="field leader is signed with another certificate"):
        accept(made.head, world.roots)


def test_a_seal_must_be_a_seal(world):
    made = report(world, people=1)
    entry = made.record["signers"][0]
    record = made.record | {"signers": [entry | {"role": "seal"}, made.record["signers"][1]]}
    made.first = pdfsign.first_revision(made.body, record, made.places)
    made.sign("leader")
    made.close()
    with pytest.raises(Fault, match="profile person-sign"):
        accept(made.head, world.roots)


def test_another_root_is_not_trusted(world, sealed):
    with pytest.raises(Fault):
        accept(sealed, World().roots)
    with pytest.raises(Fault):
        accept(sealed, [])


def test_revocation_before_signing_counts_and_after_signing_does_not():
    world = World()
    made = signed_by_two(world)
    leader = issuer.load(made.people["leader"].cert).serial_number
    world.ca.revoke(leader, "keyCompromise", START + timedelta(minutes=3))
    made.close(START + timedelta(minutes=5))
    assert len(accept(made.head, world.roots).signatures) == 3
    world = World()
    made = signed_by_two(world)
    world.ca.revoke(issuer.load(made.people["leader"].cert).serial_number, "keyCompromise", START)
    made.close()
    with pytest.raises(Fault, match="signature leader"):
        accept(made.head, world.roots)


def test_a_closing_after_the_certificates_ended_still_proves_the_signing(world):
    made = signed_by_two(world, life=timedelta(hours=1))
    made.close(START + timedelta(days=2))
    assert len(accept(made.head, world.roots).signatures) == 3


@pytest.mark.parametrize("start", [START.replace(year=2009), START.replace(year=2041)])
def test_the_machines_own_date_plays_no_part(start):
    world = World(start)
    made = signed_by_two(world)
    made.close()
    assert accept(made.head, world.roots).closed.year == start.year


def test_other_software_accepts_all_eight_when_the_peoples_certificates_have_ended(world, sealed):
    """ETSI EN 319 102-1 long-term validation by pyHanko, 400 days on, with that day's revocation lists."""
    later = START + timedelta(days=400)
    anchors = SimpleTrustManager.build([CertTrustAnchor(asn1_x509.Certificate.load(root)) for root in world.roots])
    policy = CertValidationPolicySpec(anchors, CertRevTrustPolicy(REQUIRE_REVINFO))
    lists = [CRLContainer(CertificateList.load(der)) for der in world.ca.crls(later)]
    spec = SignatureValidationSpec(
        policy,
        RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        local_knowledge=LocalKnowledge(known_crls=lists),
    )
    at = later.astimezone(UTC)
    timing = ValidationTimingInfo(at, at, False)
    signatures = PdfFileReader(BytesIO(sealed)).embedded_regular_signatures
    assert len(signatures) == 8
    for signature in signatures:
        found = asyncio.run(ades_lta_validation(signature, PdfSignatureValidationSpec(spec), timing_info=timing))
        assert found.ades_subindic == AdESPassed.OK, (signature.field_name, found.failure_msg)


def test_checking_needs_neither_web_nor_database():
    code = "import sys, certs.pdfcheck; print([m for m in ('flask', 'sqlalchemy', 'gevent') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
