"""When a sitting stands still: lines that fell silent, halts and who let it go on, seats that were changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class MemberLine(Base):
    """A member whose browser has once been heard. `away_at`: silent since; `alarmed_at`: venue and regulator were told.

    Heartbeats themselves stay in memory; only what changes is written.
    """

    __tablename__ = "member_line"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    came_at: Mapped[datetime]
    away_at: Mapped[datetime | None]
    alarmed_at: Mapped[datetime | None]


class SiteReport(Keyed, Base):
    """A venue says that it is cut off, before or instead of what the lines of its members tell."""

    __tablename__ = "site_report"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    site: Mapped[str] = mapped_column(String(6))
    since: Mapped[datetime]
    reason: Mapped[str]
    over_at: Mapped[datetime | None]


class Halt(Keyed, Base):
    """The sitting stands still, at most once at a time. `cause`: declared, site or start.

    `ended`: resumed, overnight when a freeze took its place, or failed. `go_on_at` of a freeze: from when members come
    back.
    """

    __tablename__ = "sitting_halt"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    cause: Mapped[str] = mapped_column(String(10))
    site: Mapped[str] = mapped_column(String(6), default="")
    reason: Mapped[str]
    by_org: Mapped[str] = mapped_column(String(16), default="")
    from_at: Mapped[datetime]
    go_on_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    ended: Mapped[str] = mapped_column(String(10), default="")
    said: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        CheckConstraint("kind in ('staff', 'tech', 'overnight', 'flaw')", name="kind"),
        CheckConstraint("cause in ('declared', 'site', 'start')", name="cause"),
        CheckConstraint("(kind = 'overnight') = (go_on_at is not null)", name="freeze"),
        Index("ix_sitting_halt_open", "committee_id", unique=True, sqlite_where=text("until_at is null"),
              postgresql_where=text("until_at is null")),
    )  # fmt: skip


class Consent(Base):
    """A word that lets the sitting go on; `party`: supervisor, leader, venue, or a member's id (overnight)."""

    __tablename__ = "halt_consent"
    halt_id: Mapped[str] = mapped_column(ForeignKey("sitting_halt.id"), primary_key=True)
    party: Mapped[str] = mapped_column(String(16), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(16), default="")
    member_id: Mapped[str] = mapped_column(String(16), default="")
    said: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class SeatChange(Keyed, Base):
    """A member moved to a spare seat; `breaches`: constraints it does not meet, for which the supervisor signs too."""

    __tablename__ = "seat_change"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"))
    from_seat: Mapped[str] = mapped_column(String(16))
    to_seat: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str]
    breaches: Mapped[list[Any]] = mapped_column(default=list)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    cosigner_org: Mapped[str] = mapped_column(String(16), default="")


class DoorOpened(Keyed, Base):
    """A venue lets latecomers in, with its reason."""

    __tablename__ = "door_opened"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    site: Mapped[str] = mapped_column(String(6))
    at: Mapped[datetime]
    reason: Mapped[str]


class SeatBinding(Base):
    """One seat, one session, one machine: what a member's acts must come from. `how`: open, door, terminal or code."""

    __tablename__ = "seat_binding"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    seat_id: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(8))
    session: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(64), default="")
    certificate: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (CheckConstraint("how in ('open', 'door', 'terminal', 'code')", name="how"),)


class Duty(Base):
    """What a member looks after, in a few words."""

    __tablename__ = "member_duty"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    text: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
