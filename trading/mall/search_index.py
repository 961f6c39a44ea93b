"""Keeping the index right: `refresh` in the act that changes an item, or after it by the ledger's entries.

A supplier that is suspended or removed needs no refresh: its items are left out when they are looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import SYSTEM
from core.acts import Acts, Tx
from core.ledger import Entry
from trading.mall import search_store as store
from trading.mall import search_terms as terms
from trading.mall.models import STATES, Item
from trading.mall.search_store import Changes, PricePoint, SearchDoc
from trading.mall.search_terms import Shown
from trading.supplier.models import MallSupplier

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
BACK = timedelta(hours=1)  # how far a new process looks back for what the last one did not do any more
BATCH = 1 << store.CHUNK  # items whose bitmaps are written together when all are made anew


def shown(item: Item, regions: Collection[str]) -> Shown | None:
    """What buyers see of it, None while they see nothing. `regions`: its supplier's, where it names none itself."""
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


def _regions(session: Session, items: Iterable[Item]) -> dict[str, list[str]]:
    """Regions that the suppliers of these items deliver to, by supplier."""
    orgs = {item.supplier_org for item in items}
    query = select(MallSupplier.org_id, MallSupplier.regions).where(MallSupplier.org_id.in_(orgs))
    return dict(session.execute(query).all())


def _number(session: Session, item: Item) -> SearchDoc:
    """A new number, for an item that the index has not held before."""
    row = SearchDoc(item_id=item.id, shown={}, price=-1, changed_at=item.changed_at)
    session.add(row)
    return row


def _take(session: Session, item: Item, row: SearchDoc, regions: Collection[str]) -> tuple[set[str], set[str]]:
    """The row as the item is now; (terms it had, terms it has)."""
    old, new = Shown.of(row.shown) if row.shown else None, shown(item, regions)
    row.changed_at = item.changed_at
    if old == new:
        return set(), set()
    if new is None:
        row.shown = {}
    else:
        if new.price != row.price:
            session.add(PricePoint(item_id=item.id, at=item.changed_at, price=item.price))
        row.brand, row.supplier, row.price, row.sold, row.listed = (
            new.brand, new.supplier, new.price, new.sold, new.listed,
        )  # fmt: skip
        row.shown = new.plain()
    return terms.terms(old) if old else set(), terms.terms(new) if new else set()


def refresh(session: Session, item_ids: Iterable[str]) -> int:
    """Make the index say what these items' rows say; in the transaction that changed them. How many were different."""
    session.flush()
    ids = sorted(set(item_ids))
    changes, different = Changes(), 0
    for some in store.parted(ids):
        items = list(session.scalars(select(Item).where(Item.id.in_(some)).order_by(Item.id)))
        rows, regions = store.held(session, some), _regions(session, items)
        rows |= {item.id: _number(session, item) for item in items if item.id not in rows and item.state == "listed"}
        session.flush()
        for item in items:
            if item.id in rows:
                old, new = _take(session, item, rows[item.id], regions.get(item.supplier_org, ()))
                different += old != new
                changes.add(rows[item.id].doc, old, new)
    changes.write(session)
    session.flush()
    return different


def rebuild(tx: Tx) -> int:
    """All of it anew (`flask mall reindex`); how many items are listed. One transaction: other acts wait for it."""
    session = tx.session
    store.clear(session)
    count, last = 0, ""
    while ids := list(session.scalars(_listed(last))):
        count += refresh(session, ids)
        last = ids[-1]
        session.flush()
        session.expunge_all()
    return count


def _listed(after: str) -> Select[str]:
    return select(Item.id).where(Item.state == "listed", Item.id > after).order_by(Item.id).limit(BATCH)


# -- by the ledger ----------------------------------------------------------------------------------------------------


def _different(session: Session, ids: Collection[str]) -> list[str]:
    """Those of which the index says something else than their rows."""
    found: list[str] = []
    for some in store.parted(ids):
        items = list(session.scalars(select(Item).where(Item.id.in_(some))))
        rows, regions = store.held(session, some), _regions(session, items)
        said = {item: Shown.of(row.shown) for item, row in rows.items() if row.shown}
        found += [one.id for one in items if said.get(one.id) != shown(one, regions.get(one.supplier_org, ()))]
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
