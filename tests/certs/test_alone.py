"""The script a bidder can read: the same format as the house's and the browser's own code, in every direction."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import alone, keys, sealing, shares, suite
from certs.sealing import Context, Manifest
from certs.sealing_parts import Memory, Part
from certs.suite import b64, unb64
from core import canon
from core.faults import Fault, Unusable
from tests.certs.js_side import calls
from tests.certs.test_offline import offer
from tests.certs.test_sealing import VECTORS

CHUNK = 16384
# Around chunks, pages and blocks, the table of contents taken into account by the spread.
ODD = [n + d for n in (0, 4096, CHUNK, 2 * CHUNK, 1 << 20) for d in (-130, -90, -1, 0, 1) if n + d >= 0]
OWNER = suite.generate()
CUSTODIANS = {role: suite.generate() for role in shares.ROLES}
SPKI = {role: suite.spki_of(key) for role, key in CUSTODIANS.items()}
NAMES = st.lists(st.text("投标文件报价abcXYZ09 -_()", min_size=1, max_size=20), min_size=1, max_size=3, unique=True)
SIZES = st.one_of(st.sampled_from(ODD), st.integers(0, 70_000))


@st.composite
def bids(draw: st.DrawFn) -> tuple[Context, dict[str, bytes], bool]:
    """A context, its files and whether there are custodians."""
    word = st.text("abcdefgh0123456789-", min_size=1, max_size=40)
    context = Context("bid", draw(word), draw(word), draw(st.binary(min_size=32, max_size=32)).hex())
    made = random.Random(draw(st.integers(0, 1 << 30)))
    return context, {name: made.randbytes(draw(SIZES)) for name in draw(NAMES)}, draw(st.booleans())


def script_seals(context: Context, files: dict[str, bytes], fallback: bool, folder: Path) -> tuple[Manifest, bytes]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    out, table = io.BytesIO(), [(name, "a/b", folder / name) for name in files]
    made = alone.seal(context.fields(), suite.spki_of(OWNER), SPKI if fallback else {}, alone.pack(table), out)
    return sealing.read_manifest(alone.dumps(made), context), out.getvalue()


def house_seals(context: Context, files: dict[str, bytes], fallback: bool) -> tuple[Manifest, bytes]:
    out, parts = io.BytesIO(), [Part.of_bytes(name, "a/b", data) for name, data in files.items()]
    public = {role: key.public_key() for role, key in CUSTODIANS.items()} if fallback else None
    return sealing.seal(parts, OWNER.public_key(), context, out, public), out.getvalue()


def script_opens(manifest: Manifest, ciphertext: bytes, folder: Path) -> dict[str, bytes]:
    said, out = alone.read_manifest(manifest.data), folder / "opened"
    shutil.rmtree(out, ignore_errors=True)
    blocks = alone.ciphertext_of(said, io.BytesIO(ciphertext))
    names = alone.unpack(alone.decrypt(alone.unlock(said, OWNER), alone.context_of(said), blocks), out)
    return {name: (out / name).read_bytes() for name in names}


def house_opens(manifest: Manifest, ciphertext: bytes) -> dict[str, bytes]:
    memory = Memory()
    sealing.open_with_key(manifest, OWNER, io.BytesIO(ciphertext), memory)
    return memory.parts


def combined(manifest: Manifest, *roles: str) -> bytes:
    return sealing.combine_shares(
        manifest, {role: sealing.unwrap_share(manifest, role, CUSTODIANS[role]) for role in roles}
    )


@settings(max_examples=25)
@given(bids())
def test_script_and_house_open_each_others_seals(tmp_path_factory, bid):
    _, files, fallback = bid
    folder = tmp_path_factory.mktemp("bid")
    for manifest, ciphertext in (script_seals(*bid, folder), house_seals(*bid)):
        assert script_opens(manifest, ciphertext, folder) == house_opens(manifest, ciphertext) == files
        if fallback:
            file_key = sealing.unwrap_file_key(manifest, OWNER)
            assert {combined(manifest, *pair) for pair in (("tenderer", "centre"), ("regulator", "tenderer"))} == {
                file_key
            }


@pytest.fixture(scope="module")
def holders() -> dict[str, dict[str, object]]:
    """Key files of owner and custodians for the other side."""
    made = {}
    for name, key in {"owner": OWNER, **CUSTODIANS}.items():
        passphrase = keys.new_passphrase()
        made[name] = {
            "envelope": keys.wrap(key, "decrypt", "uid-1", passphrase), "use": "decrypt", "passphrase": passphrase,
        }  # fmt: skip
    return made


@settings(max_examples=3)
@given(st.lists(bids(), min_size=4, max_size=4))
def test_script_house_and_browser_agree_on_anything(tmp_path_factory, holders, several):
    """What the browser's code sealed opens here twice; what was sealed here opens there; shares too."""
    folder = tmp_path_factory.mktemp("bids")
    asked = []
    for number, (context, files, fallback) in enumerate(several):
        asked.append({
            "call": "seal", "owner": b64(suite.spki_of(OWNER)), "context": context.__dict__,
            "out": str(folder / f"{number}.js"),
            "parts": [{"name": name, "media": "a/b", "data": b64(data)} for name, data in files.items()],
            **({"custodians": {role: b64(spki) for role, spki in SPKI.items()}} if fallback else {}),
        })  # fmt: skip
    for number, (answer, (context, files, fallback)) in enumerate(zip(calls(*asked), several, strict=True)):
        manifest = sealing.read_manifest(unb64(answer["manifest"], "manifest"), context)
        ciphertext = (folder / f"{number}.js").read_bytes()
        assert script_opens(manifest, ciphertext, folder) == house_opens(manifest, ciphertext) == files
        if fallback:
            assert combined(manifest, "centre", "regulator") == sealing.unwrap_file_key(manifest, OWNER)
    there, expected = [], []
    for number, (context, files, fallback) in enumerate(several):
        manifest, ciphertext = script_seals(context, files, fallback, folder)
        path = folder / f"{number}.py"
        path.write_bytes(ciphertext)
        base = {"manifest": b64(manifest.data), "context": context.__dict__}
        there.append({"call": "open", **base, "ciphertext": str(path), **holders["owner"]})
        expected.append([{"name": name, "media": "a/b", "data": b64(data)} for name, data in files.items()])
        if fallback:
            there.append({"call": "share", **base, "role": "centre", **holders["centre"]})
            share = sealing.unwrap_share(manifest, "centre", CUSTODIANS["centre"])
            expected.append(b64(share))
            other = b64(sealing.unwrap_share(manifest, "tenderer", CUSTODIANS["tenderer"]))
            there.append(
                {"call": "combine", "manifest": base["manifest"], "shares": {"centre": b64(share), "tenderer": other}}
            )
            expected.append(b64(sealing.unwrap_file_key(manifest, OWNER)))
    assert calls(*there) == expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"tc{vector['tcId']}")
@pytest.mark.parametrize("step", [7, 1 << 20])
def test_wycheproof_vectors_on_the_script(vector, step):
    key, ctx, ct = (bytes.fromhex(vector[name]) for name in ("key", "ctx", "ct"))
    data = zlib.decompress(ct)
    pieces = alone.decrypt(key, ctx, (data[at : at + step] for at in range(0, len(data), step)))
    if vector["result"] == "invalid":
        with pytest.raises(alone.Fault):
            list(pieces)
    else:
        plain = b"".join(pieces)
        assert (len(plain), hashlib.sha512(plain).hexdigest()) == (vector["msgLength"], vector["msgSha512"])


# --- as a bidder runs it: a copy of the file, nothing of the house around it -----------------------------------------


def run(folder: Path, *arguments: object, status: int = 0) -> object:
    """`python -I` sees neither this folder's packages nor the repository."""
    done = subprocess.run(
        [sys.executable, "-I", folder / "seal.py", *map(str, arguments)], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout) if status == 0 else done.stderr.decode()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The script, settings, trust, key file and files of a bid in one folder."""
    shutil.copy(alone.__file__, tmp_path / "seal.py")
    offer(tmp_path, b64(suite.spki_of(OWNER)), {role: b64(spki) for role, spki in SPKI.items()})
    passphrase = keys.new_passphrase()
    (tmp_path / "decrypt.key.json").write_bytes(keys.key_file(OWNER, "uid-1", passphrase))
    (tmp_path / "pass").write_text(passphrase.lower().replace("-", " "))
    (tmp_path / "bid.pdf").write_bytes(b"%PDF-1.7 " * 30_000)
    (tmp_path / "price.json").write_bytes(b'{"price":"5752.80"}')
    return tmp_path


SEAL = ["seal", "--settings", "sealing.json", "--trust", "trust.json", "--key", "decrypt.key.json",
        "--out", "bid.sealed", "--manifest", "bid.json", "bid.pdf", "price.json"]  # fmt: skip
OWN = ["--manifest", "bid.json", "--key", "decrypt.key.json", "--passphrase-file", "pass"]


def test_a_copy_of_the_script_seals_unlocks_and_opens(desk):
    sealed = run(desk, *SEAL)
    context = Context("bid", "lot-1", sealed["bid"], "ab" * 32)
    manifest = sealing.read_manifest((desk / "bid.json").read_bytes(), context)
    assert house_opens(manifest, (desk / "bid.sealed").read_bytes())["price.json"] == b'{"price":"5752.80"}'
    sealing.check_file_key(unb64(run(desk, "unlock", *OWN)["file_key"], "key"), manifest.header, context)
    assert run(desk, "open", *OWN, "--ciphertext", "bid.sealed", "--out", "opened") == ["bid.pdf", "price.json"]
    assert (desk / "opened/bid.pdf").read_bytes() == (desk / "bid.pdf").read_bytes()
    assert "exists" in run(desk, *SEAL, status=2)


def test_the_script_refuses_in_one_line(desk):
    good = (desk / "sealing.json").read_bytes()
    for bad, status in ((good.replace(b"lot-1", b"lot-2"), 1), (b"{}", 2), (b"[", 2)):
        (desk / "sealing.json").write_bytes(bad)
        assert run(desk, *SEAL, status=status).count("\n") == 1
    offer(desk, b64(suite.spki_of(suite.generate())))
    assert "another decryption key" in run(desk, *SEAL, status=1)
    assert not (desk / "bid.sealed").exists()
    offer(desk, b64(suite.spki_of(OWNER)))
    run(desk, *SEAL)
    data = bytearray((desk / "bid.sealed").read_bytes())
    data[70_000] ^= 1
    (desk / "bid.sealed").write_bytes(bytes(data))
    said = run(desk, "open", *OWN, "--ciphertext", "bid.sealed", "--out", "opened", status=1)
    assert "changed" in said and not list(desk.glob("opened*"))
    (desk / "pass").write_text(keys.new_passphrase())
    assert "passphrase" in run(desk, "unlock", *OWN, status=1)


# --- a thousand ways to change a sealed file -------------------------------------------------------------------------


class Spoiler:
    """Makes one change after another; each is refused by whoever would open the bid, and the refusal says why."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        files = {"bid.pdf": self.random.randbytes(3 * CHUNK + 77), "price.json": b'{"price":"5752.80"}'}
        self.context = Context("bid", "lot-1", "bid-1", "ab" * 32)
        self.manifest, self.body = house_seals(self.context, files, True)
        self.other, _ = house_seals(self.context, files, True)
        self.file_key = sealing.unwrap_file_key(self.manifest, OWNER)

    def flip(self, data: bytes, start: int = 0, end: int | None = None) -> bytes:
        at = self.random.randrange(start, len(data) if end is None else end)
        return data[:at] + bytes([data[at] ^ (1 << self.random.randrange(8))]) + data[at + 1 :]

    def pieces(self) -> list[bytes]:
        return [self.body[at : at + CHUNK + 16] for at in range(56, len(self.body), CHUNK + 16)]

    def ciphertext(self) -> bytes:
        """Flipped, cut, grown, or with chunks swapped, doubled or left out."""
        chunks, some = self.pieces(), self.random.randrange(len(self.body))
        one, two = self.random.sample(range(len(chunks)), 2)
        swapped = [chunks[{one: two, two: one}.get(i, i)] for i in range(len(chunks))]
        return self.random.choice([
            self.flip(self.body), self.flip(self.body, 0, 56), self.body[:some],
            self.body + self.random.randbytes(some + 1),
            self.body[:56] + b"".join(swapped), self.body[:56] + b"".join([*chunks[:one], *chunks[one + 1 :]]),
            self.body[:56] + b"".join([*chunks[: one + 1], *chunks[one:]]),
        ])  # fmt: skip

    def refuse_ciphertext(self) -> str:
        """Also where the liar repairs digest, size and header, and the file key is given away."""
        bad = self.ciphertext()
        assert bad != self.body
        refused(lambda: script_opens(self.manifest, bad, self.folder))
        refused(lambda: house_opens(self.manifest, bad))
        mended = replace(self.manifest, sha256=hashlib.sha256(bad).hexdigest(), size=len(bad), header=bad[:56])
        refused(lambda: list(alone.decrypt(self.file_key, self.context.payload(), [bad])))
        return refused(lambda: sealing.open_with_file_key(mended, self.file_key, io.BytesIO(bad), Memory()))

    def refuse_manifest(self) -> str:
        """One field at a time; the sealer's signature over the whole, which would show any of this, is left aside."""
        body = canon.loads(self.manifest.data)
        places = [(body, name) for name in ("schema", "suite", "kind", "lot", "bid", "sealer")]
        places += [(body["ciphertext"], name) for name in body["ciphertext"]]
        places += [(body["owner"], name) for name in body["owner"]] + [(body["shares"], "threshold")]
        at, name = self.random.choice(places)
        at[name] = self.changed(at[name])
        data = canon.dumps(body) if self.random.random() < 0.9 else json.dumps(canon.loads(self.manifest.data)).encode()
        refused(lambda: opened_by_script(data, self.body, self.folder))
        return refused(lambda: house_opens(sealing.read_manifest(data), self.body))

    def changed(self, value: object) -> object:
        if type(value) is int:
            return value + self.random.choice([-1, 1, 1 << 20, -value])
        text = str(value)
        at = self.random.randrange(len(text))
        kept = self.random.choice([text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :], text[:at], text + text[at]])
        return self.random.choice([kept, kept, kept, None])

    def refuse_share(self) -> str:
        """In the manifest: box or commitment changed, or a box of elsewhere. Released: other bytes, another role's."""
        role, second = self.random.sample(shares.ROLES, 2)
        held = self.manifest.held[role]
        other = self.random.choice(
            [
                replace(held, wrapped=self.flip(held.wrapped)),
                replace(held, commitment=self.flip(bytes.fromhex(held.commitment)).hex()),
                self.other.held[role],
                self.manifest.held[second],
            ]
        )
        bad = sealing.read_manifest(replace(self.manifest, held=self.manifest.held | {role: other}).data, self.context)
        refused(lambda: sealing.unwrap_share(bad, role, CUSTODIANS[role]))
        out = {one: sealing.unwrap_share(self.manifest, one, CUSTODIANS[one]) for one in (role, second)}
        spoiled = self.random.choice([self.flip(out[role]), out[role][:-1], out[second]])
        return refused(lambda: sealing.combine_shares(self.manifest, out | {role: spoiled}))

    def once(self, folder: Path) -> str:
        self.folder = folder
        attempt = self.random.choice([self.refuse_ciphertext, self.refuse_manifest, self.refuse_share])
        return attempt()


def opened_by_script(manifest: bytes, ciphertext: bytes, folder: Path) -> None:
    said = alone.read_manifest(manifest)
    file_key = alone.unlock(said, OWNER)
    blocks = alone.ciphertext_of(said, io.BytesIO(ciphertext))
    alone.unpack(alone.decrypt(file_key, alone.context_of(said), blocks), folder / "opened")


# The script says "not a file of this kind" for these.
SCRIPT = (alone.Fault, alone.Unusable, KeyError, TypeError, AttributeError)


def refused(attempt: Callable[[], object]) -> str:
    """The cause; a change that is not refused, or is without a word, fails the test."""
    with pytest.raises((Fault, Unusable, *SCRIPT)) as caught:
        attempt()
    assert str(caught.value)
    return str(caught.value)


def spoil(count: int, folder: Path) -> None:
    spoiler = Spoiler(count)
    causes = {spoiler.once(folder) for _ in range(count)}
    assert len(causes) >= 10, causes
    assert house_opens(spoiler.manifest, spoiler.body), "the unchanged one opens"


def test_a_hundred_changes_of_a_sealed_file_are_refused_with_a_cause(tmp_path):
    spoil(120, tmp_path)


@pytest.mark.soak
def test_a_thousand_changes_of_a_sealed_file_are_refused_with_a_cause(tmp_path):
    spoil(1_200, tmp_path)
