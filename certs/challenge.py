"""The challenge a certificate holder signs for one legal act; the signer's side composes it from fields it shows.

    gongheng/act/1
    act=bid.submit
    case=…            the aggregate the act belongs to
    object=…          SHA-256 of what is decided on: a manifest, a document, the canonical JSON of a form
    nonce=…           made and spent once by the server
    time=…            server time, Beijing, whole seconds
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from certs import suite, typed
from certs.suite import PrivateKey, PublicKey
from core.faults import Fault, Unusable

ACT = "gongheng/act/1"
MAX_AGE = timedelta(minutes=10)
# An offline signer's clock may run ahead of the server's.
SKEW = timedelta(minutes=2)


@dataclass(frozen=True)
class Challenge:
    """Five checked values; Unusable at construction for anything that could forge a line."""

    act: str
    case: str
    object: str
    nonce: str
    time: str

    def __post_init__(self) -> None:
        typed.act(self.act)
        typed.word(self.case, "case")
        typed.digest(self.object, "object")
        typed.nonce(self.nonce)
        typed.time(self.time)
        try:
            datetime.fromisoformat(self.time)
        except ValueError:
            raise Unusable(f"not a valid time: {self.time}") from None

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.time)

    def text(self) -> bytes:
        return typed.compose(ACT, asdict(self))

    def sign(self, private: PrivateKey) -> bytes:
        """r || s, 64 bytes."""
        return suite.sign_raw(private, self.text())


def parse(text: bytes) -> Challenge:
    """Strict reading; Unusable unless composing the fields again gives the same bytes."""
    return Challenge(**typed.parse(ACT, text, tuple(field.name for field in fields(Challenge))))


def verify(
    public: PublicKey,
    text: bytes,
    signature: bytes,
    *,
    act: str,
    case: str,
    object: str,
    nonce: str,
    now: datetime,
    max_age: timedelta = MAX_AGE,
) -> Challenge:
    """The challenge that `public` signed for exactly this act; Fault names the first difference.

    `public` comes from a certificate whose validity the caller has checked; the caller spends `nonce`.
    """
    found = parse(text)
    wanted = {"act": act, "case": case, "object": object, "nonce": nonce}
    for name, value in wanted.items():
        if getattr(found, name) != value:
            raise Fault(f"the signed challenge names another {name}: {getattr(found, name)}, not {value}")
    if found.at > now + SKEW:
        raise Fault(f"the signed challenge is from the future: {found.time}")
    if now - found.at > max_age:
        raise Fault(f"the signed challenge is too old: {found.time}")
    suite.verify_raw(public, text, signature, f"the challenge for {act}")
    return found
