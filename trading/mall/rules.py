"""What an item must be, and the price watch. Pure.

The mall's rules are made locally: every number is a dated row, its source mark P (a parameter of ours).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from core.calendar import Calendar, Due
from core.money import plain
from core.rules import Breach, RuleBook, RuleRow
from trading.mall.facts import Asked, Past, PriceFacts
from trading.mall.machine import RULES_OF

Book = Mapping[str, RuleRow]
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
MB = 1 << 20


def _row(rule: str, value: int | None, unit: str, action: str, text: str) -> RuleRow:
    number = None if value is None else Decimal(value)
    return RuleRow(rule, number, unit, RULES_OF, action, text, "P")  # type: ignore[arg-type]


RULES = RuleBook(
    (
        _row("ITEM-SKU", None, "-", "B", "number of the supplier's own that no other item of it has"),
        _row("ITEM-SPEC", None, "-", "B", "specification as the category's template asks"),
        _row("ITEM-DOUBTFUL", None, "-", "B", "category whose name is certain"),
        _row("ITEM-GOODS", None, "-", "B", "category of goods or services"),
        _row("ITEM-SAME", None, "-", "B", "category, brand and model stay while the item is listed"),
        _row("ITEM-REGION", None, "-", "B", "delivery within the regions of the supplier's entry"),
        _row("ITEM-CERTIFICATE", None, "-", "B", "certificate that is still valid"),
        _row("ITEM-TEMPLATE", None, "-", "B", "specification checked by the templates in force"),
        _row("ITEM-LISTED", None, "-", "B", "listed item of a supplier in good standing"),
        _row("ITEM-STOCK", None, "-", "B", "as many as are in stock"),
        _row("ITEM-REVIEW", 3, "工作日", "T", "working days for the review of an item"),
        _row("PICTURE-COUNT", 8, "张", "B", "pictures of an item"),
        _row("PICTURE-SIZE", 5, "MB", "B", "size of a picture as it is uploaded"),
        _row("PICTURE-KIND", None, "-", "B", "PNG, JPEG or WebP picture"),
        _row("PICTURE-EDGE", 200, "px", "B", "shorter edge of a picture"),
        _row("PRICE-AGREEMENT", None, "-", "B", "price not above that of the framework agreement"),
        _row("PRICE-ELSEWHERE", None, "-", "B", "price not above the supplier's own price elsewhere"),
        _row("PRICE-RISE/days", 30, "日", "W", "days over which a rise is looked at"),
        _row("PRICE-RISE", 20, "%", "W", "rise of a price that is looked into"),
        _row("PRICE-RISE/block", 50, "%", "B", "rise of a price that is not allowed"),
        _row("PRICE-MEDIAN", 30, "%", "W", "price above the median of the same brand and model"),
        _row("PRICE-MEDIAN/least", 3, "家", "W", "other offers from which a median is taken"),
        _row("REPORT-MOST", 20, "次", "B", "reports of a person in a day"),
        _row("REPORT-ONCE", None, "-", "B", "one report of a person on an item while it is looked into"),
        _row("PATROL-SAMPLE", 30, "个", "W", "items of the monthly sample of the patrol"),
        _row("PATROL-ONCE", None, "-", "B", "one sample a month"),
        _row("IMPORT-ROWS", 10_000, "行", "B", "lines of a file of items"),
        _row("IMPORT-FRESH", None, "-", "B", "items, templates and entry as they were when the file was checked"),
    )
)


def book_at(now: datetime, region: str = "") -> dict[str, RuleRow]:
    return RULES.at(now.date(), region)


def review_until(now: datetime, book: Book, calendar: Calendar) -> Due:
    """The last working day for the centre (ITEM-REVIEW); the day of the handing in is not counted."""
    return calendar.add_workdays(now.date(), book["ITEM-REVIEW"].number, guess=True)


# -- what an item must be ---------------------------------------------------------------------------------------------


def _number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def spec_faults(specs: Mapping[str, str], asked: Asked) -> list[tuple[str, str, str]]:
    """[(field, required, found)] of what does not fit the template: missing, of the wrong kind, or not asked for. Where
    no template asks anything, anything may be said."""
    if not asked.fields:
        return []
    wrong: list[tuple[str, str, str]] = []
    names = {one.name for one in asked.fields}
    wrong += [(name, "-", "not in the template") for name, said in specs.items() if said and name not in names]
    for one in asked.fields:
        said = specs.get(one.name, "")
        if not said:
            wrong += [(one.name, "required", "-")] if one.required else []
        elif one.kind == "number" and not _number(said):
            wrong.append((one.name, "a number", said[:40]))
        elif one.kind == "choice" and said not in one.choices:
            wrong.append((one.name, " / ".join(one.choices)[:60], said[:40]))
        elif one.kind == "yes_no" and said not in ("是", "否"):
            wrong.append((one.name, "是 / 否", said[:40]))
    return wrong


def specs_fit(specs: Mapping[str, str], asked: Asked, book: Book) -> list[Breach]:
    """ITEM-SPEC for each field that does not fit."""
    row = book["ITEM-SPEC"]
    return [row.breach(found, required=need, field=f"specs.{name}") for name, need, found in spec_faults(specs, asked)]


def templates_same(checked: Mapping[str, int], asked: Asked, book: Book) -> list[Breach]:
    """ITEM-TEMPLATE: a template may have got a newer version since the item was saved."""
    same = dict(checked) == dict(asked.versions)
    return [] if same else [book["ITEM-TEMPLATE"].breach("an older version", required="newest version")]


def same_thing(before: Sequence[str], after: Sequence[str], book: Book) -> list[Breach]:
    """ITEM-SAME: what buyers know by its number does not become something else. (category, brand, model)"""
    pairs = zip(("category", "brand", "model"), before, after, strict=True)
    row = book["ITEM-SAME"]
    return [row.breach(new or "-", required=old or "-", field=name) for name, old, new in pairs if old != new]


def marks_of(certificates: Sequence[Mapping[str, str]], day: date) -> list[str]:
    """The marks whose certificate is valid on `day`, its last day included."""
    return sorted({one["mark"] for one in certificates if date.fromisoformat(one["until"]) >= day})


def certificates_valid(certificates: Sequence[Mapping[str, str]], day: date, book: Book) -> list[Breach]:
    """ITEM-CERTIFICATE: an item is not handed in with a certificate that has run out."""
    row = book["ITEM-CERTIFICATE"]
    old = [one for one in certificates if date.fromisoformat(one["until"]) < day]
    return [row.breach(one["until"], required=f"≥ {day}", field="certificates") for one in old]


def pictures_few(count: int, book: Book) -> list[Breach]:
    row = book["PICTURE-COUNT"]
    return [row.breach(count, required=f"≤ {row.number}", field="pictures")] if count > row.number else []


def picture_fits(kind: str, size: int, width: int, height: int, book: Book) -> list[Breach]:
    """`size` in bytes, of what was uploaded."""
    found: list[Breach] = []
    if kind not in ("PNG", "JPEG", "WEBP"):
        found.append(book["PICTURE-KIND"].breach(kind or "-", required="PNG / JPEG / WebP"))
    most, edge = book["PICTURE-SIZE"].number, book["PICTURE-EDGE"].number
    if size > most * MB:
        found.append(book["PICTURE-SIZE"].breach(f"{-(-size // MB)} MB", required=f"≤ {most} MB"))
    if min(width, height) < edge:
        found.append(book["PICTURE-EDGE"].breach(f"{width} × {height}", required=f"≥ {edge}"))
    return found


# -- the price watch --------------------------------------------------------------------------------------------------


def lowest_of(past: Sequence[Past], since: datetime) -> Decimal | None:
    """The lowest price buyers saw at any moment from `since` on: the one in force then counts too."""
    before = [one for one in past if one.at <= since][-1:]
    seen = [one.price for one in before] + [one.price for one in past if one.at > since]
    return min(seen, default=None)


def median(prices: Sequence[Decimal]) -> Decimal:
    """Of an even number the mean of the two in the middle."""
    ordered = sorted(prices)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _above(base: Decimal, percent: RuleRow) -> Decimal:
    """`base` and so many hundredths more."""
    assert percent.value is not None
    return base * (100 + percent.value) / 100


def _yuan(price: Decimal) -> str:
    return f"{plain(price)}元"


def _most(limit: Decimal) -> str:
    """Prices are whole fen: what lies between two of them limits like the lower one."""
    return f"≤ {_yuan(limit.quantize(Decimal('0.01'), rounding=ROUND_DOWN))}"


def _rise(facts: PriceFacts, book: Book) -> list[Breach]:
    since = facts.now - timedelta(days=book["PRICE-RISE/days"].number)
    base = lowest_of(facts.past, since)
    for row in (book["PRICE-RISE/block"], book["PRICE-RISE"]):
        if base is not None and facts.price > (most := _above(base, row)):
            return [row.breach(_yuan(facts.price), required=_most(most), field="price")]
    return []


def _beside(facts: PriceFacts, book: Book) -> list[Breach]:
    row = book["PRICE-MEDIAN"]
    if len(facts.alike) < book["PRICE-MEDIAN/least"].number:
        return []
    most = _above(median(facts.alike), row)
    over = facts.price > most
    return [row.breach(_yuan(facts.price), required=_most(most), field="price")] if over else []


def watch(facts: PriceFacts, book: Book) -> list[Breach]:
    """What the price watch says of a price: breaches that block it, and warnings that go to the patrol."""
    found: list[Breach] = []
    for rule, most in (("PRICE-AGREEMENT", facts.agreement), ("PRICE-ELSEWHERE", facts.elsewhere)):
        if most is not None and facts.price > most:
            found.append(book[rule].breach(_yuan(facts.price), required=f"≤ {_yuan(most)}", field="price"))
    return found + _rise(facts, book) + _beside(facts, book)


# -- the patrol -------------------------------------------------------------------------------------------------------


def may_report(today: int, waiting: bool, book: Book) -> list[Breach]:
    """`today`: reports of this person since midnight; `waiting`: one of theirs on this item is not decided."""
    most = book["REPORT-MOST"]
    found = [most.breach(today, required=f"< {most.number}")] if today >= most.number else []
    return found + ([book["REPORT-ONCE"].breach("open")] if waiting else [])


def sample(seed: str, items: Sequence[str], size: int) -> list[str]:
    """The first `size` items by SHA-256 of seed and id: whoever has the seed and the list draws the same ones."""
    return sorted(items, key=lambda one: (hashlib.sha256(f"{seed}{one}".encode()).digest(), one))[:size]
