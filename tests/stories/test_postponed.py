"""A deadline did not hold and is set anew: bidding is open again, and nothing may tell who has bid or how many.

Worlds that differ in nothing but their bids (none, one, four) stand at the same moment: sealed off at an interrupted
deadline, then postponed. Whatever can be asked, opened in a browser or heard says the same in all of them. After the
new deadline everything is there again, and every checkpoint taken meanwhile is part of the later ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from core import canon, heartbeat, live, merkle
from core.access import SYSTEM
from core.heartbeat import PROCESSES, Heartbeat
from oversight import checkpoints
from tests.stories.play import Life, four_sites, with_bidders
from tests.stories.test_blind import ASKERS, FOUR, _alike, _asked, _bids, _like, _pages
from verifier import archive, casefile, trust

WATCHERS = ("regulator", "auditor")
MINUTE = timedelta(minutes=1)


def _decide(life: Life, deadline: datetime) -> None:
    told = {"decision": "postpone", "reason": "平台故障已排除", "deadline": deadline.isoformat()}
    assert life.stage.act("tenderer", "deadline.decide", life.case, **told)["state"] == "ANNOUNCED"


def _beat(life: Life, moment: datetime) -> None:
    """By a clock nobody moves: the jump to `moment` counts as time that went by."""
    life.stand_still(moment)
    beats = [Heartbeat(process=one, at=moment, ahead=0) for one in PROCESSES]
    life.acts.act(lambda tx: tx.session.add_all(beats), SYSTEM)


def _interrupted(life: Life) -> None:
    """Silent from an hour before the deadline until a minute after it."""
    _beat(life, life.deadline - 60 * MINUTE)
    _beat(life, life.deadline + MINUTE)
    life.stage.run_due()
    assert life.state() == "SEALED"


@pytest.fixture(scope="module")
def sealed(begin_shared, tmp_path_factory) -> Iterator[dict[int, Life]]:
    """{number of bids: life} at an interrupted deadline, nothing decided."""
    folder = tmp_path_factory.mktemp("interrupted")
    four = begin_shared(with_bidders(four_sites(), FOUR)).announce()
    four.stage.move_to(four.stage.now() + timedelta(days=1))
    for login in four.bidders.values():
        four.stage.act(login, "file.fetch", four.case)
    none = four.fork(folder / "none")
    _bids(four, "甲")
    one = four.fork(folder / "one")
    _bids(four, "乙丙丁")
    found = {0: none, 1: one, 4: four}
    for life in found.values():
        _interrupted(life)
    yield found
    for life in found.values():
        life.acts.engine.dispose()


@pytest.fixture(scope="module")
def postponed(sealed: dict[int, Life], tmp_path_factory) -> Iterator[dict[int, Life]]:
    """The same with a new deadline two days away; each has a checkpoint from before the decision and one after it."""
    folder = tmp_path_factory.mktemp("postponed")
    found = {}
    for number, life in sealed.items():
        moment = life.stage.now()
        found[number] = life.fork(folder / str(number))
        found[number].stand_still(moment)
        found[number].stage.act("regulator", "log.checkpoint")
        _decide(found[number], moment + timedelta(days=2))
        found[number].stand_still(moment + MINUTE)
        found[number].stage.act("regulator", "log.checkpoint")
    yield found
    for life in found.values():
        life.acts.engine.dispose()


def _answers(life: Life, who: str) -> dict[str, str]:
    return {name: _like(said) for name, said in _asked(life, who).items()}


@pytest.mark.soak
@pytest.mark.certify("A-96", "A-107")
@pytest.mark.parametrize("who", [one for one in ASKERS if one])
@pytest.mark.parametrize("where", ["sealed", "postponed"])
def test_every_question_and_page_is_alike(request, where: str, who: str) -> None:
    worlds = request.getfixturevalue(where)
    _alike(worlds, who, _answers)
    _alike(worlds, who, _pages)


@pytest.mark.parametrize("where", ["sealed", "postponed"])
def test_no_timeline_replay_or_audit_page_knows_the_sealed_stream(request, where: str) -> None:
    life = request.getfixturevalue(where)[4]
    for who in WATCHERS:
        for question in ("audit.timeline", "audit.replay", "audit.integrity"):
            said = str(life.stage.ask(who, question, life.case))
            assert not [word for word in ("bid.received", "file.fetched", "bond.", "sealed:") if word in said]
        page = _pages(life, who)[f"/audit/{life.case}"]
        assert page.startswith("200") and not [b["name"] for b in life.file["bidders"] if b["name"] in page]


def test_every_live_channel_and_every_checkpoint_says_the_same(postponed: dict[int, Life]) -> None:
    def heard(life: Life) -> dict[str, str]:
        with life.acts.reading() as session:
            named = list(session.scalars(text("SELECT name FROM live_channel")))
            return {name: _like(str([event.public() for event in live.since(session, name, 0)])) for name in named}

    assert heard(postponed[0]) == heard(postponed[1]) == heard(postponed[4])
    streams = []
    for life in postponed.values():
        with life.acts.reading() as session:
            point = checkpoints.newest(session)
            assert point is not None
            streams.append(sorted(point.heads))
    assert streams[0] == streams[1] == streams[2]
    assert not [name for name in streams[2] if name.startswith("sealed:")]


def test_the_case_file_holds_without_a_word_of_bids(postponed: dict[int, Life]) -> None:
    made = {}
    for number, life in postponed.items():
        answer = life.stage.act("auditor", "casefile.export", life.case, edition="supervisor")
        data = life.acts.house.blobs.get(answer["sha256"])
        casefile.check(data, trust.parse(canon.dumps(answer["trust"])))
        made[number] = sorted(archive.read(data))
        assert not [name for name in made[number] if name.startswith("receipts/")]
    assert made[0] == made[1] == made[4]


def test_after_the_new_deadline_everything_is_there_and_the_checkpoints_hold(
    postponed: dict[int, Life], tmp_path
) -> None:
    moment = postponed[4].stage.now()
    life = postponed[4].fork(tmp_path / "after")
    life.stand_still(moment)
    early = [_checkpoint(life, size) for size in _sizes(life)]
    deadline = life.row().deadline
    assert deadline is not None and len(early) >= 2
    step = deadline - 40 * MINUTE
    while step < deadline:
        _beat(life, step)
        step += heartbeat.EVERY
    _beat(life, deadline)
    life.stage.run_due()
    assert life.state() == "SEALED"
    for login in life.bidders.values():
        life.stage.act(login, "opening.signin", life.case)
    life.stage.act("centre1", "opening.begin", life.case)
    life.stage.act("regulator", "log.checkpoint")
    kinds = [one["kind"] for one in life.stage.ask("regulator", "audit.timeline", life.case, limit=200)["items"]]
    assert kinds.count("bid.received") == 4
    newest = life.stage.ask("", "checkpoint.latest")
    for point in early:
        proof = life.stage.ask("", "checkpoint.latest", old=point["size"])["consistency"]["proof"]
        steps = [bytes.fromhex(one) for one in proof]
        roots = bytes.fromhex(point["root"]), bytes.fromhex(newest["root"])
        merkle.verify_consistency(point["size"], newest["size"], steps, *roots)
    with life.acts.reading() as session:
        point = checkpoints.newest(session)
        assert point is not None and f"sealed:{life.case}" in point.heads
    life.acts.engine.dispose()


def _sizes(life: Life) -> list[int]:
    with life.acts.reading() as session:
        return list(session.scalars(text("SELECT size FROM log_checkpoint ORDER BY size")))


def _checkpoint(life: Life, size: int) -> dict:
    return life.stage.ask("", "checkpoint.latest", size=size)
