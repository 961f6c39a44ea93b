"""Signed PDFs: accepted as a whole (certs.pdfcheck), the attached record computed again, its figures on the page."""

from __future__ import annotations

import pypdfium2
from cryptography.hazmat.primitives.serialization import Encoding

from certs import pdfcheck
from core.faults import Fault
from verifier.recompute import figures, recompute
from verifier.trust import Trust


def is_signed(data: bytes) -> bool:
    """Whether a document claims signatures at all; plain PDFs and other files are bound by the ledger alone."""
    return b"/ByteRange" in data


def _printed(pdf: bytes, wanted: list[str]) -> None:
    """Fault unless each figure stands in the text of the pages (blanks and line breaks do not count)."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = "".join("".join(page.get_textpage().get_text_range().split()) for page in document)
    for figure in wanted:
        if figure not in text:
            raise Fault(f"the record's figure {figure} is not printed on any page")


def accept(pdf: bytes, trusted: Trust) -> list[str]:
    """Lines about an accepted document; Fault names the first thing that does not hold, Unusable what is no PDF."""
    report = pdfcheck.accept(pdf, [root.public_bytes(Encoding.DER) for root in trusted.roots])
    again = recompute(report.record)
    _printed(pdf, figures(report.record))
    said = [f"{len(report.signatures)} signatures over the whole file, closed {report.closed.isoformat()}"]
    said += [f"{one.role}: {one.name}, {one.at.isoformat()}" for one in report.signatures]
    there = {one.field for one in report.signatures}
    lacking = [one["field"] for one in report.record["signers"] if one["field"] not in there]
    if lacking:
        said.append(f"not signed, as the record allows: {', '.join(lacking)} (that none was cut off, the ledger shows)")
    if again:
        said.append(f"recomputed from the attached record: {', '.join(again)}")
    return [*said, f"SHA-256 {report.document}, first revision {report.first_revision}"]
