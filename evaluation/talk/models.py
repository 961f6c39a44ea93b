"""What was said in the room, who asks for the word, and the pieces of its recording."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class TalkLine(Base):
    """One sentence to the whole room. `commitment` stands in the ledger, text and `salt` here alone: what a committee
    says is secret (招标投标法 art. 44), and yet no word can be changed or left out afterwards."""

    __tablename__ = "talk_line"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"))
    at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(8))
    text: Mapped[str]
    salt: Mapped[str] = mapped_column(String(32))
    commitment: Mapped[str] = mapped_column(String(64))


class Hand(Base):
    """A raised hand, in the order of `number`; `called_at`: this member has the word."""

    __tablename__ = "talk_hand"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    number: Mapped[int]
    called_at: Mapped[datetime | None]


class Recording(Keyed, Base):
    """A finished piece of a recording: by a member's own seat, or by the venue's recorder (`member_id` empty).

    `from_at` and `until_at` are what the recording browser read from the server's clock; `at` is when it was kept.
    """

    __tablename__ = "recording_piece"
    committee_id: Mapped[str] = mapped_column(ForeignKey("committee.id"), index=True)
    member_id: Mapped[str] = mapped_column(String(16), default="")
    site: Mapped[str] = mapped_column(String(6))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media: Mapped[str] = mapped_column(String(20))
    picture: Mapped[bool]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("committee_id", "sha256"),)
