"""Opening what was unlocked: file keys and ciphertexts in, contents out. No database, so it can run outside an act."""

from __future__ import annotations

import io
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from certs import sealing, suite
from certs.sealing import KINDS, Manifest
from core import canon
from core.blobs import Blob, Blobs
from core.faults import Fault, Unusable
from trading.opening import sheet as sheets
from trading.opening.sheet import PDF, REFERENCE, SHEET

IN_MEMORY = 4 << 20


@dataclass(frozen=True)
class Locked:
    """One ciphertext with the key that came for it."""

    bid: str
    manifest: dict[str, Any]
    file_key: str


@dataclass(frozen=True)
class Read:
    """What came out. `problem` is "" when PDF and price sheet are both sound."""

    bid: str
    sheet: sheets.Sheet | None
    pdf_sha256: str
    sheet_sha256: str
    attachments: list[dict[str, Any]]
    problem: str


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

    def small(self, name: str) -> bytes:
        self.files[name].seek(0)
        return self.files[name].read(sheets.LARGEST + 1)

    def close(self) -> None:
        for file in self.files.values():
            file.close()


def _opened(blobs: Blobs, one: Locked, parts: _Parts) -> list[dict[str, Any]]:
    manifest = manifest_of(one.manifest)
    key = suite.unb64(one.file_key, "file key", sealing.KEY_BYTES)
    with io.BufferedReader(blobs.path(manifest.sha256).open("rb", buffering=0)) as source:
        opened = sealing.open_with_file_key(manifest, key, source, parts)
    return [{"name": p.name, "media": p.media, "size": p.size, "sha256": p.sha256} for p in opened]


def read_bid(blobs: Blobs, one: Locked) -> Read:
    """Decrypt and read one bid; nothing a bidder put inside makes this raise."""
    parts = _Parts()
    try:
        found = _opened(blobs, one, parts)
        sheet, problem = _sheet(parts)
        if PDF not in parts.files:
            problem = problem or f"{PDF} is missing"
        stored = {part["name"]: parts.store(blobs, part["name"]).sha256 for part in found}
        others = [part for part in found if part["name"] not in (PDF, SHEET)]
        return Read(one.bid, sheet, stored.get(PDF, ""), stored.get(SHEET, ""), others, problem)
    except (Fault, Unusable) as error:
        return Read(one.bid, None, "", "", [], sheets.problem_of(error))
    finally:
        parts.close()


def _sheet(parts: _Parts) -> tuple[sheets.Sheet | None, str]:
    if SHEET not in parts.files:
        return None, f"{SHEET} is missing"
    try:
        return sheets.read(parts.small(SHEET)), ""
    except (Fault, Unusable) as error:
        return None, sheets.problem_of(error)


def read_reference(blobs: Blobs, one: Locked) -> tuple[str, str]:
    """(price, problem) of the sealed reference price."""
    parts = _Parts()
    try:
        _opened(blobs, one, parts)
        if REFERENCE not in parts.files:
            return "", f"{REFERENCE} is missing"
        return sheets.read_reference(parts.small(REFERENCE)), ""
    except (Fault, Unusable) as error:
        return "", sheets.problem_of(error)
    finally:
        parts.close()
