"""Opening what was unlocked: file keys and ciphertexts in, contents out. No database, so it can run outside an act."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from certs import sealing, suite
from certs.blocking import run_blocking
from certs.sealing import KINDS, Manifest
from core import canon
from core.blobs import Blob, Blobs
from core.faults import Fault, Unusable
from trading.bidding import contents
from trading.bidding.contents import Asked
from trading.opening import sheet as sheets
from trading.opening.sheet import PDF, REFERENCE, SHEET

log = logging.getLogger(__name__)
IN_MEMORY = 4 << 20
READERS = 3
# P: a minute, and a second more for every 4 MiB: far slower than any disk in order.
LEAST_PATIENCE, SLOWEST = 60.0, 4 << 20
COMMON = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
MISSING = "平台存储的投标文件缺失"
DAMAGED = "平台存储的投标文件与回执不一致"
SLOW = "平台未能在合理时间内读取投标文件"
NOTHING = Asked()
OWN_PARTS = (PDF, SHEET, contents.NAME)


@dataclass(frozen=True)
class Locked:
    """One ciphertext with the key that came for it; `size` in bytes."""

    bid: str
    manifest: dict[str, Any]
    file_key: str
    size: int = 0
    asked: Asked = NOTHING
    kind: str = "bid"


@dataclass(frozen=True)
class Read:
    """What came out. `problem` is "" when PDF and price sheet are both sound.

    `lost`: why the platform itself could not give the file that was accepted; then nothing of the bid was opened.
    """

    bid: str
    sheet: sheets.Sheet | None
    pdf_sha256: str
    sheet_sha256: str
    attachments: list[dict[str, Any]]
    problem: str
    lost: str = ""
    contents: dict[str, Any] = field(default_factory=dict)


def manifest_of(data: dict[str, Any]) -> Manifest:
    """A manifest as it was accepted."""
    assert data["kind"] in KINDS
    return sealing.read_manifest(canon.dumps(data))


class _Parts:
    """Parts go to temporary files while they are decrypted: what was written is void if opening fails."""

    def __init__(self) -> None:
        self.files: dict[str, BinaryIO] = {}

    def __call__(self, name: str, media: str, size: int) -> BinaryIO:
        self.files[name] = cast(BinaryIO, SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
        return self.files[name]

    def store(self, blobs: Blobs, name: str) -> Blob:
        file = self.files[name]
        file.seek(0)
        return blobs.put(iter(lambda: file.read(1 << 20), b""))

    def head(self, name: str, size: int) -> bytes:
        self.files[name].seek(0)
        return self.files[name].read(size)

    def close(self) -> None:
        for file in self.files.values():
            file.close()


def _opened(blobs: Blobs, one: Locked, parts: _Parts) -> list[dict[str, Any]]:
    manifest = manifest_of(one.manifest)
    key = suite.unb64(one.file_key, "file key", sealing.KEY_BYTES)
    with io.BufferedReader(blobs.path(manifest.sha256).open("rb", buffering=0)) as source:
        opened = sealing.open_with_file_key(manifest, key, source, parts)
    return [{"name": p.name, "media": p.media, "size": p.size, "sha256": p.sha256} for p in opened]


def lost(bid: str, why: str) -> Read:
    return Read(bid, None, "", "", [], "", why[:300])


def read_bid(blobs: Blobs, one: Locked) -> Read:
    """Decrypt and read one bid; nothing a bidder put inside makes this raise, nor does a file that cannot be read.

    What hits all bids alike (a full disk, no memory) does raise: the opening is tried again as a whole.
    """
    path = blobs.path(manifest_of(one.manifest).sha256)
    if not path.is_file():
        return lost(one.bid, MISSING)
    parts = _Parts()
    try:
        return _contents(blobs, one, parts)
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in COMMON:
            raise
        digest, wanted = stored_digest(blobs, path.name), path.name
        if digest != wanted:
            return lost(one.bid, f"{DAMAGED}（回执 {wanted}，现存 {digest or '不可读'}）")
        return Read(one.bid, None, "", "", [], sheets.problem_of(error))
    finally:
        parts.close()


def _contents(blobs: Blobs, one: Locked, parts: _Parts) -> Read:
    found = _opened(blobs, one, parts)
    sheet, problem = _sheet(parts)
    if PDF not in parts.files:
        problem = problem or f"{PDF} is missing"
    said = _judged(one, found, parts, sheet.price if sheet else "")
    stored = {part["name"]: parts.store(blobs, part["name"]).sha256 for part in found}
    others = [part for part in found if part["name"] not in OWN_PARTS]
    return Read(one.bid, sheet, stored.get(PDF, ""), stored.get(SHEET, ""), others, problem, contents=said)


def _judged(one: Locked, found: list[dict[str, Any]], parts: _Parts, price: str) -> dict[str, Any]:
    """What the checks say. They help the committee: if they fail themselves, that is a finding and the bid opens."""
    try:
        return contents.judged(one.asked, found, parts.head, price, one.kind)
    except OSError:
        raise
    except Exception as error:
        log.exception("bid %s: the checks of its parts failed", one.bid)
        return contents.unjudged(type(error).__name__)


def stored_digest(blobs: Blobs, sha256: str) -> str:
    """SHA-256 of the bytes that lie there under this name, "" when there are none to read."""
    digest = hashlib.sha256()
    try:
        for block in blobs.stream(sha256):
            digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def read_all(blobs: Blobs, locked: Sequence[Locked]) -> dict[str, Read]:
    """Every bid by itself, off the event loop, the small ones first; one that takes beyond all measure is given up.

    The bidder is not blamed for that: to hand out what was accepted is the platform's part (20号令 art. 31).
    """
    order = sorted(locked, key=lambda one: (one.size, one.bid))
    pool = ThreadPoolExecutor(READERS)
    try:
        waiting = [(one, pool.submit(run_blocking, partial(read_bid, blobs, one))) for one in order]
        return {one.bid: _in_time(one, future) for one, future in waiting}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def patience(size: int) -> float:
    """Seconds that reading a file of this size may take."""
    return LEAST_PATIENCE + size / SLOWEST


def _in_time(one: Locked, future: Future[Read]) -> Read:
    try:
        return future.result(patience(one.size))
    except FutureTimeout:
        return lost(one.bid, SLOW)


def _sheet(parts: _Parts) -> tuple[sheets.Sheet | None, str]:
    if SHEET not in parts.files:
        return None, f"{SHEET} is missing"
    try:
        return sheets.read(parts.head(SHEET, sheets.LARGEST + 1)), ""
    except (Fault, Unusable) as error:
        return None, sheets.problem_of(error)


def price_of(blobs: Blobs, one: Locked) -> tuple[sheets.Sheet | None, str]:
    """(price sheet, problem) of a file sealed for practice: decrypted like a bid, and nothing of it is kept."""
    parts = _Parts()
    try:
        _opened(blobs, one, parts)
        return _sheet(parts)
    except MemoryError:
        raise
    except Exception as error:  # whatever was put inside: it is only practice
        return None, sheets.problem_of(error)
    finally:
        parts.close()


def part_of(blobs: Blobs, one: Locked, name: str, most: int) -> bytes:
    """The first `most` bytes of one part of what was sealed, and nothing of it is kept. Fault or Unusable when it does
    not open or has no such part; FileNotFoundError when the platform has lost it."""
    parts = _Parts()
    try:
        _opened(blobs, one, parts)
        if name not in parts.files:
            raise Fault(f"{name} is missing")
        return parts.head(name, most)
    finally:
        parts.close()


def read_reference(blobs: Blobs, one: Locked) -> tuple[str, str]:
    """(price, problem) of the sealed reference price."""
    parts = _Parts()
    try:
        _opened(blobs, one, parts)
        if REFERENCE not in parts.files:
            return "", f"{REFERENCE} is missing"
        return sheets.read_reference(parts.head(REFERENCE, sheets.LARGEST + 1)), ""
    except (Fault, Unusable, FileNotFoundError) as error:
        return "", sheets.problem_of(error)
    finally:
        parts.close()
