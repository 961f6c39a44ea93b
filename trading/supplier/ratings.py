"""What a buyer's rating of an order does to its supplier's credit points, inside the act of rating itself.

The points are the rule's, not the buyer's: the table of rules.RATED says how many, the entry is the system's, and the
supplier may answer it as any other. An order is rated once, and so counts once; the ratings of one buyer move no more
than CREDIT-RATED/most within its period, and an entry says what was left out for that.
"""

from __future__ import annotations

from core.access import SYSTEM
from core.acts import Tx
from trading.order import hooks
from trading.order.hooks import Happening
from trading.order.models import Order
from trading.supplier import credit, queries, rules

ASPECTS = {"goods": "货物", "delivery": "交付", "service": "服务"}
COUNTED = ("active", "suspended")  # of an entry; who has none has no points either


def follow(tx: Tx, order: Order, what: Happening) -> None:
    """A rating that neither adds nor takes leaves no entry."""
    row = queries.entry(tx.session, order.supplier_org) if what.kind == "rated" else None
    if row is None or row.state not in COUNTED:
        return
    book = rules.book_at(tx.now)
    ground = rules.rated([int(what.said[key]) for key in ASPECTS], book)
    if rules.balance(row.points, ground.number) == row.points:
        return
    since, down = rules.counted_from(tx.now, book), ground.number < 0
    moved = queries.moved_by(tx.session, row.id, order.buyer_org, since, down=down)
    actor, tx.actor = tx.actor, SYSTEM
    try:
        change = rules.capped(ground.number, moved, book)
        credit.enter(tx, row, ground, _evidence(order, what), order=order.id, change=change)
    finally:
        tx.actor = actor


def _evidence(order: Order, what: Happening) -> str:
    marks = "、".join(f"{word}{what.said[key]}星" for key, word in ASPECTS.items())
    said = str(what.said.get("text", ""))
    return f"订单 {order.number}：{marks}" + (f"。{said}" if said else "")


hooks.TOLD.append(follow)
