"""Wrapped keys, key files and proofs of possession, in Python, in the browser's modules, and across."""

from __future__ import annotations

import copy
import re

import pytest

from certs import keys, suite
from certs.suite import b64, unb64
from core import canon
from core.faults import Fault, Unusable
from tests.certs.js_side import call, calls

UID, NONCE = "0123456789abcdef", "n0nce-n0nce-n0nce"


@pytest.fixture(scope="module")
def private() -> suite.PrivateKey:
    return suite.generate()


@pytest.fixture(scope="module")
def passphrase() -> str:
    return keys.new_passphrase()


@pytest.fixture(scope="module")
def envelope(private, passphrase):
    return keys.wrap(private, "sign", UID, passphrase)


def test_a_passphrase_has_100_bits_and_forgives_typing():
    made = {keys.new_passphrase() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}", text) for text in made)
    typed = ["0o1i L0aB-cdef ghjk mnpq", " 7k2m7k2m7k2m7k2m7k2m "]
    here = [keys.normal_passphrase(text) for text in typed]
    assert here == ["0011-10AB-CDEF-GHJK-MNPQ", "-".join(["7K2M"] * 5)]
    there = call("passphrases", typed=typed)
    assert there["read"] == here
    assert keys.normal_passphrase(there["made"]) == there["made"]


@pytest.mark.parametrize("text", ["", "123456", "correct horse battery staple", "UUUU-UUUU-UUUU-UUUU-UUUU"])
def test_a_passphrase_that_was_not_generated_is_refused(private, text):
    with pytest.raises(Unusable, match="as it was generated"):
        keys.wrap(private, "sign", UID, text)


def test_a_key_comes_back_only_with_its_passphrase(private, passphrase, envelope):
    assert suite.spki_of(keys.unwrap(envelope, "sign", passphrase.lower(), UID)) == suite.spki_of(private)
    with pytest.raises(Fault, match="passphrase"):
        keys.unwrap(envelope, "sign", keys.new_passphrase())
    with pytest.raises(Fault, match="another holder"):
        keys.unwrap(envelope, "sign", passphrase, "someone-else")


def test_every_field_of_an_envelope_is_bound(passphrase, envelope):
    other = keys.wrap(suite.generate(), "sign", UID, keys.new_passphrase())
    for field in ("spki", "nonce", "ciphertext"):
        with pytest.raises(Fault):
            keys.unwrap(envelope | {field: other[field]}, "sign", passphrase)
    with pytest.raises(Fault):
        keys.unwrap(envelope | {"uid": "someone-else"}, "sign", passphrase)
    for change in ({"salt": other["kdf"]["salt"]}, {"iterations": 600_001}):
        with pytest.raises(Fault):
            keys.unwrap(envelope | {"kdf": envelope["kdf"] | change}, "sign", passphrase)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "gongheng/key/2"),
        (("suite",), "gongheng/suite/sm2/1"),
        (("cipher",), "AES-128-GCM"),
        (("kdf", "name"), "PBKDF2-SHA1"),
        (("kdf", "iterations"), 599_999),
        (("kdf", "iterations"), 10**9),
        (("kdf", "iterations"), True),
        (("kdf", "salt"), "AAAA"),
        (("uid",), "two words"),
        (("spki",), "AAAA"),
        (("extra",), 1),
    ],
)
def test_weak_or_odd_envelopes_are_unusable_here_and_there(passphrase, envelope, path, value):
    bad = copy.deepcopy(envelope)
    (bad if len(path) == 1 else bad[path[0]])[path[-1]] = value
    with pytest.raises(Unusable):
        keys.check_envelope(bad, "sign")
    with pytest.raises(Unusable):
        call("unwrap", envelope=bad, use="sign", passphrase=passphrase)


def test_the_server_takes_a_signing_key_and_never_a_decryption_key(private, passphrase, envelope):
    assert keys.check_envelope(envelope, "sign", UID, private.public_key()).uid == UID
    with pytest.raises(Fault, match="not the one of the certificate"):
        keys.check_envelope(envelope, "sign", UID, suite.generate().public_key())
    with pytest.raises(Unusable, match="not a wrapped key to sign"):
        keys.check_envelope(canon.loads(keys.key_file(private, UID, passphrase)), "sign")


def test_keys_wrapped_on_either_side_open_on_the_other(private, passphrase, envelope):
    file = canon.loads(keys.key_file(private, UID, passphrase))
    wrong = keys.new_passphrase()
    made_sign, made_decrypt, read_sign, read_decrypt, refused = calls(
        {"call": "make", "use": "sign", "uid": UID, "passphrase": passphrase, "nonce": NONCE},
        {"call": "make", "use": "decrypt", "uid": UID, "passphrase": passphrase, "nonce": NONCE},
        {"call": "unwrap", "envelope": envelope, "use": "sign", "passphrase": passphrase},
        {"call": "unwrap", "envelope": file, "use": "decrypt", "passphrase": passphrase},
        {"call": "unwrap", "envelope": file, "use": "decrypt", "passphrase": wrong},
    )
    for use, made in (("sign", made_sign), ("decrypt", made_decrypt)):
        opened = keys.unwrap(made["envelope"], use, passphrase, UID)
        assert b64(suite.spki_of(opened)) == made["envelope"]["spki"]
        assert made["frozen"] is False
    for read in (read_sign, read_decrypt):
        assert read == {"uid": UID, "spki": b64(suite.spki_of(private)), "extractable": False}
    assert isinstance(refused, Fault)
    assert suite.spki_of(keys.read_key_file(canon.dumps(made_decrypt["envelope"]), passphrase)) == unb64(
        made_decrypt["envelope"]["spki"], "spki"
    )


@pytest.mark.parametrize("use", ["sign", "decrypt"])
def test_the_browser_proves_possession_of_a_new_key(passphrase, use):
    proof = call("make", use=use, uid=UID, passphrase=passphrase, nonce=NONCE)["proof"]
    spki, text, signature = (unb64(proof[name], name) for name in ("spki", "text", "signature"))
    assert suite.spki_of(keys.verify_pop(use, UID, NONCE, spki, text, signature)) == spki
    other = "decrypt" if use == "sign" else "sign"
    with pytest.raises(Fault, match="names another use"):
        keys.verify_pop(other, UID, NONCE, spki, text, signature)
    with pytest.raises(Fault, match="names another nonce"):
        keys.verify_pop(use, UID, "another-nonce-000", spki, text, signature)
    with pytest.raises(Fault, match="names another spki"):
        keys.verify_pop(use, UID, NONCE, suite.spki_of(suite.generate()), text, signature)
    with pytest.raises(Fault, match="does not hold"):
        keys.verify_pop(use, UID, NONCE, spki, text, signature[:-1] + bytes([signature[-1] ^ 1]))


def test_canonical_json_is_the_same_on_both_sides():
    value = {"b": ["公衡", 1, -5, True, None, "\x00\x1f\x7f\u2028\"\\/\b\t𠮷"], "a": {"号": "é", "A": {}}, "": []}
    data = canon.dumps(value)
    assert call("canon", data=b64(data)) == b64(data)
    for refused in (b"[1.5]", b"[9007199254740993]"):
        with pytest.raises(Unusable):
            call("canon", data=b64(refused))
