"""Whatever is done to an order: pieces and amounts add up at every step, and the other rooms were told all of it."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.rules import Refused
from tests.trading.order_world import Orders, set_up
from trading.order import hooks, rules, tally
from trading.order.facts import Amounts, Count
from trading.order.machine import FINAL
from trading.order.models import Order, OrderInvoice, OrderPayment, OrderRequest, OrderShare, OrderSum
from trading.order.placing import Line
from trading.order.queries import acts
from trading.order.requests import OUTCOMES
from trading.order.rules import RULES

PARTIES = ("采购人", "供应商", "交易中心")
ASIDE = ("order.ask_cancel", "order.dispute", "order.ask_return", "order.withdraw")
UNPLAYED = ("order.say", "order.decline", "order.cancel", "order.answer_rating")


class Walker:
    """Takes acts at random, as far as the table and its guards open them to somebody."""

    def __init__(self, orders: Orders, seed: int, lines: list[tuple[int, Decimal]]) -> None:
        self.orders, self.rng = orders, random.Random(seed)
        self.order = orders.place(*(Line("A05010299", f"商品{n}", "件", number, price)
                                    for n, (number, price) in enumerate(lines)))  # fmt: skip

    def some(self, left: dict[str, int]) -> dict[str, int]:
        return {key: self.rng.randint(0, number) for key, number in left.items()}

    def open_acts(self) -> list[tuple[str, str]]:
        row, people = self.orders.row(self.order), self.orders.stage.people
        with self.orders.world.read() as session:
            return [(who, one["act"]) for who in PARTIES
                    for one in acts(session, row, people[who], self.orders.now) if not one["breaches"]]  # fmt: skip

    def step(self) -> None:
        found = [one for one in self.open_acts() if one[1] not in UNPLAYED]
        if not found:
            return
        weights = [1 if act in ASIDE else 8 for _, act in found]
        who, act = self.rng.choices(found, weights)[0]
        payload = self.payload(act)
        if payload is None:
            return
        try:
            answer = self.orders.do(who, act, self.order, **payload)
        except Refused as refused:
            assert {one.rule for one in refused.breaches} <= {"ORD-NOTHING", "ORD-STATE"}, (act, refused)
            return
        if act == "order.inspect":
            self.orders.closed(self.order, answer["document"])

    def payload(self, act: str) -> dict[str, Any] | None:
        row, lines = self.orders.row(self.order), {one.id: one for one in self.orders.lines(self.order)}
        match act:
            case "order.ship":
                return {"lines": self.some({k: n.quantity - n.shipped - n.dropped for k, n in lines.items()}),
                        "carrier": "x"}  # fmt: skip
            case "order.receive":
                return {"shipment": next(o.id for o in self.orders.shipments(self.order) if o.state == "shipped")}
            case "order.inspect":
                return self.inspection()
            case "order.invoice":
                self.money(row.accepted - row.invoiced, self.orders.invoice)
            case "order.pay" | "order.remit":  # the bank's own way has tests of its own
                self.money(row.invoiced - row.paid, self.orders.pay)
            case "order.ask_return":
                return {"lines": self.some({k: n.accepted for k, n in lines.items()}), "reason": "x"}
            case "order.take_back":
                return self.refund(row, lines)
            case "order.decide":
                wanted = {k: n.shipped - n.accepted - n.refused - n.returned for k, n in lines.items()}
                outcome = self.rng.choice([key for key, states in OUTCOMES.items() if row.before in states])
                numbers = wanted if outcome == "accept" else {k: n.accepted for k, n in lines.items()}
                return {"outcome": outcome, "reason": "x", "lines": self.some(numbers)}
            case "order.rate":
                return {"goods": 5, "delivery": 5, "service": 5}
            case "order.answer_cancel" | "order.answer_return":
                return {"accept": self.rng.random() < 0.6, "reason": "x"}
            case "order.ask_cancel" | "order.dispute":
                return {"reason": "x"}
            case _:
                return {}
        return None

    def money(self, left: Decimal, enter: Any) -> None:
        fen = int(left * 100)
        enter(self.order, str(Decimal(self.rng.choice([fen, self.rng.randint(1, fen)])) / 100))

    def inspection(self) -> dict[str, Any] | None:
        sent = next((o for o in self.orders.shipments(self.order) if o.state == "received"), None)
        if sent is None:
            return None
        bad = self.some(sent.lines) if self.rng.random() < 0.5 else {}
        result = {k: {"accepted": n - bad.get(k, 0), "refused": bad.get(k, 0), "reason": "x"}
                  for k, n in sent.lines.items()}  # fmt: skip
        return {"shipment": sent.id, "lines": result}

    def refund(self, row: Any, lines: dict[str, Any]) -> dict[str, Any]:
        with self.orders.world.read() as session:
            asked = session.query(OrderRequest).filter_by(order_id=self.order, kind="return", outcome="")
            back = next(one.lines for one in asked if one.state == "accepted")
        worth = sum((lines[k].price * n for k, n in back.items()), Decimal(0))
        left, said, self.orders.number = row.accepted - worth, {}, self.orders.number + 1
        day = self.orders.now.date().isoformat()
        if row.paid > left:
            said["refund"] = {"bank_ref": f"TK{self.orders.number}", "paid_on": day}
        if row.invoiced > left:
            said["red"] = {"number": f"2643{self.orders.number:016d}", "issued_on": day}
        return said


def check(orders: Orders, order: str, told: list[hooks.Happening]) -> None:
    """The order's own sums, those of its invoices and payments, and what the hooks heard."""
    row, lines = orders.row(order), orders.lines(order)
    for one in lines:
        settled = one.accepted + one.refused + one.returned + one.dropped
        assert 0 <= settled <= one.quantity and one.shipped + one.dropped <= one.quantity
        if row.settled_at is not None:
            assert settled == one.quantity
    assert row.accepted == sum(one.price * one.accepted for one in lines)
    assert 0 <= row.paid <= row.invoiced <= row.accepted <= row.total
    with orders.world.read() as session:
        assert row.invoiced == sum(one.amount for one in session.query(OrderInvoice).filter_by(order_id=order))
        assert row.paid == sum(one.amount for one in session.query(OrderPayment).filter_by(order_id=order))
    by_kind = {kind: sum((one.amount for one in told if one.kind == kind), Decimal(0)) for kind in hooks.KINDS}
    pieces = {kind: sum(sum(one.pieces.values()) for one in told if one.kind == kind) for kind in hooks.KINDS}
    assert by_kind["accepted"] - by_kind["returned"] == row.accepted
    assert (by_kind["invoiced"], by_kind["paid"]) == (row.invoiced, row.paid)
    assert pieces["dropped"] == sum(one.dropped for one in lines)
    assert pieces["refused"] == sum(one.refused for one in lines)
    assert pieces["accepted"] == sum(one.accepted + one.returned for one in lines)
    if row.settled_at is not None or row.state in FINAL:
        assert pieces["dropped"] + pieces["accepted"] + pieces["refused"] == pieces["placed"]


@pytest.fixture
def orders(world):
    made = set_up(world)

    def hear(_tx: Any, _row: Any, what: hooks.Happening) -> None:
        made.told.append(what)

    hooks.TOLD.append(hear)
    yield made
    hooks.TOLD.remove(hear)


NUMBERS = st.lists(
    st.tuples(st.integers(1, 9), st.decimals("0.01", "300", places=2)), min_size=1, max_size=3
)  # fmt: skip


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), lines=NUMBERS)
def test_pieces_and_amounts_add_up_whatever_is_done(orders, seed, lines):
    before = len(orders.told)
    walker = Walker(orders, seed, lines)
    for _ in range(30):
        walker.step()
        check(orders, walker.order, orders.told[before:])
        if orders.row(walker.order).state in FINAL:
            break


def kept(session: Any) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    sums = {(one.party, one.month, one.state, one.number, one.total, one.accepted, one.invoiced, one.paid)
            for one in session.query(OrderSum) if one.number}  # fmt: skip
    assert all(one.total == one.accepted == one.paid == 0 for one in session.query(OrderSum).filter_by(number=0))
    shares = {(one.party, one.year, one.kind, one.key, one.orders, one.amount)
              for one in session.query(OrderShare) if one.orders}  # fmt: skip
    assert all(one.amount == 0 for one in session.query(OrderShare).filter_by(orders=0))
    return sums, shares


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), lines=NUMBERS, steps=st.integers(0, 25), end=st.sampled_from(["", "cancel", "fail"]))
def test_the_sums_that_are_kept_are_those_of_sql_whatever_is_done(orders, seed, lines, steps, end):
    walker = Walker(orders, seed, lines)
    if end == "cancel":
        orders.do("采购人", "order.cancel", walker.order, reason="x")
    for _ in range(steps):
        walker.step()
    if end == "fail":
        with pytest.raises(RuntimeError):
            orders.world.acts.act(_undone, orders.stage.people["采购人"], walker.order)
    with orders.world.read() as session:
        before = kept(session)
        tally.recount(session)
        assert kept(session) == before and before[0]
        session.rollback()


def _undone(tx: Any, order: str) -> None:
    """An act that fails after its rows were written."""
    row = tx.session.get(Order, order)
    row.state, row.accepted = "CANCELLED", row.total
    tx.session.flush()
    raise RuntimeError


COUNTS = st.integers(0, 50)


@given(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS))
def test_a_line_is_settled_when_nothing_is_open_under_way_or_to_be_sent(numbers):
    accepted, refused, returned, dropped, under_way, to_ship = numbers
    ordered = sum(numbers)
    one = Count(ordered, ordered - to_ship - dropped, accepted, refused, returned, dropped)
    assert (one.to_ship, one.under_way, one.open) == (to_ship, under_way, to_ship + under_way)
    assert rules.settled([one]) == (to_ship == under_way == 0)


FEN = st.integers(0, 10**9).map(lambda fen: Decimal(fen) / 100)
BOOK = RULES.at(date(2026, 3, 2))


@given(FEN, FEN, FEN, FEN)
def test_money_never_passes_what_it_is_for(accepted, invoiced, paid, amount):
    paid, invoiced, accepted = sorted((accepted, invoiced, paid))
    held = Amounts(accepted, invoiced, paid)
    assert bool(rules.invoicing(amount, held, BOOK)) == (invoiced + amount > accepted)
    assert bool(rules.paying(amount, held, BOOK)) == (paid + amount > invoiced)
    worth = min(amount, accepted)
    red, refund = rules.back(worth, held)
    assert paid - refund <= invoiced - red <= accepted - worth and min(red, refund) >= 0
    assert red == 0 or invoiced - red == accepted - worth
    assert refund == 0 or paid - refund == accepted - worth


@pytest.mark.parametrize(
    ("held", "rated", "state"),
    [(("0", "0", "0"), False, "CLOSED"), (("2", "1", "0"), False, "INSPECTED"), (("2", "2", "1"), False, "INVOICED"),
     (("2", "2", "2"), False, "PAID"), (("2", "2", "2"), True, "RATED"), (("0.01", "0.01", "0"), True, "INVOICED")],
)  # fmt: skip
def test_what_an_order_is_by_its_money(held, rated, state):
    assert rules.stands(Amounts(*map(Decimal, held)), rated) == state
