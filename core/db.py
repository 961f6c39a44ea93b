"""The database: engine, the base of every table, column types."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Engine, MetaData, String, create_engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON, TypeDecorator

from core.clock import CST


def new_id() -> str:
    """16 random hex characters: row ids that nobody can count or guess the order of."""
    return secrets.token_hex(8)


class Moment(TypeDecorator[datetime]):
    """An aware time: stored as UTC without zone, read back in Asia/Shanghai."""

    impl = DateTime
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """A batch of acts stores one moment a thousand times."""
        process = super().bind_processor(dialect)
        return process and lru_cache(maxsize=64)(process)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        offset = value.utcoffset()
        if offset is None:
            raise TypeError("a naive time cannot be stored")
        return value.replace(tzinfo=None) - offset

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC).astimezone(CST)


class Yuan(TypeDecorator[Decimal]):
    """Money in yuan with at most two decimals: stored as whole fen, so that a database sums and orders it exactly."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        fen = value * 100
        if fen != fen.to_integral_value():
            raise ValueError(f"{value} has parts of a fen")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class Base(DeclarativeBase):
    """Every table; names of constraints are fixed so that migrations are the same everywhere."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Keyed:
    """Mixin: a random text id."""

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)


def _json(value: Any) -> str:
    """What a JSON column keeps; a number that is too long for orjson goes the slow way."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value)


# A full room's commit touches over a thousand pages: whoever commits empties the log at 16 MiB (what `LogEmptier` has
# copied by then it need not copy), and 64 MiB stay in memory.
PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000", "wal_autocheckpoint=4000",
    "cache_size=-65536",
)  # fmt: skip
# What is read here and there of a large file (goods of a mall) comes from the system's memory, without a call for each
# page. Who writes does without: at 300 scores a second the slowest hundredth waited 82 ms instead of 13.
MAPPED = ("mmap_size=2147418112",)


def open_engine(url: str, *, mapped: bool = False) -> Engine:
    """SQLite in WAL with synchronous=FULL (a bid or a score must survive power loss), or any SQLAlchemy address.
    `mapped`: for reading alone."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 15, "check_same_thread": False}, json_serializer=_json)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we write BEGIN IMMEDIATE ourselves
        for pragma in (*PRAGMAS, *(MAPPED if mapped else ())):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        begin = "BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN"
        try:
            connection.connection.dbapi_connection.execute(begin)  # SQLAlchemy's own way takes a tenth of a draft
        except sqlite3.Error as error:
            raise OperationalError(begin, None, error) from None

    return engine


class LogEmptier:
    """Copies what the write-ahead log holds into the file while others go on writing, so that no commit waits for it.

    One thread's at a time; a database that has no such log gives nothing to do.
    """

    def __init__(self, engine: Engine) -> None:
        self._path = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
        self._connection: sqlite3.Connection | None = None
        self._seen = 0

    def grown(self) -> bool:
        """Whether something was written since the last call."""
        try:
            written = Path(f"{self._path}-wal").stat().st_mtime_ns if self._path else 0
        except FileNotFoundError:
            written = 0
        seen, self._seen = self._seen, written
        return written > seen

    def run(self) -> None:
        if self._connection is None:
            self._connection = sqlite3.connect(str(self._path), timeout=0, check_same_thread=False)
            self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
