"""Seals: both sides open each other's, nothing changed opens, memory stays bounded."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import sealing, shares, suite
from certs.sealing import Context, Manifest
from certs.sealing_parts import PAD, Memory, Part, pack, unpack
from certs.suite import HPKE, b64
from core import canon
from core.faults import Fault, Unusable
from tests.certs.js_side import calls

CONTEXT = Context("bid", "lot-1", "bid-1", "ab" * 32)
PDF, PRICE = bytes(range(256)) * 200, b'{"price":"5752.80"}'
FILES = {"投标文件.pdf": PDF, "price.json": PRICE, "empty.txt": b""}
VECTORS = json.loads((Path(__file__).parent / "js/cobblestone256.json").read_text())["tests"]


def parts() -> list[Part]:
    media = ["application/pdf", "application/json", "text/plain"]
    return [Part.of_bytes(name, kind, data) for (name, data), kind in zip(FILES.items(), media, strict=True)]


@dataclass
class Sealed:
    owner: suite.PrivateKey
    custodians: dict[str, suite.PrivateKey]
    manifest: Manifest
    ciphertext: bytes

    def opened(self, manifest: Manifest | None = None, ciphertext: bytes | None = None) -> dict[str, bytes]:
        memory = Memory()
        source = io.BytesIO(self.ciphertext if ciphertext is None else ciphertext)
        sealing.open_with_key(manifest or self.manifest, self.owner, source, memory)
        return memory.parts


def make(context: Context = CONTEXT, fallback: bool = True, owner: suite.PrivateKey | None = None) -> Sealed:
    owner = owner or suite.generate()
    custodians = {role: suite.generate() for role in shares.ROLES}
    out = io.BytesIO()
    public = {role: key.public_key() for role, key in custodians.items()} if fallback else None
    manifest = sealing.seal(parts(), owner.public_key(), context, out, public)
    return Sealed(owner, custodians, manifest, out.getvalue())


@pytest.fixture(scope="module")
def sealed() -> Sealed:
    return make()


def test_a_seal_opens_to_its_parts(sealed):
    assert sealed.opened() == FILES
    again = sealing.read_manifest(sealed.manifest.data, CONTEXT)
    assert again == sealed.manifest
    assert again.digest == canon.sha256_hex(again.data)
    sealing.check_ciphertext(again, io.BytesIO(sealed.ciphertext))


def test_the_manifest_holds_no_digest_of_plaintext(sealed):
    text = sealed.manifest.data.decode()
    whole = b"".join(pack(parts()))
    for data in (*FILES.values(), whole, PDF + PRICE):
        for digest in (hashlib.sha256(data), hashlib.sha512(data), hashlib.sha1(data), hashlib.md5(data)):
            assert digest.hexdigest() not in text
            assert b64(digest.digest()) not in text


def test_the_size_does_not_tell_the_digits_of_a_price():
    def size(price: str) -> int:
        data = canon.dumps({"price": price})
        return len(b"".join(pack([Part.of_bytes("price.json", "application/json", data)])))

    assert size("9") == size("1234567890.12") == PAD


def test_the_payload_is_cobblestone_256(sealed):
    file_key = sealing.unwrap_file_key(sealed.manifest, sealed.owner)
    cipher = Cobblestone256Decryptor(file_key, CONTEXT.payload())
    assert cipher.update(sealed.ciphertext) + cipher.finalize() == b"".join(pack(parts()))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"tc{vector['tcId']}")
def test_wycheproof_vectors_here(vector):
    key, ctx, ct = (bytes.fromhex(vector[name]) for name in ("key", "ctx", "ct"))
    cipher = Cobblestone256Decryptor(key, ctx)
    if vector["result"] == "invalid":
        with pytest.raises(InvalidTag):
            cipher.update(zlib.decompress(ct))
            cipher.finalize()
    else:
        plain = cipher.update(zlib.decompress(ct)) + cipher.finalize()
        assert (len(plain), hashlib.sha512(plain).hexdigest()) == (vector["msgLength"], vector["msgSha512"])


def test_wycheproof_vectors_there():
    for vector, answer in zip(
        VECTORS, calls(*[{"call": "vector", **{n: v[n] for n in ("key", "ctx", "ct")}} for v in VECTORS]), strict=True
    ):
        if vector["result"] == "invalid":
            assert isinstance(answer, Fault), vector["comment"]
        else:
            assert answer == {name: vector[name] for name in ("msgLength", "msgSha512")}, vector["comment"]


# --- nothing changed opens -------------------------------------------------------------------------------------------


def test_no_changed_byte_of_the_ciphertext_opens(sealed):
    """Also where the liar repairs digest, size and header in the manifest: the key and the chunks still know."""
    size = len(sealed.ciphertext)
    for at in [0, 23, 24, 55, 56, 16384 + 72, 16384 + 71, size // 2, size - 17, size - 1]:
        bad = bytearray(sealed.ciphertext)
        bad[at] ^= 1
        with pytest.raises(Fault):
            sealed.opened(ciphertext=bytes(bad))
        with pytest.raises(Fault):
            sealed.opened(repaired(sealed.manifest, bytes(bad)), bytes(bad))


def repaired(manifest: Manifest, ciphertext: bytes) -> Manifest:
    sha256 = hashlib.sha256(ciphertext).hexdigest()
    return replace(manifest, sha256=sha256, size=len(ciphertext), header=ciphertext[:56])


def with_key(sealed: Sealed, ciphertext: bytes) -> list[Any]:
    """Past the wrapped key: the server's path at opening, with a repaired manifest."""
    file_key = sealing.unwrap_file_key(sealed.manifest, sealed.owner)
    manifest = repaired(sealed.manifest, ciphertext)
    return sealing.open_with_file_key(manifest, file_key, io.BytesIO(ciphertext), Memory())


def test_cut_grown_and_reordered_ciphertexts_do_not_open(sealed):
    body, chunk = sealed.ciphertext, 16384 + 16
    first, second, rest = body[56 : 56 + chunk], body[56 + chunk : 56 + 2 * chunk], body[56 + 2 * chunk :]
    bad = {
        "cut": [body[:n] for n in (0, 10, 56, 71, 72, 56 + chunk, 56 + 2 * chunk, len(body) - 1)],
        "grown": [body + b"\0", body + first, body + bytes(16)],
        "moved": [body[:56] + second + first + rest, body[:56] + first + first + rest, body[:56] + second + rest],
    }
    for how, variants in bad.items():
        for variant in variants:
            with pytest.raises((Fault, Unusable)):
                sealed.opened(ciphertext=variant)
            with pytest.raises((Fault, Unusable)):
                with_key(sealed, variant)
                pytest.fail(how)
    assert with_key(sealed, body)


def test_a_manifest_of_another_lot_bid_or_bidder_is_refused(sealed):
    others = {"lot": "lot-2", "bid": "bid-2", "sealer": "cd" * 32, "kind": "reference"}
    for name, value in others.items():
        other = replace(CONTEXT, **{name: value})
        with pytest.raises(Fault, match=f"another {name}"):
            sealing.read_manifest(sealed.manifest.data, other)
        moved = replace(sealed.manifest, context=other)
        with pytest.raises(Fault):
            sealed.opened(moved)
        file_key = sealing.unwrap_file_key(sealed.manifest, sealed.owner)
        with pytest.raises(Fault, match="commits to"):
            sealing.check_file_key(file_key, sealed.manifest.header, other)


def test_swapped_wrapped_keys_do_not_open(sealed):
    other = make(owner=sealed.owner)
    with pytest.raises(Fault, match="wrapped key does not open"):
        sealed.opened(replace(sealed.manifest, owner_wrapped=other.manifest.owner_wrapped))
    with pytest.raises(Fault, match="another decryption key"):
        sealing.unwrap_file_key(sealed.manifest, suite.generate())
    with pytest.raises(Fault):
        sealed.opened(other.manifest)
    for at in (0, 1, 64, 65, 112):
        wrapped = bytearray(sealed.manifest.owner_wrapped)
        wrapped[at] ^= 1
        with pytest.raises(Fault):
            sealed.opened(replace(sealed.manifest, owner_wrapped=bytes(wrapped)))


def test_a_wrong_file_key_is_named_before_anything_is_decrypted(sealed):
    good = sealing.unwrap_file_key(sealed.manifest, sealed.owner)
    sealing.check_file_key(good, sealed.ciphertext[:56], CONTEXT)
    for wrong in (bytes(32), good[::-1]):
        with pytest.raises(Fault, match="commits to"):
            sealing.check_file_key(wrong, sealed.ciphertext[:56], CONTEXT)
        with pytest.raises(Fault, match="commits to"):
            sealing.open_with_file_key(sealed.manifest, wrong, io.BytesIO(sealed.ciphertext), Memory())
    with pytest.raises(Unusable):
        sealing.check_file_key(good[:-1], sealed.ciphertext[:56], CONTEXT)


def test_every_changed_byte_of_a_manifest_is_refused(sealed):
    data = sealed.manifest.data
    for at in range(0, len(data), 3):
        bad = bytearray(data)
        bad[at] ^= 1
        with pytest.raises((Fault, Unusable)):
            manifest = sealing.read_manifest(bytes(bad), CONTEXT)
            assert manifest.digest != sealed.manifest.digest  # the sealer's signature is over this
            sealed.opened(manifest)
            for role, key in sealed.custodians.items():
                sealing.unwrap_share(manifest, role, key)


# --- shares ----------------------------------------------------------------------------------------------------------


def released(sealed: Sealed, *roles: str) -> dict[str, bytes]:
    return {role: sealing.unwrap_share(sealed.manifest, role, sealed.custodians[role]) for role in roles}


@pytest.mark.parametrize(
    "roles", [("tenderer", "centre"), ("tenderer", "regulator"), ("centre", "regulator"), shares.ROLES]
)
def test_two_custodians_open_what_the_bidder_cannot(sealed, roles):
    file_key = sealing.combine_shares(sealed.manifest, released(sealed, *roles))
    assert file_key == sealing.unwrap_file_key(sealed.manifest, sealed.owner)


def test_one_custodian_or_a_wrong_share_does_not(sealed):
    with pytest.raises(Fault, match="2 different shares"):
        sealing.combine_shares(sealed.manifest, released(sealed, "centre"))
    two = released(sealed, "centre", "regulator")
    with pytest.raises(Fault, match="committed"):
        sealing.combine_shares(sealed.manifest, two | {"tenderer": two["centre"]})
    with pytest.raises(Fault, match="another custodian"):
        sealing.unwrap_share(sealed.manifest, "centre", sealed.custodians["regulator"])
    with pytest.raises(Fault, match="no share for mallory"):
        sealing.unwrap_share(sealed.manifest, "mallory", sealed.custodians["regulator"])


def test_a_share_of_another_seal_or_role_does_not_open(sealed):
    keys_ = {role: key.public_key() for role, key in sealed.custodians.items()}
    other = sealing.seal(parts(), sealed.owner.public_key(), CONTEXT, io.BytesIO(), keys_)
    swapped = replace(sealed.manifest, held=sealed.manifest.held | {"centre": other.held["centre"]})
    with pytest.raises(Fault, match="does not open"):
        sealing.unwrap_share(swapped, "centre", sealed.custodians["centre"])


def test_junk_shares_are_the_sealers_fault(sealed):
    """Committed to junk: one junk share among three does not stop the opening, two do and say whose fault it is."""

    def junk(manifest: Manifest, role: str) -> Manifest:
        share = bytes(32) + bytes([200 + shares.ROLES.index(role)])
        held = shares.wrap(share, sealed.custodians[role].public_key(), manifest.info(role))
        return replace(manifest, held=manifest.held | {role: held})

    def combined(manifest: Manifest) -> bytes:
        out = {role: sealing.unwrap_share(manifest, role, key) for role, key in sealed.custodians.items()}
        return sealing.combine_shares(manifest, out)

    one = junk(sealed.manifest, "centre")
    assert combined(one) == sealing.unwrap_file_key(sealed.manifest, sealed.owner)
    with pytest.raises(Fault, match="the sealer put in wrong ones"):
        combined(junk(one, "tenderer"))


def test_without_a_fallback_clause_there_are_no_shares():
    plain = make(fallback=False)
    assert canon.loads(plain.manifest.data)["shares"] is None
    with pytest.raises(Fault, match="no share"):
        sealing.unwrap_share(plain.manifest, "centre", plain.custodians["centre"])


def test_shares_need_three_different_keys():
    key = suite.generate().public_key()
    for wrong in (dict.fromkeys(shares.ROLES, key), {"centre": key}, {"a": key, "b": key, "c": key}):
        with pytest.raises(Unusable, match="three different"):
            sealing.seal(parts(), key, CONTEXT, io.BytesIO(), wrong)


# --- the container ---------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=9000), min_size=1, max_size=4), st.integers(1, 5000))
def test_any_parts_survive_any_block_size(contents, step):
    whole = b"".join(pack(Part.of_bytes(f"{i}.bin", "a/b", data) for i, data in enumerate(contents)))
    assert len(whole) % PAD == 0
    memory = Memory()
    opened = unpack((whole[at : at + step] for at in range(0, len(whole), step)), memory)
    assert list(memory.parts.values()) == contents
    assert [part.sha256 for part in opened] == [hashlib.sha256(data).hexdigest() for data in contents]


def refused_names() -> list[str]:
    return ["", ".hidden", "a/b", "..", "a\\b", "a\n", "x" * 121, "a\u202efdp.exe", "con:"]


@pytest.mark.parametrize("name", refused_names())
def test_names_that_could_harm_a_folder_are_refused(name):
    with pytest.raises(Unusable):
        list(pack([Part.of_bytes(name, "a/b", b"")]))


def test_a_container_no_packer_made_is_a_fault():
    whole = b"".join(pack(parts()))
    evil = canon.dumps({"schema": "gongheng/parts/1", "parts": [{"name": "../x", "media": "a/b", "size": 0}]})
    spoiled = whole[:-1] + b"\1"
    for bad in (b"", whole[:3], whole[:100], whole[:-1], whole + bytes(PAD), spoiled, b"\xff" * 5000):
        with pytest.raises(Fault):
            unpack([bad], Memory())
    with pytest.raises(Fault, match="wrong header"):
        unpack([(len(evil).to_bytes(4, "big") + evil).ljust(PAD, b"\0")], Memory())


def test_a_part_must_have_its_announced_size():
    with pytest.raises(Unusable, match="were announced"):
        list(pack([Part("a", "a/b", 3, lambda: [b"12"])]))


def test_memory_stays_bounded_both_ways(tmp_path: Path):
    """64 MB through seal and open: a few blocks of 1 MiB in memory, never the file."""
    size, block = 64_000_000, bytes(1_000_000)
    owner = suite.generate()
    big = Part("big.bin", "application/octet-stream", size, lambda: (block for _ in range(64)))

    class Drain:
        count = 0

        def write(self, data: bytes) -> None:
            self.count += len(data)

    drain = Drain()
    tracemalloc.start()
    with (tmp_path / "sealed").open("wb") as out:
        manifest = sealing.seal([big], owner.public_key(), CONTEXT, out)
    with (tmp_path / "sealed").open("rb") as source:
        sealing.open_with_key(manifest, owner, source, lambda name, media, size: drain)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert drain.count == size
    assert peak < 12_000_000


def test_hpke_keys_of_another_curve_point_are_refused():
    with pytest.raises(InvalidTag):
        HPKE.decrypt(b"\x04" + bytes(64) + bytes(48), suite.generate(), b"")
    assert len(Cobblestone256Encryptor.generate_key()) == sealing.KEY_BYTES
