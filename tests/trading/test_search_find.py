"""Looking for goods is what a plain look through all rows finds, in order, with the same counts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import SYSTEM
from core.faults import Unusable
from tests.trading.search_world import DESK, NOW, PAPER, PRINTER, item, offer, supplier
from trading.mall import search, search_index, search_store
from trading.mall.categories import categories, covers
from trading.mall.models import Item
from trading.mall.search import Wanted
from trading.mall.search_terms import BANDS
from trading.supplier.models import MallSupplier
from web.demo import goods

COUNT = 300
REGIONS = ["420000", "420100", "420112", "420500", "430000", "110000"]


def fill(tx) -> list[str]:
    """Suppliers: one suspended, one that names its regions for items that name none."""
    orgs = [supplier(tx, n, state="suspended" if n == 5 else "active", regions=("420500",)) for n in range(6)]
    stock = goods.Stock(orgs, ["agreement1", "agreement2"], NOW)
    for number, row in enumerate(goods.goods(COUNT, stock)):
        if number % 7 == 0:
            row |= {"regions": []}
        if number % 11 == 0:
            row |= {"state": "blocked"}
        if number % 5 == 0:
            row |= {"price": Decimal("100.00"), "sold": 3}
        tx.session.add(Item(**row))
    tx.session.flush()
    search_index.rebuild(tx)
    return orgs


@pytest.fixture
def mall(world):
    world.acts.act(fill, SYSTEM)
    with world.read() as session:
        rows = list(session.query(Item).order_by(Item.id))
        active = {one.org_id: one for one in session.query(MallSupplier)}
        docs = {row.item_id: row.doc for row in session.query(search_store.SearchDoc)}
        yield session, rows, active, docs


# -- the plain way ----------------------------------------------------------------------------------------------------


def plain_runs(text: str) -> list[str]:
    """Neighbours of one kind; everything that is neither letter, digit nor Chinese parts them."""
    found, last = [""], ""
    for char in unicodedata.normalize("NFKC", text).casefold():
        kind = "" if not char.isalnum() else "zh" if ord(char) >= 0x2E80 else "a"
        if kind != last:
            found.append("")
        found[-1] += char if kind else ""
        last = kind
    return [one for one in found if one]


def has(text: str, word: str) -> bool:
    """Each neighbouring pair (of letters and digits: three) of the word stands in the text without its signs."""
    bare = plain_runs("".join(plain_runs(text)))
    size = min(len(word), 3 if word.isascii() else 2)
    pieces = [word[at : at + size] for at in range(len(word) - size + 1)]
    return all(any(piece in run for run in bare) for piece in pieces)


def score(row: Item, text: str) -> int | None:
    """0 best, 2 last, None for no hit."""
    head, rest = f"{row.name} {row.brand} {row.model}", " ".join(map(str, row.specs.values()))
    names = ["".join(plain_runs(one.name)) for one in categories().path(row.category)]
    kinds = []
    for word in plain_runs(text):
        kind = len(word) > 1 and any(word in name for name in names)
        pieces = [word[at : at + 2] for at in range(max(1, len(word) - 1))] if not word.isascii() else [
            word[at : at + 3] for at in range(max(1, len(word) - 2))]  # fmt: skip
        if not kind and not all(has(head, piece) or has(rest, piece) for piece in pieces):
            return None
        kinds.append("kind" if kind else "head" if has(head, word) else "rest")
    if not kinds or "rest" in kinds:
        return 2 if kinds else 0
    return 0 if "kind" in kinds else 1


def covered(code: str) -> set[str]:
    return {"000000", code[:2] + "0000", code[:4] + "00", code}


def fits(row: Item, active, wanted: Wanted) -> bool:
    if row.state != "listed" or active[row.supplier_org].state != "active":
        return False
    fen = int(row.price * 100)
    bands = [max(n for n, least in enumerate(BANDS) if fen >= least * 100)]
    regions = row.regions or active[row.supplier_org].regions
    checks = [
        not wanted.category or covers(wanted.category, row.category),
        not wanted.brands or row.brand in wanted.brands,
        not wanted.suppliers or row.supplier_org in wanted.suppliers,
        not wanted.region or any(r in covered(wanted.region) or wanted.region in covered(r) for r in regions),
        not wanted.bands or bands[0] in wanted.bands,
        wanted.least is None or fen >= wanted.least, wanted.most is None or fen <= wanted.most,
        all(mark in row.marks for mark in wanted.marks),
        wanted.way != "market" or not row.agreement_id, wanted.way != "framework" or bool(row.agreement_id),
        wanted.way in ("", "market", "framework") or row.agreement_id == wanted.way,
        not wanted.stock or row.stock > 0,
    ]  # fmt: skip
    return all(checks)


def plainly(mall, wanted: Wanted) -> list[str]:
    _, rows, active, docs = mall
    hits = [row for row in rows if fits(row, active, wanted) and score(row, wanted.text) is not None]
    keys = {
        "cheap": lambda r: (r.price, docs[r.id]), "dear": lambda r: (-r.price, docs[r.id]),
        "sold": lambda r: (-r.sold, docs[r.id]), "new": lambda r: (-r.listed_at.timestamp(), docs[r.id]),
        "relevance": lambda r: (score(r, wanted.text), -r.sold, docs[r.id]),
    }  # fmt: skip
    return [row.id for row in sorted(hits, key=keys[wanted.order])]


QUESTIONS = st.builds(
    Wanted,
    text=st.sampled_from(["", "打印", "惠普", "HP", "商用 打印", "A4", "机", "实木", "设备", "23.8英寸", "三年",
                          "hp 设备", "办公桌", "LaserJet", "一级能效 柜", "m1"]),
    category=st.sampled_from(["", "A", "A02000000", "A02020000", "A02010000", "A05010000", DESK, PRINTER]),
    brands=st.lists(st.sampled_from(goods.BRANDS[:6]), max_size=2, unique=True).map(tuple),
    suppliers=st.lists(st.sampled_from([f"supplier{n:07d}" for n in range(6)]), max_size=2, unique=True).map(tuple),
    region=st.sampled_from(["", *REGIONS]),
    bands=st.lists(st.integers(0, len(BANDS) - 1), max_size=3, unique=True).map(tuple),
    least=st.sampled_from([None, None, 0, 10_000, 50_001]), most=st.sampled_from([None, None, 9_999, 10_000, 300_000]),
    marks=st.lists(st.sampled_from(["energy", "environment"]), max_size=2, unique=True).map(tuple),
    way=st.sampled_from(["", "", "market", "framework", "agreement1"]), stock=st.booleans(),
    order=st.sampled_from(sorted(search.ORDERS)),
)  # fmt: skip


@given(wanted=QUESTIONS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_found_is_what_a_look_through_all_rows_finds(mall, wanted):
    found = search.find(mall[0], wanted, limit=COUNT)
    expected = plainly(mall, wanted)
    assert [place.item for place in found.places] == expected
    assert (found.total, found.next) == (len(expected), "")


@given(wanted=QUESTIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_are_those_of_the_rows(mall, wanted):
    session, rows, active, _ = mall
    found = search.find(session, wanted, regions=REGIONS)

    def hits(**without):
        other = Wanted(**(wanted.__dict__ | without))
        return [row for row in rows if fits(row, active, other) and score(row, other.text) is not None]

    counts = {kind: dict(values) for kind, values in found.counts.items()}
    brands = Counter(row.brand for row in hits(brands=()))
    assert all(brands[brand] == count for brand, count in counts["brand"].items())
    assert len(counts["brand"]) >= min(len(brands), search.MOST)
    suppliers = Counter(row.supplier_org for row in hits(suppliers=()))
    assert counts["supplier"] == dict(suppliers)
    bands = Counter(str(max(n for n, b in enumerate(BANDS) if row.price >= b))
                    for row in hits(bands=(), least=None, most=None))  # fmt: skip
    assert counts["band"] == dict(bands)
    now = hits()
    assert counts["mark"] == dict(Counter(mark for row in now for mark in row.marks))
    assert counts["way"] == dict(Counter("framework" if row.agreement_id else "market" for row in hits(way="")))
    assert counts["stock"].get("1", 0) == sum(row.stock > 0 for row in now)
    for region in REGIONS:
        near = [
            r
            for r in (now if wanted.region else hits(region=""))
            if any(c in covered(region) or region in covered(c) for c in r.regions or active[r.supplier_org].regions)
        ]
        assert counts["region"].get(region, 0) == len(near)
    below = Counter()
    for code in counts["category"]:
        below[code] = sum(covers(code, row.category) for row in now)
    assert counts["category"] == dict(below)
    if not (wanted.category and not categories().children(wanted.category)):
        assert sum(below.values()) == len(now)


@given(wanted=QUESTIONS, limit=st.integers(1, 30))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_meet_without_gap_or_repetition(mall, wanted, limit):
    shown, after = [], ""
    for _ in range(COUNT + 1):
        page = search.find(mall[0], Wanted(**(wanted.__dict__ | {"after": after})), limit=limit)
        shown += [place.item for place in page.places]
        after = page.next
        if not after:
            break
    assert shown == plainly(mall, wanted)


@pytest.mark.parametrize("order", sorted(search.ORDERS))
def test_items_that_stay_as_they_are_come_once_while_prices_change(world, order):
    """Between two pages others change price, sell, are blocked and are new."""
    world.acts.act(fill, SYSTEM)
    with world.read() as session:
        first = search.find(session, Wanted(order=order), limit=60)
        every = [place.item for place in search.find(session, Wanted(order=order), limit=COUNT).places]
    changed = every[::6]

    def change(tx) -> None:
        for number, id in enumerate(changed):
            row = tx.session.get_one(Item, id)
            row.price += Decimal(number * 13) - 200 if row.price > 400 else Decimal(7)
            row.sold += number
            row.state = "blocked" if number % 4 == 0 else row.state
        fresh = [item(tx, 900 + n, "supplier0000000", listed_at=NOW + timedelta(days=400 + n)) for n in range(5)]
        search_index.refresh(tx.session, [*changed, *(row.id for row in fresh)])

    world.acts.act(change, SYSTEM)
    seen, after = [place.item for place in first.places], first.next
    with world.read() as session:
        while after:
            page = search.find(session, Wanted(order=order, after=after), limit=60)
            seen += [place.item for place in page.places]
            after = page.next
    still = [id for id in every if id not in set(changed)]
    assert [id for id in seen if id in set(still)] == still


NASTY = ["* OR NEAR(", '"', "'; DROP TABLE mall_item; --", '打印" OR "机', "h打 r印", "%", "_机", "NOT 打印",
         "打印 AND", "(((((打印", "col:打印", "^打印", "打印*",
         "\x00打印", "‮打印", "😀打印", "ß", "İ", "１２６"]  # fmt: skip


def test_signs_of_query_languages_mean_nothing(mall):
    session, *_ = mall
    for text in NASTY:
        try:
            found = search.find(session, Wanted(text=text))
        except Unusable as error:
            assert "nothing to look for" in str(error), text
        else:
            assert found.total == len(plainly(mall, Wanted(text=text.replace("\x00", " ")))), text
    assert session.query(Item).count() == COUNT


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"text": "打" * 10_000}, "q"), ({"category": "A99999999"}, "category"), ({"order": "random"}, "order"),
     ({"marks": ("green",)}, "mark"), ({"bands": (7,)}, "band"), ({"bands": (-1,)}, "band"), ({"after": "x"}, "after"),
     ({"after": "1.2"}, "after"), ({"after": "0.-1.3"}, "after"), ({"after": "0.1.²"}, "after"),
     ({"brands": tuple(map(str, range(21)))}, "brand"), ({"suppliers": tuple(map(str, range(21)))}, "supplier")],
)  # fmt: skip
def test_a_bad_question_names_its_field(world, wanted, field):
    with world.read() as session, pytest.raises(Unusable, match=f"^{field}: "):
        search.find(session, Wanted(**wanted))


def test_cursors_made_up_are_harmless(mall):
    for after in ("0.0.0", "2.999999999999.999999999999", "9.1.1", "0.999999999999.0"):
        for order in search.ORDERS:
            found = search.find(mall[0], Wanted(order=order, after=after))
            assert found.total == len(plainly(mall, Wanted(order=order)))


def test_an_empty_mall_has_an_empty_page(world):
    with world.read() as session:
        found = search.find(session, Wanted(text="打印"), regions=REGIONS)
        assert (found.total, found.places, found.next) == (0, [], "")
        assert not any(found.counts.values())


def test_what_a_word_names_comes_before_what_only_mentions_it(world):
    """Printers before toner for printers, however often the toner is bought; the specification's mention last."""

    def some(tx) -> None:
        org = supplier(tx, 1)
        rows = [
            item(tx, 1, org, name="硒鼓 适用惠普打印机", category=PAPER, sold=900),
            item(tx, 2, org, name="M126 黑白激光", category=PRINTER, sold=1),
            item(tx, 3, org, name="桌子", category=DESK, specs={"用途": "放打印机"}, sold=9000),
            item(tx, 4, org, name="M130 彩色", category=PRINTER, sold=7),
        ]
        offer(tx, *rows)

    world.acts.act(some, SYSTEM)
    with world.read() as session:
        assert [p.item[-1] for p in search.find(session, Wanted(text="打印机")).places] == list("4213")
        assert [p.item[-1] for p in search.find(session, Wanted(text="打印机 M126")).places] == list("2")
