"""What stands inside a sealed payload: several named parts in one stream, padded so that its size tells little.

Layout: 4 bytes big-endian length, canonical JSON {"schema", "parts": [{"name", "media", "size"}]}, the parts' bytes one
after the other, zeros up to a multiple of 4,096. No digest is needed: every chunk around it is authenticated.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from certs.suite import exact_keys
from core import canon
from core.faults import Fault, Unusable

SCHEMA = "gongheng/parts/1"
BLOCK = 1 << 20
# A payload of one short price sheet would otherwise tell the number of digits by its size.
PAD = 4096
MAX_HEADER = 1 << 16
MAX_PARTS = 64

# No separators, control characters, or characters that turn or hide text on screen.
_NAME = re.compile(r'[^\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,120}')
_MEDIA = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")


class Writer(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True)
class Part:
    """One file of a payload. `read` gives its bytes as blocks, anew at each call; `size` in bytes."""

    name: str
    media: str
    size: int
    read: Callable[[], Iterable[bytes]]

    @classmethod
    def of_bytes(cls, name: str, media: str, data: bytes) -> Part:
        return cls(name, media, len(data), lambda: (data,))

    @classmethod
    def of_file(cls, path: Path, media: str, name: str | None = None) -> Part:
        return cls(name or path.name, media, path.stat().st_size, lambda: _blocks(path))


@dataclass(frozen=True)
class Opened:
    """A part that came out of a payload, with the SHA-256 of its bytes."""

    name: str
    media: str
    size: int
    sha256: str


Sink = Callable[[str, str, int], Writer]
"""(name, media, size in bytes) → where the part's bytes go. What was written is void if opening raises."""


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _check(parts: list[dict[str, object]]) -> None:
    if not 1 <= len(parts) <= MAX_PARTS:
        raise Unusable(f"a payload has 1 to {MAX_PARTS} parts, found {len(parts)}")
    for part in parts:
        exact_keys(part, {"name", "media", "size"}, "part")
        name, media, size = part["name"], part["media"], part["size"]
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.startswith("."):
            raise Unusable(f"not a usable name of a part: {name!r}")
        if not isinstance(media, str) or not _MEDIA.fullmatch(media):
            raise Unusable(f"not a media type: {media!r}")
        if type(size) is not int or not 0 <= size < 1 << 48:
            raise Unusable(f"not a size in bytes: {size!r}")
    if len({part["name"] for part in parts}) != len(parts):
        raise Unusable("two parts have the same name")


def pack(parts: Iterable[Part]) -> Iterator[bytes]:
    """The payload as blocks; Unusable when a name is bad or a part does not have its stated size."""
    parts = list(parts)
    table: list[dict[str, object]] = [{"name": part.name, "media": part.media, "size": part.size} for part in parts]
    _check(table)
    header = canon.dumps({"schema": SCHEMA, "parts": table})
    if len(header) > MAX_HEADER:
        raise Unusable("the names of the parts are too long")
    yield len(header).to_bytes(4, "big") + header
    total = 4 + len(header)
    for part in parts:
        size = 0
        for block in part.read():
            size += len(block)
            yield block
        if size != part.size:
            raise Unusable(f"{part.name} has {size} bytes, {part.size} were announced")
        total += size
    yield bytes(-total % PAD)


class _Tape:
    """Exact reads over blocks of any size."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")
        self.position = 0

    def take(self, count: int) -> Iterator[memoryview]:
        while count:
            while not self._rest:
                block = next(self._blocks, None)
                if block is None:
                    raise Fault("the sealed payload ends early")
                self._rest = memoryview(block)
            piece, self._rest = self._rest[:count], self._rest[count:]
            count -= len(piece)
            self.position += len(piece)
            yield piece

    def exactly(self, count: int) -> bytes:
        return b"".join(self.take(count))

    def remainder(self) -> bytes:
        """All that is left, refused beyond one padding."""
        rest = bytearray(self._rest)
        for block in self._blocks:
            rest += block
            if len(rest) > PAD:
                raise Fault("the sealed payload goes on after its last part")
        return bytes(rest)


def unpack(blocks: Iterable[bytes], sink: Sink) -> list[Opened]:
    """Write the parts into `sink`; Fault when the payload is not exactly one `pack` could have made.

    All blocks are read to the end, so that checks made by their source at its end take place.
    """
    tape = _Tape(blocks)
    length = int.from_bytes(tape.exactly(4), "big")
    if length > MAX_HEADER:
        raise Fault("the sealed payload has no header")
    try:
        header = exact_keys(canon.loads_canonical(tape.exactly(length)), {"schema", "parts"}, "payload")
        if header["schema"] != SCHEMA or not isinstance(header["parts"], list):
            raise Unusable(f"not {SCHEMA}")
        _check(header["parts"])
    except Unusable as error:
        raise Fault(f"the sealed payload has a wrong header: {error}") from None
    opened = []
    for part in header["parts"]:
        out, digest = sink(part["name"], part["media"], part["size"]), hashlib.sha256()
        for piece in tape.take(part["size"]):
            digest.update(piece)
            out.write(bytes(piece))
        opened.append(Opened(part["name"], part["media"], part["size"], digest.hexdigest()))
    padding = tape.remainder()
    if len(padding) != -tape.position % PAD or any(padding):
        raise Fault("the sealed payload has a wrong padding")
    return opened


class Memory:
    """A sink for small payloads: `memory.parts[name]` is the part's bytes; Fault above `limit` bytes in all."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._left = limit
        self._buffers: dict[str, io.BytesIO] = {}

    def __call__(self, name: str, media: str, size: int) -> Writer:
        self._left -= size
        if self._left < 0:
            raise Fault(f"the payload is too large to be opened in memory: {name}")
        return self._buffers.setdefault(name, io.BytesIO())

    @property
    def parts(self) -> dict[str, bytes]:
        return {name: buffer.getvalue() for name, buffer in self._buffers.items()}
