"""One sitting of a committee: its stage, the leader's election, incidents, questions to bidders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed

STAGES = (
    "SIGN_IN", "LEADER", "BLIND", "PRELIM", "LACK", "SCORING", "LOWPRICE", "SUMMARY", "REPORT", "SIGNED",
)  # fmt: skip


class Sitting(Base):
    """`result`: the scoring/1 result once every member has locked. `lack`: {lack, reason} of the vote below three bids.
    `alike`: [{brands, bids, kept, how}] of bids of one brand and who stands for them.

    `paused` is the reason why nobody may act ("" = going on); `until` moves when the members ask for time (R1-21).
    """

    __tablename__ = "sitting"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(8), default="SIGN_IN")
    leader_id: Mapped[str] = mapped_column(String(16), default="")
    leader_round: Mapped[int] = mapped_column(default=1)
    paused: Mapped[str] = mapped_column(default="")
    until: Mapped[datetime]
    began_at: Mapped[datetime | None]
    rejected: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lack: Mapped[dict[str, Any]] = mapped_column(default=dict)
    scoring: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    alike: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    __table_args__ = (
        CheckConstraint(
            "stage in ('SIGN_IN', 'LEADER', 'BLIND', 'PRELIM', 'LACK', 'SCORING', 'LOWPRICE', 'SUMMARY', 'REPORT',"
            " 'SIGNED')",
            name="stage",
        ),
    )


class LeaderVote(Base):
    __tablename__ = "leader_vote"
    voter_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    choice_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"))


class TimeAsked(Base):
    """A member who finds the time too short (实施条例 art. 48)."""

    __tablename__ = "time_asked"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)


class Incident(Keyed, Base):
    """Everything out of the ordinary goes into the report (domain.md §4, failures)."""

    __tablename__ = "sitting_incident"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(30))
    site: Mapped[str] = mapped_column(String(6), default="")
    text: Mapped[str]


class Clarification(Keyed, Base):
    """A written question of the committee to one bidder and its signed answer (实施条例 art. 52).

    `ground`: the ground of rejection it is asked about, LOWPRICE for an abnormally low price, "" for anything else.
    """

    __tablename__ = "clarification"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    bid_id: Mapped[str] = mapped_column(String(16))
    org_id: Mapped[str] = mapped_column(String(16), index=True)
    ground: Mapped[str] = mapped_column(String(20), default="", server_default="")
    question: Mapped[str]
    asked_at: Mapped[datetime]
    answer_until: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="")
    attachments: Mapped[list[Any]] = mapped_column(default=list)
    answered_at: Mapped[datetime | None]
    certificate: Mapped[str] = mapped_column(String(64), default="")
