"""What a buyer's people read: cart, lists, purchases, budgets and chains of their own organisation; regulator and
auditor read all purchases and what was flagged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Org
from core.access import Actor, Role
from core.clock import CST
from core.doors import Payload, asking
from core.faults import Unusable
from core.rules import Breach
from trading.buying import chains, rules
from trading.buying.facts import Wanted
from trading.buying.guards import book_at, offered
from trading.buying.machine import WAITING
from trading.buying.models import (
    Absence,
    Budget,
    BudgetMove,
    CartLine,
    Chain,
    Duty,
    Parameter,
    Purchase,
    PurchaseLine,
    PurchaseStep,
    SavedList,
    SplitFlag,
)
from trading.mall.models import Item
from trading.order.models import Order
from trading.project.queries import org_names

PAGE = 20
WATCHERS = (Role.REGULATOR, Role.AUDITOR)


# -- cart and lists ---------------------------------------------------------------------------------------------------


def cart(session: Session, actor: Actor, now: datetime, region: str) -> list[dict[str, Any]]:
    """By supplier: [{org, org_name, total, lines: [{item, quantity, amount, now, seen, breaches, changed}]}]. `now`:
    the item as it stands, `seen`: price and version when it was put in."""
    query = select(CartLine).where(CartLine.person_id == actor.person).order_by(CartLine.put_at, CartLine.id)
    rows = list(session.scalars(query))
    known = offered(session, {row.item_id: row.quantity for row in rows}, region, now)
    book = book_at(now)
    names = org_names(session, (item.supplier_org for item, _ in known.values()))
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        item, standing = known[row.item_id]
        broken = rules.may_order(standing, Wanted(row.price, row.version), book)
        changed = (standing.price, standing.version) != (row.price, row.version)
        groups[item.supplier_org].append(
            {"item": item, "quantity": row.quantity, "amount": item.price * row.quantity, "now": standing, "seen": row,
             "breaches": broken, "changed": changed and standing.shown}
        )  # fmt: skip
    return [
        {"org": org, "org_name": names[org].name, "lines": lines,
         "total": sum((one["amount"] for one in lines), Decimal(0))}
        for org, lines in groups.items()
    ]  # fmt: skip


@asking("buying.cart", Role.TENDERER)
def ask_cart(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {lines: [{item, quantity, price, changed}]} of one's own cart."""
    found = [line for group in cart(session, actor, now, "") for line in group["lines"]]
    return {"lines": [{"item": one["item"].id, "quantity": one["quantity"], "price": str(one["now"].price),
                       "changed": one["changed"]} for one in found]}  # fmt: skip


def lists(session: Session, org: str) -> list[dict[str, Any]]:
    """[{id, name, changed_at, by, lines: [{name, quantity}]}] of an organisation, by name."""
    rows = list(session.scalars(select(SavedList).where(SavedList.org_id == org).order_by(SavedList.name)))
    wanted = {one["item"] for row in rows for one in row.lines}
    named = {item.id: item.name for item in session.scalars(select(Item).where(Item.id.in_(wanted)))}
    people = accounts.names(session, [row.person_id for row in rows])
    return [
        {"id": row.id, "name": row.name, "changed_at": row.changed_at, "by": people.get(row.person_id, ""),
         "lines": [{"name": named.get(one["item"], one["item"]), "quantity": one["quantity"]} for one in row.lines]}
        for row in rows
    ]  # fmt: skip


# -- purchases --------------------------------------------------------------------------------------------------------


def _after(after: str) -> tuple[datetime, str] | None:
    """A keyset place `moment~id`."""
    at, _, key = after.partition("~")
    if not after:
        return None
    try:
        return datetime.fromisoformat(at), key
    except ValueError:
        raise Unusable("after: a place in the list is expected") from None


def place_of(at: datetime, key: str) -> str:
    return f"{at.isoformat()}~{key}"


def purchases(session: Session, actor: Actor, *, mine: bool = False, after: str = "") -> tuple[list[Any], str]:
    """(newest first, place of the next page or ""): those of one's organisation, or one's own; all for who watches."""
    query, at = select(Purchase).order_by(Purchase.submitted_at.desc(), Purchase.id.desc()), _after(after)
    if not actor.has(*WATCHERS):
        query = query.where(Purchase.org_id == actor.org)
    if mine:
        query = query.where(Purchase.person_id == actor.person)
    if at:
        earlier = and_(Purchase.submitted_at == at[0], Purchase.id < at[1])
        query = query.where(or_(Purchase.submitted_at < at[0], earlier))
    rows = list(session.scalars(query.limit(PAGE + 1)))
    more = place_of(rows[PAGE - 1].submitted_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return rows[:PAGE], more


def things(session: Session, rows: Sequence[Purchase]) -> dict[str, tuple[str, int]]:
    """{purchase: (name of its first line, how many lines)}"""
    keys = [row.id for row in rows]
    count = select(PurchaseLine.purchase_id, func.count()).where(PurchaseLine.purchase_id.in_(keys))
    lines = dict(session.execute(count.group_by(PurchaseLine.purchase_id)).all())
    first = select(PurchaseLine.purchase_id, PurchaseLine.name)
    first = first.where(PurchaseLine.purchase_id.in_(keys), PurchaseLine.position == 1)
    return {key: (name, lines[key]) for key, name in session.execute(first)}


def buyers(session: Session, rows: Sequence[Purchase]) -> dict[str, str]:
    """{organisation: name} of those who ask."""
    return {key: org.name for key, org in org_names(session, {row.org_id for row in rows}).items()}


def purchase(session: Session, key: str, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """{row, org_name, by, lines, steps, orders, flags, may_decide, names}; None for another organisation's."""
    row = session.get(Purchase, key)
    if row is None or not ((row.org_id == actor.org and actor.has(Role.TENDERER)) or actor.has(*WATCHERS)):
        return None
    lines = list(session.scalars(
        select(PurchaseLine).where(PurchaseLine.purchase_id == key).order_by(PurchaseLine.position)
    ))  # fmt: skip
    steps = list(session.scalars(
        select(PurchaseStep).where(PurchaseStep.purchase_id == key).order_by(PurchaseStep.position)
    ))  # fmt: skip
    able = {step.id: chains.approvers(session, row.org_id, {"duty": step.duty, "persons": step.persons})
            for step in steps if step.state == "waiting"}  # fmt: skip
    people = {row.person_id, *(one for step in steps for one in (step.decided_by, step.decided_for)),
              *(one for found in able.values() for one in found)}  # fmt: skip
    orders = select(Order).where(Order.source == row.way, Order.source_id == (row.source_id or row.id))
    suppliers = org_names(session, {line.supplier_org for line in lines} | {row.org_id})
    return {
        "row": row, "org_name": suppliers[row.org_id].name, "lines": lines, "steps": steps, "able": able,
        "suppliers": {key: org.name for key, org in suppliers.items()},
        "names": accounts.names(session, sorted(people - {""})),
        "orders": list(session.scalars(orders.order_by(Order.number))) if row.state == "PLACED" else [],
        "flags": list(session.scalars(select(SplitFlag).where(SplitFlag.purchase_id == key))),
        "decide": decide_breaches(session, row, actor, now),
    }  # fmt: skip


def decide_breaches(session: Session, row: Purchase, actor: Actor, now: datetime) -> list[Breach]:
    """Why this actor may not decide the step that waits; [] when it may, or when nothing waits."""
    if row.state != WAITING:
        return []
    waits = select(PurchaseStep).where(PurchaseStep.purchase_id == row.id, PurchaseStep.state == "waiting")
    step = session.scalar(waits.order_by(PurchaseStep.position).limit(1))
    if step is None:
        return []
    able = chains.approvers(session, row.org_id, {"duty": step.duty, "persons": step.persons})
    for_whom = rules.standing_in(actor.person, chains.away(session, row.org_id, now), now.astimezone(CST).date())
    return rules.may_decide(able, actor.person, row.person_id, for_whom, book_at(now))


def waiting(session: Session, org: str) -> list[tuple[Purchase, PurchaseStep]]:
    """Open purchases of an organisation with the step each waits at, oldest first."""
    first = (
        select(PurchaseStep.purchase_id, func.min(PurchaseStep.position).label("at"))
        .join(Purchase, Purchase.id == PurchaseStep.purchase_id)
        .where(PurchaseStep.state == "waiting", Purchase.state == WAITING, Purchase.org_id == org)
        .group_by(PurchaseStep.purchase_id).subquery()
    )  # fmt: skip
    query = select(Purchase, PurchaseStep).join(first, first.c.purchase_id == Purchase.id)
    query = query.join(PurchaseStep, and_(PurchaseStep.purchase_id == Purchase.id, PurchaseStep.position == first.c.at))
    return [(row, step) for row, step in session.execute(query.order_by(Purchase.submitted_at))]


def to_decide(session: Session, actor: Actor, now: datetime) -> list[Purchase]:
    """Purchases whose waiting step this person may decide."""
    if not actor.org or not actor.has(Role.TENDERER):
        return []
    rows = waiting(session, actor.org)
    if not rows:
        return []
    for_whom = rules.standing_in(actor.person, chains.away(session, actor.org, now), now.astimezone(CST).date())
    able: dict[str, set[str]] = {}
    found = []
    for row, step in rows:
        key = f"{step.duty}|{','.join(step.persons)}"
        if key not in able:
            able[key] = chains.approvers(session, actor.org, {"duty": step.duty, "persons": step.persons})
        if not rules.may_decide(able[key], actor.person, row.person_id, for_whom, book_at(now)):
            found.append(row)
    return found


# -- budgets and chains -----------------------------------------------------------------------------------------------


def years(session: Session, org: str) -> list[int]:
    query = select(Budget.fiscal_year).where(Budget.org_id == org).distinct()
    return sorted(session.scalars(query), reverse=True)


def budgets(session: Session, org: str, year: int) -> list[Budget]:
    query = select(Budget).where(Budget.org_id == org, Budget.fiscal_year == year)
    return list(session.scalars(query.order_by(Budget.funds, Budget.category)))


def moves(session: Session, org: str, budget: str, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """History of one's own budget, newest first, a page."""
    row = session.get(Budget, budget)
    if row is None or row.org_id != org:
        return [], ""
    query, at = select(BudgetMove, Order.number).outerjoin(Order, Order.id == BudgetMove.order_id), _after(after)
    query = query.where(BudgetMove.budget_id == budget)
    if at:
        earlier = and_(BudgetMove.at == at[0], BudgetMove.id < at[1])
        query = query.where(or_(BudgetMove.at < at[0], earlier))
    found = list(session.execute(query.order_by(BudgetMove.at.desc(), BudgetMove.id.desc()).limit(PAGE + 1)))
    people = accounts.names(session, [one.person_id for one, _ in found])
    shown = [
        {"move": one, "number": number or "", "order": one.order_id, "by": people.get(one.person_id, "")}
        for one, number in found[:PAGE]
    ]
    more = place_of(found[PAGE - 1][0].at, found[PAGE - 1][0].id) if len(found) > PAGE else ""
    return shown, more


def chain_page(session: Session, org: str) -> dict[str, Any]:
    """{people, duties: {person: {duty}}, chains, absences}"""
    found = accounts.people(session, org)
    people = [one for one in found if one["state"] == "active" and Role.TENDERER in one["roles"]]
    duties: dict[str, set[str]] = defaultdict(set)
    for row in session.scalars(select(Duty).where(Duty.org_id == org)):
        duties[row.person_id].add(row.duty)
    running = select(Chain).where(Chain.org_id == org, Chain.ended.is_(False))
    absences = select(Absence).where(Absence.org_id == org, Absence.ended.is_(False))
    return {
        "people": people,
        "duties": duties,
        "names": {one["id"]: one["name"] for one in people},
        "chains": list(session.scalars(running.order_by(Chain.category, Chain.least))),
        "absences": list(session.scalars(absences.order_by(Absence.first.desc()).limit(50))),
    }


# -- local numbers and flags ------------------------------------------------------------------------------------------


def parameters(session: Session, region: str) -> list[Parameter]:
    """Rows of a region and of all that it lies in, by rule and category, the latest first; "" all rows."""
    query = select(Parameter).order_by(Parameter.rule, Parameter.category, Parameter.effective_from.desc())
    if region:
        query = query.where(Parameter.region.in_(["", region[:2] + "0000", region[:4] + "00", region]))
    return list(session.scalars(query.limit(500)))


def flags(session: Session, year: int, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """What passed the threshold in a fiscal year, newest first, a page: for the financial regulator."""
    query, at = select(SplitFlag, Org.name).join(Org, Org.id == SplitFlag.org_id), _after(after)
    query = query.where(SplitFlag.fiscal_year == year)
    if at:
        earlier = and_(SplitFlag.at == at[0], SplitFlag.id < at[1])
        query = query.where(or_(SplitFlag.at < at[0], earlier))
    found = list(session.execute(query.order_by(SplitFlag.at.desc(), SplitFlag.id.desc()).limit(PAGE + 1)))
    more = place_of(found[PAGE - 1][0].at, found[PAGE - 1][0].id) if len(found) > PAGE else ""
    return [{"flag": one, "org_name": name} for one, name in found[:PAGE]], more


def own_waiting(session: Session, actor: Actor) -> list[Purchase]:
    """One's own purchases that others must decide."""
    mine = select(Purchase).where(Purchase.state == WAITING, Purchase.person_id == actor.person)
    return list(session.scalars(mine.where(Purchase.org_id == actor.org).order_by(Purchase.submitted_at).limit(20)))
