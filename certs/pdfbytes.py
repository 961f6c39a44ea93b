"""The bytes of a signed PDF, read without a PDF parser: where each signature stands and what it covers.

Parsers forgive; this reader does not. Outside its /Contents every byte of a closed file is covered by the last
signature, so a strict reading of that one /Contents decides about every byte of the file.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from asn1crypto import cms

from core.faults import Fault, Unusable

# Exactly as pyHanko writes it; any other spelling is another file.
_SIGNATURE = re.compile(rb"/Contents <([^<>]*)>\s*/ByteRange \[0 (\d{1,12}) (\d{1,12}) (\d{1,12})\]")
_HEX = re.compile(rb"(?:[0-9a-f]{2})*")
_RANGE = re.compile(rb"/ByteRange")


@dataclass(frozen=True)
class Region:
    """One signature: the file without [start, end) up to `covered` is what it signs."""

    number: int
    start: int
    end: int
    covered: int
    der: bytes

    def digest(self, pdf: bytes, algorithm: str) -> bytes:
        h = hashlib.new(algorithm)
        h.update(memoryview(pdf)[: self.start])
        h.update(memoryview(pdf)[self.end : self.covered])
        return h.digest()

    def signed_data(self) -> cms.SignedData:
        """Fault when the DER is not a CMS SignedData with one signer."""
        try:
            info = cms.ContentInfo.load(self.der, strict=True)
            data = info["content"]
            if info["content_type"].native != "signed_data" or len(data["signer_infos"]) != 1:
                raise Fault(f"signature {self.number}: not a CMS signature of one signer")
            return data
        except (ValueError, TypeError, KeyError):
            raise Fault(f"signature {self.number}: not a CMS signature") from None


def places(pdf: bytes) -> list[tuple[int, int]]:
    """[start, end) of every /Contents, whatever stands in it, in file order."""
    return [(match.start(1) - 1, match.end(1) + 1) for match in _SIGNATURE.finditer(pdf)]


def scan(pdf: bytes) -> list[Region]:
    """Signatures in the order of signing. Unusable: not a PDF. Fault: the first irregular one."""
    if b"%PDF-" not in pdf[:1024] and b"/ByteRange" not in pdf:
        raise Unusable("not a PDF file")
    matches = list(_SIGNATURE.finditer(pdf))
    if len(matches) != len(_RANGE.findall(pdf)):
        raise Fault("a signature in this file is not written the way signatures are written here")
    regions: list[Region] = []
    for number, match in enumerate(matches, 1):
        a, b, c = (int(match.group(i)) for i in (2, 3, 4))
        start, end = match.start(1) - 1, match.end(1) + 1
        if (a, b) != (start, end) or not match.end() <= b + c <= len(pdf):
            raise Fault(f"signature {number}: its byte range does not leave out exactly its own bytes")
        if regions and start < regions[-1].covered:
            raise Fault(f"signature {number} stands inside the part that signature {number - 1} covers")
        regions.append(Region(number, start, end, b + c, _strict(match.group(1), number)))
    return regions


def _strict(hexadecimal: bytes, number: int) -> bytes:
    """DER of lower-case hex with nothing but zeros behind it."""
    if not _HEX.fullmatch(hexadecimal):
        raise Fault(f"signature {number}: not written in lower-case hex")
    raw = bytes.fromhex(hexadecimal.decode())
    if not raw.strip(b"\0"):
        raise Fault(f"signature {number}: the place is prepared but empty")
    length = _checked_der(raw, 0, len(raw), 0, number)
    if raw[length:].strip(b"\0"):
        raise Fault(f"signature {number}: bytes stand behind it where only zeros may")
    return raw[:length]


def _checked_der(raw: bytes, at: int, end: int, depth: int, number: int) -> int:
    """End of the value at `at`; Fault for long tags, indefinite or padded lengths, overruns."""
    fault = Fault(f"signature {number}: not strict DER")
    if depth > 40 or at + 2 > end or raw[at] & 0x1F == 0x1F:
        raise fault
    size, body = raw[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or body + count > end:
            raise fault
        size = int.from_bytes(raw[body : body + count], "big")
        if size < 0x80 or raw[body] == 0:
            raise fault
        body += count
    stop = body + size
    if stop > end:
        raise fault
    if raw[at] & 0x20:
        while body < stop:
            body = _checked_der(raw, body, stop, depth + 1, number)
    return stop


def no_signature_text(pdf: bytes) -> None:
    """Unusable when bytes to be signed imitate a signature (a hostile name in a title could)."""
    if _RANGE.search(pdf):
        raise Unusable("the text of a document may not contain /ByteRange")
