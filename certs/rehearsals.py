"""What a practice run gets in place of a receipt: another schema under another prefix, so that neither passes for the
other, and the word rehearsal in it for whoever only reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from certs import suite, typed
from certs.suite import PrivateKey, PublicKey, b64, exact_keys, unb64
from core import canon
from core.faults import Fault, Unusable

SCHEMA = "rehearsal-receipt/1"
PURPOSE = "rehearsal"
_PREFIX = b"gongheng/rehearsal-receipt/1\n"


@dataclass(frozen=True)
class RehearsalReceipt:
    """`size` in bytes, `server_time` Beijing time in whole seconds. It names neither lot nor ledger entry."""

    rehearsal: str
    version: int
    ciphertext_sha256: str
    size: int
    server_time: str
    purpose: str = PURPOSE
    effect: str = "none"

    def __post_init__(self) -> None:
        typed.word(self.rehearsal, "rehearsal")
        typed.digest(self.ciphertext_sha256, "ciphertext_sha256")
        typed.time(self.server_time)
        if type(self.version) is not int or self.version < 1 or type(self.size) is not int or self.size < 1:
            raise Unusable("version and size of a receipt are positive whole numbers")
        if (self.purpose, self.effect) != (PURPOSE, "none"):
            raise Unusable("a rehearsal has no other purpose and no effect")


KEYS = set(RehearsalReceipt.__dataclass_fields__) | {"schema", "key_id", "signature"}


def sign(receipt: RehearsalReceipt, platform: PrivateKey) -> bytes:
    """Canonical JSON with the platform's key id and signature."""
    body: dict[str, Any] = {"schema": SCHEMA, **asdict(receipt), "key_id": suite.spki_id(platform)}
    return canon.dumps(body | {"signature": b64(suite.sign_raw(platform, _PREFIX + canon.dumps(body)))})


def verify(data: bytes, trusted: Mapping[str, PublicKey]) -> RehearsalReceipt:
    """Fault when it does not hold, Unusable when it is none."""
    body = exact_keys(canon.loads_canonical(data), KEYS, "receipt of a rehearsal")
    if body["schema"] != SCHEMA:
        raise Unusable(f"not a {SCHEMA}: {body['schema']!r}")
    signature = unb64(body.pop("signature"), "signature")
    key = trusted.get(typed.digest(body["key_id"], "key_id"))
    if key is None:
        raise Fault(f"the receipt is signed by a key that is not trusted: {body['key_id']}")
    suite.verify_raw(key, _PREFIX + canon.dumps(body), signature, "the receipt of a rehearsal")
    return RehearsalReceipt(**{name: body[name] for name in RehearsalReceipt.__dataclass_fields__})
