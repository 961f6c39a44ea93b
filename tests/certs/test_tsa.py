"""RFC 3161: openssl reads what the service writes; the clock is the one handed over; bad requests are rejected."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import threading
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from asn1crypto import algos, tsp
from cryptography.hazmat.primitives import serialization

from certs import issuer
from certs.cmsbytes import gen_time
from certs.tsa import POLICY, Rejection, RemoteTsa
from core.faults import Unusable
from tests.certs.pdf_tools import START, World, tool

NOW = START + timedelta(days=3, seconds=7, microseconds=500)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def request(**change):
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": change.pop("algorithm", "sha256")}),
        "hashed_message": change.pop("digest", hashlib.sha256(b"x").digest()),
    }
    fields = {"version": "v1", "message_imprint": tsp.MessageImprint(imprint), "cert_req": True, **change}
    return tsp.TimeStampReq(fields).dump()


def info(answer: bytes):
    response = tsp.TimeStampResp.load(answer, strict=True)
    assert response["status"]["status"].native == "granted"
    return response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed


def test_the_time_is_the_clock_handed_over(world):
    found = info(world.tsa.respond(request(nonce=42), NOW))
    assert gen_time(found) == NOW.astimezone(UTC).replace(microsecond=0)
    assert found["nonce"].native == 42 and found["policy"].native == POLICY
    serials = {info(world.tsa.respond(request(), NOW))["serial_number"].native for _ in range(20)}
    assert len(serials) == 20


def test_without_cert_req_no_certificate_travels(world):
    answer = tsp.TimeStampResp.load(world.tsa.respond(request(cert_req=False), NOW))
    assert not answer["time_stamp_token"]["content"]["certificates"].native


@pytest.mark.parametrize(
    ("der", "fault"),
    [
        (b"", "bad_data_format"),
        (b"\x30\x03junk", "bad_data_format"),
        (request() + b"\0", "bad_data_format"),
        (request(algorithm="sha1", digest=bytes(20)), "bad_alg"),
        (request(digest=bytes(31)), "bad_request"),
        (request(req_policy="1.2.3.4"), "unaccepted_policy"),
    ],
)
def test_bad_requests_are_rejected_in_form(world, der, fault):
    status = Rejection.load(world.tsa.respond(der, NOW), strict=True)["status"]
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {fault}


@pytest.mark.skipif(not tool("openssl"), reason="openssl is not installed")
def test_openssl_asks_and_verifies(world, tmp_path):
    def run(*command: str) -> str:
        done = subprocess.run(["openssl", "ts", *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (tmp_path / "data").write_bytes(b"report")
    for name, der in zip(("ca.pem", "root.pem"), world.ca.chain, strict=True):
        (tmp_path / name).write_bytes(issuer.load(der).public_bytes(serialization.Encoding.PEM))
    run("-query", "-data", "data", "-sha256", "-cert", "-out", "q.tsq")
    (tmp_path / "a.tsr").write_bytes(world.tsa.respond((tmp_path / "q.tsq").read_bytes(), NOW))
    trust = ["-CAfile", "root.pem", "-untrusted", "ca.pem", "-attime", str(int(NOW.timestamp()))]
    assert "Verification: OK" in run("-verify", "-queryfile", "q.tsq", "-in", "a.tsr", *trust)
    assert "Granted" in run("-reply", "-in", "a.tsr", "-text")


def test_an_outside_service_is_asked_over_http(world):
    class Door(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.headers["Content-Type"] == "application/timestamp-query"
            body = world.tsa.respond(self.rfile.read(int(self.headers["Content-Length"])), NOW)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            return

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stamper = RemoteTsa(f"http://127.0.0.1:{server.server_port}/").stamper(START)
        token = asyncio.run(stamper.async_timestamp(hashlib.sha256(b"x").digest(), "sha256"))
        server.shutdown()
    found = token["content"]["encap_content_info"]["content"].parsed
    assert gen_time(found) == NOW.astimezone(UTC).replace(microsecond=0)


def test_only_http_addresses():
    with pytest.raises(Unusable, match="http"):
        RemoteTsa("file:///etc/passwd")
