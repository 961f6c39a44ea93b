"""Bringing a database to the newest shape, and writing the next migration.

Only writing and comparing need the tables of all rooms: they are handed over, since core knows no room.
"""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

from core.faults import Unusable

FOLDER = Path(__file__).resolve().parent / "migrations"


def _alembic(url: str, metadata: MetaData | None = None) -> Config:
    alembic = Config()
    alembic.set_main_option("script_location", str(FOLDER))
    alembic.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    alembic.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    alembic.attributes["metadata"] = metadata
    return alembic


def upgrade(url: str) -> None:
    """Run every migration that `url` (an SQLAlchemy address) lacks, all in one transaction."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(_alembic(url), "head")


def revise(url: str, metadata: MetaData, number: str, title: str) -> Path:
    """Write the migration `number` that brings `url`, which has all earlier ones, to `metadata`; answers its file."""
    made = command.revision(_alembic(url, metadata), title, autogenerate=True, rev_id=number)
    if made is None or isinstance(made, list):
        raise Unusable("one migration was expected")
    return Path(made.path)
