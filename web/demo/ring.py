"""Everybody's keys in the demo, held by the driver as browsers would hold them; the server sees none of them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization

from certs import suite
from certs.suite import PrivateKey
from core import canon


@dataclass
class User:
    """One person at a browser. `key`/`fingerprint`: signing; `opening`: the organisation's decryption key."""

    login: str
    name: str
    person: str
    org: str = ""
    roles: tuple[str, ...] = ()
    password: str = ""
    passphrase: str = ""
    key: PrivateKey | None = None
    fingerprint: str = ""
    opening: PrivateKey | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Ring:
    """Users by login; saved as JSON under the data folder, for the demo only."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}

    def add(self, user: User) -> User:
        self.users[user.login] = user
        return user

    def __getitem__(self, login: str) -> User:
        return self.users[login]

    def by_person(self, person: str) -> User:
        return next(user for user in self.users.values() if user.person == person)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(canon.dumps({"users": [_out(user) for user in self.users.values()]}))
        path.chmod(0o600)

    @classmethod
    def load(cls, path: Path) -> Ring:
        ring = cls()
        for one in canon.loads(path.read_bytes())["users"]:
            ring.add(_in(one))
        return ring


def _pem(key: PrivateKey | None) -> str:
    if key is None:
        return ""
    form = serialization.PrivateFormat.PKCS8
    der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    return base64.b64encode(der).decode()


def _key(text: str) -> PrivateKey | None:
    if not text:
        return None
    key = serialization.load_der_private_key(base64.b64decode(text), None)
    assert isinstance(key, suite.PrivateKey)
    return key


def _out(user: User) -> dict[str, Any]:
    return {
        "login": user.login, "name": user.name, "person": user.person, "org": user.org, "roles": list(user.roles),
        "password": user.password, "passphrase": user.passphrase, "key": _pem(user.key),
        "fingerprint": user.fingerprint, "opening": _pem(user.opening), "extra": user.extra,
    }  # fmt: skip


def _in(one: dict[str, Any]) -> User:
    plain = {k: one[k] for k in ("login", "name", "person", "org", "password", "passphrase", "fingerprint", "extra")}
    return User(**plain, roles=tuple(one["roles"]), key=_key(one["key"]), opening=_key(one["opening"]))
