"""Looking for goods: what was asked, the hits, their first page in an order, and the counts beside it.

An item is found when each word of the query stands in its name, brand, model or specifications, or in the name of a
category over it. Every count is exact, and what a page costs hardly grows with the hits (docs/decisions/0009).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import reduce

from pyroaring import BitMap
from sqlalchemy.orm import Session

from core.faults import Unusable
from trading.mall import search_order as order
from trading.mall import search_store as store
from trading.mall import search_terms as terms
from trading.mall.categories import categories
from trading.mall.models import MARKS
from trading.mall.search_store import Place, View

# order → (letter of the number, descending)
ORDERS = {
    "relevance": (terms.SOLD, True), "cheap": (terms.PRICE, False), "dear": (terms.PRICE, True),
    "sold": (terms.SOLD, True), "new": (terms.LISTED, True),
}  # fmt: skip
FRAMEWORK = "framework"
SAMPLE = 400  # hits that name the brands and suppliers to count, where there are more
MOST = 12  # brands and suppliers that are counted
MOST_CHOSEN = 20  # of one kind


@dataclass(frozen=True)
class Wanted:
    """`way`: "" any, "market", "framework" or the id of an agreement. `least`/`most`: price in fen. `after`: where
    the last page ended."""

    text: str = ""
    category: str = ""
    brands: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    region: str = ""
    bands: tuple[int, ...] = ()
    least: int | None = None
    most: int | None = None
    marks: tuple[str, ...] = ()
    way: str = ""
    stock: bool = False
    order: str = "relevance"
    after: str = ""


@dataclass(frozen=True)
class Found:
    """`counts`: kind → [(value, hits)]. A kind that something is chosen of counts what the other kinds leave over, so
    that one can choose more of it."""

    total: int
    places: list[Place]
    next: str
    counts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


# -- what is asked ----------------------------------------------------------------------------------------------------


def check(wanted: Wanted) -> None:
    """Unusable with the name of the field for anything that cannot be looked for."""
    terms.words(wanted.text)
    if wanted.category:
        categories().get(wanted.category)
    if wanted.order not in ORDERS:
        raise Unusable(f"order: one of {', '.join(ORDERS)} is expected")
    if any(mark not in MARKS for mark in wanted.marks):
        raise Unusable(f"mark: one of {', '.join(MARKS)} is expected")
    if any(not 0 <= one < len(terms.BANDS) for one in wanted.bands):
        raise Unusable("band: no such price band")
    for field_name, chosen in (("brand", wanted.brands), ("supplier", wanted.suppliers)):
        if len(chosen) > MOST_CHOSEN:
            raise Unusable(f"{field_name}: a list of at most {MOST_CHOSEN} is expected")
    _cursor(wanted)


def _cursor(wanted: Wanted) -> tuple[int, int, int] | None:
    """(tier, number, item's number) where the last page ended."""
    if not wanted.after:
        return None
    parts = wanted.after.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 12 for part in parts):
        raise Unusable("after: not a cursor of this list")
    tier, number, doc = (int(part) for part in parts)
    return tier, number, min(doc, order.LAST - 1)


class _Text:
    """The words of a query as sets: `found` has each of them somewhere, `tiers` are parts of it, the best first."""

    def __init__(self, view: View, text: str) -> None:
        asked = [(terms.asked(run), terms.named(run[1])) for run in terms.words(text)]
        letters = (terms.HEAD, terms.REST)
        view.need({letter + gram for pieces, _ in asked for gram in pieces for letter in letters})
        view.need({terms.CATEGORY + code for _, codes in asked for code in codes})
        self.of_category = [view.any(terms.CATEGORY + code for code in codes) for _, codes in asked]
        heads = [_all([view.of(terms.HEAD + gram) for gram in pieces]) for pieces, _ in asked]
        wholes = [_all([view.of(terms.HEAD + gram) | view.of(terms.REST + gram) for gram in pieces])
                  for pieces, _ in asked]  # fmt: skip
        self.heads = [one | named for one, named in zip(heads, self.of_category, strict=True)]
        self.wholes = [one | named for one, named in zip(wholes, self.of_category, strict=True)]

    def within(self, live: BitMap) -> BitMap:
        return _all([live, *self.wholes])

    def tiers(self, hits: BitMap) -> list[BitMap]:
        """A category bears one of the words and name, brand or model the others; name, brand and model bear them all;
        the rest."""
        if not self.wholes:
            return [hits]
        head = _all([hits, *self.heads])
        best = head & BitMap.union(*self.of_category)
        return [best, head - best, hits - head]


def _all(sets: Collection[BitMap]) -> BitMap:
    """What lies in all of them; the smallest first, so that the rest is quick."""
    return reduce(lambda one, other: one & other, sorted(sets, key=len))


Sets = dict[str, BitMap]


def _region(view: View, region: str) -> BitMap:
    inside, around = terms.delivered(region)
    return view.any([inside, *around])


def _way(view: View, way: str, live: BitMap) -> BitMap:
    if way == FRAMEWORK:
        return live - view.of(terms.MARKET)
    return view.of(terms.AGREEMENT + ("" if way == "market" else way))


def _filters(view: View, wanted: Wanted, live: BitMap) -> Sets:
    """What is chosen of each kind, as sets."""
    found: Sets = {}
    if wanted.category:
        found["category"] = view.of(terms.CATEGORY + wanted.category)
    if wanted.brands:
        found["brand"] = view.any(terms.BRAND + one for one in wanted.brands)
    if wanted.suppliers:
        found["supplier"] = view.any(terms.SUPPLIER + one for one in wanted.suppliers)
    if wanted.region:
        found["region"] = _region(view, wanted.region)
    price = _price(view, wanted, live)
    if price is not None:
        found["band"] = price
    if wanted.marks:
        found["mark"] = _all(view.all(terms.MARK + one for one in wanted.marks))
    if wanted.way:
        found["way"] = _way(view, wanted.way, live)
    if wanted.stock:
        found["stock"] = view.of(terms.STOCK)
    return found


def _price(view: View, wanted: Wanted, live: BitMap) -> BitMap | None:
    """In one of the chosen bands, and in the range."""
    found = view.any(f"{terms.BAND}{one}" for one in wanted.bands) if wanted.bands else None
    if wanted.least is None and wanted.most is None:
        return found
    most = (1 << terms.BITS[terms.PRICE]) - 1
    most = most if wanted.most is None else terms.clipped(terms.PRICE, wanted.most)
    least = terms.clipped(terms.PRICE, wanted.least or 0)
    return order.between(live if found is None else found, view.all(terms.slices(terms.PRICE)), least, most)


# -- the page ---------------------------------------------------------------------------------------------------------


def _number(place: Place, letter: str) -> int:
    return {terms.PRICE: place.price, terms.SOLD: place.sold, terms.LISTED: place.listed}[letter]


def _page(session: Session, view: View, wanted: Wanted, tiers: list[BitMap], limit: int) -> tuple[list[Place], str]:
    """The places of one page and where it ends, "" where nothing follows."""
    letter, descending = ORDERS[wanted.order]
    slices = view.all(terms.slices(letter))
    begun = _cursor(wanted)
    shown: list[tuple[int, Place]] = []
    for tier, hits in enumerate(tiers):
        left = limit + 1 - len(shown)
        if left <= 0 or (begun and tier < begun[0]):
            continue
        if begun and tier == begun[0]:
            hits = order.after(hits, slices, begun[1], begun[2], descending)
        some = store.places(session, order.first(hits, slices, left, descending))
        some.sort(key=lambda one: (-_number(one, letter) if descending else _number(one, letter), one.doc))
        shown += [(tier, one) for one in some]
    places = [one for _, one in shown[:limit]]
    if len(shown) <= limit:
        return places, ""
    tier, last = shown[limit - 1]
    return places, f"{tier}.{_number(last, letter)}.{last.doc}"


# -- the counts -------------------------------------------------------------------------------------------------------


def _tally(hits: BitMap, sets: list[tuple[str, BitMap]]) -> list[tuple[str, int]]:
    counted = [(value, hits.intersection_cardinality(one)) for value, one in sets]
    return [(value, count) for value, count in counted if count]


def _level(view: View, hits: BitMap, chosen: str) -> list[tuple[str, int]]:
    """Categories one level below the chosen one; levels on which there is but one are passed."""
    at = chosen
    while True:
        below = [one.code for one in categories().children(at)]
        sets = view.all(terms.CATEGORY + code for code in below)
        found = _tally(hits, list(zip(below, sets, strict=True)))
        if len(found) != 1 or found[0][1] != len(hits) or not categories().children(found[0][0]):
            return found
        at = found[0][0]


def _sample(session: Session, hits: BitMap) -> list[tuple[str, str]]:
    """[(brand, supplier)] of all hits, or of so many of them at even distances."""
    step = max(1, -(-len(hits) // SAMPLE))
    return store.makers(session, hits if step == 1 else [hits[at] for at in range(0, len(hits), step)])


def _named(
    view: View, hits: BitMap, letter: str, chosen: tuple[str, ...], seen: Iterable[str]
) -> list[tuple[str, int]]:
    """Those chosen and the most frequent of the rest: `seen` names the candidates, all hits are counted."""
    frequent = sorted(Counter(seen).items(), key=lambda one: (-one[1], one[0]))
    values = list(dict.fromkeys((*chosen, *(value for value, _ in frequent[: MOST * 2]))))
    counted = _tally(hits, list(zip(values, view.all(letter + one for one in values), strict=True)))
    counted.sort(key=lambda one: (one[0] not in chosen, -one[1], one[0]))
    return counted[: MOST + len(chosen)]


def _makers(
    session: Session, view: View, wanted: Wanted, hits: BitMap, open_to: Callable[[str], BitMap]
) -> dict[str, list[tuple[str, int]]]:
    """Brands and suppliers, too many to count all of them."""
    of_hits = _sample(session, hits)
    brands = _sample(session, open_to("brand")) if wanted.brands else of_hits
    suppliers = _sample(session, open_to("supplier")) if wanted.suppliers else of_hits
    return {
        "brand": _named(view, open_to("brand"), terms.BRAND, wanted.brands, (brand for brand, _ in brands)),
        "supplier": _named(view, open_to("supplier"), terms.SUPPLIER, wanted.suppliers,
                           (supplier for _, supplier in suppliers)),
    }  # fmt: skip


def _counts(
    session: Session, view: View, wanted: Wanted, base: BitMap, filters: Sets, regions: Collection[str]
) -> dict[str, list[tuple[str, int]]]:
    hits = _all([base, *filters.values()])

    def open_to(kind: str) -> BitMap:
        return _all([base, *(one for name, one in filters.items() if name != kind)]) if kind in filters else hits

    bands = [str(one) for one in range(len(terms.BANDS))]
    return {
        "category": _level(view, hits, wanted.category),
        **_makers(session, view, wanted, hits, open_to),
        "region": _tally(hits, [(one, _region(view, one)) for one in regions]),
        "band": _tally(open_to("band"), [(one, view.of(terms.BAND + one)) for one in bands]),
        "mark": _tally(hits, [(one, view.of(terms.MARK + one)) for one in MARKS]),
        "way": _tally(open_to("way"), [(one, _way(view, one, base)) for one in ("market", FRAMEWORK)]),
        "stock": _tally(hits, [("1", view.of(terms.STOCK))]),
    }


def _common(wanted: Wanted, regions: Collection[str]) -> list[str]:
    """What nearly every page needs, to be read together."""
    near = [one for region in regions for inside, around in [terms.delivered(region)] for one in (inside, *around)]
    return [
        terms.LIVE, terms.STOCK, terms.MARKET, *(terms.MARK + one for one in MARKS), *near,
        *(f"{terms.BAND}{one}" for one in range(len(terms.BANDS))), *terms.slices(ORDERS[wanted.order][0]),
        *(terms.CATEGORY + one.code for one in categories().children(wanted.category)),
    ]  # fmt: skip


def find(session: Session, wanted: Wanted, limit: int = 24, regions: Collection[str] = ()) -> Found:
    """The page of hits and what can be chosen further; `regions`: which are counted. Unusable for a bad question."""
    check(wanted)
    view = store.view(session)
    view.need(_common(wanted, regions))
    live = view.of(terms.LIVE) - view.any(terms.SUPPLIER + one for one in store.unseen(session))
    text = _Text(view, wanted.text)
    base = text.within(live)
    filters = _filters(view, wanted, live)
    hits = _all([base, *filters.values()])
    tiers = text.tiers(hits) if wanted.order == "relevance" else [hits]
    places, more = _page(session, view, wanted, tiers, limit)
    return Found(len(hits), places, more, _counts(session, view, wanted, base, filters, regions))
