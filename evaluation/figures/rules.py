"""Whether a corrected price binds, or its bid is invalid. Pure (87号令 art. 59)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

GROUND = "M87-59"
ARTICLE = "政府采购货物和服务招标投标管理办法 第59条"


class Asked(Protocol):
    """A correction that was put to its bidder."""

    bid_id: str
    answer: str
    answer_until: datetime


def waits(one: Asked, now: datetime) -> bool:
    """The bidder may still say something."""
    return not one.answer and now <= one.answer_until


def waiting(found: Iterable[Asked], now: datetime) -> bool:
    return any(waits(one, now) for one in found)


def unconfirmed(found: Sequence[Asked], now: datetime) -> dict[str, str]:
    """{bid: ground}: declined, or the time over without a word."""
    return {one.bid_id: GROUND for one in found if one.answer != "confirmed" and not waits(one, now)}
