"""Sites with a network of their own: a namespace each, joined by a bridge, whose one cable can be pulled.

Everything of a site goes over its cable, calls between browsers too. Making namespaces needs root; without it a site
is a relay on the same network (`Relay`), and a cut there leaves calls alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.browser.relay import Relay
from tests.chromium import PATH

ROOT, NET = Path(__file__).resolve().parents[2], "10.213.7"


class Wire(Protocol):
    """Where the site finds the server, which program its browser is, and its cable."""

    base: str
    browser: str

    def cut(self) -> None: ...
    def mend(self) -> None: ...
    def end(self) -> None: ...


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@dataclass
class Here:
    """A site on the network of everybody, behind a relay."""

    relay: Relay
    browser: str = PATH

    @property
    def base(self) -> str:
        return self.relay.base

    def cut(self) -> None:
        self.relay.cut()

    def mend(self) -> None:
        self.relay.mend()

    def end(self) -> None:
        self.relay.end()


class Apart:
    """A site in its namespace. A relay in there gives the server an address that a browser trusts with cameras."""

    def __init__(self, number: int, bridge: str, server: str, folder: Path) -> None:
        self.space, self.cable = f"gh{os.getpid()}-{number}", f"ghc{os.getpid() % 10**7}-{number}"
        ip("netns", "add", self.space)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("link", "set", self.cable, "master", bridge, "up")
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"{NET}.{10 + number}/24", "dev", "eth0"),
                      ("link", "set", "eth0", "up"), ("route", "add", "default", "via", f"{NET}.1")):  # fmt: skip
            ip("-n", self.space, *words)
        self.relay = subprocess.Popen(
            ["ip", "netns", "exec", self.space, sys.executable, "-m", "tests.browser.relay", server],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self.base = self._said()
        script = folder / f"browser-{number}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.space} {shutil.which(PATH) or PATH} "$@"\n')
        script.chmod(0o755)
        self.browser = str(script)

    def _said(self) -> str:
        assert self.relay.stdout is not None
        return self.relay.stdout.readline().strip()

    def _tell(self, word: str) -> None:
        assert self.relay.stdin is not None
        self.relay.stdin.write(f"{word}\n")
        assert self._said() == word

    def cut(self) -> None:
        """The cable is pulled, and the site's router says so at once to whoever is connected."""
        ip("link", "set", self.cable, "down")
        self._tell("cut")

    def mend(self) -> None:
        ip("link", "set", self.cable, "up")
        self._tell("mend")

    def end(self) -> None:
        self.relay.terminate()
        self.relay.communicate(timeout=20)
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("link", "del", self.cable)
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("netns", "del", self.space)


@contextlib.contextmanager
def wired(server: str, numbers: list[int], folder: Path) -> Iterator[dict[int, Wire]]:
    """One wire a site; namespaces where they can be made."""
    with contextlib.ExitStack() as stack:
        bridge = f"ghb{os.getpid()}"
        try:
            ip("link", "add", bridge, "type", "bridge")
        except (OSError, subprocess.CalledProcessError):
            here = {number: Here(Relay(server)) for number in numbers}
            for one in here.values():
                stack.callback(one.end)
            yield dict(here)
        else:
            stack.callback(ip, "link", "del", bridge)
            ip("addr", "add", f"{NET}.1/24", "dev", bridge)
            ip("link", "set", bridge, "up")
            gate = Relay(server, f"{NET}.1")
            stack.callback(gate.end)
            apart = {}
            for number in numbers:
                apart[number] = Apart(number, bridge, gate.base, folder)
                stack.callback(apart[number].end)
            yield dict(apart)
