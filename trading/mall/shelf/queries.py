"""A buyer's own favourites and what it looked at last, newest first, in keyset pages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from core.access import Actor
from core.faults import Unusable
from trading.mall.shelf.models import Favourite, Seen

Kept = type[Favourite] | type[Seen]


def _cursor(after: str) -> tuple[datetime, str]:
    moment, _, last = after.partition("|")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not last:
        raise Unusable("after: not a cursor of this list")
    return at, last


def mine(session: Session, actor: Actor, table: Kept, after: str = "", limit: int = 24) -> tuple[list[str], str]:
    """(ids of items, where the next page begins or "")."""
    query = select(table.item_id, table.at).where(table.person_id == actor.person)
    if after:
        query = query.where(tuple_(table.at, table.item_id) < _cursor(after))
    query = query.order_by(table.at.desc(), table.item_id.desc()).limit(limit + 1)
    found = list(session.execute(query))
    more = f"{found[limit - 1][1].isoformat()}|{found[limit - 1][0]}" if len(found) > limit else ""
    return [item for item, _ in found[:limit]], more


def kept(session: Session, actor: Actor, items: Collection[str]) -> set[str]:
    """Which of these the actor keeps among its favourites."""
    if not actor.person or not items:
        return set()
    query = select(Favourite.item_id).where(Favourite.person_id == actor.person, Favourite.item_id.in_(list(items)))
    return set(session.scalars(query))


def looked(session: Session, actor: Actor, item: str) -> datetime | None:
    """When the actor looked at it last."""
    row = session.get(Seen, (actor.person, item)) if actor.person else None
    return row.at if row else None
