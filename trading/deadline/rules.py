"""What makes a deadline doubtful, and what a decision about it must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.rules import Breach, RuleRow
from trading.deadline.facts import Silence

Book = Mapping[str, RuleRow]


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
