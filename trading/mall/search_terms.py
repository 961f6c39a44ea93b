"""What an item is found by: a set of terms, a pure function of what buyers see of it.

A term is one letter for its kind and a value. Texts are looked up by their grams, pieces of one or two Chinese
characters, of one to three Latin letters or digits: no dictionary has to know a word, and 'HP M126', 'hpm126' and
'ＨＰ Ｍ126nw' meet.

Numbers by which a list is ordered are terms too, one for each bit that is set (docs/decisions/0009).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.faults import Unusable
from trading.mall.categories import categories

FORM = 1  # of the terms below: a database whose index has another form is made anew by `flask mall reindex`

LIVE, HEAD, REST = "*", "h", "r"
CATEGORY, BRAND, SUPPLIER, MARK, AGREEMENT, BAND, STOCK = "k", "b", "o", "m", "g", "y", "s"
WITHIN, EXACT = "e", "x"  # a region that a code of the item lies in or is; one that is such a code
MARKET = AGREEMENT  # of the supermarket: no agreement
NATION = "000000"  # delivers everywhere

# By what a list is ordered: letter, bits. Larger numbers count as the largest.
PRICE, SOLD, LISTED = "p", "q", "n"
BITS = {PRICE: 40, SOLD: 24, LISTED: 26}

# Price bands of the shop in yuan, from … up to below the next; a display of ours, no rule.
BANDS = (0, 100, 500, 1000, 3000, 10_000, 50_000)
LONGEST, MOST_RUNS = 200, 20  # of a query: characters, words
REST_LENGTH = 400  # characters of specifications that are searched


@dataclass(frozen=True)
class Shown:
    """What the index holds of one item. `price` in fen, `listed` in minutes since 2020."""

    head: str
    rest: str
    category: str
    brand: str
    supplier: str
    regions: tuple[str, ...]
    marks: tuple[str, ...]
    agreement: str
    price: int
    sold: int
    listed: int
    stock: bool

    def plain(self) -> dict[str, Any]:
        return dict(self.__dict__)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Shown:
        return cls(**plain | {key: tuple(plain[key]) for key in ("regions", "marks")})


# Letters and digits of any script; and among them those of which each is a word (Chinese and the like).
_WORDS = re.compile(r"[^\W_]+")
_CHINESE = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SCRIPTS = re.compile(f"[{_CHINESE}]+|[^{_CHINESE}]+")
_IS_CHINESE = re.compile(f"[{_CHINESE}]").match
LETTERS, CHINESE = 3, 2  # characters of the longest piece


def folded(text: str) -> str:
    """Full width is half width, capitals are small."""
    return unicodedata.normalize("NFKC", text).casefold()


def _scripts(bare: str) -> list[tuple[int, str]]:
    """Of characters without spaces and signs."""
    return [(CHINESE if _IS_CHINESE(run) else LETTERS, run) for run in _SCRIPTS.findall(bare)]


def runs(text: str) -> list[tuple[int, str]]:
    """(size of its pieces, characters): pieces of one script between spaces and signs."""
    return [one for word in _WORDS.findall(folded(text)) for one in _scripts(word)]


def grams(text: str) -> set[str]:
    """Of a text that is looked through: spaces and signs in it do not count."""
    found: set[str] = set()
    for most, run in _scripts("".join(_WORDS.findall(folded(text)))):
        found.update(run)
        for size in range(2, most + 1):
            found.update([run[at : at + size] for at in range(len(run) - size + 1)])
    return found


def asked(run: tuple[int, str]) -> set[str]:
    """The grams that must all be there for a piece of a query."""
    size = min(len(run[1]), run[0])
    return {run[1][at : at + size] for at in range(len(run[1]) - size + 1)}


def words(query: str) -> list[tuple[int, str]]:
    """The pieces of a query; Unusable where it is too long or holds nothing to look for. [] for an empty one."""
    if len(query) > LONGEST:
        raise Unusable(f"q: at most {LONGEST} characters, found {len(query)}")
    found = list(dict.fromkeys(runs(query)))
    if query.strip() and not found:
        raise Unusable("q: nothing to look for")
    if len(found) > MOST_RUNS:
        raise Unusable(f"q: at most {MOST_RUNS} words, found {len(found)}")
    return found


@lru_cache(maxsize=1)
def _names() -> list[tuple[str, str]]:
    return [(row.code, "".join(run for _, run in runs(row.name))) for row in categories().by_code.values()
            if not row.doubtful]  # fmt: skip


@lru_cache(maxsize=2048)
def named(word: str) -> tuple[str, ...]:
    """Codes of the categories whose name holds `word`, of two characters at least; not those below another of them."""
    if len(word) < 2:
        return ()
    held = {code for code, name in _names() if word in name}
    return tuple(sorted(c for c in held if not held & {one.code for one in categories().path(c)[:-1]}))


@lru_cache(maxsize=8192)
def _path(code: str) -> tuple[str, ...]:
    return tuple(CATEGORY + one.code for one in categories().path(code))


def above(region: str) -> list[str]:
    """The whole country, the province, the city and the region itself."""
    return list(dict.fromkeys((NATION, region[:2] + "0000", region[:4] + "00", region)))


def delivered(region: str) -> tuple[str, list[str]]:
    """(term, terms): who delivers to the region or to a part of it; who delivers to all of something around it."""
    return WITHIN + region, [EXACT + one for one in above(region) if one != region]


def band(price: int) -> int:
    """The number of the band of a price in fen."""
    return max(at for at, least in enumerate(BANDS) if price >= least * 100)


def bits(letter: str, value: int) -> set[str]:
    width = BITS[letter]
    kept = clipped(letter, value)
    return {f"{letter}{bit:02d}" for bit in range(width) if kept >> bit & 1}


def slices(letter: str) -> list[str]:
    """The terms of all bits, the smallest first."""
    return [f"{letter}{bit:02d}" for bit in range(BITS[letter])]


def clipped(letter: str, value: int) -> int:
    return min(max(value, 0), (1 << BITS[letter]) - 1)


def _facets(shown: Shown) -> set[str]:
    found = {LIVE, BRAND + shown.brand, SUPPLIER + shown.supplier, AGREEMENT + shown.agreement,
             f"{BAND}{band(shown.price)}"}  # fmt: skip
    found.update(_path(shown.category))
    found |= {MARK + mark for mark in shown.marks}
    found |= {WITHIN + one for region in shown.regions for one in above(region)}
    found |= {EXACT + region for region in shown.regions}
    return found | {STOCK} if shown.stock else found


def terms(shown: Shown) -> set[str]:
    head = grams(shown.head)
    found = {HEAD + gram for gram in head} | {REST + gram for gram in grams(shown.rest) - head}
    for letter, value in ((PRICE, shown.price), (SOLD, shown.sold), (LISTED, shown.listed)):
        found |= bits(letter, value)
    return found | _facets(shown)
