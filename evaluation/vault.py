"""What must stay secret at rest: who was drawn, and which seat waits for whom (招标投标法 art. 37, domain.md R1-20).

AES-256-GCM under a key derived from the server's secret, bound to the case. A copy of the database alone opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certs.suite import b64, unb64
from core import canon
from core.faults import Fault

_NONCE = 12


class Vault:
    """Seals small JSON values for one case, and marks persons so that they can be found without being named."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(self._derive(secret, b"gongheng/evaluation/vault/1"))
        self._marking = self._derive(secret, b"gongheng/evaluation/mark/1")

    @staticmethod
    def _derive(secret: str, purpose: bytes) -> bytes:
        return HKDF(hashes.SHA256(), 32, None, purpose).derive(secret.encode())

    def seal(self, case: str, value: Any) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return b64(nonce + self._cipher.encrypt(nonce, canon.dumps(value), case.encode()))

    def open(self, case: str, sealed: str) -> Any:
        """The value sealed for this case; Fault for another case, another key or a changed text."""
        data = unb64(sealed, "sealed value")
        try:
            return canon.loads(self._cipher.decrypt(data[:_NONCE], data[_NONCE:], case.encode()))
        except InvalidTag:
            raise Fault("a sealed value does not open") from None

    def mark(self, person: str) -> str:
        """A keyed hash under which a person's own rows are found."""
        return hmac.new(self._marking, person.encode(), hashlib.sha256).hexdigest()


_current: list[Vault] = []


def use(secret: str) -> None:
    """Set once by the composition root, from the frozen settings."""
    _current[:] = [Vault(secret)]


def vault() -> Vault:
    if not _current:
        raise Fault("the vault was not opened at start: call evaluation.vault.use")
    return _current[0]
