"""A stage in process: the same acts through the same door, without a network. Seeds the demo world."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import queries
from certs import suite
from certs.desk_sign import finish_signature, prepare_signature
from core import staged
from core.access import Actor
from core.acts import Acts
from core.clock import DemoClock
from core.doors import TABLE, Prover, ask, digest, perform
from web.demo.ring import Ring
from web.demo.stage import KeyHolder, Payload, proof_of


class LocalStage(KeyHolder):
    """Acts through core.doors with real proofs; `after_move` runs due jobs when the clock has moved."""

    def __init__(self, acts: Acts, prover: Prover, ring: Ring, run_due: Any) -> None:
        self.acts, self.prover, self.ring, self.run_due = acts, prover, ring, run_due

    def actor(self, who: str) -> Actor:
        if not who:
            return Actor(address="127.0.0.1")
        with self.acts.reading() as session:
            found = queries.actor(session, self.ring[who].person, "127.0.0.1")
        assert found is not None, f"{who} is not active"
        return found

    def act(self, who: str, act: str, case: str = "", /, **payload: Any) -> Payload:
        actor, proof = self.actor(who), None
        if TABLE[act].signed:
            wanted = {"act": act, "object": digest(TABLE[act], payload)}
            nonce = perform(self.acts, self.prover, actor, "nonce.issue", case, wanted)
            proof = proof_of(self.ring[who], act, case, payload, nonce)
        return perform(self.acts, self.prover, actor, act, case, payload, proof)

    def ask(self, who: str, question: str, case: str = "", /, **params: Any) -> Payload:
        return ask(self.acts, self.actor(who), question, case, params)

    def upload(self, who: str, data: bytes) -> Payload:
        blob = self.acts.house.blobs.put(data)
        self.acts.act(staged.stage, self.actor(who), blob.sha256, blob.size)
        return {"sha256": blob.sha256, "size": blob.size}

    def sign(self, who: str, document: str) -> None:
        actor, user = self.actor(who), self.ring[who]
        assert user.key is not None
        field = next(one["field"] for one in self.ask(who, "paper.waiting")["papers"] if one["document"] == document)
        offer = prepare_signature(self.acts, actor, document, field)
        finish_signature(self.acts, actor, document, field, suite.sign_raw(user.key, offer.tbs), offer.lease)

    def now(self) -> datetime:
        return self.acts.house.clock.now()

    def let_work(self) -> None:
        self.run_due()

    def move_to(self, moment: datetime) -> None:
        clock = self.acts.house.clock
        assert isinstance(clock, DemoClock)
        if moment > clock.now():
            clock.move_to(moment)
            self.run_due()
