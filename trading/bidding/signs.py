"""Signs that bids were made or priced together (招标投标法实施条例 art. 39, 40; domain.md §7). Pure.

None is a verdict and nothing is rejected by one: the committee or the regulator decides with a recorded vote. The lines
are parameters of ours; a sign names the words of the law it may be about.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations, islice, pairwise
from typing import Literal

from core.money import D, plain
from core.rules import RuleBook, RuleRow

Level = Literal["DETERMINED_BASIS", "CLUE", "INFO"]
ORDER: tuple[Level, ...] = ("DETERMINED_BASIS", "CLUE", "INFO")
TL40 = "招标投标法实施条例 第40条"
# As many as people can look at; the gravest and the closest come first.
MOST = 200
SCALE = 10_000
RULES = RuleBook(
    [
        RuleRow("C10", D(80), "%", TL40, "W", "两份投标文件综合单价相同的清单项占比", "P"),
        RuleRow("C10/lines", D(10), "行", TL40, "W", "比较单价所需的共同清单项", "P"),
        RuleRow("C10/errors", D(3), "行", TL40, "W", "两份投标文件相同的错漏清单项", "P"),
        RuleRow("C11", D(1), "%", TL40, "W", "四个以上报价等差：差值与平均差值之偏离", "P"),
        RuleRow("C11/three", D("0.1"), "%", TL40, "W", "三个报价等差：差值与平均差值之偏离", "P"),
        RuleRow("C12", D("0.05"), "%", TL40, "W", "四个以上报价等比：相邻比值之差", "P"),
        RuleRow("C13", D(90), "%", TL40, "W", "两份投标文件单价之比相同（四位小数）的清单项占比", "P"),
        RuleRow("C14", D(1), "%", TL40, "W", "报价变异系数低于", "P"),
        RuleRow("C15", D(5), "分钟", TL40, "W", "三家以上递交时间相距", "P"),
    ]
)
Book = Mapping[str, RuleRow]
# What programs write where a person wrote nothing.
NOBODY = frozenset(
    {"", "-", "administrator", "admin", "user", "users", "owner", "microsoft", "windows", "wps", "微软用户", "微软中国",
     "用户", "unknown", "anonymous", "openpyxl", "untitled"}
)  # fmt: skip


@dataclass(frozen=True)
class BidFacts:
    """What is known of one opened bid. `price` None where unread; `at` and `address` of the upload.

    `manager`: number of the project manager's certificate. `files`: SHA-256 of its files. `made`: document_id, author,
    saved_by, of its papers. `lines`: unit prices by number of the bill, fixed sums left out. `wrong`: what its bill has
    changed or miscounted.
    """

    id: str
    price: Decimal | None
    at: datetime
    address: str = ""
    manager: str = ""
    files: frozenset[str] = frozenset()
    made: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Decimal] = field(default_factory=dict)
    wrong: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True)
class Sign:
    """`rule` as in domain.md §7; `found` are short values; `bids` ids of those it is about."""

    rule: str
    level: Level
    found: str
    bids: tuple[str, ...]
    article: str = TL40


def signs(bids: Sequence[BidFacts], book: Book) -> list[Sign]:
    """All of them, the gravest first."""
    found = [
        *same_manager(bids), *same_address(bids), *same_maker(bids), *alike_lines(bids, book),
        *constant_ratio(bids, book), *price_ladder(bids, book), *close_uploads(bids, book),
    ]  # fmt: skip
    return sorted(found, key=lambda one: ORDER.index(one.level))


def _shared(bids: Iterable[BidFacts], of: Callable[[BidFacts], Hashable]) -> list[tuple[str, tuple[str, ...]]]:
    """(value, ids) of what several bids have in common, "" never."""
    groups: dict[str, list[str]] = defaultdict(list)
    for one in bids:
        value = str(of(one)).strip()
        if value.casefold() not in NOBODY:
            groups[value].append(one.id)
    return [(value, tuple(ids)) for value, ids in sorted(groups.items()) if len(ids) > 1]


def same_manager(bids: Sequence[BidFacts]) -> list[Sign]:
    """C2: one person leads the works of several bidders (art. 40 (3))."""
    return [Sign("C2", "DETERMINED_BASIS", value, ids) for value, ids in _shared(bids, lambda one: one.manager)]


def same_address(bids: Sequence[BidFacts]) -> list[Sign]:
    """C5: uploads from one address; behind one of a private network there may be many offices."""
    found = _shared(bids, lambda one: one.address)
    return [Sign("C5", "CLUE" if _public(value) else "INFO", value, ids) for value, ids in found]


def _public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def same_maker(bids: Sequence[BidFacts]) -> list[Sign]:
    """C6: the same file, or papers that come from one document or one person's hands (art. 40 (1))."""
    holders: dict[str, list[str]] = defaultdict(list)
    for one in bids:
        for digest in one.files:
            holders[digest].append(one.id)
    found = [Sign("C6/file", "CLUE", key[:16], tuple(ids)) for key, ids in sorted(holders.items()) if len(ids) > 1]
    for key in ("document_id", "author", "saved_by"):
        shared = _shared(bids, lambda one, key=key: one.made.get(key, ""))  # type: ignore[misc]
        found += [Sign(f"C6/{key}", "CLUE", value[:32], ids) for value, ids in shared]
    return found


def alike_lines(bids: Sequence[BidFacts], book: Book) -> list[Sign]:
    """C10: unit prices that two bids have in common, and errors that two bids share."""
    least, share, errors = book["C10/lines"].number, book["C10"].share, book["C10/errors"].number
    same: Counter[tuple[int, int]] = Counter()
    for group in _equal([one.lines for one in bids]):
        same.update(combinations(group, 2))
    found = []
    for (a, b), count in same.items():
        common = len(bids[a].lines.keys() & bids[b].lines.keys())
        if common >= least and count >= share * common:
            found.append((count, Sign("C10", "CLUE", f"{count}/{common}", (bids[a].id, bids[b].id))))
    wrong = [(a, b, len(a.wrong & b.wrong)) for a, b in combinations([one for one in bids if one.wrong], 2)]
    found += [(count, Sign("C10/errors", "CLUE", str(count), (a.id, b.id))) for a, b, count in wrong if count >= errors]
    return [one for _, one in sorted(found, key=lambda row: -row[0])[:MOST]]


def _equal(lines: Sequence[Mapping[str, Decimal]]) -> Iterable[list[int]]:
    """For every line and price the places of the bids that have it, where there are several."""
    groups: dict[tuple[str, Decimal], list[int]] = defaultdict(list)
    for place, prices in enumerate(lines):
        for no, price in prices.items():
            groups[no, price].append(place)
    return [group for group in groups.values() if len(group) > 1]


def constant_ratio(bids: Sequence[BidFacts], book: Book) -> list[Sign]:
    """C13: one bid's unit prices are another's times one number."""
    least, share = book["C10/lines"].number, book["C13"].share
    priced = [(one.id, _scaled(one.lines)) for one in bids]
    found = []
    for (a, left), (b, right) in combinations([one for one in priced if one[1]], 2):
        common = len(left.keys() & right.keys())
        if common < least:
            continue
        # So many lines may differ at most; the ratio, if there is one, has the majority among twice as many and one.
        odd = common - -(-common * share.numerator // share.denominator)
        ratio, count = Counter(islice(_ratios(left, right), 2 * odd + 1)).most_common(1)[0]
        if ratio == SCALE or count <= odd:
            continue
        count = sum(one == ratio for one in _ratios(left, right))
        if count >= share * common:
            found.append((count, Sign("C13", "CLUE", f"× {plain(D(ratio) / SCALE)} {count}/{common}", (a, b))))
    return [one for _, one in sorted(found, key=lambda row: -row[0])[:MOST]]


def _scaled(lines: Mapping[str, Decimal]) -> dict[str, int]:
    """Prices in ten-thousandths; one below that has no ratio to another."""
    return {no: whole for no, price in lines.items() if (whole := int(price * SCALE)) > 0}


def _ratios(left: Mapping[str, int], right: Mapping[str, int]) -> Iterable[int]:
    """The second price over the first for every common line, in ten-thousandths rounded half up."""
    for no, price in left.items():
        other = right.get(no)
        if other is not None:
            yield (2 * SCALE * other + price) // (2 * price)


def price_ladder(bids: Sequence[BidFacts], book: Book) -> list[Sign]:
    """C11: prices at equal distances; C12: at equal ratios; C14: all close together."""
    rows = sorted((one.price, one.id) for one in bids if one.price)
    prices, ids = [price for price, _ in rows], tuple(id for _, id in rows)
    if len(prices) < 3:
        return []
    found = []
    gaps = [b - a for a, b in pairwise(prices)]
    mean_gap = sum(gaps, Decimal(0)) / len(gaps)
    limit = book["C11"] if len(prices) >= 4 else book["C11/three"]
    if mean_gap and _within(max(abs(gap - mean_gap) for gap in gaps) / mean_gap, limit):
        found.append(Sign("C11", "CLUE", plain(mean_gap.quantize(Decimal("0.01"))), ids))
    ratios = [b / a for a, b in pairwise(prices)]
    if len(prices) >= 4 and mean_gap and _within(max(ratios) - min(ratios), book["C12"]):
        found.append(Sign("C12", "CLUE", f"× {ratios[0].quantize(Decimal('0.0001'))}", ids))
    mean = sum(prices, Decimal(0)) / len(prices)
    spread = (sum(((p - mean) ** 2 for p in prices), Decimal(0)) / len(prices)).sqrt() / mean * 100
    if spread < (book["C14"].value or 0):
        found.append(Sign("C14", "INFO", f"{spread.quantize(Decimal('0.01'))}%", ids))
    return found


def _within(part: Decimal, row: RuleRow) -> bool:
    assert row.value is not None
    return part * 100 <= row.value


def close_uploads(bids: Sequence[BidFacts], book: Book) -> list[Sign]:
    """C15: three or more uploads within five minutes."""
    rows = sorted(bids, key=lambda one: one.at)
    for first, last in zip(rows, rows[2:], strict=False):
        if last.at - first.at <= timedelta(minutes=book["C15"].number):
            near = tuple(one.id for one in rows if first.at <= one.at <= last.at)
            return [Sign("C15", "INFO", f"{int((last.at - first.at).total_seconds())} s", near)]
    return []
