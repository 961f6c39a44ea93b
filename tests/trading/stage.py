"""A small world for a tender: organisations, people with certificates, and short ways to each stage."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Org, Person
from certs import authority, issuer, sealing, suite
from certs.issuer import Subject
from certs.models import Certificate
from certs.sealing import Context, Manifest
from certs.sealing_parts import Part
from core import canon, codes, staged
from core.access import SYSTEM, Actor, Role
from core.clock import CST
from core.doors import TABLE
from core.rules import Refused
from trading.award import report as _award  # noqa: F401  (declares the acts of the award)
from trading.bidding import queries as _bid_queries  # noqa: F401  (declares what blocks bids)
from trading.deadline import actions as _deadline  # noqa: F401
from trading.document import actions as _document  # noqa: F401
from trading.objection import actions as _objection  # noqa: F401
from trading.opening import actions as _opening  # noqa: F401
from trading.opening import coefficient as _coefficient  # noqa: F401
from trading.opening import pauses as _pauses  # noqa: F401
from trading.opening import settling
from trading.opening.sheet import Sheet, compose, compose_reference
from trading.project import actions as _project

START = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
ISSUE = datetime(2026, 4, 1, 9, 0, tzinfo=CST)
PDF = b"%PDF-1.7 a bid"

PRICE = {
    "full": "100", "weight": "0.5",
    "benchmark": {"terms": [{"of": "ceiling", "weight": "0.576"}, {"of": "mean", "weight": "0.4"}]},
    "curve": {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "below_adds": False, "step": "none"},
    "score_round": 2, "floor": "0", "cap": "100",
}  # fmt: skip
EVALUATION = {
    "method": "综合评估法", "price": PRICE,
    "criteria": [
        {"id": "credit", "name": "业绩与信誉", "max": "100", "weight": "0.10"},
        {"id": "management", "name": "施工管理能力", "max": "100", "weight": "0.15"},
        {"id": "plan", "name": "施工组织设计", "max": "100", "weight": "0.25"},
    ],
    "total_round": 2, "ties": ["price"],
}  # fmt: skip
AWARD = {
    "separate": True, "legal_basis": "地方评定分离实施意见(示例)", "method": "elimination", "committee": 5,
    "supervisors": 2, "candidates": 3, "ranked": False, "pool": 10,
}  # fmt: skip
FILE = {
    "ceiling": "6000", "bid_bond": "80", "validity_days": 90, "issue_days": 6, "bidding_days": 21,
    "evaluation": EVALUATION, "award": AWARD,
    "remote": {"mode": "FUSED_MAIN_DISPERSED", "members_by_site": {"420112": 1, "420203": 2, "410600": 2, "610900": 2}},
}  # fmt: skip


@dataclass
class Seal:
    """A sealed payload and the keys that open it."""

    manifest: Manifest
    file_key: str
    data: bytes
    sealer: Actor

    def payload(self, world, by: Actor | None = None) -> dict[str, Any]:
        """Brought by its sealer, or by somebody else."""
        blob = world.acts.house.blobs.put(self.data)
        world.acts.act(staged.stage, by or self.sealer, blob.sha256, blob.size)
        return {"manifest": canon.loads(self.manifest.data), "ciphertext_sha256": blob.sha256, "size": blob.size}


@dataclass
class Stage:
    world: Any
    people: dict[str, Actor] = field(default_factory=dict)
    custodian_keys: dict[str, suite.PrivateKey] = field(default_factory=dict)
    keys: dict[str, suite.PrivateKey] = field(default_factory=dict)

    def org(self, name: str, kind: str, role: Role, *, region: str = "420112", legal: str = "") -> Actor:
        """A verified organisation with one person who holds a signing certificate."""
        number = f"{len(self.people):04d}"
        uscc = codes.make_uscc(f"9142{'0112'}MA4K{number}0")
        ca = authority.of(self.world.acts.house.config).issuer
        key = suite.generate()
        der = ca.issue(suite.spki_of(key), Subject(name, name, uscc), "person-sign", START)
        with self.world.read() as session, session.begin():
            org = Org(name=name, uscc=uscc, kinds=[kind], region=region, agreement="registration/1", agreed_at=START,
                      state="verified", legal_person=legal)  # fmt: skip
            session.add(org)
            session.flush()
            person = Person(login=f"u{number}", name=f"{name}经办", id_hash=secrets.token_hex(32), id_masked="*",
                            phone_masked="*", org_id=org.id, roles=[role], state="active", added_at=START)  # fmt: skip
            session.add(person)
            session.flush()
            self._certificate(session, der, key, "person-sign", person=person.id, org=org.id)
            actor = Actor(person.id, person.name, org.id, name, frozenset({role}), "10.0.0.1", issuer.fingerprint(der))
        self.people[name], self.keys[name] = actor, key
        return actor

    @staticmethod
    def _certificate(session, der: bytes, key, profile: str, *, person: str = "", org: str = "") -> None:
        session.add(
            Certificate(fingerprint=issuer.fingerprint(der), serial=secrets.token_hex(16), profile=profile,
                        person_id=person, org_id=org, spki_sha256=suite.spki_id(key), der=der,
                        not_before=START - timedelta(days=1), not_after=START + timedelta(days=1000))
        )  # fmt: skip

    def custodian(self, role: str, actor: Actor) -> None:
        """A custodian certificate for the organisation that holds the `role` share."""
        key = suite.generate()
        ca = authority.of(self.world.acts.house.config).issuer
        der = ca.issue(suite.spki_of(key), Subject(actor.org_name, actor.org_name), "custodian-encrypt", START)
        with self.world.read() as session, session.begin():
            self._certificate(session, der, key, "custodian-encrypt", org=actor.org)
        self.custodian_keys[role] = key

    def do(self, who: str, act: str, case: str = "", /, **payload: Any) -> dict[str, Any]:
        return self.world.do(self.people[who], act, case, **payload)

    def ring(self, act: str, case: str, **payload: Any) -> dict[str, Any]:
        """What the timer does."""
        return self.world.acts.act(TABLE[act].fn, SYSTEM, case, payload)

    def arrive(self, case: str, *bidders: str) -> None:
        for who in bidders:
            self.do(who, "opening.signin", case)

    def begin(self, case: str, *bidders: str, host: str = "交易中心", **payload: Any) -> dict[str, Any]:
        """These bidders sign in, the host opens the hall."""
        self.arrive(case, *bidders)
        return self.do(host, "opening.begin", case, **payload)

    def compare(self, case: str, bid: str) -> dict[str, Any]:
        """The host asks for the stored file to be hashed anew, the timer does it."""
        self.do("交易中心", "opening.check", case, bid=bid)
        return self.ring("opening.compare", case, bid=bid)

    def at(self, moment: datetime) -> None:
        self.world.clock.moment = moment

    def planned(self) -> str:
        self.at(START)
        made = self.do(
            "招标人", "project.create", name="东西湖区某污水处理厂配套管网工程(施工)", region="420112",
            category="A08 施工", regime="R1", procedure="open-works", funds="state", estimate="5800", unit="万元",
            lot={"no": "001", "name": "施工标段", "duration_days": 365}, agency_org=self.people["代理"].org,
            planned_notice_date="2026-04-01",
        )  # fmt: skip
        return str(made["case"])

    def drafting(self, **changes: Any) -> str:
        """A case in DRAFTING on the issue day, with a complete file."""
        return self.drafted(self.planned(), **changes)

    def drafted(self, case: str, **changes: Any) -> str:
        self.do("招标人", "plan.publish", case)
        self.do("代理", "project.register", case, approval_no="东发改〔2026〕1号")
        self.do("代理", "file.compile", case)
        self.at(ISSUE)
        self.do("代理", "file.save", case, **(FILE | changes))
        return case

    def announced(self, **changes: Any) -> str:
        case = self.drafting(**changes)
        self.issue(case)
        return case

    def issue(self, case: str) -> None:
        """Issue, accepting with a reason whatever only warns."""
        try:
            self.do("招标人", "tender.issue", case)
        except Refused as refused:
            assert not any(b.blocks for b in refused.breaches), refused
            rules = [b.rule for b in refused.breaches]
            self.do("招标人", "tender.issue", case, accept_warnings=rules, reason="已记录依据")

    def seal(self, case: str, who: str, parts: dict[str, bytes], *, kind: str = "bid", fallback: bool = False) -> Seal:
        actor, owner = self.people[who], suite.generate()
        name = secrets.token_hex(8) if kind == "bid" else case
        context = Context(kind, case, name, actor.certificate)
        out = io.BytesIO()
        keys = {role: key.public_key() for role, key in self.custodian_keys.items()} if fallback else None
        whole = [Part.of_bytes(n, "application/octet-stream", data) for n, data in parts.items()]
        manifest = sealing.seal(whole, owner.public_key(), context, out, keys)
        return Seal(manifest, suite.b64(sealing.unwrap_file_key(manifest, owner)), out.getvalue(), actor)

    def bid(self, case: str, who: str, price: str = "5700", *, fallback: bool = False, sheet: bytes = b"") -> Seal:
        """Seal and submit a bid of this price."""
        body = sheet or compose(Sheet(price, 365, "合格", {"name": "项目经理", "certificate": "JZ-1"}))
        made = self.seal(case, who, {"bid.pdf": PDF, "price.json": body}, fallback=fallback)
        self.at(self.world.clock.moment + timedelta(seconds=1))  # the order of receipt is the order of opening
        self.do(who, "bid.submit", case, **made.payload(self.world))
        return made

    def object(self, who: str, case: str, subject: str = "file", **changes: str) -> str:
        """An objection, by its id."""
        said = {"text": "资格条件限制了竞争", "grounds": "招标文件第二章第3条"} | changes
        return str(self.do(who, "objection.raise", case, subject=subject, **said)["objection"])

    def reference(self, case: str, price: str) -> Seal:
        made = self.seal(case, "招标人", {"reference.json": compose_reference(price)}, kind="reference")
        self.do("招标人", "reference.seal", case, **made.payload(self.world))
        return made

    def deadline(self, case: str) -> datetime:
        with self.world.read() as session:
            return session.get(_project.Case, case).deadline

    def sealed(self, case: str) -> None:
        self.at(self.deadline(case))
        self.ring("tender.deadline", case)

    def open_all(self, case: str, seals: dict[str, Seal]) -> dict[str, Any]:
        """Sign in, begin, unlock every bid, close and settle."""
        self.begin(case, *seals)
        for who, made in seals.items():
            self.do(who, "opening.unlock", case, file_key=made.file_key)
        self.do("交易中心", "opening.close", case)
        return settling.settle(self.world.acts, case)


def set_up(world) -> Stage:
    stage = Stage(world)
    for name, kind, role in (
        ("招标人", "tenderer", Role.TENDERER),
        ("代理", "agency", Role.AGENCY),
        ("交易中心", "centre", Role.CENTRE),
        ("监管", "regulator", Role.REGULATOR),
        *((f"投标人{n}", "bidder", Role.BIDDER) for n in "甲乙丙丁戊"),
    ):
        stage.org(name, kind, role)
    for role, name in (("tenderer", "招标人"), ("centre", "交易中心"), ("regulator", "监管")):
        stage.custodian(role, stage.people[name])
    return stage
