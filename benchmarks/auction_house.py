"""A house of one running auction on several processes, for the bench and the stories with kills."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from benchmarks import auctions
from core import config
from core.access import SYSTEM
from core.clock import SystemClock
from core.db import Base
from web.app import create_app
from web.demo.play import ROOT, free_port


class House:
    """`web.serve` with so many processes on a world of one auction."""

    def __init__(self, folder: Path, bidders: int, workers: int, **terms: Any) -> None:
        """`terms`: of benchmarks.auctions.build."""
        self.folder, self.workers = folder, workers
        self.port, self.lines, self.uploads = free_port(), [free_port() for _ in range(workers - 1)], free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        app = create_app(self.config(), SystemClock())
        acts = app.extensions["gongheng"].acts
        Base.metadata.create_all(acts.engine)
        self.made = acts.act(auctions.build, SYSTEM, bidders, **terms)
        acts.close()
        self.log = (folder / "server.log").open("ab")

    def config(self) -> config.Config:
        return config.read({"DEMO": "1", "DATA_DIR": str(self.folder)})

    def start(self) -> None:
        env = os.environ | {
            "DEMO": "1", "DATA_DIR": str(self.folder), "PORT": str(self.port), "UPLOAD_PORT": str(self.uploads),
            "WORKERS": str(self.workers),
        }  # fmt: skip
        if self.lines:  # they stand side by side
            env["LINE_PORT"] = str(self.lines[0])
        env.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "web.serve"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self.log, stderr=self.log)
        until, pause = time.monotonic() + 60, 0.05
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                if requests.get(f"{self.base}/api/v1/time", timeout=5).ok:
                    return
            time.sleep(pause)
        raise AssertionError("the server did not answer")

    def address(self, place: int) -> str:
        ports = [self.port, *(self.lines[0] + n for n in range(len(self.lines)))]
        return f"http://127.0.0.1:{ports[place % len(ports)]}"

    def kill(self) -> None:
        """kill -9 of the first process: the others end with it."""
        self.process.kill()
        self.process.wait()

    def kill_line(self) -> None:
        """kill -9 of a further process; the first one starts it again."""
        listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True,
                                text=True, check=True).stdout  # fmt: skip
        found = [int(line.split()[0]) for line in listed.splitlines() if "web.line_server" in line]
        if found:
            os.kill(found[0], signal.SIGKILL)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.log.close()

    def ask(self, question: str, **params: str) -> dict[str, Any]:
        answer = requests.get(f"{self.base}/api/v1/ask/{question}", params={"case": self.made.auction} | params,
                              timeout=30)  # fmt: skip
        answer.raise_for_status()
        return dict(answer.json()["result"])
