"""Passwords and tokens. Hashing costs 64 MiB and 50 ms or more: it is done outside every transaction."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from certs.blocking import run_blocking

# RFC 9106 §4, second recommended option: argon2id, 64 MiB, t = 3, p = 4.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
# Of a random text that was thrown away: an unknown login is compared with it, and takes as long as a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$BW4MR4IsTZLu6gaPZtGkzQ$ZkmgBIQQrmlwvPokWmD/VSyebgaWr2n8SBFaOdC7vTI"


def hashed(password: str) -> str:
    """The argon2id string of a password."""
    return run_blocking(lambda: _HASHER.hash(password))


def matches(stored: str, password: str) -> bool:
    """Whether the password is the stored one; an empty `stored` costs the same time and never matches."""

    def check() -> bool:
        try:
            return _HASHER.verify(stored or _NOBODY, password) and bool(stored)
        except (VerifyMismatchError, InvalidHashError):
            return False

    return run_blocking(check)


def well_formed(stored: str) -> bool:
    """Whether a ready-made hash is argon2id with at least our parameters."""
    try:
        return not _HASHER.check_needs_rehash(stored)
    except InvalidHashError:
        return False


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """A token has 256 random bits: plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
