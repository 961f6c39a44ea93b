"""The award meeting. Who has voted and what was voted are two tables that share no column but the round."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class AwardMeeting(Base):
    """One meeting a case. States: DRAWING → GATHERING → VOTING → DECIDED → REPORTED.

    `vote` is the vote/1 object as counted so far; `say` the minutes as people spoke.
    """

    __tablename__ = "award_meeting"
    case_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    pool: Mapped[list[Any]]
    draw_id: Mapped[str] = mapped_column(String(16), default="")
    spares: Mapped[list[Any]] = mapped_column(default=list)
    vote: Mapped[dict[str, Any]]
    winner: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    report_id: Mapped[str] = mapped_column(String(16), default="")


class Elector(Keyed, Base):
    """A seat at the meeting. `kind`: elector (votes) or supervisor (watches, signs, never votes)."""

    __tablename__ = "award_elector"
    case_id: Mapped[str] = mapped_column(ForeignKey("award_meeting.case_id"), index=True)
    person_id: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(12))
    order: Mapped[int] = mapped_column("ord")
    signed_in_at: Mapped[datetime | None]
    pledged_at: Mapped[datetime | None]
    recused: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        UniqueConstraint("case_id", "person_id"),
        CheckConstraint("kind in ('elector', 'supervisor')", name="kind"),
    )


class AwardRound(Keyed, Base):
    """One ballot. `candidates` are on it; `closed_at` and the counts come together."""

    __tablename__ = "award_round"
    case_id: Mapped[str] = mapped_column(ForeignKey("award_meeting.case_id"), index=True)
    no: Mapped[int]
    runoff: Mapped[bool]
    candidates: Mapped[list[Any]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("case_id", "no"),)


class Voted(Base):
    """That a person has voted in a round, and nothing else."""

    __tablename__ = "award_voted"
    round_id: Mapped[str] = mapped_column(ForeignKey("award_round.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012


class Ballot(Keyed, Base):
    """One ballot paper: no person, no time; stored in the order of its random id, not of its casting.

    `choice` is [bid] or a ranking; [] is an abstention. This is not secret from an operator who watches the
    database while people vote (docs/threat-model.md).
    """

    __tablename__ = "award_ballot"
    round_id: Mapped[str] = mapped_column(ForeignKey("award_round.id"))
    choice: Mapped[list[Any]]
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012


class Speech(Keyed, Base):
    """The minutes as they grow: who said what when."""

    __tablename__ = "award_speech"
    case_id: Mapped[str] = mapped_column(ForeignKey("award_meeting.case_id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    text: Mapped[str]


class Publicity(Keyed, Base):
    """候选人公示: from when until when (the last day counts whole), and what stands in it."""

    __tablename__ = "award_publicity"
    case_id: Mapped[str] = mapped_column(String(16), index=True)
    published_at: Mapped[datetime]
    until: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(default=False)
    body: Mapped[dict[str, Any]]


class ResultLetter(Base):
    """What one bidder was told of the result; nobody else opens it. `told`: {total, place, of} or {reason}."""

    __tablename__ = "result_letter"
    bid_id: Mapped[str] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("trading_case.id"), index=True)
    org_id: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    told: Mapped[dict[str, Any]]
