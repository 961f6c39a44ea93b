# mypy: disable-error-code="no-untyped-call"
# (pyHanko leaves parts of its API without annotations)
"""PDF signing: first revision with its machine record and all fields, signatures from browsers, seal and closing.

The recipe and its measurements: docs/decisions. The server prepares bytes, the holder's browser signs the attributes
(never a digest it was handed), the server verifies and embeds. `now` is passed; nothing asks the machine's clock.
A head is leased by the caller: two signatures prepared on one head would silently drop one of them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import algos
from asn1crypto import x509 as asn1_x509
from asn1crypto.crl import CertificateList
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from pyhanko.sign import fields
from pyhanko.sign.signers import ExternalSigner, PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.stamp import StaticStampStyle

from certs.blocking import finish, run_blocking
from certs.cmsbytes import Parts, signed_data
from certs.issuer import check_certificate, load
from certs.pdfbytes import no_signature_text, places, scan
from certs.tsa import Timestamps
from core import canon
from core.clock import CST
from core.faults import Fault, Unusable
from core.paper import Box

RECORD = "record.json"
CLOSING = "closing-time"
RESERVED = 16_384  # hex characters; a P-256 signature with its timestamp takes 6,500
SIGNERS = ("person-sign", "org-sign", "platform")
SEALS = ("seal", "platform")  # what closes a document; profile and role are one


@dataclass(frozen=True)
class Field:
    """A place for a signature; without `box` it is invisible. `seal` locks the document (FieldMDP ALL, DocMDP P1)."""

    name: str
    box: Box | None = None
    seal: bool = False


@dataclass(frozen=True)
class Prepared:
    """A signature waiting for its holder. `tbs` is what the browser signs (ECDSA, SHA-256); all values survive JSON."""

    field: str
    pdf: bytes
    digest: str
    start: int
    end: int
    tbs: bytes
    cert: bytes
    chain: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        def b64(data: bytes) -> str:
            return base64.b64encode(data).decode()

        return {
            "field": self.field,
            "pdf": b64(self.pdf),
            "digest": self.digest,
            "start": self.start,
            "end": self.end,
            "tbs": b64(self.tbs),
            "cert": b64(self.cert),
            "chain": [b64(der) for der in self.chain],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Prepared:
        raw = {key: base64.b64decode(value[key], validate=True) for key in ("pdf", "tbs", "cert")}
        chain = tuple(base64.b64decode(der, validate=True) for der in value["chain"])
        return cls(
            value["field"], raw["pdf"], value["digest"], value["start"], value["end"], raw["tbs"], raw["cert"], chain
        )


def first_revision(body: bytes, record: dict[str, Any], fields_: Sequence[Field]) -> bytes:
    """Body, attached `record.json` (canonical JSON) and all empty fields in one revision; same input, same bytes.

    `record["signers"]` names every field: [{field, fingerprint, role}], so that a missing signature shows.
    """
    return run_blocking(lambda: _first_revision(body, record, fields_))


def prepare(
    head: bytes, field: str, cert: bytes, chain: Sequence[bytes], crls: Sequence[bytes], stamp: bytes, now: datetime
) -> Prepared:
    """Fill the place of `field` up to the signature itself. `stamp` is a one-page PDF (certs.stamps).

    Fault: certificate not valid now, document closed, field taken. Unusable: no such field.
    """
    check_certificate(cert, chain, crls, now, SIGNERS)
    return run_blocking(lambda: _prepare(head, field, cert, tuple(chain), stamp, now, locks=False))


def embed(prepared: Prepared, signature: bytes, timestamper: TimeStamper) -> bytes:
    """The document's next head. `signature` is r‖s, 64 bytes, as WebCrypto returns it; else Fault."""
    verify_raw(prepared, signature)
    return run_blocking(lambda: _embed(prepared, signature, timestamper))


def seal(
    head: bytes,
    field: str,
    key: ec.EllipticCurvePrivateKey,
    cert: bytes,
    chain: Sequence[bytes],
    crls: Sequence[bytes],
    stamp: bytes,
    tsa: Timestamps,
    now: datetime,
) -> bytes:
    """Sign with the organisation's seal, or the platform's key, and close the document. `crls` must be issued after the
    last signature."""
    check_certificate(cert, chain, crls, now, SEALS)

    def work() -> bytes:
        prepared = _prepare(head, field, cert, tuple(chain), stamp, now, locks=True)
        r, s = _rs(key.sign(prepared.tbs, ec.ECDSA(hashes.SHA256())))
        return _close(_embed(prepared, r + s, tsa.stamper(now)), chain, crls, tsa, now)

    return run_blocking(work)


def close(head: bytes, chain: Sequence[bytes], crls: Sequence[bytes], tsa: Timestamps, now: datetime) -> bytes:
    """Close a document that carries no seal: certificates, revocation lists and a document timestamp (PAdES B-LTA)."""
    return run_blocking(lambda: _close(head, chain, crls, tsa, now))


def verify_raw(prepared: Prepared, signature: bytes) -> None:
    """Fault unless `signature` (r‖s) by the prepared certificate's key covers the prepared attributes."""
    key = load(prepared.cert).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    if len(signature) != 64:
        raise Fault(f"a P-256 signature is 64 bytes, found {len(signature)}")
    try:
        key.verify(_der(signature), prepared.tbs, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Fault("the signature does not belong to this document and certificate") from None


def _der(signature: bytes) -> bytes:
    der: bytes = algos.DSASignature.from_p1363(signature).dump()
    return der


def _rs(der: bytes) -> tuple[bytes, bytes]:
    raw: bytes = algos.DSASignature.load(der).to_p1363()
    half = len(raw) // 2
    return raw[:half].rjust(32, b"\0"), raw[half:].rjust(32, b"\0")


def _first_revision(body: bytes, record: dict[str, Any], places: Sequence[Field]) -> bytes:
    named = {entry["field"] for entry in record.get("signers", [])}
    if named != {place.name for place in places} or len(named) != len(places):
        raise Unusable("the record's signers and the document's fields are not the same")
    data = canon.dumps(record)
    writer = copy_into_new_writer(PdfFileReader(BytesIO(body)))
    # Random in pyHanko; derived here, so that the same report gives the same bytes.
    seed = hashlib.sha256(b"gongheng/pdf/1" + hashlib.sha256(body).digest() + data).digest()
    mark = generic.ByteStringObject(seed[:16])
    writer._document_id = generic.ArrayObject([mark, mark])
    file = EmbeddedFileObject.from_file_data(writer, data, mime_type="application/json")
    spec = FileSpec(RECORD, file_name=RECORD, embedded_data=file, af_relationship=pdf_name("/Data"))
    embed_file(writer, spec)
    for place in places:
        fields.append_signature_field(writer, _field_spec(place))
    out = BytesIO()
    _silence_metadata(writer)
    writer.write(out)
    no_signature_text(out.getvalue())
    return out.getvalue()


def _field_spec(place: Field) -> fields.SigFieldSpec:
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.ALL) if place.seal else None
    box = place.box
    return fields.SigFieldSpec(
        place.name,
        on_page=box.page if box else 0,
        box=(round(box.x1), round(box.y1), round(box.x2), round(box.y2)) if box else None,
        field_mdp_spec=lock,
        doc_mdp_update_value=fields.MDPPerm.NO_CHANGES if place.seal else None,
    )


def _silence_metadata(writer: PdfFileWriter | IncrementalPdfFileWriter) -> None:
    """pyHanko would write the machine's clock into /ModDate and XMP; the case's time may be another, and 2 kB each."""
    writer._update_meta = lambda: None  # type: ignore[method-assign]


class _StampPage(PdfContent):
    """First page of a PDF held in memory (pyHanko's own reads a path)."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        assert self.writer is not None
        form = self.writer.import_page_as_xobject(PdfFileReader(BytesIO(self._pdf)))
        name = "/Stamp"
        self.resources.xobject[name] = form
        x1, y1, x2, y2 = form.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(x1 - x2), height=abs(y1 - y2))
        return f"{name} Do".encode()


def _stamp_style(stamp: bytes) -> StaticStampStyle:
    middle = AxisAlignment.ALIGN_MID
    layout = SimpleBoxLayoutRule(x_align=middle, y_align=middle, margins=Margins.uniform(0))
    return StaticStampStyle(
        background=_StampPage(stamp), background_layout=layout, background_opacity=1.0, border_width=0
    )


def _writer(head: bytes) -> IncrementalPdfFileWriter:
    regions = scan(head)
    if regions and regions[-1].covered != len(head):
        raise Fault("bytes follow the last signature of this document")
    if regions and regions[-1].signed_data()["encap_content_info"]["content_type"].native == "tst_info":
        raise Fault("the document is closed")
    try:
        writer = IncrementalPdfFileWriter(BytesIO(head))
    except PdfError as error:
        raise Unusable(f"not a readable PDF: {error}") from None
    _silence_metadata(writer)
    return writer


def _prepare(
    head: bytes, field: str, cert: bytes, chain: tuple[bytes, ...], stamp: bytes, now: datetime, locks: bool
) -> Prepared:
    writer = _writer(head)
    _require_empty(writer, field)
    signer = ExternalSigner(asn1_x509.Certificate.load(cert), None, signature_value=72, embed_roots=False)
    meta = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES if locks else fields.MDPPerm.FILL_FORMS,
    )
    session: PdfSigningSession = PdfSigner(meta, signer, stamp_style=_stamp_style(stamp)).init_signing_session(
        writer, existing_fields_only=True
    )
    session.system_time = now.astimezone(CST).replace(microsecond=0)
    document = session.prepare_tbs_document(validation_info=None, bytes_reserved=RESERVED)
    out = BytesIO()
    digest, _ = document.digest_tbs_document(output=out)
    tbs = finish(signer.signed_attrs(digest.document_digest, "sha256", use_pades=True)).dump()
    return Prepared(
        field,
        out.getvalue(),
        digest.document_digest.hex(),
        digest.reserved_region_start,
        digest.reserved_region_end,
        tbs,
        cert,
        chain,
    )


def _require_empty(writer: IncrementalPdfFileWriter, field: str) -> None:
    for name, value, _ in fields.enumerate_sig_fields(writer):
        if name == field:
            if value is not None:
                raise Fault(f"field {field} is already signed")
            return
    raise Unusable(f"the document has no signature field {field}")


def _embed(prepared: Prepared, signature: bytes, timestamper: TimeStamper) -> bytes:
    der = _der(signature)
    token = finish(timestamper.async_timestamp(hashlib.sha256(der).digest(), "sha256")).dump()
    # The root is what a verifier brings himself.
    certificates = [prepared.cert, *prepared.chain[:-1]]
    made = signed_data(Parts(prepared.cert, certificates, prepared.tbs, der, token=token))
    return _filled(prepared.pdf, prepared.start, prepared.end, made)


def _filled(pdf: bytes, start: int, end: int, der: bytes) -> bytes:
    """Lower-case hex, zeros behind: pyHanko writes upper case, and one spelling must be the only one."""
    text = der.hex().encode()
    if len(text) > end - start - 2:
        raise Unusable(f"the signature needs {len(text)} characters, {end - start - 2} are reserved")
    return pdf[: start + 1] + text.ljust(end - start - 2, b"0") + pdf[end - 1 :]


def _close(head: bytes, chain: Sequence[bytes], crls: Sequence[bytes], tsa: Timestamps, now: datetime) -> bytes:
    writer = _writer(head)
    stamper = tsa.stamper(now)
    # The timestamp service's certificates must lie in the store: asked for once, before the document's own timestamp.
    finish(stamper.async_dummy_response("sha256"))
    certificates = [asn1_x509.Certificate.load(der) for der in chain]
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[*certificates, *stamper.cert_registry],
        crls=[CertificateList.load(der) for der in crls],
    )
    closing = PdfTimeStamper(stamper, field_name=CLOSING)
    out = finish(closing.async_timestamp_pdf(writer, "sha256", bytes_reserved=RESERVED))
    pdf = out.getvalue()
    start, end = places(pdf)[-1]
    closed: bytes = pdf[:start] + pdf[start:end].lower() + pdf[end:]
    return closed
