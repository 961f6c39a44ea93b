# mypy: disable-error-code="no-untyped-call"
# (pyHanko leaves parts of its API without annotations)
"""Accepting a closed document: pure, offline, and the same answer in years.

pyHanko alone passed a file with three signers cut off, and other readers call an appended overlay valid. So acceptance
is pyHanko's validation at each signing time, and the expected signers, and every byte covered, and the first revision.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from asn1crypto.crl import CertificateList
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certs.blocking import finish, run_blocking
from certs.cmsbytes import Parts, gen_time, signed_data
from certs.issuer import common_name, fingerprint, profile_of
from certs.pdfbytes import Region, scan
from core import canon
from core.canon import sha256_hex
from core.clock import CST
from core.faults import Fault, Unusable

T = TypeVar("T")
RECORD = "record.json"
_PERSONAL, SEALS = ("person-sign", "org-sign", "platform"), ("seal", "platform")


@dataclass(frozen=True)
class Expected:
    """What the ledger or a case file says about the document; SHA-256 in lower-case hex, '' = not known here."""

    document: str = ""
    first_revision: str = ""
    record: str = ""


@dataclass(frozen=True)
class Signed:
    """One signature that holds. `at` is the timestamp service's word, not the signer's."""

    field: str
    role: str
    name: str
    fingerprint: str
    at: datetime


@dataclass(frozen=True)
class Report:
    """A document that holds: its machine record, who signed when, and the three hashes a ledger may be asked about."""

    record: dict[str, Any]
    signatures: tuple[Signed, ...]
    closed: datetime
    document: str
    first_revision: str
    record_hash: str


def accept(pdf: bytes, trust_roots: Sequence[bytes], *, expected: Expected | None = None) -> Report:
    """Report on a closed document, or the first Fault. `trust_roots`: DER certificates. Unusable: not a PDF at all."""

    def work() -> Report:
        regions = _whole(pdf)
        for region in regions:
            _require_digest(pdf, region)
        return _accept(pdf, regions, trust_roots, expected or Expected())

    try:
        return run_blocking(work)
    except (Fault, Unusable):
        raise
    except Exception as error:
        # On hostile bytes the parsers below raise kinds of errors nobody lists; every one of them means: refused.
        raise Fault(f"the document cannot be read to its end: {type(error).__name__}: {error}") from error


def machine_record(pdf: bytes) -> tuple[dict[str, Any], bytes]:
    """(record, first revision) of a document, closed or not; nothing is verified."""
    return run_blocking(lambda: _first(pdf))


def _whole(pdf: bytes) -> list[Region]:
    regions = scan(pdf)
    if not regions:
        raise Fault("the document carries no signature")
    behind = len(pdf) - regions[-1].covered
    if behind:
        raise Fault(f"{behind} bytes stand behind the last signature: something was appended")
    return regions


def _require_digest(pdf: bytes, region: Region) -> None:
    """The first signature whose bytes changed names the fault better than any parser."""
    data = region.signed_data()
    try:
        signer = data["signer_infos"][0]
        if _is_time(data):
            imprint = _info(data)["message_imprint"]
            algorithm, claimed = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
        else:
            algorithm = signer["digest_algorithm"]["algorithm"].native
            claimed = _attribute(signer["signed_attrs"], "message_digest").native
        same = region.digest(pdf, algorithm) == claimed
    except (ValueError, TypeError, KeyError):
        raise Fault(f"signature {region.number}: not a readable signature") from None
    if not same:
        raise Fault(f"signature {region.number} ({_who(data)}): the bytes it covers were changed")


def _accept(pdf: bytes, regions: list[Region], roots: Sequence[bytes], expected: Expected) -> Report:
    record, first = _first(pdf)
    reader = _reader(pdf)
    embedded = list(reader.embedded_signatures)
    if [_span(signature) for signature in embedded] != [(r.start, r.end, r.covered) for r in regions]:
        raise Fault("the signatures of the document are not those its bytes show")
    *signatures, last = embedded
    _require_signers(record, [(s.field_name, s) for s in embedded if s is not last or not _is_time(s.signed_data)])
    if not _is_time(last.signed_data):
        raise Fault("the document is not closed: no timestamp covers the last signature")
    certificates, lists = _store(reader)
    trusted = [asn1_x509.Certificate.load(der) for der in roots]
    _require_exact(regions[-1], [*certificates, *trusted])
    checker = _Checker(trusted, certificates, lists)
    closed = checker.closing(last)
    entries = {entry["field"]: entry for entry in record["signers"]}
    signed: list[Signed] = []
    for signature in signatures:
        entry = entries[signature.field_name]
        at = checker.signature(signature, entry)
        if not (signed[-1].at if signed else at) <= at <= closed:
            raise Fault(f"signature {signature.field_name}: its time {at.isoformat()} is out of order")
        der = signature.signer_cert.dump()
        signed.append(Signed(entry["field"], entry["role"], common_name(der), fingerprint(der), at))
    report = Report(record, tuple(signed), closed, sha256_hex(pdf), sha256_hex(first), sha256_hex(canon.dumps(record)))
    _require_expected(report, expected)
    return report


def _reader(pdf: bytes) -> PdfFileReader:
    try:
        return PdfFileReader(BytesIO(pdf))
    except (PdfError, ValueError) as error:
        raise Fault(f"not readable as PDF: {error}") from None


def _first(pdf: bytes) -> tuple[dict[str, Any], bytes]:
    """The file as it was before anyone signed, and the record attached to it."""
    try:
        table = _reader(pdf).xrefs.get_startxref_for_revision(0)
        end = pdf.index(b"%%EOF\n", table) + 6
        names = _reader(pdf[:end]).root["/Names"]["/EmbeddedFiles"]["/Names"]
        if len(names) != 2 or names[0] != RECORD:
            raise Fault(f"the first revision does not carry exactly one attachment, {RECORD}")
        data = names[1]["/EF"]["/F"].data
        record = canon.loads_canonical(data)
    except (PdfError, ValueError, TypeError, KeyError) as error:
        raise Fault(f"the machine record of the first revision is not readable: {error}") from None
    if not isinstance(record, dict) or not _well_formed(record.get("signers")):
        raise Fault("the machine record names no signers")
    return record, pdf[:end]


def _well_formed(signers: Any) -> bool:
    keys = {"field", "fingerprint", "role"}
    return (
        isinstance(signers, list)
        and bool(signers)
        and all(isinstance(e, dict) and keys <= set(e) and all(isinstance(e[k], str) for k in keys) for e in signers)
        and len({e["field"] for e in signers}) == len(signers)
    )


def _require_signers(record: dict[str, Any], found: list[tuple[str, EmbeddedPdfSignature]]) -> None:
    held = dict(found)
    wanted = {entry["field"]: entry for entry in record["signers"]}
    missing = [name for name, entry in wanted.items() if name not in held and entry.get("may_lack") is not True]
    if missing:
        raise Fault(f"{len(missing)} of {len(wanted)} signatures are missing: {', '.join(missing)}")
    extra = [name for name, _ in found if name not in wanted]
    if extra or len(found) != len(held):
        raise Fault(f"signed by someone the record does not name: {', '.join(extra) or 'a field signed twice'}")
    for name, entry in ((name, wanted[name]) for name in held):
        der = held[name].signer_cert.dump()
        if fingerprint(der) != entry["fingerprint"]:
            raise Fault(f"field {name} is signed with another certificate ({common_name(der)}) than the record names")
        allowed = (entry["role"],) if entry["role"] in SEALS else _PERSONAL
        if profile_of(der) not in allowed:
            raise Fault(f"field {name} is signed with a certificate of profile {profile_of(der) or 'foreign'}")


def _require_expected(report: Report, expected: Expected) -> None:
    for what, found, wanted in (
        ("first revision", report.first_revision, expected.first_revision),
        ("machine record", report.record_hash, expected.record),
        ("file", report.document, expected.document),
    ):
        if wanted and found != wanted:
            raise Fault(f"the {what} is not the one recorded: SHA-256 {found}, recorded {wanted}")


def _span(signature: EmbeddedPdfSignature) -> tuple[int, int, int]:
    zero, start, end, tail = (int(value) for value in signature.byte_range)
    return start - zero, end, end + tail


def _store(reader: PdfFileReader) -> tuple[list[asn1_x509.Certificate], list[CertificateList]]:
    try:
        store = DocumentSecurityStore.read_dss(reader)
        lists = [CertificateList.load(ref.get_object().data) for ref in store.crls]
        return list(store.load_certs()), lists
    except (PdfError, ValueError, TypeError, KeyError) as error:
        raise Fault(f"the certificates and revocation lists kept in the document are not readable: {error}") from None


class _Checker:
    """pyHanko's validation, each signature at its own time with what lies in the document: no network, no present."""

    def __init__(
        self,
        roots: Sequence[asn1_x509.Certificate],
        certificates: Sequence[asn1_x509.Certificate],
        lists: Sequence[CertificateList],
    ) -> None:
        self._roots, self._certificates, self._lists = list(roots), list(certificates), list(lists)

    def _context(self, moment: datetime) -> ValidationContext:
        # The lists were issued after the signatures: what they do not revoke at `moment` was good then.
        return ValidationContext(
            trust_roots=self._roots,
            other_certs=self._certificates,
            crls=self._lists,
            moment=moment,
            allow_fetching=False,
            revocation_mode="require",
            retroactive_revinfo=True,
        )

    def closing(self, last: EmbeddedPdfSignature) -> datetime:
        moment = gen_time(_info(last.signed_data))
        status = _judged("closing timestamp", async_validate_pdf_timestamp(last, self._context(moment)))
        if not (status.valid and status.intact and status.trusted):
            raise Fault(f"closing timestamp: {status.summary()}")
        if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
            raise Fault("the closing timestamp does not cover the whole file")
        return moment.astimezone(CST)

    def signature(self, signature: EmbeddedPdfSignature, entry: dict[str, Any]) -> datetime:
        name = entry["field"]
        stamps = _attribute(signature.signer_info["unsigned_attrs"], "signature_time_stamp_token")
        if stamps is None:
            raise Fault(f"signature {name} carries no timestamp")
        moment = gen_time(_info(stamps["content"]))
        status = _judged(
            f"signature {name}", async_validate_pdf_signature(signature, self._context(moment), self._context(moment))
        )
        if not status.bottom_line:
            raise Fault(f"signature {name} ({common_name(signature.signer_cert.dump())}): {status.summary()}")
        if status.timestamp_validity is None or not status.timestamp_validity.trusted:
            raise Fault(f"signature {name}: its timestamp is not trusted")
        if status.modification_level not in (ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING):
            raise Fault(f"signature {name}: the document was changed after it")
        return moment.astimezone(CST)


def _judged(what: str, judging: Coroutine[Any, Any, T]) -> T:
    try:
        return finish(judging)
    except SignatureValidationError as error:
        raise Fault(f"{what}: {error}") from None


def _require_exact(last: Region, known: Sequence[asn1_x509.Certificate]) -> None:
    """The closing timestamp is the one part no signature covers: made of covered parts, in one order only."""
    data = last.signed_data()
    try:
        signer = data["signer_infos"][0]
        held = {certificate.dump() for certificate in known}
        certificates = [asn1_x509.Certificate.load(choice.chosen.dump()) for choice in data["certificates"]]
        if any(certificate.dump() not in held for certificate in certificates):
            raise Fault("the closing timestamp holds a certificate that the document does not vouch for")
        sid = signer["sid"].chosen
        mine = [c for c in certificates if (c.issuer.dump(), c.serial_number) == _issuer_serial(sid)]
        if len(mine) != 1:
            raise Fault("the closing timestamp does not hold its signer's certificate")
        parts = Parts(
            mine[0].dump(),
            [certificate.dump() for certificate in certificates],
            signer["signed_attrs"].untag().dump(),
            signer["signature"].native,
            bytes(data["encap_content_info"]["content"]),
            digest=_plain(algos.DigestAlgorithm, signer["digest_algorithm"]),
            algorithm=_plain(algos.SignedDigestAlgorithm, signer["signature_algorithm"]),
        )
    except (ValueError, TypeError, KeyError):
        raise Fault("the closing timestamp is not readable") from None
    if signed_data(parts) != last.der:
        raise Fault("the closing timestamp is not written the one way it can be")


def _plain(kind: Any, found: Any) -> bytes:
    """The algorithm alone, or with NULL where RSA tradition wants it."""
    name = found["algorithm"].native
    plain = [
        bytes(kind(value).dump()) for value in ({"algorithm": name}, {"algorithm": name, "parameters": core.Null()})
    ]
    return plain[1] if found.dump() == plain[1] else plain[0]


def _issuer_serial(sid: Any) -> tuple[bytes, int]:
    if not isinstance(sid, cms.IssuerAndSerialNumber):
        raise Fault("the closing timestamp names its signer in another way than issuer and serial number")
    return sid["issuer"].dump(), sid["serial_number"].native


def _is_time(data: cms.SignedData) -> bool:
    return bool(data["encap_content_info"]["content_type"].native == "tst_info")


def _info(data: cms.SignedData) -> Any:
    return data["encap_content_info"]["content"].parsed


def _attribute(attributes: Any, kind: str) -> Any:
    """The single value of an attribute, None when absent."""
    present = attributes if isinstance(attributes, cms.CMSAttributes) else []
    values = [attribute["values"] for attribute in present if attribute["type"].native == kind]
    if len(values) > 1 or (values and len(values[0]) != 1):
        raise Fault(f"a signature carries {kind} more than once")
    return values[0][0] if values else None


def _who(data: cms.SignedData) -> str:
    if _is_time(data):
        return "closing timestamp"
    sid = data["signer_infos"][0]["sid"].chosen
    for choice in data["certificates"]:
        certificate = choice.chosen
        if certificate.serial_number == sid["serial_number"].native:
            return common_name(certificate.dump())
    return "unknown signer"
