"""From the placed order to the concluded one: confirmed or not, the contract signed; and what both say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from certs import desk
from core import fields
from core.access import SYSTEM, Actor, Role
from core.acts import Acts, Tx
from core.doors import TABLE, Payload, acting, ahead
from core.ledger import Entry
from core.money import plain
from core.rules import Breach
from trading.order import hooks, making, rules
from trading.order.machine import CONTRACT, NOTE
from trading.order.models import Order, OrderMessage
from trading.order.states import blocked_by, book_of, go, guard, lines_of, opens, order_row, supplier_barred


@blocked_by("order.confirm")
def _confirm_blocked(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    late = rules.in_time("ORD-CONFIRM", row.confirm_by, now, book_of(row))
    return [*late, *supplier_barred(session, row)]


@acting("order.confirm", Role.BIDDER, signed=True)
def confirm(tx: Tx, order: str, p: Payload) -> Payload:
    """{} → {state, contract: whether both sign one}: the supplier takes the order, signed with its certificate."""
    fields.only(p)
    row, step = guard(tx, order, "order.confirm")
    row.supplier_person = tx.actor.person
    needed = rules.needs_contract(row.total, book_of(row))
    go(tx, row, step, "order.confirmed", {"number": row.number, "contract": needed})
    hooks.tell(tx, row, hooks.Happening("confirmed", row.total))
    return {"state": row.state, "contract": needed}


def drop(tx: Tx, row: Order) -> dict[str, int]:
    """Whatever was not sent yet is never delivered: {line: pieces}, told to budgets and stock."""
    lines, gone = lines_of(tx.session, row.id), {}
    for key, one in lines.items():
        left = one.quantity - one.shipped - one.dropped
        if left:
            one.dropped += left
            gone[key] = left
    tx.session.flush()
    worth = rules.worth(gone, {key: one.price for key, one in lines.items()})
    if gone:
        hooks.tell(tx, row, hooks.Happening("dropped", worth, gone))
    return gone


@acting("order.decline", Role.BIDDER)
def decline(tx: Tx, order: str, p: Payload) -> Payload:
    """{reason}: the supplier does not take it."""
    fields.only(p, "reason")
    row, step = guard(tx, order, "order.decline")
    row.reason = fields.text(p, "reason", limit=300)
    drop(tx, row)
    go(tx, row, step, "order.declined", {"reason": row.reason})
    return {"state": row.state}


@acting("order.cancel", Role.TENDERER)
def cancel(tx: Tx, order: str, p: Payload) -> Payload:
    """{reason}: the buyer calls it off while nobody has confirmed it; later both must agree (order.ask_cancel)."""
    fields.only(p, "reason")
    row, step = guard(tx, order, "order.cancel")
    row.reason = fields.text(p, "reason", limit=300)
    drop(tx, row)
    go(tx, row, step, "order.cancelled", {"reason": row.reason})
    return {"state": row.state}


@acting("order.lapse")
def lapse(tx: Tx, order: str, p: Payload) -> Payload:
    """Timer: not confirmed in time (ORD-CONFIRM). A ring too early, or after something else happened, does nothing."""
    row = order_row(tx.session, order)
    late = rules.in_time("ORD-CONFIRM", row.confirm_by, tx.now, book_of(row))
    if row.state != "PLACED" or not late:
        return {"state": row.state}
    row, step = guard(tx, order, "order.lapse")
    row.reason = "ORD-CONFIRM"
    drop(tx, row)
    go(tx, row, step, "order.lapsed", {"rule": late[0].rule, "required": late[0].required})
    return {"state": row.state}


# -- the contract -----------------------------------------------------------------------------------------------------


@blocked_by("order.contract")
def _contract_blocked(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    book = book_of(row)
    if not rules.needs_contract(row.total, book):
        return [book["ORD-CONTRACT"].breach(f"{plain(row.total)}元", required=f"≥ {book['ORD-CONTRACT'].number}元")]
    if row.contract_doc and desk.row(session, row.contract_doc).state in ("signed", "sealed"):
        return [book["ORD-DESK"].breach("signed by both")]
    return []


@ahead("order.contract")
def _ahead_of_contract(acts: Acts, actor: Actor, order: str, p: Payload) -> making.Ready | None:
    def found(session: Session, now: datetime) -> making.Work | None:
        row = order_row(session, order)
        return making.contract(session, row, actor, now) if opens(session, row, "order.contract", actor, now) else None

    return making.ahead(acts, found)


@acting("order.contract", Role.TENDERER)
def contract(tx: Tx, order: str, p: Payload) -> Payload:
    """{} → {document}: 电子订单合同 on the signing desk for both sides; one that not both have signed is replaced."""
    fields.only(p)
    row, step = guard(tx, order, "order.contract")
    if row.contract_doc:
        desk.void_document(tx, row.contract_doc, "drawn up anew")
    row.contract_doc = making.lay_out(tx, row, making.contract(tx.session, row, tx.actor, tx.now))
    go(tx, row, step, "order.contract_opened", {"document": row.contract_doc})
    return {"document": row.contract_doc}


@acting("order.contracted")
def contracted(tx: Tx, order: str, p: Payload) -> Payload:
    """System: the contract bears both signatures. Doing it twice does nothing."""
    row = order_row(tx.session, order)
    if row.state != "CONFIRMED" or not row.contract_doc or row.contract_doc != p.get("document"):
        return {"state": row.state}
    state = desk.state(tx.session, row.contract_doc)
    if state["state"] == "sealed":
        row, step = guard(tx, order, "order.contracted")
        go(tx, row, step, "order.contracted", {"document": row.contract_doc, "sha256": state["head"]})
    return {"state": row.state}


SEALED = {CONTRACT: "order.contracted", NOTE: "order.accept"}


def on_sealed(acts: Acts, entry: Entry) -> None:
    """After the desk closed a paper of an order."""
    act = SEALED.get(str(entry.body.get("kind")))
    if act is not None:
        acts.act(TABLE[act].fn, SYSTEM, entry.case, {"document": entry.body["document"]})


LISTENERS = {"paper.sealed": on_sealed}


# -- what both say ----------------------------------------------------------------------------------------------------


@acting("order.say", Role.TENDERER, Role.BIDDER)
def say(tx: Tx, order: str, p: Payload) -> Payload:
    """{text} → {}: a message to the other side; it stays in the record."""
    fields.only(p, "text")
    row, step = guard(tx, order, "order.say")
    text = fields.text(p, "text", limit=1000)
    said = {"order_id": row.id, "at": tx.now, "org_id": tx.actor.org, "person_id": tx.actor.person, "text": text}
    tx.session.add(OrderMessage(**said))
    go(tx, row, step, "order.said", {"text": text})
    other = row.supplier_org if tx.actor.org == row.buyer_org else row.buyer_org
    tx.publish(f"org:{other}", "order.said", {"order": row.id})
    return {}
