"""How Alembic reaches the database: through our own engine, all migrations in one transaction of a single writer."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import event, text
from sqlalchemy.types import TypeDecorator

from core.db import open_engine
from core.faults import Fault


def _plain_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our column types are written as what the database stores: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _loose(connection: Any, _record: object) -> None:
    """SQLite alters a table by copying and dropping it, which must not delete the rows that refer to it."""
    connection.execute("PRAGMA foreign_keys=OFF")


def _run() -> None:
    engine = open_engine(context.config.get_main_option("sqlalchemy.url") or "").execution_options(write=True)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        event.listen(engine, "connect", _loose)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=context.config.attributes.get("metadata"),
            render_as_batch=True,
            render_item=_plain_type,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite and (lost := connection.execute(text("PRAGMA foreign_key_check")).first()):
                raise Fault(f"a migration would leave a row of {lost[0]} that refers to nothing")
    engine.dispose()


_run()
