"""Databases of tests in one process: copied from one that was made once, without waiting for the disk.

What survives a power cut is shown with real servers (tests/stories/test_kill.py); here it would only cost time. All
engines share what SQLAlchemy has compiled.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from core.db import Base, open_engine

ROOT = Path(__file__).parents[1]
_MADE: dict[int, tuple[Path, Engine]] = {}


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="gongheng-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _meet() -> None:
    """Every room's tables, whichever of them a test has imported: a page may ask any."""
    for room in sorted(ROOT.iterdir()):
        if (room / "__init__.py").exists():
            for path in sorted(room.rglob("models.py")):
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _empty() -> tuple[Path, Engine]:
    """A file with every table known so far (a test may bring more of its own), and who made it."""
    _meet()
    count = len(Base.metadata.tables)
    if count not in _MADE:
        path = _folder() / f"{count}.db"
        engine = open_engine(f"sqlite:///{path}")
        Base.metadata.create_all(engine)
        engine.dispose()
        _MADE[count] = path, engine
    return _MADE[count]


def lay(url: str) -> Engine:
    """A SQLite file at `url` with every table, unless there is one; the engine whose compiled statements are shared."""
    path, first = _empty()
    goal = Path(str(make_url(url).database))
    if not goal.exists():
        shutil.copyfile(path, goal)
    return first


def hurry(engine: Engine, first: Engine) -> Engine:
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache

    @event.listens_for(engine, "connect")
    def _careless(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return engine


def opened(url: str) -> Engine:
    first = lay(url)
    return hurry(open_engine(url), first)
