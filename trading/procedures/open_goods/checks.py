"""What is asked of a procurement's tender file before it is issued: domain.md §1.3, R2-01 to R2-15. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from core.calendar import Calendar
from core.money import D, half_up, plain
from core.rules import Breach, RuleRow
from methods import small
from trading.document import rules
from trading.document.facts import Draft

Book = Mapping[str, RuleRow]

# 87号令 art. 17: the size of a firm, and its maker's blessing.
SIZE = ("注册资本", "资产总额", "营业收入", "从业人员", "利润", "纳税额", "生产厂家授权", "制造商授权", "原厂授权")
# What a bidder must be, not how good its offer is: examined as qualification, never scored (art. 55).
QUALITIES = (
    "资格", "营业执照", "许可证", "独立承担民事责任", "财务会计制度", "缴纳税收", "社会保障资金", "重大违法记录",
)  # fmt: skip
LEAST = {"goods": "R2-14/goods", "services": "R2-14/services"}
LOWEST = [{"of": "lowest", "weight": "1"}]


def notice_period(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-01: the notice stands at least five working days."""
    row, days = book["R2-01"], int(d.settings.get("notice_days", book["R2-01"].number))
    if days >= row.number:
        return []
    return [row.breach(f"{days}{row.unit}", required=f"≥ {row.number}{row.unit}", field="settings.notice_days")]


def budget(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-06: the budget is public; a ceiling is optional and not above it; a lowest price is never set."""
    row, found = book["R2-06"], []
    if d.ceiling and d.ceiling_wan > d.estimate:
        need = f"≤ {plain(d.estimate)}万元"
        found.append(row.breach(f"{plain(d.ceiling_wan)}万元", required=need, field="ceiling"))
    if d.settings.get("minimum_price"):
        found.append(row.breach(d.settings["minimum_price"], required="无最低限价", field="settings.minimum_price"))
    return found


def bid_bond(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-07: at most two in a hundred of the budget, and never cash."""
    row, found = book["R2-07"], []
    assert row.value is not None
    if d.bond * 100 > d.estimate * row.value:
        need = f"≤ {plain(d.estimate * row.value / 100)}万元 ({plain(row.value)}%)"
        found.append(row.breach(f"{plain(d.bond)}万元", required=need, field="bid_bond"))
    if d.bond and "cash" in (d.settings.get("bond_forms") or ()):
        found.append(book["R2-07/form"].breach("cash", required="非现金形式", field="bond_forms"))
    return found


def weight(evaluation: Mapping[str, Any]) -> Fraction:
    """The price's share of all points."""
    price = evaluation.get("price") or {}
    points = Fraction(D(price.get("full", "0"))) * Fraction(D(price.get("weight", "1")))
    others = [Fraction(D(one["max"])) * Fraction(D(one.get("weight", "1"))) for one in evaluation.get("criteria") or ()]
    whole = points + sum(others, Fraction(0))
    return points / whole if whole else Fraction(0)


def price_weight(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-14: goods at least 30 %, services at least 10 %."""
    if not d.evaluation:
        return []
    row, share = book[LEAST[d.kind]], weight(d.evaluation)
    if share >= row.share:
        return []
    found = half_up(D(share.numerator * 100) / D(share.denominator), 2)
    return [row.breach(f"{plain(found)}%", required=f"≥ {row.value}%", field="evaluation.price.weight")]


def low_price_first(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-14/formula: lowest price ÷ price × points (art. 55), or the lowest evaluated price with nothing scored beside
    it (art. 54). No price is left out, nothing is drawn, no other benchmark."""
    price = d.evaluation.get("price")
    if not price:
        return []
    kind, benchmark = price["curve"]["kind"], price.get("benchmark") or {"terms": LOWEST}
    terms = [{"of": one.get("of"), "weight": plain(D(one.get("weight", "1")))} for one in benchmark.get("terms") or ()]
    extra = {key for key, value in benchmark.items() if value and key not in ("terms", "round")}
    if benchmark.get("factor") and D(benchmark["factor"]) == 1:
        extra.discard("factor")
    sound = terms == LOWEST and not extra
    alone = kind == "evaluated" and not d.evaluation.get("criteria")
    if sound and (kind == "ratio" or alone):
        return []
    other = " ".join(sorted(extra)) or " + ".join(str(one["of"]) for one in terms)
    said = kind if sound or kind not in ("ratio", "evaluated") else other
    return [book["R2-14/formula"].breach(said or "-", required="低价优先法", field="evaluation.price.curve.kind")]


def _written(d: Draft) -> Iterator[tuple[str, str]]:
    """(field, text) of all that says who may bid or what is scored."""
    yield "sections.qualification", str(d.sections.get("qualification", ""))
    for key in ("criteria", "preliminary", "qualification"):
        for one in d.evaluation.get(key) or ():
            yield f"evaluation.{key}", str(one.get("name", ""))


def _named(texts: Iterable[str], words: Iterable[str]) -> list[str]:
    return [word for word in words if any(word in text for text in texts)]


def size_conditions(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-15: words of a firm's size, or a maker's blessing, in what qualifies or scores."""
    return [
        book["R2-15"].breach(word, required="不设规模条件", field=field)
        for field, text in _written(d)
        for word in _named([text], SIZE)
    ]


def qualification_apart(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-15: what qualifies is not scored. R2-10: nor does the committee review it."""
    scored = [str(one.get("name", "")) for one in d.evaluation.get("criteria") or ()]
    reviewed = [f"{one.get('part', '')} {one.get('name', '')}" for one in d.evaluation.get("preliminary") or ()]
    found = [
        book["R2-15/scored"].breach(word, required="不作评审因素", field="evaluation.criteria")
        for word in _named(scored, QUALITIES)
    ]
    return found + [
        book["R2-10"].breach(word, required="采购人或者采购代理机构审查", field="evaluation.preliminary")
        for word in _named(reviewed, QUALITIES)
    ]


def ranked(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """R2-CANDIDATES, R2-ORDER: the committee ranks, the purchaser settles the winner in that order."""
    row, order, found = book["R2-CANDIDATES"], book["R2-ORDER"], []
    if d.award.get("separate"):
        found.append(order.breach("separate", required="ranked", field="award.separate"))
    if not d.award.get("ranked", True):
        found.append(order.breach("unranked", required="ranked", field="award.ranked"))
    candidates = int(d.award.get("candidates", row.number))
    if not 1 <= candidates <= row.number:
        found.append(row.breach(candidates, required=f"1–{row.number}", field="award.candidates"))
    return found


def small_share(d: Draft, book: Book, cal: Calendar) -> list[Breach]:
    """SME-SHARE: the reduced deduction lies within the law's bounds; no larger share is asked than by the law."""
    price = d.evaluation.get("price") or {}
    rate = (price.get("deductions") or {}).get(small.FLAG)
    if rate is None:
        return []
    least, most, share = book["SME-SHARE/least"], book["SME-SHARE/most"], book["SME-SHARE"]
    assert share.value is not None
    found, need = [], f"{least.value}%–{most.value}%"
    for row, wrong in ((least, Fraction(rate) < least.share), (most, Fraction(rate) > most.share)):
        if wrong:
            found.append(row.breach(f"{plain(D(rate) * 100)}%", required=need, field="evaluation.price.deductions"))
    if D(price["least_share"]) > share.value:
        field = "evaluation.price.least_share"
        found.append(share.breach(f"{price['least_share']}%", required=f"≤ {plain(share.value)}%", field=field))
    return found


CHECKS = (
    rules.complete, rules.plan_first, rules.order_of_days, notice_period, rules.issue_period, rules.bidding_period,
    budget, bid_bond, price_weight, low_price_first, size_conditions, qualification_apart, rules.time_to_explain,
    rules.low_price_lines, rules.blind_part, small_share, ranked,
)  # fmt: skip
