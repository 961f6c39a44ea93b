"""CMS SignedData (RFC 5652) put together from DER parts: one way to write it, so a verifier can rebuild and compare.

Not built with asn1crypto objects: an object holding SigningCertificateV2 with its default hash counts as changed and is
encoded anew two or three times a level; with a token inside a signature 1 signing in 50 took 12 s (measured).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import core, tsp, x509

SHA256 = bytes.fromhex("300d06096086480165030402010500")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_TOKEN_ATTRIBUTE = bytes.fromhex("060b2a864886f70d010910020e")
_SEQUENCE, _SET, _OCTETS = 0x30, 0x31, 0x04


@dataclass(frozen=True)
class Parts:
    """One signer. `attributes` is the DER of the signed SET (0x31); `info` a timestamp's TSTInfo, b'' when detached."""

    signer: bytes
    certificates: Sequence[bytes]
    attributes: bytes
    signature: bytes
    info: bytes = b""
    token: bytes = b""
    digest: bytes = SHA256
    algorithm: bytes = ECDSA_SHA256


def signed_data(parts: Parts) -> bytes:
    """DER ContentInfo; a timestamp token (version 3) when `info` is given, else a detached signature (version 1)."""
    content = _DATA
    if parts.info:
        content = _TST_INFO + _tlv(0xA0, _tlv(_OCTETS, parts.info))
    certificates = _tlv(0xA0, b"".join(sorted(parts.certificates))) if parts.certificates else b""
    body = [_number(3 if parts.info else 1), _set([parts.digest]), _tlv(_SEQUENCE, content), certificates]
    return _tlv(_SEQUENCE, _SIGNED_DATA, _tlv(0xA0, _tlv(_SEQUENCE, *body, _set([_signer_info(parts)]))))


def _signer_info(parts: Parts) -> bytes:
    signer = x509.Certificate.load(parts.signer)
    sid = _tlv(_SEQUENCE, signer.issuer.dump(), _number(signer.serial_number))
    unsigned = b""
    if parts.token:
        unsigned = _tlv(0xA1, _tlv(_SEQUENCE, _TOKEN_ATTRIBUTE, _set([parts.token])))
    signed = b"\xa0" + parts.attributes[1:]
    signature = _tlv(_OCTETS, parts.signature)
    return _tlv(_SEQUENCE, _number(1), sid, parts.digest, signed, parts.algorithm, signature, unsigned)


def _tlv(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def _set(items: Iterable[bytes]) -> bytes:
    return _tlv(_SET, *sorted(items))


def _number(value: int) -> bytes:
    return bytes(core.Integer(value).dump())


def gen_time(info: tsp.TSTInfo) -> datetime:
    """Time stated in a timestamp token, aware, UTC."""
    moment: datetime = info["gen_time"].native
    return moment
