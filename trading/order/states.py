"""How an order goes forward: who stands where, whether an act is open, and the step with its entry in one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import data, jobs
from core.access import SYSTEM, Actor, Role, denied
from core.acts import Tx
from core.clock import CST
from core.faults import Unusable
from core.machine import Row
from core.rules import Breach, Refused, RuleRow, refuse_if
from trading.order import rules
from trading.order.facts import Amounts, Count
from trading.order.machine import MACHINE, SIDE, STEPS
from trading.order.models import Order, OrderLine, OrderMove, Shipment
from trading.order.placing import stream
from trading.supplier.queries import standing

READERS = (Role.CENTRE, Role.REGULATOR, Role.AUDITOR)


def order_row(session: Session, order: str) -> Order:
    row = session.get(Order, order)
    if row is None:
        raise Unusable("order: no such order")
    return row


def lines_of(session: Session, order: str) -> dict[str, OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order).order_by(OrderLine.position)
    return {one.id: one for one in session.scalars(query)}


def shipments_of(session: Session, order: str, *states: str) -> list[Shipment]:
    query = select(Shipment).where(Shipment.order_id == order).order_by(Shipment.number)
    return [one for one in session.scalars(query) if not states or one.state in states]


def count(line: OrderLine) -> Count:
    return Count(line.quantity, line.shipped, line.accepted, line.refused, line.returned, line.dropped)


def counts(lines: Mapping[str, OrderLine]) -> dict[str, Count]:
    return {key: count(one) for key, one in lines.items()}


def amounts(row: Order) -> Amounts:
    return Amounts(row.accepted, row.invoiced, row.paid)


def book_of(row: Order) -> Mapping[str, RuleRow]:
    """Rules in force when the order was placed."""
    return rules.RULES.at(row.placed_at.astimezone(CST).date(), row.region)


def stands_as(row: Order, actor: Actor) -> frozenset[Role]:
    """Buyer or supplier by the organisation; whoever keeps or supervises the mall stands so towards every order."""
    parties = {Role.TENDERER: row.buyer_org, Role.BIDDER: row.supplier_org}
    found = {role for role, org in parties.items() if org == actor.org and actor.has(role)}
    return frozenset(found | {role for role in READERS if actor.has(role)})


def supplier_barred(session: Session, row: Order) -> list[Breach]:
    """A supplier that was suspended or removed since concludes nothing new."""
    state = standing(session, row.supplier_org).state
    if state not in ("suspended", "removed"):
        return []
    return [book_of(row)["ORD-SUPPLIER"].breach(state, required="active")]


# -- steps ------------------------------------------------------------------------------------------------------------


def steps_from(state: str, act: str) -> list[Row]:
    return [one for one in STEPS if (one.state, one.act) == (state, act)]


Guard = Callable[[Session, Order, Actor, datetime], list[Breach]]
# act → what would block it now; filled by the files that know of a reason, asked by the act and by its button.
GUARDS: dict[str, Guard] = {}


def blocked_by(act: str) -> Callable[[Guard], Guard]:
    def declare(fn: Guard) -> Guard:
        first = GUARDS.get(act)

        def both(session: Session, row: Order, actor: Actor, now: datetime) -> list[Breach]:
            return [*(first(session, row, actor, now) if first else []), *fn(session, row, actor, now)]

        GUARDS[act] = both
        return fn

    return declare


def misplaced(row: Order, act: str) -> list[Breach]:
    """Nothing where the order's state knows the act, else the states that do."""
    if steps_from(row.state, act):
        return []
    wanted = " / ".join(dict.fromkeys(one.state for one in STEPS if one.act == act))
    return [book_of(row)["ORD-STATE"].breach(row.state, required=wanted)]


def guard(tx: Tx, order: str, act: str) -> tuple[Order, Row]:
    """The order and the step `act` takes from here; Refused for another's order, another role, another state, and
    whatever else its GUARDS say. Whose order it is comes first: a stranger learns nothing of it."""
    row, timer = order_row(tx.session, order), tx.actor == SYSTEM
    roles = {role for one in STEPS if one.act == act for role in one.roles}
    if not timer and not stands_as(row, tx.actor) & roles:
        raise Refused(denied("ACCESS", " / ".join(sorted(roles)) + " of this order", tx.actor.org_name or "-"))
    refuse_if(misplaced(row, act))
    if act in GUARDS:
        refuse_if(GUARDS[act](tx.session, row, tx.actor, tx.now))
    return row, MACHINE.move(row.state, act, None if timer else tx.actor)


def opens(session: Session, row: Order, act: str, actor: Actor, now: datetime) -> bool:
    """Whether `guard` would let this act of a person through."""
    roles = {role for one in steps_from(row.state, act) for role in one.roles}
    blocked = GUARDS[act](session, row, actor, now) if act in GUARDS else []
    return bool(stands_as(row, actor) & roles) and not any(one.blocks for one in blocked)


def go(tx: Tx, row: Order, step: Row, kind: str, body: dict[str, Any], *, target: str = "") -> str:
    """Take the step: state, station and ledger entry in one commit. `target` chooses among rows of one act."""
    goal, left = target or step.target, row.state
    if goal not in [one.target for one in steps_from(left, step.act)]:
        raise Unusable(f"{step.act} does not lead from {left} to {goal}")
    moved = {"from": left, "to": goal} if goal != left else {}
    entry = tx.record(stream(row.id), kind, body | moved, case=row.id)
    if goal != left:
        last = tx.session.scalar(select(func.max(OrderMove.position)).where(OrderMove.order_id == row.id))
        tx.session.add(
            OrderMove(order_id=row.id, position=(last or 0) + 1, at=tx.now, act=step.act, source=left, target=goal,
                      person=tx.actor.person, org=tx.actor.org, entry_hash=entry)
        )  # fmt: skip
        if goal in SIDE and left not in SIDE:
            row.before = left
        elif goal not in SIDE:
            row.before = ""
        row.state = goal
        tx.session.flush()
    remind(tx, row, entered=goal != left)
    tx.publish(f"order:{row.id}", "order.moved", {"state": goal, "act": step.act})
    return entry


def back_to(row: Order, step: Row) -> str:
    """Where a side state returns to: the state it was left from."""
    targets = {one.target for one in steps_from(row.state, step.act)}
    return row.before if row.before in targets else step.target


# -- what is due ------------------------------------------------------------------------------------------------------

SIDE_TERMS = {"CANCEL_REQUESTED": "ORD-ANSWER", "RETURN_REQUESTED": "ORD-ANSWER", "RETURNING": "ORD-BACK",
              "DISPUTED": "ORD-DECIDE"}  # fmt: skip


def remind(tx: Tx, row: Order, *, entered: bool) -> None:
    """Note until when the next act is due, and plan the look at a payment that is not made in time."""
    if row.state in SIDE_TERMS:
        if entered:
            row.due_at = rules.until(book_of(row), SIDE_TERMS[row.state], tx.now, data.calendar())
    elif row.state in ("INSPECTED", "INVOICED"):
        row.due_at = row.pay_by
        if entered and row.pay_by is not None and row.late_at is None:
            jobs.plan(tx.session, max(row.pay_by + timedelta(seconds=1), tx.now), "order.late", row.id)
    elif row.state in ("RECEIVED", "SHIPPED"):
        waiting = [one.inspect_by for one in shipments_of(tx.session, row.id, "received", "inspecting")]
        row.due_at = min((one for one in waiting if one is not None), default=_deliver_by(row))
    elif row.state in ("CONFIRMED", "CONTRACTED", "PARTIAL"):
        row.due_at = _deliver_by(row)
    else:
        row.due_at = row.confirm_by if row.state == "PLACED" else None


def _deliver_by(row: Order) -> datetime | None:
    """What buyer and supplier have agreed on, where the way of buying asked for it: settings {deliver_by: date}."""
    said = row.settings.get("deliver_by")
    return rules.end_of(date.fromisoformat(said)) if said else None
