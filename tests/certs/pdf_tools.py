"""Signers with Python keys, a demo CA and clock service, and whole signed documents for other tests."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certs import issuer, pdfsign, stamps
from certs.issuer import LocalCA, Subject, fingerprint
from certs.tsa import Tsa
from core.clock import CST
from core.faults import Unusable
from core.paper import Box, Paper, SignatureBox
from core.paper_fonts import folder

START = datetime(2026, 3, 25, 14, 0, tzinfo=CST)
NAMES = ["张三", "李四", "王五", "赵六", "钱七", "孙八", "周九"]


def fonts_missing() -> str:
    """Why tests that print must be skipped, '' when they need not."""
    try:
        folder()
    except Unusable as error:
        return str(error)
    return ""


@dataclass
class Signer:
    """A person or office with its key and certificate."""

    name: str
    key: ec.EllipticCurvePrivateKey
    cert: bytes

    @property
    def print(self) -> str:
        return fingerprint(self.cert)

    def sign(self, tbs: bytes) -> bytes:
        """r‖s, as WebCrypto gives it."""
        return algos.DSASignature.load(self.key.sign(tbs, ec.ECDSA(hashes.SHA256()))).to_p1363()


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass
class World:
    """A demo CA with its clock service, `start` its first moment."""

    start: datetime = START
    ca: LocalCA = field(init=False)
    tsa: Tsa = field(init=False)

    def __post_init__(self) -> None:
        self.ca = LocalCA(issuer.create("公衡", self.start, demo=True))
        clock = self.signer("演示时间戳服务", "tsa")
        self.tsa = Tsa(pem(clock.key), clock.cert, self.ca.chain)

    @property
    def roots(self) -> list[bytes]:
        return [self.ca.chain[-1]]

    def signer(self, name: str, profile: str = "person-sign", life: timedelta | None = None) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = Subject(name, "公衡演示", "91420112MA4KXXXX0X", "u-1")
        return Signer(name, key, self.ca.issue(spki(key), subject, profile, self.start, life))


@dataclass
class Report:
    """An evaluation report on its way: seven people, then the seal."""

    world: World
    people: dict[str, Signer]
    seal: Signer
    record: dict[str, Any]
    body: bytes
    places: list[pdfsign.Field]
    first: bytes
    head: bytes = b""
    now: datetime = START

    def sign(self, name: str, now: datetime | None = None) -> bytes:
        self.now = now or self.now + timedelta(minutes=1)
        who, ca = self.people[name], self.world.ca
        stamp = stamps.name_stamp(who.name, who.print, self.now)
        head = self.head or self.first
        prepared = pdfsign.prepare(head, name, who.cert, ca.chain, ca.crls(self.now), stamp, self.now)
        self.head = pdfsign.embed(prepared, who.sign(prepared.tbs), self.world.tsa.stamper(self.now))
        return self.head

    def close(self, now: datetime | None = None) -> bytes:
        self.now = now or self.now + timedelta(minutes=1)
        ca, seal = self.world.ca, self.seal
        stamp = stamps.seal_stamp("武汉市公共资源交易中心", demo=True)
        self.head = pdfsign.seal(
            self.head, "seal", seal.key, seal.cert, ca.chain, ca.crls(self.now), stamp, self.world.tsa, self.now
        )
        return self.head


def report(world: World, people: int = 7, score: str = "95.55", life: timedelta | None = None) -> Report:
    """First revision of a report for `people` signers (fields member-1 …, leader) and a seal."""
    fields = [*(f"member-{n}" for n in range(1, people)), "leader"]
    signers = {name: world.signer(NAMES[index], life=life) for index, name in enumerate(fields)}
    seal = world.signer("武汉市公共资源交易中心", "seal")
    body, boxes = body_of(signers)
    record = {
        "schema": "test-report/1",
        "totals": {"甲": score},
        "signers": [
            *({"field": name, "fingerprint": who.print, "role": "member"} for name, who in signers.items()),
            {"field": "seal", "fingerprint": seal.print, "role": "seal"},
        ],
    }
    places = [pdfsign.Field(box.field, box, seal=box.field == "seal") for box in boxes]
    first = pdfsign.first_revision(body, record, places)
    return Report(world, signers, seal, record, body, places, first, now=world.start)


def body_of(signers: dict[str, Signer]) -> tuple[bytes, tuple[Box, ...]]:
    paper = Paper("评标报告", number="E4201000001000123001", demo=True)
    paper.section("评分汇总").table(["投标人", "总分"], [["甲", "95.55"], ["乙", "93.54"]])
    boxes = [SignatureBox(name, f"评标委员会成员 {who.name}") for name, who in signers.items()]
    made = paper.section("签署").signatures([*boxes, SignatureBox("seal", "交易中心", seal=True)]).build()
    return made.bytes, made.boxes


def tool(name: str) -> str:
    """Path of a command-line tool, '' when it is not installed."""
    return next((str(Path(p) / name) for p in os.get_exec_path() if (Path(p) / name).is_file()), "")
