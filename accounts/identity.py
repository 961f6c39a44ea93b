"""What is kept of an ID, telephone or bank account number: a keyed hash to know it again, and a mask to show."""

from __future__ import annotations

import hashlib
import hmac


def id_hash(pepper: bytes, number: str) -> str:
    """HMAC-SHA-256 hex. There are few enough ID numbers to try them all: without `pepper` the hash tells nothing."""
    return hmac.new(pepper, b"gongheng/id/1\n" + number.encode(), hashlib.sha256).hexdigest()


def account_hash(pepper: bytes, number: str) -> str:
    """HMAC-SHA-256 hex of a bank account number, under a name of its own: equal accounts are found, none is read."""
    return hmac.new(pepper, b"gongheng/account/1\n" + number.encode(), hashlib.sha256).hexdigest()


def mask_account(number: str) -> str:
    """4200222200001234 → ****1234."""
    return "****" + number[-4:]


def mask_phone(number: str) -> str:
    """13812345678 → 138****5678; '' stays ''."""
    return number[:3] + "*" * max(len(number) - 7, 0) + number[-4:] if number else ""
