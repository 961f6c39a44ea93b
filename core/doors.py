"""The table of acts: one name, one function, one permit, whichever door someone knocks at.

Page, API, socket and timer all call `perform`. A legal act is signed in the holder's browser: the proof covers the
SHA-256 of the canonical payload, and is checked and spent inside the act's own transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from core import canon, once
from core.access import Actor, Role
from core.acts import Acts, Stale, Tx
from core.faults import Unusable
from core.quick import Draft
from core.rules import Refused

Payload = dict[str, Any]
Reply = Payload | BaseException
Handler = Callable[[Tx, str, Payload], Payload]


@dataclass(frozen=True)
class Door:
    """`secret` names payload keys left out of the signed digest (a ballot's choice must not be tied to its voter).

    `keep` False: the answer holds a one-time code and is not stored for a second sending. `draft`: its function hands
    out grants (core.quick).
    """

    name: str
    fn: Handler
    roles: tuple[Role, ...]
    signed: bool
    secret: tuple[str, ...] = ()
    keep: bool = True
    draft: bool = False


class Prover(Protocol):
    def __call__(self, tx: Tx, act: str, case: str, digest: str, proof: Mapping[str, Any]) -> Actor:
        """The actor with the proven certificate; Refused when the proof does not hold. Spends the nonce."""
        ...


TABLE: dict[str, Door] = {}


def acting(
    name: str, *roles: Role, signed: bool = False, secret: tuple[str, ...] = (), keep: bool = True, draft: bool = False
) -> Callable[[Handler], Handler]:
    """Declare `fn(tx, case, payload) -> result` as the act `name`, open to `roles` (no role = timers only)."""

    def declare(fn: Handler) -> Handler:
        if name in TABLE:
            raise ValueError(f"act {name} is declared twice")
        TABLE[name] = Door(name, fn, roles, signed, secret, keep, draft)
        return fn

    return declare


# act → its long part, done before the transaction: fn(acts, actor, case, payload) → what the act finds as `tx.ready`,
# None when the act will be refused anyway. It asks itself who is knocking, as it comes before the proof. The act raises
# Stale when what it was made of has changed, and does the long part itself when it finds nothing.
Ahead = Callable[[Acts, Actor, str, Payload], Any]
AHEAD: dict[str, Ahead] = {}
TRIES = 3  # then the act does the long part itself: it must come to an end while others go on writing


def ahead(name: str) -> Callable[[Ahead], Ahead]:
    """Declare what is made before the act `name`, so that the one writer need not wait for it."""

    def declare(fn: Ahead) -> Ahead:
        AHEAD[name] = fn
        return fn

    return declare


# The article by which the case's own law says what the rooms share: (session, case, article) → article, or the same.
Cites = Callable[[Session, str, str], str]
CITES: list[Cites] = []


def _cited(acts: Acts, case: str, refused: Refused) -> Refused:
    """The refusal in the articles of the case's own law; every door says it alike."""
    with acts.reading() as session:
        for cites in CITES:
            refused.breaches = [replace(one, article=cites(session, case, one.article)) for one in refused.breaches]
    return refused


def digest(door: Door, payload: Payload) -> str:
    """What a proof signs: SHA-256 hex of the canonical payload without the door's secret keys."""
    return canon.sha256_hex(canon.dumps({k: v for k, v in payload.items() if k not in door.secret}))


def perform(
    acts: Acts,
    prover: Prover,
    actor: Actor,
    name: str,
    case: str,
    payload: Payload,
    proof: Mapping[str, Any] | None = None,
) -> Payload:
    """Do the act or raise Refused / Unusable; nothing is written unless all of it is."""
    door = TABLE.get(name)
    if door is None:
        raise Unusable(f"no such act: {name}")
    try:
        return _performed(acts, prover, actor, door, case, payload, proof)
    except Refused as refused:
        raise _cited(acts, case, refused) from None


def _performed(
    acts: Acts, prover: Prover, actor: Actor, door: Door, case: str, payload: Payload, proof: Mapping[str, Any] | None
) -> Payload:
    name, run = door.name, _run(prover, door, case, payload, proof)
    if name in AHEAD and not _sent_before(acts, actor, door, case, payload):
        actor.require(*door.roles)
        return _prepared(acts, actor, run, AHEAD[name], case, once.without(payload))
    if door.draft:
        return acts.draft(run, _draft(actor, door, case, payload))
    return acts.act(run, actor)


def _run(
    prover: Prover, door: Door, case: str, payload: Payload, proof: Mapping[str, Any] | None
) -> Callable[[Tx], Payload]:
    def run(tx: Tx) -> Payload:
        tx.actor.require(*door.roles)
        bound = digest(door, payload)
        first = once.answered(tx.session, tx.actor.person, door.name, case, payload, bound)
        if first is not None:
            return first
        if door.signed:
            tx.actor = prover(tx, door.name, case, bound, proof or {})
        result = door.fn(tx, case, once.without(payload))
        if door.keep:
            once.keep(tx.session, tx.now, tx.actor.person, door.name, case, payload, bound, result)
        return result

    return run


def _draft(actor: Actor, door: Door, case: str, payload: Payload) -> Draft:
    return Draft(actor, door.name, case, once.without(payload), once.key_of(payload), digest(door, payload))


def drafted(
    acts: Acts, prover: Prover, actor: Actor, name: str, case: str, payload: Payload, then: Callable[[Reply], None]
) -> bool:
    """For who does not wait: a draft is left with the one who writes and `then` hears what `perform` would have
    answered or raised. False for any other act; Unusable as `perform`."""
    door = TABLE.get(name)
    if door is None or not door.draft:
        return False

    def told(answer: Reply) -> None:
        if isinstance(answer, Refused):
            answer = _cited(acts, case, answer)
        then(answer)

    acts.leave(_run(prover, door, case, payload, None), _draft(actor, door, case, payload), told)
    return True


def _sent_before(acts: Acts, actor: Actor, door: Door, case: str, payload: Payload) -> bool:
    if not once.key_of(payload):
        return False
    with acts.reading() as session:
        bound = digest(door, payload)
        return once.answered(session, actor.person, door.name, case, payload, bound) is not None


def _prepared(
    acts: Acts, actor: Actor, run: Callable[[Tx], Payload], make: Ahead, case: str, payload: Payload
) -> Payload:
    """`run` with what was made ahead of it, made anew when it was stale."""
    for _ in range(TRIES):
        try:
            ready = make(acts, actor, case, payload)
        except (Refused, Unusable):
            break  # the act says what is wrong, in its own order: after the proof

        def with_it(tx: Tx, ready: Any = ready) -> Payload:
            tx.ready = ready
            return run(tx)

        try:
            return acts.act(with_it, actor)
        except Stale:
            continue
    return acts.act(run, actor)


Question = Callable[[Session, datetime, Actor, str, Payload], Payload]


@dataclass(frozen=True)
class Asking:
    """A reading door: `fn(session, now, actor, case, params) -> JSON-able dict`, guarded inside like an act."""

    name: str
    fn: Question
    roles: tuple[Role, ...]


QUESTIONS: dict[str, Asking] = {}


def asking(name: str, *roles: Role) -> Callable[[Question], Question]:
    """Declare a question that clients may ask as JSON; Role.PUBLIC opens it to everyone."""

    def declare(fn: Question) -> Question:
        if name in QUESTIONS:
            raise ValueError(f"question {name} is declared twice")
        QUESTIONS[name] = Asking(name, fn, roles)
        return fn

    return declare


def ask(acts: Acts, actor: Actor, name: str, case: str, params: Payload) -> Payload:
    """Answer a question or raise Refused / Unusable; nothing is written."""
    question = QUESTIONS.get(name)
    if question is None:
        raise Unusable(f"no such question: {name}")
    try:
        actor.require(*question.roles)
        with acts.reading() as session:
            return question.fn(session, acts.house.clock.now(), actor, case, params)
    except Refused as refused:
        raise _cited(acts, case, refused) from None
