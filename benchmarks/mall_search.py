"""Looking for goods among 10⁴, 10⁵ and 10⁶ items: words and three facets, the page in its order, all choices beside it.

Ours is the product's own question and its page; beside it SQLite's FTS5 and PostgreSQL's pg_trgm over the same goods
with the same questions, drawn from the printed seed. `MALL_ITEMS=100000` makes the largest mall smaller, `MALL_ASKED`
(120) the number of questions, `MALL_PEERS=0` leaves the peers out.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import insert

from accounts.models import Org
from benchmarks.house import VAR
from benchmarks.mall_peers import Fts5, Trgm, plain, timed
from benchmarks.row import Row
from core import config
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.db import Base
from trading.mall import search, search_index, shop
from trading.mall.models import Item
from trading.mall.search import Wanted
from trading.supplier.models import MallSupplier
from web.app import create_app
from web.demo import goods
from web.pages.mall import below

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SEED, SUPPLIERS, LOT = 20260302, 500, 20_000
SIZES = (10_000, 100_000, 1_000_000)


@dataclass
class Took:
    """Milliseconds of one size: the question alone, the page, a question that reads all it needs from the disk."""

    made: float = 0.0
    asked: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    first: float = 0.0
    one: float = 0.0


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def stock() -> goods.Stock:
    return goods.Stock([f"s{n:015d}" for n in range(SUPPLIERS)], [f"fa{n:014d}" for n in range(12)], BEGAN)


def _suppliers(tx: Tx, among: goods.Stock) -> None:
    orgs = [{"id": one, "name": f"供应商{one}", "uscc": f"BENCH{one[3:]}", "kinds": ["bidder"], "region": "420112",
             "agreement": "x", "agreed_at": tx.now, "state": "verified"} for one in among.suppliers]  # fmt: skip
    tx.session.execute(insert(Org), orgs)
    rows = [{"org_id": one, "state": "active", "categories": ["A"], "regions": ["420000"], "applied_at": tx.now}
            for one in among.suppliers]  # fmt: skip
    tx.session.execute(insert(MallSupplier), rows)


def _lots(count: int, among: goods.Stock) -> Iterator[list[dict[str, Any]]]:
    lot: list[dict[str, Any]] = []
    for row in goods.goods(count, among, SEED % 65536):
        lot.append(row)
        if len(lot) == LOT:
            yield lot
            lot = []
    if lot:
        yield lot


def _fill(acts: Acts, count: int) -> goods.Stock:
    among = stock()
    acts.act(_suppliers, SYSTEM, among)
    for lot in _lots(count, among):
        acts.act(lambda tx, lot=lot: tx.session.execute(insert(Item), lot), SYSTEM)  # type: ignore[misc]
    return among


def questions() -> list[dict[str, Any]]:
    return list(goods.questions(int(os.environ.get("MALL_ASKED", "120")), SEED))


def _address(asked: dict[str, Any]) -> str:
    names = {"text": "q", "brands": "brand", "bands": "band", "marks": "mark"}
    pairs = [(names.get(key, key), one) for key, value in asked.items() if key != "stock"
             for one in (value if isinstance(value, tuple) else (value,))]  # fmt: skip
    return "/mall?" + urlencode([*pairs, ("stock", "1")] if asked.get("stock") else pairs)


def _ask(acts: Acts, asked: dict[str, Any]) -> None:
    with acts.reading() as session:
        found = search.find(session, Wanted(**asked), regions=below(asked.get("region", "")))
        shop.cards(session, [one.item for one in found.places])


def _change(acts: Acts, among: goods.Stock, count: int) -> float:
    """One item's price changes, with all the index has to write."""
    ids = [f"{SEED % 65536:04x}{n * (count // 10):012x}" for n in range(10)]

    def change(tx: Tx, id: str) -> None:
        tx.session.get_one(Item, id).price += 1
        search_index.refresh(tx.session, [id])

    return statistics.median(timed(lambda id=id: acts.act(change, SYSTEM, id)) for id in ids)  # type: ignore[misc]


def ours(count: int, folder: Path) -> Took:
    app = create_app(config.read({"DEMO": "1", "DATA_DIR": str(folder)}))
    acts, took = app.extensions["gongheng"].acts, Took()
    Base.metadata.create_all(acts.engine)
    among = _fill(acts, count)
    took.made = timed(lambda: acts.act(search_index.rebuild, SYSTEM)) / 1000
    took.first = timed(lambda: _ask(acts, questions()[0]))
    client = app.test_client()
    for _ in range(2):  # the first round fills what a process keeps
        took.asked = [timed(lambda asked=asked: _ask(acts, asked)) for asked in questions()]  # type: ignore[misc]
    for asked in questions():
        answer = client.get(_address(asked))
        assert answer.status_code == 200, answer.text
        took.pages.append(timed(lambda asked=asked: client.get(_address(asked))))  # type: ignore[misc]
    took.one = _change(acts, among, count)
    acts.close()
    return took


def peers(count: int, folder: Path) -> dict[str, list[float]]:
    """p95 needs the same goods: they are made again, from the same seed."""
    among = stock()
    found: dict[str, list[float]] = {}

    def rows() -> Iterator[tuple[Any, ...]]:
        return (plain(n, row) for n, row in enumerate(goods.goods(count, among, SEED % 65536)))

    def regions() -> Iterator[tuple[int, str]]:
        return ((n, one) for n, row in enumerate(goods.goods(count, among, SEED % 65536)) for one in row["regions"])

    for make in (lambda: Fts5(folder, rows(), regions()), lambda: Trgm(rows(), regions())):
        peer: Any = make()
        try:
            peer.ask(questions()[0])
            found[peer.name] = [peer.ask(asked) for asked in questions()]
        finally:
            peer.close()
    return found


def run() -> Row:
    VAR.mkdir(exist_ok=True)
    most = int(os.environ.get("MALL_ITEMS", SIZES[-1]))
    took: dict[int, Took] = {}
    print(f"seed {SEED}, {len(questions())} questions", flush=True)
    for size in sorted({*(one for one in SIZES if one < most), most}):
        folder = Path(tempfile.mkdtemp(prefix="mall-", dir=VAR))
        try:
            took[size] = ours(size, folder)
            one = took[size]
            print(f"{size:>9,} items: question p95 {p95(one.asked):.1f} ms, page p95 {p95(one.pages):.1f} ms (median "
                  f"{statistics.median(one.pages):.1f}), first question {one.first:.0f} ms, a price change "
                  f"{one.one:.1f} ms, made in {one.made:.0f} s", flush=True)  # fmt: skip
            beside = peers(size, folder) if size == most and os.environ.get("MALL_PEERS") != "0" else {}
        finally:
            shutil.rmtree(folder)
    return _row(most, took, beside)


def _row(most: int, took: dict[int, Took], beside: dict[str, list[float]]) -> Row:
    mine = p95(took[most].asked)
    named = {name: p95(times) for name, times in beside.items()}
    for name, value in named.items():
        print(f"{name}: p95 {value:.1f} ms, median {statistics.median(beside[name]):.1f} ms", flush=True)
    peer, best = min(named.items(), key=lambda one: one[1]) if named else ("-", mine)
    pages = ", ".join(f"{size:,}: {p95(one.pages):.1f}" for size, one in took.items())
    return Row(
        "mall_search", round(mine, 1), round(best, 1), peer, round(best / mine, 1), "ms",
        f"{most:,} items, {len(questions())} questions of words and three facets (seed {SEED}), p95, "
        f"{os.cpu_count()} cores",
        f"whole page p95 ms by items: {pages}; "
        + "; ".join(f"{name} {value:.0f}" for name, value in named.items())
        + f"; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB with the making of the index",
    )  # fmt: skip
