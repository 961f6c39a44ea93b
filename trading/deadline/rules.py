"""What makes a deadline doubtful, and what a decision about it must keep; when the end of sealed quotes and responses
moves by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.rules import Breach, RuleBook, RuleRow
from trading.deadline.facts import Silence

Book = Mapping[str, RuleRow]
# A tender's numbers stand in the book of its procedure (OUTAGE). Quotes and responses have none, and no law names any:
# these are parameters of the platform.
OURS = "平台运行规则"
RULES = RuleBook(
    [
        RuleRow("END-GAP", Decimal(90), "秒", OURS, "X", "心跳间隔超过该时间视为中断，报价和响应截止时间顺延", "P"),
        RuleRow("END-JUDGED", Decimal(60), "分钟", OURS, "X", "截止时间之前该时间内的中断予以顺延", "P"),
    ]
)


def ends_book(told: date) -> Book:
    """The rows in force on the day on which suppliers were told of the end."""
    return RULES.at(told)


def longest(book: Book) -> timedelta:
    """END-GAP: a silence longer than this is an outage."""
    return timedelta(seconds=book["END-GAP"].number)


def judged_since(end: datetime, book: Book) -> datetime:
    """END-JUDGED: from here to the end nobody may be kept away."""
    return end - timedelta(minutes=book["END-JUDGED"].number)


def kept_away(times: Sequence[tuple[datetime, datetime]], book: Book) -> list[Breach]:
    """END-GAP: what is noted with an end that moves."""
    row = book["END-GAP"]
    return [
        row.breach(f"{since.isoformat()} / {until.isoformat()}", required=f"≤ {row.number}秒") for since, until in times
    ]


def clock_off(offset: Decimal | None, book: Book) -> list[Breach]:
    """CLOCK-OFFSET: more than so many seconds from national standard time, either way. Never stops a bidder."""
    row = book["CLOCK-OFFSET"]
    assert row.value is not None
    if offset is None or abs(offset) <= row.value:
        return []
    return [row.breach(f"{abs(offset)}秒", required=f"≤ {row.value}秒")]


def unbroken(silences: Sequence[Silence], book: Book) -> list[Breach]:
    """OUTAGE: an undecided outage stops the opening, not the bids."""
    row, longest = book["OUTAGE"], book["OUTAGE/gap"].number
    return [
        row.breach(f"{one.process}: {one.since.isoformat()} / {one.until.isoformat() if one.until else 'still'}",
                   required=f"≤ {longest}秒")
        for one in silences
    ]  # fmt: skip


def something_to_decide(outages: int, alarms: int, article: str) -> list[Breach]:
    """Nobody moves a deadline by this act without an outage or an alarm that waits."""
    if outages or alarms:
        return []
    return [Breach("DEADLINE-DECIDE", article, "B", "an outage or an alarm", "none")]


def new_deadline(moment: datetime, now: datetime, before: datetime, book: Book) -> list[Breach]:
    """POSTPONE: later than the one it replaces, and far enough away for bidders to hear of it and sign in anew."""
    row = book["POSTPONE"]
    least = max(now + timedelta(hours=row.number), before)
    if moment > before and moment >= least:
        return []
    need = f"≥ {least.isoformat()}" if least > before else f"> {before.isoformat()}"
    return [row.breach(moment.isoformat(), required=need, field="deadline")]
