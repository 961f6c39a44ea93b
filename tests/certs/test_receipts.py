"""Receipts hold exactly as signed."""

from __future__ import annotations

import pytest

from certs import receipts, suite
from certs.receipts import Receipt
from core import canon
from core.faults import Fault, Unusable

RECEIPT = Receipt("b" * 16, 1, "a" * 16, "ab" * 32, 4321, "2026-11-21T10:00:00+08:00", "cd" * 32)


@pytest.fixture(scope="module")
def platform() -> suite.PrivateKey:
    return suite.generate()


def trust(key: suite.PrivateKey) -> dict[str, suite.PublicKey]:
    return {suite.spki_id(key): key.public_key()}


def test_a_receipt_holds_under_the_platform_key(platform):
    data = receipts.sign(RECEIPT, platform)
    assert receipts.verify(data, trust(platform)) == RECEIPT
    wanted = {"schema", "bid", "version", "lot", "ciphertext_sha256", "size", "server_time", "entry_hash"}
    assert set(canon.loads(data)) == wanted | {"key_id", "signature"}
    with pytest.raises(Fault, match="not trusted"):
        receipts.verify(data, trust(suite.generate()))


def test_no_flipped_byte_is_accepted(platform):
    data = receipts.sign(RECEIPT, platform)
    for at in range(len(data)):
        for bit in (1, 32):
            bad = bytearray(data)
            bad[at] ^= bit
            with pytest.raises((Fault, Unusable)):
                receipts.verify(bytes(bad), trust(platform))


def test_another_reading_or_spelling_is_refused(platform):
    data = receipts.sign(RECEIPT, platform)
    body = canon.loads(data)
    for change in ({"version": 2}, {"bid": "other"}, {"server_time": "2026-11-21T09:59:59+08:00"}, {"size": 1}):
        with pytest.raises(Fault, match="does not hold"):
            receipts.verify(canon.dumps(body | change), trust(platform))
    with pytest.raises(Fault, match="canonical"):
        receipts.verify(data.replace(b'":"', b'": "', 1), trust(platform))
    with pytest.raises(Unusable, match="unknown keys"):
        receipts.verify(canon.dumps(body | {"position": 3}), trust(platform))
    with pytest.raises(Unusable):
        receipts.verify(b"[]", trust(platform))


@pytest.mark.parametrize("change", [{"version": 0}, {"size": True}, {"bid": ""}, {"server_time": "now"}])
def test_impossible_receipts_are_not_made(change):
    with pytest.raises(Unusable):
        Receipt(**(RECEIPT.__dict__ | change))
