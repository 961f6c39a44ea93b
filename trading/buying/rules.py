"""When something may be bought, by whom it is approved, what warns of splitting. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from core.money import yuan
from core.rules import Breach, RuleRow
from trading.buying.facts import Away, ChainRow, Local, Offered, Wanted, Year
from trading.mall.categories import covers, stem

Book = Mapping[str, RuleRow]


def most_specific(code: str, among: Iterable[str]) -> str | None:
    """The deepest of those that cover `code`."""
    fitting = [one for one in among if covers(one, code)]
    return max(fitting, key=lambda one: len(stem(one)) if one else 0) if fitting else None


def group_of(code: str, level: int) -> str:
    """The category in whose sum `code` counts: so many levels below its root, 0 = itself."""
    if not level:
        return code
    wanted = stem(code)[: 1 + 2 * (level - 1)]
    return wanted.ljust(9, "0") if len(wanted) > 1 else wanted


def summed(code: str, number: Local) -> str:
    """The category whose sum stands beside `number`: as deep as it says, and never above what it is about."""
    group = group_of(code, number.level)
    return number.category if number.category and covers(group, number.category) else group


def in_force(rows: Iterable[Local], rule: str, day: date, region: str, category: str, regime: str) -> Local | None:
    """Of the rows begun by `day`: nearest region, then deepest category, then this regime's own, then the latest.
    None also where that row says that there is none any more."""
    fitting = [
        row for row in rows
        if row.rule == rule and row.effective_from <= day and region.startswith(row.region)
        and covers(row.category, category) and row.regime in ("", regime)
    ]  # fmt: skip
    if not fitting:
        return None

    def nearness(row: Local) -> tuple[int, int, bool, date]:
        return len(row.region), len(stem(row.category)) if row.category else 0, bool(row.regime), row.effective_from

    found = max(fitting, key=nearness)
    return found if found.value is not None else None


# -- what is bought ---------------------------------------------------------------------------------------------------


def region_stem(code: str) -> str:
    """What all codes of the region begin with."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def may_order(item: Offered, wanted: Wanted, book: Book) -> list[Breach]:
    """Everything about one line: it can be bought, and nothing has changed since the person looked."""
    found, row = list(item.why), book["BUY-CHANGED"]
    if item.price != wanted.price:
        found.append(row.breach(f"{yuan(item.price)}元", required=f"{yuan(wanted.price)}元", field=item.name))
    elif item.version != wanted.version:
        found.append(row.breach("changed", required="unchanged", field=item.name))
    return found


def direct_order(category: str, amount: Decimal, limit: Local | None, book: Book) -> list[Breach]:
    """What may be bought directly is in the local catalogue, and an order stays within its limit."""
    if limit is None or limit.value is None:
        return [book["BUY-DIRECT"].breach(category, required="in the catalogue of direct purchase", field=category)]
    if amount <= limit.value:
        return []
    row = book["BUY-DIRECT-ORDER"]
    return [_local(row, limit, f"≤ {yuan(limit.value)}元", f"{yuan(amount)}元", category)]


def direct_year(year: Year, limit: Local, book: Book) -> list[Breach]:
    """A category's direct purchases of a year stay within the local limit, where there is one."""
    if limit.value is None or year.total <= limit.value:
        return []
    row = book["BUY-DIRECT-YEAR"]
    return [_local(row, limit, f"≤ {yuan(limit.value)}元", f"{yuan(year.total)}元", year.category)]


def split(year: Year, threshold: Local, book: Book) -> list[Breach]:
    """BUY-SPLIT: more than the threshold in a year, one category, one buyer. It warns: a person says why (art. 28)."""
    if threshold.value is None or year.total <= threshold.value:
        return []
    row = book["BUY-SPLIT"]
    need, found = f"≤ {yuan(threshold.value)}元", f"{yuan(year.total)}元"
    return [Breach(row.id, row.article, "W", need, found, year.category)]


def _local(row: RuleRow, limit: Local, need: str, found: str, field: str) -> Breach:
    """The local document speaks: it is the article."""
    return Breach(row.id, limit.source, row.action, need, found, field)


# -- money ------------------------------------------------------------------------------------------------------------


def affordable(needed: Decimal, free: Decimal | None, field: str, book: Book) -> list[Breach]:
    """BUY-BUDGET: `free` is what the budget has left, None where no budget covers the category."""
    if free is not None and needed <= free:
        return []
    found = "none" if free is None else f"{yuan(free)}元"
    return [book["BUY-BUDGET"].breach(found, required=f"≥ {yuan(needed)}元", field=field)]


def may_shrink(amount: Decimal, drawn: Decimal, book: Book) -> list[Breach]:
    """A budget is never set below what is held and spent of it."""
    if amount >= drawn:
        return []
    return [book["BUY-BUDGET"].breach(f"{yuan(amount)}元", required=f"≥ {yuan(drawn)}元", field="amount")]


# -- approval ---------------------------------------------------------------------------------------------------------

MANAGER_STEP: dict[str, object] = {"name": "单位管理员", "duty": "manager", "persons": []}


def chain_for(rows: Sequence[ChainRow], categories: Iterable[str], total: Decimal) -> list[dict[str, object]]:
    """The steps a purchase goes, each once. Where no chain covers a category the organisation's manager approves:
    nothing is bought without anybody's word unless a chain says so."""
    steps: list[dict[str, object]] = []
    for category in sorted(set(categories)):
        fitting = [row for row in rows if covers(row.category, category) and row.least <= total]
        deepest = most_specific(category, {row.category for row in fitting})
        chosen = [row for row in fitting if row.category == deepest]
        found = max(chosen, key=lambda row: row.least).steps if chosen else (MANAGER_STEP,)
        steps += [one for one in found if one not in steps]
    return steps


def standing_in(person: str, away: Iterable[Away], day: date) -> set[str]:
    """For whom `person` may decide on `day`: for itself, unless it is absent, and for whoever named it."""
    rows = list(away)
    own = {person} if not any(row.person == person and row.first <= day <= row.last for row in rows) else set()
    return own | {row.person for row in rows if row.substitute == person and row.first <= day <= row.last}


def may_decide(
    approvers: Collection[str], acting: str, requester: str, for_whom: Collection[str], book: Book
) -> list[Breach]:
    """An approver of this step, or who stands in for one; never who asks (domain.md §8), in nobody's name."""
    if acting == requester:
        return [book["BUY-APART"].breach("requester", required="another person")]
    if not set(for_whom) & (set(approvers) - {requester}):
        return [book["BUY-STEP"].breach("not of this step", required="approver of this step")]
    return []


def has_approvers(name: str, approvers: Collection[str], requester: str, book: Book) -> list[Breach]:
    """A step that only the requester, or nobody, could approve stops the purchase before it begins."""
    if set(approvers) - {requester}:
        return []
    return [book["BUY-CHAIN"].breach("nobody", required=f"approver of “{name}”" if name else "approver", field="steps")]


def from_today(first: date, today: date, book: Book) -> list[Breach]:
    """A local number never changes what was judged before it."""
    if first >= today:
        return []
    return [book["BUY-PARAMETER"].breach(first.isoformat(), required=f"≥ {today.isoformat()}", field="effective_from")]


def number(rule: str, local: Local | None, book: Book) -> Decimal:
    """The local number, else the house's own proposal."""
    if local is not None and local.value is not None:
        return local.value
    proposed = book[rule].value
    assert proposed is not None, f"{rule} has no number of its own"
    return proposed
