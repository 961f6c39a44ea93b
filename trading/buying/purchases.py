"""Purchases: the cart is asked for, its chain approves, its orders are placed, one a supplier, all in one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select

from core import fields
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.data import regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, Refused, refuse_if, shown
from trading.buying import budgets, chains, limits, rules
from trading.buying.carts import MOST_LINES, _put
from trading.buying.facts import Wanted
from trading.buying.guards import Numbers, book_at, buyer, offered, regime_of, stream
from trading.buying.machine import MACHINE, WAITING
from trading.buying.models import FUNDS, CartLine, Purchase, PurchaseLine, PurchaseStep, SplitFlag
from trading.buying.quotes.models import QuoteRequest
from trading.mall.models import Item
from trading.order.placing import Line, Placing, place

# way of buying → what else happens inside the act that ends a purchase: fn(tx, purchase, {supplier: order}), where the
# orders are {} for one that was refused or recalled. Filled by the ways that have something to add.
ENDED: dict[str, Callable[[Tx, Purchase, dict[str, str]], None]] = {}


@dataclass(frozen=True)
class Asked:
    """What a purchase is made of, whichever way it comes."""

    way: str
    source_id: str
    regime: str
    funds: str
    region: str
    address: str
    receiver: str
    note: str
    reason: str
    lines: Sequence[PurchaseLine]


def where_to(p: Payload) -> dict[str, str]:
    """{region, address, receiver} of a payload."""
    return {
        "region": regions().check(fields.text(p, "region", limit=6)).code, "address": fields.text(p, "address"),
        "receiver": fields.text(p, "receiver", limit=60),
    }  # fmt: skip


@acting("purchase.submit", Role.TENDERER)
def submit(tx: Tx, case: str, p: Payload) -> Payload:
    """{items, funds, region, address, receiver, note?, reason?} → {purchase, state, orders, warnings}: 直购 of these
    items of one's cart. `reason`: why it is bought all the same where a warning speaks of splitting."""
    fields.only(p, "items", "funds", "region", "address", "receiver", "note", "reason")
    org, place_to = buyer(tx), where_to(p)
    wanted = fields.items(p, "items", most=MOST_LINES)
    mine = select(CartLine).where(CartLine.person_id == tx.actor.person, CartLine.item_id.in_(map(str, wanted)))
    cart = list(tx.session.scalars(mine.order_by(CartLine.put_at, CartLine.id)))
    if not cart or len(cart) != len(set(map(str, wanted))):
        raise Unusable("items: not in your cart")
    lines = _lines(tx, cart, place_to["region"])
    regime = regime_of(tx.session, org.id)
    numbers = Numbers(tx.session, tx.now, org.region, regime)
    refuse_if(limits.direct(tx.session, numbers, org.id, tx.now, lines))
    asked = Asked(
        way="direct", source_id="", regime=regime, funds=fields.choice(p, "funds", FUNDS), **place_to, lines=lines,
        note=fields.text(p, "note", limit=300, default=""), reason=fields.text(p, "reason", limit=300, default=""),
    )  # fmt: skip
    answer = ask(tx, asked, numbers)
    tx.session.execute(delete(CartLine).where(CartLine.id.in_([row.id for row in cart])))
    return answer


def _lines(tx: Tx, wanted: Sequence[CartLine | PurchaseLine], region: str) -> list[PurchaseLine]:
    """The lines as they stand now, Refused where the person saw something else."""
    known = offered(tx.session, {one.item_id: one.quantity for one in wanted}, region, tx.now)
    book, saw = book_at(tx.now), [(one.item_id, Wanted(one.price, one.version)) for one in wanted]
    refuse_if([b for item, one in saw for b in rules.may_order(known[item][1], one, book)])
    found = []
    for position, one in enumerate(wanted, 1):
        item = known[one.item_id][0]
        found.append(
            PurchaseLine(
                position=position, supplier_org=item.supplier_org, item_id=item.id, category=item.category,
                name=item.name, brand=item.brand, model=item.model, specs=dict(item.specs), unit=item.unit,
                quantity=one.quantity, price=item.price, amount=item.price * one.quantity, version=item.version,
            )
        )  # fmt: skip
    return found


def ask(tx: Tx, asked: Asked, numbers: Numbers) -> Payload:
    """Write the purchase with its steps; with none it is placed at once. Budget and approvers are looked at now, so
    that nobody approves what cannot be bought."""
    org, year = tx.actor.org, tx.now.astimezone(CST).year
    total = sum((line.amount for line in asked.lines), Decimal(0))
    warned = limits.splitting(tx.session, numbers, org, tx.now, asked.lines)
    warnings = [one.breach for one in warned]
    if warnings and not asked.reason:
        raise Refused(warnings)
    needs = [(line.category, line.amount) for line in asked.lines]
    broken: list[Breach] = []
    for budget, category, amount in budgets.drawn_on(tx.session, org, year, asked.funds, needs):
        free = None if budget is None else budget.amount - budget.held - budget.spent
        broken += rules.affordable(amount, free, category, numbers.book)
    steps = rules.chain_for(chains.chains_of(tx.session, org), [line.category for line in asked.lines], total)
    for step in steps:
        able = chains.approvers(tx.session, org, step)
        broken += rules.has_approvers(str(step["name"]), able, tx.actor.person, numbers.book)
    refuse_if(broken)
    row = _write(tx, asked, steps, total, year, warnings)
    for one in warned:
        tx.session.add(
            SplitFlag(purchase_id=row.id, org_id=org, fiscal_year=year, category=one.year.category,
                      total=one.year.total, threshold=one.threshold, reason=asked.reason, at=tx.now)
        )  # fmt: skip
    orders = {} if steps else _placed(tx, row)
    if steps:
        _tell(tx, row)
    return {"purchase": row.id, "state": row.state, "orders": sorted(orders.values()), "warnings": shown(warnings)}


def _write(
    tx: Tx, asked: Asked, steps: Sequence[dict[str, Any]], total: Decimal, year: int, warnings: Sequence[Breach]
) -> Purchase:
    act = "purchase.submit" if asked.way == "direct" else "quote.select"
    row = Purchase(
        org_id=tx.actor.org, person_id=tx.actor.person, way=asked.way, source_id=asked.source_id,
        state=MACHINE.move("CART", act, tx.actor).target, regime=asked.regime, funds=asked.funds, fiscal_year=year,
        total=total, region=asked.region, address=asked.address, receiver=asked.receiver, note=asked.note,
        reason=asked.reason, warnings=shown(warnings), submitted_at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    for line in asked.lines:
        line.purchase_id = row.id
        tx.session.add(line)
    for position, step in enumerate(steps, 1):
        tx.session.add(PurchaseStep(purchase_id=row.id, position=position, **step))
    tx.session.flush()
    body = {
        "purchase": row.id, "way": row.way, "source_id": row.source_id, "total": plain(total), "funds": row.funds,
        "lines": [{"supplier": one.supplier_org, "item": one.item_id, "category": one.category, "name": one.name,
                   "quantity": one.quantity, "price": plain(one.price)} for one in asked.lines],
        "steps": [{"name": one["name"], "duty": one["duty"], "persons": one["persons"]} for one in steps],
        "warnings": shown(warnings), "reason": asked.reason,
    }  # fmt: skip
    tx.record(stream(row.id), "purchase.submitted", body)
    return row


# -- approval ---------------------------------------------------------------------------------------------------------


def _own(tx: Tx, case: str, act: str) -> Purchase:
    row = tx.session.get(Purchase, case)
    if row is None or row.org_id != tx.actor.org:
        raise Refused(book_at(tx.now)["BUY-OWN"].breach("another organisation", required="your organisation"))
    MACHINE.move(row.state, act, tx.actor)
    return row


def steps_of(tx: Tx, row: Purchase) -> list[PurchaseStep]:
    query = select(PurchaseStep).where(PurchaseStep.purchase_id == row.id).order_by(PurchaseStep.position)
    return list(tx.session.scalars(query))


def _decide(tx: Tx, row: Purchase, state: str, reason: str) -> PurchaseStep:
    """The step that waits, decided by who may; Refused for anybody else."""
    step = next(one for one in steps_of(tx, row) if one.state == "waiting")
    able = chains.approvers(tx.session, row.org_id, {"duty": step.duty, "persons": step.persons})
    today = tx.now.astimezone(CST).date()
    for_whom = rules.standing_in(tx.actor.person, chains.away(tx.session, row.org_id, tx.now), today)
    refuse_if(rules.may_decide(able, tx.actor.person, row.person_id, for_whom, book_at(tx.now)))
    own = tx.actor.person in for_whom & able
    step.state, step.decided_by, step.decided_at, step.reason = state, tx.actor.person, tx.now, reason
    step.decided_for = "" if own else min((for_whom & able) - {row.person_id})
    return step


@acting("purchase.approve", Role.TENDERER)
def approve(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason?} → {state, orders}: the step that waits; after the last one the money is held and the orders are placed,
    or, where an item has changed meanwhile or the budget does not reach, nothing happens and that is said."""
    fields.only(p, "reason")
    buyer(tx)
    row = _own(tx, case, "purchase.approve")
    step = _decide(tx, row, "approved", fields.text(p, "reason", limit=300, default=""))
    body = {
        "purchase": row.id,
        "step": step.position,
        "name": step.name,
        "for": step.decided_for,
        "reason": step.reason,
    }
    tx.record(stream(row.id), "purchase.approved", body)
    tx.session.flush()
    if any(one.state == "waiting" for one in steps_of(tx, row)):
        _tell(tx, row)
        return {"state": row.state, "orders": []}
    return {"state": "PLACED", "orders": sorted(_placed(tx, row).values())}


@acting("purchase.refuse", Role.TENDERER)
def refuse(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason} → {state}: by an approver of the step that waits; what was asked for goes back into the cart."""
    fields.only(p, "reason")
    row, reason = _own(tx, case, "purchase.refuse"), fields.text(p, "reason", limit=300)
    step = _decide(tx, row, "refused", reason)
    body = {"purchase": row.id, "step": step.position, "name": step.name, "for": step.decided_for, "reason": reason}
    return _ended(tx, row, "REFUSED", "purchase.refused", body)


@acting("purchase.recall", Role.TENDERER)
def recall(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason?} → {state}: whoever asked takes it back before the last approval."""
    fields.only(p, "reason")
    row = _own(tx, case, "purchase.recall")
    if row.person_id != tx.actor.person:
        raise Refused(book_at(tx.now)["BUY-OWN"].breach("another person", required="who asked for it"))
    body = {"purchase": row.id, "reason": fields.text(p, "reason", limit=300, default="")}
    return _ended(tx, row, "RECALLED", "purchase.recalled", body)


def _ended(tx: Tx, row: Purchase, state: str, kind: str, body: dict[str, Any]) -> Payload:
    row.state, row.ended_at = state, tx.now
    tx.record(stream(row.id), kind, body)
    tx.session.execute(delete(SplitFlag).where(SplitFlag.purchase_id == row.id))  # nothing was bought
    if row.way in ENDED:
        ENDED[row.way](tx, row, {})
    tx.publish(f"me:{row.person_id}", kind, {"purchase": row.id})
    return {"state": state}


def _placed(tx: Tx, row: Purchase) -> dict[str, str]:
    """{supplier: order}: everything is asked again, then all orders and all holds, or none."""
    lines = list(tx.session.scalars(
        select(PurchaseLine).where(PurchaseLine.purchase_id == row.id).order_by(PurchaseLine.position)
    ))  # fmt: skip
    if row.way == "direct":
        _lines(tx, lines, row.region)
    orders: dict[str, str] = {}
    row.fiscal_year = tx.now.astimezone(CST).year  # of the placing, as the orders'
    for supplier in dict.fromkeys(one.supplier_org for one in lines):
        own = [one for one in lines if one.supplier_org == supplier]
        order = place(
            tx,
            Placing(
                buyer_org=row.org_id, buyer_person=row.person_id, supplier_org=supplier, source=row.way,
                source_id=row.source_id or row.id, region=row.region, address=row.address, receiver=row.receiver,
                lines=tuple(_line(one) for one in own), note=row.note, reference=_reference(tx, row, own),
                settings={"purchase": row.id},
            ),
        )  # fmt: skip
        needs = [(one.category, one.amount) for one in own]
        budgets.hold(tx, order.id, row.org_id, row.fiscal_year, row.funds, needs)
        orders[supplier] = order.id
    row.state, row.ended_at = "PLACED", tx.now
    tx.record(stream(row.id), "purchase.placed", {"purchase": row.id, "orders": orders})
    if row.way in ENDED:
        ENDED[row.way](tx, row, orders)
    tx.publish(f"me:{row.person_id}", "purchase.placed", {"purchase": row.id})
    return orders


def _reference(tx: Tx, row: Purchase, lines: Sequence[PurchaseLine]) -> Decimal | None:
    """The ceiling of a request; for a direct purchase what the items cost elsewhere, where all of them say so."""
    if row.way == "quote":
        return tx.session.get_one(QuoteRequest, row.source_id).ceiling
    bought = select(Item.id, Item.elsewhere).where(Item.id.in_([one.item_id for one in lines]))
    elsewhere: dict[str, Decimal | None] = dict(tx.session.execute(bought).all())
    prices = [(elsewhere[one.item_id], one.quantity) for one in lines]
    if any(price is None for price, _ in prices):
        return None
    return sum((price * quantity for price, quantity in prices if price is not None), Decimal(0))


def _line(one: PurchaseLine) -> Line:
    return Line(
        category=one.category, name=one.name, unit=one.unit, quantity=one.quantity, price=one.price,
        item_id=one.item_id, brand=one.brand, model=one.model, specs=one.specs,
    )  # fmt: skip


@acting("purchase.again", Role.TENDERER)
def again(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {}: what was bought, refused or recalled goes into one's own cart as it stands in the mall now."""
    fields.only(p)
    buyer(tx)
    row = tx.session.get(Purchase, case)
    if row is None or row.org_id != tx.actor.org or row.way != "direct" or row.state == WAITING:
        raise Unusable("purchase: none of your organisation's that has ended")
    for one in tx.session.scalars(select(PurchaseLine).where(PurchaseLine.purchase_id == row.id)):
        _put(tx, one.item_id, one.quantity)
    return {}


def _tell(tx: Tx, row: Purchase) -> None:
    """Whoever may decide the step that waits is told that something waits."""
    step = next(one for one in steps_of(tx, row) if one.state == "waiting")
    able = chains.approvers(tx.session, row.org_id, {"duty": step.duty, "persons": step.persons})
    stand_ins = {one.substitute for one in chains.away(tx.session, row.org_id, tx.now) if one.person in able}
    for person in sorted((able | stand_ins) - {row.person_id}):
        tx.publish(f"me:{person}", "purchase.waiting", {"purchase": row.id})
