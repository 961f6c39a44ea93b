"""What one side asks of the other, cancelling and giving back, and what the centre decides when they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import desk
from core import data, fields
from core.access import Actor, Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.machine import Row
from core.money import plain
from core.rules import Breach, refuse_if
from trading.order import hooks, rules
from trading.order.actions import drop
from trading.order.delivery import count_in, halt, pieces, standing, under_way
from trading.order.machine import CALLED_OFF, DELIVERING, RETURNABLE
from trading.order.models import Order, OrderRating, OrderRequest
from trading.order.settlement import invoice_body, past_day, write_invoice, write_payment
from trading.order.states import amounts, back_to, blocked_by, book_of, counts, go, guard, lines_of, shipments_of

KIND = {"CANCEL_REQUESTED": "cancel", "RETURN_REQUESTED": "return", "RETURNING": "return", "DISPUTED": "dispute"}
# What the centre may decide, and from where.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "go_on": (*CALLED_OFF, *DELIVERING, *RETURNABLE),
    "cancel": (*CALLED_OFF, *DELIVERING),
    "accept": DELIVERING,
    "return": RETURNABLE,
}


def pending(session: Session, order: str, *kinds: str) -> list[OrderRequest]:
    """Requests not dealt with: open ones, and a return that was agreed to and not carried out; newest first."""
    query = select(OrderRequest).where(OrderRequest.order_id == order, OrderRequest.outcome == "")
    query = query.where(OrderRequest.state.in_(("open", "accepted"))).order_by(OrderRequest.asked_at.desc())
    return [one for one in session.scalars(query) if not kinds or one.kind in kinds]


def _ask(tx: Tx, row: Order, step: Row, kind: str, reason: str, lines: dict[str, int] | None = None) -> Payload:
    asked = OrderRequest(order_id=row.id, kind=kind, org_id=tx.actor.org, person_id=tx.actor.person, reason=reason,
                         lines=lines or {}, asked_at=tx.now)  # fmt: skip
    tx.session.add(asked)
    tx.session.flush()
    body = {"request": asked.id, "reason": reason} | ({"lines": lines} if lines else {})
    go(tx, row, step, f"order.{kind}_asked", body)
    other = row.supplier_org if tx.actor.org == row.buyer_org else row.buyer_org
    tx.publish(f"org:{other}", f"order.{kind}_asked", {"order": row.id})
    return {"request": asked.id, "state": row.state}


def _end(tx: Tx, asked: OrderRequest, state: str, answer: str = "", outcome: str = "") -> None:
    asked.state, asked.answer, asked.outcome = state, answer, outcome
    asked.answered_at, asked.answered_by = tx.now, tx.actor.person
    tx.session.flush()


def _answer(p: Mapping[str, Any]) -> tuple[bool, str]:
    """{accept, reason?}: a refusal says why."""
    fields.only(p, "accept", "reason")
    yes = fields.yes_no(p, "accept")
    return yes, fields.text(p, "reason", limit=1000, default="" if yes else None)


def _others(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    asked = pending(session, row.id, KIND.get(row.state, ""))
    if asked and asked[0].org_id == actor.org:
        return [book_of(row)["ORD-OTHER"].breach("the own request", required="the other side")]
    return []


blocked_by("order.answer_cancel")(_others)


@blocked_by("order.withdraw")
def _not_own(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    """Who asked may take it back; a dispute about another request stays for the centre."""
    asked, book = pending(session, row.id), book_of(row)
    mine = [one for one in asked if one.kind == KIND.get(row.state) and one.org_id == actor.org]
    if not mine:
        return [book["ORD-OTHER"].breach("the other side's request", required="the own request")]
    if row.state == "DISPUTED" and len(asked) > 1:
        return [book["ORD-OTHER"].breach("another request is open", required="centre")]
    return []


@acting("order.withdraw", Role.TENDERER, Role.BIDDER)
def withdraw(tx: Tx, order: str, p: Payload) -> Payload:
    """{}: one's own request or dispute is taken back, the order goes on where it stood."""
    fields.only(p)
    row, step = guard(tx, order, "order.withdraw")
    asked = pending(tx.session, row.id, KIND[row.state])[0]
    _end(tx, asked, "withdrawn")
    go(tx, row, step, "order.request_withdrawn", {"request": asked.id, "kind": asked.kind}, target=back_to(row, step))
    return {"state": row.state}


# -- cancelling by agreement ------------------------------------------------------------------------------------------


@acting("order.ask_cancel", Role.TENDERER, Role.BIDDER)
def ask_cancel(tx: Tx, order: str, p: Payload) -> Payload:
    """{reason}: what has not been sent yet shall not be delivered; the other side answers."""
    fields.only(p, "reason")
    row, step = guard(tx, order, "order.ask_cancel")
    return _ask(tx, row, step, "cancel", fields.text(p, "reason", limit=1000))


def call_off(tx: Tx, row: Order) -> str:
    """What is left is dropped, a contract not signed leaves the desk; where the order stands then."""
    if row.contract_doc and desk.row(tx.session, row.contract_doc).state in ("open", "signed"):
        desk.void_document(tx, row.contract_doc, "cancelled")
    drop(tx, row)
    return standing(tx, row)


@acting("order.answer_cancel", Role.TENDERER, Role.BIDDER)
def answer_cancel(tx: Tx, order: str, p: Payload) -> Payload:
    """{accept, reason?} → {state}: by the side that was asked. What was accepted before is still paid."""
    row, step = guard(tx, order, "order.answer_cancel")
    yes, said = _answer(p)
    asked = pending(tx.session, row.id, "cancel")[0]
    _end(tx, asked, "accepted" if yes else "refused", said, "done")
    target = call_off(tx, row) if yes else back_to(row, step)
    if yes:
        row.reason = asked.reason[:300]
    body = {"request": asked.id, "accept": yes, "answer": said}
    go(tx, row, step, "order.cancel_answered", body, target=target)
    return {"state": row.state}


# -- giving back ------------------------------------------------------------------------------------------------------


@blocked_by("order.ask_return")
def _return_blocked(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    if row.settled_at is None:
        return []
    book = book_of(row)
    last = rules.until(book, "ORD-RETURN", row.settled_at, data.calendar())
    return rules.in_time("ORD-RETURN", last, now, book)


@acting("order.ask_return", Role.TENDERER)
def ask_return(tx: Tx, order: str, p: Payload) -> Payload:
    """{lines: {line: pieces}, reason} → {request}: accepted goods shall go back."""
    fields.only(p, "lines", "reason")
    row, step = guard(tx, order, "order.ask_return")
    lines = lines_of(tx.session, row.id)
    wanted = pieces(p, lines)
    refuse_if(rules.returning(wanted, counts(lines), book_of(row)))
    return _ask(tx, row, step, "return", fields.text(p, "reason", limit=1000), wanted)


@acting("order.answer_return", Role.BIDDER)
def answer_return(tx: Tx, order: str, p: Payload) -> Payload:
    """{accept, reason?} → {state}"""
    row, step = guard(tx, order, "order.answer_return")
    yes, said = _answer(p)
    asked = pending(tx.session, row.id, "return")[0]
    _end(tx, asked, "accepted" if yes else "refused", said)
    body = {"request": asked.id, "accept": yes, "answer": said}
    go(tx, row, step, "order.return_answered", body, target="RETURNING" if yes else back_to(row, step))
    return {"state": row.state}


def owed_back(session: Session, row: Order) -> dict[str, Any]:
    """{request, lines, worth, red, refund}: what the goods on their way back are worth, and the money that follows."""
    asked = pending(session, row.id, "return")[0]
    worth = rules.worth(asked.lines, {key: one.price for key, one in lines_of(session, row.id).items()})
    red, refund = rules.back(worth, amounts(row))
    return {"request": asked, "lines": asked.lines, "worth": worth, "red": red, "refund": refund}


@acting("order.take_back", Role.BIDDER)
def take_back(tx: Tx, order: str, p: Payload) -> Payload:
    """{red?: {code?, number, issued_on, sha256?}, refund?: {bank_ref, paid_on}} → {state}: the goods are back.

    What was invoiced or paid beyond what is kept is taken back by a red invoice and refunded, in the same act.
    """
    fields.only(p, "red", "refund")
    row, step = guard(tx, order, "order.take_back")
    owed, book = owed_back(tx.session, row), book_of(row)
    for key in ("red", "refund"):
        if owed[key] and not p.get(key):
            refuse_if([book["ORD-REFUND"].breach("-", required=f"{plain(owed[key])}元", field=key)])
        if not owed[key] and p.get(key):
            raise Unusable(f"{key}: unknown field")
    body: dict[str, Any] = {"request": owed["request"].id, "lines": owed["lines"], "worth": plain(owed["worth"])}
    if owed["refund"]:  # the money first: paid ≤ invoiced ≤ accepted holds at every step
        given = fields.mapping(p, "refund")
        fields.only(given, "bank_ref", "paid_on")
        number, day = fields.text(given, "bank_ref", limit=60), past_day(given, "paid_on", row, tx.now)
        write_payment(tx, row, number, day, -owed["refund"], tx.actor.person)
        body["refund"] = {"amount": plain(owed["refund"]), "bank_ref": number}
    if owed["red"]:
        given = fields.mapping(p, "red")
        fields.only(given, "code", "number", "issued_on", "sha256")
        body["red"] = invoice_body(write_invoice(tx, row, given, "red", -owed["red"]))
    lines = lines_of(tx.session, row.id)
    for key, number in owed["lines"].items():
        lines[key].accepted -= number
        lines[key].returned += number
    row.accepted -= owed["worth"]
    _end(tx, owed["request"], "accepted", owed["request"].answer, "done")
    hooks.tell(tx, row, hooks.Happening("returned", owed["worth"], owed["lines"]))
    rated = tx.session.get(OrderRating, row.id) is not None
    go(tx, row, step, "order.taken_back", body, target=rules.stands(amounts(row), rated))
    return {"state": row.state}


# -- disputes ---------------------------------------------------------------------------------------------------------


@acting("order.dispute", Role.TENDERER, Role.BIDDER)
def dispute(tx: Tx, order: str, p: Payload) -> Payload:
    """{reason}: the trading centre decides; the regulator sees it. Notes that are being signed leave the desk."""
    fields.only(p, "reason")
    row, step = guard(tx, order, "order.dispute")
    reason = fields.text(p, "reason", limit=1000)
    halt(tx, row)
    return _ask(tx, row, step, "dispute", reason)


@acting("order.decide", Role.CENTRE, signed=True)
def decide(tx: Tx, order: str, p: Payload) -> Payload:
    """{outcome: go_on | cancel | accept | return, reason, lines?} → {state}: 交易中心处理争议, for both and the
    regulator to read. `lines` {line: pieces}: accepted of those under way, or to be given back."""
    fields.only(p, "outcome", "reason", "lines")
    row, step = guard(tx, order, "order.decide")
    outcome, reason = fields.choice(p, "outcome", tuple(OUTCOMES)), fields.text(p, "reason", limit=1000)
    if row.before not in OUTCOMES[outcome]:
        refuse_if([book_of(row)["ORD-STATE"].breach(row.before, required=" / ".join(OUTCOMES[outcome]))])
    asked = pending(tx.session, row.id)
    lines = pieces(p, lines_of(tx.session, row.id)) if outcome in ("accept", "return") else {}
    target, body = _carry_out(tx, row, step, outcome, reason, lines)
    for one in asked:
        if one.kind == "dispute":
            _end(tx, one, "decided", reason, outcome)
        elif outcome != "return" or one.kind != "return":
            _end(tx, one, "accepted" if one.kind == outcome else "refused", reason, outcome)
    go(tx, row, step, "order.decided", {"outcome": outcome, "reason": reason} | body, target=target)
    for org in (row.buyer_org, row.supplier_org):
        tx.publish(f"org:{org}", "order.decided", {"order": row.id})
    return {"state": row.state}


def _carry_out(
    tx: Tx, row: Order, step: Row, outcome: str, reason: str, lines: dict[str, int]
) -> tuple[str, dict[str, Any]]:
    if outcome == "go_on":
        return back_to(row, step), {}
    if outcome == "return":
        known = lines_of(tx.session, row.id)
        refuse_if(rules.returning(lines, counts(known), book_of(row)))
        _to_return(tx, row, reason, lines)
        return "RETURNING", {"lines": lines}
    body = _count_under_way(tx, row, lines)
    return (call_off(tx, row) if outcome == "cancel" else standing(tx, row)), body


def _to_return(tx: Tx, row: Order, reason: str, lines: dict[str, int]) -> None:
    found = pending(tx.session, row.id, "return")
    asked = found[0] if found else OrderRequest(order_id=row.id, kind="return", org_id=row.buyer_org,
                                                person_id=tx.actor.person, reason=reason, asked_at=tx.now)  # fmt: skip
    asked.lines, asked.state, asked.answer = lines, "accepted", reason
    asked.answered_at, asked.answered_by = tx.now, tx.actor.person
    tx.session.add(asked)
    tx.session.flush()


def _count_under_way(tx: Tx, row: Order, accepted: Mapping[str, int]) -> dict[str, Any]:
    """All that was sent and not inspected is accepted as far as `accepted` says, and refused beyond it."""
    sent, book = under_way(tx.session, row), book_of(row)
    for key, number in accepted.items():
        if number > sent.get(key, 0):
            refuse_if([book["ORD-COUNT"].breach(number, required=f"≤ {sent.get(key, 0)}", field="lines")])
    for one in shipments_of(tx.session, row.id, "shipped", "received", "inspecting"):
        one.state, one.inspected_at = "inspected", tx.now
    result = {key: {"accepted": accepted.get(key, 0), "refused": number - accepted.get(key, 0)}
              for key, number in sent.items()}  # fmt: skip
    return count_in(tx, row, result)
