"""A line that can be cut: every byte between a browser and the server goes through here until it does not."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from urllib.parse import urlsplit


class Relay:
    """Forwards TCP to `base`. `cut` closes every connection and takes no more; `mend` takes them again. `stall`: what
    the server sends is left lying, as by a reader that does not read; `flow` lets it come."""

    def __init__(self, base: str, listens: str = "127.0.0.1") -> None:
        address = urlsplit(base)
        self._goal = (address.hostname or "127.0.0.1", address.port or 80)
        self._listening = socket.create_server((listens, 0))
        self.base = f"http://{listens}:{self._listening.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._lock, self._whole, self._ended = threading.Lock(), True, False
        self._flows = threading.Event()
        self._flows.set()
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            self._whole = False
            ends, self._open = self._open, set()
        for one in ends:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def mend(self) -> None:
        self._whole = True

    def stall(self) -> None:
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def end(self) -> None:
        self._ended = True
        self.flow()
        self.cut()
        self._listening.close()

    def _serve(self) -> None:
        while not self._ended:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            if not self._whole:
                here.close()
                continue
            try:
                there = socket.create_connection(self._goal, timeout=5)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            with self._lock:
                self._open |= {here, there}
            for one, other, down in ((here, there, False), (there, here, True)):
                threading.Thread(target=self._pour, args=(one, other, down), daemon=True).start()

    def _pour(self, one: socket.socket, other: socket.socket, down: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                if down:
                    self._flows.wait()
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def main(base: str) -> None:
    """A relay in a process of its own: it says where it is, then does each word it is told and says it back."""
    relay = Relay(base)
    print(relay.base, flush=True)
    for word in map(str.strip, sys.stdin):
        relay.cut() if word == "cut" else relay.mend()
        print(word, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
