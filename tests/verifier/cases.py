"""A small whole case for the verifier's tests: ledger, draws, receipt, sealed report, and the file that holds them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from certs import checkpoint, draws, heads, pdfsign, receipts, stamps, suite
from certs.checkpoint import Checkpoint
from certs.issuer import Subject
from certs.suite import b64
from core import canon, merkle
from core.clock import CST
from core.paper import Paper, SignatureBox
from methods.scoring import score
from methods.vote import count
from tests.certs import drawing, pdf_tools
from verifier import casefile, ledger, trust

LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN, WITNESS = "gongheng.example/platform", "regulator.example/witness"
RECEIPT_KEY = suite.generate()
START = datetime(2026, 3, 20, 9, 0, tzinfo=CST)

SCORING = {
    "schema": "scoring/1",
    "bids": [{"id": "甲", "price": "100"}, {"id": "乙", "price": "125"}],
    "price": {"full": "100", "weight": "0.5", "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]},
              "curve": {"kind": "ratio"}, "score_round": 2},
    "criteria": [{"id": "plan", "max": "100", "weight": "0.5"}],
    "scores": {"member-1": {"甲": {"plan": "90.5"}, "乙": {"plan": "70"}}},
    "total_round": 2,
}  # fmt: skip
VOTE = {"schema": "vote/1", "method": "majority", "candidates": ["甲", "乙"], "electors": 5, "abstentions": "forbidden",
        "rounds": [{"ballots": {"甲": 3, "乙": 2}}]}  # fmt: skip


@dataclass
class Log:
    """Streams of entries as the platform would write them; salts are fixed so that nothing flakes."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    now: datetime = START

    def add(self, stream: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        entries = self.rows.setdefault(stream, [])
        self.now += timedelta(seconds=30)
        salt = hashlib.sha256(f"{stream}|{len(entries)}".encode()).digest()
        actor = {"person": "p-1", "name": "张三"}
        leaf = {
            "v": 1, "stream": stream, "index": len(entries), "at": self.now.isoformat(), "kind": kind,
            "actor": hashlib.sha256(salt[16:] + canon.dumps(actor)).hexdigest(),
            "body": hashlib.sha256(salt[:16] + canon.dumps(body)).hexdigest(),
        }  # fmt: skip
        entries.append(ledger.line(leaf, b64(salt), body, actor))
        return entries[-1]

    def hashes(self, stream: str) -> list[bytes]:
        return [merkle.leaf_hash(canon.dumps(row["leaf"])) for row in self.rows[stream]]

    def files(self) -> dict[str, bytes]:
        """The four ledger files; the platform log ends with a run over the heads of these streams and another."""
        stated = {
            name: {"size": len(self.rows[name]), "root": merkle.root_of(self.hashes(name)).hex()}
            for name in sorted(self.rows)
        }
        run = heads.Heads(stated | {"case:other": {"size": 7, "root": "0" * 64}})
        platform = Log(now=self.now)
        platform.add(ledger.PLATFORM, "started", {"note": "first"})
        platform.add(ledger.PLATFORM, heads.KIND, heads.Heads({}).body)
        last = platform.add(ledger.PLATFORM, heads.KIND, run.body)
        above = platform.hashes(ledger.PLATFORM)
        note = checkpoint.sign(Checkpoint(ORIGIN, len(above), merkle.root_of(above)), LOG_KEY)
        proof = {
            "entry": last,
            "proof": [step.hex() for step in merkle.inclusion_proof(above, len(above) - 1)],
            "heads": [run.shown(name) for name in stated],
        }
        return {
            "ledger/entries.jsonl": ledger.lines([row for name in sorted(self.rows) for row in self.rows[name]]),
            "ledger/streams.json": canon.dumps(stated),
            "ledger/platform.json": canon.dumps(proof),
            "ledger/checkpoint": checkpoint.cosign(note, WITNESS, WITNESS_KEY, 1_774_000_000),
        }


@cache
def world() -> pdf_tools.World:
    return pdf_tools.World()


@cache
def trust_bytes() -> bytes:
    clerk = world().ca.issue(suite.spki_of(RECEIPT_KEY), Subject("平台", "公衡演示"), "platform", world().start)
    root = x509.load_der_x509_certificate(world().roots[0]).public_bytes(Encoding.PEM).decode()
    return canon.dumps(
        {
            "schema": trust.SCHEMA,
            "ca_roots": [root, b64(drawing.ROOT.public_bytes(Encoding.DER))],
            "log_keys": [checkpoint.key_of(LOG_KEY, ORIGIN).text],
            "witness_keys": [checkpoint.key_of(WITNESS_KEY, WITNESS, checkpoint.WITNESS).text],
            "platform_certificates": [b64(clerk)],
        }
    )


def record() -> dict[str, Any]:
    return {
        "schema": "evaluation/1",
        "scoring": {"input": SCORING, "result": score(SCORING)},
        "vote": {"input": VOTE, "result": count(VOTE)},
    }


def report(made: dict[str, Any], totals: list[str], people: int = 2) -> bytes:
    """A closed report whose record is `made` and whose table prints `totals`."""
    one = world()
    fields = [*(f"member-{n}" for n in range(1, people)), "leader"]
    signers = {name: one.signer(pdf_tools.NAMES[index]) for index, name in enumerate(fields)}
    seal = one.signer("武汉市公共资源交易中心", "seal")
    paper = Paper("评标报告", number="E4201000001000123001", demo=True)
    paper.section("评分汇总").table(["投标人", "总分"], [[f"投标人{n}", total] for n, total in enumerate(totals)])
    boxes = [SignatureBox(name, f"评标委员会成员 {who.name}") for name, who in signers.items()]
    built = paper.section("签署").signatures([*boxes, SignatureBox("seal", "交易中心", seal=True)]).build()
    rows = [{"field": name, "fingerprint": who.print, "role": "member"} for name, who in signers.items()]
    full = made | {"signers": [*rows, {"field": "seal", "fingerprint": seal.print, "role": "seal"}]}
    head = pdfsign.first_revision(
        built.bytes, full, [pdfsign.Field(box.field, box, seal=box.field == "seal") for box in built.boxes]
    )
    now, ca = one.start, one.ca
    for name, who in signers.items():
        now += timedelta(minutes=1)
        stamp = stamps.name_stamp(who.name, who.print, now)
        prepared = pdfsign.prepare(head, name, who.cert, ca.chain, ca.crls(now), stamp, now)
        head = pdfsign.embed(prepared, who.sign(prepared.tbs), one.tsa.stamper(now))
    now += timedelta(minutes=1)
    stamp = stamps.seal_stamp("武汉市公共资源交易中心", demo=True)
    return pdfsign.seal(head, "seal", seal.key, seal.cert, ca.chain, ca.crls(now), stamp, one.tsa, now)


@cache
def signed_report() -> bytes:
    return report(record(), list(record()["scoring"]["result"]["totals"].values()))


@cache
def expert_draw() -> draws.Record:
    return drawing.drawn(drawing.frozen("draw-experts"))


@cache
def replacement_draw() -> draws.Record:
    first = expert_draw()
    members = first["result"]["members"]
    used = {row["id"] for rows in first["result"].values() for row in rows}
    constraints = first["constraints"] | {
        "sites": [{"site": members[0]["site"], "take": 1, "spares": 0}],
        "kept": sorted(row["id"] for row in members[1:]),
    }
    frozen = draws.freeze_replacement(
        first, "draw-again", used, constraints, drawing.PARTY_ROWS, bytes.fromhex(first["fallback_key"])
    )
    return drawing.drawn(frozen, ("tenderer",))


def enter_draw(log: Log, stream: str, one: draws.Record) -> None:
    log.add(stream, "draw.frozen", {"draw": one["draw"], "list": draws.list_hash(one)})
    for kind, rows in (("draw.committed", one["commitments"]), ("draw.revealed", one["reveals"])):
        for row in rows:
            log.add(stream, kind, {"draw": one["draw"], "party": row["party"], "value": row["value"]})
    log.add(stream, "draw.done", {"draw": one["draw"], "record_sha256": canon.sha256_hex(canon.dumps(one))})


def parts() -> tuple[Log, dict[str, bytes]]:
    """The ledger and the other files of the case."""
    log = Log()
    log.add("case:c1", "case.registered", {"name": "某污水处理厂配套管网工程"})
    bid = log.add("sealed:lot-1", "bid.accepted", {"bid": "b-1", "ciphertext": "ab" * 32})
    receipt = receipts.sign(
        receipts.Receipt("b-1", 1, "lot-1", "ab" * 32, 4096, "2026-03-20T09:01:00+08:00",
                         merkle.leaf_hash(canon.dumps(bid["leaf"])).hex()),
        RECEIPT_KEY,
    )  # fmt: skip
    sealed = {"size": 1, "root": merkle.root_of(log.hashes("sealed:lot-1")).hex()}
    log.add("case:c1", "bidding.closed", {"stream": "sealed:lot-1", **sealed})
    made = canon.dumps(record())
    for one in (expert_draw(), replacement_draw()):
        enter_draw(log, "case:c1", one)
    digests = {"document": canon.sha256_hex(signed_report()), "record": canon.sha256_hex(made)}
    log.add("case:c1", "report.closed", digests)
    log.add("case:c1", "notice.published", {"sha256": canon.sha256_hex("公告".encode())})
    return log, {
        "trust.json": trust_bytes(),
        "documents/evaluation-report.pdf": signed_report(),
        "documents/notice.txt": "公告".encode(),
        "records/evaluation.json": made,
        "receipts/b-1.json": receipt,
        "draws/experts.json": canon.dumps(expert_draw()),
        "draws/replacement.json": canon.dumps(replacement_draw()),
    }


@cache
def whole() -> bytes:
    log, files = parts()
    return casefile.write(files | log.files(), "c1", "supervisor")
