"""A founded centre, organisations and people with keys, made through the same acts as in life."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounts import actions_certs, actions_orgs, actions_people, proof, queries, rules
from certs import challenge, keys, suite
from certs.suite import b64
from core.access import SYSTEM, Actor
from core.canon import dumps, sha256_hex
from core.codes import make_id18, make_uscc
from core.doors import TABLE, digest, perform

# One ready-made hash for many people, with the platform's parameters; the password is 'demo-Passw0rd'.
PASSWORD = "demo-Passw0rd"


def uscc(number: int) -> str:
    return make_uscc(f"91420112MA4K{number:05d}")


def id_number(number: int) -> str:
    return make_id18("420106", date(1980, 1, 1), number)


def contact(number: int, **more: Any) -> dict[str, Any]:
    return {"login": f"user{number}", "name": "张三", "id_number": id_number(number), "phone": "13812345678", **more}


def registration(number: int, kinds: list[str], **more: Any) -> dict[str, Any]:
    return {
        "agreement": rules.AGREEMENT, "name": f"单位{number}", "uscc": uscc(number), "kinds": kinds,
        "region": "420100", "contact": contact(number), **more,
    }  # fmt: skip


@dataclass
class Cast:
    """`centre` is the founding centre's manager. Ids count from the number given."""

    world: Any
    centre: Actor = field(init=False)
    orgs: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        payload = registration(1, ["centre"])
        payload.pop("agreement")
        answer = self.world.acts.act(actions_orgs.found, SYSTEM, payload)
        self.centre = self._activate(answer)

    def _activate(self, answer: dict[str, Any]) -> Actor:
        def run(tx):
            person = tx.session.get(actions_people.Person, answer["person"])
            person.state = "active"

        self.world.acts.act(run, SYSTEM)
        return self.actor(answer["person"])

    def actor(self, person: str) -> Actor:
        with self.world.read() as session:
            found = queries.actor(session, person)
        assert found is not None
        return found

    def org(self, number: int, *kinds: str, verified: bool = True, **more: Any) -> Actor:
        """The manager of a new organisation."""
        answer = self.world.do(Actor(), "org.register", **registration(number, list(kinds), **more))
        self.orgs[number] = answer["org"]
        if verified:
            self.world.do(self.centre, "org.verify", org=answer["org"], approve=True)
        return self._activate(answer)

    def person(self, manager: Actor, number: int, roles: list[str], **more: Any) -> Actor:
        return self._activate(self.world.do(manager, "person.add", **contact(number, roles=roles), **more))

    def certify(self, actor: Actor, key: suite.PrivateKey | None = None) -> Holder:
        key = key or suite.generate()
        answer = self.world.do(actor, "cert.enrol", **self.possession(actor, "cert.enrol", "sign", actor.person, key))
        return Holder(self.world, actor, key, answer["fingerprint"])

    def possession(self, actor: Actor, act: str, use: Any, uid: str, key: suite.PrivateKey) -> dict[str, str]:
        nonce = self.world.do(actor, "nonce.issue", act=act, object=suite.spki_id(key))["nonce"]
        text = keys.pop_text(use, uid, nonce, key)
        signature = b64(suite.sign_raw(key, text))
        return {"spki": b64(suite.spki_of(key)), "nonce": nonce, "text": b64(text), "signature": signature}


@dataclass
class Holder:
    """A person with a signing key; `prove` is what the browser does."""

    world: Any
    actor: Actor
    key: suite.PrivateKey
    fingerprint: str

    def prove(self, act: str, case: str, payload: dict[str, Any], /, **lies: str) -> dict[str, str]:
        object_ = digest(TABLE[act], payload) if act in TABLE else sha256_hex(dumps(payload))
        offer = self.world.do(self.actor, "nonce.issue", case, act=act, object=object_)
        return self.sign({key: offer[key] for key in ("act", "case", "object", "nonce", "time")} | lies)

    def sign(self, text: dict[str, str]) -> dict[str, str]:
        composed = challenge.Challenge(**text)
        return {
            "certificate": self.fingerprint,
            "text": b64(composed.text()),
            "signature": b64(composed.sign(self.key)),
        }

    def do(self, act: str, case: str, payload: dict[str, Any], given: dict[str, str] | None = None) -> dict[str, Any]:
        """Through the whole door, with a fresh proof unless one is given."""
        given = self.prove(act, case, payload) if given is None else given
        return perform(self.world.acts, proof.prove, self.actor, act, case, payload, given)


def rows(world: Any) -> dict[str, int]:
    """Number of rows of every table: a refused act changes none."""
    with world.read() as session:
        tables = actions_certs.Org.metadata.sorted_tables
        return {table.name: session.execute(table.select()).fetchall().__len__() for table in tables}
