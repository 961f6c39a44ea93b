"""The call's events, asked as every role: who comes in, what is passed on and to whom, who is told what."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.access import Actor, Role
from core.clock import CST
from core.config import Config, read
from core.faults import Unusable
from evaluation.talk import calls, views
from tests.evaluation.conftest import house, room  # noqa: F401  a sitting of five
from tests.evaluation.house import SMALL
from web import signalling, socket, turn
from web.app import create_app
from web.socket import EVENTS, Line, Socket

AUDIO = "v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na={}\r\n"
VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na={}\r\n"
OUTSIDE = ("tenderer", "agency", "甲", "staff1", "staff2", "admin")


def sdp(direction: str = "sendrecv") -> str:
    return (AUDIO + VIDEO).format(direction, direction)


class Server:
    """What the hub asks of a Socket.IO server: notes what was sent to which line."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict, str]] = []
        self.later: list[tuple] = []
        self.left: list[tuple[str, str]] = []

    def emit(self, name: str, data: dict, room: str) -> None:  # noqa: F811
        self.sent.append((name, data, room))

    def start_background_task(self, work, *values) -> None:
        self.later.append((work, values))

    def sleep(self, _seconds: float) -> None:
        """Time does not pass by itself here."""

    def enter_room(self, sid: str, channel: str) -> None: ...

    def leave_room(self, sid: str, channel: str) -> None:
        self.left.append((sid, channel))


class Calling:
    """Lines of people to a hub over the sitting's own house."""

    def __init__(self, sitting, config: Config) -> None:
        self.sitting, self.server = sitting, Server()
        self.hub = Socket(create_app(config, sitting.world.clock), self.server)

    def line(self, who: str, name: str = "") -> str:
        sid = name or f"line-{who}"
        actor = self.sitting.actor(who) if who else Actor()
        self.hub.lines[sid] = Line(actor, "", "en", set())
        return sid

    def send(self, who: str, event: str, line: str = "", **data) -> dict:
        sid = line or f"line-{who}"
        if sid not in self.hub.lines:
            self.line(who, sid)
        return self.hub.receive(event, sid, {"case": self.sitting.case, **data})

    def join(self, who: str, **data) -> dict:
        answer = self.send(who, "av.join", **data)
        assert answer["status"] == 200, answer
        return answer

    def told(self, who: str, name: str = "av") -> list[dict]:
        return [data for event, data, to in self.server.sent if event == name and to == f"line-{who}"]


@pytest.fixture
def call(room, config, monkeypatch) -> Calling:  # noqa: F811
    fresh = calls.Calls()
    for place in (signalling, views):
        monkeypatch.setattr(place, "CALLS", fresh)
    return Calling(room, config)


def shut(answer: dict) -> bool:
    """Refused, for the role (403) or by a rule of the room (409)."""
    return answer["status"] in (403, 409) and answer["breaches"][0]["rule"] in ("ACCESS", "TALK")


@pytest.mark.parametrize("who", OUTSIDE)
def test_nobody_outside_comes_into_the_call_or_hears_of_it(call, who):
    call.join(call.sitting.names[0])
    for event in ("av.join", "av.leave", "av.state", "av.signal"):
        answer = call.send(who, event, camera=True, microphone=True, to="x")
        assert shut(answer), (event, answer)
    assert call.told(who) == [] and len(signalling.CALLS.of(call.sitting.case)) == 1


def test_a_visitor_and_a_stranger_are_refused_and_another_case_too(call):
    assert shut(call.send("", "av.join"))
    call.sitting.person("fremd", Role.EXPERT)
    assert shut(call.send("fremd", "av.join"))
    assert shut(call.send(call.sitting.names[0], "av.join", case="0" * 16))
    call.sitting.org("other", "regulator")
    call.sitting.person("stranger", Role.REGULATOR, "other")
    assert shut(call.send("stranger", "av.join"))


def test_whoever_is_new_learns_who_is_there_and_the_others_hear_of_it(call):
    first, second = call.sitting.names[:2]
    one = call.join(first)
    two = call.join(second)
    assert one["peers"] == [] and [peer["peer"] for peer in two["peers"]] == [one["me"]]
    assert not two["watching"] and two["ice"] == []
    assert call.told(first)[-1] == {
        "case": call.sitting.case, "kind": "joined", "peer": two["me"], "there": True, "camera": False,
        "microphone": False, "member": call.sitting.place(second).id,
    }  # fmt: skip
    assert call.told(second) == []


@pytest.mark.parametrize("who", ["regulator", "auditor"])
def test_a_supervisor_watches_without_name_and_sends_nothing(call, who):
    first = call.sitting.names[0]
    one = call.join(first)
    watching = call.join(who)
    assert watching["watching"] and [peer["peer"] for peer in watching["peers"]] == [one["me"]]
    seen = call.told(first)[-1]
    assert seen["member"] == "" and not {"person", "name", "org"} & set(seen)
    assert shut(call.send(who, "av.state", camera=True, microphone=False))
    assert call.send(who, "av.state", camera=False, microphone=False)["status"] == 200
    for direction in ("sendrecv", "sendonly"):
        answer = call.send(
            who, "av.signal", to=one["me"], call="c", description={"type": "offer", "sdp": sdp(direction)}
        )
        assert shut(answer), direction
    silent = AUDIO.format("recvonly") + VIDEO.replace("a={}\r\n", "")
    answer = call.send(who, "av.signal", to=one["me"], call="c", description={"type": "offer", "sdp": silent})
    assert shut(answer), "a direction that is not named means both"
    good = {"type": "answer", "sdp": sdp("recvonly")}
    assert call.send(who, "av.signal", to=one["me"], call="c", description=good)["delivered"]
    assert call.told(first)[-1]["description"] == good


def test_two_who_only_watch_have_nothing_to_do_with_each_other(call):
    one = call.join("regulator")
    two = call.join("auditor")
    assert two["peers"] == [] and call.told("regulator") == []
    answer = call.send(
        "auditor", "av.signal", to=one["me"], call="c", description={"type": "offer", "sdp": sdp("recvonly")}
    )
    assert answer == {"status": 200, "delivered": False}


def test_only_sound_picture_and_addresses_are_passed_on(call):
    first, second = call.sitting.names[:2]
    one = call.join(first)
    call.join(second)
    words = sdp() + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    for bad in ({"type": "offer", "sdp": words}, {"type": "offer", "sdp": ""}, {"type": "pranswer", "sdp": sdp()},
                {"type": "offer", "sdp": sdp() + "x" * 32_000}, "text", {"type": "offer", "sdp": 1}):  # fmt: skip
        assert call.send(second, "av.signal", to=one["me"], call="c", description=bad)["status"] == 400, bad
    for bad in ({"candidate": "hello"}, {"candidate": "candidate:1", "sdpMLineIndex": "0"}, {"candidate": 7}, []):
        assert call.send(second, "av.signal", to=one["me"], call="c", candidate=bad)["status"] == 400, bad
    assert not any(one["kind"] == "signal" for one in call.told(first))
    given = {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMLineIndex": 0, "sdpMid": "0",
             "usernameFragment": "abcd", "text": "private"}  # fmt: skip
    answer = call.send(second, "av.signal", to=one["me"], call="c", candidate=given, text="private")
    assert answer["delivered"]
    passed = call.told(first)[-1]
    assert set(passed) == {"case", "kind", "from", "call", "candidate"} and "text" not in passed["candidate"]


def test_a_signal_stays_within_its_call(call):
    first, second = call.sitting.names[:2]
    one = call.join(first)
    offer = {"type": "offer", "sdp": sdp()}
    assert shut(call.send(second, "av.signal", to=one["me"], call="c", description=offer)), "not in it"
    call.join(second)
    assert not call.send(second, "av.signal", to="nobody", call="c", description=offer)["delivered"]
    signalling.CALLS.get(one["me"]).case = "another"
    assert not call.send(second, "av.signal", to=one["me"], call="c", description=offer)["delivered"]


def test_a_cut_line_keeps_its_place_for_a_while(call):
    first, second = call.sitting.names[:2]
    one, two = call.join(first), call.join(second)
    call.hub.disconnect("line-" + second)
    assert (call.told(first)[-1]["kind"], call.told(first)[-1]["there"]) == ("lost", False)
    back = call.send(second, "av.join", line="line-new", resume=two["me"])
    assert back["me"] == two["me"] and call.told(first)[-1]["kind"] == "back"
    for work, values in call.server.later:
        work(*values)  # the grace of the first cut is over
    assert signalling.CALLS.get(two["me"]) is not None
    call.hub.disconnect("line-new")
    for work, values in call.server.later:
        work(*values)
    assert call.told(first)[-1]["kind"] == "left" and signalling.CALLS.get(two["me"]) is None
    again = call.send(second, "av.join", line="line-late", resume=two["me"])
    assert again["me"] not in ("", one["me"], two["me"]), "after the grace it is a new place"


def test_nobody_takes_anothers_place_by_its_id(call):
    first, second = call.sitting.names[:2]
    one = call.join(first)
    assert call.join(second, resume=one["me"])["me"] != one["me"]
    assert signalling.CALLS.get(one["me"]).line == f"line-{first}"


def test_a_second_window_of_a_member_takes_the_place_of_the_first(call):
    first, second = call.sitting.names[:2]
    call.join(second)
    one = call.join(first)
    call.send(first, "av.join", line="window")
    assert call.told(first)[-1] == {"case": call.sitting.case, "kind": "ended", "why": "elsewhere"}
    assert signalling.CALLS.get(one["me"]) is None
    mine = [peer for peer in signalling.CALLS.of(call.sitting.case) if peer.member == call.sitting.place(first).id]
    assert [peer.line for peer in mine] == ["window"]


def test_a_call_has_so_many_places(call, monkeypatch):
    monkeypatch.setattr(signalling, "MOST", 2)
    for name in call.sitting.names[:2]:
        call.join(name)
    assert call.send(call.sitting.names[2], "av.join")["breaches"][0]["rule"] == "CALL-FULL"
    call.send(call.sitting.names[0], "av.leave")
    call.join(call.sitting.names[2])


def test_watchers_take_no_place_that_a_member_may_want_and_one_each(call, monkeypatch):
    monkeypatch.setattr(signalling, "MOST", 6)  # the committee has five
    first = call.join("regulator")
    call.send("regulator", "av.join", line="window")
    assert call.told("regulator")[-1]["why"] == "elsewhere" and signalling.CALLS.get(first["me"]) is None
    assert call.send("auditor", "av.join")["breaches"][0]["rule"] == "CALL-FULL"
    mine = signalling.CALLS.by_line("window")[0].id
    assert call.send("auditor", "av.join", resume=mine)["breaches"][0]["rule"] == "CALL-FULL", "another's id is no key"
    for name in call.sitting.names:
        call.join(name)


def hearing(call, *who: str) -> None:
    """In the call and in the channels; entries written from now on reach the hub."""
    for name in who:
        call.join(name)
        call.hub.lines[f"line-{name}"].joined |= {f"talk:{call.sitting.case}", f"room:{call.sitting.case}"}
    call.sitting.world.acts.house.ledger.listeners.append(lambda entry: signalling.hear(call.hub, entry))


def test_a_freeze_puts_members_out_at_once_and_a_pause_does_not(call):
    first, case = call.sitting.names[0], call.sitting.case
    hearing(call, first, "regulator")
    call.sitting.do("staff1", "sitting.pause", reason="用餐")
    assert len(signalling.CALLS.of(case)) == 2
    until = (call.sitting.world.clock.now() + timedelta(hours=12)).isoformat()
    call.sitting.do("staff1", "sitting.freeze", reason="隔夜", until=until)
    assert call.told(first)[-1]["kind"] == "ended" and call.hub.lines[f"line-{first}"].joined == set()
    assert len(call.hub.lines["line-regulator"].joined) == 2
    assert [peer.member for peer in signalling.CALLS.of(case)] == [""]
    assert shut(call.send(first, "av.join"))


def test_whoever_came_back_elsewhere_is_out_of_the_old_browser(call):
    first, sitting = call.sitting.names[0], call.sitting
    hearing(call, first)
    line = call.hub.lines[f"line-{first}"]
    line.actor = replace(line.actor, session="old")
    sitting.world.do(replace(sitting.actor(first), session="new"), "sitting.rejoin", sitting.case)
    assert call.told(first)[-1]["kind"] == "ended" and line.joined == set()
    assert shut(call.send(first, "av.join"))


def test_switches_and_descriptions_are_asked_anew_whether_their_sender_may_be_there(call):
    first, second = call.sitting.names[:2]
    two = call.join(second)
    for event, more in (("av.state", {"camera": True, "microphone": True}),
                        ("av.signal", {"to": two["me"], "call": "c",
                                       "description": {"type": "offer", "sdp": sdp()}})):  # fmt: skip
        call.join(first)
        line = call.hub.lines[f"line-{first}"]
        whole = line.actor
        line.actor = replace(whole, session="old")
        call.sitting.world.do(replace(whole, session="new"), "sitting.rejoin", call.sitting.case)
        assert shut(call.send(first, event, **more)) and call.told(first)[-1]["kind"] == "ended"
        line.actor = replace(whole, session="new")


def test_a_member_who_leaves_the_committee_is_out_at_once(call):
    first, second = call.sitting.names[:2]
    call.join(first)
    call.join(second)
    line = call.hub.lines[f"line-{second}"]
    line.joined |= {f"talk:{call.sitting.case}", f"room:{call.sitting.case}"}
    entries = []
    call.sitting.world.acts.house.ledger.listeners.append(entries.append)
    call.sitting.do(second, "member.recuse", reason="亲属")
    for entry in entries:
        signalling.hear(call.hub, entry)
    assert call.told(second)[-1]["kind"] == "ended" and call.told(first)[-1]["kind"] == "left"
    assert line.joined == set() and len(call.server.left) == 2
    told = {data["channel"] for data in call.told(second, "out")}
    assert told == {f"talk:{call.sitting.case}", f"room:{call.sitting.case}"} and call.told(first, "out") == []
    assert shut(call.send(second, "av.join"))
    assert [peer.line for peer in signalling.CALLS.of(call.sitting.case)] == [f"line-{first}"]


def test_venue_staff_are_told_switches_and_nothing_else(call):
    first = call.sitting.names[0]
    call.join(first)
    call.send(first, "av.state", camera=True, microphone=False)
    status = [data for name, data, to in call.server.sent if to == f"room:{call.sitting.case}"]
    assert status[-1] == {"case": call.sitting.case, "member": call.sitting.place(first).id, "there": True,
                          "camera": True, "microphone": False}  # fmt: skip
    assert {name for name, _, to in call.server.sent if to.startswith("room:")} == {"av.status"}
    shown = {one["member"]: one for one in call.sitting.ask("staff1", "av.status")["seats"]}
    mine = call.sitting.place(first)
    assert (mine.site == next(iter(SMALL))) == (mine.id in shown)


def test_a_camera_that_is_off_too_long_is_recorded_once(call):
    sitting = call.sitting
    for name in sitting.names[1:]:
        call.join(name)
        call.send(name, "av.state", camera=True, microphone=True)
    call.join(sitting.names[0])
    kept = []
    sitting.world.acts.house.ledger.listeners.append(lambda entry: kept.append(entry.kind))
    call.hub.house.acts.house.ledger.listeners.append(lambda entry: kept.append(entry.kind))

    def after(minutes: float) -> int:
        sitting.world.clock.moment += timedelta(minutes=minutes)
        signalling.look(call.hub, sitting.case, sitting.world.clock.now())
        return kept.count("camera.off")

    assert [after(5), after(0.2), after(1), after(10)] == [0, 1, 1, 1]
    assert [bool(one["alarm"]) for one in sitting.ask("regulator", "av.status")["seats"]].count(True) == 1
    call.send(sitting.names[0], "av.state", camera=True, microphone=True)
    assert after(10) == 1 and not any(one["alarm"] for one in sitting.ask("regulator", "av.status")["seats"])


def test_every_event_names_its_roles():
    for name in ("av.join", "av.leave", "av.signal", "av.state"):
        assert set(EVENTS[name].permit.roles) == {Role.EXPERT, Role.TENDERER, Role.REGULATOR, Role.AUDITOR}
    assert signalling._cut in socket.GONE


# -- relays -----------------------------------------------------------------------------------------------------------


def test_credentials_are_what_coturn_computes_and_end(config):
    now = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
    user, password = turn.credentials("a-secret-of-the-relay", "0123abcd", now)
    expiry, name = user.split(":")
    assert name == "0123abcd" and int(expiry) == int((now + turn.LIFE).timestamp())
    made = hmac.new(b"a-secret-of-the-relay", user.encode(), hashlib.sha1).digest()
    assert base64.b64decode(password) == made
    # RFC 2202, test case 2, in the shape of this function's inner step
    assert hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha1).hexdigest().startswith("effcdf6a")


def test_without_configuration_nothing_outside_is_asked_and_with_it_the_secret_stays_here(config):
    now = datetime(2026, 3, 2, tzinfo=CST)
    assert turn.servers(config, "x", now) == []
    given = read({"DEMO": "1", "TURN_URL": "stun:turn.example.cn, turns:turn.example.cn:5349?transport=tcp",
                  "TURN_SECRET": "s" * 32, "DATA_DIR": str(config.data_dir)})  # fmt: skip
    stun, relay = turn.servers(given, "x", now)
    assert stun == {"urls": ["stun:turn.example.cn"]}
    assert relay["urls"] == ["turns:turn.example.cn:5349?transport=tcp"] and relay["username"].endswith(":x")
    assert "s" * 32 not in str([stun, relay])


@pytest.mark.parametrize(("url", "secret", "named"), [
    ("turn:relay.example.cn", "", "TURN_SECRET"), ("turn:relay.example.cn", "s" * 15, "TURN_SECRET"),
    ("https://relay.example.cn", "s" * 16, "TURN_URL"), ("turn:a b", "s" * 16, "TURN_URL"),
])  # fmt: skip
def test_a_wrong_setting_is_said_at_the_start(config, url, secret, named):
    env = {"DEMO": "1", "DATA_DIR": str(config.data_dir), "TURN_URL": url, "TURN_SECRET": secret}
    with pytest.raises(Unusable, match=named):
        read(env)
    assert read(env | {"TURN_URL": "turn:relay.example.cn", "TURN_SECRET": "s" * 16}).turn_urls
