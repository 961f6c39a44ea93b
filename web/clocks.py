"""The clock of this process: the machine's own, or in the demo one that can be moved forward."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from core.clock import Clock, DemoClock, SystemClock
from core.config import Config


def _path(config: Config) -> Path:
    return config.data_dir / "demo-clock"


def make(config: Config) -> Clock:
    """A demo's clock goes on from where the last process left it."""
    if not config.demo:
        return SystemClock()
    path = _path(config)
    milliseconds = int(path.read_text()) if path.exists() else 0
    return DemoClock(timedelta(milliseconds=milliseconds))


class _Following(DemoClock):
    """The demo clock of another process: where that one has moved it, this one stands."""

    def __init__(self, path: Path) -> None:
        super().__init__(timedelta(0))
        self._path, self._seen = path, (0, 0)

    def now(self) -> datetime:
        with suppress(FileNotFoundError):
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_ino) != self._seen:
                self.offset = timedelta(milliseconds=int(self._path.read_text()))
                self._seen = stat.st_mtime_ns, stat.st_ino
        return super().now()


def follow(config: Config) -> Clock:
    """The clock of a process beside the one that moves it."""
    return _Following(_path(config)) if config.demo else SystemClock()


def move(config: Config, clock: DemoClock, moment: datetime) -> datetime:
    """Jump forward and remember it; Refused for a moment in this clock's past."""
    now = clock.move_to(moment)
    keep(config, clock)
    return now


def keep(config: Config, clock: DemoClock) -> None:
    """Where the clock stands, for the next process."""
    fresh = _path(config).with_suffix(".new")
    fresh.write_text(str(int(clock.offset / timedelta(milliseconds=1))))
    fresh.replace(_path(config))
