"""Sealed bids and reference prices: `gongheng/sealed/1`. Nobody, operator included, opens one before its holder does.

Payload: Cobblestone-256 of c2sp.org/chunked-encryption (AES-256-GCM, 16 KiB chunks, key commitment). Its one-time file
key is wrapped by HPKE (RFC 9180) to the sealer's decryption key and, where the tender file has a fallback clause, split
2 of 3 among tenderer, centre and regulator. The manifest holds no digest of plaintext: prices can be guessed.
Known limits: two custodians together can open early, shares are not verifiable before a release, and a page served by
the operator could betray its user; `flask seal` and certs/alone.py avoid the page.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import AlreadyFinalized, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from certs import shares, suite, typed
from certs.sealing_parts import BLOCK, PAD, Opened, Part, Sink, Writer, pack, unpack
from certs.shares import HeldShare
from certs.suite import HPKE, SUITE, PrivateKey, PublicKey, b64, exact_keys, unb64
from core import canon
from core.faults import Fault, Unusable

SCHEMA = "gongheng/sealed/1"
KINDS = ("bid", "reference", "rehearsal", "quote", "response")  # what was sealed for one opens as no other
HEADER_BYTES = 56  # 24 salt, 32 commitment
KEY_BYTES = 32
CHUNK_BYTES, TAG_BYTES = 16 << 10, 16
_WRAPPED_BYTES = 65 + KEY_BYTES + 16
_CHUNK_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


@dataclass(frozen=True)
class Context:
    """What a seal is for. `sealer`: SHA-256 (hex) of the sealer's signing certificate in DER."""

    kind: str
    lot: str
    bid: str
    sealer: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise Unusable(f"a seal is for one of {', '.join(KINDS)}, not {self.kind!r}")
        typed.word(self.lot, "lot")
        typed.word(self.bid, "bid")
        typed.digest(self.sealer, "sealer")

    def fields(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "suite": SUITE, "kind": self.kind, "lot": self.lot, "bid": self.bid} | {
            "sealer": self.sealer
        }

    def payload(self) -> bytes:
        """Bound into the payload's key derivation."""
        return canon.dumps(self.fields())

    def info(self, ciphertext_sha256: str, role: str) -> bytes:
        """Bound into a wrapped key or share; `role` is "owner" or a custodian's."""
        return canon.dumps(self.fields() | {"ciphertext": ciphertext_sha256, "role": role})


@dataclass(frozen=True)
class Manifest:
    """The public side of a seal; `data` is what the sealer signs (by its digest, in a typed challenge)."""

    context: Context
    sha256: str
    size: int
    header: bytes
    owner_key: str
    owner_wrapped: bytes
    held: dict[str, HeldShare]

    @property
    def data(self) -> bytes:
        ciphertext = {"sha256": self.sha256, "size": self.size, "header": b64(self.header)}
        return canon.dumps(
            self.context.fields()
            | {
                "ciphertext": ciphertext,
                "owner": {"key": self.owner_key, "wrapped": b64(self.owner_wrapped)},
                "shares": shares.to_json(self.held),
            }
        )

    @property
    def digest(self) -> str:
        return canon.sha256_hex(self.data)

    def info(self, role: str) -> bytes:
        return self.context.info(self.sha256, role)


def read_manifest(data: bytes, context: Context | None = None) -> Manifest:
    """Strict reading. Unusable for a wrong shape, Fault when it is not canonical or stands for another `context`."""
    keys = {"schema", "suite", "kind", "lot", "bid", "sealer", "ciphertext", "owner", "shares"}
    body = exact_keys(canon.loads_canonical(data), keys, "manifest")
    if body["schema"] != SCHEMA:
        raise Unusable(f"not a {SCHEMA} manifest: {body['schema']!r}")
    suite.check_suite(body["suite"], "manifest")
    found = Context(body["kind"], body["lot"], body["bid"], body["sealer"])
    ciphertext = exact_keys(body["ciphertext"], {"sha256", "size", "header"}, "ciphertext")
    owner = exact_keys(body["owner"], {"key", "wrapped"}, "owner")
    if type(ciphertext["size"]) is not int or ciphertext["size"] < HEADER_BYTES + 16:
        raise Unusable("the size of the ciphertext is impossible")
    if context is not None and found != context:
        odd = [name for name in ("kind", "lot", "bid", "sealer") if getattr(found, name) != getattr(context, name)]
        raise Fault(f"the manifest stands for another {', '.join(odd)}")
    return Manifest(
        found,
        typed.digest(ciphertext["sha256"]),
        ciphertext["size"],
        unb64(ciphertext["header"], "header", HEADER_BYTES),
        typed.digest(owner["key"], "owner key"),
        unb64(owner["wrapped"], "wrapped key", _WRAPPED_BYTES),
        shares.from_json(body["shares"]),
    )


def possible_size(size: int) -> bool:
    """Whether a whole ciphertext of a padded payload can have so many bytes: all a server can see of its contents."""
    inside = size - HEADER_BYTES
    # The last chunk is never full: after a full one comes an empty one.
    chunks = inside // (CHUNK_BYTES + TAG_BYTES) + 1
    payload = inside - chunks * TAG_BYTES
    return payload >= PAD and payload % PAD == 0 and payload // CHUNK_BYTES + 1 == chunks


class _Hashing:
    """SHA-256 in a thread of its own, at most one block behind: it takes as long as reading, encrypting and writing."""

    def __init__(self) -> None:
        self._digest, self._pool = hashlib.sha256(), ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def __enter__(self) -> _Hashing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()

    def update(self, data: bytes) -> None:
        before, self._last = self._last, self._pool.submit(self._digest.update, data)
        if before:
            before.result()

    def hexdigest(self) -> str:
        if self._last:
            self._last.result()
        return self._digest.hexdigest()


def seal(
    parts: Iterable[Part],
    owner: PublicKey,
    context: Context,
    out: Writer,
    custodians: Mapping[str, PublicKey] | None = None,
) -> Manifest:
    """Write the ciphertext of `parts` to `out` block by block; return the manifest, still to be signed.

    `owner` is the sealer's decryption key. `custodians` (all of shares.ROLES) only with a fallback clause.
    """
    file_key = Cobblestone256Encryptor.generate_key()
    held = shares.split(file_key, custodians) if custodians else {}
    cipher = Cobblestone256Encryptor(file_key, context.payload())
    size, header = 0, b""
    with _Hashing() as digest:

        def emit(data: bytes) -> None:
            nonlocal size, header
            header += data[: max(0, HEADER_BYTES - len(header))]
            size += len(data)
            digest.update(data)
            out.write(data)

        for block in pack(parts):
            for start in range(0, len(block), BLOCK):
                emit(cipher.update(block[start : start + BLOCK]))
        emit(cipher.finalize())
        sha256 = digest.hexdigest()
    wrapped = HPKE.encrypt(file_key, owner, context.info(sha256, "owner"))
    return Manifest(
        context,
        sha256,
        size,
        header,
        suite.spki_id(owner),
        wrapped,
        {role: shares.wrap(share, custodians[role], context.info(sha256, role)) for role, share in held.items()}
        if custodians
        else {},
    )


def check_file_key(file_key: bytes, header: bytes, context: Context) -> None:
    """Fault unless `header` (first 56 bytes of a ciphertext) commits to this key for this context."""
    if len(file_key) != KEY_BYTES or len(header) != HEADER_BYTES:
        raise Unusable(f"a file key has {KEY_BYTES} bytes and a header {HEADER_BYTES}")
    info = _CHUNK_INFO + header[:24] + context.payload()
    commitment = HKDFExpand(hashes.SHA512(), 32 + 12 + 32, info).derive(file_key)[-32:]
    if not hmac.compare_digest(commitment, header[24:]):
        raise Fault("the file key is not the one this ciphertext commits to")


def unwrap_file_key(manifest: Manifest, private: PrivateKey) -> bytes:
    """The sealer's own way to the file key. Fault when key, wrapping or commitment does not fit."""
    if suite.spki_id(private) != manifest.owner_key:
        raise Fault("this is sealed to another decryption key")
    try:
        file_key = HPKE.decrypt(manifest.owner_wrapped, private, manifest.info("owner"))
    except InvalidTag:
        raise Fault("the wrapped key does not open: it was changed or belongs to another seal") from None
    check_file_key(file_key, manifest.header, manifest.context)
    return file_key


def unwrap_share(manifest: Manifest, role: str, private: PrivateKey) -> bytes:
    """A custodian's share, to be released only after the opening hour; Fault when it is not the committed one."""
    return shares.unwrap(_held(manifest, role), private, manifest.info(role))


def check_share(manifest: Manifest, role: str, share: bytes) -> None:
    """Fault unless a released share is the one the sealer committed to."""
    shares.check(_held(manifest, role), share, manifest.info(role))


def combine_shares(manifest: Manifest, released: Mapping[str, bytes]) -> bytes:
    """The file key from two or three released shares by role; Fault when no two of them give it."""
    for role, share in released.items():
        check_share(manifest, role, share)
    for file_key in shares.candidates(list(released.values())):
        try:
            check_file_key(file_key, manifest.header, manifest.context)
        except Fault:
            continue
        return file_key
    raise Fault("the shares do not give the key: the sealer put in wrong ones")


def _held(manifest: Manifest, role: str) -> HeldShare:
    if role not in manifest.held:
        raise Fault(f"the manifest holds no share for {role}")
    return manifest.held[role]


def _ciphertext(manifest: Manifest, source: BinaryIO) -> Iterator[bytes]:
    """The ciphertext in blocks; Fault when it is not the one of the manifest."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        if not size and block[:HEADER_BYTES] != manifest.header:
            raise Fault("the ciphertext does not begin as its manifest says")
        digest.update(block)
        size += len(block)
        if size > manifest.size:
            break
        yield block
    if size != manifest.size:
        raise Fault(f"the ciphertext has {'more' if size > manifest.size else 'less'} than {manifest.size} bytes")
    if digest.hexdigest() != manifest.sha256:
        raise Fault("the ciphertext is not the one of the manifest")


def check_ciphertext(manifest: Manifest, source: BinaryIO) -> None:
    """Fault unless the bytes are those of the manifest; needs no key."""
    for _ in _ciphertext(manifest, source):
        pass


def _plaintext(manifest: Manifest, file_key: bytes, source: BinaryIO) -> Iterator[bytes]:
    cipher = Cobblestone256Decryptor(file_key, manifest.context.payload())
    try:
        for block in _ciphertext(manifest, source):
            yield cipher.update(block)
        yield cipher.finalize()
    except (InvalidTag, AlreadyFinalized):
        raise Fault("the ciphertext does not decrypt: it was changed or cut") from None


def open_with_file_key(manifest: Manifest, file_key: bytes, source: BinaryIO, sink: Sink) -> list[Opened]:
    """Decrypt `source` into `sink` block by block. Whatever was written is void when this raises Fault."""
    check_file_key(file_key, manifest.header, manifest.context)
    return unpack(_plaintext(manifest, file_key, source), sink)


def open_with_key(manifest: Manifest, private: PrivateKey, source: BinaryIO, sink: Sink) -> list[Opened]:
    """The sealer opens their own seal."""
    return open_with_file_key(manifest, unwrap_file_key(manifest, private), source, sink)
