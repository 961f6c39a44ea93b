"""A payment order to the bank: given by the buyer, carried out by the bank, its answer in the order's record.

Between giving and answer the order stands still: nothing that changes what is owed is open (ORD-PAYING), so that an
answer, however late, always finds what it pays.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.actions_orgs import read_account
from accounts.models import Org
from certs import authority
from core import fields, jobs
from core.access import SYSTEM, Actor, Role
from core.acts import Acts, Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, refuse_if, shown
from trading.order import bank, hooks, reconciling, rules
from trading.order.models import Order, OrderRemittance
from trading.order.settlement import CENT, write_payment
from trading.order.states import amounts, blocked_by, book_of, go, guard

# How long is waited before a silent bank is asked again; the last one for good.
AGAIN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
HELD_UP = ("order.remit", "order.pay", "order.ask_return", "order.dispute")


def under_way(session: Session, order: str) -> OrderRemittance | None:
    query = select(OrderRemittance).where(OrderRemittance.order_id == order, OrderRemittance.state == "sent")
    return session.scalar(query)


def _waits(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    found = under_way(session, row.id)
    if found is None:
        return []
    return [book_of(row)["ORD-PAYING"].breach(f"{plain(found.amount)}元", required="an answer of the bank")]


for _act in HELD_UP:
    blocked_by(_act)(_waits)


@acting("order.remit", Role.TENDERER, signed=True)
def remit(tx: Tx, order: str, p: Payload) -> Payload:
    """{amount, account} → {remittance}: the bank shall pay so much to this account of the supplier.

    Refused: more than is invoiced and not paid, another account than the supplier has registered, a budget that does
    not hold so much, a payment that is under way.
    """
    fields.only(p, "amount", "account")
    row, step = guard(tx, order, "order.remit")
    if bank.of(tx.config) is None:
        raise Unusable("bank: payments are made at the bank itself")
    book, payee = book_of(row), tx.session.get_one(Org, row.supplier_org)
    amount = fields.decimal(p, "amount", least=CENT, places=2)
    refuse_if(rules.paying(amount, amounts(row), book))
    hashed, masked = read_account(authority.of(tx.config).pepper, fields.text(p, "account", limit=60))
    if payee.account_hash and hashed != payee.account_hash:
        refuse_if([book["ORD-ACCOUNT"].breach(masked, required=payee.account_masked, field="account")])
    hooks.tell(tx, row, hooks.Happening("remitted", amount))
    account = "".join(sign for sign in p["account"] if sign.isdigit())
    made = OrderRemittance(order_id=row.id, amount=amount, account=account, account_masked=masked, payee=payee.name,
                           person_id=tx.actor.person, at=tx.now)  # fmt: skip
    tx.session.add(made)
    tx.session.flush()
    jobs.plan(tx.session, tx.now, "order.transfer", row.id, {"remittance": made.id})
    body = {"remittance": made.id, "amount": plain(amount), "payee": payee.name, "account": masked}
    go(tx, row, step, "order.remitted", body)
    return {"remittance": made.id}


@jobs.long("order.transfer")
def transfer(acts: Acts, order: str, p: Payload) -> None:
    """Send it, outside every transaction, and write down what the bank says; silence is asked again."""
    house = bank.of(acts.house.config)
    with acts.reading() as session:
        made, row = session.get_one(OrderRemittance, p["remittance"]), session.get_one(Order, order)
        if house is None or made.state != "sent":
            return
        sent = bank.Transfer(made.id, row.buyer_org, made.payee, made.account, made.amount, row.number)
    try:
        answer = house.send(sent, acts.house.clock.now())
    except bank.Silent:
        acts.act(unanswered, SYSTEM, order, p)
        return
    said = {"bank_ref": answer.bank_ref, "at": answer.at, "refused": answer.refused}
    acts.act(answered, SYSTEM, order, p | said)


def unanswered(tx: Tx, order: str, p: Payload) -> None:
    made = tx.session.get_one(OrderRemittance, fields.text(p, "remittance", limit=16))
    if made.state != "sent":
        return
    wait = AGAIN[min(made.silent, len(AGAIN) - 1)]
    made.silent += 1
    jobs.plan(tx.session, tx.now + wait, "order.transfer", order, {"remittance": made.id})
    if made.silent == 1:
        row, step = guard(tx, order, "order.transfer")
        go(tx, row, step, "order.payment_unanswered", {"remittance": made.id}, target=row.state)


@acting("order.transfer")
def answered(tx: Tx, order: str, p: Payload) -> Payload:
    """System: {remittance, bank_ref, at, refused} → {state}: paid, or refused and free to be ordered anew. An answer
    that comes twice does nothing."""
    row, step = guard(tx, order, "order.transfer")
    made = tx.session.get_one(OrderRemittance, fields.text(p, "remittance", limit=16))
    if made.order_id != row.id or made.state != "sent":
        return {"state": row.state}
    made.answered_at, made.account = tx.now, ""  # it is on the bank's receipt; nothing here needs it any more
    if p["refused"]:
        made.state, made.refused = "refused", p["refused"]
        body = {"remittance": made.id, "amount": plain(made.amount), "refused": made.refused}
        go(tx, row, step, "order.payment_refused", body, target=row.state)
        return {"state": row.state}
    made.state, made.bank_ref = "paid", p["bank_ref"]
    day = p["at"].astimezone(CST).date()
    paid = write_payment(tx, row, made.bank_ref, day, made.amount, made.person_id)
    go(tx, row, step, "order.paid", receipt(row, made, day.isoformat()), target=paid)
    reconciling.ring(tx, timedelta(0))
    return {"state": row.state}


def receipt(row: Order, made: OrderRemittance, day: str) -> dict[str, Any]:
    """What the record says of a payment by the bank."""
    late = rules.paid_late(datetime.fromisoformat(day).date(), row.pay_by, book_of(row))
    return {"remittance": made.id, "amount": plain(made.amount), "bank_ref": made.bank_ref, "paid_on": day,
            "payee": made.payee, "account": made.account_masked, "warnings": shown(late)}  # fmt: skip
