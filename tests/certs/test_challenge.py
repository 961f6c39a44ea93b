"""Typed challenges: strict, spent for one act, composed on the signer's side."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from certs import challenge, keys, suite, typed
from certs.challenge import Challenge
from certs.suite import unb64
from core.clock import CST
from core.faults import Fault, Unusable
from tests.certs.js_side import calls

NOW = datetime(2026, 11, 21, 10, 0, 30, tzinfo=CST)
GOOD = Challenge("bid.submit", "lot-1", "ab" * 32, "n0nce-n0nce-n0nce", "2026-11-21T10:00:00+08:00")
EXPECTED = {"act": GOOD.act, "case": GOOD.case, "object": GOOD.object, "nonce": GOOD.nonce}


@pytest.fixture(scope="module")
def private() -> suite.PrivateKey:
    return suite.generate()


def test_the_text_is_as_documented(private):
    digest = "ab" * 32
    wanted = f"gongheng/act/1\nact=bid.submit\ncase=lot-1\nobject={digest}\nnonce=n0nce-n0nce-n0nce\n"
    assert GOOD.text() == f"{wanted}time=2026-11-21T10:00:00+08:00\n".encode()
    assert challenge.parse(GOOD.text()) == GOOD
    assert challenge.verify(private.public_key(), GOOD.text(), GOOD.sign(private), now=NOW, **EXPECTED) == GOOD


@pytest.mark.parametrize("name", ["act", "case", "object", "nonce"])
def test_a_challenge_for_something_else_does_not_hold(private, name):
    other = {"act": "bid.withdraw", "case": "lot-2", "object": "cd" * 32, "nonce": "another-nonce-000"}
    signed = replace(GOOD, **{name: other[name]})
    with pytest.raises(Fault, match=f"names another {name}"):
        challenge.verify(private.public_key(), signed.text(), signed.sign(private), now=NOW, **EXPECTED)


def test_age_and_key_are_judged(private):
    text, signature, public = GOOD.text(), GOOD.sign(private), private.public_key()
    at = GOOD.at
    for moment in (at - challenge.SKEW, at, at + challenge.MAX_AGE):
        challenge.verify(public, text, signature, now=moment, **EXPECTED)
    with pytest.raises(Fault, match="too old"):
        challenge.verify(public, text, signature, now=at + challenge.MAX_AGE + timedelta(milliseconds=1), **EXPECTED)
    with pytest.raises(Fault, match="future"):
        challenge.verify(public, text, signature, now=at - challenge.SKEW - timedelta(milliseconds=1), **EXPECTED)
    with pytest.raises(Fault, match="does not hold"):
        challenge.verify(suite.generate().public_key(), text, signature, now=NOW, **EXPECTED)
    with pytest.raises(Fault, match="63 bytes"):
        challenge.verify(public, text, signature[:-1], now=NOW, **EXPECTED)


@pytest.mark.parametrize(
    "value",
    [
        {"case": "lot-1\nobject=" + "cd" * 32},
        {"case": ""},
        {"case": "lot 1"},
        {"case": "标段一"},
        {"case": "x" * 121},
        {"case": "lot-1\n"},
        {"act": "Bid"},
        {"act": "bid=submit"},
        {"object": "AB" * 32},
        {"object": "ab" * 31},
        {"nonce": "short"},
        {"nonce": "n0nce-n0nce-n0nce\n"},
        {"time": "2026-11-21T10:00:00Z"},
        {"time": "2026-11-21T10:00:00.5+08:00"},
        {"time": "2026-02-30T10:00:00+08:00"},
    ],
)
def test_values_that_could_forge_a_line_are_unusable(value):
    with pytest.raises(Unusable):
        replace(GOOD, **value)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + b"\n",
        lambda text: b"\n" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"act/1", b"act/2"),
        lambda text: text.replace(b"gongheng/act/1", b"gongheng/pop/1"),
        lambda text: text.replace(b"case=", b"Case="),
        lambda text: text.replace(b"nonce=", b"nonce= "),
        lambda text: text.replace(b"lot-1", "标".encode()),
        lambda text: text.replace(b"lot-1", b"\xff"),
        lambda text: b"1" + text,
    ],
)
def test_parsing_is_strict(change):
    with pytest.raises(Unusable):
        challenge.parse(change(GOOD.text()))


def test_every_flipped_bit_of_a_signed_challenge_is_seen(private):
    text, signature = GOOD.text(), GOOD.sign(private)
    for data in (text, signature):
        for at in range(len(data)):
            bad = bytearray(data)
            bad[at] ^= 1
            pair = (bytes(bad), signature) if data is text else (text, bytes(bad))
            with pytest.raises((Fault, Unusable)):
                challenge.verify(private.public_key(), *pair, now=NOW, **EXPECTED)


def test_the_browser_signs_what_it_shows_and_nothing_else(private):
    passphrase = keys.new_passphrase()
    shown = {"act": GOOD.act, "case": GOOD.case, "object": GOOD.object}
    base = {
        "call": "challenge",
        "envelope": keys.wrap(private, "sign", "uid-1", passphrase),
        "use": "sign",
        "passphrase": passphrase,
        "shown": shown,
    }
    honest = shown | {"nonce": GOOD.nonce, "time": GOOD.time}
    lies = [
        honest | {"act": "award.vote"},
        honest | {"case": "lot-2"},
        honest | {"object": "cd" * 32},
        honest | {"nonce": "n0nce-n0nce-n0nce\ntime=x"},
        honest | {"nonce": "n0nce-n0nce-n0nce\n"},
        honest | {"time": "2026-11-21T10:00:00+08:00\nact=x"},
        honest | {"nonce": ["n0nce-n0nce-n0nce"]},
        {name: value for name, value in honest.items() if name != "object"},
    ]
    answer, *refused = calls(*[base | {"offered": offered} for offered in [honest, *lies]])
    text = unb64(answer["text"], "text")
    assert text == GOOD.text()
    challenge.verify(private.public_key(), text, unb64(answer["signature"], "signature"), now=NOW, **EXPECTED)
    assert all(isinstance(answer, (Fault, Unusable)) for answer in refused)


def test_a_stamp_is_in_beijing_time_and_whole_seconds():
    assert typed.stamp(datetime.fromisoformat("2026-11-21T02:00:00.999+00:00")) == GOOD.time
