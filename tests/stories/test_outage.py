"""A real server is killed across a deadline: the opening stops itself, the tenderer decides, and it is opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import select, update

from core import ledger
from core.clock import DemoClock
from core.heartbeat import PAGE, UPLOAD, Heartbeat
from tests.browser.conftest import PRICES, Live, case_of, make_world
from tests.sntp_server import TimeServer
from trading.deadline.models import Outage
from web import clocks
from web.demo.play import Server
from web.demo.stage import HttpStage

DOWN = timedelta(minutes=10)
REASON = "平台故障已排除，见运营机构报告"


@dataclass
class Scene:
    live: Live
    server: Server
    case: str
    bids: dict[str, str]
    deadline: datetime

    def rows(self) -> list[Outage]:
        with self.live.acts.reading() as session:
            found = list(session.scalars(select(Outage).order_by(Outage.since, Outage.process)))
            session.expunge_all()  # reading ends with a rollback, after which a row would be read again
            return found

    def state(self) -> str:
        with self.live.acts.reading() as session:
            return case_of(session, self.case).state

    def until(self, wanted: str) -> None:
        end = time.monotonic() + 60
        while self.state() != wanted:
            assert time.monotonic() < end, f"{self.state()}, not {wanted}"
            time.sleep(0.05)

    def down_across_the_deadline(self) -> None:
        """kill -9, and when it comes back the deadline is over and ten minutes have gone by.

        The minutes are taken from the beats it has left behind: the test does not wait for them. The clock's own move
        to the deadline is known to the platform and counts for nothing.
        """
        self.live.stage.move_to(self.deadline - timedelta(seconds=20))
        self.server.kill()
        writing = self.live.acts.engine.execution_options(write=True)  # the process of uploads ends a moment later
        with writing.begin() as connection:
            for one in connection.execute(select(Heartbeat.id, Heartbeat.at)).all():
                connection.execute(update(Heartbeat).where(Heartbeat.id == one.id).values(at=one.at - DOWN))
        settings = self.live.acts.house.config
        clock = clocks.make(settings)
        assert isinstance(clock, DemoClock)
        clocks.move(settings, clock, self.deadline + timedelta(seconds=5))
        self.server.start()

    def decide(self, decision: str, **more: str) -> dict:
        return self.live.stage.act("tenderer", "deadline.decide", self.case, decision=decision, reason=REASON, **more)


@contextmanager
def begun(tmp_path: Path) -> Iterator[Scene]:
    """A server of its own with three bids."""
    acts, ring = make_world(tmp_path / "world")
    server = Server(tmp_path / "world")
    stage = HttpStage(server.base, ring)
    live = Live(server.base, tmp_path / "world", acts, ring, stage, browser=None)  # type: ignore[arg-type]
    case = live.announced()
    bids = {f"bidder{n}": live.bid(case, f"bidder{n}", price) for n, price in enumerate(PRICES, 1)}
    with acts.reading() as session:
        deadline = case_of(session, case).deadline
    assert deadline is not None
    yield Scene(live, server, case, bids, deadline)
    stage.close()
    server.stop()
    acts.engine.dispose()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with begun(tmp_path) as made:
        yield made


def _open(scene: Scene) -> None:
    scene.live.begin(scene.case)
    for who, bid in scene.bids.items():
        scene.live.unlock(scene.case, who, bid)
    scene.live.stage.act("centre1", "opening.close", scene.case)
    scene.until("OPENED")


def test_killed_across_the_deadline_blocked_decided_and_opened(scene: Scene) -> None:
    scene.down_across_the_deadline()
    scene.until("SEALED")
    found = {one.process: one for one in scene.rows()}
    assert set(found) == {PAGE, UPLOAD}
    assert scene.deadline - DOWN - timedelta(minutes=1) < found[PAGE].since < scene.deadline - DOWN
    assert found[PAGE].until is not None and found[PAGE].until > scene.deadline
    for who in scene.bids:
        scene.live.stage.act(who, "opening.signin", scene.case)
    assert set(scene.live.stage.refused("centre1", "opening.begin", scene.case)) == {"OUTAGE"}
    assert scene.live.stage.refused("agency", "deadline.decide", scene.case, decision="go_on", reason="x") == ["ACCESS"]
    scene.decide("go_on")
    _open(scene)
    with scene.live.acts.reading() as session:
        kinds = [one.kind for one in ledger.entries(session, f"case:{scene.case}")]
    order = ["outage.noted", "tender.sealed", "deadline.kept", "opening.begun", "opening.opened"]
    assert [kind for kind in dict.fromkeys(kinds) if kind in order] == order


@pytest.mark.soak
def test_killed_across_the_deadline_and_postponed(scene: Scene) -> None:
    scene.down_across_the_deadline()
    scene.until("SEALED")
    moment = (scene.live.stage.now() + timedelta(days=2)).replace(microsecond=0)
    made = scene.decide("postpone", deadline=moment.isoformat())
    assert made["state"] == "ANNOUNCED" and made["document"]
    scene.bids["bidder2"] = scene.live.bid(scene.case, "bidder2", "5700")
    scene.live.stage.move_to(moment + timedelta(seconds=1))
    scene.until("SEALED")
    assert {one.deadline for one in scene.rows()} == {scene.deadline}, "the jump to the new deadline is no outage"
    _open(scene)
    opened = {one["bid"]: one["price"] for one in scene.live.stage.ask("", "opening.hall", scene.case)["rows"]}
    assert opened[scene.bids["bidder2"]] == "5700" and len(opened) == 3


def test_a_running_server_asks_what_time_it_is_and_raises_the_alarm(tmp_path: Path, monkeypatch) -> None:
    with TimeServer(3.0, stratum=1) as clock:
        monkeypatch.setenv("NTP_SERVERS", clock.name)
        with begun(tmp_path) as scene:
            scene.live.stage.move_to(scene.deadline - timedelta(minutes=30))
            end = time.monotonic() + 60
            while not (found := _readings(scene)):
                assert time.monotonic() < end
                time.sleep(0.05)
            assert [(one["server"], one["stratum"], one["warnings"][0]["rule"]) for one in found] == [
                (clock.name, 1, "CLOCK-OFFSET")
            ]
            shown = requests.get(f"{scene.live.base}/api/v1/time", cookies={"gh_language": "en"}, timeout=10).json()
            assert f"compared with {clock.name} (stratum 1): +" in shown["compared"]
            scene.live.bid(scene.case, "bidder1", "5600")
            assert scene.decide("go_on")["state"] == "ANNOUNCED"


def _readings(scene: Scene) -> list[dict]:
    with scene.live.acts.reading() as session:
        return [one.body for one in ledger.entries(session, f"case:{scene.case}") if one.kind == "clock.compared"]
