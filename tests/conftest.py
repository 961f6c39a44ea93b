"""Fixtures every room may use: a real SQLite file, a clock that stands still until told, a real house."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.access import Actor
from core.acts import Acts, House
from core.blobs import Blobs
from core.clock import CST, FixedClock
from core.config import Config
from core.doors import TABLE
from core.ledger import Ledger
from core.live import Hub
from tests import chromium, databases

# The same examples on every run, and no clock: a busy machine must not fail a property.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are skipped, with the reason, where no Chromium is found."""
    if not chromium.PATH:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="no Chromium found (set CHROMIUM=/path)"))


@dataclass
class World:
    """A house on disk. `do` performs an act as an actor, without the certificate door (accounts tests that door)."""

    acts: Acts
    clock: FixedClock
    engine: Engine

    def do(self, actor: Actor, name: str, case: str = "", /, **payload: Any) -> dict[str, Any]:
        door = TABLE[name]

        def run(tx):
            tx.actor.require(*door.roles)
            return door.fn(tx, case, payload)

        return self.acts.act(run, actor)

    def read(self) -> Session:
        return Session(self.engine, expire_on_commit=False)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    return Config(
        demo=True,
        data_dir=tmp_path,
        database_url=url,
        secret_key="t" * 64,
        ca_dir=tmp_path / "ca",
        public_url="http://127.0.0.1:8000",
        tsa_url="",
    )


@pytest.fixture
def world(config: Config) -> Iterator[World]:
    engine = databases.opened(config.database_url)
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=CST))
    house = House(clock, Ledger(), Hub(), Blobs(config.data_dir / "blobs"), config)
    yield World(Acts(engine, house), clock, engine)
    engine.dispose()
