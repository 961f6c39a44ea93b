"""Items of the mall that a supplier offers under an agreement: never dearer there than the agreement says."""

from __future__ import annotations

from sqlalchemy import select

from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Refused
from trading.framework import machine
from trading.framework.models import Framework, FrameworkMember
from trading.framework.queries import agreement_price
from trading.framework.states import CHANGED, book_of, framework_row, stream
from trading.mall import watch
from trading.mall.models import Item


def _own_item(tx: Tx, p: Payload) -> Item:
    row = tx.session.get(Item, fields.text(p, "item", limit=16))
    if row is None or row.supplier_org != tx.actor.org:
        raise Unusable("item: none of your organisation's")
    return row


@acting("framework.bind", Role.BIDDER)
def bind(tx: Tx, case: str, p: Payload) -> Payload:
    """{item} → {price}: the own item is offered under agreement `case`, in which one supplies now. `price`: the most it
    may cost. A listed item that costs more is blocked at once."""
    fields.only(p, "item")
    row, item = framework_row(tx.session, case), _own_item(tx, p)
    mine = (FrameworkMember.framework_id == case, FrameworkMember.org_id == tx.actor.org)
    member = tx.session.scalar(select(FrameworkMember).where(*mine, FrameworkMember.state.in_(machine.SUPPLYING)))
    if member is None or row.state not in machine.RUNNING:
        raise Refused(denied("FH-MEMBER", "supplier", tx.actor.org_name or "-"))
    if item.agreement_id and item.agreement_id != case:
        raise Unusable("item: it belongs to another agreement")
    price = agreement_price(tx.session, case, tx.actor.org, item.category, item.model)
    if price is None:
        own = book_of(row, tx.now)
        raise Refused(own["FH-PRICED"].breach(f"{item.category} {item.model}".strip(), field="item"))
    watch.bind(tx, item.id, case, price)
    tx.record(stream(case), "framework.item_bound", {"item": item.id, "member": member.id, "price": plain(price)})
    return {"price": plain(price)}


@acting("framework.unbind", Role.BIDDER)
def unbind(tx: Tx, case: str, p: Payload) -> Payload:
    """{item} → {}: the own item goes on by itself."""
    fields.only(p, "item")
    item = _own_item(tx, p)
    if item.agreement_id != case:
        raise Unusable("item: it does not belong to this agreement")
    watch.bind(tx, item.id, "", None)
    tx.record(stream(case), "framework.item_unbound", {"item": item.id})
    return {}


def rebind(tx: Tx, member: FrameworkMember) -> None:
    """A supplier's prices or its place in the agreement have changed: its items follow."""
    row = tx.session.get_one(Framework, member.framework_id)
    supplies = member.state in machine.SUPPLYING and row.state in machine.RUNNING
    query = select(Item).where(Item.agreement_id == row.id, Item.supplier_org == member.org_id)
    for item in tx.session.scalars(query.order_by(Item.id)).all():
        price = agreement_price(tx.session, row.id, member.org_id, item.category, item.model) if supplies else None
        watch.bind(tx, item.id, row.id if price is not None else "", price)


CHANGED.append(rebind)
