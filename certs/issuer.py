"""Certificates: the interface a national CA could stand behind, and the platform's own CA.

A profile fixes the key usage (RFC 5280 §4.2.1.3) and puts its own policy OID into the certificate, so that a person's
certificate never passes as a seal. The own CA can impersonate anyone; only an outside CA behind `Issuer` cures that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.canon import sha256_hex
from core.faults import Fault, Unusable

# A UUID-based arc (ITU-T X.667) needs no registration authority.
ARC = "2.25.168446848528807797386176083159868445956"
_ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")
_ORGANISATION_ID = NameOID.ORGANIZATION_IDENTIFIER
COMMON_NAME = 64  # bytes (RFC 5280): 21 Chinese characters. A longer name is cut there; `org` stands in full.


@dataclass(frozen=True)
class Profile:
    """What a kind of certificate may do; `years` is the default life."""

    number: int
    signs: bool
    years: int
    stamps_time: bool = False

    @property
    def policy(self) -> x509.ObjectIdentifier:
        return x509.ObjectIdentifier(f"{ARC}.{self.number}")


# Files are kept for 15 years: the clock's key outlives the people's.
PROFILES: dict[str, Profile] = {
    "person-sign": Profile(1, True, 3),
    "org-sign": Profile(2, True, 3),
    "org-encrypt": Profile(3, False, 3),
    "custodian-encrypt": Profile(4, False, 3),
    "seal": Profile(5, True, 5),
    "tsa": Profile(6, True, 10, stamps_time=True),
    "platform": Profile(7, True, 5),
    "server": Profile(8, True, 1),
}


@dataclass(frozen=True)
class Subject:
    """Holder: `name` of a person or office, `org` its organisation, `uscc` that organisation's 18-character code."""

    name: str
    org: str
    uscc: str = ""
    uid: str = ""

    def x509_name(self) -> x509.Name:
        parts = [
            (NameOID.COUNTRY_NAME, "CN"),
            (NameOID.ORGANIZATION_NAME, self.org),
            (_ORGANISATION_ID, f"USCC-{self.uscc}" if self.uscc else ""),
            (NameOID.COMMON_NAME, self.name.encode()[:COMMON_NAME].decode(errors="ignore")),
            (NameOID.USER_ID, self.uid),
        ]
        try:
            return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])
        except ValueError as error:
            raise Unusable(f"certificate subject: {error}") from None


@dataclass(frozen=True)
class Revoked:
    serial: int
    reason: str
    at: datetime


class Issuer(Protocol):
    """What the platform asks of a CA; certificates and CRLs are DER."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Issuing CA first, root last."""
        ...

    def issue(self, spki_der: bytes, subject: Subject, profile: str, now: datetime) -> bytes: ...

    def revoke(self, serial: int, reason: str, now: datetime) -> None: ...

    def crl(self, now: datetime) -> bytes:
        """The issuing CA's current list."""
        ...

    def crls(self, now: datetime) -> tuple[bytes, ...]:
        """The lists of every CA in the chain: what a closed document carries."""
        ...


@dataclass(frozen=True)
class Material:
    """A local CA at rest. Both keys are PKCS#8 PEM; where they are kept is the caller's matter."""

    root_key: bytes
    root_cert: bytes
    issuing_key: bytes
    issuing_cert: bytes


def create(name: str, now: datetime, *, demo: bool, passphrase: bytes | None = None, years: int = 20) -> Material:
    """A new root and issuing CA. `name` is the operator's; a demo CA says 演示 DEMO in every certificate it issues."""
    mark = "演示 DEMO " if demo else ""
    root_key, issuing_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = Subject(f"{mark}{name} 根CA", f"{mark}{name}").x509_name()
    issuing_name = Subject(f"{mark}{name} 签发CA", f"{mark}{name}").x509_name()
    root = _ca_certificate(root_key.public_key(), root_name, root_key, root_name, None, now, years)
    issuing = _ca_certificate(issuing_key.public_key(), issuing_name, root_key, root_name, 0, now, years)
    return Material(_pem(root_key, passphrase), _der(root), _pem(issuing_key, passphrase), _der(issuing))


class LocalCA:
    """The platform's own `Issuer`.

    `revoked` is what the caller has stored; `remember` hears each new revocation. Nothing else is state.
    """

    def __init__(
        self,
        material: Material,
        revoked: Iterable[Revoked] = (),
        *,
        passphrase: bytes | None = None,
        remember: Callable[[Revoked], None] | None = None,
        crl_life: timedelta = timedelta(days=7),
    ) -> None:
        self._root_key = _load_key(material.root_key, passphrase)
        self._key = _load_key(material.issuing_key, passphrase)
        self._root = load(material.root_cert)
        self._cert = load(material.issuing_cert)
        self.revoked = list(revoked)
        self._remember = remember
        self._crl_life = crl_life

    @property
    def chain(self) -> tuple[bytes, ...]:
        return _der(self._cert), _der(self._root)

    def issue(
        self, spki_der: bytes, subject: Subject, profile: str, now: datetime, life: timedelta | None = None, *,
        names: Sequence[x509.GeneralName] = (),
    ) -> bytes:  # fmt: skip
        """DER certificate from `now` for the profile's years or `life`, `names` for a TLS server; the key is P-256."""
        kind = _profile(profile)
        key = _p256(spki_der)
        end = min(now + (life or timedelta(days=365 * kind.years)), self._cert.not_valid_after_utc)
        builder = _builder(key, subject.x509_name(), self._cert.subject, now, end)
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signature=kind.signs, agreement=not kind.signs), critical=True)
            .add_extension(x509.CertificatePolicies([x509.PolicyInformation(kind.policy, None)]), critical=False)
            .add_extension(_issued_by(self._key), critical=False)
        )
        if kind.stamps_time:  # RFC 3161 §2.3: exactly this purpose, critical
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        serving = (x509.SubjectAlternativeName(names), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
        for extension in serving if names else ():
            builder = builder.add_extension(extension, critical=False)
        return _der(builder.sign(self._key, hashes.SHA256()))

    def revoke(self, serial: int, reason: str, now: datetime) -> None:
        """`reason` as in RFC 5280 §5.3.1 (keyCompromise, cessationOfOperation …); a second call changes nothing."""
        if any(entry.serial == serial for entry in self.revoked):
            return
        try:
            x509.ReasonFlags(reason)
        except ValueError:
            raise Unusable(f"unknown reason of revocation: {reason}") from None
        entry = Revoked(serial, reason, now)
        if self._remember:
            self._remember(entry)
        self.revoked.append(entry)

    def crl(self, now: datetime) -> bytes:
        return self._list(self._cert, self._key, self.revoked, now)

    def crls(self, now: datetime) -> tuple[bytes, ...]:
        return self.crl(now), self._list(self._root, self._root_key, (), now)

    def _list(
        self, issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey, revoked: Iterable[Revoked], now: datetime
    ) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(_utc(now))
            .next_update(_utc(now + self._crl_life))
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(_issued_by(key), critical=False)
        )
        for entry in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(entry.serial)
                .revocation_date(_utc(entry.at))
                .add_extension(x509.CRLReason(x509.ReasonFlags(entry.reason)), critical=False)
                .build()
            )
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Unusable(f"not a certificate: {error}") from None


def fingerprint(der: bytes) -> str:
    """SHA-256 of the certificate's DER, lower-case hex: how records name a signer."""
    return sha256_hex(der)


def profile_of(cert_der: bytes) -> str:
    """Name of the profile a certificate was issued under, '' for a foreign one."""
    try:
        policies = load(cert_der).extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return ""
    held = {policy.policy_identifier for policy in policies}
    return next((name for name, profile in PROFILES.items() if profile.policy in held), "")


def common_name(cert_der: bytes) -> str:
    names = load(cert_der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def check_certificate(
    cert_der: bytes, chain: Sequence[bytes], crls: Sequence[bytes], at: datetime, profile: str | Sequence[str]
) -> None:
    """Fault unless `cert_der` held at `at` under one of the profiles.

    `chain` is issuing CA first, trusted root last; `crls` one list per CA of the chain, current at `at`.
    """
    wanted = (profile,) if isinstance(profile, str) else tuple(profile)
    found = profile_of(cert_der)
    if found not in wanted:
        raise Fault(f"certificate profile is {found or 'foreign'}, required is {' or '.join(wanted)}")
    path = [load(cert_der), *(load(der) for der in chain)]
    lists = [_load_crl(der) for der in crls]
    for cert, issuer in zip(path, [*path[1:], path[-1]], strict=True):
        name = cert.subject.rfc4514_string()
        try:
            cert.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            raise Fault(f"certificate of {name} was not issued by {issuer.subject.rfc4514_string()}") from None
        if cert is not path[0]:
            _require_ca(cert)
        if not cert.not_valid_before_utc <= at <= cert.not_valid_after_utc:
            raise Fault(f"certificate of {name} is not valid at {at.isoformat()}")
        if cert is not path[-1]:
            _require_not_revoked(cert, issuer, lists, at)


def _require_ca(cert: x509.Certificate) -> None:
    try:
        constraints = cert.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = cert.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise Fault(f"certificate of {cert.subject.rfc4514_string()} is not a CA's") from None
    if not (constraints.ca and usage.key_cert_sign):
        raise Fault(f"certificate of {cert.subject.rfc4514_string()} is not a CA's")


def _require_not_revoked(
    cert: x509.Certificate, issuer: x509.Certificate, lists: Sequence[x509.CertificateRevocationList], at: datetime
) -> None:
    key = issuer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for crl in lists:
        if crl.issuer != issuer.subject or not crl.is_signature_valid(key):
            continue
        if crl.next_update_utc is None or not _utc(crl.last_update_utc) <= at <= crl.next_update_utc:
            continue
        entry = crl.get_revoked_certificate_by_serial_number(cert.serial_number)
        if entry is not None and entry.revocation_date_utc <= at:
            when = entry.revocation_date_utc.isoformat()
            raise Fault(f"certificate of {cert.subject.rfc4514_string()} was revoked at {when}")
        return
    raise Fault(f"no revocation list of {issuer.subject.rfc4514_string()} holds at {at.isoformat()}")


def _load_crl(der: bytes) -> x509.CertificateRevocationList:
    try:
        return x509.load_der_x509_crl(der)
    except ValueError as error:
        raise Unusable(f"not a revocation list: {error}") from None


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise Unusable(f"unknown certificate profile: {name}")
    return PROFILES[name]


def _p256(spki_der: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_der_public_key(spki_der)
    except ValueError as error:
        raise Unusable(f"not a public key: {error}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unusable("certificates are issued for P-256 keys only")
    return key


def _load_key(pem: bytes, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        raise Unusable(f"CA key: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unusable("a CA key is P-256")
    return key


def _pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        lock = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _der(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.DER)


def _utc(moment: datetime) -> datetime:
    """To whole seconds, as X.509 counts."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _builder(
    key: ec.EllipticCurvePublicKey, subject: x509.Name, issuer: x509.Name, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_utc(start))
        .not_valid_after(_utc(end))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signature: bool = False, agreement: bool = False, ca: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=signature,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=agreement,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _ca_certificate(
    key: ec.EllipticCurvePublicKey,
    name: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    path_length: int | None,
    now: datetime,
    years: int,
) -> x509.Certificate:
    return (
        _builder(key, name, issuer, now, now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(ca=True), critical=True)
        .add_extension(_issued_by(issuer_key), critical=False)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(_ANY_POLICY, None)]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
