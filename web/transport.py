"""simple-websocket calls socket.send() and drops what did not fit: a slow member's stream would be corrupted.

The middleware hands it a socket whose send() writes everything, one frame after the other, or closes the line when the
client does not take it within a while; what was missed is fetched by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from socket import SHUT_RD, SHUT_RDWR
from typing import Any

from gevent import Timeout, get_hub
from gevent.lock import RLock
from gevent.ssl import SSLSocket

PATIENCE = 20  # seconds a client may refuse to read


def later(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin `work` in a real thread; what comes back waits for it and gives its result."""
    result: Callable[[], Any] = get_hub().threadpool.spawn(work).get
    return result


class WholeSocket:
    """A connected gevent socket that finishes what it sends; OSError when the client was dropped."""

    def __init__(self, sock: Any) -> None:
        self._sock, self._lock = sock, RLock()

    def send(self, data: bytes) -> int:
        with self._lock:
            try:
                with Timeout(PATIENCE):
                    self._sock.sendall(data)
            except Timeout:
                self._sock.close()
                raise BrokenPipeError("the client does not read") from None
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Input:
    """What simple-websocket asks a WSGI server for; `line` is the socket once the handshake took it."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.line: WholeSocket | None = None

    def get_socket(self) -> WholeSocket:
        # TLS is one object with its state: it has no second handle
        sock = self._sock if isinstance(self._sock, SSLSocket) else self._sock.dup()
        line = self.line = WholeSocket(sock)
        return line


def _socket_of(environ: dict[str, Any]) -> Any:
    """gevent's socket under a request, None on another server. A websocket request is handed gevent's own reader."""
    given = environ.get("wsgi.input")
    reader = given if hasattr(given, "raw") else getattr(given, "rfile", None)
    return getattr(getattr(reader, "raw", None), "_sock", None)


def _raw(environ: dict[str, Any]) -> Any:
    """The socket under a websocket request, None for anything else."""
    return _socket_of(environ) if environ.get("HTTP_UPGRADE", "").lower() == "websocket" else None


def hang_up(environ: dict[str, Any]) -> None:
    """Read no more of a body that does not come: the server would wait for its rest before anything else."""
    sock = _socket_of(environ)
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(SHUT_RD)


class WholeWrites:
    """WSGI middleware: a websocket request of gevent's server gets a WholeSocket, and the line ends with the session.

    What still lies in the line then is the end of the websocket, not another request; and a reader that waits on it
    must wake, or each client that leaves would cost a socket.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sock = _raw(environ)
        if sock is None:
            return self.app(environ, start_response)
        given = environ["eventlet.input"] = _Input(sock)
        try:
            return self.app(environ, start_response)
        finally:
            if given.line is not None:
                start_response.__self__.close_connection = True  # type: ignore[attr-defined]
                with suppress(OSError):  # the client was faster
                    sock.shutdown(SHUT_RDWR)
