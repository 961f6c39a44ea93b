"""The built bundle in a real browser: keys stay in its store across a reload, seal and sign, and cannot be exported."""

from __future__ import annotations

import functools
import hashlib
import io
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from certs import challenge, keys, sealing, suite
from certs.sealing_parts import Memory
from certs.suite import b64, unb64
from tests import chromium
from tests.certs.js_side import ROOT

pytestmark = pytest.mark.browser
DIST = ROOT / "web/static/dist"
NONCE = "n0nce-n0nce-n0nce"
CONTEXT = sealing.Context("bid", "lot-1", "bid-1", "ab" * 32)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a passing test is silent."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    assert (DIST / "crypto/index.js").is_file(), "the browser side is not built: run `npm run build`"
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(DIST)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.OPTIONS)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/manifest.json")
        yield page
        browser.close()
    server.shutdown()
    thread.join()
    server.server_close()


def run(page: Page, body: str, **arguments: Any) -> Any:
    return page.evaluate(f"async (a) => {{ const g = await import('/crypto/index.js'); {body} }}", arguments)


@pytest.fixture(scope="module")
def made(page: Page) -> dict[str, Any]:
    return run(
        page,
        """
        const passphrase = g.newPassphrase();
        const answer = { passphrase };
        for (const use of ["sign", "decrypt"]) {
          const key = await g.generate(use, "uid-1");
          const proof = await g.provePossession(key, a.nonce);
          const kept = use === "sign" ? await g.wrap(key, passphrase) : await g.keyFile(key, passphrase);
          const refused = await g.store.keep(key).catch((error) => error.name);
          answer[use] = { proof, kept, refused, id: await g.store.keep(await g.freeze(key)) };
        }
        return answer;
        """,
        nonce=NONCE,
    )


def test_keys_survive_a_reload_and_never_leave_the_store(page, made):
    page.reload()
    found = run(
        page,
        """
        const [key] = await g.store.find("uid-1", "sign");
        const exported = await crypto.subtle.exportKey("pkcs8", key.privateKey).catch((error) => error.name);
        const fields = { act: "bid.submit", case: "lot-1", object: "ab".repeat(32) };
        const offered = { ...fields, nonce: a.nonce, time: "2026-11-21T10:00:00+08:00" };
        const signed = await g.signChallenge(key, offered, fields);
        return { exported, signed, others: (await g.store.find("uid-2", "sign")).length };
        """,
        nonce=NONCE,
    )
    assert (found["exported"], found["others"], made["sign"]["refused"]) == ("InvalidAccessError", 0, "Unusable")
    text, signature = (unb64(found["signed"][name], name) for name in ("text", "signature"))
    private = keys.unwrap(made["sign"]["kept"], "sign", made["passphrase"], "uid-1")
    signed = challenge.parse(text)
    suite.verify_raw(private.public_key(), text, signature, "the challenge")
    assert (signed.act, signed.nonce) == ("bid.submit", NONCE)
    for use in ("sign", "decrypt"):
        proof = {name: unb64(made[use]["proof"][name], name) for name in ("spki", "text", "signature")}
        key = keys.verify_pop(use, "uid-1", NONCE, **proof)
        assert suite.spki_id(key) == made[use]["id"]


def test_a_bid_sealed_by_the_page_opens_here_and_in_its_store(page, made):
    answer = run(
        page,
        """
        const key = await g.store.get(a.id);
        const data = new Uint8Array(3_000_000).map((_, i) => (i * 31) % 251);
        const file = new File([data], "bid.pdf", { type: "application/pdf" });
        const parts = [{ name: file.name, media: file.type, blob: file }];
        const { manifest, ciphertext } = await g.sealToBlob(parts, key.spki, a.context);
        const [part] = await g.openWithKey(manifest, key, ciphertext);
        const same = (await g.sha256hex(new Uint8Array(await part.blob.arrayBuffer()))) === (await g.sha256hex(data));
        const bytes = new Uint8Array(await ciphertext.arrayBuffer());
        const fileKey = g.b64(await g.unwrapFileKey(manifest, key));
        return { same, fileKey, manifest: g.b64(g.manifestBytes(manifest)), ciphertext: g.b64(bytes) };
        """,
        id=made["decrypt"]["id"],
        context=CONTEXT.__dict__,
    )
    assert answer["same"] is True
    manifest = sealing.read_manifest(unb64(answer["manifest"], "manifest"), CONTEXT)
    private = keys.read_key_file(made["decrypt"]["kept"].encode(), made["passphrase"])
    memory = Memory()
    source = io.BytesIO(unb64(answer["ciphertext"], "ciphertext"))
    sealing.open_with_key(manifest, private, source, memory)
    expected = bytes(i * 31 % 251 for i in range(3_000_000))
    assert hashlib.sha256(memory.parts["bid.pdf"]).digest() == hashlib.sha256(expected).digest()
    assert b64(sealing.unwrap_file_key(manifest, private)) == answer["fileKey"]


def test_a_forgotten_key_is_gone(page, made):
    body = "await g.store.forget(a.id); return (await g.store.get(a.id)) === undefined;"
    assert run(page, body, id=made["decrypt"]["id"]) is True
