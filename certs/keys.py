"""Keys of people and organisations: made by the holder, wrapped under a generated passphrase, proved once.

Two envelopes with one layout. `gongheng/key/1` carries a signing key and may rest on the server; `gongheng/keyfile/1`
carries a decryption key and never reaches it (20号令 art. 27, 40). web/static/src/crypto/keys.js reads and writes both.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from certs import suite, typed
from certs.suite import SUITE, PrivateKey, PublicKey, b64, exact_keys, unb64
from core import canon
from core.faults import Fault, Unusable

Use = Literal["sign", "decrypt"]
FORMATS: dict[Use, str] = {"sign": "gongheng/key/1", "decrypt": "gongheng/keyfile/1"}
MIN_ITERATIONS = 600_000
# A hostile blob must not hold a signer's machine for minutes.
MAX_ITERATIONS = 5_000_000
POP = "gongheng/pop/1"

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base32: no I, L, O, U
_GROUPS, _GROUP = 5, 4
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_ENVELOPE = {"format", "use", "suite", "uid", "kdf", "cipher", "spki", "nonce", "ciphertext"}


def new_passphrase() -> str:
    """100 random bits as five groups of four Crockford letters: '7K2M-…'. The only kind of passphrase accepted."""
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP)]
    return "-".join("".join(letters[i : i + _GROUP]) for i in range(0, len(letters), _GROUP))


def normal_passphrase(text: str) -> str:
    """The passphrase as typed → as made (case, spaces, dashes, O/0, I/L/1); Unusable when it was never generated."""
    letters = text.strip().upper().translate(_READ_AS)
    if len(letters) != _GROUPS * _GROUP or any(letter not in _ALPHABET for letter in letters):
        raise Unusable("a passphrase is five groups of four letters or digits, as it was generated")
    return "-".join(letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP))


def _wrapping_key(passphrase: str, salt: bytes, iterations: int) -> AESGCM:
    kdf = PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations)
    return AESGCM(kdf.derive(normal_passphrase(passphrase).encode()))


def _bound(envelope: dict[str, Any]) -> bytes:
    """Additional data: everything in the envelope that stands outside the cipher."""
    return canon.dumps({key: envelope[key] for key in sorted(_ENVELOPE - {"nonce", "ciphertext"})})


def wrap(private: PrivateKey, use: Use, uid: str, passphrase: str, iterations: int = MIN_ITERATIONS) -> dict[str, Any]:
    """The envelope of `private` under `passphrase`. `uid` is the holder's id; Unusable for weak parameters."""
    if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
        raise Unusable(f"PBKDF2 needs {MIN_ITERATIONS} to {MAX_ITERATIONS} iterations")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    envelope: dict[str, Any] = {
        "format": FORMATS[use],
        "use": use,
        "suite": SUITE,
        "uid": typed.word(uid, "uid"),
        "kdf": {"name": "PBKDF2-SHA256", "iterations": iterations, "salt": b64(salt)},
        "cipher": "AES-256-GCM",
        "spki": b64(suite.spki_of(private)),
    }
    pkcs8 = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    sealed = _wrapping_key(passphrase, salt, iterations).encrypt(nonce, pkcs8, _bound(envelope))
    return envelope | {"nonce": b64(nonce), "ciphertext": b64(sealed)}


@dataclass(frozen=True)
class Envelope:
    """A checked, still wrapped key."""

    use: Use
    uid: str
    spki: PublicKey
    raw: dict[str, Any]


def check_envelope(value: Any, use: Use, uid: str | None = None, key: PublicKey | None = None) -> Envelope:
    """Shape, strength and owner of a wrapped key, without the passphrase.

    The server calls this with use="sign" before it stores a blob: a decryption key is refused there.
    Unusable for a wrong shape or weak parameters, Fault when `uid` or `key` is another's.
    """
    blob = exact_keys(value, _ENVELOPE, "wrapped key")
    if blob["use"] != use or blob["format"] != FORMATS[use]:
        raise Unusable(f"not a wrapped key to {use}: {blob['format']!r}")
    suite.check_suite(blob["suite"], "wrapped key")
    kdf = exact_keys(blob["kdf"], {"name", "iterations", "salt"}, "kdf")
    if kdf["name"] != "PBKDF2-SHA256" or blob["cipher"] != "AES-256-GCM":
        raise Unusable("unknown key derivation or cipher in a wrapped key")
    if type(kdf["iterations"]) is not int or not MIN_ITERATIONS <= kdf["iterations"] <= MAX_ITERATIONS:
        raise Unusable(f"PBKDF2 needs {MIN_ITERATIONS} to {MAX_ITERATIONS} iterations")
    unb64(kdf["salt"], "salt", 16)
    unb64(blob["nonce"], "nonce", 12)
    # PKCS #8 of a P-256 key is 138 bytes, the tag 16; nothing else fits in here.
    if not 100 <= len(unb64(blob["ciphertext"], "ciphertext")) <= 200:
        raise Unusable("the wrapped key has a wrong size")
    envelope = Envelope(use, typed.word(blob["uid"], "uid"), suite.load_spki(unb64(blob["spki"], "spki")), blob)
    if uid is not None and envelope.uid != uid:
        raise Fault("the wrapped key belongs to another holder")
    if key is not None and suite.spki_of(key) != suite.spki_of(envelope.spki):
        raise Fault("the wrapped key is not the one of the certificate")
    return envelope


def unwrap(value: Any, use: Use, passphrase: str, uid: str | None = None) -> PrivateKey:
    """The private key; Fault when passphrase or envelope is wrong."""
    envelope = check_envelope(value, use, uid)
    kdf = envelope.raw["kdf"]
    key = _wrapping_key(passphrase, unb64(kdf["salt"], "salt"), kdf["iterations"])
    try:
        pkcs8 = key.decrypt(
            unb64(envelope.raw["nonce"], "nonce"), unb64(envelope.raw["ciphertext"], "ciphertext"), _bound(envelope.raw)
        )
    except InvalidTag:
        raise Fault("the passphrase does not open this key, or the key was changed") from None
    private = serialization.load_der_private_key(pkcs8, None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or suite.spki_of(private) != suite.spki_of(envelope.spki):
        raise Fault("the wrapped key does not belong to its public key")
    return private


def key_file(private: PrivateKey, uid: str, passphrase: str, iterations: int = MIN_ITERATIONS) -> bytes:
    """Bytes of the file a holder keeps for a decryption key."""
    return canon.dumps(wrap(private, "decrypt", uid, passphrase, iterations)) + b"\n"


def read_key_file(data: bytes, passphrase: str, uid: str | None = None) -> PrivateKey:
    return unwrap(canon.loads(data), "decrypt", passphrase, uid)


def pop_text(use: Use, uid: str, nonce: str, key: PublicKey | PrivateKey) -> bytes:
    """What a new key signs once to prove that its holder has it; composed by the holder's side.

    A decryption key signs this one text too, at its making: NIST SP 800-57 part 1 rev. 5, 5.2, allows a
    key-establishment key that single signature.
    """
    return typed.compose(
        POP, {"use": use, "uid": typed.word(uid, "uid"), "nonce": typed.nonce(nonce), "spki": suite.spki_id(key)}
    )


def verify_pop(use: Use, uid: str, nonce: str, spki: bytes, text: bytes, signature: bytes) -> PublicKey:
    """The proved public key; Fault when text or signature is not for these values. The caller spends `nonce`."""
    key = suite.load_spki(spki)
    if text != pop_text(use, uid, nonce, key):
        found = typed.parse(POP, text, ("use", "uid", "nonce", "spki"))
        wanted = {"use": use, "uid": uid, "nonce": nonce, "spki": hashlib.sha256(spki).hexdigest()}
        odd = [name for name, value in wanted.items() if found[name] != value]
        raise Fault(f"the proof of possession names another {', '.join(odd)}")
    suite.verify_raw(key, text, signature, "the proof of possession")
    return key
