"""Cart and purchase lists. What a person saw is kept beside each line; what has changed since is asked again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Breach, refuse_if
from trading.buying.guards import book_at, buyer, item_of, offered, stream
from trading.buying.models import CartLine, SavedList

MOST_LINES = 100  # P: of one cart or list
MOST_PIECES = 1_000_000
MOST_LISTS = 100  # P: of one organisation


def quantity(p: dict[str, Any], least: int = 1) -> int:
    return fields.integer(p, "quantity", least=least, most=MOST_PIECES)


def _line(tx: Tx, item: str) -> CartLine | None:
    mine = (CartLine.person_id == tx.actor.person, CartLine.item_id == item)
    return tx.session.scalar(select(CartLine).where(*mine))


def _put(tx: Tx, item: str, pieces: int) -> None:
    """Beside what is there of it already; its price and version are those of now."""
    found, standing = item_of(tx.session, item, tx.now)
    refuse_if(list(standing.why))
    row = _line(tx, found.id)
    if row is None:
        count = select(func.count(CartLine.id)).where(CartLine.person_id == tx.actor.person)
        if (tx.session.scalar(count) or 0) >= MOST_LINES:
            raise Unusable(f"items: a list of at most {MOST_LINES} is expected")
        row = CartLine(person_id=tx.actor.person, org_id=tx.actor.org, item_id=found.id, quantity=0)
    if row.quantity + pieces > MOST_PIECES:
        raise Unusable(f"quantity: a whole number from 1 to {MOST_PIECES} is expected")
    row.quantity, row.org_id = row.quantity + pieces, tx.actor.org
    row.price, row.version, row.put_at = standing.price, standing.version, tx.now
    tx.session.add(row)
    tx.session.flush()


@acting("cart.put", Role.TENDERER)
def put(tx: Tx, case: str, p: Payload) -> Payload:
    """{item, quantity}: into one's own cart, of a verified organisation."""
    fields.only(p, "item", "quantity")
    buyer(tx)
    _put(tx, fields.text(p, "item", limit=16), quantity(p))
    return {}


@acting("cart.change", Role.TENDERER)
def change(tx: Tx, case: str, p: Payload) -> Payload:
    """{item, quantity}: so many of it, 0 takes it out."""
    fields.only(p, "item", "quantity")
    row, pieces = _line(tx, fields.text(p, "item", limit=16)), quantity(p, least=0)
    if row is None:
        raise Unusable("item: not in your cart")
    if pieces:
        row.quantity = pieces
    else:
        tx.session.delete(row)
    return {}


@acting("cart.accept", Role.TENDERER)
def accept(tx: Tx, case: str, p: Payload) -> Payload:
    """{item, price, version}: go on with the item as it is now; refused when it has changed again meanwhile."""
    fields.only(p, "item", "price", "version")
    row = _line(tx, fields.text(p, "item", limit=16))
    if row is None:
        raise Unusable("item: not in your cart")
    _, standing = item_of(tx.session, row.item_id, tx.now)
    price, version = fields.decimal(p, "price", places=2), fields.integer(p, "version", least=0, most=1 << 30)
    if (price, version) != (standing.price, standing.version):
        changed = book_at(tx.now)["BUY-CHANGED"]
        refuse_if([changed.breach(f"{standing.price}元", required=f"{price}元", field=standing.name)])
    row.price, row.version, row.put_at = standing.price, standing.version, tx.now
    return {}


# -- lists ------------------------------------------------------------------------------------------------------------


def _lines(tx: Tx, p: Payload) -> list[dict[str, Any]]:
    found: dict[str, int] = {}
    for one in fields.items(p, "lines", most=MOST_LINES):
        if not isinstance(one, dict):
            raise Unusable("lines: a list of objects is expected")
        fields.only(one, "item", "quantity")
        found[fields.text(one, "item", limit=16)] = quantity(one)
    known = offered(tx.session, found, "", tx.now)
    if not found or set(found) - set(known):
        raise Unusable("lines: no such item")
    return [{"item": item, "quantity": pieces} for item, pieces in found.items()]


def _cart(tx: Tx) -> list[dict[str, Any]]:
    rows = tx.session.scalars(select(CartLine).where(CartLine.person_id == tx.actor.person).order_by(CartLine.put_at))
    found = [{"item": row.item_id, "quantity": row.quantity} for row in rows]
    if not found:
        raise Unusable("lines: your cart is empty")
    return found


@acting("list.save", Role.TENDERER)
def save_list(tx: Tx, case: str, p: Payload) -> Payload:
    """{name, lines?: [{item, quantity}]} → {list}: for the whole organisation, of the cart where no lines are given; in
    the place of an earlier list of that name."""
    fields.only(p, "name", "lines")
    org, name = buyer(tx), fields.text(p, "name", limit=60)
    lines = _lines(tx, p) if "lines" in p else _cart(tx)
    row = tx.session.scalar(select(SavedList).where(SavedList.org_id == org.id, SavedList.name == name))
    if row is None:
        count = tx.session.scalar(select(func.count(SavedList.id)).where(SavedList.org_id == org.id))
        if (count or 0) >= MOST_LISTS:
            raise Unusable(f"name: a list of at most {MOST_LISTS} is expected")
        row = SavedList(org_id=org.id, name=name)
    row.lines, row.person_id, row.changed_at = lines, tx.actor.person, tx.now
    tx.session.add(row)
    tx.session.flush()
    tx.record(stream(org.id), "list.saved", {"list": row.id, "name": name, "lines": lines})
    return {"list": row.id}


def _own_list(tx: Tx, p: Payload) -> SavedList:
    row = tx.session.get(SavedList, fields.text(p, "list", limit=16))
    if row is None or row.org_id != tx.actor.org:
        raise Unusable("list: none of your organisation's")
    return row


@acting("list.delete", Role.TENDERER)
def delete_list(tx: Tx, case: str, p: Payload) -> Payload:
    """{list}"""
    fields.only(p, "list")
    row = _own_list(tx, p)
    tx.record(stream(row.org_id), "list.deleted", {"list": row.id, "name": row.name})
    tx.session.delete(row)
    return {}


@acting("list.use", Role.TENDERER)
def use_list(tx: Tx, case: str, p: Payload) -> Payload:
    """{list, times?} → {put, left_out: [breach]}: its lines into the cart; what cannot be bought now is left out and
    said."""
    fields.only(p, "list", "times")
    buyer(tx)
    row, times = _own_list(tx, p), fields.integer(p, "times", least=1, most=1000, default=1)
    known = offered(tx.session, dict.fromkeys((one["item"] for one in row.lines), 0), "", tx.now)
    put, left_out = 0, []
    for one in row.lines:
        item = known.get(one["item"])
        broken = item[1].why if item else (_gone(one["item"], tx),)
        if broken:
            left_out += [{"rule": b.rule, "field": b.field, "found": b.found} for b in broken]
            continue
        _put(tx, one["item"], one["quantity"] * times)
        put += 1
    return {"put": put, "left_out": left_out}


def _gone(item: str, tx: Tx) -> Breach:
    return book_at(tx.now)["BUY-CHANGED"].breach("not listed", required="listed", field=item)
