"""ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 §5, suite 0x03): an output nobody can choose, with a proof anyone can check.

Limits: plain Python integers, so proving is not constant time and leaks the key to whoever can time it closely. It is
used for one thing only: the pre-registered output that stands in for a reveal which a party of a draw withholds. Keep
its key offline, one key per draw or per short period; never use it for anything a stranger can ask for repeatedly.
Keys are 32 bytes as in Ed25519 (RFC 8032), proofs 80 bytes, outputs 64 bytes. About 10 ms a proof.
"""

from __future__ import annotations

import hashlib

from core.faults import Fault, Unusable

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, P - 2, P) % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
_SUITE = b"\x03"

Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, T = XY/Z
_IDENTITY: Point = (0, 1, 1, 0)


def _add(a: Point, b: Point) -> Point:
    e1 = (a[1] - a[0]) * (b[1] - b[0]) % P
    e2 = (a[1] + a[0]) * (b[1] + b[0]) % P
    e3 = 2 * a[3] * b[3] * _D % P
    e4 = 2 * a[2] * b[2] % P
    e, f, g, h = e2 - e1, e4 - e3, e4 + e3, e2 + e1
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(scalar: int, point: Point) -> Point:
    total = _IDENTITY
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _minus(point: Point) -> Point:
    return (P - point[0], point[1], point[2], P - point[3])


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(data: bytes) -> Point | None:
    """The point of RFC 8032 §5.1.3, or None where the bytes are no canonical encoding of one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


_Y = 4 * pow(5, P - 2, P) % P
_BASE = _decode(_Y.to_bytes(32, "little")) or _IDENTITY


def _secret(key: bytes) -> tuple[int, bytes]:
    """Secret scalar and nonce prefix of RFC 8032 §5.1.5."""
    if len(key) != 32:
        raise Unusable("a VRF key has 32 bytes")
    digest = hashlib.sha512(key).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (1 << 254) - 8 | 1 << 254, digest[32:]


def public_key(key: bytes) -> bytes:
    """The 32-byte public key of a 32-byte secret key."""
    return _encode(_times(_secret(key)[0], _BASE))


def _to_curve(salt: bytes, alpha: bytes) -> Point:
    """Try-and-increment (RFC 9381 §5.4.1.1)."""
    for counter in range(256):
        digest = hashlib.sha512(_SUITE + b"\x01" + salt + alpha + bytes([counter, 0])).digest()
        point = _decode(digest[:32])
        if point is not None:
            point = _times(8, point)
            if not _same(point, _IDENTITY):
                return point
    raise Unusable("no curve point for this input")  # probability about 2^-256


def _challenge(*points: bytes) -> int:
    return int.from_bytes(hashlib.sha512(_SUITE + b"\x02" + b"".join(points) + b"\x00").digest()[:16], "little")


def _output(gamma: Point) -> bytes:
    return hashlib.sha512(_SUITE + b"\x03" + _encode(_times(8, gamma)) + b"\x00").digest()


def prove(key: bytes, alpha: bytes) -> tuple[bytes, bytes]:
    """(proof of 80 bytes, output of 64 bytes) for the input `alpha` under the secret key."""
    scalar, prefix = _secret(key)
    public = _encode(_times(scalar, _BASE))
    hashed = _to_curve(public, alpha)
    h = _encode(hashed)
    gamma = _times(scalar, hashed)
    nonce = int.from_bytes(hashlib.sha512(prefix + h).digest(), "little") % ORDER
    u, v = _encode(_times(nonce, _BASE)), _encode(_times(nonce, hashed))
    challenge = _challenge(public, h, _encode(gamma), u, v)
    s = (nonce + challenge * scalar) % ORDER
    return _encode(gamma) + challenge.to_bytes(16, "little") + s.to_bytes(32, "little"), _output(gamma)


def verify(public: bytes, alpha: bytes, proof: bytes) -> bytes:
    """The 64-byte output when `proof` holds for `alpha` under the public key; Fault otherwise."""
    key = _decode(public)
    if key is None or _same(_times(8, key), _IDENTITY):
        raise Fault("the VRF public key is not a usable point")
    gamma = _decode(proof[:32])
    if len(proof) != 80 or gamma is None:
        raise Fault("the VRF proof is malformed")
    challenge, s = int.from_bytes(proof[32:48], "little"), int.from_bytes(proof[48:], "little")
    if s >= ORDER:
        raise Fault("the VRF proof is malformed")
    hashed = _to_curve(public, alpha)
    u = _add(_times(s, _BASE), _minus(_times(challenge, key)))
    v = _add(_times(s, hashed), _minus(_times(challenge, gamma)))
    if _challenge(public, _encode(hashed), proof[:32], _encode(u), _encode(v)) != challenge:
        raise Fault("the VRF proof does not hold")
    return _output(gamma)
