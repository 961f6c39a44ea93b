"""Read models of orders: lists for buyer, supplier and whoever keeps or supervises the mall; one order whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select, true, tuple_, union_all
from sqlalchemy.orm import Session

from accounts.models import Org, Person
from certs import desk
from core.access import Actor, Role, denied
from core.clock import CST
from core.doors import Payload, asking
from core.money import plain
from core.rules import Refused
from trading.order import rules, tally
from trading.order.machine import MACHINE, STATIONS
from trading.order.models import (
    Order,
    OrderInvoice,
    OrderLine,
    OrderMessage,
    OrderMove,
    OrderPayment,
    OrderRating,
    OrderRemittance,
    OrderRequest,
)
from trading.order.requests import owed_back
from trading.order.states import (
    GUARDS,
    READERS,
    book_of,
    count,
    lines_of,
    order_row,
    shipments_of,
    stands_as,
)
from trading.order.tally import AMOUNTS as SUMS
from trading.project.queries import cursor_of

UNPAID = ("INSPECTED", "INVOICED")
# Tab → states; "late" is a question of time beside its states.
TABS: dict[str, tuple[str, ...]] = {
    "new": ("PLACED",),
    "under_way": ("CONFIRMED", "CONTRACTED", "SHIPPED", "RECEIVED", "PARTIAL"),
    "to_settle": UNPAID,
    "requests": ("CANCEL_REQUESTED", "RETURN_REQUESTED", "RETURNING"),
    "disputed": ("DISPUTED",),
    "done": ("PAID", "RATED", "CLOSED"),
    "cancelled": ("CANCELLED",),
}
LATE = "late"
FOUND = 1000  # so many orders that a search finds are counted and added up
DAYS = {10: ("%Y%m%d", 1), 8: ("%Y%m", 31), 6: ("%Y", 366)}  # length of a number's beginning: what it says, days in it
Condition = ColumnElement[bool]


def sides(actor: Actor) -> list[Condition]:
    """Orders this actor may read: those of the own organisation as buyer and as supplier, never one twice; all of them
    for centre, regulator and auditor."""
    if actor.has(*READERS):
        return [true()]
    parties = ((Role.TENDERER, Order.buyer_org), (Role.BIDDER, Order.supplier_org))
    return [column == actor.org for role, column in parties if actor.org and actor.has(role)]


def orders(
    session: Session, actor: Actor, now: datetime, *, tab: str = "", text: str = "", after: str = "", limit: int = 20
) -> dict[str, Any]:
    """{items, next, tabs: {tab: how many}, sums: {total, accepted, invoiced, paid}, count, more}, newest first, late
    payments the longest due first.

    `text`: the beginning of a number. Counts of tabs are of everything this actor may read, sums of what is listed over
    all pages; of what a search finds the first FOUND are counted (`more`: there are others). None of it costs more when
    there are more orders: sums are kept (tally), each branch of the list ends after a page.
    """
    mine, by = sides(actor), Order.pay_by if tab == LATE else Order.placed_at
    wanted, overdue = searched(text), [(Order.state == one, Order.pay_by < now) for one in UNPAID]
    of_tab = overdue if tab == LATE else [(Order.state == one,) for one in TABS[tab]] if tab in TABS else [()]
    # One branch a state: so an index ends each of them after a page.
    branches = [(*wanted, side, *one) for side in mine for one in of_tab]
    rows = _newest(session, branches, by, after, limit + 1)
    shown = rows[:limit]
    known = names(session, [org for one in shown for org in (one.buyer_org, one.supplier_org)])
    things = first_lines(session, [one.id for one in shown])
    items = [brief(one, known) | {"things": things.get(one.id, ""), "late": is_late(one, now)} for one in shown]
    last = f"{getattr(shown[-1], by.key).isoformat()}|{shown[-1].id}" if len(rows) > limit else ""
    states = tally.by_state(session, tally.seen(actor, READERS))
    late = _added(session, [(side, *one) for side in mine for one in overdue])
    listed = {"": states, **{key: {one: states[one] for one in kept if one in states} for key, kept in TABS.items()}}
    counted = {key: tally.together(kept.values()) for key, kept in listed.items()} | {LATE: late}
    found = _added(session, branches, FOUND) if text else counted[tab] | {"more": False}
    return {"items": items, "next": last, "tabs": {key: one["count"] for key, one in counted.items()}, **found}


def searched(said: str) -> list[Condition]:
    """The beginning of a number. It holds the day of placing: what was placed on other days is not looked at."""
    if not said:
        return []
    said = said.upper()
    found: list[Condition] = [Order.number >= said, Order.number < f"{said}~"]
    for length, (form, days) in DAYS.items():
        if len(said) < length:
            continue
        try:
            begins = datetime.strptime(said[2:length], form).replace(tzinfo=CST)
        except ValueError:
            return found  # no such day: no such number either
        return [*found, Order.placed_at >= begins, Order.placed_at < begins + timedelta(days=days)]
    return found


def _newest(session: Session, branches: Sequence[tuple[Condition, ...]], by: Any, after: str, most: int) -> list[Order]:
    """The first `most` of all branches, each of which gives as many; the late ones from the oldest debt on."""
    oldest = by.key == "pay_by"
    where: tuple[Condition, ...] = ()
    if after:
        at, key = cursor_of(after)
        place = tuple_(by, Order.id)
        where = (place > (at, key) if oldest else place < (at, key),)
    if not branches:
        return []

    def ordered(query: Any, one: Any, key: Any) -> Any:
        return query.order_by(one, key) if oldest else query.order_by(one.desc(), key.desc())

    parts = [ordered(select(Order.id, by).where(*one, *where), by, Order.id).limit(most).subquery() for one in branches]
    union = union_all(*(select(part) for part in parts)).subquery()
    query = ordered(select(Order).join(union, union.c.id == Order.id), by, Order.id)
    return list(session.scalars(query.limit(most)))


def _added(session: Session, branches: Sequence[tuple[Condition, ...]], most: int = 0) -> dict[str, Any]:
    """{count, sums, more} of what the branches hold, of the first `most` where a number is given."""
    columns = [getattr(Order, key) for key in SUMS]
    parts = [select(*columns).where(*one) for one in branches]
    if not parts:
        return {"count": 0, "sums": dict.fromkeys(SUMS, Decimal(0)), "more": False}
    whole = union_all(*parts).limit(most + 1 if most else None).subquery()
    added = [func.coalesce(func.sum(whole.c[key]), 0, type_=Order.total.type) for key in SUMS]
    number, *found = session.execute(select(func.count(), *added).select_from(whole)).one()
    more = bool(most) and number > most
    return {"count": min(number, most) if more else number, "sums": dict(zip(SUMS, found, strict=True)), "more": more}


def owed_to(session: Session, supplier: str, now: datetime) -> dict[str, Any]:
    """{to_invoice, to_be_paid, paid, late}: what a supplier may still invoice, what is invoiced and not paid, what came
    in, and how many payments are late."""
    kept = tally.by_state(session, [tally.SUPPLIER + supplier])
    found = tally.together(row for state, row in kept.items() if state != tally.CALLED_OFF)["sums"]
    query = select(func.count()).where(Order.supplier_org == supplier, Order.state.in_(UNPAID), Order.pay_by < now)
    return {"to_invoice": found["accepted"] - found["invoiced"], "to_be_paid": found["invoiced"] - found["paid"],
            "paid": found["paid"], "late": session.scalar(query) or 0}  # fmt: skip


def is_late(row: Order, now: datetime) -> bool:
    return row.state in UNPAID and row.pay_by is not None and row.pay_by < now


def names(session: Session, orgs: Iterable[str]) -> dict[str, str]:
    query = select(Org.id, Org.name).where(Org.id.in_({one for one in orgs if one}))
    return dict(session.execute(query).all())


def first_lines(session: Session, listed: list[str]) -> dict[str, str]:
    """{order: name of its first line}"""
    query = select(OrderLine.order_id, OrderLine.name)
    query = query.where(OrderLine.order_id.in_(listed), OrderLine.position == 1)
    return dict(session.execute(query).all())


def brief(row: Order, known: dict[str, str]) -> dict[str, Any]:
    keys = ("id", "number", "state", "source", "total", "accepted", "invoiced", "paid", "placed_at", "due_at", "pay_by",
            "buyer_org", "supplier_org")  # fmt: skip
    said = {key: getattr(row, key) for key in keys}
    return said | {"buyer": known.get(row.buyer_org, ""), "supplier": known.get(row.supplier_org, "")}


# -- one order --------------------------------------------------------------------------------------------------------


def readable(session: Session, order: str, actor: Actor) -> Order:
    """The order for its parties and supervisors; Refused for anyone else."""
    row = order_row(session, order)
    if not stands_as(row, actor):
        raise Refused(denied("ACCESS", "buyer or supplier of this order", actor.org_name or "-"))
    return row


def order_page(session: Session, order: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """All that the order's page shows to this actor, acts with what blocks them included."""
    row = readable(session, order, actor)
    known, lines = names(session, (row.buyer_org, row.supplier_org)), lines_of(session, row.id)
    moves = _of(session, OrderMove, order, OrderMove.position)
    requests = _of(session, OrderRequest, order, OrderRequest.asked_at)
    messages = _of(session, OrderMessage, order, OrderMessage.at)
    people = _people(session, [one.person for one in moves] + [one.person_id for one in messages])
    return {
        "row": row, "brief": brief(row, known) | {"late": is_late(row, now)},
        "lines": [{"row": one, "count": count(one)} for one in lines.values()],
        "stations": stations(row, moves), "moves": moves, "people": people, "orgs": known,
        "shipments": shipments_of(session, order), "requests": requests, "messages": messages,
        "invoices": _of(session, OrderInvoice, order, OrderInvoice.at),
        "payments": _of(session, OrderPayment, order, OrderPayment.at),
        "remittances": _of(session, OrderRemittance, order, OrderRemittance.at), "interest": _interest(row, now),
        "payee": session.get_one(Org, row.supplier_org).account_masked,
        "rating": session.get(OrderRating, order), "papers": papers(session, row),
        "acts": acts(session, row, actor, now), "roles": stands_as(row, actor), "book": book_of(row),
        "contract_needed": rules.needs_contract(row.total, book_of(row)),
        "owed_back": owed_back(session, row) if row.state == "RETURNING" else None,
    }  # fmt: skip


def _interest(row: Order, now: datetime) -> dict[str, Any] | None:
    """{days, amount} that a late payment has cost until today."""
    days = rules.days_late(row.pay_by, now.astimezone(CST).date()) if row.state in UNPAID else 0
    owed = row.accepted - row.paid
    return {"days": days, "amount": rules.interest(owed, days, book_of(row))} if days else None


def _of(session: Session, table: Any, order: str, by: Any) -> list[Any]:
    return list(session.scalars(select(table).where(table.order_id == order).order_by(by)))


def _people(session: Session, ids: Iterable[str]) -> dict[str, str]:
    query = select(Person.id, Person.name).where(Person.id.in_({one for one in ids if one}))
    return dict(session.execute(query).all())


def stations(row: Order, moves: list[OrderMove]) -> list[dict[str, Any]]:
    """[{state, at, done}]: what was passed, once each, where it stands, and what is ahead while it goes on."""
    at = {"PLACED": row.placed_at} | {one.target: one.at for one in moves}
    passed = [state for state in at if state in STATIONS]
    ahead = STATIONS if row.state not in MACHINE.final else ()
    last = max((STATIONS.index(one) for one in (row.state, row.before) if one in STATIONS), default=len(STATIONS) - 1)
    line = [{"state": one, "at": at.get(one), "done": True} for one in STATIONS if one in passed]
    line = [one for one in line if STATIONS.index(one["state"]) <= last or row.state in MACHINE.final]
    if row.state not in STATIONS:
        line.append({"state": row.state, "at": at.get(row.state), "done": True})
    needed = rules.needs_contract(row.total, book_of(row))
    rest = [one for one in ahead if STATIONS.index(one) > last and (one != "CONTRACTED" or needed)]
    if row.state == "PARTIAL":
        rest = list(STATIONS[STATIONS.index("INSPECTED") :])
    return line + [{"state": one, "at": None, "done": False} for one in rest]


def papers(session: Session, row: Order) -> list[dict[str, Any]]:
    """Contract and acceptance notes, oldest first, those that were replaced left out."""
    return [one for one in desk.documents(session, row.id) if one["state"] != "void"]


def acts(session: Session, row: Order, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """[{act, breaches}] open to this actor here, once each."""
    roles = stands_as(row, actor)
    known = dict.fromkeys(one.act for one in MACHINE.open_acts(row.state) if roles & set(one.roles))
    found = [{"act": act, "breaches": GUARDS[act](session, row, actor, now) if act in GUARDS else []} for act in known]
    without = () if rules.needs_contract(row.total, book_of(row)) else ("order.contract",)
    return [one for one in found if one["act"] not in without]


@asking("order.page", Role.TENDERER, Role.BIDDER, *READERS)
def ask_page(session: Session, now: datetime, actor: Actor, order: str, p: Payload) -> Payload:
    """{number, state, before, total, accepted, invoiced, paid, due_at, pay_by, lines, shipments, papers, acts}"""
    shown = order_page(session, order, actor, now)
    row: Order = shown["row"]
    return {
        **{key: getattr(row, key) for key in ("id", "number", "state", "before", "due_at", "pay_by", "confirm_by")},
        **{key: plain(getattr(row, key)) for key in SUMS},
        "lines": [{"line": one["row"].id, "name": one["row"].name, "price": plain(one["row"].price),
                   **vars(one["count"])} for one in shown["lines"]],
        "shipments": [{"shipment": one.id, "number": one.number, "state": one.state, "lines": one.lines,
                       "document": one.note_doc} for one in shown["shipments"]],
        "papers": [{key: one[key] for key in ("id", "kind", "state", "head")} for one in shown["papers"]],
        "acts": [{"act": one["act"], "blocked": [b.rule for b in one["breaches"]]} for one in shown["acts"]],
    }  # fmt: skip


# -- workbench --------------------------------------------------------------------------------------------------------

# State → (act, whose it is); a request is answered by who did not make it.
NEXT: dict[str, tuple[str, Role]] = {
    "PLACED": ("order.confirm", Role.BIDDER),
    "CONFIRMED": ("order.ship", Role.BIDDER),
    "CONTRACTED": ("order.ship", Role.BIDDER),
    "PARTIAL": ("order.ship", Role.BIDDER),
    "SHIPPED": ("order.receive", Role.TENDERER),
    "RECEIVED": ("order.inspect", Role.TENDERER),
    "INSPECTED": ("order.invoice", Role.BIDDER),
    "INVOICED": ("order.pay", Role.TENDERER),
    "RETURN_REQUESTED": ("order.answer_return", Role.BIDDER),
    "RETURNING": ("order.take_back", Role.BIDDER),
}


def todo(session: Session, actor: Actor, now: datetime, *, limit: int = 50) -> list[dict[str, Any]]:
    """What waits for this organisation, nearest deadline first: [{order, number, act, due, late}]."""
    found: list[dict[str, Any]] = []
    if not actor.org:
        return found
    for role, column in ((Role.TENDERER, Order.buyer_org), (Role.BIDDER, Order.supplier_org)):
        if not actor.has(role):
            continue
        own = [state for state, (_, whose) in NEXT.items() if whose is role]
        if role is Role.TENDERER:
            own.append("CONFIRMED")
        query = select(Order).where(column == actor.org, Order.state.in_(own))
        for row in session.scalars(query.order_by(Order.due_at.is_(None), Order.due_at, Order.id).limit(limit)):
            act = NEXT[row.state][0]
            if row.state == "CONFIRMED":
                needed = rules.needs_contract(row.total, book_of(row))
                if needed != (role is Role.TENDERER) or row.contract_doc:
                    continue
                act = "order.contract" if needed else act
            found.append(_task(row, act, now))
        found += _to_answer(session, actor, column, now)
    return found


def _task(row: Order, act: str, now: datetime) -> dict[str, Any]:
    return {"order": row.id, "number": row.number, "act": act, "due": row.due_at, "late": is_late(row, now)}


def _to_answer(session: Session, actor: Actor, column: Any, now: datetime) -> list[dict[str, Any]]:
    query = select(Order).join(OrderRequest, OrderRequest.order_id == Order.id)
    query = query.where(column == actor.org, Order.state == "CANCEL_REQUESTED", OrderRequest.state == "open",
                        OrderRequest.org_id != actor.org)  # fmt: skip
    return [_task(row, "order.answer_cancel", now) for row in session.scalars(query.limit(50))]


def watched(session: Session, actor: Actor, now: datetime, since: datetime, *, limit: int = 50) -> list[dict[str, Any]]:
    """For the centre: disputes to decide. For the regulator: these, what was decided since, payments that are late."""
    if not actor.has(Role.CENTRE, Role.REGULATOR):
        return []
    nearest = (Order.due_at.is_(None), Order.due_at, Order.id)
    query = select(Order).where(Order.state == "DISPUTED").order_by(*nearest).limit(limit)
    found = [_task(row, "order.decide", now) for row in session.scalars(query)]
    if actor.has(Role.REGULATOR):
        late: list[tuple[Condition, ...]] = [(Order.state == one, Order.pay_by < now) for one in UNPAID]
        found += [_task(row, "order.late", now) for row in _newest(session, late, Order.pay_by, "", limit)]
        done = select(Order).join(OrderRequest, OrderRequest.order_id == Order.id)
        done = done.where(OrderRequest.state == "decided", OrderRequest.answered_at >= since).limit(limit)
        found += [_task(row, "order.decided", now) | {"due": None} for row in session.scalars(done)]
    return found
