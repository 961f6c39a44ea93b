"""What was read once of the opened bids, for the committee's eyes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class BidReading(Base):
    """One opened bid. `facts`: {digest_holds, missing, pages, made, problem, kinds}: what every list shows.

    `papers`: [{sha256, name, pages, outline: [{title, page, level}], index}] of its PDFs, `index` the digest of a short
    page tree, "" where the file needs none. `lines`: {number: unit price}. Both are loaded only by whoever shows them.
    """

    __tablename__ = "aid_bid"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    round: Mapped[int]
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    papers: Mapped[list[Any]] = mapped_column(deferred=True)
    lines: Mapped[dict[str, Any]] = mapped_column(deferred=True)


class CaseReading(Base):
    """All bids of a round together. `signs`: as trading.bidding.signs found them; `away`: {bid: {count, lines}} of
    prices far from the mean; `means`: {number: mean unit price}; `texts`: passages that bids share (texts.py), {} until
    they are compared."""

    __tablename__ = "aid_case"
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    signs: Mapped[list[Any]]
    away: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    means: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}", deferred=True)
