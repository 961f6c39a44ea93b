"""make demo through its own command, the ending without an opening, and the lines of a real server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio

from core import canon
from tests.stories.demo import demo, played, two_bidders, written
from tests.stories.play import four_sites
from verifier.commands import run_verify
from web.demo.play import Play, differences


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory)


def test_the_demo_ends_as_the_case_expects(out: Path) -> None:
    said = (out.parent / "demo.txt").read_text(encoding="utf-8").splitlines()
    assert said[0] == "0", said
    summary = canon.loads((out / "summary.json").read_bytes())
    assert differences(four_sites()["expect"], summary) == []
    assert {one.name for one in out.iterdir()} == {
        "summary.json", "opening-record.pdf", "evaluation-report.pdf", "award-report.pdf", "receipts", "draws",
        "casefile.zip", "trust.json", "world",
    }  # fmt: skip
    assert len(list((out / "receipts").iterdir())) == len(list((out / "draws").iterdir())) == 3
    assert summary["checkpoint"]["size"] > 0 and summary["entries"] > 100


def test_no_line_of_the_server_was_read_as_a_request(out: Path) -> None:
    """A websocket ends with its session: nothing of it is taken for HTTP, no socket is left half closed."""
    log = (out / "world" / "server.log").read_text(encoding="utf-8")
    assert "Invalid" not in log and "Traceback" not in log


@pytest.mark.soak
def test_another_expectation_ends_with_one_and_names_the_difference(tmp_path: Path) -> None:
    case = two_bidders()
    case["expect"] |= {"outcome": "awarded", "winner": "甲"}
    done = demo(written(case, tmp_path), tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        'not as expected: outcome: expected "awarded", found "failed_lt3"',
        'not as expected: winner: expected "甲", found ""',
    ]
    assert canon.loads((tmp_path / "out" / "summary.json").read_bytes())["outcome"] == "failed_lt3"


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (None, "no such case file"),
        (b"{", ""),
        (b"[]", "an object missing"),
        (b'{"start":"2026-03-02T09:00:00+08:00"}', "regime, procedure, tender"),
        (b'{"start":1.5}', ""),
    ],
)
def test_an_unreadable_case_ends_with_two_in_one_line(tmp_path: Path, data: bytes | None, named: str) -> None:
    path = tmp_path / "case.json"
    if data is not None:
        path.write_bytes(data)
    done = demo(path, tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


class Page:
    """Somebody's open page: its line, the channel it joined and what was pushed, each push looked up at once."""

    def __init__(self, play: Play, who: str, channel: str) -> None:
        self.base, self.channel = play.server.base, channel
        self.cookies = {one.name: str(one.value) for one in play.stage.session(who).cookies} if who else {}
        self.pushed: list[dict[str, Any]] = []
        self.too_early: list[int] = []
        self.line = self.open()

    def open(self) -> socketio.Client:
        self.line = socketio.Client(reconnection=False)
        self.line.on("live", self.hear)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.line.connect(self.base, headers={"Cookie": cookie} if cookie else {}, transports=["websocket"])
        return self.line

    def hear(self, event: dict[str, Any]) -> None:
        self.pushed.append(event)
        if event not in self.since(event["seq"] - 1):
            self.too_early.append(event["seq"])

    def join(self, channel: str = "") -> int:
        return int(self.line.call("join", {"channel": channel or self.channel})["status"])

    def leave(self) -> None:
        """The answer comes after every push before it; then the line is cut."""
        self.line.call("leave", {"channel": self.channel})
        self.line.disconnect()

    def since(self, after: int) -> list[dict[str, Any]]:
        url = f"{self.base}/api/v1/live/{self.channel}"
        answer = requests.get(url, params={"after": str(after)}, cookies=self.cookies, timeout=20)
        events: list[dict[str, Any]] = answer.json()["events"]
        return events


@dataclass
class Failed:
    """A tender with two bidders to its end, watched by its regulator, who was away from the issue to the last bid."""

    play: Play
    watch: Page
    hall: Page
    visitor: Page
    first: list[dict[str, Any]]
    caught_up: list[dict[str, Any]]
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    play = Play.begin(two_bidders(), tmp_path_factory.mktemp("failed") / "demo")
    story, pages = play.story, []
    try:
        play.enter()
        story.plan()
        pages = [Page(play, "regulator", f"watch:{story.case}"), Page(play, "", f"hall:{story.case}")]
        watch, hall = pages
        assert (watch.join(), hall.join()) == (200, 200)
        story.register()
        story.compile()
        watch.leave()
        first = list(watch.pushed)
        story.issue()
        play.bidding()
        watch.open()
        assert watch.join() == 200
        caught_up = watch.since(first[-1]["seq"])
        play.opening()
        for page in pages:
            page.leave()
        play.archive()
        pages.append(Page(play, "", "hall:none"))
        yield Failed(play, watch, hall, pages[-1], first, caught_up, play.summary(0))
    finally:
        for page in pages:
            page.line.disconnect()
        play.server.stop()
        play.stage.close()


def test_fewer_than_three_bidders_end_without_an_opening(failed: Failed) -> None:
    expect = failed.play.file["expect"]
    assert differences(expect, failed.summary) == []
    assert failed.play.story.state() == "FAILED"
    assert failed.summary["price_scores"] == {} and failed.summary["benchmark"] is None
    left = {one.name for one in failed.play.out.iterdir()}
    assert {"casefile.zip", "trust.json", "receipts"} <= left
    assert not {"opening-record.pdf", "evaluation-report.pdf", "award-report.pdf"} & left
    checked = run_verify([failed.play.out / "casefile.zip", *sorted((failed.play.out / "receipts").iterdir())],
                         failed.play.out / "trust.json")  # fmt: skip
    assert checked.status == 0, checked.text


def test_what_is_committed_is_pushed_and_not_before(failed: Failed) -> None:
    assert [one["data"]["state"] for one in failed.first if one["kind"] == "case.moved"]
    assert failed.hall.pushed[-1]["kind"] == "opening.failed"
    assert failed.watch.too_early == failed.hall.too_early == []


def test_who_was_away_catches_up_by_number_without_loss(failed: Failed) -> None:
    """Pushed before, fetched meanwhile and pushed after are together every number once, in order."""
    later = failed.watch.pushed[len(failed.first) :]
    assert failed.first and failed.caught_up and later
    whole = [*failed.first, *failed.caught_up, *later]
    assert [one["seq"] for one in whole] == list(range(failed.first[0]["seq"], whole[-1]["seq"] + 1))
    assert failed.watch.since(failed.first[0]["seq"] - 1) == whole


def test_a_visitor_on_a_line_may_neither_act_nor_listen_in(failed: Failed) -> None:
    case, visitor = failed.play.story.case, failed.visitor
    saved = {"name": "score.save", "case": case, "payload": {"bid": "x", "criterion": "x", "points": "1"}}
    assert visitor.line.call("act", saved)["status"] == 403
    assert visitor.line.call("score.save", saved)["status"] == 403
    assert visitor.line.call("live", {"channel": f"hall:{case}"})["status"] == 403
    assert [visitor.join(f"{one}:{case}") for one in ("watch", "room", "award")] == [403, 403, 403]
    assert visitor.join(f"hall:{case}") == 200


def _sockets(failed: Failed) -> int:
    """Sockets the server holds now; 0 where the system does not tell."""
    folder = Path(f"/proc/{failed.play.server.process.pid}/fd")
    links = [os.readlink(one) for one in folder.iterdir()] if folder.is_dir() else []
    return sum(one.startswith("socket:") for one in links)


def test_a_line_ends_at_once_when_its_client_leaves(failed: Failed) -> None:
    """The close is answered, and the server keeps no socket of those who have left."""
    before = _sockets(failed)
    pages = [Page(failed.play, "", "hall:none") for _ in range(8)]
    assert not before or _sockets(failed) >= before + 8
    began = time.monotonic()
    for page in pages:
        page.line.disconnect()
    assert time.monotonic() - began < 3  # one unanswered close alone waits three seconds
    pause = threading.Event()
    while _sockets(failed) > before and time.monotonic() - began < 20:
        pause.wait(0.05)
    assert _sockets(failed) <= before
    assert "Invalid" not in (failed.play.out / "world" / "server.log").read_text(encoding="utf-8")
