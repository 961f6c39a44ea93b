"""Orders draw on the stock of the items they name, inside the order's own act (trading.order.hooks).

What was never sent goes back on the shelf. Refused and returned pieces do not: whether they can be sold again the
supplier says itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import select

from core.acts import Tx
from trading.mall import listing
from trading.order import hooks
from trading.order.hooks import Happening
from trading.order.models import Order, OrderLine


def _items(tx: Tx, pieces: Mapping[str, int]) -> Counter[str]:
    """{item: pieces}; lines that name no item draw on nothing."""
    query = select(OrderLine.id, OrderLine.item_id).where(OrderLine.id.in_(list(pieces)), OrderLine.item_id != "")
    found: Counter[str] = Counter()
    for line, item in tx.session.execute(query):
        found[item] += pieces[line]
    return found


def follow(tx: Tx, _order: Order, what: Happening) -> None:
    """Refused (ITEM-STOCK) where an order wants more than there is."""
    if what.kind == "placed":
        listing.take(tx, _items(tx, what.pieces))
    elif what.kind == "dropped":
        listing.give_back(tx, _items(tx, what.pieces))


hooks.TOLD.append(follow)
