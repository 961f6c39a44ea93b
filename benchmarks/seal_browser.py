"""Sealing a file in Chromium: the bid desk's own modules beside npm age-encryption, in one page over one file."""

from __future__ import annotations

import functools
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.row import Row

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "var" / "bench"
VERSION = "0.3.1"
MIB, ROUNDS = 256, 5
# What is sealed is read and let go by both: a Blob at the end would cost both the same and hide the difference.
SCRIPT = """
async ({ turns }) => {
  const age = await import("/age.js");
  const ours = await import("/crypto/index.js");
  const [file] = document.querySelector("input").files;
  const parts = [{ name: "a.bin", media: "a/b", blob: file }];
  const key = await ours.generate("decrypt", "uid-1");
  const spki = async () => (await ours.generate("decrypt", "uid-2")).spki;
  const custodians = { tenderer: await spki(), centre: await spki(), regulator: await spki() };
  const context = { kind: "bid", lot: "lot-1", bid: "bid-1", sealer: "ab".repeat(32) };
  const recipient = await age.identityToRecipient(await age.generateIdentity());
  const raw = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const message = new Uint8Array(4 << 20);
  const work = {
    ours: () => ours.seal(parts, key.spki, context, () => undefined, custodians),
    async peer() {
      const encrypter = new age.Encrypter();
      encrypter.addRecipient(recipient);
      const reader = (await encrypter.encrypt(file.stream())).getReader();
      while (!(await reader.read()).done);
    },
    blob: () => ours.sealToBlob(parts, key.spki, context, custodians),
    async raw() {
      for (let at = 0; at < file.size; at += message.length) {
        await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, raw, message);
      }
    },
  };
  const rounds = [];
  for (let turn = 0; turn < turns; turn++) {
    const found = {};
    for (const [name, run] of Object.entries(work)) {
      const began = performance.now();
      await run();
      found[name] = file.size / 1048576 / ((performance.now() - began) / 1000);
    }
    rounds.push(found);
  }
  return rounds;
}
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a bench prints its row."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _peer(to: Path) -> None:
    """The package bundled as its users bundle it."""
    folder = PEERS / f"age-encryption-{VERSION}"
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([*command, f"age-encryption@{VERSION}"], check=True)
    entry = folder / "entry.mjs"
    entry.write_text('export * from "age-encryption";\n')
    esbuild = ROOT / "node_modules/.bin/esbuild"
    options = ["--bundle", "--format=esm", "--minify", "--log-level=warning", f"--outfile={to}"]
    subprocess.run([esbuild, entry, *options], check=True)


def _rounds(chromium: str, site: Path, file: Path) -> list[dict[str, float]]:
    with _served(site) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{base}/index.html")
        page.locator("input").set_input_files(file)
        found: list[dict[str, float]] = page.evaluate(SCRIPT, {"turns": ROUNDS})
        browser.close()
    return found


def run() -> Row:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
    PEERS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PEERS) as folder:
        site, file = Path(folder) / "site", Path(folder) / "plain"
        shutil.copytree(ROOT / "web/static/dist", site, ignore=shutil.ignore_patterns("fonts", "vendor", "*.map"))
        (site / "index.html").write_text("<!doctype html><title>bench</title><input type=file>")
        _peer(site / "age.js")
        with file.open("wb") as out:
            for _ in range(MIB):
                out.write(os.urandom(1 << 20))
        rounds = _rounds(chromium, site, file)
    found = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    return Row(
        name="seal_browser", ours=round(found["ours"], 1), peer=round(found["peer"], 1),
        peer_name=f"npm age-encryption {VERSION}", ratio=round(found["ours"] / found["peer"], 2), unit="MiB/s",
        conditions=f"Chromium, one {MIB} MiB file from disk, ciphertext read and let go, median of {ROUNDS} rounds in "
        f"turns, {os.cpu_count()} cores",
        notes=f"limit: raw WebCrypto AES-256-GCM {found['raw']:.0f}; ours into one Blob {found['blob']:.0f} MiB/s; "
        "ours also computes SHA-256 of the ciphertext, which browsers offer for no stream: it bounds us",
    )  # fmt: skip
