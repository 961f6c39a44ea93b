"""Signed checkpoints of a log: C2SP signed-note, tlog-checkpoint and tlog-cosignature (Ed25519, `cosignature/v1`).

A checkpoint says: the log `origin` has `size` entries under `root`. The log signs it; a witness cosigns with a time
after it has seen that the log only grew. Keys travel as verifier keys, `name+key id+base64(algorithm || public key)`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from certs.suite import unb64
from core.faults import Fault, Unusable

LOG, WITNESS = 1, 4  # algorithm bytes of a note signature and of a timestamped cosignature
MAX_SIGNATURES = 100
MAX_BYTES = 1_000_000
_NAME = re.compile(r"[^\s+\x00-\x1f]{1,200}")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class VerifierKey:
    """Who may sign: `algorithm` is LOG or WITNESS, `public` the 32 bytes of an Ed25519 key."""

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.algorithm not in (LOG, WITNESS) or len(self.public) != 32:
            raise Unusable(f"not a verifier key: {self.name!r}")

    @property
    def id(self) -> bytes:
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.algorithm]) + self.public).decode()}"


def verifier_key(text: str) -> VerifierKey:
    """Parse `name+id+key`; Unusable when the id does not belong to name and key."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unb64(encoded, "verifier key")
    key = VerifierKey(name, data[0] if data else 0, data[1:])
    if key.id.hex() != key_id:
        raise Unusable(f"the id of the verifier key {name!r} does not belong to it")
    return key


def key_of(private: Ed25519PrivateKey, name: str, algorithm: int = LOG) -> VerifierKey:
    return VerifierKey(name, algorithm, private.public_key().public_bytes_raw())


@dataclass(frozen=True)
class Signature:
    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Note:
    """`body` ends with a newline; signatures stand as written, not yet verified."""

    body: str
    signatures: tuple[Signature, ...]


def parse_note(data: bytes) -> Note:
    """Split a signed note; Unusable unless it is exactly one (signed-note §Format)."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Unusable("a note is UTF-8 text") from None
    if len(data) > MAX_BYTES or any(ord(letter) < 0x20 and letter != "\n" for letter in text):
        raise Unusable("a note is text without control characters, of at most 1 MB")
    body, mark, tail = text.rpartition("\n\n")
    lines = tail.split("\n")
    if not mark or not body or lines.pop() != "" or not 0 < len(lines) <= MAX_SIGNATURES:
        raise Unusable("not a signed note")
    signatures = []
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise Unusable("a signature line of the note is malformed")
        value = unb64(found[2], "signature line")
        if len(value) < 5:
            raise Unusable("a signature line of the note is malformed")
        signatures.append(Signature(found[1], value[:4], value[4:]))
    return Note(body + "\n", tuple(signatures))


def _message(key: VerifierKey, body: str, value: bytes) -> tuple[bytes, bytes, int | None]:
    """(signed bytes, Ed25519 signature, time of a cosignature)."""
    if key.algorithm == LOG:
        return body.encode(), value, None
    at = int.from_bytes(value[:8], "big")
    return f"cosignature/v1\ntime {at}\n{body}".encode(), value[8:], at


@dataclass(frozen=True)
class Verified:
    key: VerifierKey
    at: int | None  # POSIX seconds of a cosignature


def open_note(data: bytes, keys: Iterable[VerifierKey], *, strict: bool = False) -> tuple[str, list[Verified]]:
    """(body, signatures that hold, in order). Fault when a known key's signature is wrong or no key is known.

    Signatures by unknown keys are ignored, as signed-note requires; `strict` refuses them, so that no byte is free.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.id), key) != key:
            raise Unusable(f"two verifier keys share the id {key.name}+{key.id.hex()}")
    note = parse_note(data)
    held: list[Verified] = []
    for signature in note.signatures:
        who = f"{signature.name}+{signature.key_id.hex()}"
        found = known.get((signature.name, signature.key_id))
        if found is None:
            if strict:
                raise Fault(f"the note carries a signature by the unknown key {who}")
            continue
        message, value, at = _message(found, note.body, signature.value)
        try:
            Ed25519PublicKey.from_public_bytes(found.public).verify(value, message)
        except InvalidSignature:
            raise Fault(f"the signature by {who} does not hold") from None
        if any(one.key == found for one in held):
            raise Fault(f"the note is signed twice by {who}")
        held.append(Verified(found, at))
    if not held:
        raise Fault("the note has no signature by a known key")
    return note.body, held


def _signed(body: str, key: VerifierKey, value: bytes) -> bytes:
    return f"— {key.name} {base64.b64encode(key.id + value).decode()}\n".encode()


def sign_note(body: str, name: str, private: Ed25519PrivateKey) -> bytes:
    """The note of `body` (must end with a newline) signed by one key."""
    if not body.endswith("\n"):
        raise Unusable("the body of a note ends with a newline")
    return body.encode() + b"\n" + _signed(body, key_of(private, name), private.sign(body.encode()))


@dataclass(frozen=True)
class Checkpoint:
    """`size` entries of the log `origin` have the Merkle root `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.origin) or self.size < 0 or len(self.root) != 32:
            raise Unusable("not a checkpoint")

    @property
    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(body: str) -> Checkpoint:
    """The checkpoint of a note body; Unusable for anything but origin, size and root (no extension lines here)."""
    lines = body.split("\n")
    if len(lines) != 4 or lines[3] != "" or not _SIZE.fullmatch(lines[1]):
        raise Unusable("the note is not a checkpoint of three lines")
    return Checkpoint(lines[0], int(lines[1]), unb64(lines[2], "root hash", 32))


def sign(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> bytes:
    """Signed checkpoint; the log's key is named like its origin. The caller never signs a shrunken or forked log."""
    return sign_note(checkpoint.body, checkpoint.origin, private)


def cosign(data: bytes, name: str, private: Ed25519PrivateKey, at: int) -> bytes:
    """`data` with a witness line of POSIX time `at`. The witness has verified the log's signature and its growth."""
    body, key = parse_note(data).body, key_of(private, name, WITNESS)
    if not 0 <= at < 1 << 63:
        raise Unusable("the time of a cosignature is out of range")
    signature = private.sign(f"cosignature/v1\ntime {at}\n{body}".encode())
    return data + _signed(body, key, at.to_bytes(8, "big") + signature)


@dataclass(frozen=True)
class Witnessed:
    checkpoint: Checkpoint
    witnesses: tuple[tuple[str, int], ...]  # name, POSIX time


def verify(data: bytes, logs: Sequence[VerifierKey], witnesses: Sequence[VerifierKey], needed: int) -> Witnessed:
    """The checkpoint signed by a key of `logs` named like its origin and cosigned by ≥ `needed` of `witnesses`."""
    body, held = open_note(data, [*logs, *witnesses], strict=True)
    checkpoint = parse(body)
    if not any(one.key in logs and one.key.algorithm == LOG and one.key.name == checkpoint.origin for one in held):
        raise Fault(f"the checkpoint is not signed by the log {checkpoint.origin}")
    cosigned = [one for one in held if one.key in witnesses and one.at is not None]
    seen = tuple((one.key.name, one.at or 0) for one in cosigned)
    if len({one.key.public for one in cosigned}) < needed:
        raise Fault(f"the checkpoint has {len(seen)} cosignatures by known witnesses, {needed} required")
    return Witnessed(checkpoint, seen)
