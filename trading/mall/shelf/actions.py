"""Keeping and dropping a favourite, noting what was looked at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from trading.mall.models import Item
from trading.mall.shelf.models import Favourite, Seen

P = dict[str, Any]
MOST, MOST_SEEN = 500, 100


def _known(tx: Tx, item: str) -> None:
    row = tx.session.get(Item, item)
    if row is None or row.listed_at is None:
        raise Unusable("item: no such item")


@acting("favourite.set", Role.TENDERER)
def favour(tx: Tx, item: str, p: P) -> P:
    """{keep}: keep the item among one's own favourites, or drop it. Twice is as once."""
    fields.only(p, "keep")
    _known(tx, item)
    row = tx.session.get(Favourite, (tx.actor.person, item))
    if not fields.yes_no(p, "keep"):
        if row is not None:
            tx.session.delete(row)
        return {"kept": False}
    if row is None:
        kept = tx.session.scalar(select(func.count()).where(Favourite.person_id == tx.actor.person)) or 0
        if kept >= MOST:
            raise Unusable(f"item: at most {MOST} favourites are kept")
        tx.session.add(Favourite(person_id=tx.actor.person, item_id=item, at=tx.now))
    return {"kept": True}


@acting("item.look", Role.TENDERER)
def look(tx: Tx, item: str, p: P) -> P:
    """{}: the item was looked at; of each person the last so many are kept."""
    fields.only(p)
    _known(tx, item)
    row = tx.session.get(Seen, (tx.actor.person, item))
    if row is None:
        tx.session.add(Seen(person_id=tx.actor.person, item_id=item, at=tx.now))
        tx.session.flush()
    else:
        row.at = tx.now
    _forget(tx)
    return {}


def _forget(tx: Tx) -> None:
    mine = select(Seen.item_id).where(Seen.person_id == tx.actor.person).order_by(Seen.at.desc(), Seen.item_id.desc())
    old = list(tx.session.scalars(mine.offset(MOST_SEEN)))
    if old:
        tx.session.execute(delete(Seen).where(Seen.person_id == tx.actor.person, Seen.item_id.in_(old)))
