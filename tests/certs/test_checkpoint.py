"""Vectors: golang.org/x/mod sumdb/note `note_test.go` (PeterNeumann, EnochRoot)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from certs import checkpoint
from certs.checkpoint import Checkpoint, VerifierKey
from certs.suite import unb64
from core.faults import Fault, Unusable

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOGS = [checkpoint.key_of(LOG_KEY, "gongheng.example/platform")]
WITNESSES = [checkpoint.key_of(WITNESS_KEY, "regulator.example", checkpoint.WITNESS)]
STATE = Checkpoint("gongheng.example/platform", 1234, bytes(range(32)))


def cosigned() -> bytes:
    return checkpoint.cosign(checkpoint.sign(STATE, LOG_KEY), "regulator.example", WITNESS_KEY, 1_772_413_200)


def test_published_notes_open() -> None:
    keys = [checkpoint.verifier_key(PETER), checkpoint.verifier_key(ENOCH)]
    note = f"{TEXT}\n{BY_PETER}{BY_ENOCH}".encode()
    body, held = checkpoint.open_note(note, keys)
    assert body == TEXT and [one.key.name for one in held] == ["PeterNeumann", "EnochRoot"]
    body, held = checkpoint.open_note(note, keys[:1])
    assert [one.key.name for one in held] == ["PeterNeumann"]
    with pytest.raises(Fault, match=r"unknown key EnochRoot\+af0cfe78"):
        checkpoint.open_note(note, keys[:1], strict=True)
    with pytest.raises(Fault, match="no signature by a known key"):
        checkpoint.open_note(note, [])


def test_signing_gives_the_published_bytes() -> None:
    private = Ed25519PrivateKey.from_private_bytes(unb64(PETER_SECRET, "seed")[1:])
    assert checkpoint.sign_note(TEXT, "PeterNeumann", private) == f"{TEXT}\n{BY_PETER}".encode()
    assert checkpoint.key_of(private, "PeterNeumann").text == PETER


@pytest.mark.parametrize(
    "text",
    [
        TEXT, TEXT + "\n", f"{TEXT}\n{BY_PETER[:-1]}", f"\x01{TEXT}\n{BY_PETER}",
        f"{TEXT}\n— Bad Name {BY_PETER.split()[2]}\n", f"{TEXT}\n{BY_PETER}Unexpected line.\n",
        f"{TEXT}\n{BY_PETER * 101}", f"{TEXT}\n— PeterNeumann x08g\n",
    ],
)  # fmt: skip
def test_malformed_notes(text: str) -> None:
    with pytest.raises(Unusable):
        checkpoint.open_note(text.encode(), [checkpoint.verifier_key(PETER)])
    with pytest.raises(Unusable):
        checkpoint.open_note(b"\xff" + text.encode(), [checkpoint.verifier_key(PETER)])


def test_every_mangled_verifier_key_is_refused() -> None:
    mangled = {PETER[i:j] for i in range(len(PETER)) for j in range(i + 1, len(PETER) + 1)} - {PETER}
    mangled |= {PETER[:i] + chr(ord(PETER[i]) + 1) + PETER[i + 1 :] for i in range(len(PETER))}
    mangled |= {
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    }
    for text in mangled:
        with pytest.raises(Unusable):
            checkpoint.verifier_key(text)


def test_cosigned_checkpoint() -> None:
    found = checkpoint.verify(cosigned(), LOGS, WITNESSES, 1)
    assert found.checkpoint == STATE and found.witnesses == (("regulator.example", 1_772_413_200),)
    assert checkpoint.verifier_key(WITNESSES[0].text) == WITNESSES[0]
    with pytest.raises(Fault, match="0 cosignatures"):
        checkpoint.verify(checkpoint.sign(STATE, LOG_KEY), LOGS, WITNESSES, 1)
    with pytest.raises(Fault, match="unknown key"):
        checkpoint.verify(cosigned(), LOGS, [], 0)
    with pytest.raises(Fault, match="signed twice"):
        checkpoint.verify(cosigned() + cosigned().splitlines(keepends=True)[-1], LOGS, WITNESSES, 1)


def test_the_published_cosignature_shape() -> None:
    """The signed bytes of tlog-cosignature: header line, time line, whole note body."""
    raw = unb64(cosigned().decode().splitlines()[-1].split(" ")[2], "line")
    assert raw[:4] == WITNESSES[0].id and int.from_bytes(raw[4:12], "big") == 1_772_413_200
    WITNESS_KEY.public_key().verify(raw[12:], b"cosignature/v1\ntime 1772413200\n" + STATE.body.encode())


@given(st.integers(0, len(cosigned()) - 1), st.integers(1, 255))
def test_no_byte_of_a_checkpoint_is_free(at: int, change: int) -> None:
    good = cosigned()
    with pytest.raises((Fault, Unusable)):
        checkpoint.verify(good[:at] + bytes([good[at] ^ change]) + good[at + 1 :], LOGS, WITNESSES, 1)


@pytest.mark.parametrize("body", ["a\n01\n{}\n", "a\n-1\n{}\n", "a\n1\nAAAA\n", "a\n1\n{}\nmore\n", "a b\n1\n{}\n"])
def test_bad_checkpoint_bodies(body: str) -> None:
    with pytest.raises(Unusable):
        checkpoint.parse(body.format("A" * 43 + "="))


def test_key_roles_do_not_mix() -> None:
    """A log key of another name, or a witness listed as a log, does not make a checkpoint."""
    other = checkpoint.sign_note(STATE.body, "other.example", LOG_KEY)
    with pytest.raises(Fault, match="not signed by the log"):
        checkpoint.verify(other, [checkpoint.key_of(LOG_KEY, "other.example")], [], 0)
    with pytest.raises(Unusable):
        VerifierKey("name", 2, bytes(32))
