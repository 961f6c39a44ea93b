"""Sealing a file offline: `certs.sealing` beside age's Rust implementation, file to file on one disk."""

from __future__ import annotations

import hashlib
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.row import Row
from certs import sealing, shares, suite
from certs.sealing_parts import Part

PEERS = Path(__file__).resolve().parents[1] / "var" / "bench"
VERSION = "1.4.0"
MIB, ROUNDS, MESSAGE = 512, 5, 4 << 20
CONTEXT = sealing.Context("bid", "lot-1", "bid-1", "ab" * 32)


def _peer() -> Any:
    folder = PEERS / f"pyrage-{VERSION}"
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), f"pyrage=={VERSION}"]
        subprocess.run(command, check=True)
    sys.path.insert(0, str(folder))
    return importlib.import_module("pyrage")


def _speed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return MIB / (time.perf_counter() - began)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(MIB):
            file.write(os.urandom(1 << 20))


def run() -> Row:
    """Both read the same file and write the ciphertext beside it; ours also hashes it and wraps the key four times."""
    pyrage = _peer()
    recipient = pyrage.x25519.Identity.generate().to_public()
    owner = suite.generate().public_key()
    custodians = {role: suite.generate().public_key() for role in shares.ROLES}
    message, cipher = os.urandom(MESSAGE), AESGCM(AESGCM.generate_key(256))
    with tempfile.TemporaryDirectory(dir=PEERS) as folder:
        plain, out = Path(folder) / "plain", Path(folder) / "out"
        _fill(plain)

        def ours() -> None:
            with out.open("wb") as file:
                sealing.seal([Part.of_file(plain, "a/b")], owner, CONTEXT, file, custodians)

        def peer() -> None:
            with plain.open("rb") as source, out.open("wb") as file:
                pyrage.encrypt_io(source, file, [recipient])

        def raw() -> None:
            for number in range(MIB * (1 << 20) // MESSAGE):
                cipher.encrypt(number.to_bytes(12, "big"), message, None)

        def digest() -> None:
            running = hashlib.sha256()
            for _ in range(MIB * (1 << 20) // MESSAGE):
                running.update(message)

        table = {"ours": ours, "peer": peer, "raw": raw, "digest": digest}
        rounds = [{name: _speed(work) for name, work in table.items()} for _ in range(ROUNDS)]
    found = {name: statistics.median(one[name] for one in rounds) for name in table}
    return Row(
        name="seal_offline", ours=round(found["ours"], 1), peer=round(found["peer"], 1),
        peer_name=f"pyrage {VERSION} encrypt_io", ratio=round(found["ours"] / found["peer"], 2), unit="MiB/s",
        conditions=f"{MIB} MiB file to file, median of {ROUNDS} rounds in turns, {os.cpu_count()} cores",
        notes=f"limits: raw AES-256-GCM {found['raw']:.0f}, SHA-256 {found['digest']:.0f} MiB/s",
    )  # fmt: skip
