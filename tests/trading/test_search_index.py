"""The index stays right: after each change, after a killed process, in every process at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from core.access import SYSTEM
from core.db import open_engine
from tests.trading.search_world import DESK, PRINTER, item, offer, supplier
from trading.mall import search, search_index, search_store
from trading.mall import search_terms as terms
from trading.mall.models import Item
from trading.mall.search import Wanted
from trading.mall.search_store import SearchBits, SearchDoc
from trading.mall.search_terms import Shown
from trading.supplier.models import MallSupplier
from web import rooms


def found(world, **wanted) -> list[str]:
    with world.read() as session:
        return [place.item for place in search.find(session, Wanted(**wanted), limit=100).places]


@pytest.fixture
def two(world):
    """Two items of one supplier."""

    def make(tx):
        org = supplier(tx, 1)
        rows = [item(tx, n, org) for n in (1, 2)]
        offer(tx, *rows)
        return [row.id for row in rows]

    return world, world.acts.act(make, SYSTEM)


def change(world, id: str, *, refresh: bool = True, **values) -> None:
    def run(tx) -> None:
        row = tx.session.get_one(Item, id)
        for key, value in values.items():
            setattr(row, key, value)
        row.changed_at = tx.now + timedelta(minutes=5)
        if refresh:
            search_index.refresh(tx.session, [id])

    world.acts.act(run, SYSTEM)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [({"name": "复印机"}, {"text": "复印"}), ({"brand": "佳能"}, {"brands": ("佳能",)}),
     ({"category": DESK}, {"category": DESK}),
     ({"price": Decimal("5000.00")}, {"least": 500_000}), ({"regions": ["430100"]}, {"region": "430000"}),
     ({"marks": ["energy"]}, {"marks": ("energy",)}), ({"agreement_id": "fa1"}, {"way": "framework"}),
     ({"specs": {"颜色": "白色"}}, {"text": "白色"}), ({"model": "M999"}, {"text": "m999"})],
)  # fmt: skip
def test_each_change_is_found_and_the_old_is_gone(two, values, wanted):
    world, (first, second) = two
    assert found(world, **wanted) == []
    change(world, first, **values)
    assert found(world, **wanted) == [first]
    change(world, first, name="打印机1", brand="惠普", category=PRINTER, price=Decimal("100.00"), regions=[], marks=[],
           agreement_id="", specs={}, model="")  # fmt: skip
    assert found(world, **wanted) == []
    assert set(found(world, text="打印机", brands=("惠普",), way="market", region="420112")) == {first, second}


@pytest.mark.parametrize("state", ["draft", "pending", "refused", "blocked", "delisted"])
def test_only_what_is_listed_is_found(two, state):
    world, (first, second) = two
    change(world, first, state=state)
    assert found(world) == [second]
    change(world, first, state="listed")
    assert set(found(world)) == {first, second}


@pytest.mark.parametrize("state", ["suspended", "removed", "refused", "applied"])
def test_a_supplier_that_is_not_active_sells_nothing_from_that_moment(two, state):
    world, both = two

    def set_state(tx, to: str) -> None:
        tx.session.scalars(select(MallSupplier)).one().state = to

    world.acts.act(set_state, SYSTEM, state)
    assert found(world) == []
    world.acts.act(set_state, SYSTEM, "active")
    assert set(found(world)) == set(both)


def test_an_act_that_fails_leaves_the_index_as_it_was(two):
    world, (first, _) = two

    def fail(tx) -> None:
        tx.session.get_one(Item, first).name = "复印机"
        search_index.refresh(tx.session, [first])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        world.acts.act(fail, SYSTEM)
    assert found(world, text="复印") == [] and first in found(world, text="打印")


def test_refreshing_what_is_right_writes_nothing(two):
    world, both = two
    with world.read() as session:
        before = search_store.newest(session)
    world.acts.act(lambda tx: search_index.refresh(tx.session, both), SYSTEM)
    with world.read() as session:
        assert search_store.newest(session) == before



def test_the_ledger_repairs_what_an_act_forgot(two):
    world, (first, _) = two
    change(world, first, refresh=False, name="复印机")
    assert found(world, text="复印") == []
    rooms.listen([search_index], world.acts)
    world.acts.act(lambda tx: tx.record(f"item:{first}", "item.changed", {}), SYSTEM)
    assert found(world, text="复印") == [first]


def test_a_new_process_brings_what_the_killed_one_left(two):
    world, (first, second) = two
    change(world, first, refresh=False, name="复印机")
    change(world, second, refresh=False, state="blocked")
    assert search_index.catch_up(world.acts) == 2
    assert found(world) == found(world, text="复印") == [first]
    assert search_index.catch_up(world.acts) == 0


def test_made_anew_it_says_the_same(two):
    world, (first, second) = two
    change(world, second, state="delisted")

    def spoil(tx) -> None:
        for row in tx.session.scalars(select(SearchBits)):
            row.bits = BitMap().serialize()

    world.acts.act(spoil, SYSTEM)
    assert world.acts.act(search_index.rebuild, SYSTEM) == 1
    assert found(world, text="打印") == [first]


def test_every_process_sees_a_change_at_once(two):
    """Another process has its own engine, so its own kept sets."""
    world, (first, _) = two
    other = open_engine(str(world.engine.url))
    with Session(other) as session:
        assert search.find(session, Wanted(text="打印")).total == 2
    change(world, first, name="复印机")
    with Session(other) as session:
        assert search.find(session, Wanted(text="打印")).total == 2  # its category is still called so
        assert search.find(session, Wanted(text="复印")).total == 1
    change(world, first, state="blocked")
    with Session(other) as session:
        assert search.find(session, Wanted(text="打印")).total == 1
    other.dispose()


def test_a_reader_keeps_its_moment_and_spoils_nobody_elses(two):
    """A session that began before a change goes on with what it saw, and leaves nothing old behind."""
    world, (first, _) = two
    with world.read() as early:
        assert search.find(early, Wanted(brands=("惠普",))).total == 2
        change(world, first, brand="佳能")
        assert found(world, brands=("佳能",)) == [first]
        assert search.find(early, Wanted(brands=("佳能",))).total == 0
        assert search.find(early, Wanted(brands=("惠普",))).total == 2
    assert found(world, brands=("佳能",)) == [first]


def test_kept_sets_do_not_outgrow_their_room(two):
    world, _ = two
    shelf = search_store.Shelf(room=1000)
    with world.read() as session:
        view = shelf.view(session)
        view.need(terms.slices(terms.PRICE) + terms.slices(terms.SOLD))
        assert shelf._held <= 1000 and len(shelf._kept) < 10
        assert len(view.of(terms.LIVE)) == 2


def test_a_page_asks_few_questions_whatever_it_shows(world):
    def fill(tx, count: int, first: int) -> None:
        org = supplier(tx, first)
        offer(tx, *(item(tx, first + n, org, brand=f"品牌{n % 30}") for n in range(count)))

    asked = []
    event.listen(world.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for first, count in ((0, 3), (1000, 200)):
        world.acts.act(fill, SYSTEM, count, first)
        for _ in range(2):
            asked.clear()
            found(world, text="打印", marks=(), region="420112")
            counts.append(len(asked))
    assert max(counts) <= 24 and counts[1] == counts[3] <= 6, counts


CHANGES = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["listed", "blocked"]),
              st.sampled_from(["打印机", "复印机 A4", "桌子"]), st.integers(1, 2000),
              st.sampled_from([(), ("420112",), ("430000", "420500")])),
    max_size=12,
)  # fmt: skip


@given(changes=CHANGES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_changes_every_set_holds_exactly_its_items(world, changes):
    def run(tx) -> None:
        org = tx.session.scalar(select(MallSupplier.org_id)) or supplier(tx, 1)
        for number, state, name, price, regions in changes:
            row = tx.session.get(Item, f"item{number:012d}") or item(tx, number, org)
            row.state, row.name, row.price, row.regions = state, name, Decimal(price), list(regions)
            search_index.refresh(tx.session, [row.id])

    world.acts.act(run, SYSTEM)
    with world.read() as session:
        wanted: dict[str, set[int]] = {}
        for doc in session.scalars(select(SearchDoc)):
            row = session.get_one(Item, doc.item_id)
            assert bool(doc.shown) == (row.state == "listed")
            for term in terms.terms(Shown.of(doc.shown)) if doc.shown else ():
                wanted.setdefault(term, set()).add(doc.doc)
        kept = {row.term: set(BitMap.deserialize(row.bits)) for row in session.scalars(select(SearchBits))}
        assert {term: docs for term, docs in kept.items() if docs} == wanted
