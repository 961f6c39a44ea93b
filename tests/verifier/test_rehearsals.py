"""What `flask verify` says of a receipt that was only practised: never that a bid was received."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from certs import receipts, rehearsals, suite
from certs.receipts import Receipt
from certs.rehearsals import RehearsalReceipt
from core import canon
from core.faults import Fault, Unusable
from verifier import commands
from verifier.commands import run_verify

KEY = suite.generate()
TRUSTED = {suite.spki_id(KEY): KEY.public_key()}
AT = "2026-03-20T09:01:00+08:00"
PRACTISED = rehearsals.sign(RehearsalReceipt("a" * 16, 1, "ab" * 32, 4096, AT), KEY)
REAL = receipts.sign(Receipt("b" * 16, 1, "lot", "ab" * 32, 4096, AT, "cd" * 32), KEY)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """verify a file's bytes with a trust file that trusts KEY."""
    trusted = type("Trusted", (), {"receipt_keys": TRUSTED, "fingerprint": "f"})
    monkeypatch.setattr(commands, "for_path", lambda path, given: trusted)

    def run(data: bytes):
        (tmp_path / "receipt.json").write_bytes(data)
        return run_verify([tmp_path / "receipt.json"])

    return run


def test_a_rehearsals_receipt_is_named_one_and_does_not_hold_as_a_receipt(told) -> None:
    outcome = told(PRACTISED)
    assert outcome.status == 1
    assert "REHEARSAL: no receipt of a bid and without any legal effect" in outcome.text and AT in outcome.text
    assert told(REAL).status == 0


def test_a_damaged_one_is_said_to_be_damaged(told) -> None:
    for place in range(0, len(PRACTISED), 7):
        data = PRACTISED[:place] + bytes([PRACTISED[place] ^ 1]) + PRACTISED[place + 1 :]
        assert told(data).status in (1, 2)
    assert "REHEARSAL" not in told(PRACTISED.replace(b"4096", b"4097")).text


def dressed(data: bytes, schema: str, **changes: object) -> bytes:
    """The same signature under another name."""
    body = json.loads(data) | {"schema": schema} | changes
    return canon.dumps({key: value for key, value in body.items() if value is not None})


def test_neither_passes_for_the_other() -> None:
    as_real = dressed(PRACTISED, receipts.SCHEMA, purpose=None, effect=None, rehearsal=None, bid="a" * 16, lot="lot",
                      entry_hash="cd" * 32)  # fmt: skip
    with pytest.raises(Fault):
        receipts.verify(as_real, TRUSTED)
    as_practised = dressed(REAL, rehearsals.SCHEMA, bid=None, lot=None, entry_hash=None, rehearsal="b" * 16,
                           purpose="rehearsal", effect="none")  # fmt: skip
    with pytest.raises(Fault):
        rehearsals.verify(as_practised, TRUSTED)
    for verify, data in ((receipts.verify, PRACTISED), (rehearsals.verify, REAL)):
        with pytest.raises(Unusable):
            verify(data, TRUSTED)


@pytest.mark.parametrize("changes", [{"purpose": "bid"}, {"effect": "some"}, {"version": 0}, {"size": 0}])
def test_a_rehearsal_has_no_other_purpose(changes: dict) -> None:
    given = {"rehearsal": "a" * 16, "version": 1, "ciphertext_sha256": "ab" * 32, "size": 1, "server_time": AT}
    with pytest.raises(Unusable):
        RehearsalReceipt(**(given | changes))


def test_another_key_is_not_trusted() -> None:
    with pytest.raises(Fault, match="not trusted"):
        rehearsals.verify(PRACTISED, {})
