"""An act sent twice is done once, and a killed process has done an act wholly or not at all.

The whole life is played by clients who never trust an answer: each names every act with an id of its own and sends it
again with the same (spent) proof. Then single acts of the room die at two moments: before the commit, and after it but
before the answer. (tests/stories/test_kill.py kills the real server.)
"""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.orm import Session

from core.doors import TABLE, digest, perform
from core.faults import Unusable
from core.rules import Refused
from evaluation.review.models import RejectVote
from evaluation.scoring.models import Score
from evaluation.sitting.models import LeaderVote
from tests.stories.play import Life, four_sites, smaller
from trading.award.models import Ballot, Voted
from web.demo.local import LocalStage
from web.demo.stage import Payload, proof_of


def _rows(stage: LocalStage) -> dict[str, int]:
    """Rows of every table, in one statement; a second sending must leave all of it as it is."""
    names = sorted(inspect(stage.acts.engine).get_table_names())
    query = ", ".join(f'(SELECT count(*) FROM "{name}")' for name in names)
    with stage.acts.reading() as session:
        return dict(zip(names, session.execute(text(f"SELECT {query}")).one(), strict=True))


def _plain(answer: Payload) -> str:
    return json.dumps(answer, default=str, sort_keys=True)


class Doubting(LocalStage):
    """Sends every act of a person twice."""

    sent: Counter[str]

    def signed(self, who: str, act: str, case: str, payload: Payload) -> Payload | None:
        if not TABLE[act].signed:
            return None
        wanted = {"act": act, "object": digest(TABLE[act], payload)}
        nonce = perform(self.acts, self.prover, self.actor(who), "nonce.issue", case, wanted)
        return proof_of(self.ring[who], act, case, payload, nonce)

    def act(self, who: str, act: str, case: str = "", /, **payload: Any) -> Payload:
        payload = payload | {"once": secrets.token_hex(8)}
        proof, actor = self.signed(who, act, case, payload), self.actor(who)
        first = perform(self.acts, self.prover, actor, act, case, payload, proof)
        if TABLE[act].keep:
            before = _rows(self)
            again = perform(self.acts, self.prover, actor, act, case, payload, proof)
            assert _plain(again) == _plain(first), act
            assert _rows(self) == before, act
            self.sent[act] += 1
        elif act == "invitation.answer":  # a kept answer would name who was drawn: the act itself knows it is done
            before = _rows(self)
            with suppress(Refused):
                perform(self.acts, self.prover, actor, act, case, payload, proof)
            assert _rows(self) == before, act
            self.sent[act] += 1
        return first


def _doubting(life: Life) -> Doubting:
    stage = life.stage
    life.stage = Doubting(stage.acts, stage.prover, stage.ring, stage.run_due)
    life.stage.sent = Counter()
    return life.stage


ROOM = {
    "draw.request", "draw.freeze", "draw.commit", "draw.reveal", "invitation.answer", "seat.check", "seating.freeze",
    "sitting.signin", "pledge.sign", "leader.vote", "prelim.mark", "prelim.lock", "reject.vote", "score.save",
    "score.lock", "anomaly.confirm", "report.make", "award.open", "award.signin", "award.pledge", "award.vote",
    "award.report",
}  # fmt: skip
TENDER = {
    "project.create", "plan.publish", "project.register", "file.compile", "file.save", "tender.issue", "file.fetch",
    "bid.submit", "opening.begin", "opening.signin", "opening.unlock", "opening.close", "candidates.publish",
    "result.publish", "award.notify",
}  # fmt: skip


def test_a_life_in_which_every_act_is_sent_twice_is_the_same_life(begin) -> None:
    case = smaller(four_sites())
    case["scores"]["member-2"]["乙"]["plan"] = "30"
    case["bidders"][2]["rejected"] = "TL51-6"
    case["award_ballots"] = [{"甲": 3, "乙": 2}]
    life = begin(case)
    stage = _doubting(life)
    life.to_opened()
    life.to_report()
    life.award()
    life.result(life.publish())
    assert life.state() == "NOTIFIED"
    assert set(stage.sent) >= ROOM | TENDER
    entries = Counter(entry.kind for entry in life.entries())
    assert (entries["score.locked"], entries["pledge.signed"], entries["award.voted"]) == (5, 5, 5)
    assert entries["score.saved"] == stage.sent["score.save"]
    with life.acts.reading() as session:
        assert session.query(Score).count() == 5 * 2 * 3
        assert session.query(RejectVote).count() == 5
        assert session.query(LeaderVote).count() == 5
        assert session.query(Ballot).count() == session.query(Voted).count() == 5


# -- one act, killed --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stations(begin_shared, tmp_path_factory) -> dict[str, Life]:
    """The same life put down at four moments of the room."""
    folder = tmp_path_factory.mktemp("stations")
    life = begin_shared(smaller(four_sites())).to_opened()
    life.draw_committee()
    found = {"seat": life.fork(folder / "seat")}
    _draw_seats(found["seat"])
    life.seat()
    found["review"] = life.fork(folder / "review")
    life.review()
    found["score"] = life.fork(folder / "score")
    life.score()
    life.report()
    _convene(life)
    found["award"] = life
    return found


def _draw_seats(life: Life) -> None:
    """Seats are checked and drawn; nobody has signed in."""
    life.stage.move_to(life.begin - timedelta(minutes=5))
    life.check_seats()
    made = life.stage.act("centre1", "seating.freeze", life.case, parties=life.parties())
    life.commit_and_reveal(made["draw"])


def _convene(life: Life) -> None:
    """The award meeting up to its first ballot."""
    life.file["award_ballots"] = []
    try:
        life.award()
    except Exception as refused:
        assert "AW-STATE" in str(refused), refused  # no ballot, no report


def _killed(life: Life, committed: bool, call: Any) -> None:
    """Run `call` in a process of its own that dies by SIGKILL: before the commit, or after it and before the answer."""
    life.acts.engine.dispose()
    child = os.fork()
    if child == 0:

        def die(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        if committed:
            life.acts.house.ledger.listeners.insert(0, die)
        else:
            event.listen(Session, "before_commit", die)
        try:
            call()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _first_of(life: Life, name: str) -> tuple[str, str, Payload]:
    """(who, act, payload) of an act that is due at its station."""
    who, bids = life.members[0], life.bids
    shown = life.stage.ask(who, "room.view", life.case) if name != "award.vote" else {}
    marks = [{"bid": bid, "item": one["id"], "pass": True} for bid in bids.values() for one in shown.get("items", [])]
    payloads: dict[str, Payload] = {
        "sitting.signin": {},
        "prelim.mark": {"marks": marks},
        "score.save": {"bid": bids["甲"], "criterion": "plan", "points": "91"},
        "award.vote": {"round": 1, "choice": [bids["甲"]]},
    }
    return (life.electors[0] if name == "award.vote" else who), name, payloads[name]


STATION = {"sitting.signin": "seat", "prelim.mark": "review", "score.save": "score", "award.vote": "award"}


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("name", STATION)
def test_a_killed_act_is_done_once_when_it_is_sent_again(stations, name: str, committed: bool, tmp_path) -> None:
    life = stations[STATION[name]].fork(tmp_path / "killed")
    stage = _doubting(life)
    who, act, payload = _first_of(life, name)
    payload = payload | {"once": secrets.token_hex(8)}
    proof, before = stage.signed(who, act, life.case, payload), _rows(stage)
    _killed(life, committed, lambda: life.send(who, act, life.case, proof, **payload))
    after = _rows(stage)
    if committed:
        assert after["ledger_entry"] > before["ledger_entry"] and after["act_once"] == before["act_once"] + 1
    else:
        assert after == before, "nothing of it was written"
    answer = life.send(who, act, life.case, proof, **payload)
    done = _rows(stage)
    assert done["act_once"] == before["act_once"] + 1
    if committed:
        assert done == after, "the first sending stands, the second finds its answer"
    assert _plain(life.send(who, act, life.case, proof, **payload)) == _plain(answer)
    assert _rows(stage) == done
    assert life.recompute(f"case:{life.case}") > 0
    life.acts.engine.dispose()


# -- ids --------------------------------------------------------------------------------------------------------------


def test_one_id_stands_for_one_act_of_one_person(stations, tmp_path) -> None:
    life = stations["score"].fork(tmp_path / "ids")
    who, other = life.members[:2]
    once, cell = "id-of-the-client", {"bid": life.bids["甲"], "criterion": "plan"}
    first = life.send(who, "score.save", life.case, None, once=once, points="91", **cell)
    assert life.send(who, "score.save", life.case, None, once=once, points="91", **cell) == first
    with pytest.raises(Unusable, match="another act"):
        life.send(who, "score.save", life.case, None, once=once, points="92", **cell)
    life.send(other, "score.save", life.case, None, once=once, points="80", **cell)
    with life.acts.reading() as session:
        assert sorted(row.points for row in session.query(Score)) == ["80", "91"]
    life.acts.engine.dispose()


def test_a_ballot_sent_again_with_another_choice_stays_the_first(stations, tmp_path) -> None:
    """The id is not tied to the choice, which nothing may tie to its voter: the first ballot counts."""
    life = stations["award"].fork(tmp_path / "ballot")
    stage = _doubting(life)
    who = life.electors[0]
    payload = {"round": 1, "choice": [life.bids["甲"]], "once": "ballot-of-mine"}
    proof = stage.signed(who, "award.vote", life.case, payload)
    life.send(who, "award.vote", life.case, proof, **payload)
    life.send(who, "award.vote", life.case, proof, **payload | {"choice": [life.bids["乙"]]})
    with life.acts.reading() as session:
        assert [row.choice for row in session.query(Ballot)] == [[life.bids["甲"]]]
        kept = session.execute(text("SELECT * FROM act_once WHERE act = 'award.vote'")).all()
    assert not [row for row in kept if life.bids["甲"] in str(row) or life.bids["乙"] in str(row)]
    life.acts.engine.dispose()
