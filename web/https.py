"""HTTPS=1: a certificate of the demo CA for this start, so that browsers on other machines may seal and sign.

The machine's own clock dates it, as browsers do; the demo's may stand at any moment.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs import authority, issuer, suite
from certs.issuer import Subject
from core.config import Config
from core.faults import Unusable

DAYS = 90


@dataclass(frozen=True)
class Tls:
    """Files of this start: the chain, its key, and the root that a browser must trust."""

    certificate: Path
    key: Path
    root: Path

    @property
    def files(self) -> dict[str, str]:
        return {"certfile": str(self.certificate), "keyfile": str(self.key)}


def made(settings: Config, host: str) -> Tls:
    """Issue for `host`, the public address and this machine itself. Unusable outside a demo."""
    if not settings.demo:
        raise Unusable("HTTPS=1 is for a demo; in earnest a proxy ends TLS with a certificate browsers know")
    house, key = authority.of(settings), suite.generate()
    names = sorted({host, urlsplit(settings.public_url).hostname or host, "127.0.0.1", "localhost"} - {"0.0.0.0", "::"})  # noqa: S104
    now = datetime.now(UTC)
    subject, life = Subject(f"演示 DEMO {names[0]}", f"演示 DEMO {authority.DEMO_OPERATOR}"), timedelta(days=DAYS)
    alternatives = [_name(one) for one in names]
    der = house.issuer.issue(suite.spki_of(key), subject, "server", now - timedelta(hours=1), life, names=alternatives)
    folder = settings.data_dir / "https"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    tls = Tls(folder / "server.crt", folder / "server.key", folder / "root.crt")
    tls.key.touch(0o600)
    tls.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    issuing, root = house.chain
    tls.certificate.write_bytes(_pem(der) + _pem(issuing))
    tls.root.write_bytes(_pem(root))
    return tls


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(der: bytes) -> bytes:
    return issuer.load(der).public_bytes(Encoding.PEM)
