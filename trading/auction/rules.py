"""The rules of a reverse auction. No law fixes their numbers: they are the platform's (P), told in every notice; for
state firms GB/T 43711—2024 asks for them to stand in the documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.money import plain
from core.rules import Breach, RuleBook, RuleRow
from trading.auction.facts import Broken, Standing, Terms

Book = Mapping[str, RuleRow]
OURS, STANDARD = "平台竞价规则", "GB/T 43711—2024 竞价"


def _row(id: str, text: str, value: int | None = None, unit: str = "-", action: str = "B") -> RuleRow:
    number = None if value is None else Decimal(value)
    return RuleRow(id, number, unit, OURS, action, text, "P")  # type: ignore[arg-type]


RULES = RuleBook(
    [
        _row("AUC-LEAST", "有效报价供应商不足时竞价作废", 3, "家"),
        _row("AUC-WINDOW", "结束前的延时窗口（缺省）", 180, "秒", "T"),
        _row("AUC-EXTEND", "窗口内报价后的延长时间（缺省）", 180, "秒", "T"),
        _row("AUC-CONFIRM", "成交候选人确认期限", 72, "小时", "T"),
        _row("AUC-FAR", "低于当前最低价达到该比例的报价须再次确认（缺省）", 30, "%", "R"),
        _row("AUC-GAP", "服务无响应超过该时间视为中断", 10, "秒", "X"),
        _row("AUC-SHORTEST", "竞价时间不少于", 300, "秒"),
        _row("AUC-START", "竞价开始前不接受报价"),
        _row("AUC-END", "竞价结束后不接受报价"),
        _row("AUC-CEILING", "首次报价不高于最高限价"),
        _row("AUC-STEP", "每次报价至少低于当前最低价一个降价幅度"),
        _row("AUC-TERMS", "竞价参数须自洽"),
        _row("AUC-ENTRANT", "参加竞价的供应商须符合条件并已报名"),
        _row("AUC-PAUSED", "竞价暂停期间不接受报价"),
        _row("AUC-SPLIT", "分项报价之和不高于成交价"),
        _row("AUC-TURN", "仅由当前轮到的供应商确认"),
        _row("AUC-PARTY", "仅由采购人或主管交易中心办理"),
    ]
)


def book(regime: str, day: date) -> Book:
    """The rows in force; what the standard for state firms asks for itself carries its name there."""
    found = RULES.at(day)
    if regime != "state_firm":
        return found
    return {key: replace(row, article=STANDARD) if key in ("AUC-LEAST", "AUC-END") else row
            for key, row in found.items()}  # fmt: skip


def yuan(amount: Decimal) -> str:
    return f"{plain(amount)}元"


def terms(own: Book, opens: datetime, ends: datetime, now: datetime, ceiling: Decimal, step: Decimal, extend: int,
          window: int, bidders: Sequence[str], invited: bool) -> list[Breach]:  # fmt: skip
    """What is published must be able to run: it begins later, lasts long enough, and three could lower the price."""
    found = []
    if opens <= now:
        found.append(own["AUC-TERMS"].breach(opens.isoformat(), required=f"> {now.isoformat()}", field="opens_at"))
    shortest = max(own["AUC-SHORTEST"].number, window)
    if ends < opens + timedelta(seconds=shortest):
        least = opens + timedelta(seconds=shortest)
        found.append(own["AUC-SHORTEST"].breach(ends.isoformat(), required=f"≥ {least.isoformat()}", field="ends_at"))
    if step * own["AUC-LEAST"].number >= ceiling:
        most = f"< {yuan(ceiling / own['AUC-LEAST'].number)}"
        found.append(own["AUC-TERMS"].breach(yuan(step), required=most, field="step"))
    if window > 0 and extend < window:
        found.append(own["AUC-TERMS"].breach(f"{extend}秒", required=f"≥ {window}秒", field="extend"))
    if invited and len(bidders) < own["AUC-LEAST"].number:
        found.append(own["AUC-LEAST"].breach(f"{len(bidders)}家", field="invited"))
    return found


def in_time(at: datetime, one: Standing, own: Book) -> list[Breach]:
    """From the start on, before the end: a price at the end itself comes too late."""
    if at < one.opens_at:
        return [own["AUC-START"].breach(at.isoformat(), required=f"≥ {one.opens_at.isoformat()}")]
    if at >= one.ends_at:
        return [own["AUC-END"].breach(at.isoformat(), required=f"< {one.ends_at.isoformat()}")]
    return []


def highest(one: Standing) -> Decimal:
    """The highest price that may be given now."""
    return one.ceiling if one.best is None else one.best - one.step


def price(offered: Decimal, one: Standing, own: Book) -> list[Breach]:
    """≤ ceiling at first, then at least a step below the best, whoever has it: so no two prices are ever equal."""
    most = highest(one)
    if offered <= most:
        return []
    row = own["AUC-CEILING" if one.best is None else "AUC-STEP"]
    return [row.breach(yuan(offered), required=f"≤ {yuan(most)}", field="price")]


def far(offered: Decimal, one: Standing, own: Book) -> list[Breach]:
    """A price so far below the best (or the ceiling) looks like a slip of the hand and is asked for again."""
    above = one.ceiling if one.best is None else one.best
    least = above * (100 - one.far) / 100
    if offered >= least:
        return []
    return [own["AUC-FAR"].breach(yuan(offered), required=f"≥ {yuan(least)}", field="price")]


def extended(at: datetime, ends: datetime, how: Terms) -> datetime:
    """The end after a bid at `at`: one in the last `window` seconds leaves at least `extend` seconds more."""
    if how.most and how.done >= how.most:
        return ends
    if ends - at > timedelta(seconds=how.window):
        return ends
    return ends + timedelta(seconds=how.extend)


def after_break(opens: datetime, ends: datetime, one: Broken, window: int) -> datetime:
    """The end after time without service: a process that started anew leaves a whole window, an outage gives back what
    was lost of the bidding time and a window with it. A break before the start or after the end moves nothing."""
    begun = max(one.since, opens)
    if begun >= ends or one.until <= opens:
        return ends
    whole = timedelta(seconds=window)
    if not one.whole:
        return max(ends, one.until + whole)
    lost = min(one.until, ends) - begun
    return max(ends + lost + whole, one.until + whole)


def counts(opens: datetime, one: Broken, own: Book) -> bool:
    """A silence that lasted longer than a pulse may be away, as far as it lies in the bidding time."""
    return one.until - max(one.since, opens) > timedelta(seconds=own["AUC-GAP"].number)


def enough(valid: int, own: Book) -> list[Breach]:
    row = own["AUC-LEAST"]
    return [] if valid >= row.number else [row.breach(f"{valid}家")]


def split(prices: Sequence[Decimal], quantities: Sequence[int], bid: Decimal, own: Book) -> list[Breach]:
    """Unit prices that together do not exceed the price that was bid."""
    total = sum((one * count for one, count in zip(prices, quantities, strict=True)), Decimal(0))
    return [] if total <= bid else [own["AUC-SPLIT"].breach(yuan(total), required=f"≤ {yuan(bid)}", field="prices")]


def mark(secret: str, seq: int) -> str:
    """What stands beside a price of this entry: its own pages know it, nobody else can tell two of them together."""
    return hashlib.sha256(f"{secret}/{seq}".encode()).hexdigest()[:16]
