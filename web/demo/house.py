"""A demo house in process: the same composition as the server, on a clock that starts with the case."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from certs.desk_sign import seal_waiting
from core import config
from core.clock import DemoClock
from core.db import Base
from web import clocks, timers
from web.app import create_app
from web.demo.local import LocalStage
from web.demo.ring import Ring
from web.front import Wired


def settings_of(data_dir: Path, env: dict[str, str] | None = None) -> config.Config:
    """Settings of a demo world under `data_dir`."""
    return config.read({"DEMO": "1", "DATA_DIR": str(data_dir), **(env or {})})


def local_stage(data_dir: Path, start: datetime, ring: Ring | None = None) -> LocalStage:
    """A stage on a fresh or existing demo world whose clock stands at `start` or later."""
    settings = settings_of(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    clock = clocks.make(settings)
    assert isinstance(clock, DemoClock)
    if not (data_dir / "demo-clock").exists():
        clock.offset = start - datetime.now(UTC)
        clocks.keep(settings, clock)
    app = create_app(settings, clock)
    wired: Wired = app.extensions["gongheng"]
    Base.metadata.create_all(wired.acts.engine)

    def moved() -> None:
        clocks.keep(settings, clock)
        timers.run_once(wired.acts)
        seal_waiting(wired.acts)

    return LocalStage(wired.acts, wired.prover, ring or Ring(), moved)
