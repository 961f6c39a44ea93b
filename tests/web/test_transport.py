"""A slow reader gets every byte in order, or is dropped; never half a frame."""

from __future__ import annotations

import gevent
import pytest
from gevent import socket

from web import transport


def test_everything_arrives_in_whole_frames():
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    line = transport.WholeSocket(ours)
    frames = [bytes([65 + n]) * 300_000 for n in range(4)]
    senders = [gevent.spawn(line.send, frame) for frame in frames]

    def read() -> bytes:
        data = b""
        while len(data) < 1_200_000:
            data += theirs.recv(1000)
        return data

    data = gevent.spawn(read).get(timeout=20)
    gevent.joinall(senders)
    pieces = [data[n : n + 300_000] for n in range(0, len(data), 300_000)]
    assert sorted(pieces) == frames
    ours.close()
    theirs.close()


def test_a_client_that_does_not_read_is_dropped(monkeypatch):
    monkeypatch.setattr(transport, "PATIENCE", 0.05)
    ours, theirs = socket.socketpair()
    with pytest.raises(BrokenPipeError):
        transport.WholeSocket(ours).send(b"x" * 10_000_000)
    assert ours.fileno() == -1
    theirs.close()
