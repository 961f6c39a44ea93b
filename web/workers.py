"""Several processes for the lines of auctions: the one that does everything else too, and some for lines alone.

What hangs on the memory of one process (presence of sittings, calls, grants of drafts, timers) stays where it was; the
others take nothing but prices and channels of auctions, which hang on the database alone (docs/decisions/0010).
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import socket as sockets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gevent
from flask import Flask

from core.access import SYSTEM
from core.acts import Acts
from core.config import Config
from core.turns import FileTurn
from trading.auction import breaks
from web import https
from web.bus import Bus

FOLDER = "LINE_FOLDER"  # where the processes' own sockets are, handed down by the environment
Listen = Callable[[str, int], sockets.socket]
# Objects made between two looks for garbage. With Python's own 700 they take a fifth of a full room's time; with many
# more each look is felt (benchmarks/room_throughput.py, room_p99_300.py).
GARBAGE = 2_000, 100, 100


def settle() -> None:
    """What the start of a process has made stays: it is not looked through for garbage again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def listeners(settings: Config, listen: Listen, host: str, port: int) -> list[sockets.socket]:
    """One for each further process: LINE_PORT and on, else the ports after that of uploads, or any."""
    wanted = os.environ.get("LINE_PORT", "")
    found = []
    for place in range(settings.workers - 1):
        if wanted:
            found.append(listen(host, int(wanted) + place))
            continue
        try:
            found.append(listen(host, port + 2 + place))
        except (OSError, OverflowError):
            found.append(listen(host, 0))
    return found


def take_turns(acts: Acts, settings: Config) -> None:
    """Among the processes on one database; who waits does so outside the loop."""
    path = settings.data_dir / "writer.lock"
    acts.turn = FileTurn(path, lambda work: gevent.get_hub().threadpool.apply(work))


@dataclass
class Among:
    """This process among `count`, of which it is number `me`."""

    app: Flask
    me: int
    count: int
    folder: Path

    @classmethod
    def first(cls, app: Flask, settings: Config) -> Among:
        folder = Path(tempfile.mkdtemp(prefix="gongheng-"))  # 0700; short, for a socket's name may not be long
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        take_turns(app.extensions["gongheng"].acts, settings)
        return cls(app, 0, settings.workers, folder)

    @classmethod
    def further(cls, app: Flask, settings: Config, me: int) -> Among:
        take_turns(app.extensions["gongheng"].acts, settings)
        return cls(app, me, settings.workers, Path(os.environ[FOLDER]))

    def listen(self) -> None:
        Bus(self.app.extensions["gongheng.socket"], self.folder, self.me, self.count).run()

    def begin(self, for_lines: list[sockets.socket], tls: https.Tls | None, keep: Callable[..., object]) -> None:
        """The further processes, each started again when it ends; at once it is noted that bidders lost their line."""
        self.listen()
        acts = self.app.extensions["gongheng"].acts
        env = os.environ | {FOLDER: str(self.folder)}
        for place, listening in enumerate(for_lines, 1):
            ended = partial(acts.act, breaks.gone, SYSTEM, place)
            gevent.spawn(keep, "web.line_server", listening, [str(place)], tls, env, ended)
