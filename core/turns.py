"""Whose turn it is to write, among several processes on one database file.

SQLite lets one process write and makes the others try again after growing pauses (up to 100 ms), in C, where nothing
else of a process runs. A file lock hands the turn over at once; who must wait does so outside the loop, and whoever
speaks meanwhile is written in the same commit. A killed process holds no lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Wait = Callable[[Callable[[], None]], object]


class FileTurn:
    """`wait(work)` runs what may block; one object a process, used by one greenlet at a time (core.acts)."""

    def __init__(self, path: Path, wait: Wait) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._wait = wait

    @contextmanager
    def __call__(self) -> Iterator[None]:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait(lambda: fcntl.flock(self._fd, fcntl.LOCK_EX))
        try:
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
