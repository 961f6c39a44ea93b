"""The write-ahead log is copied beside its writer: all of it, waiting for nobody, and only when it grew."""

from __future__ import annotations

import sqlite3

import pytest

from core.db import LogEmptier, open_engine


@pytest.fixture
def engine(tmp_path):
    made = open_engine(f"sqlite:///{tmp_path / 'log.db'}")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
    yield made
    made.dispose()


def write(engine, *numbers: int) -> None:
    with engine.execution_options(write=True).begin() as connection:
        for number in numbers:
            connection.exec_driver_sql("INSERT INTO t VALUES (?)", (number,))


def alone(engine, folder) -> list[int]:
    """What the file holds without its log."""
    copy = folder / "copy.db"
    copy.write_bytes((folder / "log.db").read_bytes())
    with sqlite3.connect(copy) as connection:
        found = [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]
    connection.close()
    return found


def test_what_was_committed_stands_in_the_file_afterwards(engine, tmp_path) -> None:
    emptier = LogEmptier(engine)
    emptier.run()
    write(engine, 1, 2)
    assert alone(engine, tmp_path) == []
    emptier.run()
    assert alone(engine, tmp_path) == [1, 2]


def test_one_who_writes_is_neither_waited_for_nor_disturbed(engine, tmp_path) -> None:
    emptier = LogEmptier(engine)
    write(engine, 1)
    with engine.execution_options(write=True).begin() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        emptier.run()
        assert alone(engine, tmp_path) == [1]
    emptier.run()
    assert alone(engine, tmp_path) == [1, 2]


def test_it_has_grown_once_for_what_was_written(engine) -> None:
    emptier = LogEmptier(engine)
    assert emptier.grown()
    assert not emptier.grown()
    write(engine, 1)
    assert emptier.grown()
    assert not emptier.grown()


def test_a_log_that_is_not_there_has_not_grown(tmp_path) -> None:
    assert not LogEmptier(open_engine(f"sqlite:///{tmp_path / 'none.db'}")).grown()
