"""A tender played through real acts as far as the rooms go, with a witness outside the server."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from certs import authority, checkpoint, desk, desk_sign, drawdesk, draws, suite, vrf
from certs.models import SigningDoc, SigningField
from core.access import SYSTEM, Actor, Role
from core.acts import Acts, House
from core.blobs import Blobs
from core.clock import CST, FixedClock
from core.config import Config
from core.doors import TABLE
from core.ledger import Ledger
from core.live import Hub
from core.paper import Paper, SignatureBox
from oversight import actions as _actions  # noqa: F401  (declares the acts)
from oversight import queries as _queries  # noqa: F401  (declares the questions)
from tests import databases
from tests.conftest import World
from tests.trading.stage import Stage, set_up
from tests.verifier import cases
from trading.project.models import Case, CaseMove

THREE = {"投标人甲": "5689", "投标人乙": "5828", "投标人丙": "5709"}
WITNESS = "regulator.example/witness"
PARTIES = {"tenderer": "招标人", "centre": "交易中心", "supervisor": "监管"}


def new_world(folder: Path) -> World:
    """As the fixture `world`, for scopes wider than a test."""
    config = Config(
        demo=True, data_dir=folder, database_url=f"sqlite:///{folder / 'test.db'}", secret_key="t" * 64,
        ca_dir=folder / "ca", public_url="http://127.0.0.1:8000", tsa_url="",
    )  # fmt: skip
    engine = databases.opened(config.database_url)
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=CST))
    return World(Acts(engine, House(clock, Ledger(), Hub(), Blobs(folder / "blobs"), config)), clock, engine)


@dataclass
class Scene:
    """`stage` has the people; `auditor` and `admin` are people of nobody in the case."""

    stage: Stage
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    auditor: Actor = field(init=False)
    admin: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.auditor = Actor("a" * 16, "审计员", "", "", frozenset({Role.AUDITOR}))
        self.admin = Actor("b" * 16, "管理员", "", "", frozenset({Role.ADMIN}))

    @property
    def world(self) -> World:
        return self.stage.world

    @property
    def house(self) -> authority.Authority:
        return authority.of(self.world.acts.house.config)

    @property
    def vkey(self) -> str:
        return checkpoint.key_of(self.key, WITNESS, checkpoint.WITNESS).text

    def later(self, **term: int) -> None:
        self.world.clock.moment += timedelta(**(term or {"minutes": 1}))

    def register(self) -> None:
        self.stage.do("监管", "witness.register", vkey=self.vkey)

    def line(self, note: str, key: Ed25519PrivateKey | None = None, name: str = WITNESS) -> str:
        """What the regulator's client makes of a note it has looked at."""
        at = int(self.world.clock.now().timestamp())
        whole = checkpoint.cosign(note.encode(), name, key or self.key, at)
        return whole.decode().splitlines()[-1]

    def checkpoint(self) -> dict[str, Any]:
        """A timer's checkpoint and the regulator's cosignature."""
        self.later()
        point = self.world.acts.act(TABLE["log.checkpoint"].fn, SYSTEM, "", {})
        return self.stage.do("监管", "checkpoint.cosign", size=point["size"], cosignature=self.line(point["note"]))

    def opened(self) -> str:
        """A case with three opened bids, its opening record waiting for signatures."""
        case = self.stage.announced()
        seals = {who: self.stage.bid(case, who, price) for who, price in THREE.items()}
        self.stage.sealed(case)
        self.later()
        self.stage.open_all(case, seals)
        return case

    def sign_all(self, case: str) -> None:
        """Everybody signs what waits on the desk, in their own browsers."""
        people = {actor.person: (actor, self.stage.keys[name]) for name, actor in self.stage.people.items()}
        with self.world.read() as session:
            where = (SigningDoc.case == case, SigningField.signed_at.is_(None), SigningDoc.state == "open")
            query = select(SigningField).join(SigningDoc, SigningDoc.id == SigningField.doc_id).where(*where)
            places = list(session.scalars(query.order_by(SigningField.doc_id, SigningField.position)))
        for place in places:
            actor, key = people[place.person_id]
            self.later(seconds=20)
            offer = desk_sign.prepare_signature(self.world.acts, actor, place.doc_id, place.name)
            raw = suite.sign_raw(key, offer.tbs)
            desk_sign.finish_signature(self.world.acts, actor, place.doc_id, place.name, raw, offer.lease)

    def report(self, case: str, kind: str = "minutes", audience: str = "parties") -> None:
        """A paper with a recomputable record, on the desk."""
        record = cases.record()
        signers = ["监管", "交易中心"]
        with self.world.read() as session:
            named = [
                desk.signer(session, self.stage.people[who].person, f"member-{n}", "member", self.world.clock.now())
                for n, who in enumerate(signers, 1)
            ]
        paper = Paper("评标报告", number=case, demo=True)
        paper.section("评分汇总").table(
            ["投标人", "总分"], [[*row] for row in record["scoring"]["result"]["totals"].items()]
        )
        made = paper.section("签署").signatures([SignatureBox(one.field, one.field) for one in named]).build()
        first = desk.first_revision(made.bytes, made.boxes, record, named)
        self.world.acts.act(
            lambda tx: desk.open_document(tx, first, case=case, kind=kind, title=f"{kind} 报告", audience=audience),
            SYSTEM,
        )

    def draw(self, case: str) -> None:
        """A whole draw of the three parties."""
        secret = secrets.token_bytes(32)
        prove: Callable[[Any], Any] = lambda record: draws.fallback(record, secret)  # noqa: E731
        before = drawdesk.FALLBACK.copy(), drawdesk.WHEN_DONE.copy()
        drawdesk.FALLBACK["centre"] = drawdesk.Fallback(vrf.public_key(secret), prove, self.house.chain[:-1])
        drawdesk.WHEN_DONE["award-committee"] = lambda tx, row: None
        try:
            self._draw(case)
        finally:
            drawdesk.FALLBACK.clear()
            drawdesk.FALLBACK.update(before[0])
            drawdesk.WHEN_DONE.clear()
            drawdesk.WHEN_DONE.update(before[1])

    def _draw(self, case: str) -> None:
        names = {draws.salted_id(secrets.token_bytes(16), str(n)): str(n) for n in range(10)}
        people = {party: self.stage.people[who].person for party, who in PARTIES.items()}

        def start(tx):
            parties = drawdesk.parties(tx.session, people, tx.now)
            limits = {"take": 5, "spares": 0}
            return drawdesk.open_draw(tx, case, "award-committee", names, [], limits, parties).id

        draw = self.world.acts.act(start, SYSTEM)
        hidden = {party: secrets.token_bytes(32) for party in PARTIES}
        for act in ("draw.commit", "draw.reveal"):
            for party, who in PARTIES.items():
                with self.world.read() as session:
                    row = session.get(drawdesk.Draw, draw)
                key = self.stage.keys[who]
                if act == "draw.commit":
                    made = draws.commit(row.frozen, party, hidden[party], key)
                else:
                    made = draws.reveal(draws.with_commitments(row.frozen, row.commitments), party, hidden[party], key)
                self.later(seconds=5)
                self.stage.do(who, act, case, draw=draw, value=made["value"], signature=made["signature"])

    def set_state(self, case: str, state: str) -> None:
        """Rooms behind the opening are tested where they stand; oversight asks only for the state and its move."""
        self.later()
        with self.world.read() as session, session.begin():
            row = session.get(Case, case)
            count = len(list(session.scalars(select(CaseMove.id).where(CaseMove.case_id == case))))
            session.add(
                CaseMove(case_id=case, position=count + 100, at=self.world.clock.now(), act="test", source=row.state,
                         target=state, person="", round=row.round, entry_hash="0" * 64)
            )  # fmt: skip
            row.state = state

    def export(self, who: str, case: str, edition: str = "supervisor") -> tuple[dict[str, Any], bytes]:
        answer = self.stage.do(who, "casefile.export", case, edition=edition)
        return answer, self.world.acts.house.blobs.get(answer["sha256"])


def new_scene(world: World) -> Scene:
    return Scene(set_up(world))


__all__ = ["Scene", "new_scene", "new_world"]
