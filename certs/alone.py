#!/usr/bin/env python3
"""Seal, unlock and open a bid with this one file, Python 3.10 and cryptography 50 (`pip install cryptography`).

    python alone.py seal   --settings sealing.json --trust trust.json --key decrypt.key.json
                           --out bid.sealed --manifest bid.json  bid.pdf price.json more.zip
    python alone.py unlock --manifest bid.json --key decrypt.key.json     at the opening hour, not before
    python alone.py open   --manifest bid.json --key decrypt.key.json --ciphertext bid.sealed --out folder

It writes and reads the bid desk's format `gongheng/sealed/1` without a page, a network or the platform's code. Read it
before you run it. sealing.json (what to seal for) and trust.json (whom to believe) come from the platform: compare what
they name with the tender file and with what is published elsewhere. Exit status: 0 done, 1 does not hold, 2 not usable.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import getpass
import hashlib
import itertools
import json
import mimetypes
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import AlreadyFinalized, InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

SEALED, SUITE, PARTS = "gongheng/sealed/1", "gongheng/suite/p256/1", "gongheng/parts/1"
ROLES = ("tenderer", "centre", "regulator")
CONTEXT = ("schema", "suite", "kind", "lot", "bid", "sealer")  # what a seal is for
# RFC 9180; a wrapped secret is the sender's point (65 bytes) and the ciphertext.
HPKE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
COMMIT = b"gongheng/share/1\n"
HEADER, PAD, BLOCK = 56, 4096, 1 << 20  # bytes
BAD_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|^\.|^$|^.{121}', re.S)


class Fault(Exception): ...  # judged, and it does not hold


class Unusable(Exception): ...  # cannot be judged at all


def require(holds: object, message: str, kind: type[Exception] = Fault) -> None:
    if not holds:
        raise kind(message)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: Any, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        data = b""
    require(data and b64(data) == text, f"{what} is not base64", Unusable)
    return data


def dumps(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def loads(data: bytes) -> Any:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    require(isinstance(value, dict), "not a JSON object", Unusable)
    return value


def exactly(value: Any, keys: Iterable[str], what: str) -> Any:
    require(isinstance(value, dict) and set(value) == set(keys), f"{what} has other fields than it must", Unusable)
    return value


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_spki(data: bytes, what: str) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_der_public_key(data)
    except ValueError:
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) and spki(key) == data:
        return key
    raise Unusable(f"{what} is not a key on P-256")


def read_key(data: bytes, passphrase: str) -> ec.EllipticCurvePrivateKey:
    """The private key of a key file; its passphrase is five groups of four letters, as it was generated."""
    text = passphrase.strip().upper().translate(str.maketrans("OIL", "011", "- "))
    require(re.fullmatch("[0-9A-HJKMNP-TV-Z]{20}", text), "a passphrase is five groups of four letters", Unusable)
    words = "-".join(text[i : i + 4] for i in range(0, 20, 4)).encode()
    try:
        file = loads(data)
        kdf, sealed = file["kdf"], unb64(file.pop("ciphertext"), "ciphertext")
        nonce, public, salt = (unb64(text, "key file") for text in (file.pop("nonce"), file["spki"], kdf["salt"]))
        known = (file["format"], file["suite"], kdf["name"]) == ("gongheng/keyfile/1", SUITE, "PBKDF2-SHA256")
        require(known and 600_000 <= kdf["iterations"] <= 5_000_000, "not a key file of this kind", Unusable)
        wrapping = PBKDF2HMAC(hashes.SHA256(), 32, salt, kdf["iterations"]).derive(words)
        key = serialization.load_der_private_key(AESGCM(wrapping).decrypt(nonce, sealed, dumps(file)), None)
    except (KeyError, TypeError, ValueError):
        raise Unusable("not a key file") from None
    except InvalidTag:
        raise Fault("the passphrase does not open this key, or the key was changed") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or spki(key.public_key()) != public:
        raise Fault("the private key does not belong to its public key")
    return key


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        product, a, b = product ^ (a if b & 1 else 0), (a << 1) ^ (0x11B if a & 0x80 else 0), b >> 1
    return product


def split(secret: bytes) -> list[bytes]:
    """Shamir, 2 of 3, in GF(256) with the polynomial of AES: a share is the bytes of y, then one of x."""
    xs, slope = [1, 2, 3], os.urandom(len(secret))
    return [bytes(s ^ _times(k, x) for s, k in zip(secret, slope, strict=True)) + bytes([x]) for x in xs]


def pack(files: list[tuple[str, str, Path]]) -> Iterator[bytes]:
    """Blocks of the payload of [(name, media type, path)]: a table of contents, the files, zeros to whole pages."""
    table: list[dict[str, Any]] = [{"name": n, "media": m, "size": path.stat().st_size} for n, m, path in files]
    require(0 < len({one["name"] for one in table}) == len(table) <= 64, "1 to 64 files, all of other names", Unusable)
    for one in table:
        require(not BAD_NAME.search(one["name"]), f"not a usable name of a file: {one['name']!r}", Unusable)
    head = dumps({"schema": PARTS, "parts": table})
    require(len(head) <= 1 << 16, "the names are too long", Unusable)
    yield len(head).to_bytes(4, "big") + head
    for one, (_, _, path) in zip(table, files, strict=True):
        size = 0
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                size += len(block)
                yield block
        require(size == one["size"], f"{path} changed while it was read", Unusable)
    yield bytes(-(4 + len(head) + sum(one["size"] for one in table)) % PAD)


def decrypt(file_key: bytes, context: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunked AES-256-GCM (C2SP Cobblestone-256): the whole holds only when this ends without Fault."""
    cipher = Cobblestone256Decryptor(file_key, context)
    try:
        for block in blocks:
            yield cipher.update(block)
        yield cipher.finalize()
    except (InvalidTag, AlreadyFinalized):
        raise Fault("the ciphertext does not decrypt: it was changed, cut, or belongs to another key") from None


def unpack(blocks: Iterable[bytes], folder: Path) -> list[str]:
    """Write the parts into a new `folder`, which keeps the name `….part` until the whole has held; their names."""
    source, rest, total = iter(blocks), b"", 0
    names: list[str] = []
    draft = folder.with_name(f"{folder.name}.part")
    require(not folder.exists(), f"{folder} exists already", Unusable)
    draft.mkdir(parents=True)

    def take(count: int) -> Iterator[bytes]:
        nonlocal rest, total
        while count:
            if not rest:
                block = next(source, None)
                require(block is not None, "the sealed payload ends early")
                rest = block or b""
                continue
            piece, rest = rest[:count], rest[count:]
            count, total = count - len(piece), total + len(piece)
            yield piece

    try:
        length = int.from_bytes(b"".join(take(4)), "big")
        require(length <= 1 << 16, "the sealed payload has no header")
        head = b"".join(take(length))
        table = exactly(loads(head), ("schema", "parts"), "payload")
        require(dumps(table) == head and table["schema"] == PARTS, "the sealed payload has a wrong header")
        for part in table["parts"]:
            exactly(part, ("name", "media", "size"), "part")
            require(not BAD_NAME.search(part["name"]) and part["name"] not in names, "a part has no usable name")
            names.append(part["name"])
            with (draft / part["name"]).open("xb") as out:
                out.writelines(take(part["size"]))
        rest += b"".join(source)
        require(rest == bytes(-total % PAD), "the sealed payload has a wrong padding")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return names


def context_of(manifest: Any, **more: str) -> bytes:
    """What a payload is tied to; with ciphertext and role, what a wrapped key or share is tied to."""
    return dumps({name: manifest[name] for name in CONTEXT} | more)


def seal(context: dict[str, Any], owner: bytes, custodians: dict[str, bytes], blocks: Iterable[bytes], out: Any) -> Any:
    """Write the ciphertext to `out`; the manifest. Public keys as SPKI; `custodians` by role, or none."""
    require(not custodians or set(custodians) == set(ROLES), "custodians are three, one for each role", Unusable)
    file_key, digest, size, header = os.urandom(32), hashlib.sha256(), 0, b""
    cipher = Cobblestone256Encryptor(file_key, dumps(context))
    for block in itertools.chain(map(cipher.update, blocks), map(Cobblestone256Encryptor.finalize, [cipher])):
        header, size = (header + block)[:HEADER], size + len(block)
        digest.update(block)
        out.write(block)
    sha = digest.hexdigest()
    shares: dict[str, Any] = {"threshold": 2}
    for role, share in zip(ROLES, split(file_key), strict=True) if custodians else ():
        info, key = context_of(context, ciphertext=sha, role=role), custodians[role]
        box = b64(HPKE.encrypt(share, load_spki(key, role), info))
        shares[role] = {"key": sha256(key), "wrapped": box, "commitment": sha256(COMMIT + info + b"\n" + share)}
    wrapped = b64(HPKE.encrypt(file_key, load_spki(owner, "owner"), context_of(context, ciphertext=sha, role="owner")))
    return context | {
        "ciphertext": {"sha256": sha, "size": size, "header": b64(header)},
        "owner": {"key": sha256(owner), "wrapped": wrapped},
        "shares": shares if custodians else None,
    }


def read_manifest(data: bytes) -> Any:
    found = exactly(loads(data), (*CONTEXT, "ciphertext", "owner", "shares"), "manifest")
    require(dumps(found) == data, "the manifest is not in its one spelling")
    require((found["schema"], found["suite"]) == (SEALED, SUITE), f"not a {SEALED}", Unusable)
    exactly(found["ciphertext"], ("sha256", "size", "header"), "ciphertext")
    exactly(found["owner"], ("key", "wrapped"), "owner")
    for role in ROLES if found["shares"] is not None else ():
        require(exactly(found["shares"], (*ROLES, "threshold"), "shares")["threshold"] == 2, "not 2 of 3", Unusable)
        exactly(found["shares"][role], ("key", "wrapped", "commitment"), "share")
    return found


def unlock(manifest: Any, private: ec.EllipticCurvePrivateKey) -> bytes:
    """The file key: what is handed over at the opening hour."""
    stated = manifest["ciphertext"]
    require(sha256(spki(private.public_key())) == manifest["owner"]["key"], "this is sealed to another key")
    box, header = unb64(manifest["owner"]["wrapped"], "wrapped key"), unb64(stated["header"], "header")
    try:
        file_key = HPKE.decrypt(box, private, context_of(manifest, ciphertext=stated["sha256"], role="owner"))
        require(len(file_key) == 32 and len(header) == HEADER, "key or header has a wrong size")
        Cobblestone256Decryptor(file_key, context_of(manifest)).update(header)
    except InvalidTag:
        raise Fault("the wrapped key does not open, or is not the one this ciphertext commits to") from None
    return file_key


def ciphertext_of(manifest: Any, source: Any) -> Iterator[bytes]:
    """The blocks of the ciphertext; Fault at the end when it is not the one of the manifest."""
    stated, digest, size = manifest["ciphertext"], hashlib.sha256(), 0
    while block := source.read(BLOCK):
        digest.update(block)
        size += len(block)
        yield block
    require((digest.hexdigest(), size) == (stated["sha256"], stated["size"]), "this is another ciphertext")


def read_settings(path: Path, trust: Path | None) -> Any:
    """What to seal for, as the platform signed it; with a trust file the signature is checked."""
    found = loads(path.read_bytes())
    require(found.get("schema") == "sealing-settings/1", f"{path} is not a sealing-settings/1", Unusable)
    if trust is None:
        sys.stderr.write("no --trust: nobody has checked who made the settings\n")
        return found
    said = b"gongheng/sealing-settings/1\n" + dumps({k: v for k, v in found.items() if k != "signature"})
    signature = unb64(found["signature"], "signature")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    for text in loads(trust.read_bytes())["platform_certificates"]:
        key = x509.load_der_x509_certificate(unb64(text, "certificate")).public_key()
        with contextlib.suppress(InvalidSignature):
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(encode_dss_signature(r, s), said, ec.ECDSA(hashes.SHA256()))
                return found
    raise Fault("the settings are not signed by a platform of the trust file")


def do_seal(args: argparse.Namespace) -> Any:
    found, key = read_settings(args.settings, args.trust), loads(args.key.read_bytes())
    require(key.get("spki") == found["owner"], "the platform holds another decryption key for you than this key file")
    context = {"schema": SEALED, "suite": SUITE, "bid": os.urandom(8).hex()}
    context |= {name: found[name] for name in ("kind", "lot", "sealer")}
    media = [mimetypes.guess_type(path.name)[0] or "application/octet-stream" for path in args.files]
    files = [(path.name, kind, path) for path, kind in zip(args.files, media, strict=True)]
    custodians = {role: unb64(text, role) for role, text in found["custodians"].items()}
    with args.out.open("xb") as out:
        manifest = seal(context, unb64(found["owner"], "owner"), custodians, pack(files), out)
    with args.manifest.open("xb") as file:
        file.write(dumps(manifest))
    return {"bid": context["bid"], "ciphertext_sha256": manifest["ciphertext"]["sha256"]}


def do_unlock(args: argparse.Namespace) -> Any:
    manifest = read_manifest(args.manifest.read_bytes())
    passphrase = args.passphrase_file.read_text() if args.passphrase_file else getpass.getpass("passphrase: ")
    return {"file_key": b64(unlock(manifest, read_key(args.key.read_bytes(), passphrase)))}


def do_open(args: argparse.Namespace) -> Any:
    manifest, file_key = read_manifest(args.manifest.read_bytes()), unb64(do_unlock(args)["file_key"], "key")
    with args.ciphertext.open("rb") as source:
        return unpack(decrypt(file_key, context_of(manifest), ciphertext_of(manifest, source)), args.out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    table = {do_seal: "settings key out manifest", do_unlock: "manifest key", do_open: "manifest key ciphertext out"}
    for run, names in table.items():
        command = commands.add_parser(run.__name__[3:])
        command.set_defaults(run=run)
        for name in names.split():
            command.add_argument(f"--{name}", type=Path, required=True)
        command.add_argument("--trust" if run is do_seal else "--passphrase-file", type=Path)
        if run is do_seal:
            command.add_argument("files", type=Path, nargs="+")
    args = parser.parse_args()
    try:
        sys.stdout.write(json.dumps(args.run(args), ensure_ascii=False) + "\n")
    except (Fault, Unusable, OSError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"{error if isinstance(error, (Fault, Unusable, OSError)) else 'not a file of this kind'}\n")
        return 1 if isinstance(error, Fault) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
