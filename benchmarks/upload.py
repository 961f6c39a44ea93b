"""1 GiB in 8 MiB chunks: our process of uploads, with running SHA-256 and a sync a chunk, beside npm's @tus/server."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.house import VAR, house
from benchmarks.row import Row

SIZE, CHUNK, RUNS = 1 << 30, 8 << 20, 3
PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1")
PEER = """
import { Server } from "@tus/server";
import { FileStore } from "@tus/file-store";
import http from "node:http";
const server = new Server({ path: "/uploads", datastore: new FileStore({ directory: process.argv[2] }) });
const listening = http.createServer(server.handle.bind(server)).listen(0, "127.0.0.1", () => {
  console.log(listening.address().port);
});
"""


def _installed() -> Path:
    """The peer in a folder of its own below var/; fetched once."""
    folder = VAR / "bench-peers" / "tus"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peer.mjs").write_text(PEER)
    if not (folder / "node_modules" / "@tus" / "server").is_dir():
        (folder / "package.json").write_text('{"private": true}\n')
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES],
                       cwd=folder, check=True)  # fmt: skip
    return folder


@contextmanager
def _peer() -> Iterator[str]:
    folder = _installed()
    store = Path(tempfile.mkdtemp(prefix="store-", dir=folder))
    node = subprocess.Popen(["node", "peer.mjs", str(store)], cwd=folder, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(node.stdout.readline())}/uploads"
    finally:
        node.terminate()
        node.wait()
        node.stdout.close()
        shutil.rmtree(store)


def say(address: str, method: str, headers: dict[str, str], body: bytes = b"") -> dict[str, str]:
    """One request on a connection of its own (the peer closes them); the answer's status and headers."""
    url = urlsplit(address)
    sent = {"Host": url.netloc, "Tus-Resumable": "1.0.0", "Connection": "close", "Content-Length": str(len(body))}
    lines = [f"{method} {url.path} HTTP/1.1", *(f"{key}: {value}" for key, value in (sent | headers).items()), "", ""]
    with socket.create_connection((url.hostname or "", url.port or 80)) as line:
        line.sendall("\r\n".join(lines).encode())
        line.sendall(body)
        answer = b""
        while block := line.recv(65536):
            answer += block
    first, *rest = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    found = {key.lower(): value for key, _, value in (one.partition(": ") for one in rest)}
    return found | {"status": first.split()[1]}


def begin(address: str, size: int, cookie: str) -> str:
    headers = {"Upload-Length": str(size), "X-Gongheng": "1", "Cookie": cookie}
    where = say(address, "POST", headers)["location"]
    return where if "://" in where else address.removesuffix("/uploads") + where


def send(address: str, size: int, cookie: str, data: bytes) -> float:
    """Megabytes (10^6) a second of one upload in pieces of `data`."""
    where, headers = begin(address, size, cookie), {"X-Gongheng": "1", "Cookie": cookie}
    headers["Content-Type"] = "application/offset+octet-stream"
    began = time.perf_counter()
    for offset in range(0, size, len(data)):
        answer = say(where, "PATCH", headers | {"Upload-Offset": str(offset)}, data)
        assert answer["upload-offset"] == str(offset + len(data)), answer
    return size / (time.perf_counter() - began) / 1e6


def run() -> Row:
    data, ours, theirs = os.urandom(CHUNK), [], []
    with house(1) as own, _peer() as peer:
        for _ in range(RUNS):
            theirs.append(send(peer, SIZE, "", data))
            ours.append(send(own.uploads, SIZE, f"gh_session={own.tokens[0]}", data))
            for path in (own.folder / "blobs").rglob("*"):  # the same content: one file
                path.unlink() if path.is_file() and path.stat().st_size == SIZE else None
    mine, other = statistics.median(ours), statistics.median(theirs)
    return Row(
        "upload", round(mine, 1), round(other, 1), " and ".join(PACKAGES), round(mine / other, 2), "MB/s",
        f"1 GiB in 8 MiB chunks on loopback, a connection a chunk, the same client, median of {RUNS}, "
        f"{os.cpu_count()} cores; ours with SHA-256 and a durable offset a chunk, the peer with neither",
        f"ours {', '.join(f'{one:.0f}' for one in ours)}; peer {', '.join(f'{one:.0f}' for one in theirs)}",
    )  # fmt: skip
