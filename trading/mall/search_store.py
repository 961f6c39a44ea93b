"""Where the index lies: the only file that knows its tables and their SQL.

A term's set of items is kept as bitmaps (roaring) of 65,536 numbers each, so that a change rewrites at most 8 KB a
term. A process keeps the sets it has read (`Shelf`), at most 96 MB of them: every changed bitmap carries the number of
its change, by which a reader finds in one look what has become old. An empty mall keeps nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from pyroaring import BitMap
from sqlalchemy import (
    BigInteger,
    Engine,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base
from trading.mall.search_terms import Shown

CHUNK = 16  # bits of a number that lie in one bitmap
ROOM = 96 << 20  # bytes of bitmaps a process keeps
UNIONS = 64  # of sets, kept beside them
MANY = 4000  # changed bitmaps after which everything is read anew
STEP = 500  # values named in one statement
CLEARED = "!"  # a term no item has: the index was made anew, whatever is kept is old


class SearchDoc(Base):
    """An item's number in the index and what the index holds of it ({} while buyers do not see it)."""

    __tablename__ = "mall_search_doc"
    doc: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("mall_item.id"), unique=True)
    brand: Mapped[str] = mapped_column(String(60), default="")
    supplier: Mapped[str] = mapped_column(String(16), default="")
    price: Mapped[int] = mapped_column(BigInteger, default=0)
    sold: Mapped[int] = mapped_column(default=0)
    listed: Mapped[int] = mapped_column(default=0)
    shown: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime] = mapped_column(index=True)


class SearchBits(Base):
    """The numbers of one chunk that have a term. `seq`: the change that wrote it last."""

    __tablename__ = "mall_search_bits"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    term: Mapped[str] = mapped_column(String(80))
    chunk: Mapped[int]
    seq: Mapped[int] = mapped_column(index=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (Index("ux_mall_search_bits_term_chunk", "term", "chunk", unique=True),)


_WRITE = text(
    "INSERT INTO mall_search_bits (term, chunk, seq, bits) VALUES (:term, :chunk, :seq, :bits) "
    "ON CONFLICT (term, chunk) DO UPDATE SET seq = excluded.seq, bits = excluded.bits"
)
_OF_CHUNK = text("SELECT term, bits FROM mall_search_bits WHERE chunk = :chunk AND term IN :terms").bindparams(
    bindparam("terms", expanding=True)
)
_OF_TERMS = text("SELECT term, bits FROM mall_search_bits WHERE term IN :terms").bindparams(
    bindparam("terms", expanding=True)
)
_CHANGED = text("SELECT DISTINCT term FROM mall_search_bits WHERE seq > :seq LIMIT :most")
_NEWEST = text("SELECT max(seq) FROM mall_search_bits")
_UNSEEN = text("SELECT org_id FROM mall_supplier WHERE state <> 'active'")


_GONE = update(SearchDoc).where(SearchDoc.doc == bindparam("b_doc"))
_GONE = _GONE.values(shown=bindparam("b_shown"), changed_at=bindparam("b_at"))
_SHOWN = _GONE.values(
    brand=bindparam("b_brand"), supplier=bindparam("b_supplier"), price=bindparam("b_price"),
    sold=bindparam("b_sold"), listed=bindparam("b_listed"),
)  # fmt: skip


def parted(values: Iterable[Any], step: int = STEP) -> Iterable[list[Any]]:
    listed = list(values)
    return (listed[at : at + step] for at in range(0, len(listed), step))


# -- writing, in the transaction of an act ----------------------------------------------------------------------------


def newest(session: Session) -> int:
    return session.connection().execute(_NEWEST).scalar() or 0


@dataclass(frozen=True)
class Held:
    """What the index holds of an item; `shown` None while buyers do not see it."""

    doc: int
    price: int
    shown: Shown | None


def held(session: Session, items: Collection[str]) -> dict[str, Held]:
    """Of those it knows, by item."""
    query = select(SearchDoc.item_id, SearchDoc.doc, SearchDoc.price, SearchDoc.shown)
    rows = session.execute(query.where(SearchDoc.item_id.in_(items)))
    return {item: Held(doc, price, Shown.of(plain) if plain else None) for item, doc, price, plain in rows}


def number(session: Session, items: Mapping[str, datetime]) -> None:
    """Numbers for items that the index has not held before, with the moment of their change."""
    rows = [{"item_id": item, "shown": {}, "price": -1, "changed_at": at} for item, at in items.items()]
    if rows:
        session.execute(insert(SearchDoc), rows)


def say(session: Session, docs: Mapping[int, tuple[datetime, Shown | None]]) -> None:
    """What is shown of each number from its moment on; the numbers of what is not shown any more stay."""
    connection = session.connection()
    gone = [{"b_doc": doc, "b_at": at, "b_shown": {}} for doc, (at, shown) in docs.items() if shown is None]
    if gone:
        connection.execute(_GONE, gone)
    rows = [
        {"b_doc": doc, "b_at": at, "b_shown": one.plain(), "b_brand": one.brand, "b_supplier": one.supplier,
         "b_price": one.price, "b_sold": one.sold, "b_listed": one.listed}
        for doc, (at, one) in docs.items() if one is not None
    ]  # fmt: skip
    if rows:
        connection.execute(_SHOWN, rows)


Docs = defaultdict[str, list[int]]


class Changes:
    """What numbers gain and lose, by chunk and term."""

    def __init__(self) -> None:
        self._gained: defaultdict[int, Docs] = defaultdict(lambda: defaultdict(list))
        self._lost: defaultdict[int, Docs] = defaultdict(lambda: defaultdict(list))

    def add(self, doc: int, old: set[str], new: set[str]) -> None:
        gained, lost = self._gained[doc >> CHUNK], self._lost[doc >> CHUNK]
        for term in new - old:
            gained[term].append(doc)
        for term in old - new:
            lost[term].append(doc)

    def write(self, session: Session) -> None:
        """Into the table, under one new number of change."""
        seq = newest(session) + 1
        for chunk, gained in self._gained.items():
            for some in parted(gained.keys() | self._lost[chunk].keys()):
                self._write(session, seq, chunk, some)

    def _write(self, session: Session, seq: int, chunk: int, names: list[str]) -> None:
        connection = session.connection()
        kept: dict[str, bytes] = dict(connection.execute(_OF_CHUNK, {"chunk": chunk, "terms": names}).all())
        rows = []
        for term in names:
            bits = BitMap.deserialize(kept[term]) if term in kept else BitMap()
            bits |= BitMap(self._gained[chunk].get(term, ()))
            bits -= BitMap(self._lost[chunk].get(term, ()))
            bits.run_optimize()
            rows.append({"term": term, "chunk": chunk, "seq": seq, "bits": bits.serialize()})
        connection.execute(_WRITE, rows)


def clear(session: Session) -> None:
    """All of the index but the numbers of items and their prices."""
    seq = newest(session) + 1
    connection = session.connection()
    connection.execute(text("DELETE FROM mall_search_bits"))
    connection.execute(text("UPDATE mall_search_doc SET shown = '{}'"))
    connection.execute(_WRITE, [{"term": CLEARED, "chunk": 0, "seq": seq, "bits": BitMap().serialize()}])


# -- reading ----------------------------------------------------------------------------------------------------------


def _read(session: Session, names: Collection[str]) -> dict[str, tuple[BitMap, int]]:
    """{term: (its numbers, bytes)}, of terms that no item has an empty set."""
    parts: dict[str, list[bytes]] = {name: [] for name in names}
    for some in parted(names):
        for term, bits in session.connection().execute(_OF_TERMS, {"terms": some}):
            parts[term].append(bits)
    return {
        term: (BitMap.union(*map(BitMap.deserialize, found)) if found else BitMap(), sum(map(len, found)) + 200)
        for term, found in parts.items()
    }


class Shelf:
    """The sets one process has read of one database, those asked for last; the numbers they hold are never changed."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._held, self._seq = room, 0, 0
        self._kept: OrderedDict[str, tuple[BitMap, int]] = OrderedDict()
        self._unions: dict[tuple[str, ...], BitMap] = {}
        self._lock = threading.Lock()

    def _drop(self, term: str) -> None:
        found = self._kept.pop(term, None)
        self._held -= found[1] if found else 0

    def _forget(self, session: Session, seq: int) -> None:
        changed = list(session.connection().execute(_CHANGED, {"seq": self._seq, "most": MANY}).scalars())
        for term in self._kept.copy() if len(changed) == MANY or CLEARED in changed else changed:
            self._drop(term)
        self._unions.clear()
        self._seq = seq

    def view(self, session: Session) -> View:
        """As of the session's own moment. A session that began before others changed what is kept reads for itself."""
        seq = newest(session)
        with self._lock:
            if seq > self._seq:
                self._forget(session, seq)
            return View(self if seq == self._seq else Shelf(), session, seq)

    def take(self, session: Session, names: Collection[str], seq: int) -> dict[str, BitMap]:
        with self._lock:
            found = {name: self._kept[name][0] for name in names if seq == self._seq and name in self._kept}
            for name in found:
                self._kept.move_to_end(name)
        read = _read(session, [name for name in names if name not in found])
        with self._lock:
            if seq == self._seq:
                self._keep(read)
        return found | {name: one for name, (one, _) in read.items()}

    def united(self, names: tuple[str, ...], sets: list[BitMap], seq: int) -> BitMap:
        """All of these sets together, kept while nothing changes: every page unites those of the same regions."""
        with self._lock:
            found = self._unions.get(names) if seq == self._seq else None
        if found is not None:
            return found
        found = BitMap.union(*sets)
        with self._lock:
            if seq == self._seq:
                if len(self._unions) >= UNIONS:
                    self._unions.clear()
                self._unions[names] = found
        return found

    def _keep(self, read: Mapping[str, tuple[BitMap, int]]) -> None:
        for name, one in read.items():
            self._drop(name)
            self._kept[name] = one
            self._held += one[1]
        while self._held > self._room:
            _, (_, size) = self._kept.popitem(last=False)
            self._held -= size


class View:
    """The sets of terms as of one moment, for one question."""

    def __init__(self, shelf: Shelf, session: Session, seq: int) -> None:
        self._shelf, self._session, self._seq = shelf, session, seq
        self._taken: dict[str, BitMap] = {}

    def need(self, names: Iterable[str]) -> None:
        """Read these together: one statement instead of many."""
        missing = {name for name in names if name not in self._taken}
        if missing:
            self._taken |= self._shelf.take(self._session, missing, self._seq)

    def of(self, term: str) -> BitMap:
        self.need((term,))
        return self._taken[term]

    def all(self, names: Iterable[str]) -> list[BitMap]:
        listed = list(names)
        self.need(listed)
        return [self._taken[name] for name in listed]

    def any(self, names: Iterable[str]) -> BitMap:
        listed = tuple(names)
        found = self.all(listed)
        if len(found) < 2:
            return found[0] if found else BitMap()
        return self._shelf.united(listed, found, self._seq)


_SHELVES: WeakKeyDictionary[Engine, Shelf] = WeakKeyDictionary()


def view(session: Session) -> View:
    bind = session.get_bind()
    return _SHELVES.setdefault(bind.engine, Shelf()).view(session)


def unseen(session: Session) -> list[str]:
    """Suppliers whose items nobody sees now, whatever the items' own state."""
    return list(session.connection().execute(_UNSEEN).scalars())


@dataclass(frozen=True)
class Place:
    """A hit and the numbers lists are ordered by."""

    doc: int
    item: str
    brand: str
    supplier: str
    price: int
    sold: int
    listed: int


def _rows(session: Session, columns: str, docs: Iterable[int]) -> list[Any]:
    """Of these numbers, in no order. The numbers stand in the statement: a page asks for hundreds."""
    wanted = ", ".join(map(str, docs))
    query = f"SELECT {columns} FROM mall_search_doc WHERE doc IN ({wanted})"  # noqa: S608 - whole numbers
    return list(session.connection().exec_driver_sql(query).all()) if wanted else []


def places(session: Session, docs: Iterable[int]) -> list[Place]:
    return [Place(*row) for row in _rows(session, "doc, item_id, brand, supplier, price, sold, listed", docs)]


def makers(session: Session, docs: Iterable[int]) -> list[tuple[str, str]]:
    """[(brand, supplier)]"""
    return _rows(session, "brand, supplier", docs)


def mark(session: Session) -> datetime | None:
    """The newest change of an item that the index knows."""
    return session.scalar(select(func.max(SearchDoc.changed_at)))
