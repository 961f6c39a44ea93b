"""What the server itself can sign with: the issuing CA, receipts, timestamps, seals of centres, checkpoints.

All secrets lie under `config.ca_dir`, readable by the server's user alone. A demo makes its own; production refuses to
start without them, because a CA that appears by itself is one nobody has decided to trust.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import checkpoint, issuer, suite
from certs.issuer import LocalCA, Material, Revoked, Subject
from certs.models import Certificate
from certs.tsa import RemoteTsa, Timestamps, Tsa
from core.clock import CST
from core.config import Config
from core.faults import Unusable

DEMO_OPERATOR = "公衡交易平台"
# A demo world may stand at any moment of these years: its CA must be neither younger nor older than its documents.
DEMO_SINCE, DEMO_YEARS = datetime(2015, 1, 1, tzinfo=CST), 60
FILES = (
    "root.key", "root.crt", "issuing.key", "issuing.crt", "platform.key", "platform.crt", "tsa.key", "tsa.crt",
    "log.key", "pepper",
)  # fmt: skip
_ORG = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Seal:
    """A centre's electronic seal; `certificate` is DER."""

    key: ec.EllipticCurvePrivateKey
    certificate: bytes

    @property
    def fingerprint(self) -> str:
        return issuer.fingerprint(self.certificate)


def establish(folder: Path, operator: str, now: datetime, *, demo: bool) -> None:
    """Make every server secret in an empty `folder`. Unusable when there is one already: nothing is overwritten."""
    if any((folder / name).exists() for name in FILES):
        raise Unusable(f"{folder} already holds keys; they are never overwritten")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    material = issuer.create(operator, now, demo=demo, years=DEMO_YEARS if demo else 20)
    life = timedelta(days=365 * DEMO_YEARS) if demo else None
    ca = LocalCA(material)
    mark = "演示 DEMO " if demo else ""
    made = {
        "root.key": material.root_key,
        "root.crt": material.root_cert,
        "issuing.key": material.issuing_key,
        "issuing.crt": material.issuing_cert,
        "log.key": _pem(Ed25519PrivateKey.generate()),
        "pepper": secrets.token_bytes(32),
    }
    for name, profile, title in (("platform", "platform", "交易平台"), ("tsa", "tsa", "时间戳服务")):
        key = suite.generate()
        subject = Subject(f"{mark}{operator} {title}", f"{mark}{operator}")
        made[f"{name}.key"] = _pem(key)
        made[f"{name}.crt"] = ca.issue(suite.spki_of(key), subject, profile, now, life)
    for name in FILES:
        _secret_file(folder / name, made[name])


class Authority:
    """`issuer` is what certificates come from; an outside CA would stand behind the same interface."""

    def __init__(self, config: Config) -> None:
        self.folder, self.demo = config.ca_dir, config.demo
        missing = [name for name in FILES if not (self.folder / name).is_file()]
        if missing and config.demo and len(missing) == len(FILES):
            establish(self.folder, DEMO_OPERATOR, DEMO_SINCE, demo=True)
        elif missing:
            raise Unusable(
                f"CA_DIR={self.folder} lacks {', '.join(missing)}: set CA_DIR to the folder made once with "
                "certs.authority.establish, or run the demo with DEMO=1"
            )
        read = {name: (self.folder / name).read_bytes() for name in FILES}
        self._material = Material(read["root.key"], read["root.crt"], read["issuing.key"], read["issuing.crt"])
        if self.demo != ("演示" in issuer.common_name(read["root.crt"])):
            raise Unusable(f"CA_DIR={self.folder}: a demo CA serves only a demo, and a real CA never does")
        self.issuer = LocalCA(self._material)
        self.chain: tuple[bytes, ...] = self.issuer.chain
        self.platform_key = _p256(read["platform.key"])
        self.platform_certificate = read["platform.crt"]
        self.log_key = _ed25519(read["log.key"])
        self.log_name = f"gongheng-{config.platform_code}"
        self.pepper = read["pepper"]
        self.tsa: Timestamps = (
            RemoteTsa(config.tsa_url) if config.tsa_url else Tsa(read["tsa.key"], read["tsa.crt"], self.chain)
        )

    def crls(self, session: Session, now: datetime) -> tuple[bytes, ...]:
        """Fresh lists of the issuing CA and of the root, DER, from every revocation on record."""
        rows = session.scalars(select(Certificate).where(Certificate.revoked_at.is_not(None)))
        revoked = [Revoked(int(row.serial, 16), row.revoked_reason, row.revoked_at) for row in rows if row.revoked_at]
        return LocalCA(self._material, revoked).crls(now)

    def make_seal(self, org: str, subject: Subject, now: datetime) -> Seal:
        """A new seal of a centre, replacing an older one (whose certificate the caller revokes)."""
        key = suite.generate()
        certificate = self.issuer.issue(suite.spki_of(key), subject, "seal", now)
        folder = self.folder / "seals" / _org(org)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = issuer.fingerprint(certificate)
        _secret_file(folder / f"{name}.key", _pem(key))
        _secret_file(folder / f"{name}.crt", certificate)
        return Seal(key, certificate)

    def seal_of(self, org: str, fingerprint: str) -> Seal:
        """The seal with this certificate; Unusable when the centre has none here."""
        if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
            raise Unusable("not a fingerprint")
        path = self.folder / "seals" / _org(org) / f"{fingerprint}.key"
        if not path.is_file():
            raise Unusable("the centre has no such seal")
        return Seal(_p256(path.read_bytes()), path.with_suffix(".crt").read_bytes())

    @property
    def platform_seal(self) -> Seal:
        """What the platform itself closes papers with."""
        return Seal(self.platform_key, self.platform_certificate)

    def fallback_key(self, org: str) -> bytes:
        """32 secret bytes of a centre for draws whose reveal is withheld (certs.vrf); made at the first call."""
        folder = self.folder / "draws"
        path = folder / _org(org)
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _secret_file(path, secrets.token_bytes(32))
        return path.read_bytes()

    def trust(self, witnesses: Sequence[str] = ()) -> dict[str, Any]:
        """The content of trust.json; `witnesses` are verifier keys (certs.checkpoint) of cosigning regulators."""
        return {
            "schema": "trust/1",
            "ca_roots": [_b64(self.chain[-1])],
            "log_keys": [checkpoint.key_of(self.log_key, self.log_name).text],
            "witness_keys": sorted(checkpoint.verifier_key(text).text for text in witnesses),
            "platform_certificates": [_b64(self.platform_certificate)],
        }


@lru_cache(maxsize=4)
def of(config: Config) -> Authority:
    """The authority of a running server: read once, kept for the process."""
    return Authority(config)


def _org(org: str) -> str:
    if not _ORG.fullmatch(org):
        raise Unusable("not an organisation id")
    return org


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _p256(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unusable("a server key is P-256")
    return key


def _ed25519(pem: bytes) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Unusable("the log key is Ed25519")
    return key


def _secret_file(path: Path, data: bytes) -> None:
    """Created with mode 0600 before a byte is written; an existing file is never touched."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
