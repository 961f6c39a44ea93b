"""A real server process: gevent, websocket only, identity fixed at connect; and its refusal to start."""

from __future__ import annotations

import os
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import socketio

from accounts import passwords
from accounts.models import LoginSession
from core.access import SYSTEM, Role
from core.clock import SystemClock
from core.config import Config
from core.db import Base
from tests.web.conftest import person
from web.app import create_app

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(**values: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    return {**kept, **values}


@pytest.fixture
def server(config: Config) -> Iterator[str]:
    app = create_app(config, SystemClock())
    acts = app.extensions["gongheng"].acts
    Base.metadata.create_all(acts.engine)

    def seed(tx) -> None:
        for row in person(Role.AUDITOR, 1):
            tx.session.add(row)
            tx.session.flush()
        login = tx.session.get(LoginSession, passwords.token_hash("token-of-auditor"))
        login.began_at = login.seen_at = tx.now

    acts.act(seed, SYSTEM)
    acts.engine.dispose()
    port = _free_port()
    env = _environment(DEMO="1", DATA_DIR=str(config.data_dir), DATABASE_URL=config.database_url, PORT=str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "web.serve"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert f":{port}/" in process.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    assert process.wait(10) == 0, "an order to stop is carried out in order"
    process.stdout.close()


def _line(base: str, cookie: str = "", origin: str = "") -> socketio.Client:
    client = socketio.Client(reconnection=False)
    headers = {"Cookie": cookie} if cookie else {}
    if origin:
        headers["Origin"] = origin
    client.connect(base, transports=["websocket"], headers=headers)
    return client


def test_identity_is_fixed_at_connect_and_everything_else_is_closed(server):
    visitor, auditor = _line(server), _line(server, "gh_session=token-of-auditor")
    try:
        assert visitor.call("join", {"channel": "hall:c1"})["status"] == 200
        assert visitor.call("join", {"channel": "room:c1"})["status"] == 403
        assert visitor.call("act", {"name": "cert.enrol", "payload": {}})["status"] == 403
        assert visitor.call("anything", {})["status"] == 403
        assert visitor.call("join", ["bad"])["status"] == 400
        assert auditor.call("join", {"channel": "room:c1"})["status"] == 200
        refused = auditor.call("act", {"name": "org.verify", "payload": {"org": "x"}})
        assert refused["status"] == 403 and refused["breaches"][0]["article"] == "电子招标投标办法 第48条"
        assert (
            auditor.call("act", {"name": "nonce.issue", "payload": {"act": "x.y", "object": "0" * 64}})["status"] == 200
        )
    finally:
        visitor.disconnect()
        auditor.disconnect()


def test_presence_is_told_to_the_award_meeting(server):
    first = _line(server, "gh_session=token-of-auditor")
    told: list[dict] = []
    try:
        first.on("presence", told.append)
        first.call("join", {"channel": "award:c1"})
        until = time.monotonic() + 5
        while not told and time.monotonic() < until:
            first.sleep(0.01)
        assert told[0] == {"channel": "award:c1", "people": [{"person": "p-auditor", "name": "人员1", "org": "单位1"}]}
    finally:
        first.disconnect()


def test_a_foreign_page_cannot_open_a_line(server):
    with pytest.raises(socketio.exceptions.ConnectionError):
        _line(server, "gh_session=token-of-auditor", "https://evil.example")


def test_polling_is_not_offered(server):
    assert requests.get(f"{server}/socket.io/?EIO=4&transport=polling", timeout=5).status_code == 400


def test_logging_out_cuts_the_line(server):
    line = _line(server, "gh_session=token-of-auditor")
    gone: list[str] = []
    line.on("disconnect", lambda *_: gone.append("gone"))
    answer = requests.post(
        f"{server}/logout",
        cookies={"gh_session": "token-of-auditor"},
        headers={"X-Gongheng": "1"},
        allow_redirects=False,
        timeout=5,
    )
    assert answer.status_code == 302
    line.wait()
    assert gone


@pytest.mark.parametrize("missing", ["SECRET_KEY", "CA_DIR", "PUBLIC_URL", "DATABASE_URL"])
def test_production_says_in_one_line_what_is_missing(tmp_path, missing):
    given = {
        "SECRET_KEY": "s" * 40, "CA_DIR": str(tmp_path), "PUBLIC_URL": "https://x.example", "DATABASE_URL": "sqlite://",
    }  # fmt: skip
    env = _environment(**{key: value for key, value in given.items() if key != missing})
    done = subprocess.run([sys.executable, "-m", "web.serve"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 2 and missing in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
