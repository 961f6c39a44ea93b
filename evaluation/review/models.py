"""Preliminary review: each member's marks, the votes to reject, the vote on lacking competition."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Mark(Base):
    """One member's finding on one item of one bid. A fail names its ground, page and reason.

    `unclear`: the bid's own words leave it open, so the bidder is asked before anybody rejects (1117号 art. 13).
    """

    __tablename__ = "review_mark"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    item: Mapped[str] = mapped_column(String(20), primary_key=True)
    passed: Mapped[bool]
    page: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(default="")
    ground: Mapped[str] = mapped_column(String(20), default="")
    unclear: Mapped[bool] = mapped_column(default=False, server_default="0")
    at: Mapped[datetime]
    __table_args__ = (CheckConstraint("passed or (ground != '' and reason != '' and page != '')", name="fail"),)


class RejectVote(Base):
    """One member's vote on rejecting one bid for one ground."""

    __tablename__ = "reject_vote"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    ground: Mapped[str] = mapped_column(String(20), primary_key=True)
    reject: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class LackVote(Base):
    """One member's vote on whether fewer than three bids lack competition (12号令 art. 27)."""

    __tablename__ = "lack_vote"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    lack: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]
