"""The browser signs a PDF the server prepared, and a lying server gets no signature (browser-signing.md §2)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import fields
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from reportlab.pdfgen.canvas import Canvas

from certs import keys, suite
from certs.suite import b64, unb64
from core.faults import Fault, Unusable
from tests.certs.js_side import calls


def certificate(private: suite.PrivateKey, name: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, private.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Offer:
    """What a server sends a signer, and what the signer has reviewed."""

    private: suite.PrivateKey
    certificate: bytes
    first: bytes
    file: bytes
    start: int
    end: int
    tbs: bytes

    def covered(self) -> bytes:
        return self.file[: self.start] + self.file[self.end :]

    def attributes(self, digest: bytes | None = None) -> bytes:
        """Attributes made anew for this file, as a liar would who repairs what he changed."""
        found = cms.CMSAttributes.load(self.tbs)
        for attribute in found:
            if attribute["type"].native == "message_digest":
                attribute["values"] = [digest or hashlib.sha256(self.covered()).digest()]
        return cms.CMSAttributes(list(found)).dump(force=True)


async def _prepare(first: bytes, der: bytes) -> tuple[bytes, int, int, bytes]:
    signer = ExternalSigner(signing_cert=asn1_x509.Certificate.load(der), cert_registry=None, signature_value=72)
    metadata = PdfSignatureMetadata(field_name="S1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(BytesIO(first))
    prepared, _, out = await PdfSigner(metadata, signer).async_digest_doc_for_signing(
        writer, existing_fields_only=True, bytes_reserved=16384
    )
    attributes = await signer.signed_attrs(prepared.document_digest, "sha256", use_pades=True)
    return out.getvalue(), prepared.reserved_region_start, prepared.reserved_region_end, attributes.dump()


@pytest.fixture(scope="module")
def offer() -> Offer:
    page = BytesIO()
    canvas = Canvas(page)
    canvas.drawString(72, 720, "Evaluation report")
    canvas.save()
    writer = copy_into_new_writer(PdfFileReader(BytesIO(page.getvalue())))
    for name in ("S1", "S2"):
        fields.append_signature_field(writer, fields.SigFieldSpec(name))
    first = BytesIO()
    writer.write(first)
    private = suite.generate()
    der = certificate(private, "expert-1")
    return Offer(private, der, first.getvalue(), *asyncio.run(_prepare(first.getvalue(), der)))


@pytest.fixture(scope="module")
def ask(offer, tmp_path_factory) -> Callable[[list[Offer], list[dict[str, Any]]], list[Any]]:
    """Sends offers to the browser's module; each may change the request further."""
    folder, passphrase = tmp_path_factory.mktemp("pdf"), keys.new_passphrase()
    envelope = keys.wrap(offer.private, "sign", "expert-1", passphrase)

    def request(number: int, made: Offer, change: dict[str, Any]) -> dict[str, Any]:
        path: Path = folder / f"{number}.pdf"
        path.write_bytes(made.file)
        return {
            "call": "signPdf",
            "envelope": envelope,
            "use": "sign",
            "passphrase": passphrase,
            "certificate": b64(made.certificate),
            "path": str(path),
            "region": {"start": made.start, "end": made.end},
            "tbs": b64(made.tbs),
            "reviewed": {"length": len(offer.first), "sha256": hashlib.sha256(offer.first).hexdigest()},
        } | change

    def send(offers: list[Offer], changes: list[dict[str, Any]]) -> list[Any]:
        pairs = zip(offers, changes, strict=True)
        return calls(*[request(number, *pair) for number, pair in enumerate(pairs)])

    return send


def refused(ask, offers: list[Offer], changes: list[dict[str, Any]] | None = None) -> list[str]:
    answers = ask(offers, changes or [{}] * len(offers))
    assert all(isinstance(answer, (Fault, Unusable)) for answer in answers), answers
    return [str(answer) for answer in answers]


def test_an_honest_server_gets_a_signature_over_the_attributes(offer, ask):
    (answer,) = ask([offer], [{}])
    raw = unb64(answer, "signature")
    suite.verify_raw(offer.private.public_key(), offer.tbs, raw, "the PDF")
    assert algos.DSASignature.from_p1363(raw).dump()[0] == 0x30


def test_a_changed_report_is_refused_even_with_repaired_attributes(offer, ask):
    def changed(at: int) -> Offer:
        data = bytearray(offer.file)
        data[at] ^= 1
        made = replace(offer, file=bytes(data))
        return replace(made, tbs=made.attributes())

    assert set(refused(ask, [changed(at) for at in (20, len(offer.first) // 2, len(offer.first) - 1)])) == {
        "the prepared document is not the one shown"
    }


def test_another_digest_in_the_attributes_is_refused(offer, ask):
    others = [hashlib.sha256(b"another contract").digest(), bytes(32), hashlib.sha256(offer.file).digest()]
    shorter = replace(offer, tbs=offer.attributes(hashlib.sha1(offer.covered()).digest()))
    lies = [replace(offer, tbs=offer.attributes(digest)) for digest in others] + [shorter]
    assert set(refused(ask, lies)) == {"the signed digest is not the one of the prepared document"}


def test_bytes_outside_the_new_revision_cannot_hide_in_the_hole(offer, ask):
    def at(start: int, end: int) -> Offer:
        made = replace(offer, start=start, end=end)
        return replace(made, tbs=made.attributes())

    def with_inside(data: bytes) -> Offer:
        middle = (data + b"0" * (offer.end - offer.start - 2 - len(data)))[: offer.end - offer.start - 2]
        return replace(offer, file=offer.file[: offer.start + 1] + middle + offer.file[offer.end - 1 :])

    size = len(offer.file)
    wide = [at(offer.start - 1, offer.end), at(offer.start, offer.end + 1), at(offer.start + 2, offer.end)]
    odd = [at(0, offer.end), at(10, 8000), at(offer.start, size + 5), at(offer.end, offer.start), at(-1, size)]
    full = [with_inside(b"deadbeef"), with_inside(b"0" * 99 + b"1"), with_inside(b"/Annot")]
    messages = refused(ask, wide + odd + full)
    assert set(messages[-3:]) == {"the placeholder is not empty"}
    numbers = [{"start": 1.5, "end": offer.end}, {"start": "1", "end": "2"}, {}]
    refused(ask, [offer] * 3, [{"region": number} for number in numbers])


def test_a_byte_range_that_leaves_something_out_is_refused(offer, ask):
    at = offer.file.rindex(b"/ByteRange")
    end = offer.file.index(b"]", at) + 1
    old = offer.file[at:end]
    tail = len(offer.file) - offer.end

    def with_range(text: str) -> Offer:
        made = replace(offer, file=offer.file[:at] + text.encode().ljust(len(old)) + offer.file[end:])
        return replace(made, tbs=made.attributes())

    numbers = f"{offer.start} {offer.end}"
    lies = [f"/ByteRange [0 {numbers} {tail - 1}]", f"/ByteRange [1 {numbers} {tail}]", "/ByteRange [0 1 2 3]"]
    appended = replace(offer, file=offer.file + b"\n% more")
    answers = refused(ask, [*map(with_range, lies), replace(appended, tbs=appended.attributes())])
    assert set(answers) == {"the byte range is not the whole document around the placeholder"}


def attribute(oid: str, der: bytes) -> bytes:
    name = cms.CMSAttributeType(oid).dump() if oid[0].isalpha() else cms.ObjectIdentifier(oid).dump()
    return tlv(0x30, name + tlv(0x31, der))


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else bytes([0x82, *size.to_bytes(2)])
    return bytes([tag]) + head + content


def test_attributes_are_parsed_strictly(offer, ask):
    pieces = [element.dump() for element in cms.CMSAttributes.load(offer.tbs)]
    good = b"".join(pieces)
    assert tlv(0x31, good) == offer.tbs
    digest = hashlib.sha256(offer.covered()).digest()
    extra = attribute("signing_time", cms.UTCTime(datetime(2026, 11, 21, tzinfo=UTC)).dump())
    twice = attribute("message_digest", tlv(4, digest) + tlv(4, bytes(32)))
    other = attribute("message_digest", tlv(4, bytes(32)))
    lies = {
        "empty": b"",
        "a challenge": b"gongheng/act/1\nact=award.vote\n",
        "trailing": offer.tbs + b"\0",
        "cut": offer.tbs[:-1],
        "a sequence": b"\x30" + offer.tbs[1:],
        "an indefinite length": b"\x31\x80" + good + b"\0\0",
        "a long length": b"\x31\x82\x00" + bytes([len(good)]) + good,
        "another order": tlv(0x31, b"".join(reversed(pieces))),
        "one missing": tlv(0x31, b"".join(pieces[:2])),
        "one more": tlv(0x31, b"".join(sorted([*pieces, extra], key=lambda p: (len(p), p)))),
        "two digests": tlv(0x31, b"".join(sorted([*pieces, other]))),
        "two values": tlv(0x31, b"".join(twice if b"\x09\x04\x31" in p[:16] else p for p in pieces)),
        "the digest itself": digest,
    }
    messages = refused(ask, [replace(offer, tbs=tbs) for tbs in lies.values()])
    assert len(set(messages)) >= 7


def test_the_signature_names_the_signers_own_certificate(offer, ask):
    stranger = suite.generate()
    foreign = certificate(stranger, "expert-1")
    named = replace(offer, tbs=asyncio.run(_prepare(offer.first, foreign))[3])
    named = replace(named, tbs=named.attributes())
    twin = replace(offer, certificate=certificate(offer.private, "expert-2"))
    messages = refused(ask, [named, replace(offer, certificate=foreign), twin])
    assert messages == [
        "the signature would name another certificate",
        "the certificate is not the one of this key",
        "the signature would name another certificate",
    ]


def test_a_document_that_was_never_shown_is_refused(offer, ask):
    whole = hashlib.sha256(offer.first).hexdigest()
    reviewed = [{"length": 0, "sha256": whole}, {"length": len(offer.file), "sha256": whole}, {}]
    reviewed.append({"length": len(offer.first) - 1, "sha256": whole})
    refused(ask, [offer] * len(reviewed), [{"reviewed": value} for value in reviewed])
