"""Draws under way: signed acts in order, once each, by the right party; a withheld reveal cannot stop or bend it."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from certs import drawdesk, draws, suite, vrf
from core.access import SYSTEM, Actor, Role
from core.rules import Refused

ROLES = {"tenderer": Role.TENDERER, "centre": Role.CENTRE, "supervisor": Role.REGULATOR}
KEYS = {party: suite.generate() for party in ROLES}
SECRETS = {party: secrets.token_bytes(32) for party in ROLES}


def actor(party: str) -> Actor:
    return Actor(person=f"p-{party}", roles=frozenset({ROLES[party]}))


@pytest.fixture
def draw(world, monkeypatch):
    secret = secrets.token_bytes(32)
    prove = drawdesk.Fallback(vrf.public_key(secret), lambda record: draws.fallback(record, secret))
    done: list[drawdesk.Draw] = []
    monkeypatch.setitem(drawdesk.FALLBACK, "centre", prove)
    monkeypatch.setitem(drawdesk.WHEN_DONE, "award-committee", lambda tx, row: done.append(row))
    names = {draws.salted_id(secrets.token_bytes(16), str(n)): str(n) for n in range(10)}
    parties = {p: drawdesk.Party(f"p-{p}", suite.b64(suite.spki_of(k)), []) for p, k in KEYS.items()}

    def start(tx):
        return drawdesk.open_draw(tx, "c", "award-committee", names, [], {"take": 5, "spares": 0}, parties).id

    return world, world.acts.act(start, SYSTEM), done


def row_of(world, draw_id) -> drawdesk.Draw:
    with world.read() as session:
        return session.get(drawdesk.Draw, draw_id)


def commit(world, draw_id, party, secret=None):
    entry = draws.commit(row_of(world, draw_id).frozen, party, secret or SECRETS[party], KEYS[party])
    return world.do(actor(party), "draw.commit", "c", draw=draw_id, value=entry["value"], signature=entry["signature"])


def reveal(world, draw_id, party, secret=None, as_party=None):
    row = row_of(world, draw_id)
    record = draws.with_commitments(row.frozen, row.commitments)
    entry = draws.reveal(record, party, secret or SECRETS[party], KEYS[party])
    who = actor(as_party or party)
    return world.do(who, "draw.reveal", "c", draw=draw_id, value=entry["value"], signature=entry["signature"])


def test_three_parties_make_a_record_that_replays(draw):
    world, draw_id, done = draw
    for party in ROLES:
        commit(world, draw_id, party)
    for party in ("supervisor", "tenderer", "centre"):
        reveal(world, draw_id, party)
    row = row_of(world, draw_id)
    assert row.state == "DONE"
    assert len(done) == 1
    assert draws.replay(row.record).withheld == ()


def test_nobody_reveals_before_all_committed_nor_twice_nor_for_another(draw):
    world, draw_id, _ = draw
    commit(world, draw_id, "centre")
    with pytest.raises(Refused):
        commit(world, draw_id, "centre")
    payload = {"draw": draw_id, "value": "0" * 64, "signature": suite.b64(b"0" * 64)}
    with pytest.raises(Refused):
        world.do(actor("centre"), "draw.reveal", "c", **payload)
    with pytest.raises(Refused):
        world.do(Actor(person="stranger", roles=frozenset({Role.CENTRE})), "draw.commit", "c", **payload)
    with pytest.raises(Refused):  # a signature that does not hold
        world.do(actor("tenderer"), "draw.commit", "c", **payload)
    with pytest.raises(Refused):
        world.do(Actor(person="p-tenderer", roles=frozenset({Role.BIDDER})), "draw.commit", "c", **payload)


def test_a_reveal_must_be_what_was_committed(draw):
    world, draw_id, _ = draw
    for party in ROLES:
        commit(world, draw_id, party)
    with pytest.raises(Refused):
        reveal(world, draw_id, "centre", secret=b"x" * 32)
    assert row_of(world, draw_id).reveals == []


def test_a_withheld_reveal_is_replaced_at_its_term_not_before(draw):
    world, draw_id, done = draw
    for party in ROLES:
        commit(world, draw_id, party)
    reveal(world, draw_id, "centre")
    reveal(world, draw_id, "tenderer")
    world.clock.moment += drawdesk.REVEAL_TERM - timedelta(seconds=1)
    act = drawdesk.stand_in
    assert world.acts.act(act, SYSTEM, "c", {"draw": draw_id}) == {}
    world.clock.moment += timedelta(seconds=1)
    assert world.acts.act(act, SYSTEM, "c", {"draw": draw_id})["state"] == "DONE"
    record = row_of(world, draw_id).record
    assert draws.replay(record).withheld == ("supervisor",)
    assert world.acts.act(act, SYSTEM, "c", {"draw": draw_id}) == {}
    assert len(done) == 1
