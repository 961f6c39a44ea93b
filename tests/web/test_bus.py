"""Two processes' hubs on one database, without the processes: order, lost wake-ups, logins that end elsewhere; and the
file lock that hands the turn to write over."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import gevent
import pytest

from core import live
from core.access import SYSTEM, Actor
from core.acts import Acts, House, Tx
from core.blobs import Blobs
from core.clock import FixedClock
from core.ledger import Ledger
from core.live import Hub, LiveEvent
from core.turns import FileTurn
from tests import databases
from web.bus import ORDERS, Bus
from web.socket import Line, token_digest


class Heard:
    """What a hub's own lines are told."""

    def __init__(self, acts: Acts) -> None:
        self.house = type("Wired", (), {"acts": acts})()
        self.lines: dict[str, Line] = {"a": Line(Actor(), "", "en", {"auction:x", "auction:y"})}
        self.told: list[LiveEvent] = []
        self.dropped: list[str] = []
        self.bus: Any = None

    def push(self, event: LiveEvent) -> None:
        self.told.append(event)

    def cut(self, token: str) -> None:
        self.dropped.append(token)

    def numbers(self, channel: str) -> list[int]:
        return [one.seq for one in self.told if one.channel == channel]


@pytest.fixture
def pair(config, world, tmp_path_factory):
    """Two processes' worth of hubs; `wake` says whether their wake-ups get through."""
    folder, found, engines = tmp_path_factory.mktemp("b"), [], []
    for me in (0, 1):
        engine = databases.opened(config.database_url)
        engines.append(engine)
        house = House(FixedClock(world.clock.now()), Ledger(), Hub(), Blobs(config.data_dir / "blobs"), config)
        hub = Heard(Acts(engine, house))
        Bus(hub, folder, me, 2)  # type: ignore[arg-type]
        for channel in ("auction:x", "auction:y"):
            hub.bus.watch(channel)
        found.append(hub)
    yield found
    for hub in found:
        hub.bus.close()
    for engine in engines:
        engine.dispose()


def say(hub: Heard, channel: str, times: int = 1) -> None:
    for _ in range(times):
        hub.house.acts.act(lambda tx: tx.publish(channel, "said", {}), SYSTEM)


def test_each_line_hears_every_number_once_and_in_order_whoever_wrote_it(pair):
    one, other = pair
    for round_ in range(5):
        say(one, "auction:x", round_ % 3)
        say(other, "auction:x", 1)
        say(one, "auction:y")
    other.bus.heal()
    one.bus.heal()
    for hub in pair:
        assert hub.numbers("auction:x") == list(range(1, len(hub.numbers("auction:x")) + 1))
        assert hub.numbers("auction:y") == [1, 2, 3, 4, 5]
    assert len(one.numbers("auction:x")) == len(other.numbers("auction:x")) == 9


def test_what_another_wrote_before_comes_before_what_this_one_writes(pair):
    one, other = pair
    say(one, "auction:x", 3)
    assert other.numbers("auction:x") == []  # no wake-up was read
    say(other, "auction:x")
    assert other.numbers("auction:x") == [1, 2, 3, 4]


def test_a_wake_up_brings_it_at_once(pair):
    one, other = pair
    listening = gevent.spawn(other.bus._hear)
    say(one, "auction:x", 2)
    say(one, "auction:y")
    with gevent.Timeout(5):
        while len(other.told) < 3:
            gevent.sleep(0.001)
    listening.kill()
    assert other.numbers("auction:x") == [1, 2] and other.numbers("auction:y") == [1]


def test_a_broken_wake_up_is_no_harm(pair):
    _, other = pair
    listening = gevent.spawn(other.bus._hear)
    for said in (b"", b"{", b"[1]", b'["hall:none"]', b"\xff"):
        other.bus._own._sock.sendto(said, other.bus._own.getsockname())
    say(pair[0], "auction:x")
    with gevent.Timeout(5):
        while not other.told:
            gevent.sleep(0.001)
    listening.kill()


def test_a_channel_nobody_here_hears_is_forgotten(pair):
    one, other = pair
    other.lines.clear()
    other.bus.heal()
    say(one, "auction:x")
    other.bus.heal()
    assert other.told == [] and set(other.bus._told) == {ORDERS}


def test_a_login_that_ends_in_one_process_is_cut_in_the_other(pair):
    one, other = pair
    one.bus.order("drop", {"token": token_digest("secret")})
    other.bus.heal()
    assert one.dropped == other.dropped == [token_digest("secret")]


# -- the turn to write ------------------------------------------------------------------------------------------------


def test_the_turn_is_held_by_one_and_a_killed_process_holds_none(tmp_path: Path):
    path = tmp_path / "writer.lock"
    code = f"import fcntl,os,sys; f=os.open({str(path)!r}, os.O_RDWR|os.O_CREAT); fcntl.flock(f, 2); print('held', flush=True); sys.stdin.read()"  # noqa: E501
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    waited, got = threading.Event(), threading.Event()

    def wait(work):
        waited.set()
        work()

    def take() -> None:
        with FileTurn(path, wait)():
            got.set()

    taking = threading.Thread(target=take)
    taking.start()
    assert waited.wait(10) and not got.is_set()
    holder.kill()
    assert got.wait(10)
    taking.join()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()


def test_acts_of_two_houses_take_turns(pair, tmp_path: Path):
    """Rows written by two writers at once: each number once, no error of a locked database."""
    for hub in pair:
        hub.house.acts.turn = FileTurn(tmp_path / "writer.lock", lambda work: work())
    threads = [threading.Thread(target=say, args=(hub, "auction:z", 40)) for hub in pair]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    numbers: list[int] = []
    pair[0].house.acts.act(lambda tx: numbers.extend(_numbers(tx)), SYSTEM)
    assert numbers == list(range(1, 81))


def _numbers(tx: Tx) -> list[int]:
    return [one.seq for one in live.since(tx.session, "auction:z", 0)]
