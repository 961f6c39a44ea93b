"""HTTPS=1: pages, sockets and uploads under a certificate of the demo CA that a browser can check."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import socketio
import websocket

from core.config import Config
from core.db import Base, open_engine
from core.faults import Unusable
from tests.web.test_server import ROOT, _environment, _free_port
from web import https, rooms


def test_every_door_stands_behind_the_certificate(config: Config) -> None:
    rooms.modules()
    engine = open_engine(config.database_url)
    Base.metadata.create_all(engine)
    engine.dispose()
    port, uploads = _free_port(), _free_port()
    env = _environment(DEMO="1", DATA_DIR=str(config.data_dir), DATABASE_URL=config.database_url, PORT=str(port),
                       UPLOAD_PORT=str(uploads), HTTPS="1")  # fmt: skip
    server = subprocess.Popen([sys.executable, "-m", "web.serve"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        assert server.stdout.readline().strip().endswith(f"https://127.0.0.1:{port}/")
        root = server.stdout.readline().split()[-1]
        for name in ("127.0.0.1", "localhost"):
            answer = requests.get(f"https://{name}:{port}/login", verify=root, timeout=30)
            assert answer.ok and "Secure" in answer.headers["Set-Cookie"]
        assert requests.options(f"https://127.0.0.1:{uploads}/uploads", verify=root, timeout=30).status_code == 204
        http = requests.Session()
        http.verify = root
        line = socketio.Client(reconnection=False, http_session=http)
        line.connect(f"https://127.0.0.1:{port}", transports=["websocket"])
        assert line.call("join", {"channel": "hall:c1"})["status"] == 200
        line.disconnect()
        address = f"wss://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        bare = websocket.create_connection(address, sslopt={"ca_certs": root}, timeout=30)
        assert bare.recv_frame().data.startswith(b"0{")  # else what follows may be judged before the greeting is sent
        bare.sock.send(b"\x81\x02hi")  # not masked
        assert int.from_bytes(bare.recv_frame().data[:2], "big") == 1002
        bare.shutdown()
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"https://127.0.0.1:{port}/login", timeout=30)
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
    assert os.stat(Path(config.data_dir) / "https" / "server.key").st_mode & 0o077 == 0


def test_only_a_demo_makes_its_own(config: Config) -> None:
    with pytest.raises(Unusable, match="proxy"):
        https.made(replace(config, demo=False), "0.0.0.0")
