"""Statements for what comes a thousand times a second: worded once, then handed to the driver as they are.

SQLAlchemy's own way takes 0.1 ms for each, several times what SQLite does with it (docs/decisions/0008). Types are
those of the columns, both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update

Row = Mapping[str, Any]
Change = Callable[[Any], Any]


@dataclass(frozen=True)
class _Worded:
    """`names`: of the values in the order of their places; `fixed`: those that stand in the statement itself; `given`,
    `found`: what the types change, by place."""

    text: str
    names: tuple[str, ...]
    fixed: Row
    given: list[tuple[int, Change]]
    found: list[tuple[int, Change]]


class Prepared:
    """One statement; a row names its values as the statement names them, behind `prefix`."""

    def __init__(self, statement: Insert | Update | Select[*tuple[Any, ...]], prefix: str = "") -> None:
        self._statement, self._prefix = statement, prefix
        self._worded: dict[tuple[str, str], _Worded] = {}

    def many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Once for each row; KeyError, TypeError or ValueError for one that does not fit, else the driver's errors."""
        if rows:
            worded = self._of(connection)
            values = (_changed([row[name] for name in worded.names], worded.given) for row in rows)
            _cursor(connection).executemany(worded.text, values)

    def first(self, connection: Connection, row: Row) -> tuple[Any, ...] | None:
        """What it finds first, None when there is nothing."""
        return next(self.all(connection, row), None)

    def all(self, connection: Connection, row: Row) -> Iterator[tuple[Any, ...]]:
        """What it finds, row by row."""
        worded = self._of(connection)
        given = {**worded.fixed, **row} if worded.fixed else row
        values = _changed([given[name] for name in worded.names], worded.given)
        for found in _cursor(connection).execute(worded.text, values):
            yield tuple(_changed(list(found), worded.found))

    def _of(self, connection: Connection) -> _Worded:
        kind = connection.dialect.name, connection.dialect.paramstyle
        if kind not in self._worded:
            self._worded[kind] = self._word(connection.dialect)
        return self._worded[kind]

    def _word(self, dialect: Dialect) -> _Worded:
        made = self._statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        if made.positiontup is None:
            raise ValueError(f"{dialect.name}: values without places")
        binds = {name: bind for bind, name in made.bind_names.items()}
        fixed = {name: value for name, value in made.params.items() if name not in binds or not binds[name].required}
        given = [binds[name].type if name in binds else None for name in made.positiontup]  # None: one of many in IN
        columns = self._statement.selected_columns if isinstance(self._statement, Select) else ()
        return _Worded(
            made.string,
            tuple(name.removeprefix(self._prefix) for name in made.positiontup),
            fixed,
            _places(None if one is None else one.dialect_impl(dialect).bind_processor(dialect) for one in given),
            _places(one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns),
        )


def _places(changes: Iterable[Change | None]) -> list[tuple[int, Change]]:
    return [(place, change) for place, change in enumerate(changes) if change is not None]


def _cursor(connection: Connection) -> Any:
    driver = connection.connection.dbapi_connection
    assert driver is not None  # it belongs to an open connection
    return driver.cursor()


def _changed(values: list[Any], changes: list[tuple[int, Change]]) -> list[Any]:
    for place, change in changes:
        values[place] = change(values[place])
    return values
