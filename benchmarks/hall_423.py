"""A hall of 423 bidders from the deadline to the signed record; a broadcast to all beside plain Flask-SocketIO."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import requests

from accounts.actions_orgs import register_org
from accounts.rules import AGREEMENT
from benchmarks.crowd import crowd, last_delivery
from benchmarks.house import VAR
from benchmarks.row import Row
from core import codes
from core.money import D
from trading.procedures.open_works.story import Story
from web import wiring
from web.demo import world
from web.demo.house import local_stage
from web.demo.play import CASES, Server, free_port, read_case
from web.demo.ring import User
from web.demo.stage import HttpStage, Payload

BIDDERS = int(os.environ.get("BENCH_BIDDERS", "423"))
BROADCASTS, HANDS, BROKEN = 30, 24, 3
PEER = """
from gevent import monkey
monkey.patch_all()
from flask import Flask, request
from flask_socketio import SocketIO, join_room
app = Flask(__name__)
hub = SocketIO(app, async_mode="gevent")
@hub.on("join")
def join(data):
    join_room(data["channel"])
    return {"status": 200}
@app.post("/say")
def say():
    hub.emit("live", request.get_json(), to="hall")
    return {}
if __name__ == "__main__":
    hub.run(app, host="127.0.0.1", port=PORT)
"""


def _many(file: Payload) -> Payload:
    """The case of four sites with as many bidders, whose prices lie a yuan apart; no experts are needed here."""
    found = copy.deepcopy(file)
    found["bidders"] = [
        {"id": f"B{n}", "name": f"第{n:03d}号建设有限公司", "uscc": codes.make_uscc(f"91420112MA7B{n:05d}"),
         "price": str(D("5700") + D(n) / 100)}
        for n in range(1, BIDDERS + 1)
    ]  # fmt: skip
    found["experts"] = {"pool_per_site": 6}
    return found


class Hall:
    """The world up to the last day before the opening is built in process; then a server and pages take over."""

    def __init__(self, folder: Path) -> None:
        self.file, self.folder = _many(read_case(CASES / "four-sites.json")), folder
        local = local_stage(folder, datetime.fromisoformat(self.file["start"]))
        wiring.admit(local.acts, local.acts.house.config)
        builder = world.Builder(local, stored_keys=False)
        world.build(builder, self.file)
        self.story = Story(local, self.file)
        for place, one in enumerate(self.file["bidders"], start=1):
            self._enter(builder, place, one)
        for step in (self.story.plan, self.story.register, self.story.compile, self.story.issue, self.story.bid_all):
            step()
        world.cookies(builder, list(local.ring.users))
        local.acts.close()
        self.server = Server(folder)
        self.stage = self.story.stage = HttpStage(self.server.base, local.ring, patience=600)
        self.logins = [self.story.bidders[name] for name in self.story.bids]

    def _enter(self, builder: world.Builder, place: int, one: Payload) -> None:
        login, local = f"bidder{place}", builder.stage
        contact = {"login": login, "name": f"{one['name']}经办", "phone": f"1380000{place:04d}",
                   "id_number": world.person_number("420112", 5000 + place, 1971 + place // 300)}  # fmt: skip
        p = {"agreement": AGREEMENT, "name": one["name"], "uscc": one["uscc"], "kinds": ["bidder"],
             "region": "420112", "contact": contact, "account": world.account_of(one["uscc"])}  # fmt: skip
        made = local.acts.act(register_org, local.actor(""), p, builder.hash)
        builder.stage.act("centre1", "org.verify", org=made["org"], approve=True)
        builder.ring.add(User(login, contact["name"], made["person"], made["org"], ("bidder",), world.PASSWORD))
        local.enrol(login)
        local.enrol_org(login, "bidder")

    def all(self, work: Callable[[str], object]) -> float:
        """Seconds until every bidder has done it, so many at one time."""
        began = time.monotonic()
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(work, self.story.bids))
        return time.monotonic() - began

    def spoil(self) -> None:
        """Some stored files are damaged in the middle, as by a bad disk."""
        for name in list(self.story.bids)[:BROKEN]:
            digest = self.story.receipts[name]["ciphertext_sha256"]
            path = next((self.folder / "blobs").rglob(digest))
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)

    def cookies(self) -> list[str]:
        return [self.stage.ring[who].extra["token"] for who in self.logins]

    def say(self) -> float:
        at = time.monotonic()
        self.stage.act("centre1", "opening.extend", self.story.case, minutes=1, reason="公布测试")
        return at

    def memory(self) -> float:
        """MiB of the server's largest resident size so far."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def _peer() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", PEER.replace("PORT", str(port))], stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                requests.get(base, timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield base
    finally:
        process.kill()
        process.wait()


def _told(base: str, cookies: Sequence[str], channel: str, say: Callable[[], float]) -> tuple[float, float]:
    """Median and worst of the milliseconds until the last of them has heard what was said."""
    with crowd(base, cookies, channel) as pages:
        said: list[float] = []
        for number in range(1, BROADCASTS + 1):
            said.append(say())
            pages.heard(number)
        return last_delivery(pages.heard(BROADCASTS), said)


def _peer_told(event: Payload) -> tuple[float, float]:
    """The same event to as many pages of a server that does nothing else, without a row, a permit or a commit."""
    http = requests.Session()

    def say() -> float:
        at = time.monotonic()
        assert http.post(f"{base}/say", json=event, timeout=60).ok
        return at

    with _peer() as base:
        return _told(base, [""] * BIDDERS, "hall", say)


def _open(hall: Hall, spent: dict[str, float]) -> tuple[float, float]:
    """From the deadline to the signed record; what a broadcast takes is measured while the hall stands open."""
    story, stage = hall.story, hall.stage

    def timed(name: str, work: Callable[[], object]) -> object:
        began = time.monotonic()
        found = work()
        spent[name] = time.monotonic() - began
        return found

    stage.move_to(story.deadline - timedelta(minutes=20))
    timed("all sign in", lambda: hall.all(lambda name: stage.act(story.bidders[name], "opening.signin", story.case)))
    stage.move_to(story.deadline + timedelta(seconds=1))
    assert story.state() == "SEALED"
    timed("open", lambda: stage.act("centre1", "opening.begin", story.case))
    told = _told(hall.server.base, hall.cookies(), f"hall:{story.case}", hall.say)
    timed("all unlock", lambda: hall.all(story.unlock))
    timed("close", lambda: stage.act("centre1", "opening.close", story.case))
    timed("prices out", lambda: _until(lambda: story.state() == "OPENED"))
    rows = story.hall()["rows"]
    assert sum(bool(one["price"]) for one in rows) == BIDDERS - BROKEN, "one broken file costs nobody else"
    timed("all sign", lambda: hall.all(lambda name: _sign(stage, story.bidders[name])))
    for who in ("regulator", "centre1"):
        _sign(stage, who)
    timed("published", lambda: _until(lambda: bool(story.hall()["published_at"])))
    return told


def _sign(stage: HttpStage, who: str) -> None:
    for one in stage.ask(who, "paper.waiting")["papers"]:
        stage.sign(who, one["document"])


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 600
    while not done():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def run() -> Row:
    VAR.mkdir(exist_ok=True)
    folder, spent = Path(tempfile.mkdtemp(prefix="hall-", dir=VAR)), dict[str, float]()
    hall = Hall(folder)
    try:
        hall.spoil()
        ours = _open(hall, spent)
        memory = hall.memory()
    finally:
        hall.stage.close()
        hall.server.stop()
        shutil.rmtree(folder)
    theirs = _peer_told({"channel": "hall", "seq": 1, "kind": "opening.extended", "at": "2026-04-23T09:57:34+08:00",
                         "data": {"window_until": "2026-04-23T10:27:34+08:00"}})  # fmt: skip
    return Row(
        "hall_423", round(ours[0], 1), round(theirs[0], 1), "plain Flask-SocketIO on gevent",
        round(theirs[0] / ours[0], 2), "ms to the last page",
        f"{BIDDERS} sockets in one process, {BROADCASTS} broadcasts one after the other, median; ours from the post of "
        f"a checked act through its durable commit, the peer from a post that only emits; {os.cpu_count()} cores",
        f"worst {ours[1]:.0f}, peer {theirs[1]:.0f} ms; {BROKEN} damaged files; {HANDS} bidders act at one time; "
        + ", ".join(f"{name} {took:.1f} s" for name, took in spent.items())
        + f"; deadline to signed record {sum(spent.values()) - spent['all sign in']:.0f} s without people's "
        f"own time; largest memory of the server {memory:.0f} MiB",
    )  # fmt: skip
