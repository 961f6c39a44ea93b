"""What the platform signs when an upload is complete (20号令 art. 27): a bidder can prove what was accepted and when.

A receipt says nothing about other bids: neither position nor count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from certs import suite, typed
from certs.suite import PrivateKey, PublicKey, b64, exact_keys, unb64
from core import canon
from core.faults import Fault, Unusable

SCHEMA = "receipt/1"
KINDS = ("replacement", "supplement")
_PREFIX = b"gongheng/receipt/1\n"


@dataclass(frozen=True)
class Receipt:
    """`bid` and `lot` ids, `version` from 1, `size` in bytes, `server_time` Beijing time in whole seconds.

    `kind`: replacement or supplement; a first bid's receipt does not have the key.
    """

    bid: str
    version: int
    lot: str
    ciphertext_sha256: str
    size: int
    server_time: str
    entry_hash: str
    kind: str = ""

    def __post_init__(self) -> None:
        typed.word(self.bid, "bid")
        typed.word(self.lot, "lot")
        typed.digest(self.ciphertext_sha256, "ciphertext_sha256")
        typed.digest(self.entry_hash, "entry_hash")
        typed.time(self.server_time)
        if type(self.version) is not int or self.version < 1 or type(self.size) is not int or self.size < 1:
            raise Unusable("version and size of a receipt are positive whole numbers")
        if self.kind not in ("", *KINDS):
            raise Unusable(f"the kind of a receipt is one of {', '.join(KINDS)}")

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.server_time)


_KEYS = (set(Receipt.__dataclass_fields__) - {"kind"}) | {"schema", "key_id", "signature"}


def keys_of(body: Any) -> set[str]:
    """The keys a receipt must have, exactly."""
    return _KEYS | ({"kind"} if isinstance(body, dict) and body.get("kind") in KINDS else set())


def _plain(receipt: Receipt) -> dict[str, Any]:
    return {name: value for name, value in asdict(receipt).items() if name != "kind" or value}


def sign(receipt: Receipt, platform: PrivateKey) -> bytes:
    """Canonical JSON of the receipt with the platform's key id (SHA-256 of its SPKI) and signature."""
    body: dict[str, Any] = {"schema": SCHEMA, **_plain(receipt), "key_id": suite.spki_id(platform)}
    return canon.dumps(body | {"signature": b64(suite.sign_raw(platform, _PREFIX + canon.dumps(body)))})


def verify(data: bytes, trusted: Mapping[str, PublicKey]) -> Receipt:
    """The receipt; `trusted` maps key ids to platform keys. Fault when it does not hold, Unusable when it is none."""
    body = canon.loads_canonical(data)
    body = exact_keys(body, keys_of(body), "receipt")
    if body["schema"] != SCHEMA:
        raise Unusable(f"not a {SCHEMA}: {body['schema']!r}")
    signature = unb64(body.pop("signature"), "signature")
    key = trusted.get(typed.digest(body["key_id"], "key_id"))
    if key is None:
        raise Fault(f"the receipt is signed by a key that is not trusted: {body['key_id']}")
    suite.verify_raw(key, _PREFIX + canon.dumps(body), signature, "the receipt")
    return Receipt(**{name: body[name] for name in Receipt.__dataclass_fields__ if name in body})
