"""The websocket under Socket.IO on gevent's server, for rooms in which everybody is told of everything at once.

wsproto reads the frames (RFC 6455). What is written is gathered: a frame is built once for all who get it, and the
frames for one client leave in one send() at the end of the loop's turn. A client that does not read is dropped, never
sent half a frame; what it missed it fetches by number (grounds: docs/decisions/0008).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from socket import SHUT_RD, SHUT_RDWR
from typing import Any

import gevent
import orjson
from engineio import packet
from gevent import Greenlet, Timeout, get_hub
from gevent.event import Event
from gevent.ssl import SSLSocket
from socketio.packet import Packet
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from core.acts import Acts

PATIENCE = 20  # seconds a client may refuse to read
PENDING = 4 << 20  # bytes that may wait for one client
BLOCK = 64 << 10
log = logging.getLogger("gongheng.web")
KEY = "gongheng.line"  # of the request's environ: its line


def later(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin `work` in a real thread; what comes back waits for it and gives its result."""
    result: Callable[[], Any] = get_hub().threadpool.spawn(work).get
    return result


def write_together(acts: Acts) -> None:
    """Whoever has spoken by the end of a turn of the loop is written in one commit."""
    acts.gather = partial(gevent.sleep, 0)
    left = Event()
    acts.wake = left.set

    def write() -> None:
        while True:
            left.wait()
            left.clear()
            try:
                if acts.write_left():
                    left.set()
                    gevent.sleep(0)
            except Exception as error:  # who heard nothing sends again; everybody else goes on
                log.error("writing: %s", type(error).__name__)

    gevent.spawn(write)


def _socket_of(environ: dict[str, Any]) -> Any:
    """gevent's socket under a request, None on another server. A websocket request is handed gevent's own reader."""
    given = environ.get("wsgi.input")
    reader = given if hasattr(given, "raw") else getattr(given, "rfile", None)
    return getattr(getattr(reader, "raw", None), "_sock", None)


def hang_up(environ: dict[str, Any]) -> None:
    """Read no more of a body that does not come: the server would wait for its rest before anything else."""
    sock = _socket_of(environ)
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(SHUT_RD)


class Wire:
    """JSON as it goes over the line (Socket.IO's own writes each character above ASCII as six)."""

    @staticmethod
    def dumps(value: Any, **_how: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str, **_how: Any) -> Any:
        return orjson.loads(text)


class Text(Packet):  # type: ignore[misc]
    """A Socket.IO packet: nothing here sends bytes, so nobody looks for them in every answer."""

    @classmethod
    def data_is_binary(cls, _data: Any) -> bool:
        return False


def frame(text: str) -> bytes:
    """A whole text message from a server: not masked, not compressed (RFC 6455 §5.2)."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return bytes((0x81, size)) + data
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + data
    return b"\x81\x7f" + size.to_bytes(8, "big") + data


def message(text: str) -> packet.Packet:
    """A Socket.IO packet; made once for all who get it."""
    return packet.Packet(packet.MESSAGE, text)


class Frames:
    """Cuts what a client sends into frames. A whole text message, which nearly all of them are, is read here; any other
    frame, and whatever is wrong, is for wsproto to read."""

    def __init__(self, most: int) -> None:
        self._most, self._rest, self._open, self._odd = most, b"", False, False

    def cut(self, data: bytes) -> Iterator[str | bytes]:
        """Whole messages as text, everything else as the bytes of a frame, in order."""
        data = self._rest + data if self._rest else data
        while data:
            size = 0 if self._odd else self._size(data)
            if self._odd:
                self._rest = b""
                yield data
                return
            if len(data) < size:
                break
            one, data = data[:size], data[size:]
            text = _text(one) if one[0] == 0x81 and not self._open else None
            if one[0] & 0x0F < 8:  # of a message: its last part, or not
                self._open = one[0] & 0x80 == 0
            yield one if text is None else text
        self._rest = data

    def _size(self, data: bytes) -> int:
        """Bytes of the first frame, more than there are while its head is not here. One that is too long or not masked
        ends the line anyway."""
        if len(data) < 2:
            return 2
        length, head = data[1] & 0x7F, 6
        if length > 125:
            head = 8 if length == 126 else 14
            if len(data) < head:
                return head
            length = int.from_bytes(data[2 : head - 4], "big")
        self._odd = length > self._most or data[1] < 0x80
        return head + length


def _text(one: bytes) -> str | None:
    """What a masked frame says, None when it is not UTF-8."""
    head = {0xFE: 8, 0xFF: 14}.get(one[1], 6)
    size = len(one) - head
    mask = one[head - 4 : head] * (size // 4 + 1)
    plain = int.from_bytes(one[head:], "little") ^ int.from_bytes(mask[:size], "little")
    try:
        return plain.to_bytes(size, "little").decode()
    except UnicodeDecodeError:
        return None


class Flusher:
    """Clients with something to send, each once; emptied when the loop has done what it was doing."""

    def __init__(self) -> None:
        self._waiting: list[Line] = []

    def add(self, line: Line) -> None:
        if not self._waiting:
            get_hub().loop.run_callback(self._flush)
        self._waiting.append(line)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            line.flush()


FLUSHER = Flusher()


class Line:
    """engineio's websocket: `Line(handler, server)(environ, start_response)` runs until either side ends it."""

    def __init__(self, handler: Callable[[Line], Any], server: Any) -> None:
        self._handler, self._most = handler, server.max_http_buffer_size
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._frames = Frames(server.max_http_buffer_size)
        self._events: list[Any] = []
        self._out: list[bytes] = []
        self._size = 0
        self._drainer: Greenlet | None = None
        self._ended = False
        self.hears: Callable[[str], bool] = lambda _text: False  # takes a message that need not go through engineio
        self.say: Callable[[packet.Packet], None] = lambda _one: None  # in the order of all that engineio sends

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self._line = _socket_of(environ)
        if self._line is None:
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"a websocket needs the product's own server"]
        start_response.__self__.close_connection = True  # type: ignore[attr-defined]
        try:
            if self._accept(environ):
                session = self._handler.__self__  # type: ignore[attr-defined]
                session.send = _Direct(session, self).send
                self.say = session.send
                environ[KEY] = self
                self._handler(self)
        finally:
            self._end()
        return []

    def _accept(self, environ: dict[str, Any]) -> bool:
        names = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
        told = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        try:
            self._protocol.receive_data(f"GET / HTTP/1.1\r\n{told}\r\n".encode("latin-1"))
            request = next(iter(self._protocol.events()), None)
        except RemoteProtocolError as error:
            answer = error.event_hint or RejectConnection(status_code=400)
            self._write(self._protocol.send(answer))
            return False
        if not isinstance(request, Request):
            return False
        self._write(self._protocol.send(AcceptConnection()))
        return True

    # -- reading ------------------------------------------------------------------------------------------------------

    def wait(self) -> str | bytes | None:
        """The next whole message; None when the line has ended. Called by one greenlet alone."""
        parts: list[Any] = []
        size = 0
        while True:
            event = self._next()
            if type(event) is str:
                if self.hears(event):
                    continue
                return event
            match event:
                case None | CloseConnection():
                    self._answer(event)
                    return None
                case Ping():
                    self.push(self._protocol.send(event.response()))
                case TextMessage() | BytesMessage():
                    parts.append(event.data)
                    size += len(event.data)
                    if size > self._most:
                        self._answer(CloseConnection(CloseReason.MESSAGE_TOO_BIG))
                        return None
                    if event.message_finished:
                        return _whole(event, parts)

    def _next(self) -> Any:
        while not self._events:
            try:
                data = self._line.recv(BLOCK)
            except OSError:
                return None
            if not data:
                return None
            for part in self._frames.cut(data):
                if isinstance(part, str):
                    self._events.append(part)
                    continue
                try:
                    self._protocol.receive_data(part)
                    self._events += self._protocol.events()
                except RemoteProtocolError as error:
                    self._events.append(error.event_hint or CloseConnection(CloseReason.PROTOCOL_ERROR))
                    break
        return self._events.pop(0)

    def _answer(self, closing: CloseConnection | None) -> None:
        """The close frame that belongs to theirs, or says what was wrong with their bytes."""
        if closing is None:
            return
        with suppress(LocalProtocolError):
            self.push(self._protocol.send(closing.response() if closing.reason is None else closing))

    # -- writing ------------------------------------------------------------------------------------------------------

    def send(self, message: str) -> None:
        """engineio's own writer: the first packet, pings, the end."""
        self.push(frame(message))

    def push(self, data: bytes) -> None:
        """To be sent at the end of this turn of the loop, in order."""
        if self._ended:
            return
        self._size += len(data)
        if self._size > PENDING:
            self.drop()
            return
        if not self._out and self._drainer is None:
            FLUSHER.add(self)
        self._out.append(data)

    def flush(self) -> None:
        """In the loop itself: must not wait. What the line does not take at once a greenlet finishes."""
        if self._ended or self._drainer is not None:
            return
        data = b"".join(self._out)
        self._out.clear()
        sent = 0
        if not isinstance(self._line, SSLSocket):
            try:
                sent = self._line._sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.drop()
                return
        self._size -= sent
        if sent < len(data):
            self._out.insert(0, data[sent:])
            self._drainer = gevent.spawn(self._drain)

    def _drain(self) -> None:
        try:
            while self._out and not self._ended:
                data = b"".join(self._out)
                self._out.clear()
                self._write(data)
                self._size -= len(data)
        except (OSError, Timeout):
            self.drop()
        finally:
            self._drainer = None

    def _write(self, data: bytes) -> None:
        with Timeout(PATIENCE):
            self._line.sendall(data)

    def drop(self) -> None:
        """End it now; whoever waits for a message wakes."""
        if not self._ended:
            self._ended = True
            self._out.clear()
            with suppress(OSError):  # the client was faster
                self._line.shutdown(SHUT_RDWR)

    def _end(self) -> None:
        """What was said last is sent; the line is of no use for another request."""
        if self._drainer is not None:
            self._drainer.join()
        if self._out and not self._ended:
            data = b"".join(self._out)
            self._out.clear()
            with suppress(OSError, Timeout):
                self._write(data)
        self.drop()

    close = _end


class _Direct:
    """engineio's session sends through its queue and a greenlet of its own; messages go to the line at once instead.

    Only while its queue is empty, so that nothing overtakes what stands in it.
    """

    def __init__(self, session: Any, line: Line) -> None:
        self._session, self._line, self._queued = session, line, session.send

    def send(self, pkt: Any) -> None:
        session = self._session
        if pkt.packet_type != packet.MESSAGE or pkt.binary or session.closed or not session.queue.empty():
            self._queued(pkt)
        elif session.check_ping_timeout():
            built = getattr(pkt, "frame", None)
            if built is None:
                built = pkt.frame = frame(pkt.encode())
            self._line.push(built)


def _whole(event: TextMessage | BytesMessage, parts: list[Any]) -> str | bytes:
    return "".join(parts) if isinstance(event, TextMessage) else b"".join(bytes(part) for part in parts)
