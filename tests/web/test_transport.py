"""The websocket under Socket.IO: whole frames in order or a dropped line, and strangers' bytes do no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import gevent
import pytest
import socketio
from gevent import socket
from gevent.pywsgi import WSGIServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from web import transport

MOST = 1 << 20


@dataclass
class Room:
    """A Socket.IO server that answers `say` with what was said and knows who is connected."""

    port: int
    server: socketio.Server
    members: list[str]
    clients: list[Client]

    def client(self, *extensions: Any) -> Client:
        self.clients.append(Client(self.port, list(extensions)))
        return self.clients[-1]


@pytest.fixture
def room() -> Iterator[Room]:
    server = socketio.Server(async_mode="gevent", transports=["websocket"], max_http_buffer_size=MOST,
                             async_handlers=False, json=transport.Wire)  # fmt: skip
    server.eio._async = server.eio._async | {"websocket": transport.Line}
    members: list[str] = []
    server.on("connect", lambda sid, *_: members.append(sid))
    server.on("disconnect", lambda sid, *_: members.remove(sid))
    server.on("say", lambda _sid, text: text)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 << 10)  # accepted lines hold as little
    narrow.bind(("127.0.0.1", 0))
    narrow.listen(16)
    listening = WSGIServer(narrow, socketio.WSGIApp(server), log=None)
    listening.start()
    made = Room(listening.server_port, server, members, [])
    yield made
    for client in made.clients:
        client.sock.close()
    listening.stop(timeout=1)


class Client:
    """Bytes over a socket; wsproto only builds and reads them."""

    def __init__(self, port: int, extensions: list[Any]) -> None:
        self.sock = socket.socket()
        self.sock.settimeout(20)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 10)
        self.sock.connect(("127.0.0.1", port))
        self.ws = WSConnection(ConnectionType.CLIENT)
        self.events: list[Any] = []
        target = "/socket.io/?EIO=4&transport=websocket"
        self.sock.sendall(self.ws.send(Request(host="x", target=target, extensions=extensions)))

    def next(self) -> Any:
        while not self.events:
            data = self.sock.recv(1 << 16)
            self.ws.receive_data(data or None)
            self.events += self.ws.events()
        return self.events.pop(0)

    def text(self) -> str:
        parts = []
        while True:
            event = self.next()
            assert isinstance(event, TextMessage), event
            parts.append(event.data)
            if event.message_finished:
                return "".join(parts)

    def enter(self) -> Client:
        assert isinstance(self.next(), AcceptConnection)
        assert self.text().startswith("0{")
        self.send("40")
        assert self.text().startswith("40")
        return self

    def send(self, text: str) -> None:
        self.sock.sendall(self.ws.send(TextMessage(text)))

    def say(self, text: str) -> str:
        self.send(f'421["say","{text}"]')
        return self.text()


def _gone(room: Room) -> bool:
    with gevent.Timeout(20, False):
        while room.members:
            gevent.sleep(0.005)
    return not room.members


@pytest.mark.parametrize("size", [0, 1, 110, 111, 112, 113, 65_519, 65_520, 65_521, 65_522, MOST - 20])
def test_every_length_of_a_frame_comes_and_goes(room: Room, size: int) -> None:
    """On both sides of the lengths at which a frame's header grows."""
    client = room.client().enter()
    assert client.say("x" * size) == f'431["{"x" * size}"]'


def test_a_message_in_many_frames_and_a_ping_between(room: Room) -> None:
    client = room.client().enter()
    pieces = ['421["say"', ',"公', "衡", '"]']
    for number, piece in enumerate(pieces):
        client.sock.sendall(client.ws.send(TextMessage(piece, message_finished=number == len(pieces) - 1)))
        client.sock.sendall(client.ws.send(Ping(b"there?")))
    found = [client.next() for _ in range(5)]
    assert sum(isinstance(one, Pong) and one.payload == b"there?" for one in found) == 4
    assert [one.data for one in found if isinstance(one, TextMessage)] == ['431["公衡"]']


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 200), max_size=30))
def test_wherever_the_bytes_are_cut(room: Room, cuts: list[int]) -> None:
    client = room.client().enter()
    said = [f"字{n}" for n in range(8)]
    data = b"".join(client.ws.send(TextMessage(f'42{n}["say","{text}"]')) for n, text in enumerate(said))
    for cut in cuts:
        client.sock.sendall(data[:cut])
        gevent.sleep(0)
        data = data[cut:]
    client.sock.sendall(data)
    assert [client.text() for _ in said] == [f'43{n}["{text}"]' for n, text in enumerate(said)]
    client.sock.close()


def test_one_byte_too_many_ends_the_line_and_says_so(room: Room) -> None:
    client = room.client().enter()
    client.send(f'421["say","{"x" * MOST}"]')
    closing = client.next()
    assert isinstance(closing, CloseConnection) and closing.code == 1009
    assert _gone(room)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02hi", 1002),  # not masked
        (b"\xf1\x80\0\0\0\0", 1002),  # reserved bits
        (b"\x83\x80\0\0\0\0", 1002),  # an opcode nobody knows
        (b"\x80\x80\0\0\0\0", 1002),  # goes on with nothing
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in parts
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),  # no UTF-8
    ],
)
def test_what_is_no_websocket_is_refused_by_its_number(room: Room, data: bytes, code: int) -> None:
    client = room.client().enter()
    client.sock.sendall(data)
    closing = client.next()
    assert isinstance(closing, CloseConnection) and closing.code == code
    assert _gone(room)
    assert room.client().enter().say("还在") == '431["还在"]', "nobody else is touched"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=300))
def test_any_bytes_at_all_end_at_most_their_own_line(room: Room, data: bytes) -> None:
    stranger, other = room.client().enter(), room.client().enter()
    stranger.sock.sendall(data)
    assert other.say("x") == '431["x"]'
    stranger.sock.close()
    other.sock.close()


def test_a_binary_message_reaches_nobody(room: Room) -> None:
    client = room.client().enter()
    client.sock.sendall(client.ws.send(BytesMessage(b"\x00\x01")))
    assert client.say("x") == '431["x"]'


@pytest.mark.parametrize("missing", ["Sec-WebSocket-Key", "Sec-WebSocket-Version"])
def test_a_handshake_that_is_none_is_answered(room: Room, missing: str) -> None:
    headers = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name != missing)
    with socket.create_connection(("127.0.0.1", room.port), timeout=20) as sock:
        sock.sendall(f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{told}\r\n".encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 4")


def test_compression_is_declined(room: Room) -> None:
    client = room.client(PerMessageDeflate())
    accepted = client.next()
    assert isinstance(accepted, AcceptConnection) and not isinstance(accepted, RejectConnection)
    assert accepted.extensions == []


def _flood(room: Room, count: int, size: int) -> Callable[[], None]:
    def run() -> None:
        for number in range(count):
            room.server.emit("told", {"number": number, "text": "x" * size})
            gevent.sleep(0)

    return run


def test_a_client_that_does_not_read_for_a_while_gets_the_whole_stream(room: Room) -> None:
    client = room.client().enter()
    _flood(room, 200, 16_000)()  # 3.2 MB: far more than the line holds, less than may wait
    for number in range(200):
        assert client.text().startswith(f'42["told",{{"number":{number},"text":"xxx')
    assert client.say("x") == '431["x"]'


def test_a_client_that_never_reads_is_dropped_and_nobody_waits_for_it(room: Room) -> None:
    deaf, other = room.client().enter(), room.client().enter()
    found: list[str] = []
    reading = gevent.spawn(lambda: [found.append(other.text()) for _ in range(1500)])
    for number in range(1500):  # 24 MB
        room.server.emit("told", {"number": number, "text": "x" * 16_000})
        with gevent.Timeout(20):
            while len(found) < number - 20:
                gevent.sleep(0)
    reading.join(timeout=20)
    assert [text[:30] for text in found] == [
        f'42["told",{{"number":{number},"text":"xxx'[:30] for number in range(1500)
    ]
    with gevent.Timeout(20):
        while len(room.members) > 1:
            gevent.sleep(0.005)
    stream = b""
    while data := deaf.sock.recv(1 << 20):
        stream += data
    assert stream.count(b'"told"') < 1500, "it was dropped in the middle"
    assert other.say("x") == '431["x"]'


def test_a_client_that_takes_too_long_is_dropped(room: Room, monkeypatch) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 0.05)
    room.client().enter()
    _flood(room, 200, 16_000)()
    assert _gone(room)


def test_what_stands_in_the_queue_is_not_overtaken(room: Room) -> None:
    """The first packet goes through engineio's queue; what follows at once must not come before it."""
    client = room.client()
    assert isinstance(client.next(), AcceptConnection)
    client.send("40")
    assert [client.text()[:2], client.text()[:2]] == ["0{", "40"]


def masked(first: int, data: bytes, mask: bytes = b"\x81\x00\x7f\xff") -> bytes:
    """A client's frame (RFC 6455 §5.2) with this first byte."""
    size = len(data)
    head = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes((first,)) + head + mask + bytes(one ^ mask[place % 4] for place, one in enumerate(data))


PIECES = st.lists(
    st.tuples(st.sampled_from((0x81, 0x81, 0x01, 0x80, 0x00, 0x82, 0x89, 0x8A, 0xC1)), st.text(max_size=300)),
    max_size=8,
)


@given(pieces=PIECES, cuts=st.lists(st.integers(0, 4000), max_size=12))
def test_however_the_bytes_come_whole_texts_are_read_and_all_else_is_handed_on(pieces: Any, cuts: list[int]) -> None:
    """A text that begins inside another message is a fault, and wsproto is who finds it."""
    wanted: list[str | bytes] = []
    sent, inside = b"", False
    for first, said in pieces:
        one = masked(first, said.encode()[:65000])
        wanted.append(said if first == 0x81 and not inside else one)
        inside = first & 0x80 == 0 if first & 0x0F < 8 else inside
        sent += one
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    frames = transport.Frames(1 << 16)
    assert [part for a, b in pairwise(places) for part in frames.cut(sent[a:b])] == wanted


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536])
def test_a_text_of_any_length_is_read(size: int) -> None:
    text = "甲" * (size // 3) + "x" * (size % 3)
    head = masked(0x81, b"")[:1] + (b"\xff" + size.to_bytes(8, "big") if size > 65535 else b"")
    sent = masked(0x81, text.encode()) if size <= 65535 else head + b"\0\0\0\0" + text.encode()
    assert list(transport.Frames(1 << 20).cut(sent)) == [text]


@pytest.mark.parametrize("odd", [b"\x81\x02hi", masked(0x81, b"x" * 2000), masked(0x81, b"\xff\xfe")])
def test_what_is_not_masked_too_long_or_no_utf8_is_for_wsproto(odd: bytes) -> None:
    frames = transport.Frames(1000)
    assert b"".join(part for part in (*frames.cut(odd[:1]), *frames.cut(odd[1:])) if isinstance(part, bytes)) == odd
