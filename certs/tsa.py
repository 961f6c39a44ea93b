"""Timestamps after RFC 3161: an own service, and a client for an outside one.

A service run by the operator proves nothing against the operator; the address of an outside one is a setting.
"""

# mypy: disable-error-code="no-untyped-call"
# (pyHanko leaves parts of its API without annotations)

from __future__ import annotations

import secrets
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.timestamps import TimeStamper

from certs.cmsbytes import Parts, signed_data
from certs.issuer import ARC
from core.faults import Unusable

POLICY = f"{ARC}.100"
_IMPRINT_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
_REMOTE_SECONDS = 15


class Timestamps(Protocol):
    """A source of timestamps: the own service, or an outside one that ignores `now`."""

    def stamper(self, now: datetime) -> TimeStamper: ...


class Tsa:
    """Own service. `key_pem` PKCS#8 P-256, `cert_der` of profile tsa, `chain` DER, issuing CA first."""

    def __init__(
        self, key_pem: bytes, cert_der: bytes, chain: Sequence[bytes], passphrase: bytes | None = None
    ) -> None:
        key = serialization.load_pem_private_key(key_pem, passphrase)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Unusable("the timestamp key is P-256")
        self._key = key
        self._cert = asn1_x509.Certificate.load(cert_der)
        # The root is what a verifier brings himself.
        self._embedded = [cert_der, *chain[:-1]]

    def stamper(self, now: datetime) -> TimeStamper:
        """pyHanko's view of the service, its clock standing at `now`."""
        return _LocalStamper(self, now)

    def respond(self, request_der: bytes, now: datetime) -> bytes:
        """DER TimeStampResp for a DER TimeStampReq; a bad request gets a rejection, as RFC 3161 §2.4.2 has it."""
        try:
            request = tsp.TimeStampReq.load(request_der, strict=True)
            name = request["message_imprint"]["hash_algorithm"]["algorithm"].native
            imprint = request["message_imprint"]["hashed_message"].native
            version, policy = request["version"].native, request["req_policy"].native
            known = not request["extensions"].native
        except (ValueError, TypeError, KeyError):
            return _rejection("bad_data_format")
        if _IMPRINT_SIZES.get(name) is None:
            return _rejection("bad_alg")
        if version != "v1" or len(imprint) != _IMPRINT_SIZES[name]:
            return _rejection("bad_request")
        if policy not in (None, POLICY):
            return _rejection("unaccepted_policy")
        if not known:
            return _rejection("unaccepted_extensions")
        return bytes(self.grant(request, now).dump())

    def grant(self, request: tsp.TimeStampReq, now: datetime) -> tsp.TimeStampResp:
        info = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": request["message_imprint"],
            "serial_number": secrets.randbits(120) | 1 << 119,
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
            "accuracy": tsp.Accuracy({"seconds": 1}),
            "tsa": asn1_x509.GeneralName(name="directory_name", value=self._cert.subject),
        }
        if request["nonce"].native is not None:
            info["nonce"] = request["nonce"]
        token = self._sign(tsp.TSTInfo(info).dump(), with_certificates=bool(request["cert_req"].native))
        status = tsp.PKIStatusInfo({"status": "granted"})
        return tsp.TimeStampResp({"status": status, "time_stamp_token": cms.ContentInfo.load(token)})

    def _sign(self, info_der: bytes, *, with_certificates: bool) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(info_der)
        attributes = cms.CMSAttributes(
            [
                simple_cms_attribute("content_type", "tst_info"),
                simple_cms_attribute("message_digest", digest.finalize()),
                simple_cms_attribute("signing_certificate_v2", as_signing_certificate_v2(self._cert)),
            ]
        )
        signed = attributes.dump()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        certificates = self._embedded if with_certificates else []
        return signed_data(Parts(self._cert.dump(), certificates, signed, signature, info=info_der))


class Rejection(core.Sequence):  # type: ignore[misc]
    """A TimeStampResp without a token, which asn1crypto's own type cannot write."""

    _fields = [("status", tsp.PKIStatusInfo)]  # noqa: RUF012 – asn1crypto's way


def _rejection(fault: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": tsp.PKIFailureInfo({fault})})
    return bytes(Rejection({"status": status}).dump())


class _LocalStamper(TimeStamper):
    def __init__(self, service: Tsa, now: datetime) -> None:
        super().__init__(include_nonce=False)
        self._service = service
        self._now = now

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return self._service.grant(req, self._now)


class RemoteTsa:
    """An outside service over HTTP (RFC 3161 §3.4). Its time is its own: `now` is not asked."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("https://", "http://")):
            raise Unusable(f"timestamp service is not an http(s) address: {url}")
        self._url = url

    def stamper(self, now: datetime) -> TimeStamper:
        return _RemoteStamper(self._url)


class _RemoteStamper(TimeStamper):
    def __init__(self, url: str) -> None:
        super().__init__(include_nonce=True)
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        # Blocking on purpose: pyHanko runs in its own thread here (certs.blocking).
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        query = urllib.request.Request(self._url, req.dump(), headers)  # noqa: S310 – scheme checked in RemoteTsa
        with urllib.request.urlopen(query, timeout=_REMOTE_SECONDS) as answer:  # noqa: S310
            return tsp.TimeStampResp.load(answer.read(1 << 20))
