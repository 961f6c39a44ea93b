"""Content-addressed files: the name of a file is its SHA-256. Local disk."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.faults import Unusable

CHUNK = 1 << 20


def sync_folder(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Blob:
    """`sha256` hex, `size` in bytes."""

    sha256: str
    size: int


class Blobs:
    """Write-once store under one folder; a write is durable (fsync) before its name is given back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "new").mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes | Iterable[bytes], *, limit: int = 0) -> Blob:
        """Store bytes or a stream; Unusable when it grows past `limit` bytes (0 = no limit)."""
        chunks = [data] if isinstance(data, bytes) else data
        temporary = self.root / "new" / secrets.token_hex(8)
        sha, size = hashlib.sha256(), 0
        try:
            with temporary.open("wb") as out:
                for chunk in chunks:
                    size += len(chunk)
                    if limit and size > limit:
                        raise Unusable(f"the file is larger than {limit} bytes")
                    sha.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            self.adopt(temporary, sha.hexdigest())
        finally:
            temporary.unlink(missing_ok=True)
        return Blob(sha.hexdigest(), size)

    def adopt(self, source: Path, sha256: str) -> None:
        """Take a synced file of this store's disk under its name, without a copy."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(source)  # a name that was given again is not old
        source.replace(target)
        sync_folder(target.parent)

    def path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise Unusable("not a SHA-256")
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def get(self, sha256: str) -> bytes:
        """All bytes; Unusable when there is no such file."""
        if not self.has(sha256):
            raise Unusable("no such file")
        return self.path(sha256).read_bytes()

    def stream(self, sha256: str) -> Iterator[bytes]:
        with self.path(sha256).open("rb") as source:
            while chunk := source.read(CHUNK):
                yield chunk
