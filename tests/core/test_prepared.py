"""Statements handed to the driver as they are: the same rows, types and refusals as by SQLAlchemy's own way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, create_engine, insert, select, update

from core.clock import CST
from core.ledger import Stream
from core.live import LiveEventRow
from core.prepared import Prepared

ADD, OPEN = Prepared(insert(LiveEventRow)), Prepared(insert(Stream))
MOMENT = datetime(2026, 4, 1, 9, 30, 0, 123456, CST)
ROWS = [
    {"channel": "room:x", "seq": number, "at": MOMENT, "kind": "told", "data": {"字": number}} for number in (1, 2, 3)
]  # fmt: skip


def test_what_is_written_is_what_the_ordinary_way_reads(world):
    with world.engine.begin() as connection:
        ADD.many(connection, ROWS)
        ADD.many(connection, [])
    with world.read() as session:
        found = session.scalars(select(LiveEventRow).order_by(LiveEventRow.seq)).all()
        assert [(one.channel, one.seq, one.kind, one.data) for one in found] == [
            (row["channel"], row["seq"], row["kind"], row["data"]) for row in ROWS
        ]
        assert {one.at for one in found} == {MOMENT.astimezone(UTC)}


def test_what_the_ordinary_way_wrote_is_read_with_its_types(world):
    with world.engine.begin() as connection:
        connection.execute(insert(Stream), [{"name": "case:x", "size": 2, "frontier": ["ab", "cd"]}])
        connection.execute(insert(LiveEventRow), ROWS[:1])
        head = Prepared(select(Stream.size, Stream.frontier).where(Stream.name == bindparam("stream")))
        moment = Prepared(select(LiveEventRow.at, LiveEventRow.data).where(LiveEventRow.channel == bindparam("room")))
        assert head.first(connection, {"stream": "case:x"}) == (2, ["ab", "cd"])
        assert head.first(connection, {"stream": "case:y"}) is None
        assert moment.first(connection, {"room": "room:x"}) == (MOMENT, {"字": 1})


def test_a_row_is_changed_by_names_behind_a_prefix(world):
    change = Prepared(
        update(Stream).where(Stream.name == bindparam("k_name")).values(
            size=bindparam("k_size"), frontier=bindparam("k_frontier")
        ), prefix="k_",
    )  # fmt: skip
    with world.engine.begin() as connection:
        OPEN.many(connection, [{"name": name, "size": 1, "frontier": ["aa"]} for name in ("case:x", "case:y")])
        change.many(connection, [{"name": "case:x", "size": 2, "frontier": []}])
    with world.read() as session:
        found = {row.name: (row.size, row.frontier) for row in session.scalars(select(Stream))}
    assert {"case:x": (2, []), "case:y": (1, ["aa"])}.items() <= found.items()


def test_a_value_that_has_no_place_in_its_column_is_refused(world):
    with world.engine.begin() as connection:
        with pytest.raises(TypeError, match="naive"):
            ADD.many(connection, [ROWS[0] | {"at": datetime(2026, 4, 1)}])  # noqa: DTZ001
        with pytest.raises(KeyError):
            ADD.many(connection, [{"channel": "room:x"}])
    with world.read() as session:
        assert session.scalars(select(LiveEventRow)).all() == []


def test_a_driver_without_places_for_values_is_refused():
    engine = create_engine("sqlite://", paramstyle="named")
    with engine.connect() as connection, pytest.raises(ValueError, match="without places"):
        ADD.many(connection, ROWS)
