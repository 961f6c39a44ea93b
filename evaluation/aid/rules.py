"""What a machine can lay beside a bid: prices line by line, and where in its papers an item is spoken of. Pure.

An aid shows findings with their article; what they mean is the committee's to say (招标投标法 art. 40).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import D, half_up
from core.rules import Breach, RuleBook, RuleRow
from methods.bill import Bill, Priced, number

TL51, C12, WORKS = "招标投标法实施条例 第51条", "评标委员会和评标方法暂行规定", "工程建设项目施工招标投标办法"
TL40 = "招标投标法实施条例 第40条"
TL50 = "招标投标法实施条例 第50条"
RULES = RuleBook(
    [
        RuleRow("AID-CEILING", D(100), "%", TL51, "W", "投标报价占最高投标限价", "V"),
        RuleRow("AID-LOW", D(85), "%", f"{C12} 第21条", "W", "报价低于最高投标限价的此比例，可能低于成本", "P"),
        RuleRow("AID-MEAN", D(80), "%", f"{C12} 第21条", "W", "报价低于各投标报价平均值的此比例，可能低于成本", "P"),
        RuleRow("AID-REFERENCE", D(10), "%", TL50, "W", "报价与标底之偏离，标底只作参考", "P"),
        RuleRow("AID-LINE", D(30), "%", f"{C12} 第21条", "W", "综合单价与各投标人平均单价之偏离", "P"),
        RuleRow("AID-LINE/bids", D(3), "家", f"{C12} 第21条", "W", "计算平均单价所需的投标人", "P"),
        RuleRow("AID-LIMIT", None, "-", TL51, "W", "综合单价不高于招标人清单的最高综合单价", "V"),
        RuleRow("C8", D(1), "%", TL40, "W", "两份投标文件去除招标文件内容后文字相同部分占较短一份", "P"),
        RuleRow("C8/run", D(30), "字", TL40, "W", "两份投标文件文字连续相同", "V"),
        RuleRow("AID-DURATION", None, "-", TL51, "W", "工期不超过招标文件规定", "V"),
    ]
)
Book = Mapping[str, RuleRow]


# -- prices -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Total:
    """A bid's price beside what it is measured by; every part is a percentage, None where there is nothing to measure.

    `findings` are warnings: a rule, its article, what is usual and what was found.
    """

    of_ceiling: Decimal | None
    of_mean: Decimal | None
    of_reference: Decimal | None
    findings: tuple[Breach, ...]


def percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part * 100 / whole).quantize(Decimal("0.01"))


def mean(values: Iterable[Decimal]) -> Decimal | None:
    listed = list(values)
    return sum(listed, Decimal(0)) / len(listed) if listed else None


def total(
    price: Decimal | None, ceiling: Decimal | None, average: Decimal | None, reference: Decimal | None, book: Book
) -> Total:
    """`average` of every readable price; all in one unit."""
    if price is None:
        return Total(None, None, None, ())
    found = []
    if ceiling:
        found += _over(price, ceiling, book["AID-CEILING"]) + _under(price, ceiling, book["AID-LOW"])
    if average:
        found += _under(price, average, book["AID-MEAN"])
    if reference:
        away, row = abs(percent(price, reference) - 100), book["AID-REFERENCE"]
        if abs(price - reference) > reference * _share(row):
            found.append(row.breach(f"{away}%", required=f"≤ {row.value}%"))
    parts = [percent(price, one) if one else None for one in (ceiling, average, reference)]
    return Total(parts[0], parts[1], parts[2], tuple(found))


def _share(row: RuleRow) -> Decimal:
    assert row.value is not None
    return row.value / 100


def _over(price: Decimal, whole: Decimal, row: RuleRow) -> list[Breach]:
    over = price > whole * _share(row)
    return [row.breach(f"{percent(price, whole)}%", required=f"≤ {row.value}%")] if over else []


def _under(price: Decimal, whole: Decimal, row: RuleRow) -> list[Breach]:
    low = price < whole * _share(row)
    return [row.breach(f"{percent(price, whole)}%", required=f"≥ {row.value}%")] if low else []


def duration(days: int | None, most: int, book: Book) -> list[Breach]:
    """The time for the works is no longer than the tender file gives."""
    row = book["AID-DURATION"]
    return [row.breach(days, required=f"≤ {most}日")] if days and most and days > most else []


def unit_prices(bill: Bill, priced: Priced) -> dict[str, Decimal]:
    """{number of the line: unit price} as the bidder wrote it: first of its number, fixed sums left out."""
    asked = {line.no for line in bill.lines if not line.fixed}
    found: dict[str, Decimal] = {}
    for row in priced.lines:
        value = number(row.price)
        if row.no in asked and row.no not in found and value is not None:
            found[row.no] = value
    return found


def over_limit(bill: Bill, prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """{number of the line: percent above} of unit prices above the highest one that the tender's own bill allows."""
    limits = {line.no: limit for line in bill.lines if (limit := number(line.limit))}
    return {
        no: percent(price - limits[no], limits[no])
        for no, price in prices.items()
        if no in limits and price > limits[no]
    }


def summed(bill: Bill, prices: Mapping[str, Decimal]) -> Decimal | None:
    """What unit prices and fixed amounts come to in yuan; None while a line has no price."""
    total = Decimal(0)
    for line in bill.lines:
        quantity, fixed = number(line.quantity), number(line.fixed)
        price = prices.get(line.no)
        if fixed is None and (price is None or quantity is None):
            return None
        total += fixed if fixed is not None else half_up((price or Decimal(0)) * (quantity or Decimal(0)), 2)
    return total


def line_means(bids: Iterable[Mapping[str, Decimal]], book: Book) -> dict[str, Decimal]:
    """Mean unit price of every line that enough bidders priced."""
    groups: dict[str, list[Decimal]] = defaultdict(list)
    for prices in bids:
        for no, value in prices.items():
            groups[no].append(value)
    least = book["AID-LINE/bids"].number
    return {no: sum(values, Decimal(0)) / len(values) for no, values in groups.items() if len(values) >= least}


@dataclass(frozen=True)
class Away:
    """A line priced far from the others: `deviation` in percent, below the mean negative."""

    no: str
    price: Decimal
    mean: Decimal
    deviation: Decimal


def unbalanced(prices: Mapping[str, Decimal], means: Mapping[str, Decimal], book: Book) -> list[Away]:
    """Lines whose unit price is further from the mean than the parameter says, the furthest first."""
    limit = _share(book["AID-LINE"])
    found = [
        Away(no, price, means[no], percent(price - means[no], means[no]))
        for no, price in prices.items()
        if means.get(no) and abs(price - means[no]) > limit * means[no]
    ]
    return sorted(found, key=lambda one: (-abs(one.deviation), one.no))


# -- where an item is spoken of ---------------------------------------------------------------------------------------

# What a machine knows about an item, by the words in its name.
TOPICS = {
    "price": ("报价", "限价"), "bill": ("清单",), "duration": ("工期",), "quality": ("质量",),
    "manager": ("项目负责人", "项目经理"), "parts": ("格式", "组成"), "digest": ("签字", "盖章"),
}  # fmt: skip


def topics(name: str) -> list[str]:
    return [topic for topic, words in TOPICS.items() if any(word in name for word in words)]


# Words of every bid: two titles that share only these have nothing in common.
COMMON = re.compile("投标文件|投标人|招标文件|招标人|有限公司|证明材料|资料|文件|附件|一览表|情况")
LEAST_RUN, MOST_PLACES = 3, 3
_SPLIT = re.compile(r"[^\w]+")


@dataclass(frozen=True)
class Entry:
    """A line of an outline, or a part of the bid by its name: `file` is a digest, `page` counts from 1."""

    title: str
    file: str
    page: int


def run(a: str, b: str) -> int:
    """Characters of the longest run that both texts have, words of every bid left out."""
    best = 0
    for left in _words(a):
        for right in _words(b):
            best = max(best, _longest(left, right))
    return best


def _words(text: str) -> list[str]:
    return [word for word in _SPLIT.split(COMMON.sub(" ", text)) if word]


def _longest(a: str, b: str) -> int:
    before, best = [0] * (len(b) + 1), 0
    for one in a:
        now = [0] * (len(b) + 1)
        for place, other in enumerate(b, 1):
            if one == other:
                now[place] = before[place - 1] + 1
                best = max(best, now[place])
        before = now
    return best


def places(name: str, entries: Sequence[Entry]) -> list[Entry]:
    """Entries whose title shares a run of at least three characters with an item's name, the longest run first."""
    rated = [(run(name, one.title), place, one) for place, one in enumerate(entries)]
    chosen = sorted((row for row in rated if row[0] >= LEAST_RUN), key=lambda row: (-row[0], row[1]))
    found: list[Entry] = []
    for _, _, one in chosen:
        if (one.file, one.page) not in [(other.file, other.page) for other in found]:
            found.append(one)
    return found[:MOST_PLACES]
