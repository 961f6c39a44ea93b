"""Every page says what the server's clock is compared with, or that it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from certs import authority
from core import sntp
from core.clock import CST
from core.config import Config
from core.db import Base
from tests.sntp_server import TimeServer, silent
from trading.deadline import papers
from web import standard_time
from web.app import create_app


@pytest.fixture
def made(config: Config):
    """`made(servers…)`: an app of a production start that is compared with these servers."""
    folder, apps = config.data_dir / "own-ca", []
    authority.establish(folder, "平台", datetime.now(CST), demo=False)

    def make(*servers: str):
        app = create_app(replace(config, demo=False, ca_dir=folder, ntp_servers=servers))
        Base.metadata.create_all(app.extensions["gongheng"].acts.engine)
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions["gongheng"].acts.engine.dispose()


def _client(app, language: str = "en"):
    client = app.test_client()
    client.set_cookie("gh_language", language)
    return client


def _said(app, path: str = "/", language: str = "en") -> str:
    return _client(app, language).get(path).get_data(as_text=True)


@pytest.mark.certify("A-98")
def test_every_page_shows_the_clock_and_what_it_was_compared_with(made) -> None:
    with TimeServer(0.25, stratum=1) as server:
        app = made(server.name)
        assert "It is being compared with national standard time." in _said(app)
        standard_time.compare(app)
    for path in ("/", "/login", "/verify"):
        page = _said(app, path)
        assert "data-clock=" in page and f"compared with {server.name} (stratum 1): +0.2" in page
    assert f"与 {server.name}" in _said(app, language="zh_CN")
    told = _client(app).get("/api/v1/time").json
    assert set(told) == {"now", "ms", "compared"} and server.name in told["compared"]


def test_a_server_that_does_not_answer_is_said_to_be_away(made, monkeypatch) -> None:
    monkeypatch.setattr("core.sntp.PATIENCE", 0.2)
    app = made(silent())
    standard_time.compare(app)
    assert "no time server could be reached" in _said(app)


def test_a_chinese_page_says_in_chinese_why_no_time_was_had(made, monkeypatch) -> None:
    monkeypatch.setattr("core.sntp.PATIENCE", 0.2)
    app = made(silent(), "no-such-host.invalid")
    standard_time.compare(app)
    said = _said(app, language="zh_CN")
    assert "无应答" in said and not [word for word in (*sntp.CAUSES, "Errno") if word in said]


def test_every_cause_has_words_for_pages_and_papers() -> None:
    assert set(standard_time.CAUSES) == set(papers.CAUSES) == set(sntp.CAUSES)
    clock = {"step": "deadline", "at": datetime(2026, 3, 2, 9, tzinfo=UTC), "offset": "", "cause": "x",
             "answers": [{"server": "ntp.test", "cause": "not synchronised (stratum 16)"}]}  # fmt: skip
    assert papers.clock_line(clock).endswith("ntp.test 服务器未同步")


def test_without_a_server_the_page_says_so(made) -> None:
    app = made()
    assert "It is not compared with national standard time" in _said(app)
    standard_time.compare_for_ever(app)
    assert app.extensions["gongheng.time"].at is None, "nothing to do, and it ends"


def test_a_demo_says_that_its_clock_is_moved_by_hand(config: Config) -> None:
    app = create_app(config)
    Base.metadata.create_all(app.extensions["gongheng"].acts.engine)
    assert "the clock shown is moved by hand" in _said(app)
    app.extensions["gongheng"].acts.engine.dispose()
