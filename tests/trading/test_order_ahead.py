"""Contract and acceptance note are made outside the write transaction, and are what the act would have made inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.models import Org
from certs import desk
from certs.models import Certificate, SigningDoc
from core import doors
from core.rules import Refused
from tests.trading.order_world import LAPTOP, SECOND, Orders, set_up
from trading.order import making
from trading.order.states import order_row


def _proven(tx, act, case, digest, proof):
    return tx.actor


def send(orders: Orders, who: str, act: str, order: str, /, **payload: Any) -> dict[str, Any]:
    """As every door does it."""
    return doors.perform(orders.world.acts, _proven, orders.stage.people[who], act, order, payload)


@dataclass
class Watch:
    """Whether the writer was held where papers were made, what was put on them, and what happens meanwhile."""

    inside: list[bool] = field(default_factory=list)
    made: list[making.Ready] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None


@pytest.fixture
def orders(world) -> Orders:
    return set_up(world)


@pytest.fixture
def watch(orders, monkeypatch) -> Watch:
    seen, compose, revision = Watch(), making.compose, desk.first_revision

    def composed(work: making.Work, *, demo: bool) -> making.Ready:
        inside = orders.world.acts._lock.locked()
        seen.made.append(compose(work, demo=demo))
        if not inside:
            seen.meanwhile()
        return seen.made[-1]

    def revised(*args: Any, **more: Any) -> desk.First:
        seen.inside.append(orders.world.acts._lock.locked())
        return revision(*args, **more)

    monkeypatch.setattr(making, "compose", composed)
    monkeypatch.setattr(desk, "first_revision", revised)
    return seen


def on_desk(orders: Orders, document: str) -> SigningDoc:
    with orders.world.read() as session:
        return session.get_one(SigningDoc, document)


def received(orders: Orders) -> tuple[str, str, dict[str, Any]]:
    order = orders.confirmed()
    sent = orders.sent(order)
    orders.do("采购人", "order.receive", order, shipment=sent)
    return order, sent, {one.id: {"accepted": one.quantity} for one in orders.lines(order)}


def test_no_contract_is_made_while_the_writer_waits_and_it_says_what_the_rows_say(orders, watch):
    order = orders.confirmed(LAPTOP)
    document = send(orders, "采购人", "order.contract", order)["document"]
    with orders.world.read() as session:
        now = making.contract(session, order_row(session, order), orders.stage.people["采购人"], orders.now)
    assert watch.inside == [False] and watch.made[0].work == now
    assert on_desk(orders, document).record_sha256 == watch.made[0].first.sha256
    assert watch.made[0].first.record["made_at"] == orders.now


def test_no_acceptance_note_is_made_while_the_writer_waits_neither_the_first_nor_a_new_one(orders, watch):
    order, sent, whole = received(orders)
    first = send(orders, "采购人", "order.inspect", order, shipment=sent, lines=whole)["document"]
    key = next(iter(whole))
    worse = {key: {"accepted": 9, "refused": 1, "reason": "破损"}}
    second = send(orders, "采购人", "order.inspect", order, shipment=sent, lines=worse)["document"]
    assert watch.inside == [False, False]
    assert [on_desk(orders, one).state for one in (first, second)] == ["void", "open"]
    said = watch.made[1].first.record
    assert [(one["accepted"], one["refused"], one["worth"]) for one in said["lines"]] == [(9, 1, "3150")]
    assert on_desk(orders, second).record_sha256 == watch.made[1].first.sha256


def _renamed(orders: Orders) -> None:
    def rename(tx):
        row = tx.session.get_one(Org, orders.stage.people["供应商"].org)
        row.name = row.name + "甲"

    orders.world.acts.act(rename, orders.stage.people["交易中心"])


def _revoked(orders: Orders) -> None:
    def revoke(tx):
        person = orders.stage.people["供应商"].person
        for row in tx.session.query(Certificate).filter_by(person_id=person, profile="person-sign"):
            row.revoked_at, row.revoked_reason = tx.now, "key_compromise"

    orders.world.acts.act(revoke, orders.stage.people["交易中心"])


def test_a_name_that_changes_meanwhile_stands_in_the_contract(orders, watch):
    left = [1]
    watch.meanwhile = lambda: left and (left.pop(), _renamed(orders))
    order = orders.confirmed(LAPTOP)
    document = send(orders, "采购人", "order.contract", order)["document"]
    assert watch.inside == [False, False] and [one.work.record["supplier"]["name"] for one in watch.made] == [
        "供应商", "供应商甲",
    ]  # fmt: skip
    assert on_desk(orders, document).record_sha256 == watch.made[1].first.sha256


def test_who_may_no_longer_sign_is_noticed_and_nothing_is_written(orders, watch):
    order = orders.confirmed(LAPTOP)
    orders.at(orders.now + SECOND)
    watch.meanwhile = lambda: _revoked(orders)
    with pytest.raises(Refused, match="D-NONE"):
        send(orders, "采购人", "order.contract", order)
    assert orders.row(order).contract_doc == "" and watch.inside == [False]


def test_names_that_never_stand_still_get_their_contract_all_the_same(orders, watch):
    watch.meanwhile = lambda: _renamed(orders)
    order = orders.confirmed(LAPTOP)
    send(orders, "采购人", "order.contract", order)
    assert watch.inside == [*[False] * doors.TRIES, True]
    assert watch.made[-1].work.record["supplier"]["name"] == "供应商" + "甲" * doors.TRIES


def test_an_order_that_was_called_off_meanwhile_gets_no_contract(orders, watch):
    order = orders.confirmed(LAPTOP)
    watch.meanwhile = lambda: orders.do("供应商", "order.ask_cancel", order, reason="缺货")
    with pytest.raises(Refused, match="ORD-STATE"):
        send(orders, "采购人", "order.contract", order)
    assert orders.row(order).contract_doc == "" and watch.inside == [False]


def test_a_message_meanwhile_changes_no_paper(orders, watch):
    order = orders.confirmed(LAPTOP)
    watch.meanwhile = lambda: orders.do("供应商", "order.say", order, text="何时签合同？")
    send(orders, "采购人", "order.contract", order)
    assert watch.inside == [False]


def test_nobody_has_a_paper_made_that_they_may_not_make(orders, watch):
    order, sent, whole = received(orders)
    for who in ("别的采购人", "供应商", "交易中心", "没登录"):
        for act, payload in (("order.contract", {}), ("order.inspect", {"shipment": sent, "lines": whole})):
            with pytest.raises(Refused, match="ACCESS"):
                send(orders, who, act, order, **payload)
    with pytest.raises(Refused, match="ORD-STATE"):
        send(orders, "采购人", "order.contract", order)
    key = next(iter(whole))
    for bad, why in (({"accepted": 9}, "ORD-COUNT"), ({"accepted": 9, "refused": 1}, "ORD-REASON")):
        with pytest.raises(Refused, match=why):
            send(orders, "采购人", "order.inspect", order, shipment=sent, lines={key: bad})
    assert watch.inside == []


def test_the_same_sending_twice_is_answered_without_a_second_making(orders, watch):
    order = orders.confirmed(LAPTOP)
    first = send(orders, "采购人", "order.contract", order, once="a1b2c3d4e5")
    assert send(orders, "采购人", "order.contract", order, once="a1b2c3d4e5") == first
    assert watch.inside == [False]
