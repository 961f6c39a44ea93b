"""What one member marked in the papers: the member's own, like pencil in a copy nobody else opens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed


class Highlight(Keyed, Base):
    """`bid_id` is "" for the tender file and its clarifications; `sha256` names the file it stands in.

    `rects`: [[left, top, right, bottom]] in ten-thousandths of the page; [] is a note on the whole page.
    """

    __tablename__ = "room_highlight"
    member_id: Mapped[str] = mapped_column(ForeignKey("committee_member.id"))
    bid_id: Mapped[str] = mapped_column(String(16), default="")
    sha256: Mapped[str] = mapped_column(String(64))
    page: Mapped[int]
    rects: Mapped[list[Any]]
    text: Mapped[str] = mapped_column(String(500), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]
    __table_args__ = (Index("ix_room_highlight_member_file", "member_id", "sha256"),)
