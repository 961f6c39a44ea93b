"""Sent in one or several deliveries, received, and inspected: the acceptance note counts, not what anybody typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certs import desk
from core import data, fields, jobs
from core.access import Actor, Role
from core.acts import Acts, Tx
from core.doors import Payload, acting, ahead
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, refuse_if, shown
from trading.order import hooks, making, rules
from trading.order.machine import DELIVERING
from trading.order.models import Order, OrderLine, Shipment
from trading.order.states import (
    blocked_by,
    book_of,
    count,
    counts,
    go,
    guard,
    lines_of,
    opens,
    order_row,
    shipments_of,
)

MOST = 10**9


def pieces(p: Mapping[str, Any], known: Mapping[str, OrderLine]) -> dict[str, int]:
    """`lines` {line: pieces} of this order, zeros left out."""
    given = fields.mapping(p, "lines")
    if not set(given) <= set(known):
        raise Unusable("lines: only those of this order")
    read = {key: fields.integer({"lines": said}, "lines", least=0, most=MOST) for key, said in given.items()}
    return {key: number for key, number in read.items() if number}


@blocked_by("order.ship")
def _ship_blocked(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    book = book_of(row)
    lacking = rules.needs_contract(row.total, book) and row.state == "CONFIRMED" and not _concluded(session, row)
    found = rules.contract_first(lacking, book)
    left = sum(one.to_ship for one in counts(lines_of(session, row.id)).values())
    return found + ([] if left else [book["ORD-NOTHING"].breach(0, required="≥ 1")])


def _concluded(session: Session, row: Order) -> bool:
    """Sealed on the desk, though the order may not have heard of it yet."""
    return bool(row.contract_doc) and desk.row(session, row.contract_doc).state == "sealed"


@acting("order.ship", Role.BIDDER)
def ship(tx: Tx, order: str, p: Payload) -> Payload:
    """{lines: {line: pieces}, carrier, tracking?} → {shipment, number}"""
    fields.only(p, "lines", "carrier", "tracking")
    row, step = guard(tx, order, "order.ship")
    lines = lines_of(tx.session, row.id)
    wanted = pieces(p, lines)
    refuse_if(rules.shipping(wanted, counts(lines), book_of(row)))
    last = tx.session.scalar(select(func.max(Shipment.number)).where(Shipment.order_id == row.id))
    sent = Shipment(
        order_id=row.id, number=(last or 0) + 1, carrier=fields.text(p, "carrier", limit=60),
        tracking=fields.text(p, "tracking", limit=60, default=""), lines=wanted, shipped_at=tx.now,
    )  # fmt: skip
    for key, number in wanted.items():
        lines[key].shipped += number
    tx.session.add(sent)
    tx.session.flush()
    body = {"shipment": sent.id, "number": sent.number, "carrier": sent.carrier, "tracking": sent.tracking,
            "lines": wanted}  # fmt: skip
    go(tx, row, step, "order.shipped", body)
    return {"shipment": sent.id, "number": sent.number}


def _shipment(session: Session, row: Order, p: Mapping[str, Any], *states: str) -> Shipment:
    sent = session.get(Shipment, fields.text(p, "shipment", limit=16))
    if sent is None or sent.order_id != row.id:
        raise Unusable("shipment: no such delivery of this order")
    if sent.state not in states:
        refuse_if([book_of(row)["ORD-STATE"].breach(sent.state, required=states[0], field="shipment")])
    return sent


@acting("order.receive", Role.TENDERER)
def receive(tx: Tx, order: str, p: Payload) -> Payload:
    """{shipment}: it has come; what is in it is inspected from now on (ORD-INSPECT)."""
    fields.only(p, "shipment")
    row, step = guard(tx, order, "order.receive")
    sent = _shipment(tx.session, row, p, "shipped")
    sent.state, sent.received_at = "received", tx.now
    sent.inspect_by = rules.until(book_of(row), "ORD-INSPECT", tx.now, data.calendar())
    tx.session.flush()
    coming = shipments_of(tx.session, row.id, "shipped")
    go(tx, row, step, "order.received", {"shipment": sent.id, "number": sent.number},
       target="SHIPPED" if coming else "RECEIVED")  # fmt: skip
    return {"state": row.state}


@blocked_by("order.inspect")
def _inspect_blocked(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
    if shipments_of(session, row.id, "received", "inspecting"):
        return []
    return [book_of(row)["ORD-NOTHING"].breach(0, required="received")]


def _result(p: Mapping[str, Any], sent: Shipment) -> dict[str, dict[str, Any]]:
    """`lines` {line: {accepted, refused?, reason?}}, every line of the delivery; `refused` 0 where it is not said."""
    given = fields.mapping(p, "lines")
    if set(given) != set(sent.lines):
        raise Unusable("lines: each line of this delivery")
    found = {}
    for key in given:
        one = fields.mapping(given, key)
        fields.only(one, "accepted", "refused", "reason")
        found[key] = {
            "accepted": fields.integer(one, "accepted", least=0, most=MOST),
            "refused": fields.integer(one, "refused", least=0, most=MOST, default=0),
            "reason": fields.text(one, "reason", limit=200, default=""),
        }
    return found


def _found(session: Session, row: Order, p: Payload) -> tuple[Shipment, dict[str, dict[str, Any]]]:
    """The delivery, inspected for the first time or anew, and what was found in it."""
    fields.only(p, "shipment", "lines")
    sent = _shipment(session, row, p, "received", "inspecting")
    result = _result(p, sent)
    refuse_if(rules.inspection(result, sent.lines, book_of(row)))
    return sent, result


@ahead("order.inspect")
def _ahead_of_inspect(acts: Acts, actor: Actor, order: str, p: Payload) -> making.Ready | None:
    def found(session: Session, now: datetime) -> making.Work | None:
        row = order_row(session, order)
        if not opens(session, row, "order.inspect", actor, now):
            return None
        return making.note(session, row, *_found(session, row, p), actor, now)

    return making.ahead(acts, found)


@acting("order.inspect", Role.TENDERER)
def inspect(tx: Tx, order: str, p: Payload) -> Payload:
    """{shipment, lines: {line: {accepted, refused?, reason?}}} → {document, warnings}: 验收单 on the signing desk.

    It counts when both have signed, or when the supplier was silent too long (ORD-ASSENT). Found anew before the
    supplier has signed, it takes the place of the older one.
    """
    row, step = guard(tx, order, "order.inspect")
    sent, result = _found(tx.session, row, p)
    if sent.state == "inspecting":
        desk.void_document(tx, sent.note_doc, "inspected anew")
    sent.state, sent.result = "inspecting", result
    sent.note_doc = making.lay_out(tx, row, making.note(tx.session, row, sent, result, tx.actor, tx.now))
    tx.session.flush()
    warnings = shown(rules.in_time("ORD-INSPECT", sent.inspect_by, tx.now, book_of(row)))
    _await_assent(tx, row, sent)
    body = {"shipment": sent.id, "document": sent.note_doc, "lines": result, "warnings": warnings}
    go(tx, row, step, "order.inspected", body, target=row.state)
    return {"document": sent.note_doc, "warnings": warnings}


def _await_assent(tx: Tx, row: Order, sent: Shipment) -> None:
    last = rules.until(book_of(row), "ORD-ASSENT", tx.now, data.calendar())
    jobs.plan(tx.session, last, "order.assent", row.id, {"document": sent.note_doc})


def _noted(session: Session, row: Order, p: Mapping[str, Any]) -> Shipment | None:
    """The delivery whose note `document` is being signed."""
    waiting = shipments_of(session, row.id, "inspecting")
    return next((one for one in waiting if one.note_doc == p.get("document")), None)


@acting("order.assent")
def assent(tx: Tx, order: str, p: Payload) -> Payload:
    """Timer: the supplier has neither signed nor disputed the note. Nothing while the buyer has not signed it itself:
    then the time runs again. A note whose closing a crash has hidden is counted now."""
    row = order_row(tx.session, order)
    sent = _noted(tx.session, row, p)
    if sent is None:
        return {"complete": False}
    doc = desk.row(tx.session, sent.note_doc)
    if doc.state == "sealed":
        return accept(tx, order, p)
    if tx.now < rules.until(book_of(row), "ORD-ASSENT", doc.opened_at, data.calendar()):
        return {"complete": False}
    if any(one.signed_at for one in desk.places(tx.session, sent.note_doc)):
        return {"complete": desk.complete_without(tx, sent.note_doc)}
    _await_assent(tx, row, sent)
    return {"complete": False}


@acting("order.accept")
def accept(tx: Tx, order: str, p: Payload) -> Payload:
    """System: the note is closed; its numbers count from now on. Doing it twice does nothing."""
    row = order_row(tx.session, order)
    sent = _noted(tx.session, row, p)
    closed = sent is not None and desk.row(tx.session, sent.note_doc).state == "sealed"
    if sent is None or not closed or row.state not in DELIVERING:
        return {"state": row.state}
    row, step = guard(tx, order, "order.accept")
    sent.state, sent.inspected_at = "inspected", tx.now
    body = count_in(tx, row, sent.result)
    target = standing(tx, row)
    note = {"shipment": sent.id, "document": sent.note_doc, "sha256": desk.row(tx.session, sent.note_doc).head}
    go(tx, row, step, "order.accepted", note | body, target=target)
    return {"state": row.state}


def count_in(tx: Tx, row: Order, result: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Write accepted and refused pieces and their worth; what an entry says of them."""
    lines = lines_of(tx.session, row.id)
    prices = {key: one.price for key, one in lines.items()}
    taken = {key: one["accepted"] for key, one in result.items() if one["accepted"]}
    gone = {key: one["refused"] for key, one in result.items() if one["refused"]}
    for key, number in taken.items():
        lines[key].accepted += number
    for key, number in gone.items():
        lines[key].refused += number
    worth = rules.worth(taken, prices)
    row.accepted += worth
    tx.session.flush()
    if taken:
        hooks.tell(tx, row, hooks.Happening("accepted", worth, taken))
    if gone:
        hooks.tell(tx, row, hooks.Happening("refused", rules.worth(gone, prices), gone))
    return {"accepted": taken, "refused": gone, "worth": plain(worth)}


def standing(tx: Tx, row: Order) -> str:
    """What the order is now, by its pieces; once nothing is awaited, the time to pay begins."""
    numbers = list(counts(lines_of(tx.session, row.id)).values())
    if rules.settled(numbers):
        done = [one for one in shipments_of(tx.session, row.id, "inspected") if one.inspected_at is not None]
        last = max(done, key=lambda one: one.inspected_at or tx.now, default=None)
        row.settled_at = tx.now
        if not row.accepted or last is None or last.inspected_at is None:
            return "CLOSED" if last else "CANCELLED"
        row.pay_by = rules.pay_by(last.inspected_at, last.inspect_by, book_of(row), data.calendar())
        return "INSPECTED"
    if shipments_of(tx.session, row.id, "shipped"):
        return "SHIPPED"
    return "RECEIVED" if shipments_of(tx.session, row.id, "received", "inspecting") else "PARTIAL"


def halt(tx: Tx, row: Order) -> None:
    """A dispute takes notes that are not closed off the desk: they are written anew after the decision."""
    for sent in shipments_of(tx.session, row.id, "inspecting"):
        if desk.row(tx.session, sent.note_doc).state in ("open", "signed"):
            desk.void_document(tx, sent.note_doc, "disputed")
            sent.state, sent.result, sent.note_doc = "received", {}, ""
    tx.session.flush()


def under_way(session: Session, row: Order) -> dict[str, int]:
    """{line: pieces} sent and not yet inspected."""
    found = {key: count(one).under_way for key, one in lines_of(session, row.id).items()}
    return {key: number for key, number in found.items() if number}
