"""What a process for lines of auctions takes from whom: its own pages, one act, one kind of channel."""

from __future__ import annotations

import pytest

from accounts import queries
from core.access import Role
from web.app import create_line_app
from web.socket import Line, Socket


@pytest.fixture
def hub(config, front) -> Socket:
    found: Socket = create_line_app(config, 8000).extensions["gongheng.socket"]
    house = front.acts
    found.house = type(found.house)(house, found.house.prover, found.house.config)
    for role in (Role.BIDDER, Role.REGULATOR):
        with house.reading() as session:
            person = queries.actor(session, f"p-{role}", "")
        assert person is not None
        found.lines[role] = Line(person, "", "en", set())
    return found


@pytest.mark.parametrize(
    ("origin", "ours"),
    [("http://a.example:8000", True), ("https://a.example:8000", True), ("http://127.0.0.1:8000", True),
     ("http://a.example:8002", True), ("http://a.example:9000", False), ("http://evil.example:8000", False),
     ("http://a.example", False), ("null", False), ("", False)],
)  # fmt: skip
def test_only_our_own_pages_open_a_line(hub, origin, ours):
    """http://127.0.0.1:8000 is the public address of this test's house."""
    assert hub._own_page(origin, "a.example:8002") is ours
    told = {"HTTP_ORIGIN": origin, "HTTP_HOST": "a.example:8002"}
    assert hub.server.eio.cors_allowed_origins(origin, told) is ours


@pytest.mark.parametrize(
    ("event", "data", "status"),
    [("act", {"name": "auction.bid", "case": "none", "payload": {"price": "1"}}, 400),
     ("act", {"name": "auction.enter", "case": "none", "payload": {"accept": True}}, 403),
     ("act", {"name": "score.save", "case": "none", "payload": {}}, 403), ("beat", {"case": "none"}, 403),
     ("av.join", {"case": "none"}, 403), ("ping", {}, 200), ("join", {"channel": "room:none"}, 403),
     ("join", {"channel": "hall:none"}, 403), ("join", {"channel": "lines:x"}, 403)],
)  # fmt: skip
def test_nothing_is_taken_that_hangs_on_another_process(hub, event, data, status):
    assert hub.receive(event, Role.BIDDER, data)["status"] == status


def test_everything_but_lines_is_not_there(hub):
    answer = hub.app.test_client().get("/mall/auctions")
    assert (answer.status_code, answer.text) == (404, "lines only")
