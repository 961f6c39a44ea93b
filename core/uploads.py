"""The files of resumable uploads: what was acknowledged is on disk, whatever dies when.

Two files an upload, beside the store's own temporaries: `<id>.part` holds the bytes and `<id>.at` how many of them
count. Bytes are synced first, the number after them, and only then is anything acknowledged; what lies beyond the
number is nobody's and is cut off before the next byte is written. A lock on the number (flock, so it holds between
processes and ends with one that is killed) keeps a second writer away. No table is touched while bytes move.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from core.blobs import Blobs, sync_folder

BLOCK = 1 << 18  # hashed where it arrives, in a fifth of a millisecond: another thread would cost more than it frees
AHEAD = 2 << 20  # the disk begins to write while the rest of a chunk still arrives
STEP = 16 << 20  # a long request is made durable this often, so that a killed process costs no more
CHECKSUMS = ("sha256", "sha1")
_DIGITS = 20


class Turned(Exception):
    """Not taken. `code`: OFFSET, BUSY, CHECKSUM, SIZE, QUOTA, FULL or UNKNOWN; `required` and `found` are short."""

    def __init__(self, code: str, required: object = "", found: object = "") -> None:
        super().__init__(f"{code}: {required} / {found}")
        self.code, self.required, self.found = code, str(required), str(found)


@dataclass(frozen=True)
class Checksum:
    """What a chunk must hash to: `algorithm` of CHECKSUMS, `digest` raw bytes."""

    algorithm: str
    digest: bytes


Waiter = Callable[[], Any]


def _now(work: Callable[[], Any]) -> Waiter:
    value = work()
    return lambda: value


@dataclass
class _Taking:
    """One chunk on its way: where it stands, the whole file's hash and the chunk's own.

    `ahead` waits for the sync that was begun before the chunk was whole, and raises what it met.
    """

    offset: int
    sha: Any
    own: Any
    ahead: Waiter = field(default=lambda: None)

    def hash(self, block: bytes) -> None:
        self.sha.update(block)
        if self.own is not None:
            self.own.update(block)
        self.offset += len(block)


class Uploads:
    """`later(work)` begins what takes long (a sync, hashing a file anew) outside an event loop; what it gives waits."""

    def __init__(self, blobs: Blobs, later: Callable[[Callable[[], Any]], Waiter] = _now) -> None:
        self.blobs, self.later = blobs, later
        self.folder = blobs.root / "new"
        self._running: dict[str, tuple[int, Any]] = {}

    def part(self, upload: str) -> Path:
        return self.folder / f"{upload}.part"

    def _at(self, upload: str) -> Path:
        return self.folder / f"{upload}.at"

    def create(self, upload: str) -> None:
        """An empty upload; durable when this returns."""
        self.part(upload).touch(exist_ok=False)
        with self._at(upload).open("xb") as file:
            file.write(b"0" * _DIGITS)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)

    def offset(self, upload: str) -> int:
        """How many bytes are durable. Turned UNKNOWN when there is no such upload."""
        try:
            return int(self._at(upload).read_bytes())
        except FileNotFoundError:
            raise Turned("UNKNOWN") from None

    @contextmanager
    def _held(self, upload: str) -> Iterator[int]:
        """The open number file, for one at a time."""
        try:
            number = os.open(self._at(upload), os.O_RDWR)
        except FileNotFoundError:
            raise Turned("UNKNOWN") from None
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(number).st_nlink == 0:
                raise Turned("UNKNOWN")
            yield number
        except BlockingIOError:
            raise Turned("BUSY") from None
        finally:
            os.close(number)

    def append(
        self, upload: str, start: int, size: int, blocks: Iterable[bytes], checksum: Checksum | None = None
    ) -> int:
        """Write blocks from `start` on into an upload of `size` bytes; the offset, durable.

        Without a checksum what arrived before a line was cut is kept; with one the chunk counts whole or not at all.
        """
        with self._held(upload) as number:
            known = int(os.pread(number, _DIGITS, 0))
            if start != known:
                raise Turned("OFFSET", known, start)
            sha = self._hash_at(upload, known)
            self._running.pop(upload, None)
            own = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
            taking = _Taking(known, sha.copy(), own)
            with self.part(upload).open("r+b", buffering=0) as out:
                out.truncate(known)
                out.seek(known)
                try:
                    self._take(number, out, size, blocks, taking)
                    if checksum and own is not None and own.digest() != checksum.digest:
                        raise Turned("CHECKSUM", checksum.digest.hex(), own.hexdigest())
                    self._note(number, out, taking)
                except BaseException as error:
                    taking.ahead()
                    if checksum is None:
                        self._note(number, out, taking)
                        known, sha = taking.offset, taking.sha
                    self._running[upload] = known, sha
                    if isinstance(error, OSError):
                        raise Turned("FULL") from error
                    raise
            self._running[upload] = taking.offset, taking.sha
            return taking.offset

    def _take(self, number: int, out: BinaryIO, size: int, blocks: Iterable[bytes], taking: _Taking) -> None:
        noted = begun = taking.offset
        for block in blocks:
            if taking.offset + len(block) > size:
                raise Turned("SIZE", size, taking.offset + len(block))
            _write(out, block)
            taking.hash(block)
            if taking.offset - begun >= AHEAD:
                taking.ahead()
                taking.ahead, begun = self.later(partial(os.fdatasync, out.fileno())), taking.offset
            if taking.own is None and taking.offset - noted >= STEP:
                self._note(number, out, taking)
                noted = taking.offset

    def _note(self, number: int, out: BinaryIO, taking: _Taking) -> None:
        """Bytes first, then the number that counts them."""

        def sync() -> None:
            os.fdatasync(out.fileno())
            os.pwrite(number, b"%020d" % taking.offset, 0)
            os.fdatasync(number)

        taking.ahead()
        self.later(sync)()

    def _hash_at(self, upload: str, offset: int) -> Any:
        """The running hash over the first `offset` bytes, made anew when another process had it."""
        kept = self._running.get(upload)
        if kept is not None and kept[0] == offset:
            return kept[1]
        return self.later(lambda: _hash_file(self.part(upload), offset))()

    def digest(self, upload: str, size: int) -> str:
        """SHA-256 (hex) of a complete upload."""
        found: str = self._hash_at(upload, size).hexdigest()
        return found

    def promote(self, upload: str, sha256: str) -> None:
        """Move a complete upload into the store under its name, without a copy. A second call changes nothing."""
        with suppress(FileNotFoundError):
            self.blobs.adopt(self.part(upload), sha256)
        self._forget(upload)

    def remove(self, upload: str) -> None:
        """Drop the bytes; Turned BUSY while somebody writes."""
        try:
            with self._held(upload):
                self._drop(upload)
        except Turned as turned:
            if turned.code == "BUSY":
                raise
            self._drop(upload)  # its number never came to be

    def _drop(self, upload: str) -> None:
        self.part(upload).unlink(missing_ok=True)
        self._forget(upload)

    def _forget(self, upload: str) -> None:
        self._at(upload).unlink(missing_ok=True)
        self._running.pop(upload, None)


def _write(out: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[out.write(view) :]


def _hash_file(path: Path, size: int) -> Any:
    """SHA-256 over the first `size` bytes."""
    sha, left = hashlib.sha256(), size
    with path.open("rb", buffering=0) as file:
        while left and (block := file.read(min(BLOCK, left))):
            sha.update(block)
            left -= len(block)
    if left:
        raise Turned("UNKNOWN")
    return sha
