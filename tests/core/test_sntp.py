"""Our clock against SNTP servers that really answer on this machine, rightly, wrongly or not at all."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from decimal import Decimal

import pytest

from core import config, sntp
from core.faults import Unusable
from core.sntp import Answer
from tests.sntp_server import TimeServer, silent

D = Decimal


@pytest.mark.certify("A-97")
@pytest.mark.parametrize("ahead", [0.0, 1.0, -1.0, 1.05, 3600.0, -86400.0])
def test_the_offset_is_what_the_server_is_ahead(ahead: float) -> None:
    with TimeServer(ahead, stratum=1) as server:
        found = sntp.ask(server.name)
    assert found.offset is not None and found.delay is not None and not found.cause
    assert D(str(ahead)) - found.delay / 2 - D("0.001") <= found.offset <= D(str(ahead))
    assert (found.server, found.stratum) == (server.name, 1)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sntp, "PATIENCE", 0.2)
    found = sntp.ask(silent())
    assert found.offset is None and "No response" in found.cause


def test_an_unknown_name_is_said_to_be_unknown() -> None:
    found = sntp.ask("no-such-host.invalid")
    assert found.offset is None and found.cause


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda answer: b"garbage", "Invalid NTP packet"),
        (lambda answer: bytes(48), "not an answer to what was asked"),
        (lambda answer: answer[:24] + struct.pack("!2I", 1, 1) + answer[32:], "not an answer to what was asked"),
        (lambda answer: bytes([answer[0] | 3 << 6]) + answer[1:], "not synchronised"),
        (lambda answer: bytes([4 << 3 | 5]) + answer[1:], "not synchronised"),
        (lambda answer: answer[:1] + bytes([0]) + answer[2:], "not synchronised (stratum 0)"),
        (lambda answer: answer[:1] + bytes([16]) + answer[2:], "not synchronised (stratum 16)"),
    ],
)
def test_garbage_is_no_time(spoil, cause: str) -> None:
    with TimeServer(0.5, spoil=spoil) as server:
        found = sntp.ask(server.name)
    assert found.offset is None and cause in found.cause


@pytest.mark.parametrize(("slow", "cause"), [(0.9, ""), (1.2, "round trip")])
def test_an_answer_that_took_too_long_measures_nothing(slow: float, cause: str) -> None:
    """The server claims to have answered so much earlier than it came: no wait in the test, the same packet."""

    def early(answer: bytes) -> bytes:
        received, sent = struct.unpack("!QQ", answer[32:])
        return answer[:32] + struct.pack("!QQ", received, sent - round(slow * (1 << 32)))

    with TimeServer(spoil=early) as server:
        found = sntp.ask(server.name)
    assert cause in found.cause and (found.offset is None) is bool(cause)


def test_several_are_asked_in_the_order_given_and_each_answers_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sntp, "PATIENCE", 0.5)
    with TimeServer(0.2) as one, TimeServer(0.4) as other:
        names = [other.name, silent(), one.name]
        found = sntp.compare(names)
    assert [answer.server for answer in found] == names
    assert [answer.offset is None for answer in found] == [False, True, False]
    assert sntp.compare(()) == ()


@pytest.mark.parametrize(
    ("right", "lying", "alarm"), [(0.0, 7200.0, False), (0.0, -7200.0, False), (5.0, 0.0, True), (-5.0, 0.0, True)]
)
def test_of_three_one_that_lies_neither_raises_nor_hides(right: float, lying: float, alarm: bool) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(TimeServer(ahead)) for ahead in (right, lying, right)]
        held = sntp.middle(sntp.compare([server.name for server in servers]))
    assert held is not None and held.offset is not None
    assert (abs(held.offset) > 1) is alarm


@pytest.mark.parametrize(
    ("offsets", "held"),
    [
        (["0.1"], "0.1"),
        (["3", "-0.2", "0.1"], "0.1"),
        (["0.0", "1.5"], "1.5"),
        (["0.0", "-1.5"], "-1.5"),
        (["9", "0.1", "-0.3", "-9"], "-0.3"),
    ],
)
def test_the_median_and_of_two_the_farther(offsets: list[str], held: str) -> None:
    answers = [Answer(str(n), D(text)) for n, text in enumerate(offsets)]
    found = sntp.middle([*answers, Answer("silent", cause="No response")])
    assert found is not None and found.offset == D(held)


def test_without_an_answer_there_is_no_median() -> None:
    assert sntp.middle([Answer("one", cause="No response")]) is None


# -- the setting -------------------------------------------------------------------------------------------------------

PRODUCTION = {
    "SECRET_KEY": "s" * 40,
    "CA_DIR": "/ca",
    "PUBLIC_URL": "https://example.test",
    "DATABASE_URL": "sqlite://",
}


def test_production_is_compared_with_the_national_time_service_unless_told_otherwise() -> None:
    assert config.read(PRODUCTION).ntp_servers == ("ntp.ntsc.ac.cn",)
    assert config.read(PRODUCTION | {"NTP_SERVERS": ""}).ntp_servers == ()
    told = config.read(PRODUCTION | {"NTP_SERVERS": "a.test, b.test:1123 c.test,a.test"})
    assert told.ntp_servers == ("a.test", "b.test:1123", "c.test")


def test_a_demo_is_compared_with_nothing_unless_told_otherwise(tmp_path) -> None:
    assert config.read({"DEMO": "1", "DATA_DIR": str(tmp_path)}).ntp_servers == ()


@pytest.mark.parametrize("text", ["a.test:0", "a.test:65536", "a.test:x", "http://a.test", "a.test;b"])
def test_what_names_no_server_is_refused(text: str) -> None:
    with pytest.raises(Unusable, match="NTP_SERVERS"):
        config.read(PRODUCTION | {"NTP_SERVERS": text})
