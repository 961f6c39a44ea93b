"""The front of every request: default deny, forged requests, headers, errors without traces, a discreet log."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from flask import Blueprint

from accounts import sign_in
from certs import authority
from core import ledger
from core.access import Role
from core.rules import Breach, Refused
from web import identity
from web.app import create_app
from web.front import check_permits, permit, permit_of


def test_an_undeclared_route_stops_the_start(front):
    front.app.view_functions["portal.index"] = lambda: "open"
    with pytest.raises(RuntimeError, match="without a permit: /"):
        check_permits(front.app)


def test_an_undeclared_route_does_not_open(front):
    front.app.view_functions["portal.index"] = lambda: "open"
    assert front.client().get("/").status_code == 403


def test_headers_leave_no_inline_script(front):
    headers = front.client().get("/").headers
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "HttpOnly" in headers["Set-Cookie"]


def test_a_foreign_page_cannot_post(front):
    client = front.client(Role.TENDERER, header=False)
    assert client.post("/logout").status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site", "X-Gongheng": "1"}
    assert client.post("/logout", headers=foreign).status_code == 403
    assert client.post("/logout", headers={"Origin": "https://evil.example", "X-Gongheng": "1"}).status_code == 403
    page = client.get("/login").get_data(as_text=True)
    token = page.split('name="csrf" value="')[1].split('"')[0]
    assert client.post("/logout", data={"csrf": token}).status_code == 302


def test_a_page_for_people_sends_visitors_to_the_login(front):
    answer = front.client().get("/workbench")
    assert answer.status_code == 302 and answer.location == "/login?next=%2Fworkbench"
    assert front.client(Role.BIDDER).get("/workbench").status_code == 200


def test_login_never_leads_to_another_site(front, monkeypatch):
    monkeypatch.setattr(sign_in, "log_in", lambda *_: sign_in.LogIn("t", "p"))
    for target, led in (("//evil.example", "/workbench"), ("https://evil.example", "/workbench"), ("/me", "/me")):
        answer = front.client().post("/login", data={"login": "a", "password": "b", "next": target})
        assert answer.location == led


def test_a_refusal_says_article_required_and_found(front):
    def refuse() -> str:
        raise Refused(Breach("R1-06", "招标投标法 第24条", "B", "20日", "19日", "deadline"))

    front.app.view_functions["portal.index"] = permit(Role.PUBLIC)(refuse)
    page = front.client().get("/")
    assert page.status_code == 409
    assert all(word in page.get_data(as_text=True) for word in ("招标投标法 第24条", "20日", "19日"))
    answer = front.client().get("/", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    (breach,) = answer.json["breaches"]
    assert breach["rule"] == "R1-06" and breach["field"] == "deadline" and breach["text"]


def test_our_mistake_shows_and_logs_no_value(front, caplog):
    def fail() -> str:
        raise KeyError("price 5689 of bidder 甲")

    front.app.view_functions["portal.index"] = permit(Role.PUBLIC)(fail)
    with caplog.at_level(logging.INFO, "gongheng.web"):
        answer = front.client().get("/")
    assert answer.status_code == 500
    assert "5689" not in answer.get_data(as_text=True) + caplog.text
    assert "KeyError at" in caplog.text


def test_the_log_tells_neither_person_nor_object(front, caplog):
    with caplog.at_level(logging.INFO, "gongheng.web"):
        front.client(Role.BIDDER).post("/api/v1/acts/file.fetch", json={"case": "secretcase0001", "payload": {}})
        front.client(Role.BIDDER).get("/files/secretdoc")
    assert "/api/v1/acts/<name>" in caplog.text and "/files/<document>" in caplog.text
    for word in ("secret", "file.fetch", "p-bidder", "127.0.0.1", "人员"):
        assert word not in caplog.text


@pytest.mark.parametrize("path", ["/nothing", "/files/nothing", "/static/nothing.js"])
def test_what_is_not_there_is_404_in_words(front, path):
    answer = front.client().get(path)
    assert answer.status_code == 404 and "页面不存在" in answer.get_data(as_text=True)


def test_a_program_is_told_in_json(front):
    answer = front.client().post("/api/v1/acts/org.register", data=b"{bad")
    assert answer.status_code == 400 and answer.json["error"]
    answer = front.client().post("/api/v1/acts/nothing.here", json={})
    assert answer.status_code == 400


def test_the_clock_route_is_only_in_the_demo(front, config):
    assert any(rule.rule == "/demo/clock" for rule in front.app.url_map.iter_rules())
    folder = config.data_dir / "real-ca"
    authority.establish(folder, "平台", front.clock.now(), demo=False)
    real = create_app(replace(config, demo=False, ca_dir=folder, public_url="https://x.example"))
    assert not any(rule.rule == "/demo/clock" for rule in real.url_map.iter_rules())
    assert "max-age" in real.test_client().get("/api/v1/time").headers["Strict-Transport-Security"]


def test_blueprints_without_permit_are_found(front):
    extra = Blueprint("extra", __name__)
    extra.add_url_rule("/extra", view_func=lambda: "x", endpoint="x")
    front.app._got_first_request = False
    front.app.register_blueprint(extra)
    with pytest.raises(RuntimeError, match="/extra"):
        check_permits(front.app)


@pytest.mark.rule("E-09", "refused")
@pytest.mark.parametrize(("proxies", "sent", "kept"), [
    (0, "203.0.113.9", "127.0.0.1"),  # whoever comes straight writes no address of its own
    (1, "203.0.113.9", "203.0.113.9"),
    (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what the client wrote before our proxy counts for nothing
    (1, "", "127.0.0.1"),
])  # fmt: skip
def test_an_act_keeps_the_address_that_our_proxy_saw(front, config, proxies, sent, kept):
    app = create_app(replace(config, proxies=proxies), front.clock)
    acts, client = app.extensions["gongheng"].acts, app.test_client()
    client.set_cookie(identity.COOKIE, front.token(Role.CENTRE))
    headers = {"X-Gongheng": "1", **({"X-Forwarded-For": sent} if sent else {})}
    body = {"payload": {"name": "一号交易中心", "region": "420112"}}
    made = client.post("/api/v1/acts/venue.open", json=body, headers=headers)
    assert made.status_code == 200, made.text
    with acts.reading() as session:
        (entry,) = ledger.entries(session, f"venue:{made.json['result']['centre']}")
    acts.engine.dispose()
    assert (entry.at, entry.actor["person"], entry.actor["address"]) == (front.clock.now(), "p-centre", kept)
    assert kept not in str(entry.leaf)  # the log itself holds salted digests


@pytest.mark.parametrize(("path", "role", "allowed"), [
    ("/check", None, True), ("/", None, False), ("/me", Role.EXPERT, False), ("/watch", Role.AUDITOR, False),
    ("/api/v1/time", None, False), ("/nowhere", None, False),
])  # fmt: skip
def test_camera_and_microphone_are_for_the_room_and_the_check_alone(front, path, role, allowed):
    policy = front.client(role).get(path).headers["Permissions-Policy"]
    own = "(self)" if allowed else "()"
    assert f"camera={own}" in policy and f"microphone={own}" in policy
    devices = {rule.rule for rule in front.app.url_map.iter_rules() if permit_of(front.app, rule.endpoint).devices}
    assert devices == {"/check", "/room/<case>", "/room/<case>/talk"}
