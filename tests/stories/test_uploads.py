"""Uploads against the real processes: lines that are cut, servers that are killed, the official clients.

Both sides of the promise are compared: every byte the server has acknowledged is there afterwards, in the order sent;
the whole has the digest of what was sent; and nothing is left behind.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from tusclient.client import TusClient

from benchmarks.house import House, house
from core import config, staged
from core.staged import StagedFile, Upload
from web.app import create_app
from web.published import publications

ROOT = Path(__file__).resolve().parents[2]
SEED, PIECE = 20261125, 512 << 10
TUS = {"Tus-Resumable": "1.0.0", "X-Gongheng": "1"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[House]:
    with house(1, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for tests that leave it as it was."""
    with house(1, tmp_path_factory.mktemp("shared")) as found:
        yield found


class Sender:
    """A client that can hang up within a body. `acknowledged`: the highest offset an answer has named."""

    def __init__(self, served: House, data: bytes) -> None:
        self.served, self.data, self.acknowledged, self.sha256 = served, data, 0, ""
        self.headers = TUS | {"Cookie": f"gh_session={served.tokens[0]}"}
        begun = self._again(
            lambda: requests.post(
                served.uploads, headers=self.headers | {"Upload-Length": str(len(data))}, timeout=30
            )
        )
        self.url = served.uploads.removesuffix("/uploads") + begun.headers["Location"]

    @staticmethod
    def _again(call: Callable[[], requests.Response]) -> requests.Response:
        """While a server starts anew, or the old line still holds the file."""
        until = time.monotonic() + 90
        while True:
            try:
                answer = call()
                if answer.status_code not in (423, 503):
                    assert answer.status_code < 300, (answer.status_code, answer.text)
                    return answer
            except (requests.ConnectionError, requests.Timeout):
                pass
            assert time.monotonic() < until, "the server did not come back"
            threading.Event().wait(0.05)

    def offset(self) -> int:
        """What the server says; never less than it has acknowledged."""
        found = self._again(lambda: requests.head(self.url, headers=self.headers, timeout=30))
        self.sha256 = found.headers.get("X-Content-SHA256", "")
        at = int(found.headers["Upload-Offset"])
        assert at >= self.acknowledged, (at, self.acknowledged)
        return at

    def piece(self, at: int) -> None:
        """One piece, whole; OSError when the line is cut before the answer."""
        body = self.data[at : at + PIECE]
        headers = self.headers | {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        answer = requests.patch(self.url, data=body, headers=headers, timeout=60)
        if answer.status_code in (409, 423):
            raise OSError("the old line still holds the file")
        assert answer.status_code == 204, answer.text
        self.acknowledged = int(answer.headers["Upload-Offset"])
        self.sha256 = answer.headers.get("X-Content-SHA256", "")

    def cut(self, at: int, after: int, *, hard: bool) -> None:
        """Hang up after so many bytes of a body that promised more."""
        url = urlsplit(self.url)
        lines = [f"PATCH {url.path} HTTP/1.1", f"Host: {url.netloc}", f"Upload-Offset: {at}",
                 f"Content-Length: {len(self.data) - at}", "Content-Type: application/offset+octet-stream",
                 *(f"{key}: {value}" for key, value in self.headers.items()), "", ""]  # fmt: skip
        with socket.create_connection((url.hostname, url.port)) as line:
            if hard:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.sendall("\r\n".join(lines).encode() + self.data[at : at + after])

    def run(self, before: Callable[[int], None] = lambda _: None) -> None:
        """All pieces, going on from what the server says; `before` a piece anything may happen."""
        at = self.offset()
        while not self.sha256:
            try:
                before(at)
                self.piece(at)
                at = self.acknowledged
            except OSError:
                at = self.offset()


def _left(served: House, data: bytes) -> None:
    """The file and nothing else; and when its time has run out, nothing at all."""
    app = create_app(config.read({"DEMO": "1", "DATA_DIR": str(served.folder)}))
    acts, files = app.extensions["gongheng"].acts, app.extensions["gongheng.uploads"]
    digest = hashlib.sha256(data).hexdigest()

    with acts.reading() as session:
        pages = {one["digest"] for one in publications(session)}  # a server's own file, which stays

    def stored() -> list[str]:
        return [path.name for path in files.blobs.root.rglob("*") if path.is_file() and path.name not in pages]

    assert stored() == [digest] and files.blobs.get(digest) == data
    acts.house.clock.move_to(acts.house.clock.now() + staged.LIFE)
    staged.sweep(acts, files, timedelta(0))
    assert stored() == []
    with acts.reading() as session:
        assert (session.query(Upload).count(), session.query(StagedFile).count()) == (0, 0)
    acts.engine.dispose()


def _content(size: int) -> bytes:
    dice = random.Random(SEED)
    return b"".join(dice.randbytes(1 << 20) for _ in range(size >> 20))


def _cut_lines(served: House, cuts: int, size: int) -> None:
    dice, data = random.Random(SEED), _content(size)
    sender, done = Sender(served, data), 0
    while done < cuts:
        at = sender.offset()
        most = min(len(data) - at - 1, 2 * size // cuts)
        sender.cut(at, dice.randint(0, most), hard=dice.random() < 0.5)
        done += 1
        if dice.random() < 0.2 and len(data) - sender.offset() > 2 * PIECE:
            try:
                sender.piece(sender.offset())
            except OSError:
                continue
    sender.run()
    assert sender.sha256 == hashlib.sha256(data).hexdigest()
    served.server.stop()
    _left(served, data)


def test_25_cut_lines_lose_nothing(served: House) -> None:
    _cut_lines(served, 25, 24 << 20)


@pytest.mark.soak
def test_500_cut_lines_lose_nothing(served: House) -> None:
    _cut_lines(served, 500, 256 << 20)


class Killer(threading.Thread):
    """kill -9 at a random moment within a piece: the whole server, or the process of uploads alone, in turn."""

    def __init__(self, served: House, number: int, wait: float) -> None:
        super().__init__(name="killer")
        self.served, self.number, self.wait = served, number, wait

    def run(self) -> None:
        threading.Event().wait(self.wait)
        if self.number % 2:
            os.kill(_child(self.served.server.process.pid), signal.SIGKILL)
            return
        self.served.server.kill()
        with suppress(requests.Timeout):  # it is up, but slower than start() waits for one answer
            self.served.server.start()


def _child(parent: int) -> int:
    """The process of uploads, as soon as there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for child in found:
            if b"web.upload_server" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        threading.Event().wait(0.05)
    raise AssertionError("no process of uploads")


def _kill_servers(served: House, kills: int, size: int) -> None:
    dice, data = random.Random(SEED), _content(size)
    sender = Sender(served, data)
    marks = [size * (number + 1) // (kills + 1) for number in range(kills)]
    killers: list[Killer] = []

    def before(at: int) -> None:
        if len(killers) < kills and at >= marks[len(killers)]:
            for one in killers[-1:]:
                one.join()
            killers.append(Killer(served, len(killers), dice.uniform(0, 0.03)))
            killers[-1].start()

    sender.run(before)
    for one in killers:
        one.join()
    assert len(killers) == kills
    assert sender.sha256 == hashlib.sha256(data).hexdigest()
    served.server.stop()
    _left(served, data)


def test_2_killed_servers_lose_nothing(served: House) -> None:
    _kill_servers(served, 2, 48 << 20)


@pytest.mark.soak
def test_20_killed_servers_lose_nothing(served: House) -> None:
    _kill_servers(served, 20, 256 << 20)


def test_the_process_of_uploads_ends_with_its_parent(served: House) -> None:
    child = _child(served.server.process.pid)
    served.server.kill()
    until = time.monotonic() + 60
    while Path(f"/proc/{child}").exists() and "zombie" not in Path(f"/proc/{child}/status").read_text():
        assert time.monotonic() < until, "the process of uploads goes on alone"
        threading.Event().wait(0.05)


@pytest.mark.soak
def test_a_silent_line_gives_the_file_free(shared: House) -> None:
    """A laptop that was closed sends no farewell: another line may go on after a while, from what had arrived."""
    data = b"silence " * (1 << 18)
    sender = Sender(shared, data)
    url = urlsplit(sender.url)
    lines = [f"PATCH {url.path} HTTP/1.1", f"Host: {url.netloc}", "Upload-Offset: 0",
             f"Content-Length: {len(data)}", "Content-Type: application/offset+octet-stream",
             *(f"{key}: {value}" for key, value in sender.headers.items()), "", ""]  # fmt: skip
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall("\r\n".join(lines).encode() + data[: 1 << 20])
        sender.run()
    assert sender.sha256 == hashlib.sha256(data).hexdigest()


# -- official clients -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy_sends_and_goes_on(shared: House, checksum: bool) -> None:
    data = random.Random(SEED).randbytes(5 << 20)
    client = TusClient(shared.uploads, headers=TUS | {"Cookie": f"gh_session={shared.tokens[0]}"})
    first = client.uploader(
        file_stream=io.BytesIO(data), chunk_size=1 << 20, metadata={"filename": "标书"}, upload_checksum=checksum
    )
    first.upload(stop_at=2 << 20)
    assert first.offset == 2 << 20
    second = client.uploader(
        file_stream=io.BytesIO(data), chunk_size=1 << 20, url=first.url, upload_checksum=checksum
    )
    assert second.offset == 2 << 20
    second.upload()
    answer = requests.head(first.url, headers=client.headers, timeout=30)
    assert answer.headers["X-Content-SHA256"] == hashlib.sha256(data).hexdigest()


SCRIPT = """
import { createReadStream } from "node:fs";
import * as tus from "tus-js-client";
const [, , endpoint, cookie, path, size] = process.argv;
let cut = false;
const upload = new tus.Upload(createReadStream(path), {
  endpoint, chunkSize: 1 << 20, uploadSize: Number(size), retryDelays: Array(40).fill(250),
  headers: { "X-Gongheng": "1", Cookie: cookie }, metadata: { filename: "标书" },
  onChunkComplete: (_piece, sent) => {
    if (cut || sent < 2 << 20) return;
    cut = true;
    console.log("kill");
  },
  onError: (error) => { console.error(String(error)); process.exit(1); },
  onSuccess: () => { console.log(upload.url); process.exit(0); },
});
upload.start();
"""


def test_tus_js_client_goes_on_after_a_killed_server(shared: House, tmp_path: Path) -> None:
    """npm's tus-js-client, its defaults but for the pieces; the process of uploads is killed under it."""
    data = random.Random(SEED).randbytes(24 << 20)
    (tmp_path / "file").write_bytes(data)
    script = ROOT / "node_modules" / ".tus-test.mjs"  # where node finds the package
    script.write_text(SCRIPT)
    node = shutil.which("node")
    assert node, "run `make setup`"
    try:
        cookie, path = f"gh_session={shared.tokens[0]}", str(tmp_path / "file")
        client = subprocess.Popen(
            [node, str(script), shared.uploads, cookie, path, str(len(data))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert client.stdout is not None and client.stderr is not None
        assert client.stdout.readline() == "kill\n", client.stderr.read()
        os.kill(_child(shared.server.process.pid), signal.SIGKILL)
        said, errors = client.communicate(timeout=120)
    finally:
        script.unlink()
    assert client.returncode == 0, errors
    headers = TUS | {"Cookie": f"gh_session={shared.tokens[0]}"}
    answer = requests.head(said.strip(), headers=headers, timeout=30)
    assert answer.headers["X-Content-SHA256"] == hashlib.sha256(data).hexdigest()
