"""The three ways to buy under an agreement, suppliers suspended and removed, prices, joining later, results in time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from certs import authority, drawdesk, draws, suite, vrf
from core import canon
from core.faults import Unusable
from core.ledger import EntryRow
from core.rules import Refused
from tests.trading.framework_world import (
    BUYER,
    CENTRE,
    OWNER,
    REGULATOR,
    SUPPLIERS,
    Agreements,
    build,
    shows,
)
from trading.framework import mini, picks, queries
from trading.framework.models import FrameworkNotice, FrameworkTurn
from trading.framework.states import framework_row, over
from trading.order.models import Order, OrderLine

A, B, C, D, E = SUPPLIERS[:5]
PRICES = {A: "20", B: "21", C: "22"}


@pytest.fixture
def agreements(world) -> Agreements:
    return build(world)


@pytest.fixture
def framework(agreements: Agreements) -> str:
    """甲 (20), 乙 (21), 丙 (22) supply; 丁 was eliminated."""
    return agreements.ready(PRICES)


def refused(call, *args, **payload) -> list[str]:
    with pytest.raises(Refused) as caught:
        call(*args, **payload)
    return [one.rule for one in caught.value.breaches]


def order_of(agreements: Agreements, need: str) -> Order:
    with agreements.read() as session:
        return session.query(Order).filter_by(source="framework", source_id=need).one()


@shows("FH-MEMBER")
def test_a_direct_pick_becomes_an_order_at_the_agreement_price(agreements: Agreements, framework: str) -> None:
    assert refused(agreements.pick, framework, A, reason="") == ["FH-REASON"]
    assert refused(agreements.pick, framework, D) == ["FH-MEMBER"]
    assert refused(agreements.do, A, "framework.pick", framework) == ["ACCESS"]
    with pytest.raises(Unusable):
        agreements.pick(framework, B, quantities={"x": 1})
    need = agreements.pick(framework, B)
    assert refused(agreements.do, A, "framework.accept", need) == ["FH-MEMBER"]
    done = agreements.do(B, "framework.accept", need)
    order = order_of(agreements, need)
    assert (order.id, order.total, order.supplier_org) == (done["order"], Decimal(63), agreements.actor(B).org)
    with agreements.read() as session:
        line = session.query(OrderLine).filter_by(order_id=order.id).one()
        assert (line.quantity, line.price, line.category) == (3, Decimal(21), "A05040101")
    assert refused(agreements.do, B, "framework.accept", need) == ["STATE"], "once"
    assert agreements.need(need).result_by is None, "a direct pick needs no notice of its own"


@shows("FH-OFFER")
def test_declined_with_a_reason_or_by_silence(agreements: Agreements, framework: str) -> None:
    need = agreements.pick(framework, A)
    assert refused(agreements.do, A, "framework.decline", need) == ["FH-REASON"]
    agreements.do(A, "framework.decline", need, reason="缺货")
    assert agreements.need(need).state == "DECLINED"
    silent = agreements.pick(framework, A)
    until = agreements.need(silent).offer_until
    agreements.move(until - timedelta(seconds=1))
    assert agreements.need(silent).state == "OFFERED"
    agreements.stage.at(until)
    assert refused(agreements.do, A, "framework.accept", silent) == ["FH-OFFER"]
    agreements.work()
    assert agreements.need(silent).state == "DECLINED"


@shows("FH-QUOTE")
def test_the_lowest_of_a_mini_competition_wins(agreements: Agreements, framework: str) -> None:
    soon = {"end": (agreements.now + timedelta(hours=3)).isoformat()}
    assert refused(agreements.do, BUYER, "framework.invite", framework, **soon,
                   **agreements.wants(framework)) == ["FH-QUOTE"]  # fmt: skip
    need = agreements.invite(framework)
    item = agreements.items(framework)[0]
    assert len(agreements.need(need).invited) == 3
    assert refused(agreements.do, D, "framework.quote", need) == ["FH-MEMBER"], "not in the agreement"
    agreements.respond(need, A, {item: "19"}, "framework.quote")
    agreements.respond(need, B, {item: "18.5"}, "framework.quote")
    agreements.respond(need, C, {item: "22.01"}, "framework.quote")
    with agreements.read() as session:
        said = session.query(EntryRow).filter_by(stream=f"framework:{framework}", kind="framework.received")
        assert said.count() == 0, "nobody is told who quotes"
    end = agreements.need(need).end_at
    agreements.stage.at(end)
    late = agreements.seal(need, A, b"{}").payload(agreements.stage.world)
    assert refused(agreements.do, A, "framework.quote", need, **late) == ["FH-TIME"]
    agreements.work()
    agreements.unlock(need, A, B, C, act="framework.quote_unlock")
    agreements.work()
    found = agreements.need(need)
    ranking = found.result["ranking"]
    assert [one["total"] for one in ranking] == ["55.5", "57", "66.03"]
    assert ranking[2]["why"] == "above the agreement price"
    with pytest.raises(Unusable):
        agreements.do(BUYER, "framework.award", need, member=agreements.member(framework, A).id)
    assert refused(agreements.do, OWNER, "framework.award", need) == ["ACCESS"]
    agreements.do(BUYER, "framework.award", need)
    agreements.do(B, "framework.decline", need, reason="生产线检修")
    assert agreements.need(need).state == "RANKED"
    agreements.do(BUYER, "framework.award", need)
    agreements.do(A, "framework.accept", need)
    assert order_of(agreements, need).total == Decimal(57)


def test_equal_quotes_go_by_the_place_of_the_first_stage(agreements: Agreements, framework: str) -> None:
    need = agreements.invite(framework)
    agreements.quoted(need, {C: "19", B: "19.00"})
    found = agreements.need(need)
    assert [one["member"] for one in mini.lowest(found)] == [agreements.member(framework, B).id]


def test_what_nobody_unlocks_or_quotes_comes_to_nothing(agreements: Agreements, framework: str) -> None:
    empty, locked = agreements.invite(framework), agreements.invite(framework)
    agreements.respond(locked, A, {agreements.items(framework)[0]: "19"}, "framework.quote")
    agreements.move(agreements.need(empty).end_at + timedelta(minutes=1))
    assert agreements.need(empty).state == "VOID"
    assert agreements.need(locked).state == "UNLOCKING"
    agreements.move(agreements.need(locked).unlock_until)
    assert agreements.need(locked).state == "VOID"


def test_a_ranked_purchase_may_be_dropped_with_its_reason(agreements: Agreements, framework: str) -> None:
    need = agreements.invite(framework)
    agreements.quoted(need, {A: "19"})
    with pytest.raises(Unusable):
        agreements.do(BUYER, "framework.drop", need)
    agreements.do(BUYER, "framework.drop", need, reason="预算取消")
    assert agreements.need(need).state == "VOID"


@shows("FH-ROTA", "FH-TWICE")
def test_the_rota_goes_round_and_records_refusals(agreements: Agreements, framework: str) -> None:
    assert refused(agreements.rotate, framework) == ["FH-ROTA"]
    order = agreements.do(OWNER, "framework.rota", framework)["order"]
    assert order == [agreements.member(framework, who).id for who in (A, B, C)]
    assert refused(agreements.do, OWNER, "framework.rota", framework) == ["FH-TWICE"]
    first = agreements.rotate(framework)
    agreements.do(A, "framework.accept", first)
    second = agreements.rotate(framework)
    agreements.do(B, "framework.decline", second, reason="缺货")
    assert agreements.need(second).member_id == order[2], "passed on to the next"
    agreements.do(C, "framework.accept", second)
    third = agreements.rotate(framework)
    assert agreements.need(third).member_id == order[0], "a new round"
    with agreements.read() as session:
        turns = [
            (one.round, one.member_id, one.outcome)
            for one in picks.turns_of(session, framework_row(session, framework))
        ]
    assert sorted(turns) == sorted([(1, order[0], "awarded"), (1, order[1], "declined"), (1, order[2], "awarded"),
                                    (2, order[0], "offered")])  # fmt: skip


def test_a_purchase_that_all_refuse_ends(agreements: Agreements, framework: str) -> None:
    agreements.do(OWNER, "framework.rota", framework)
    need = agreements.rotate(framework)
    for who in (A, B, C):
        assert agreements.need(need).member_id == agreements.member(framework, who).id
        agreements.do(who, "framework.decline", need, reason="缺货")
    assert agreements.need(need).state == "DECLINED"
    with agreements.read() as session:
        assert session.query(FrameworkTurn).filter_by(outcome="declined").count() == 3


def test_the_order_drawn_by_three_parties_can_be_replayed(agreements: Agreements, monkeypatch) -> None:
    secret = bytes(32)
    chain = authority.of(agreements.stage.world.acts.house.config).chain[:-1]
    prove = drawdesk.Fallback(vrf.public_key(secret), lambda record: draws.fallback(record, secret), chain)
    monkeypatch.setitem(drawdesk.FALLBACK, "centre", prove)
    framework = agreements.ready(PRICES, rota="draw")
    people = {"tenderer": OWNER, "centre": CENTRE, "supervisor": REGULATOR}
    named = {party: agreements.actor(who).person for party, who in people.items()}
    assert refused(agreements.do, OWNER, "framework.rota", framework,
                   parties=named | {"tenderer": agreements.actor(BUYER).person}) == ["DRAW-PARTY"]  # fmt: skip
    draw = agreements.do(OWNER, "framework.rota", framework, parties=named)["draw"]
    assert refused(agreements.rotate, framework) == ["FH-ROTA"]
    secrets = {party: bytes([n]) * 32 for n, party in enumerate(people, 1)}
    with agreements.read() as session:
        record = session.get_one(drawdesk.Draw, draw).frozen
    for party, who in people.items():
        value = draws.commitment_value(party, draw, secrets[party])
        raw = suite.sign_raw(agreements.stage.keys[who], draws.commitment_text(record, party, value))
        agreements.do(who, "draw.commit", framework, draw=draw, value=value, signature=suite.b64(raw))
    with agreements.read() as session:
        row = session.get_one(drawdesk.Draw, draw)
        committed = draws.with_commitments(row.frozen, row.commitments)
    for party, who in people.items():
        value = secrets[party].hex()
        raw = suite.sign_raw(agreements.stage.keys[who], draws.reveal_text(committed, party, value))
        agreements.do(who, "draw.reveal", framework, draw=draw, value=value, signature=suite.b64(raw))
    order = agreements.row(framework).result["rota"]["order"]
    with agreements.read() as session:
        done = session.get_one(drawdesk.Draw, draw)
        assert draws.replay(canon.loads(canon.dumps(done.record))).result["members"] == order
    assert sorted(order) == sorted(agreements.member(framework, who).id for who in (A, B, C))
    assert agreements.need(agreements.rotate(framework)).member_id == order[0]


@shows("FA-09/result")
def test_results_are_published_by_act_or_on_the_last_day(agreements: Agreements, framework: str) -> None:
    agreements.do(OWNER, "framework.rota", framework)
    one, other, third = (agreements.rotate(framework) for _ in range(3))
    agreements.do(A, "framework.accept", one)
    agreements.do(B, "framework.accept", other)
    assert refused(agreements.do, OWNER, "framework.result", one) == ["ACCESS"], "the buyer's to publish"
    agreements.do(BUYER, "framework.result", one)
    assert agreements.do(BUYER, "framework.result", one) == {}, "once"
    last = agreements.need(other).result_by
    agreements.move(over(last) - timedelta(days=1, seconds=1))
    assert agreements.need(other).published_at is None
    agreements.move(over(last) - timedelta(days=1))
    assert agreements.need(other).published_at is not None
    with agreements.read() as session:
        assert session.query(FrameworkNotice).filter_by(framework_id=framework, kind="rota_result").count() == 2
    late = agreements.rotate(framework)
    agreements.do(A, "framework.accept", late)
    agreements.stage.at(over(agreements.need(late).result_by))  # the timer did not ring
    warned = agreements.do(BUYER, "framework.result", late)["warnings"]
    assert [one["rule"] for one in warned] == ["FA-09/result"]
    agreements.work()
    assert len(agreements.need(third).tried) > 1, "who did not answer in time is passed over"


def test_suspended_removed_and_back(agreements: Agreements, framework: str) -> None:
    who = agreements.member(framework, A).id
    said = {"member": who, "cause": "complaint", "reason": "投诉核查中"}
    assert refused(agreements.do, BUYER, "framework.suspend", framework, **said) == ["FH-OWN"]
    assert refused(agreements.do, OWNER, "framework.suspend", framework, **(said | {"cause": "mood"})) == [
        "FA-12/cause"
    ]
    agreements.do(REGULATOR, "framework.suspend", framework, **said, days=5)
    assert refused(agreements.pick, framework, A) == ["FH-MEMBER"]
    agreements.move(agreements.now + timedelta(days=5) - timedelta(seconds=1))
    assert agreements.member(framework, A).state == "SUSPENDED"
    agreements.move(agreements.now + timedelta(seconds=1))
    assert agreements.member(framework, A).state == "ACTIVE"
    removed = {"member": who, "cause": "quality", "reason": "三次整改不到位"}
    agreements.do(OWNER, "framework.remove", framework, **removed)
    assert refused(agreements.do, OWNER, "framework.resume", framework, member=who) == ["STATE"]
    with agreements.read() as session:
        kinds = [one.kind for one in queries.notices(session, agreements.row(framework))]
    assert kinds[:3] == ["removed", "resumed", "suspended"]


def test_no_way_out_of_a_closed_agreement_without_a_cause(agreements: Agreements, framework: str) -> None:
    assert refused(agreements.do, A, "framework.leave", framework) == ["FA-12/quit"]
    assert refused(agreements.do, A, "framework.quit_ask", framework, reason="利润低") == ["FA-12/quit"]
    who = agreements.member(framework, A).id
    assert refused(agreements.do, OWNER, "framework.quit", framework, member=who) == ["FA-12/quit"]
    agreements.do(A, "framework.quit_ask", framework, cause="force_majeure", reason="仓库火灾")
    agreements.do(OWNER, "framework.quit", framework, member=who)
    assert agreements.member(framework, A).state == "LEFT"


def test_prices_move_only_as_the_agreement_says(agreements: Agreements, framework: str) -> None:
    item = agreements.items(framework)[0]
    said = {"member": agreements.member(framework, A).id, "item": item, "price": "20.5", "reason": "纸浆指数上涨"}
    assert refused(agreements.do, OWNER, "framework.adjust", framework, **said) == ["FH-WAY"]
    other = agreements.ready(PRICES, adjustment="按季度随纸浆价格指数调整")
    item = agreements.items(other)[0]
    said |= {"member": agreements.member(other, A).id, "item": item}
    assert refused(agreements.do, OWNER, "framework.adjust", other, **(said | {"price": "25.01"})) == ["FA-06"]
    agreements.do(OWNER, "framework.adjust", other, **said)
    org = agreements.actor(A).org
    with agreements.read() as session:
        price = queries.agreement_price
        assert price(session, other, org, "A05040101") == Decimal("20.5")
        assert price(session, framework, org, "A05040101") == Decimal(20)
        assert price(session, framework, org, "A05040102") is None, "another category"
        assert price(session, framework, agreements.actor(D).org, "A05040101") is None, "eliminated"


def test_a_supplementary_call_brings_suppliers_into_the_agreement(agreements: Agreements, framework: str) -> None:
    call = {"reason": "已有供应商无法覆盖郊区"}
    assert refused(agreements.do, OWNER, "framework.supplement", framework, **call) == ["FA-10"]
    gone = {"member": agreements.member(framework, C).id, "cause": "quality", "reason": "不合格"}
    agreements.do(OWNER, "framework.remove", framework, **gone)
    child = agreements.do(OWNER, "framework.supplement", framework, **call)["framework"]
    assert refused(agreements.do, OWNER, "framework.supplement", framework, **call) == ["FH-TWICE"]
    agreements.do(OWNER, "framework.solicit", child, deadline=(agreements.now + timedelta(days=21)).isoformat())
    made = agreements.seal(child, A, b"{}").payload(agreements.stage.world)
    assert refused(agreements.do, A, "framework.respond", child, **made) == ["FH-TWICE"]
    agreements.answered(child, {D: "21.5", E: "23"})
    agreements.published(child)
    agreements.sign_agreement(child, D)
    agreements.work()
    assert agreements.row(child).state == "JOINED"
    assert agreements.member(framework, D).state == "ACTIVE"
    agreements.do(D, "framework.accept", agreements.pick(framework, D))


@shows("FH-WAY")
def test_only_within_the_term_and_by_the_ways_of_the_solicitation(agreements: Agreements) -> None:
    framework = agreements.ready(PRICES, ways=["mini"], months=1)
    assert refused(agreements.pick, framework, A) == ["FH-WAY"]
    assert refused(agreements.rotate, framework) == ["FH-WAY"]
    ends = agreements.row(framework).ends_on
    agreements.stage.at(over(ends) - timedelta(seconds=1))
    agreements.do(BUYER, "framework.invite", framework, end=(agreements.now + timedelta(days=9)).isoformat(),
                  **agreements.wants(framework))  # fmt: skip
    agreements.stage.at(over(ends))
    assert refused(agreements.invite, framework) == ["FH-INSIDE"], "before the timer has rung"


def test_state_firms_that_compete_twice_are_told_of_a_competition_of_one(agreements: Agreements) -> None:
    framework = agreements.ready(PRICES, regime="soe", competitions=2)
    need = agreements.invite(framework)
    agreements.quoted(need, {A: "19"})
    assert [one["rule"] for one in agreements.need(need).result["warnings"]] == ["FB-05/two"]


def test_a_stranger_reads_nothing_of_a_purchase(agreements: Agreements, framework: str) -> None:
    need = agreements.pick(framework, A)
    with agreements.read() as session:
        row, one = agreements.row(framework), agreements.need(need)
        part = {who: queries.part_in(session, one, row, agreements.actor(who)) for who in (BUYER, OWNER, A, B, CENTRE)}
    assert part == {BUYER: "buyer", OWNER: "inner", A: "supplier", B: "", CENTRE: ""}
