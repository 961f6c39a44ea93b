"""Payments through the bank: once, to the right account, whatever gets lost; and beside its statement afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions_orgs import read_account
from accounts.models import Org
from certs import authority
from core import jobs
from core.clock import CST
from core.faults import Unusable
from core.jobs import DueJob
from core.ledger import EntryRow
from core.rules import Refused
from tests.trading.order_world import SECOND, Orders, set_up
from trading.buying.models import Budget, Hold
from trading.order import bank, reconciling, remitting, rules
from trading.order.models import OrderBankLine, OrderPayment, OrderRemittance
from trading.order.queries import acts, order_page

ACCOUNT = "4200 2222 0000 1234"
BOOK = rules.RULES.at(date(2026, 3, 2))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
ONE = bank.Transfer("t1", "org", "供应商", "420022220001234", Decimal("0.01"), "DD1")


@pytest.fixture
def orders(world) -> Orders:
    made = set_up(world)
    pepper = authority.of(world.acts.house.config).pepper

    def registered(tx: Any) -> None:
        row = tx.session.get_one(Org, made.stage.people["供应商"].org)
        row.account_hash, row.account_masked = read_account(pepper, ACCOUNT)

    world.acts.act(registered, made.stage.people["交易中心"])
    return made


def house(orders: Orders) -> bank.LocalBank:
    found = bank.of(orders.world.acts.house.config)
    assert found is not None
    return found


def invoiced(orders: Orders) -> str:
    order = orders.accepted()
    orders.invoice(order)
    return order


def remit(orders: Orders, order: str, amount: str = "3500", account: str = ACCOUNT) -> str:
    made = orders.do("采购人", "order.remit", order, amount=amount, account=account)
    return str(made["remittance"])


def ring(orders: Orders, *kinds: str) -> int:
    """What the timers do: every due job of these kinds; how many."""
    with orders.world.read() as session, session.begin():
        due = [one for one in jobs.due(session, orders.now) if one.act in kinds]
        for one in due:
            one.done_at = orders.now
    for one in due:
        jobs.LONG[one.act](orders.world.acts, one.case, one.payload)
    return len(due)


def transfers(orders: Orders) -> int:
    return ring(orders, "order.transfer")


def remittance(orders: Orders, key: str) -> OrderRemittance:
    with orders.world.read() as session:
        return session.get_one(OrderRemittance, key)


def entries(orders: Orders, kind: str) -> list[str]:
    with orders.world.read() as session:
        return [one.body for one in session.query(EntryRow).filter_by(kind=kind)]


# -- the local bank ---------------------------------------------------------------------------------------------------


def test_the_same_id_is_paid_once_and_answered_alike_also_after_a_restart(tmp_path):
    first = bank.LocalBank(tmp_path).send(ONE, AT)
    again = bank.LocalBank(tmp_path).send(ONE, AT + timedelta(days=1))
    assert first == again == bank.Answer("YH0000000001", AT) and len(bank.LocalBank(tmp_path).lines(0)) == 1
    for other in (replace(ONE, amount=Decimal("0.02")), replace(ONE, account="420022220001235")):
        with pytest.raises(bank.Taken):
            bank.LocalBank(tmp_path).send(other, AT)


@pytest.mark.parametrize(
    ("account", "amount", "refused"),
    [("420022220001234", "20000000", ""), ("420022220001234", "20000000.01", "funds"),
     ("420022220000000", "1", "account"), ("42002222000", "1", "account"), ("420022220002", "1", ""),
     ("42002222000x", "1", "account")],
)  # fmt: skip
def test_it_refuses_a_wrong_account_and_more_than_the_payer_has(tmp_path, account, amount, refused):
    house = bank.LocalBank(tmp_path)
    answer = house.send(replace(ONE, account=account, amount=Decimal(amount)), AT)
    assert answer.refused == refused in ("", *bank.REFUSALS) and bool(house.lines(0)) == (not refused)
    if not refused and Decimal(amount) == house.holds:
        assert house.send(replace(ONE, id="t2"), AT).refused == "funds"
        assert house.send(replace(ONE, id="t3", payer="another"), AT).refused == ""


def test_an_answer_that_gets_lost_was_booked(tmp_path):
    house = bank.LocalBank(tmp_path)
    house.lost = 1
    with pytest.raises(bank.Silent):
        house.send(ONE, AT)
    assert house.send(ONE, AT).refused == "" and len(house.lines(0)) == 1 and house.lines(1) == []


# -- an order paid by it ----------------------------------------------------------------------------------------------


def test_the_bank_pays_an_order_and_its_number_is_the_receipt(orders):
    order = invoiced(orders)
    key = remit(orders, order)
    assert remittance(orders, key).state == "sent" and orders.row(order).state == "INVOICED"
    assert remittance(orders, key).account == "4200222200001234" and transfers(orders) == 1
    found, row = remittance(orders, key), orders.row(order)
    assert (row.state, row.paid, found.state, found.account) == ("PAID", Decimal(3500), "paid", "")
    (entry,) = entries(orders, "order.paid")
    assert f'"bank_ref":"{found.bank_ref}"' in entry and '"account":"****1234"' in entry and key in entry
    assert "4200222200001234" not in "".join([*entries(orders, "order.remitted"), entry])
    assert transfers(orders) == 0
    said = {"remittance": key, "bank_ref": "x", "at": orders.now, "refused": ""}
    orders.world.acts.act(remitting.unanswered, orders.stage.people["交易中心"], order, said)
    with pytest.raises(Refused, match="ORD-STATE"):
        orders.ring("order.transfer", order, **said)  # twice: the order is paid, nothing is written
    assert orders.row(order).paid == Decimal(3500)


def test_parts_of_it_are_paid_one_after_the_other_to_the_last_fen(orders):
    order = invoiced(orders)
    remit(orders, order, "3499.99")
    transfers(orders)
    assert orders.row(order).state == "INVOICED"
    for amount, rule in (("0.02", "ORD-PAID"), ("3500", "ORD-PAID")):
        assert orders.refused("采购人", "order.remit", order, amount=amount, account=ACCOUNT) == [rule]
    with pytest.raises(Unusable, match="amount"):
        remit(orders, order, "0.001")
    remit(orders, order, "0.01")
    transfers(orders)
    assert (orders.row(order).state, orders.row(order).paid) == ("PAID", Decimal(3500))


def test_it_goes_to_the_account_that_is_registered_and_to_no_other(orders):
    order = invoiced(orders)
    assert orders.refused("采购人", "order.remit", order, amount="1", account="4200222200001235") == ["ORD-ACCOUNT"]
    for bad in ("", "123", "x" * 20, 5):
        with pytest.raises(Unusable, match="account"):
            orders.do("采购人", "order.remit", order, amount="1", account=bad)
    other = orders.confirmed(supplier="供应商")
    assert orders.refused("采购人", "order.remit", other, amount="1", account=ACCOUNT) == ["ORD-STATE"]


def test_a_refusal_of_the_bank_leaves_the_order_to_be_paid_anew(orders):
    order = invoiced(orders)
    house(orders).holds, before = Decimal("3499.99"), house(orders).holds
    try:
        key = remit(orders, order)
        transfers(orders)
        assert (remittance(orders, key).state, remittance(orders, key).refused) == ("refused", "funds")
        assert (orders.row(order).state, orders.row(order).paid) == ("INVOICED", Decimal(0))
        assert '"refused":"funds"' in entries(orders, "order.payment_refused")[0]
        house(orders).holds = before
        remit(orders, order)
        transfers(orders)
    finally:
        house(orders).holds = before
    assert orders.row(order).state == "PAID"


def test_a_silent_bank_is_asked_again_with_the_same_id_and_pays_once(orders):
    order = invoiced(orders)
    house(orders).lost = 3
    key = remit(orders, order)
    waits = []
    while remittance(orders, key).state == "sent":
        assert transfers(orders) == 1 and transfers(orders) == 0
        with orders.world.read() as session:
            planned = session.query(DueJob).filter_by(act="order.transfer", done_at=None).all()
        if planned:
            waits.append(planned[0].at - orders.now)
            orders.at(planned[0].at)
    assert waits == list(remitting.AGAIN) and remittance(orders, key).silent == 3
    assert orders.row(order).paid == Decimal(3500) and len(house(orders).lines(0)) == 1
    assert len(entries(orders, "order.payment_unanswered")) == 1


def test_what_is_owed_stands_still_while_the_bank_is_asked(orders):
    order = invoiced(orders)
    line = orders.lines(order)[0].id
    remit(orders, order, "1")
    day = orders.now.date().isoformat()
    payloads: dict[str, dict[str, Any]] = {
        "order.remit": {"amount": "1", "account": ACCOUNT}, "order.dispute": {"reason": "x"},
        "order.pay": {"amount": "1", "bank_ref": "x", "paid_on": day},
        "order.ask_return": {"lines": {line: 1}, "reason": "x"},
    }  # fmt: skip
    assert set(payloads) == set(remitting.HELD_UP)
    for act, payload in payloads.items():
        assert orders.refused("采购人", act, order, **payload) == ["ORD-PAYING"]
    assert orders.refused("供应商", "order.dispute", order, reason="x") == ["ORD-PAYING"]
    transfers(orders)
    orders.do("供应商", "order.dispute", order, reason="x")


def test_a_budget_that_holds_too_little_is_asked_before_the_bank(orders):
    order = invoiced(orders)

    def held(tx: Any) -> None:
        budget = Budget(org_id=orders.stage.people["采购人"].org, fiscal_year=2026, category="A00000000",
                        funds="own", amount=Decimal(4000), held=Decimal("3499.99"), changed_at=tx.now)  # fmt: skip
        tx.session.add(budget)
        tx.session.flush()
        tx.session.add(Hold(order_id=order, budget_id=budget.id, held=Decimal("3499.99")))

    orders.world.acts.act(held, orders.stage.people["采购人"])
    with pytest.raises(Refused, match="BUY-BUDGET"):
        remit(orders, order)
    remit(orders, order, "3499.99")
    transfers(orders)
    assert orders.row(order).paid == Decimal("3499.99")


def test_nobody_else_has_an_order_paid(orders):
    order = invoiced(orders)
    for who in ("别的采购人", "供应商", "交易中心", "监管", "没登录"):
        assert orders.refused(who, "order.remit", order, amount="1", account=ACCOUNT) == ["ACCESS"]


def test_without_a_bank_the_receipt_is_entered(orders, monkeypatch):
    order = invoiced(orders)
    monkeypatch.setattr(bank, "of", lambda config: None)
    with pytest.raises(Unusable, match="at the bank itself"):
        remit(orders, order)
    assert orders.pay(order)["state"] == "PAID"
    orders.at(orders.now + timedelta(hours=1))
    ring(orders, "order.reconcile")


# -- beside the statement ---------------------------------------------------------------------------------------------


def shown(orders: Orders, who: str, **more: Any) -> dict[str, Any]:
    with orders.world.read() as session:
        return reconciling.payments(session, orders.stage.people[who], **more)


def test_payments_are_matched_by_number_amount_and_payer(orders):
    order = invoiced(orders)
    remit(orders, order)
    transfers(orders)
    assert [one["state"] for one in shown(orders, "采购人")["items"]] == ["waiting"]
    assert ring(orders, "order.reconcile") == 1
    for who in ("采购人", "供应商"):
        assert [(one["order"], one["state"]) for one in shown(orders, who)["items"]] == [(order, "matched")]
    assert shown(orders, "别的采购人")["items"] == shown(orders, "别的供应商")["items"] == []
    assert len(entries(orders, "order.payment_matched")) == 1
    for who in ("监管", "没登录"):
        with pytest.raises(Unusable, match="side"):
            shown(orders, who)


def test_a_line_without_its_payment_stands_beside_and_finds_it_once_it_is_entered(orders):
    mine = orders.stage.people["采购人"].org
    sent = bank.Transfer("by hand", mine, "供应商", "420022220001234", Decimal("3500"), "x")
    number = house(orders).send(sent, orders.now).bank_ref
    jobs.LONG["order.reconcile"](orders.world.acts, "", {})
    jobs.LONG["order.reconcile"](orders.world.acts, "", {})  # each line once
    assert [one.bank_ref for one in shown(orders, "采购人")["lines"]] == [number]
    assert shown(orders, "别的采购人")["lines"] == shown(orders, "供应商")["lines"] == []
    order = invoiced(orders)
    orders.pay(order, "3499.99", bank_ref=number)
    assert shown(orders, "采购人")["items"][0]["state"] == "waiting"  # another amount is another payment
    orders.at(orders.now + SECOND)
    other = invoiced(orders)
    orders.pay(other, bank_ref=number)
    found = shown(orders, "采购人")
    assert [one["state"] for one in found["items"]] == ["matched", "waiting"] and found["lines"] == []
    with orders.world.read() as session:
        assert session.query(OrderBankLine).count() == 1 and session.query(OrderPayment).count() == 2


def test_the_list_of_payments_goes_on_page_by_page(orders):
    order = invoiced(orders)
    for fen in range(1, 6):
        orders.pay(order, f"{fen}")
        orders.at(orders.now + SECOND)
    seen, after = [], ""
    for _ in range(9):
        found = shown(orders, "供应商", after=after, limit=2)
        seen += [one["amount"] for one in found["items"]]
        after = found["next"]
        if not after:
            break
    assert seen == [Decimal(n) for n in (5, 4, 3, 2, 1)]
    with pytest.raises(Unusable, match="after"):
        shown(orders, "供应商", after="x")


# -- late -------------------------------------------------------------------------------------------------------------


def test_a_late_payment_by_the_bank_is_taken_and_said_to_be_late_with_its_interest(orders):
    order = invoiced(orders)
    until = orders.row(order).pay_by
    assert until is not None
    buyer = orders.stage.people["采购人"]
    for moment, days in ((until, 0), (until + SECOND, 1), (until + timedelta(days=9), 9)):
        orders.at(moment)
        with orders.world.read() as session:
            said = order_page(session, order, buyer, moment)["interest"]
        assert said == ({"days": days, "amount": Decimal("1.75") * days} if days else None)
    remit(orders, order)
    transfers(orders)
    assert '"rule":"ORD-PAY"' in entries(orders, "order.paid")[0] and shown(orders, "采购人")["items"][0]["late"]
    with orders.world.read() as session:
        assert order_page(session, order, buyer, orders.now)["interest"] is None
        assert "order.remit" not in [one["act"] for one in acts(session, orders.row(order), buyer, orders.now)]


@given(st.integers(0, 10**10), st.integers(0, 4000))
def test_interest_is_five_hundredths_of_a_percent_a_day(fen, days):
    found = rules.interest(Decimal(fen) / 100, days, BOOK)
    assert abs(found - Decimal(fen) * days / 200_000) <= Decimal("0.005") and found.as_tuple().exponent == -2


@pytest.mark.parametrize(("day", "article"), [(date(2025, 5, 31), "第15条"), (date(2025, 6, 1), "第17条")])
def test_the_article_of_the_interest_is_that_of_the_day(day, article):
    assert rules.RULES.at(day)["ORD-INTEREST"].article.endswith(article)
