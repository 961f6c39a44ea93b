"""Five pledged members at one venue, by acts alone; a line that can be cut; a browser that can be frozen."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from accounts.proof import prove
from tests.browser.conftest import REGION, Live
from tests.browser.test_room_pages import expert
from web.demo.local import LocalStage
from web.demo.world import Builder

FAKES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
         "--autoplay-policy=no-user-gesture-required"]  # fmt: skip


def seated(live: Live) -> tuple[str, list[str]]:
    """(case, logins of the members): drawn, signed in and pledged, the first one elected."""
    case, _ = live.opened()
    stage, builder = live.stage, Builder(LocalStage(live.acts, prove, live.ring, lambda: None), stored_keys=True)
    builder.number = 7000
    centre = stage.act("centre1", "venue.open", name="东西湖区公共资源交易中心", region=REGION)["centre"]
    plan = [{"cell": f"1-{n}", "label": f"10{n}", "x": 2 * n, "y": 0} for n in range(1, 10)]
    seats = stage.act("centre1", "venue.add_room", name="评标室1", purpose="evaluation", seats=plan)["seats"]
    for number in range(1, 9):
        expert(builder, number)
    begin = stage.now() + timedelta(hours=2)
    booking = stage.act("tenderer", "venue.request", case, centre=centre, part="main", from_at=begin.isoformat(),
                        until_at=(begin + timedelta(hours=9)).isoformat(), seats=5)["booking"]  # fmt: skip
    stage.act("centre1", "venue.accept", booking=booking)
    stage.act("tenderer", "draw.request", case, experts=5, members_by_site={REGION: 5}, specialities=["A0801"],
              spares_by_site={}, at=begin.isoformat(), until=(begin + timedelta(hours=8)).isoformat())  # fmt: skip
    parties = {party: live.ring[who].person for party, who in
               (("tenderer", "tenderer"), ("centre", "centre1"), ("supervisor", "regulator"))}  # fmt: skip
    live.draw(case, stage.act("tenderer", "draw.freeze", case, parties=parties)["draw"])
    logins = [f"roomexpert{n}" for n in range(1, 9)]
    members = [one for one in logins if stage.ask(one, "invitation.mine")["invitations"]]
    for who in members:
        stage.act(who, "invitation.answer", case, answer="accept")
        builder.enrol(live.ring[who])
    stage.move_to(begin - timedelta(minutes=10))
    stage.act(
        "centre1", "seat.check", seats=list(seats.values()), camera=True, screen=True, microphone=True, clock=True
    )
    live.draw(case, stage.act("centre1", "seating.freeze", case, parties=parties)["draw"])
    for who in members:
        stage.act(who, "sitting.signin", case)
        listed = [one["org"] for one in stage.ask(who, "room.view", case)["bidders"]]
        stage.act(who, "pledge.sign", case, no_conflict=True, pledge=True, bidders=listed)
    leader = stage.ask(members[0], "room.view", case)["member"]
    for who in members:
        stage.act(who, "leader.vote", case, **{"for": leader})
    return case, members


class Relay:
    """A stretch of cable before the server: `cut` ends every connection on it and lets none through."""

    def __init__(self, base: str) -> None:
        self.target = (urlsplit(base).hostname or "", urlsplit(base).port or 0)
        self.whole, self.open = True, set[socket.socket]()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            if not self.whole:
                near.close()
                continue
            far = socket.create_connection(self.target)
            self.open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for end in (source, sink):
            self._shut(end)

    def _shut(self, end: socket.socket) -> None:
        self.open.discard(end)
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

    def cut(self) -> None:
        self.whole = False
        for end in list(self.open):
            self._shut(end)

    def mend(self) -> None:
        self.whole = True

    def close(self) -> None:
        self.cut()
        self.listening.close()


def _processes() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, command line) of every process."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            yield int(folder.name), parent, (folder / "cmdline").read_text().replace("\0", " ")


def signal_browser(mark: str, what: signal.Signals) -> None:
    """To the one browser started with `mark` in its arguments, and to its children."""
    listed = list(_processes())
    found = {pid for pid, _, command in listed if mark in command}
    while more := {pid for pid, parent, _ in listed if parent in found} - found:
        found |= more
    assert found, mark
    for pid in found - {os.getpid()}:
        os.kill(pid, what)
