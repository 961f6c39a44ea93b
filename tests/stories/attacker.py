"""The attacker of the issue: holds a copy of the server, and nothing of what people keep in their browsers.

Everything here reads files only: the SQLite file, the blob folder, the CA folder, the server's secret. It knows the
formats and the code. `prices_of` gives what it got out: {bid id: price}.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from certs import sealing, shares, suite
from certs.sealing import Manifest
from certs.sealing_parts import Memory
from core import canon
from core.faults import Fault
from trading.opening import sheet

HEX = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{43}=?(?![A-Za-z0-9+/=_-])")
CURVE_ORDER = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)


@dataclass
class Loot:
    """What was copied: the folder of the server, without any key ring of its users."""

    folder: Path
    keys: list[ec.EllipticCurvePrivateKey] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)

    def files(self) -> Iterator[bytes]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield path.read_bytes()

    def values(self) -> Iterator[bytes]:
        """Every cell of every table; in the file itself two columns may stand without a gap."""
        with sqlite3.connect(next(self.folder.glob("*.db"))) as db:
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in db.execute(f'SELECT * FROM "{table}"'):
                    yield from (one if isinstance(one, bytes) else str(one).encode() for one in row)

    def manifests(self) -> list[Manifest]:
        """Every sealed thing the database knows."""
        with sqlite3.connect(next(self.folder.glob("*.db"))) as db:
            rows = [row[0] for t in ("bid", "sealed_reference") for row in db.execute(f"SELECT manifest FROM {t}")]
        return [sealing.read_manifest(canon.dumps(canon.loads(row.encode()))) for row in rows]

    def ciphertext(self, manifest: Manifest) -> bytes:
        return next(data for data in self.files() if hashlib.sha256(data).hexdigest() == manifest.sha256)

    def gather(self) -> None:
        """Private keys in every file; 32-byte values standing anywhere, raw, in hex or in base64; what they derive."""
        for data in [*self.files(), *self.values()]:
            key = _private(data)
            if key is not None:
                self.keys.append(key)
            if len(data) in (32, 64, 65):
                self.secrets += [data[:32], hashlib.sha256(data).digest(), hashlib.sha256(data.strip()).digest()]
            self.secrets += [bytes.fromhex(one.decode()) for one in HEX.findall(data)]
            for one in BASE64.findall(data):
                raw = base64.b64decode(one[:43].translate(bytes.maketrans(b"-_", b"+/")) + b"=")
                self.secrets.append(raw)
        self.secrets = list(dict.fromkeys(self.secrets))
        wanted = {m.owner_key for m in self.manifests()} | {h.key for m in self.manifests() for h in m.held.values()}
        for secret in self.secrets:
            number = int.from_bytes(secret, "big")
            if 0 < number < CURVE_ORDER:
                key = ec.derive_private_key(number, ec.SECP256R1())
                self.keys += [key] if suite.spki_id(key) in wanted else []


def _private(data: bytes) -> ec.EllipticCurvePrivateKey | None:
    for load in (serialization.load_pem_private_key, serialization.load_der_private_key):
        try:
            key = load(data, None)
        except (ValueError, TypeError):
            continue
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    return None


def unwrapped(manifest: Manifest, key: suite.PrivateKey) -> Iterator[bytes]:
    """Everything wrapped in a manifest, tried with one key in every role, whatever key it says it is for."""
    boxes = [(manifest.owner_wrapped, "owner")] + [(held.wrapped, role) for role, held in manifest.held.items()]
    for wrapped, role in boxes:
        for info in {"owner", *shares.ROLES, role}:
            try:
                yield suite.HPKE.decrypt(wrapped, key, manifest.info(info))
            except InvalidTag:
                continue


def fits(manifest: Manifest, file_key: bytes) -> bool:
    """The ciphertext commits to its key: a right guess is known at once."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + manifest.header[:24] + manifest.context.payload()
    return HKDFExpand(_SHA512, 76, info).derive(file_key)[-32:] == manifest.header[24:]


_SHA512 = sealing.hashes.SHA512()


def file_keys(loot: Loot, manifest: Manifest) -> list[bytes]:
    """File keys for one seal: by unwrapping with every key, by joining shares, by every known secret itself."""
    got = [one for key in loot.keys for one in unwrapped(manifest, key)]
    parts = [one for one in [*got, *loot.secrets] if len(one) == shares.SHARE_BYTES]
    with suppress(Fault):  # fewer than two shares
        got += list(shares.candidates(parts))
    return [one for one in [*got, *loot.secrets] if len(one) == 32 and fits(manifest, one)]


def prices_of(loot: Loot) -> dict[str, str]:
    """{bid: price} of everything that opens."""
    found = {}
    for manifest in loot.manifests():
        for key in file_keys(loot, manifest):
            found[manifest.context.bid] = read_price(loot, manifest, key)
    return found


def read_price(loot: Loot, manifest: Manifest, file_key: bytes) -> str:
    sink = Memory()
    sealing.open_with_file_key(manifest, file_key, io.BytesIO(loot.ciphertext(manifest)), sink)
    try:
        return sheet.read(sink.parts[sheet.SHEET]).price
    except KeyError:
        return sheet.read_reference(sink.parts[sheet.REFERENCE])


def words_of(loot: Loot) -> list[str]:
    """Names, logins, phones, codes, ids: every short text of the database, and demo passwords."""
    words: set[str] = {"Gongheng-2026-demo", "123456", "password", "admin", "gongheng"}
    with sqlite3.connect(next(loot.folder.glob("*.db"))) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(tables):
            for row in db.execute(f'SELECT * FROM "{table}"'):
                words |= {value for value in row if isinstance(value, str) and 1 < len(value) <= 40}
    words |= {f"1390000{number:04d}" for number in range(10_000)}
    return sorted(words)


def guesses(words: list[str], count: int) -> Iterator[bytes]:
    """`count` passphrases: words alone, then with years and digits, then two together."""
    alone = iter(words)
    dressed = (a + b for a, b in product(words, ("1", "123", "2025", "2026", "!", "@2026", "甲", "0000")))
    pairs = (a + b for a, b in product(words, words))
    for number, word in enumerate(_chain(alone, dressed, pairs)):
        if number == count:
            return
        yield word.encode()


def _chain(*parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        yield from part


def keys_from(guess: bytes) -> Iterator[bytes]:
    """How careless software makes 32 bytes of a passphrase."""
    yield hashlib.sha256(guess).digest()
    yield (guess + bytes(32))[:32]


def guess_prices(loot: Loot, seals: list[Manifest], count: int) -> tuple[dict[str, bytes], int]:
    """{bid: file key} that guessing gives, and how many guesses were tried against every seal."""
    tried, found = 0, {}
    for guess in guesses(words_of(loot), count):
        tried += 1
        for file_key in keys_from(guess):
            for manifest in seals:
                if fits(manifest, file_key):
                    found[manifest.context.bid] = file_key
    return found, tried


def standing_digests(loot: Loot, forms: Iterable[bytes]) -> list[bytes]:
    """Forms of a plaintext whose hash stands anywhere: plain, or salted with any 16 or 32 bytes that stand anywhere."""
    known = set(loot.secrets)
    salts = [b"", *(part for one in loot.secrets for part in (one, one[:16], one[16:]))]
    return [
        form for form in forms
        if any(hashlib.sha256(salt + form).digest() in known or hashlib.sha256(form + salt).digest() in known
               for salt in salts)
    ]  # fmt: skip


def standing_texts(loot: Loot, price: str) -> list[str]:
    """In which spellings a price stands in a file: as text of either width, without its point, in hex or base64."""
    spelled = {
        "text": price.encode(), "wide": price.encode("utf-16-le"), "digits": price.replace(".", "").encode(),
        "hex": price.encode().hex().encode(),
        **{f"base64+{shift}": base64.b64encode(bytes(shift) + price.encode())[(4, 4, 4)[shift] if shift else 0 : -4]
           for shift in range(3)},
    }  # fmt: skip
    return [name for name, text in spelled.items() if any(text in data for data in loot.files())]
