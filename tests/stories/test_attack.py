"""Everything on the server, copied before the deadline, opens no bid and no sealed reference price.

Why a million guesses are beside the point: a bid is encrypted under 32 random bytes; those are wrapped by HPKE to a
P-256 key that was made in the bidder's browser and leaves it only as a key file the bidder keeps. No passphrase and no
hash of one stands between the server's data and a price. The one thing on the server under a passphrase is a signing
key (PBKDF2 600,000 rounds over 100 random bits); who opened it could sign as that person, and would still not decrypt.
So the guesses here go directly against what exists: the commitment of each ciphertext to its file key.

Every attempt has its control: the same code, handed the key that is missing, gives the price.
"""

from __future__ import annotations

import io
import secrets
import shutil
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from sqlalchemy import func, select

from certs import keys, sealing, shares, suite
from certs.sealing_parts import PAD, Part
from core import canon
from core.faults import Fault, Unusable
from core.ledger import EntryRow
from tests.stories import attacker
from tests.stories.attacker import Loot
from tests.stories.play import Life, four_sites, with_bidders
from trading.opening import sheet

# Digits that stand nowhere by chance.
PRICES = {"甲": "5689.173905", "乙": "5828.440917", "丙": "5709.058263"}
REFERENCE = "5760.291734"


@dataclass
class Scene:
    life: Life
    loot: Loot
    copies: Path

    def again(self) -> Loot:
        """The same loot, to be handed one key more."""
        return Loot(self.loot.folder, list(self.loot.keys), list(self.loot.secrets))

    def stolen(self, *logins: str) -> Loot:
        loot = self.again()
        loot.keys += [self.life.stage.opening_key(login) for login in logins]
        return loot


def _copy(life: Life, to: Path) -> Loot:
    """What the operator has: all but the ring, which stands for the browsers of the users."""
    life.acts.engine.dispose()
    shutil.copytree(life.folder, to, ignore=shutil.ignore_patterns("ring.json"))
    loot = Loot(to)
    loot.gather()
    return loot


@pytest.fixture(scope="module")
def scene(begin_shared, tmp_path_factory) -> Scene:
    """Three bids and a reference price an hour before the deadline; bidders keep their signing keys on the server."""
    case = with_bidders(four_sites(), PRICES)
    case["tender"]["reference"] = REFERENCE
    life = begin_shared(case).announce()
    for login in life.bidders.values():
        user = life.stage.ring[login]
        user.passphrase = keys.new_passphrase()
        envelope = keys.wrap(user.key, "sign", user.person, user.passphrase)
        life.stage.act(login, "keyblob.store", certificate=user.fingerprint, envelope=envelope)
    life.bid_all()
    assert life.state() == "ANNOUNCED"
    copies = tmp_path_factory.mktemp("stolen")
    return Scene(life, _copy(life, copies / "server"), copies)


def test_the_loot_is_everything_the_server_has(scene: Scene) -> None:
    """The attack is only worth something if it holds every server secret."""
    names = {path.name for path in scene.loot.folder.rglob("*") if path.is_file()}
    assert {"root.key", "issuing.key", "platform.key", "tsa.key", "log.key", "pepper", "demo-secret"} <= names
    assert len(scene.loot.keys) >= 5, "root, issuing, platform, time stamps, the centre's seal"
    assert len(scene.loot.secrets) > 500
    config = scene.life.acts.house.config
    assert bytes.fromhex(config.secret_key) in scene.loot.secrets
    assert (config.ca_dir / "pepper").read_bytes() in scene.loot.secrets
    assert len(scene.loot.manifests()) == 4


@pytest.mark.certify("A-96")
def test_no_price_comes_out_of_the_copy(scene: Scene) -> None:
    """Every key and every 32 bytes found: in every role, as file key, as share, as private number."""
    assert attacker.prices_of(scene.loot) == {}


def test_control_a_bidders_own_key_opens_its_bid_and_no_other(scene: Scene) -> None:
    assert attacker.prices_of(scene.stolen("bidder2")) == {scene.life.bids["乙"]: PRICES["乙"]}


def test_control_a_key_left_on_the_server_would_be_found(scene: Scene) -> None:
    """The search itself works: the same key as a file, or as digits in a text, is picked up and opens the bid."""
    key = scene.life.stage.opening_key("bidder1")
    for number, left in enumerate((suite_pem(key), _scalar(key).hex().encode(), suite.b64(_scalar(key)).encode())):
        folder = scene.copies / f"careless{number}"
        shutil.copytree(scene.loot.folder, folder)
        (folder / "left-behind").write_bytes(b'{"note": "' + left + b'"}' if number else left)
        loot = Loot(folder)
        loot.gather()
        assert attacker.prices_of(loot) == {scene.life.bids["甲"]: PRICES["甲"]}


def suite_pem(key: suite.PrivateKey) -> bytes:
    form = attacker.serialization
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())


def _scalar(key: suite.PrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes(32, "big")


@pytest.mark.parametrize("login", ["centre1", "regulator", "tenderer"])
def test_one_dishonest_custodian_and_the_whole_server_open_no_bid(scene: Scene, login: str) -> None:
    """One share beside everything the server has. The tenderer's key opens what is sealed to it: its own reference."""
    own = {scene.life.case: REFERENCE} if login == "tenderer" else {}
    assert attacker.prices_of(scene.stolen(login)) == own


@pytest.mark.parametrize("one", ["centre1", "regulator", "tenderer"])
def test_one_dishonest_custodian_guesses_the_rest_of_the_key_in_vain(scene: Scene, one: str) -> None:
    """A share beside every second share that could be made of what the server holds: any y is as likely as another."""
    loot = scene.stolen(one)
    for manifest in scene.loot.manifests():
        mine = [share for key in loot.keys for share in attacker.unwrapped(manifest, key) if len(share) == 33]
        made = [secret + bytes([x]) for secret in loot.secrets[:20] for x in (1, 2, 3)]
        for share, other in product(mine, made):
            for file_key in shares.candidates([share, other]) if share[-1] != other[-1] else ():
                assert not attacker.fits(manifest, file_key)


@pytest.mark.parametrize(
    "two", [("centre1", "regulator"), ("centre1", "tenderer"), ("regulator", "tenderer")], ids="+".join
)
def test_two_dishonest_custodians_open_every_bid_early(scene: Scene, two: tuple[str, str]) -> None:
    """As the threat model says: they can, before the deadline, without an act or a trace on the platform."""
    life = scene.life
    expected = {life.bids[name]: PRICES[name] for name in PRICES}
    if "tenderer" in two:
        expected[life.case] = REFERENCE
    before = _entries(life)
    assert attacker.prices_of(scene.stolen(*two)) == expected
    assert _entries(life) == before and life.state() == "ANNOUNCED"


def test_custodians_have_nothing_to_put_together_without_the_clause(begin, tmp_path) -> None:
    """Where the tender file has no fallback clause there is nothing that custodians could put together."""
    case = with_bidders(four_sites(), PRICES)
    case["tender"]["fallback"] = False
    life = begin(case).announce()
    life.bid_all()
    loot = _copy(life, tmp_path / "server")
    assert [manifest.held for manifest in loot.manifests()] == [{}] * len(PRICES)
    loot.keys += [life.stage.opening_key(login) for login in ("centre1", "regulator", "tenderer")]
    assert attacker.prices_of(loot) == {}


def _entries(life: Life) -> int:
    with life.acts.reading() as session:
        return session.scalar(select(func.count()).select_from(EntryRow))


# -- looking for the plaintext ----------------------------------------------------------------------------------------


def _forms(life: Life) -> list[bytes]:
    """Exactly what was sealed, as bytes: prices, price sheets, the reference."""
    sheets = [life._sheet(one) for one in life.file["bidders"]]
    prices = [one.encode() for one in (*PRICES.values(), REFERENCE)]
    yuan = [str(int(float(one) * 10_000)).encode() for one in (*PRICES.values(), REFERENCE)]
    return [*sheets, sheet.compose_reference(REFERENCE), *prices, *yuan]


def test_no_price_and_no_hash_of_one_stands_anywhere(scene: Scene) -> None:
    for price in (*PRICES.values(), REFERENCE):
        assert attacker.standing_texts(scene.loot, price) == []
    assert attacker.standing_digests(scene.loot, _forms(scene.life)) == []


def test_control_after_the_opening_the_same_search_finds_them(scene: Scene) -> None:
    life = scene.life.fork(scene.copies / "later")
    assert life.deadline_passes() == "SEALED"
    assert life.open() == "OPENED"
    loot = _copy(life, scene.copies / "opened")
    for price in PRICES.values():
        assert "text" in attacker.standing_texts(loot, price)
    assert set(attacker.standing_digests(loot, _forms(life))) >= {life._sheet(one) for one in life.file["bidders"]}


def test_sizes_do_not_count_digits(scene: Scene) -> None:
    """A sheet of any price, and a reference of any price, have one size; a ciphertext is whole pages and overhead."""
    context = sealing.Context("bid", "0" * 16, "1" * 16, "2" * 64)
    owner = suite.generate().public_key()

    def size(body: bytes) -> int:
        return sealing.seal([Part.of_bytes("price.json", "application/json", body)], owner, context, io.BytesIO()).size

    prices = ["1", "12.5", "999999", "5689.173905", "123456789012.345678"]
    assert len({size(sheet.compose_reference(price)) for price in prices}) == 1
    assert len({size(sheet.compose(sheet.Sheet(price, 365, "合格"))) for price in prices}) == 1
    for manifest in scene.loot.manifests():
        chunks = -(-(manifest.size - sealing.HEADER_BYTES) // (16384 + 16))
        assert (manifest.size - sealing.HEADER_BYTES - 16 * chunks) % PAD == 0


# -- guessing ---------------------------------------------------------------------------------------------------------


def _guess(scene: Scene, count: int) -> None:
    loot = scene.loot
    found, tried = attacker.guess_prices(loot, loot.manifests(), count)
    assert (found, tried) == ({}, count)


def test_guesses_from_names_phones_and_passwords_open_nothing(scene: Scene) -> None:
    _guess(scene, 5_000)


@pytest.mark.soak
def test_a_million_guesses_open_nothing(scene: Scene) -> None:
    _guess(scene, 1_000_000)


def test_control_a_file_key_made_of_a_phone_number_is_guessed(scene: Scene) -> None:
    """Had the seal been made from a passphrase, this attacker would have it."""
    key = next(iter(attacker.keys_from(b"13900000007")))
    context = sealing.Context("bid", scene.life.case, secrets.token_hex(8), "3" * 64)
    cipher = sealing.Cobblestone256Encryptor(key, context.payload())
    data = cipher.update(bytes(PAD)) + cipher.finalize()
    manifest = sealing.Manifest(context, "4" * 64, len(data), data[:56], "5" * 64, bytes(113), {})
    found, _ = attacker.guess_prices(scene.loot, [manifest], 12_000)
    assert found == {context.bid: key}


def test_the_wrapped_signing_keys_are_no_way_in(scene: Scene) -> None:
    """A passphrase is 100 random bits: of all guesses hardly one has even the form. With the right one a signing key
    comes out, and it unwraps nothing."""
    words = attacker.words_of(scene.loot)
    formed = [word for word in words if _is_passphrase(word)]
    assert len(formed) < len(words) / 1000
    user = scene.life.stage.ring["bidder1"]
    envelope = _blob(scene, user.person)
    for word in [*formed[:2], *words[:2]]:
        with pytest.raises(InvalidTag):
            _open_raw(envelope, word)
    signing = keys.unwrap(envelope, "sign", user.passphrase, user.person)
    loot = scene.again()
    loot.keys.append(signing)
    assert attacker.prices_of(loot) == {}


def _is_passphrase(word: str) -> bool:
    try:
        keys.normal_passphrase(word)
    except Unusable:
        return False
    return True


def _blob(scene: Scene, person: str) -> dict[str, object]:
    with attacker.sqlite3.connect(next(scene.loot.folder.glob("*.db"))) as db:
        (text,) = db.execute("SELECT envelope FROM key_blob WHERE person_id = ?", [person]).fetchone()
    found: dict[str, object] = canon.loads(text.encode())
    return found


def _open_raw(envelope: dict, word: str) -> bytes:
    """The envelope's own key derivation on any text, past the check that refuses what was not generated."""
    salt = suite.unb64(envelope["kdf"]["salt"], "salt")
    derived = PBKDF2HMAC(attacker.sealing.hashes.SHA256(), 32, salt, envelope["kdf"]["iterations"]).derive(
        word.encode()
    )
    bound = canon.dumps({k: v for k, v in envelope.items() if k not in ("nonce", "ciphertext")})
    sealed = suite.unb64(envelope["ciphertext"], "ciphertext")
    return AESGCM(derived).decrypt(suite.unb64(envelope["nonce"], "nonce"), sealed, bound)


def test_a_decryption_key_is_nowhere_on_the_server_and_is_not_taken(scene: Scene) -> None:
    life = scene.life
    held = [user.opening for user in life.stage.ring.users.values() if user.opening is not None]
    assert len(held) == 8, "five bidders, three custodians"
    for data in scene.loot.files():
        assert keys.FORMATS["decrypt"].encode() not in data
        for key in held:
            assert _scalar(key) not in data and _scalar(key).hex().encode() not in data
    user = life.stage.ring["bidder1"]
    envelope = keys.wrap(user.opening, "decrypt", user.person, keys.new_passphrase())
    with pytest.raises((Unusable, Fault), match="wrapped key to sign"):
        life.stage.act("bidder1", "keyblob.store", certificate=user.fingerprint, envelope=envelope)
