"""The front door's own table: who has brought which file before an act names it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class StagedFile(Base):
    """A file uploaded by a person and not yet named by an act; the bytes are in the blob store."""

    __tablename__ = "staged_file"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    size: Mapped[int]
    at: Mapped[datetime]
