"""Every act of an order by everybody in every state, and each rule on both sides of its boundary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from certs import desk_sign
from certs.models import SigningDoc
from core import staged
from core.access import Role
from core.clock import CST
from core.data import calendar
from core.doors import TABLE
from core.faults import Unusable
from core.jobs import DueJob
from core.ledger import EntryRow
from core.rules import Refused
from tests.trading.order_world import CHAIR, LAPTOP, SECOND, Orders, set_up
from tests.trading.stage import START
from trading.order import hooks, rules
from trading.order.machine import FINAL, MACHINE, STATIONS, STEPS
from trading.order.models import Order, OrderInvoice, OrderRequest
from trading.order.requests import KIND, OUTCOMES, pending
from trading.supplier.models import MallSupplier

BOOK = rules.RULES.at(date(2026, 3, 2))
ACTS = sorted({one.act for one in STEPS if one.roles})
WHO = ("采购人", "别的采购人", "供应商", "别的供应商", "交易中心", "监管", "审计", "管理员", "没登录")
OWN = {"采购人": Role.TENDERER, "供应商": Role.BIDDER, "交易中心": Role.CENTRE}


@pytest.fixture
def orders(world) -> Iterator[Orders]:
    made = set_up(world)

    def hear(_tx: Any, _row: Order, what: hooks.Happening) -> None:
        made.told.append(what)

    hooks.TOLD.append(hear)
    yield made
    hooks.TOLD.remove(hear)


def test_the_table_is_sound_and_every_act_stands_in_it():
    assert MACHINE.faults() == [] and set(STATIONS) < set(MACHINE.states)
    declared = {name for name in TABLE if name.startswith("order.")}
    assert declared - {"order.assent", "order.reconcile"} == {one.act for one in STEPS}  # neither moves an order
    for one in STEPS:
        assert set(TABLE[one.act].roles) == set(one.roles), one.act
        assert not one.until or one.until in BOOK, one.until


def states_of(tx: Any, row: Order) -> Iterator[str]:
    """The order put into every state, with the request that its side states are about."""
    for state in MACHINE.states:
        row.state, row.before, kind = state, "", KIND
        point = tx.session.begin_nested()
        if state in kind:
            row.before = "INSPECTED" if kind[state] == "return" else "CONTRACTED"
            answered = "accepted" if state == "RETURNING" else "open"
            tx.session.add(OrderRequest(order_id=row.id, kind=kind[state], org_id=row.buyer_org, person_id="x",
                                        reason="x", lines={}, asked_at=tx.now, state=answered))  # fmt: skip
        tx.session.flush()
        yield state
        point.rollback()


def outcome(tx: Any, who: Any, act: str, order: str) -> set[str]:
    """Rules that refuse this act without a payload, {} when it is done or only asks for a field."""
    point, actor = tx.session.begin_nested(), tx.actor
    try:
        tx.actor = who
        who.require(*TABLE[act].roles)
        TABLE[act].fn(tx, order, {})
    except Refused as refused:
        return {one.rule for one in refused.breaches}
    except Unusable:
        return set()
    finally:
        tx.actor = actor
        point.rollback()
    return set()


def test_each_act_by_everybody_in_every_state(orders):
    """Only who the table names, only of their own order, only in its states: everyone else is refused, and for that."""
    order = orders.place()
    wrong: list[str] = []
    asked = 0

    def ask(tx: Any) -> None:
        nonlocal asked
        row = tx.session.get_one(Order, order)
        for state in states_of(tx, row):
            for who in WHO:
                for act in ACTS:
                    steps = [one for one in STEPS if one.act == act]
                    allowed = OWN.get(who) in steps[0].roles
                    here = any(one.state == state for one in steps)
                    found = outcome(tx, orders.stage.people[who], act, order)
                    right = found == {"ACCESS"} if not allowed else found == {"ORD-STATE"} if not here else (
                        not found & {"ACCESS", "ORD-STATE"})  # fmt: skip
                    asked += 1
                    if not right:
                        wrong.append(f"{state} {act} {who}: {found}")
        raise Unusable("nothing of this stays")

    with pytest.raises(Unusable):
        orders.world.acts.act(ask, orders.stage.people["采购人"])
    assert asked == len(MACHINE.states) * len(WHO) * len(ACTS) == 3024
    assert not wrong, wrong[:10]


def test_another_order_another_delivery_an_unknown_order(orders):
    mine, others = orders.confirmed(), orders.place(buyer="别的采购人", supplier="别的供应商")
    assert orders.refused("供应商", "order.confirm", others) == ["ACCESS"]
    orders.do("别的供应商", "order.confirm", others)
    sent = orders.sent(mine, 4)
    with pytest.raises(Unusable, match="order"):
        orders.do("采购人", "order.receive", "0" * 16, shipment=sent)
    pieces = {orders.lines(others)[0].id: 1}
    with pytest.raises(Unusable, match="lines"):
        orders.do("供应商", "order.ship", mine, lines=pieces, carrier="x")
    orders.do("别的供应商", "order.ship", others, lines=pieces, carrier="x")
    with pytest.raises(Unusable, match="shipment"):
        orders.do("别的采购人", "order.receive", others, shipment=sent)


# -- confirming -------------------------------------------------------------------------------------------------------


def test_it_is_confirmed_until_the_last_second_of_the_second_working_day(orders):
    friday = datetime(2026, 3, 6, 16, 0, tzinfo=CST)
    orders.at(friday)
    first, second = orders.place(), orders.place()
    until = orders.row(first).confirm_by
    assert until == datetime(2026, 3, 10, 23, 59, 59, tzinfo=CST)
    orders.at(until)
    assert orders.ring("order.lapse", second)["state"] == "PLACED"
    orders.do("供应商", "order.confirm", first)
    orders.at(until + SECOND)
    assert orders.refused("供应商", "order.confirm", second) == ["ORD-CONFIRM"]
    assert orders.ring("order.lapse", second)["state"] == "CANCELLED"
    assert orders.ring("order.lapse", second)["state"] == "CANCELLED"
    assert orders.ring("order.lapse", first)["state"] == "CONFIRMED"
    with orders.world.read() as session:
        kinds = [one.kind for one in session.query(EntryRow).filter_by(stream=f"order:{second}")]
        planned = session.query(DueJob).filter_by(act="order.lapse", case=second).one()
    assert kinds == ["order.placed", "order.lapsed"] and planned.at == until + SECOND
    assert [one.kind for one in orders.told] == ["placed", "placed", "confirmed", "dropped"]
    assert orders.told[-1].amount == Decimal(3500) and sum(orders.told[-1].pieces.values()) == 10


def test_a_year_whose_holidays_are_unknown_is_counted_all_the_same(orders):
    orders.at(datetime(2031, 6, 5, 9, 0, tzinfo=CST))
    assert orders.row(orders.place()).confirm_by == datetime(2031, 6, 9, 23, 59, 59, tzinfo=CST)


def test_the_supplier_declines_or_the_buyer_cancels_with_a_reason_once(orders):
    declined, cancelled = orders.place(), orders.place()
    with pytest.raises(Unusable, match="reason"):
        orders.do("供应商", "order.decline", declined, reason=" ")
    orders.do("供应商", "order.decline", declined, reason="缺货")
    orders.do("采购人", "order.cancel", cancelled, reason="不要了")
    for order in (declined, cancelled):
        assert orders.row(order).state == "CANCELLED" and orders.lines(order)[0].dropped == 10
        assert orders.refused("采购人", "order.cancel", order, reason="x") == ["ORD-STATE"]
        assert orders.refused("供应商", "order.confirm", order) == ["ORD-STATE"]


def test_once_confirmed_the_buyer_alone_does_not_cancel(orders):
    assert orders.refused("采购人", "order.cancel", orders.confirmed(), reason="x") == ["ORD-STATE"]


@pytest.mark.parametrize("state", ["active", "suspended", "removed"])
def test_a_suspended_supplier_confirms_nothing(orders, state):
    order = orders.place()
    with orders.world.read() as session, session.begin():
        session.add(MallSupplier(org_id=orders.stage.people["供应商"].org, state=state, categories=[], regions=[],
                                 applied_at=START))  # fmt: skip
    if state != "active":
        assert orders.refused("供应商", "order.confirm", order) == ["ORD-SUPPLIER"]
    else:
        orders.do("供应商", "order.confirm", order)


def test_nothing_is_placed_for_nothing_or_below_nothing(orders):
    for price in (Decimal(0), Decimal(-1)):
        with pytest.raises(Unusable, match="above zero"):
            orders.place(replace(CHAIR, price=price))


# -- contract ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "needed"), [("9999.99", False), ("10000.00", True)])
def test_from_ten_thousand_yuan_on_both_sign_before_goods_are_sent(orders, price, needed):
    order = orders.confirmed(replace(CHAIR, quantity=1, price=Decimal(price)))
    pieces = {orders.lines(order)[0].id: 1}
    if not needed:
        assert orders.refused("采购人", "order.contract", order) == ["ORD-CONTRACT"]
        orders.do("供应商", "order.ship", order, lines=pieces, carrier="x")
        return
    assert orders.refused("供应商", "order.ship", order, lines=pieces, carrier="x") == ["ORD-CONTRACT"]
    first = orders.do("采购人", "order.contract", order)["document"]
    document = orders.do("采购人", "order.contract", order)["document"]
    assert document != first
    orders.sign(document, supplier="供应商")
    assert orders.refused("供应商", "order.ship", order, lines=pieces, carrier="x") == ["ORD-CONTRACT"]
    orders.sign(document, buyer="采购人")
    assert orders.row(order).state == "CONTRACTED"
    assert orders.ring("order.contracted", order, document=document)["state"] == "CONTRACTED"
    assert orders.refused("采购人", "order.contract", order) == ["ORD-STATE"]
    orders.do("供应商", "order.ship", order, lines=pieces, carrier="x")


# -- deliveries -------------------------------------------------------------------------------------------------------


def test_no_more_is_sent_than_ordered_in_several_deliveries(orders):
    order = orders.confirmed(CHAIR, replace(LAPTOP, quantity=1))
    chair = orders.lines(order)[0].id
    assert orders.refused("供应商", "order.ship", order, lines={chair: 11}, carrier="x") == ["ORD-SHIP"]
    assert orders.refused("供应商", "order.ship", order, lines={chair: 0}, carrier="x") == ["ORD-NOTHING"]
    for bad in ({chair: -1}, {chair: "many"}, {"x": 1}, [chair]):
        with pytest.raises(Unusable, match="line"):
            orders.do("供应商", "order.ship", order, lines=bad, carrier="x")
    first = orders.sent(order, 4, 0)
    second = orders.sent(order, 6, 0)
    assert orders.refused("供应商", "order.ship", order, lines={chair: 1}, carrier="x") == ["ORD-SHIP"]
    orders.do("采购人", "order.receive", order, shipment=second)
    assert orders.row(order).state == "SHIPPED"
    assert orders.refused("采购人", "order.receive", order, shipment=second) == ["ORD-STATE"]
    orders.closed(order, orders.noted(order, second))
    assert orders.row(order).state == "SHIPPED" and orders.row(order).accepted == Decimal(2100)
    orders.closed(order, orders.noted(order, first))
    assert orders.row(order).state == "PARTIAL"
    orders.closed(order, orders.noted(order, orders.sent(order, 0, 1)))
    assert orders.row(order).state == "INSPECTED" and orders.row(order).accepted == orders.row(order).total


def test_every_piece_that_came_is_accepted_or_refused_with_a_reason(orders):
    order = orders.confirmed()
    shipment, line = orders.sent(order), orders.lines(order)[0].id
    assert orders.refused("采购人", "order.inspect", order, shipment=shipment, lines={}) == ["ORD-NOTHING"]
    orders.do("采购人", "order.receive", order, shipment=shipment)
    wrong = ((9, 0, "", "ORD-COUNT"), (10, 1, "x", "ORD-COUNT"), (9, 1, "", "ORD-REASON"))
    for accepted, refused, reason, rule in wrong:
        said = {line: {"accepted": accepted, "refused": refused, "reason": reason}}
        assert orders.refused("采购人", "order.inspect", order, shipment=shipment, lines=said) == [rule]
    with pytest.raises(Unusable, match="lines"):
        orders.do("采购人", "order.inspect", order, shipment=shipment, lines={})
    first = orders.noted(order, shipment)
    document = orders.noted(order, shipment, line1=3)  # found anew before anybody signed
    assert orders.ring("order.accept", order, document=document)["state"] == "RECEIVED"
    orders.closed(order, document)
    orders.ring("order.accept", order, document=document)
    orders.ring("order.accept", order, document=first)
    row, chair = orders.row(order), orders.lines(order)[0]
    assert (chair.accepted, chair.refused, row.accepted, row.state) == (7, 3, Decimal(2450), "INSPECTED")
    assert [one.kind for one in orders.told] == ["placed", "confirmed", "accepted", "refused"]


def test_all_refused_closes_the_order_with_nothing_to_pay(orders):
    order = orders.accepted(line1=10)
    assert orders.row(order).state == "CLOSED" and orders.row(order).pay_by is None


def test_the_silence_of_the_supplier_is_assent_after_five_working_days(orders):
    order = orders.confirmed()
    document = orders.noted(order, orders.sent(order))
    until = rules.until(BOOK, "ORD-ASSENT", orders.now, calendar())
    orders.at(until)
    assert orders.ring("order.assent", order, document=document) == {"complete": False}  # the buyer has not signed
    with orders.world.read() as session:
        planned = [one.at for one in session.query(DueJob).filter_by(act="order.assent", case=order)]
    assert len(planned) == 2 and max(planned) > until
    orders.sign(document, buyer="采购人")
    orders.at(until - SECOND)
    assert orders.ring("order.assent", order, document=document) == {"complete": False}
    orders.at(until)
    assert orders.ring("order.assent", order, document=document) == {"complete": True}
    desk_sign.seal_waiting(orders.world.acts)
    assert orders.row(order).state == "INSPECTED"


def test_a_closed_note_that_nobody_told_of_is_counted_once_by_the_timer(orders):
    order = orders.confirmed()
    document = orders.noted(order, orders.sent(order))
    with orders.world.read() as session, session.begin():
        session.get_one(SigningDoc, document).state = "sealed"
    orders.ring("order.assent", order, document=document)
    orders.ring("order.assent", order, document=document)
    assert orders.row(order).state == "INSPECTED" and orders.row(order).accepted == Decimal(3500)


def test_a_closed_note_is_not_counted_again_after_a_decision(orders):
    order = orders.confirmed()
    document = orders.noted(order, orders.sent(order))
    with orders.world.read() as session, session.begin():
        session.get_one(SigningDoc, document).state = "sealed"
    dispute(orders, order)
    assert orders.ring("order.accept", order, document=document) == {"state": "DISPUTED"}
    pieces = {orders.lines(order)[0].id: 10}
    orders.do("交易中心", "order.decide", order, outcome="accept", reason="x", lines=pieces)
    orders.ring("order.assent", order, document=document)
    assert orders.row(order).accepted == Decimal(3500) and orders.lines(order)[0].accepted == 10


@pytest.mark.parametrize(("late", "begins"), [(timedelta(0), "accepted"), (SECOND, "due")])
def test_thirty_days_to_pay_run_from_the_acceptance_or_from_when_it_was_due(orders, late, begins):
    order = orders.confirmed()
    shipment = orders.sent(order)
    orders.do("采购人", "order.receive", order, shipment=shipment)
    due = orders.shipments(order)[0].inspect_by
    orders.at(due + late + (timedelta(days=3) if late else timedelta(0)))
    warned = orders.do("采购人", "order.inspect", order, shipment=shipment,
                       lines={orders.lines(order)[0].id: {"accepted": 10}})  # fmt: skip
    assert [one["rule"] for one in warned["warnings"]] == (["ORD-INSPECT"] if late else [])
    orders.closed(order, warned["document"])
    start = orders.now if begins == "accepted" else due
    assert orders.row(order).pay_by.date() == start.date() + timedelta(days=30)


# -- invoices and payments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code", "number", "fits"),
    [
        ("e", "", "26420000000000000001", True), ("e", "", "2642000000000000001", False),
        ("e", "", "264200000000000000011", False), ("e", "1234567890", "26420000000000000001", False),
        ("e", "", "27420000000000000001", False), ("e", "", "20420000000000000001", False),
        ("e", "", "2642000000000000000a", False), ("e", "", "２６420000000000000001", False),
        ("paper", "1234567890", "12345678", True), ("paper", "123456789012", "12345678", True),
        ("paper", "12345678901", "12345678", False), ("paper", "", "12345678", False),
        ("paper", "1234567890", "1234567", False),
    ],
)  # fmt: skip
def test_the_shape_of_an_invoice_number(kind, code, number, fits):
    found = rules.number_shape(kind, code, number, date(2026, 3, 2), BOOK)
    assert [one.rule for one in found] == ([] if fits else ["ORD-NUMBER"])


def test_no_more_is_invoiced_than_accepted_and_each_invoice_once(orders):
    order = orders.accepted(line1=3)
    for amount in ("2450.01", "99999"):
        with pytest.raises(Refused, match="ORD-INVOICE"):
            orders.invoice(order, amount)
    for bad in ("0", "-1", "0.001", "much"):
        with pytest.raises(Unusable, match="amount"):
            orders.invoice(order, bad)
    assert orders.invoice(order, "450", number="26420000000000009999") == {"state": "INSPECTED"}
    with pytest.raises(Refused, match="ORD-TWICE"):
        orders.invoice(order, "1", number="26420000000000009999")
    other = orders.accepted()
    with pytest.raises(Refused, match="ORD-TWICE"):
        orders.invoice(other, "1", number="26420000000000009999")
    for day in ("2026-03-03", "2026-03-01", "soon"):
        with pytest.raises(Unusable, match="issued_on"):
            orders.invoice(order, "1", issued_on=day)
    assert orders.refused("采购人", "order.pay", order, amount="1", bank_ref="x", paid_on="2026-03-02") == ["ORD-STATE"]
    assert orders.invoice(order, "2000") == {"state": "INVOICED"}
    with pytest.raises(Refused, match="ORD-STATE"):
        orders.invoice(order, "1")


def test_an_invoice_file_is_brought_before_and_is_what_it_says(orders):
    order, house = orders.accepted(), orders.world.acts.house
    for data, fits in ((b"%PDF-1.7 invoice", True), (b"PK\x03\x04 an ofd", True), (b"<html>", False)):
        blob = house.blobs.put(data)
        with pytest.raises(Unusable, match="upload"):
            orders.invoice(order, "1", sha256=blob.sha256)
        orders.world.acts.act(staged.stage, orders.stage.people["供应商"], blob.sha256, blob.size)
        if fits:
            orders.invoice(order, "1", sha256=blob.sha256)
        else:
            with pytest.raises(Unusable, match="PDF or OFD"):
                orders.invoice(order, "1", sha256=blob.sha256)


def test_no_more_is_paid_than_invoiced_and_each_receipt_once(orders):
    order = orders.accepted()
    orders.invoice(order)
    with pytest.raises(Refused, match="ORD-PAID"):
        orders.pay(order, "3500.01")
    assert orders.pay(order, "500", bank_ref="HD-1")["state"] == "INVOICED"
    with pytest.raises(Refused, match="ORD-TWICE"):
        orders.pay(order, "500", bank_ref="HD-1")
    with pytest.raises(Unusable, match="paid_on"):
        orders.pay(order, "500", paid_on="2026-03-03")
    assert orders.pay(order) == {"state": "PAID", "warnings": []}
    assert sum(one.amount for one in orders.told if one.kind == "paid") == Decimal(3500)


def test_late_is_recorded_once_a_second_after_the_last_day_and_paid_all_the_same(orders):
    order = orders.accepted()
    orders.invoice(order)
    until = orders.row(order).pay_by
    orders.at(until)
    assert orders.ring("order.late", order) == {"late": False}
    orders.at(until + SECOND)
    assert orders.ring("order.late", order) == orders.ring("order.late", order) == {"late": True}
    with orders.world.read() as session:
        said = list(session.query(EntryRow).filter_by(kind="order.payment_late"))
        planned = {one.at for one in session.query(DueJob).filter_by(act="order.late", case=order)}
    assert len(said) == 1 and '"owed":"3500"' in said[0].body and planned == {until + SECOND}
    answer = orders.pay(order, paid_on=until.date().isoformat())
    assert answer == {"state": "PAID", "warnings": []}  # the receipt is of the last day, only its entry is late
    other = orders.accepted()
    orders.invoice(other)
    orders.at(orders.row(other).pay_by + SECOND)
    assert [one["rule"] for one in orders.pay(other)["warnings"]] == ["ORD-PAY"]


@pytest.mark.parametrize(("day", "article"), [(date(2025, 5, 31), "第8条"), (date(2025, 6, 1), "第9条")])
def test_the_article_of_the_payment_is_that_of_the_day(day, article):
    assert rules.RULES.at(day)["ORD-PAY"].article.endswith(article)


# -- rating -----------------------------------------------------------------------------------------------------------


def test_it_is_rated_once_and_answered_once(orders):
    order = orders.paid()
    for bad in (0, 6, "good"):
        with pytest.raises(Unusable, match="goods"):
            orders.do("采购人", "order.rate", order, goods=bad, delivery=5, service=5)
    orders.do("采购人", "order.rate", order, goods=5, delivery=4, service=1, text="慢")
    assert orders.told[-1].kind == "rated" and orders.told[-1].said["service"] == 1
    assert orders.refused("采购人", "order.rate", order, goods=5, delivery=5, service=5) == ["ORD-STATE"]
    orders.do("供应商", "order.answer_rating", order, text="改进")
    assert orders.refused("供应商", "order.answer_rating", order, text="再说") == ["ORD-RATED"]


# -- cancelling by agreement ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asker", "other"), [("采购人", "供应商"), ("供应商", "采购人")])
def test_a_confirmed_order_is_cancelled_by_both(orders, asker, other):
    order = orders.confirmed()
    orders.do(asker, "order.ask_cancel", order, reason="交期太长")
    assert orders.refused(asker, "order.answer_cancel", order, accept=True) == ["ORD-OTHER"]
    assert orders.refused(other, "order.withdraw", order) == ["ORD-OTHER"]
    with pytest.raises(Unusable, match="reason"):
        orders.do(other, "order.answer_cancel", order, accept=False)
    assert orders.do(other, "order.answer_cancel", order, accept=False, reason="已备货")["state"] == "CONFIRMED"
    orders.do(asker, "order.ask_cancel", order, reason="再请")
    assert orders.do(asker, "order.withdraw", order)["state"] == "CONFIRMED"
    orders.do(asker, "order.ask_cancel", order, reason="三请")
    assert orders.do(other, "order.answer_cancel", order, accept=True)["state"] == "CANCELLED"
    assert orders.lines(order)[0].dropped == 10 and orders.row(order).state in FINAL


def test_what_was_delivered_before_is_kept_and_paid(orders):
    order = orders.confirmed()
    orders.closed(order, orders.noted(order, orders.sent(order, 4)))
    orders.do("供应商", "order.ask_cancel", order, reason="停产")
    assert orders.do("采购人", "order.answer_cancel", order, accept=True)["state"] == "INSPECTED"
    chair, row = orders.lines(order)[0], orders.row(order)
    assert (chair.accepted, chair.dropped, row.accepted) == (4, 6, Decimal(1400)) and row.pay_by is not None


def test_a_cancelled_order_takes_its_contract_off_the_desk(orders):
    order = orders.confirmed(LAPTOP)
    document = orders.do("采购人", "order.contract", order)["document"]
    orders.do("采购人", "order.ask_cancel", order, reason="x")
    orders.do("供应商", "order.answer_cancel", order, accept=True)
    with orders.world.read() as session:
        assert session.get_one(SigningDoc, document).state == "void"


# -- giving back ------------------------------------------------------------------------------------------------------


def test_goods_go_back_for_fifteen_days_and_no_more_than_accepted(orders):
    order = orders.accepted(line1=3)
    line, settled = orders.lines(order)[0].id, orders.row(order).settled_at
    assert orders.refused("采购人", "order.ask_return", order, lines={line: 8}, reason="x") == ["ORD-BACK-COUNT"]
    assert orders.refused("采购人", "order.ask_return", order, lines={}, reason="x") == ["ORD-NOTHING"]
    last = rules.end_of(settled.date() + timedelta(days=15))
    orders.at(last + SECOND)
    assert orders.refused("采购人", "order.ask_return", order, lines={line: 7}, reason="x") == ["ORD-RETURN"]
    orders.at(last)
    orders.do("采购人", "order.ask_return", order, lines={line: 7}, reason="坏了")
    with pytest.raises(Unusable, match="reason"):
        orders.do("供应商", "order.answer_return", order, accept=False)
    assert orders.do("供应商", "order.answer_return", order, accept=False, reason="人为")["state"] == "INSPECTED"
    orders.do("采购人", "order.ask_return", order, lines={line: 7}, reason="坏了")
    assert orders.do("供应商", "order.answer_return", order, accept=True)["state"] == "RETURNING"
    with pytest.raises(Unusable, match="red"):
        orders.do("供应商", "order.take_back", order, red={"number": "1"})
    assert orders.do("供应商", "order.take_back", order)["state"] == "CLOSED"
    assert (orders.lines(order)[0].returned, orders.row(order).accepted) == (7, 0)


def test_a_paid_order_goes_back_with_its_red_invoice_and_the_refund(orders):
    order = orders.paid()
    orders.do("采购人", "order.rate", order, goods=3, delivery=3, service=3)
    line, today = orders.lines(order)[0].id, orders.now.date().isoformat()
    orders.do("采购人", "order.ask_return", order, lines={line: 2}, reason="坏了")
    orders.do("供应商", "order.answer_return", order, accept=True)
    red = {"number": "26420000000000008888", "issued_on": today}
    refund = {"bank_ref": "TK-1", "paid_on": today}
    assert orders.refused("供应商", "order.take_back", order, refund=refund) == ["ORD-REFUND"]
    assert orders.refused("供应商", "order.take_back", order, red=red) == ["ORD-REFUND"]
    assert orders.do("供应商", "order.take_back", order, red=red, refund=refund)["state"] == "RATED"
    row = orders.row(order)
    assert (row.accepted, row.invoiced, row.paid) == (Decimal(2800),) * 3
    with orders.world.read() as session:
        assert [one.amount for one in session.query(OrderInvoice).order_by(OrderInvoice.amount)] == [-700, 3500]
    assert [one.amount for one in orders.told if one.kind in ("paid", "returned")] == [3500, -700, 700]


# -- disputes ---------------------------------------------------------------------------------------------------------


def dispute(orders: Orders, order: str, who: str = "采购人") -> None:
    orders.do(who, "order.dispute", order, reason="与约定不符")


@pytest.mark.parametrize("outcome_", sorted(OUTCOMES))
def test_the_centre_decides_what_fits_where_the_order_stood(orders, outcome_):
    order = orders.confirmed()
    dispute(orders, order)
    for who in ("采购人", "供应商", "监管", "审计"):
        assert orders.refused(who, "order.decide", order, outcome=outcome_, reason="x") == ["ACCESS"]
    if outcome_ in ("accept", "return"):
        assert orders.refused("交易中心", "order.decide", order, outcome=outcome_, reason="x") == ["ORD-STATE"]
        return
    with pytest.raises(Unusable, match="reason"):
        orders.do("交易中心", "order.decide", order, outcome=outcome_, reason="")
    state = orders.do("交易中心", "order.decide", order, outcome=outcome_, reason="经核实")["state"]
    assert state == {"go_on": "CONFIRMED", "cancel": "CANCELLED"}[outcome_]
    with orders.world.read() as session:
        assert pending(session, order) == []
        assert session.query(OrderRequest).one().outcome == outcome_
    assert orders.refused("交易中心", "order.decide", order, outcome=outcome_, reason="x") == ["ORD-STATE"]


def test_goods_under_way_are_accepted_by_decision(orders):
    order = orders.confirmed()
    document = orders.noted(order, orders.sent(order, 6), line1=6)
    dispute(orders, order, "供应商")
    assert orders.ring("order.accept", order, document=document)["state"] == "DISPUTED"  # the note has left the desk
    line = orders.lines(order)[0].id
    too_many = {"outcome": "accept", "reason": "x", "lines": {line: 7}}
    assert orders.refused("交易中心", "order.decide", order, **too_many) == ["ORD-COUNT"]
    state = orders.do("交易中心", "order.decide", order, outcome="accept", reason="货物合格", lines={line: 5})["state"]
    chair = orders.lines(order)[0]
    assert (state, chair.accepted, chair.refused, chair.dropped) == ("PARTIAL", 5, 1, 0)


def test_a_cancellation_by_decision_refuses_what_is_under_way(orders):
    order = orders.confirmed()
    orders.sent(order, 6)
    dispute(orders, order)
    state = orders.do("交易中心", "order.decide", order, outcome="cancel", reason="逾期")["state"]
    chair = orders.lines(order)[0]
    assert (state, chair.accepted, chair.refused, chair.dropped) == ("CLOSED", 0, 6, 4)


def test_a_return_by_decision_is_carried_out_by_the_supplier(orders):
    order = orders.accepted()
    line = orders.lines(order)[0].id
    orders.do("采购人", "order.ask_return", order, lines={line: 2}, reason="坏了")
    dispute(orders, order, "供应商")
    assert orders.refused("供应商", "order.withdraw", order) == ["ORD-OTHER"]  # the request beneath it stays open
    said = {"outcome": "return", "reason": "质量问题", "lines": {line: 1}}
    assert orders.do("交易中心", "order.decide", order, **said)["state"] == "RETURNING"
    assert orders.do("供应商", "order.take_back", order)["state"] == "INSPECTED"
    assert orders.lines(order)[0].returned == 1
    with orders.world.read() as session:
        assert pending(session, order) == []


def test_a_dispute_is_taken_back_by_who_raised_it(orders):
    order = orders.accepted()
    dispute(orders, order)
    assert orders.refused("供应商", "order.withdraw", order) == ["ORD-OTHER"]
    assert orders.do("采购人", "order.withdraw", order)["state"] == "INSPECTED"


def test_a_payment_that_fell_due_in_a_dispute_is_late_once_it_is_over(orders):
    order = orders.accepted()
    orders.invoice(order)
    dispute(orders, order)
    orders.at(orders.row(order).pay_by + SECOND)
    assert orders.ring("order.late", order) == {"late": False}
    orders.do("交易中心", "order.decide", order, outcome="go_on", reason="应付")
    with orders.world.read() as session:
        again = [one.at for one in session.query(DueJob).filter_by(act="order.late", case=order)]
    assert max(again) == orders.now
    assert orders.ring("order.late", order) == {"late": True}


def test_messages_stay_in_the_record(orders):
    order = orders.place()
    orders.do("供应商", "order.say", order, text="何时方便收货？")
    for text in ("", " ", "长" * 1001, 5):
        with pytest.raises(Unusable, match="text"):
            orders.do("采购人", "order.say", order, text=text)
    with orders.world.read() as session:
        said = session.query(EntryRow).filter_by(stream=f"order:{order}", kind="order.said").one()
    assert "何时方便收货" in said.body
