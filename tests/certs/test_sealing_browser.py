"""Seals between Python and the browser's modules, both ways, honest and tampered with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from certs import keys, sealing, suite
from certs.sealing_parts import Memory
from certs.suite import b64, unb64
from core.faults import Fault
from tests.certs.js_side import call, calls
from tests.certs.test_sealing import CONTEXT, FILES, Sealed, make, released, repaired


@pytest.fixture(scope="module")
def sealed() -> Sealed:
    return make()



@dataclass
class Holder:
    """One person's decryption key, as a key file both sides can read."""

    private: suite.PrivateKey
    file: dict[str, Any]
    passphrase: str

    @property
    def arguments(self) -> dict[str, Any]:
        return {"envelope": self.file, "use": "decrypt", "passphrase": self.passphrase}

    @property
    def spki(self) -> str:
        return b64(suite.spki_of(self.private))


@pytest.fixture(scope="module")
def holder() -> Callable[[suite.PrivateKey], Holder]:
    def make_holder(private: suite.PrivateKey) -> Holder:
        passphrase = keys.new_passphrase()
        return Holder(private, keys.wrap(private, "decrypt", "uid-1", passphrase), passphrase)

    return make_holder


def test_the_browser_opens_what_python_sealed(sealed, holder, tmp_path):
    path = tmp_path / "bid.sealed"
    path.write_bytes(sealed.ciphertext)
    owner, centre, regulator = (
        holder(key) for key in (sealed.owner, sealed.custodians["centre"], sealed.custodians["regulator"])
    )
    base = {"manifest": b64(sealed.manifest.data), "context": CONTEXT.__dict__, "ciphertext": str(path)}
    opened, file_key, one, two = calls(
        {"call": "open", **base, **owner.arguments},
        {"call": "fileKey", **base, **owner.arguments},
        {"call": "share", **base, "role": "centre", **centre.arguments},
        {"call": "share", **base, "role": "regulator", **regulator.arguments},
    )
    assert {part["name"]: unb64(part["data"], "data") for part in opened} == FILES
    assert [part["media"] for part in opened] == ["application/pdf", "application/json", "text/plain"]
    assert unb64(file_key, "key") == sealing.unwrap_file_key(sealed.manifest, sealed.owner)
    two_shares = {"centre": one, "regulator": two}
    assert call("combine", **base, shares=two_shares) == file_key
    raw = {role: unb64(share, "share") for role, share in two_shares.items()}
    assert sealing.combine_shares(sealed.manifest, raw) == unb64(file_key, "key")


def test_python_opens_what_the_browser_sealed(sealed, holder, tmp_path):
    path = tmp_path / "bid.sealed"
    arguments = {
        "parts": [{"name": name, "media": "a/b", "data": b64(data)} for name, data in FILES.items()],
        "owner": b64(suite.spki_of(sealed.owner)),
        "context": CONTEXT.__dict__,
        "custodians": {role: b64(suite.spki_of(key)) for role, key in sealed.custodians.items()},
        "out": str(path),
    }
    answer = call("seal", **arguments)
    manifest = sealing.read_manifest(unb64(answer["manifest"], "manifest"), CONTEXT)
    assert manifest.digest == answer["digest"]
    theirs = replace(sealed, manifest=manifest, ciphertext=path.read_bytes())
    assert theirs.opened() == FILES
    combined = sealing.combine_shares(manifest, released(theirs, "tenderer", "regulator"))
    assert combined == sealing.unwrap_file_key(manifest, sealed.owner)
    # A browser's two shares, one combined there with none of ours in between.
    shared = {role: b64(share) for role, share in released(theirs, "tenderer", "centre").items()}
    assert unb64(call("combine", manifest=answer["manifest"], shares=shared), "key") == combined


@pytest.mark.parametrize("size", [0, 1, 4000, 16384 - 100, 1 << 20, (1 << 20) + 16384 * 3 + 5])
def test_sizes_around_chunk_and_block_borders(sealed, tmp_path, size):
    data = bytes(i * 31 % 251 for i in range(size))
    path, owner = tmp_path / "s", sealed.owner
    answer = call(
        "seal",
        parts=[{"name": "a.bin", "media": "a/b", "data": b64(data)}],
        owner=b64(suite.spki_of(owner)),
        context=CONTEXT.__dict__,
        out=str(path),
    )
    manifest, memory = sealing.read_manifest(unb64(answer["manifest"], "m"), CONTEXT), Memory()
    with path.open("rb") as source:
        sealing.open_with_key(manifest, owner, source, memory)
    assert memory.parts == {"a.bin": data}


def test_the_browser_refuses_what_was_tampered_with(sealed, holder, tmp_path):
    """Past the outer digest too: the file key is given, the manifest repaired."""
    owner, body, chunk = holder(sealed.owner), sealed.ciphertext, 16384 + 16
    file_key = b64(sealing.unwrap_file_key(sealed.manifest, sealed.owner))
    flipped = [bytes(b ^ (i == at) for i, b in enumerate(body)) for at in (0, 30, 60, len(body) - 1)]
    moved = body[:56] + body[56 + chunk : 56 + 2 * chunk] + body[56 : 56 + chunk] + body[56 + 2 * chunk :]
    variants = [*flipped, moved, body[:-1], body[: 56 + chunk], body + b"\0", body[:72]]
    requests = []
    for number, variant in enumerate(variants):
        path = tmp_path / str(number)
        path.write_bytes(variant)
        base = {"ciphertext": str(path), "context": CONTEXT.__dict__}
        manifest = b64(repaired(sealed.manifest, variant).data)
        requests.append({"call": "open", **base, "manifest": b64(sealed.manifest.data), **owner.arguments})
        requests.append({"call": "openWithFileKey", **base, "manifest": manifest, "fileKey": file_key})
    other = make(owner=sealed.owner).manifest
    lot = replace(CONTEXT, lot="lot-2")
    for context, manifest in (
        (lot, sealed.manifest),
        (CONTEXT, replace(sealed.manifest, owner_wrapped=other.owner_wrapped)),
        (lot, replace(sealed.manifest, context=lot)),
    ):
        base = {"context": context.__dict__, "manifest": b64(manifest.data)}
        requests.append({"call": "fileKey", **base, **owner.arguments})
    assert [type(answer) for answer in calls(*requests)] == [Fault] * len(requests)


def test_the_running_digest_is_sha_256():
    data = bytes(i * 7 % 256 for i in range(5000))
    lengths = [*range(200), 4999, 5000]
    steps = [[], [1, 62, 1], [63, 2], [64, 64, 1], [130]]
    cases = [(data[:length], step) for length in lengths for step in steps]
    answers = calls(*[{"call": "sha256", "data": b64(part), "steps": step} for part, step in cases])
    assert answers == [hashlib.sha256(part).hexdigest() for part, _ in cases]


def test_the_browser_streams_a_large_file(sealed, tmp_path):
    """96 MB in Node: the ciphertext never stands in memory as a whole."""
    size = 96 << 20
    with (tmp_path / "big").open("wb") as file:
        file.truncate(size)
    answer = call(
        "sealFile",
        path=str(tmp_path / "big"),
        owner=b64(suite.spki_of(sealed.owner)),
        context=CONTEXT.__dict__,
        out=str(tmp_path / "out"),
    )
    assert answer["peak"] < size // 2
    manifest = sealing.read_manifest(unb64(answer["manifest"], "m"), CONTEXT)
    with (tmp_path / "out").open("rb") as source:
        sealing.check_ciphertext(manifest, source)
