"""The names and raw operations of one cipher suite; every sealed, signed or wrapped object carries the suite's name.

P-256, SHA-256, AES-256-GCM. A 国密 suite (SM2, SM3, SM4) would stand beside it under another name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from core.faults import Fault, Unusable

SUITE = "gongheng/suite/p256/1"
SIGNATURE_BYTES = 64
# RFC 9180: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; output is enc (65 bytes) || ciphertext.
HPKE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_ECDSA = ec.ECDSA(hashes.SHA256())

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: Any, what: str, size: int | None = None) -> bytes:
    """Standard base64 with padding, in its one canonical spelling; Unusable otherwise."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        data = None
    if data is None or b64(data) != text:
        raise Unusable(f"{what} is not canonical base64")
    if size is not None and len(data) != size:
        raise Unusable(f"{what} has {len(data)} bytes, {size} required")
    return data


def exact_keys(value: Any, keys: set[str], what: str) -> dict[str, Any]:
    """`value` when it is an object with exactly these keys; Unusable names the difference."""
    if not isinstance(value, dict):
        raise Unusable(f"{what} is not an object")
    if set(value) != keys:
        odd = sorted(set(value) ^ keys)
        raise Unusable(f"{what}: missing or unknown keys {', '.join(map(str, odd))}")
    return value


def text_of(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise Unusable(f"{what} is not a text")
    return value


def check_suite(value: Any, what: str) -> None:
    if value != SUITE:
        raise Unusable(f"{what} has the unknown suite {value!r}")


def generate() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki_of(key: PublicKey | PrivateKey) -> bytes:
    """DER SubjectPublicKeyInfo, 91 bytes for P-256."""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def spki_id(key: PublicKey | PrivateKey) -> str:
    """SHA-256 (hex) of the SubjectPublicKeyInfo: the name of a key."""
    return hashlib.sha256(spki_of(key)).hexdigest()


def load_spki(der: bytes) -> PublicKey:
    """A P-256 public key from its DER; Unusable for any other key or encoding."""
    try:
        key = serialization.load_der_public_key(der)
    except ValueError:
        raise Unusable("the public key cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unusable("the public key is not on P-256")
    if spki_of(key) != der:
        raise Unusable("the public key is not in its usual encoding")
    return key


def sign_raw(private: PrivateKey, message: bytes) -> bytes:
    """ECDSA over SHA-256(message) as r || s, 64 bytes (what WebCrypto makes)."""
    r, s = decode_dss_signature(private.sign(message, _ECDSA))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify_raw(public: PublicKey, message: bytes, signature: bytes, what: str) -> None:
    """Fault unless `signature` (r || s) is the key's over `message`."""
    if not isinstance(public.curve, ec.SECP256R1):
        raise Unusable(f"the key of {what} is not on P-256")
    if len(signature) != SIGNATURE_BYTES:
        raise Fault(f"the signature of {what} has {len(signature)} bytes, {SIGNATURE_BYTES} required")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), message, _ECDSA)
    except InvalidSignature:
        raise Fault(f"the signature of {what} does not hold") from None
