"""Keeping the index right: `refresh` in the act that changes an item, or after it by the ledger's entries.

A supplier that is suspended or removed needs no refresh: its items are left out when they are looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import SYSTEM
from core.acts import Acts, Tx
from core.ledger import Entry
from trading.mall import search_store as store
from trading.mall import search_terms as terms
from trading.mall.models import STATES, Item
from trading.mall.search_store import Changes
from trading.mall.search_terms import Shown
from trading.supplier.models import MallSupplier

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
BACK = timedelta(hours=1)  # how far a new process looks back for what the last one did not do any more
BATCH = 1 << store.CHUNK  # items whose bitmaps are written together when all are made anew
KEYS = (
    Item.id, Item.supplier_org, Item.category, Item.name, Item.brand, Item.model, Item.specs, Item.price, Item.stock,
    Item.sold, Item.regions, Item.marks, Item.agreement_id, Item.state, Item.changed_at, Item.listed_at,
)  # fmt: skip


def shown(item: Any, regions: Collection[str]) -> Shown | None:
    """What buyers see of a row with KEYS, None while they see nothing. `regions`: its supplier's, if it names none."""
    if item.state != "listed":
        return None
    listed = item.listed_at or item.changed_at
    return Shown(
        head=f"{item.name} {item.brand} {item.model}",
        rest=" ".join(str(value) for value in item.specs.values())[: terms.REST_LENGTH],
        category=item.category, brand=item.brand, supplier=item.supplier_org,
        regions=tuple(sorted(set(item.regions or regions))), marks=tuple(sorted(item.marks)),
        agreement=item.agreement_id, price=terms.clipped(terms.PRICE, int(item.price * 100)),
        sold=terms.clipped(terms.SOLD, item.sold),
        listed=terms.clipped(terms.LISTED, int((listed - BEGINNING).total_seconds()) // 60), stock=item.stock > 0,
    )  # fmt: skip


def _items(session: Session, ids: Collection[str]) -> list[tuple[Any, Shown | None]]:
    """The rows of items, each with what buyers see of it."""
    rows = list(session.execute(select(*KEYS).where(Item.id.in_(ids)).order_by(Item.id)))
    query = select(MallSupplier.org_id, MallSupplier.regions)
    query = query.where(MallSupplier.org_id.in_({row.supplier_org for row in rows}))
    regions: dict[str, list[str]] = dict(session.execute(query).all())
    return [(row, shown(row, regions.get(row.supplier_org, ()))) for row in rows]


def _refresh(session: Session, ids: Collection[str], changes: Changes) -> int:
    items, known = _items(session, ids), store.held(session, ids)
    fresh = {row.id: row.changed_at for row, now in items if now is not None and row.id not in known}
    if fresh:
        store.number(session, fresh)
        known |= store.held(session, fresh)
    said: dict[int, tuple[datetime, Shown | None]] = {}
    for row, now in items:
        kept = known.get(row.id)
        if kept is None or kept.shown == now:
            continue
        said[kept.doc] = row.changed_at, now
        changes.add(kept.doc, terms.terms(kept.shown) if kept.shown else set(), terms.terms(now) if now else set())
    store.say(session, said)
    return len(said)


def refresh(session: Session, item_ids: Iterable[str]) -> int:
    """Make the index say what these items' rows say; in the transaction that changed them. How many were different."""
    session.flush()
    changes = Changes()
    different = sum(_refresh(session, some, changes) for some in store.parted(sorted(set(item_ids))))
    changes.write(session)
    return different


def rebuild(tx: Tx) -> int:
    """All of it anew (`flask mall reindex`); how many items are listed. One transaction: other acts wait for it."""
    session = tx.session
    store.clear(session)
    count, last = 0, ""
    while ids := list(session.scalars(_listed(last))):
        count += refresh(session, ids)
        last = ids[-1]
    return count


def _listed(after: str) -> Select[str]:
    return select(Item.id).where(Item.state == "listed", Item.id > after).order_by(Item.id).limit(BATCH)


# -- by the ledger ----------------------------------------------------------------------------------------------------


def _different(session: Session, ids: Collection[str]) -> list[str]:
    """Those of which the index says something else than their rows."""
    found: list[str] = []
    for some in store.parted(ids):
        said = {item: one.shown for item, one in store.held(session, some).items()}
        found += [row.id for row, now in _items(session, some) if said.get(row.id) != now]
    return found


def repair(acts: Acts, ids: Collection[str]) -> int:
    """Refresh those that are wrong, in an act of its own; how many."""
    with acts.reading() as session:
        wrong = _different(session, ids)
    if wrong:
        acts.act(lambda tx: refresh(tx.session, wrong), SYSTEM)
    return len(wrong)


def heard(acts: Acts, entry: Entry) -> None:
    """An entry of an item: nothing is left to do where its act has refreshed the index itself."""
    kind, _, item = entry.stream.partition(":")
    if kind == "item":
        repair(acts, [item])


LISTENERS = {f"item.{word}": heard for word in ("listed", "changed", "delisted", "blocked", "restored")}


def catch_up(acts: Acts) -> int:
    """What a killed process committed and did not bring to the index any more: items changed since an hour before the
    newest change it holds."""
    with acts.reading() as session:
        mark = store.mark(session)
        query = select(Item.id).where(Item.state.in_(STATES))
        if mark is not None:
            query = query.where(Item.changed_at >= mark - BACK)
        ids = list(session.scalars(query.order_by(Item.id)))
    return sum(repair(acts, some) for some in store.parted(ids))
