"""Migrations lead to exactly the tables the rooms declare."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from core.db import Base, open_engine
from core.migrate import FOLDER, upgrade
from web import rooms

rooms.modules()
REMAKE = "the tables have changed: run scripts/make_migration.py and commit what it writes"


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    upgrade(url)
    return url


def declared(engine) -> dict[str, set[str]]:
    """{table or index: lines of its statement}: what comparing column by column misses (checks, WITHOUT ROWID).

    A table that SQLite altered by copying has its name in quotes.
    """
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    found = {
        name: {re.sub(r"\s+", " ", line.replace(f'"{name}"', name)).strip(" ,") for line in sql.splitlines()}
        for name, sql in rows
    }
    return {name: lines for name, lines in found.items() if name != "alembic_version"}


def test_an_empty_database_becomes_what_the_rooms_declare(url, tmp_path):
    migrated, created = open_engine(url), open_engine(f"sqlite:///{tmp_path / 'created.db'}")
    Base.metadata.create_all(created)
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == [], REMAKE
    assert declared(migrated) == declared(created), REMAKE
    migrated.dispose()
    created.dispose()


def test_a_second_upgrade_changes_nothing_and_keeps_rows(url):
    engine = open_engine(url)
    with engine.execution_options(write=True).begin() as connection:
        connection.execute(text("INSERT INTO ledger_stream (name, size, frontier) VALUES ('pool', 0, '[]')"))
    before = declared(engine)
    upgrade(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM ledger_stream")).scalars().all() == ["pool"]
        assert len(connection.execute(text("SELECT version_num FROM alembic_version")).all()) == 1
    assert declared(engine) == before
    engine.dispose()


def test_two_servers_starting_at_once_migrate_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    code = f"from core.migrate import upgrade; upgrade({url!r})"
    both = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(2)]
    assert [one.communicate()[1] for one in both] == [b"", b""]
    assert [one.returncode for one in both] == [0, 0]
    engine = open_engine(url)
    assert "ledger_entry" in inspect(engine).get_table_names()
    engine.dispose()


def test_constraints_of_the_tables_hold_after_migrating(url):
    engine = open_engine(url)
    with pytest.raises(IntegrityError), engine.execution_options(write=True).begin() as connection:
        connection.execute(text("INSERT INTO ledger_stream (name, size, frontier) VALUES ('pool', 0, NULL)"))
    engine.dispose()


def test_migrations_are_numbered_without_gap_and_rest_on_no_code_of_ours():
    files = sorted((FOLDER / "versions").glob("*.py"))
    assert [file.name[:4] for file in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    ours = re.compile(rf"^\s*(?:from|import) (?:{'|'.join(('core', 'web', *rooms.ROOMS))})\b", re.MULTILINE)
    assert not [file.name for file in files if ours.search(file.read_text())]
