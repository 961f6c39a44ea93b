"""A real SNTP server on a free UDP port of this machine, whose time may be wrong and whose answers may be spoilt."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

Spoil = Callable[[bytes], bytes]


class TimeServer:
    """`ahead`: seconds by which its time is before ours, reckoned from what the question says, so that what it takes
    to answer never makes the offset larger than that. `spoil` changes an answer before it is sent."""

    def __init__(self, ahead: float = 0.0, *, stratum: int = 2, spoil: Spoil = lambda answer: answer) -> None:
        self.ahead, self.stratum, self.spoil = ahead, stratum, spoil
        self.asked = 0
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.bind(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self.line.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> TimeServer:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", self.line.getsockname())
        self.thread.join(10)
        self.line.close()

    def _serve(self) -> None:
        while True:
            question, sender = self.line.recvfrom(256)
            if not question:
                return
            self.asked += 1
            self.line.sendto(self.spoil(self._answer(question)), sender)

    def _answer(self, question: bytes) -> bytes:
        asked = question[40:48]
        seconds, fraction = struct.unpack("!2I", asked)
        told = struct.pack("!Q", (seconds << 32) + fraction + round(self.ahead * (1 << 32)))
        head = struct.pack("!BBbb3I", 4 << 3 | 4, self.stratum, 6, -20, 0, 0, 0)
        return head + told + asked + told + told


def silent() -> str:
    """The address of a port nobody answers on; the socket stays bound for the life of the test process."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    _KEPT.append(line)
    return f"127.0.0.1:{line.getsockname()[1]}"


_KEPT: list[socket.socket] = []
