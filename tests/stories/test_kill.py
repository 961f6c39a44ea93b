"""kill -9 of the server at random moments of the room: what was acknowledged stands, once; the case ends as expected.

Both sides of the promise are compared: the acts the driver heard an answer to, and the rows and ledger that the killed
processes have left behind.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import desk_sign
from core import canon, ledger
from core.db import open_engine
from core.ledger import EntryRow
from core.once import ActOnce
from evaluation.scoring.models import Score
from evaluation.sitting.models import LeaderVote
from tests.stories.play import Life, four_sites
from trading.award.models import AwardRound, Ballot, Voted
from verifier import ledger as lines
from web import clocks
from web.demo.play import Play, Server, differences
from web.demo.stage import SIGNED, HttpStage

SEED = 20261122
# Each act of the rooms writes one entry of this kind, however often it was sent.
KINDS = {
    "sitting.signin": "seat.revealed", "pledge.sign": "pledge.signed", "leader.vote": "leader.voted",
    "prelim.mark": "review.marked", "prelim.lock": "review.locked", "score.save": "score.saved",
    "score.lock": "score.locked", "anomaly.confirm": "anomaly.confirmed", "award.signin": "award.signed_in",
    "award.pledge": "award.pledged", "award.vote": "award.voted", SIGNED: "paper.signed",
}  # fmt: skip


class Heard(list[tuple[str, str]]):
    """Acknowledged acts; others may wait until there are so many."""

    def __init__(self, begun: list[tuple[str, str]]) -> None:
        super().__init__(begun)
        self.changed = threading.Condition()
        self.over = False

    def append(self, one: tuple[str, str]) -> None:
        with self.changed:
            super().append(one)
            self.changed.notify_all()

    def finish(self) -> None:
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def reach(self, count: int) -> bool:
        with self.changed:
            self.changed.wait_for(lambda: self.over or len(self) >= count)
            return not self.over


class Killer(threading.Thread):
    """Kills the server `times` times, spread over the acts to come, each at a random moment within one of them."""

    def __init__(self, play: Play, heard: Heard, times: int, acts: int) -> None:
        super().__init__(name="killer")
        self.play, self.heard = play, heard
        dice = random.Random(SEED)
        self.moments = [(len(heard) + at, dice.uniform(0, 0.15)) for at in sorted(dice.sample(range(acts), times))]
        self.killed: list[int] = []
        self.error: Exception | None = None

    def run(self) -> None:
        pause = threading.Event()
        try:
            for count, wait in self.moments:
                if not self.heard.reach(count):
                    return
                pause.wait(wait)
                self.play.server.kill()
                self.killed.append(len(self.heard))
                self.restart()
        except Exception as error:  # shown by the test
            self.error = error

    def restart(self) -> None:
        server = self.play.server
        try:
            server.start()
        except requests.Timeout:  # it is up, but on a busy machine slower than start() waits for one answer
            requests.get(f"{server.base}/api/v1/time", timeout=60).raise_for_status()


def _play(out: Path, times: int) -> tuple[Play, dict[str, Any], Killer]:
    """The room stage from the sitting to the award report under the killer; everything else in peace."""
    play = Play.begin(four_sites(), out)
    play.stage.patience = 120
    try:
        for station in (play.enter, play.tender, play.bidding, play.opening, play.committee):
            station()
        heard = play.stage.done = Heard(play.stage.done)
        # 35 acts before scoring, 28 of scoring, 7 signatures; 24 acts and 7 signatures of the award: 101 in all
        killer = Killer(play, heard, times, acts=100)
        killer.start()
        try:
            for station in (play.sitting, play.reviewing, play.scoring, play.signing, play.awarding):
                station()
        finally:
            heard.finish()
            killer.join()
        play.publishing()
        play.archive()
        summary = play.summary(0)
    finally:
        play.server.stop()
        play.stage.close()
    return play, summary, killer


def _scores(play: Play) -> Counter[str]:
    """What the file gives: every member's points as often as they stand in it."""
    given = play.file["scores"].values()
    return Counter(f"{bid} {criterion} {points}" for sheet in given for bid, row in sheet.items()
                   for criterion, points in row.items())  # fmt: skip


def _nothing_is_lost_or_doubled(play: Play, heard: Heard) -> None:
    engine = open_engine(f"sqlite:///{play.server.data_dir / 'gongheng.db'}")
    case, people = play.story.case, len(play.story.members)
    name = {bid: name for name, bid in play.story.bids.items()}
    with Session(engine) as session:
        entries = ledger.entries(session, f"case:{case}")
        written = Counter(one.kind for one in entries)
        assert {act: written[kind] for act, kind in KINDS.items()} == {
            act: Counter(one for _, one in heard)[act] for act in KINDS
        }
        rows = session.scalars(select(Score)).all()
        assert Counter(f"{name[one.bid_id]} {one.criterion} {one.points}" for one in rows) == _scores(play)
        assert len({one.member_id for one in rows}) == len(session.scalars(select(LeaderVote)).all()) == people
        _ballots(session, play, name)
        kept = Counter(one.act for one in session.scalars(select(ActOnce).where(ActOnce.case == case)))
        assert {act: kept[act] for act in KINDS if act != SIGNED} == {
            act: Counter(one for _, one in heard)[act] for act in KINDS if act != SIGNED
        }
        _chains(session)
    engine.dispose()


def _ballots(session: Session, play: Play, name: dict[str, str]) -> None:
    for number, wanted in enumerate(play.file["award_ballots"], start=1):
        row = session.scalars(select(AwardRound).where(AwardRound.no == number)).one()
        papers = session.scalars(select(Ballot.choice).where(Ballot.round_id == row.id)).all()
        voters = session.scalars(select(Voted.person_id).where(Voted.round_id == row.id)).all()
        assert Counter(name[choice[0]] for choice in papers) == Counter(wanted.get("ballots", wanted))
        assert len(voters) == len(papers) == len(play.story.electors)


def _chains(session: Session) -> None:
    """Every stream read as a stranger would, against its head."""
    for stream in set(session.scalars(select(EntryRow.stream))):
        rows = [lines.line(one.leaf, one.salt, one.body, one.actor) for one in ledger.entries(session, stream)]
        head = canon.dumps({stream: ledger.head(session, stream)})
        assert len(lines.read(lines.lines(rows), head).entries) == len(rows)


def _check(out: Path, times: int) -> None:
    play, summary, killer = _play(out, times)
    assert killer.error is None
    assert len(killer.killed) == times, (killer.moments, len(killer.heard))
    assert differences(play.file["expect"], summary) == []
    _nothing_is_lost_or_doubled(play, play.stage.done)


def test_two_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    _check(tmp_path / "demo", 2)


@pytest.mark.soak
def test_thirty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    _check(tmp_path / "demo", 30)


@pytest.mark.parametrize("died", ["before the seal", "before it was told"])
def test_a_server_that_died_at_the_seal_finishes_it_when_it_starts(begin, monkeypatch, died: str) -> None:
    """The last signature is committed; the process ends before it sealed, or before the room heard of it."""
    life: Life = begin().to_opened()
    if died == "before the seal":
        monkeypatch.setattr(desk_sign, "seal_document", lambda _acts, _document: None)
    else:
        life.acts.house.ledger.listeners.clear()
    life.to_report()
    assert life.state() == "EVALUATING"
    clocks.move(life.acts.house.config, life.acts.house.clock, life.stage.now() + timedelta(seconds=5))
    life.acts.engine.dispose()
    server = Server(life.folder)
    stage = HttpStage(server.base, life.stage.ring)
    try:
        until, pause = time.monotonic() + 60, threading.Event()
        while stage.ask("tenderer", "case.show", life.case)["state"] == "EVALUATING" and time.monotonic() < until:
            pause.wait(0.1)
        assert stage.ask("tenderer", "case.show", life.case)["state"] == "EVALUATED"
        assert stage.ask("tenderer", "case.result", life.case)["signatures_on_report"] == 8
    finally:
        server.stop()
        stage.close()
