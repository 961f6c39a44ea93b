"""simple-websocket calls socket.send() and drops what did not fit: a slow member's stream would be corrupted.

The middleware hands it a socket whose send() writes everything, one frame after the other, or closes the line when the
client does not take it within a while; what was missed is fetched by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gevent import Timeout
from gevent.lock import RLock

PATIENCE = 20  # seconds a client may refuse to read


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
    """What simple-websocket asks a WSGI server for."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock

    def get_socket(self) -> WholeSocket:
        return WholeSocket(self.sock)


class WholeWrites:
    """WSGI middleware: a websocket request of gevent's server gets a WholeSocket."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raw = getattr(getattr(environ.get("wsgi.input"), "rfile", None), "raw", None)
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket" or raw is None:
            return self.app(environ, start_response)
        environ["eventlet.input"] = _Input(raw._sock.dup())
        answer = self.app(environ, start_response)
        # What still lies in the line is the end of the websocket, not another request.
        start_response.__self__.close_connection = True  # type: ignore[attr-defined]
        return answer
