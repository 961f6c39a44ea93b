"""What to seal for, as the platform offers it for download and signs it: whoever trusts no page seals by this file.

The signature makes a lie provable: settings that name another custodian than the tender file stay with their reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from certs import suite, typed
from certs.sealing import KINDS
from certs.shares import ROLES
from certs.suite import PrivateKey, PublicKey, b64, exact_keys, unb64
from core import canon
from core.faults import Fault, Unusable

SCHEMA = "sealing-settings/1"
_PREFIX = b"gongheng/sealing-settings/1\n"


@dataclass(frozen=True)
class Settings:
    """`sealer`: fingerprint of the sealer's signing certificate; `owner` and `custodians` (role →): base64 SPKI."""

    kind: str
    lot: str
    sealer: str
    owner: str
    custodians: dict[str, str]
    deadline: str
    made: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise Unusable(f"settings are for one of {', '.join(KINDS)}, not {self.kind!r}")
        typed.word(self.lot, "lot")
        typed.digest(self.sealer, "sealer")
        typed.time(self.deadline)
        typed.time(self.made)
        if not isinstance(self.custodians, dict) or (self.custodians and set(self.custodians) != set(ROLES)):
            raise Unusable(f"custodians are none, or one each for {', '.join(ROLES)}")
        for what, text in {"owner": self.owner, **self.custodians}.items():
            suite.load_spki(unb64(text, what))

    @property
    def custodian_keys(self) -> dict[str, PublicKey]:
        return {role: suite.load_spki(unb64(text, role)) for role, text in self.custodians.items()}


_KEYS = set(Settings.__dataclass_fields__) | {"schema", "key_id", "signature"}


def sign(settings: Settings, platform: PrivateKey) -> bytes:
    body: dict[str, Any] = {"schema": SCHEMA, **asdict(settings), "key_id": suite.spki_id(platform)}
    return canon.dumps(body | {"signature": b64(suite.sign_raw(platform, _PREFIX + canon.dumps(body)))})


def read(data: bytes, trusted: Mapping[str, PublicKey] | None) -> Settings:
    """The settings; with `trusted` (key id → platform key) Fault unless one of them has signed.

    Without, nobody has checked who made them: the caller says so.
    """
    body = exact_keys(canon.loads_canonical(data), _KEYS, "settings")
    if body["schema"] != SCHEMA:
        raise Unusable(f"not a {SCHEMA}: {body['schema']!r}")
    signature = unb64(body.pop("signature"), "signature")
    if trusted is not None:
        key = trusted.get(typed.digest(body["key_id"], "key_id"))
        if key is None:
            raise Fault(f"the settings are signed by a key that is not trusted: {body['key_id']}")
        suite.verify_raw(key, _PREFIX + canon.dumps(body), signature, "the settings")
    return Settings(**{name: body[name] for name in Settings.__dataclass_fields__})
