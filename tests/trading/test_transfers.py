"""The deadline ends a transfer: at its very second it is late, what is unfinished is withdrawn, nobody else knows."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts import sign_in
from core import ledger, staged
from core.access import SYSTEM
from core.blobs import Blob
from core.faults import Unusable
from core.ledger import EntryRow
from core.rules import Refused
from core.staged import Upload
from tests.web.tus import Tus
from trading.bidding.queries import bid_desk
from web import identity
from web.app import create_app

SIZE = 1 << 20
DATA = b"sealed bytes" * 8192


@pytest.fixture
def door(stage):
    """The app over the stage's own database and clock; `door(who)` is that person's tus client."""
    house = stage.world.acts.house
    app = create_app(house.config, house.clock)

    def client(who: str) -> Tus:
        one = app.test_client()
        token = stage.world.acts.act(sign_in.begin, SYSTEM, stage.people[who].person)
        one.set_cookie(identity.COOKIE, token)
        one.environ_base["HTTP_X_GONGHENG"] = "1"
        return Tus(one)

    client.app = app  # type: ignore[attr-defined]
    yield client
    app.extensions["gongheng"].acts.engine.dispose()


def _late(answer) -> None:
    """E-02 in the body with article, required and found; 403 tells a tus client not to try again."""
    assert answer.status_code == 403
    (breach,) = answer.json["breaches"]
    assert (breach["rule"], breach["article"]) == ("E-02", "电子招标投标办法 第27条")
    assert breach["required"].startswith("<") and breach["found"] and breach["text"]


def _begun(door, stage, who: str, case: str, size: int = SIZE, data: bytes = DATA) -> Tus:
    one = door(who)
    answer = one.create(size, data, case=case, purpose="bid")
    assert answer.status_code == 201, answer.data
    return one


@pytest.mark.rule("E-02", "allowed")
@pytest.mark.rule("E-02", "refused")
@pytest.mark.certify("A-91", "A-92", "A-93", "A-97")
def test_one_second_decides(stage, door) -> None:
    case = stage.announced()
    stage.at(stage.deadline(case) - timedelta(seconds=1))
    early, other = _begun(door, stage, "投标人甲", case, len(DATA) * 2), _begun(door, stage, "投标人乙", case)
    assert early.patch(len(DATA), DATA).headers["X-Content-SHA256"]
    stage.at(stage.deadline(case))
    for answer in (
        door("投标人丙").create(10, case=case, purpose="bid"),
        door("投标人丙").create(10, b"0123456789", case=case, purpose="bid"),
        other.patch(len(DATA), b"x" * (SIZE - len(DATA))),
        other.patch(0, b"x"),
    ):
        _late(answer)
    assert other.head().status_code == 403
    stage.at(stage.deadline(case) + timedelta(seconds=1))
    _late(other.patch(len(DATA), b"x" * (SIZE - len(DATA))))


@pytest.mark.rule("E-02", "refused")
def test_the_last_byte_decides_not_the_first(stage, door) -> None:
    """Begun in time and complete a moment late: the clock is read when all bytes are durable."""
    case = stage.announced()
    stage.at(stage.deadline(case) - timedelta(seconds=1))
    one = _begun(door, stage, "投标人甲", case, SIZE + 5)
    files, upload = door.app.extensions["gongheng.uploads"], one.where.rsplit("/", 1)[1]
    durable = files.digest

    def slow(*args: object) -> str:
        stage.at(stage.deadline(case))
        return durable(*args)

    files.digest = slow
    _late(one.patch(len(DATA), b"y" * (SIZE + 5 - len(DATA))))
    with stage.world.read() as session:
        assert session.get(Upload, upload).state == "open"
    stage.ring("tender.deadline", case)
    with stage.world.read() as session:
        row = session.get(Upload, upload)
        assert (row.state, row.sha256) == ("withdrawn", "")


@pytest.mark.certify("A-93")
def test_what_is_unfinished_is_recorded_as_withdrawn_in_the_sealed_stream_alone(stage, door) -> None:
    case = stage.announced()
    for who in ("投标人乙", "投标人丙", "投标人丁"):
        stage.bid(case, who)
    one = _begun(door, stage, "投标人甲", case)
    with stage.world.read() as session:
        before = {row.name: row.size for row in session.query(ledger.Stream)}
    stage.sealed(case)
    with stage.world.read() as session:
        entries = [e for e in ledger.entries(session, f"sealed:{case}") if e.kind == "bid.unfinished"]
        after = {row.name: row.size for row in session.query(ledger.Stream)}
        elsewhere = session.query(EntryRow).filter(EntryRow.kind == "bid.unfinished", EntryRow.case != "").count()
    (entry,) = entries
    upload = one.where.rsplit("/", 1)[1]
    assert entry.body == {"upload": upload, "size": SIZE, "received": len(DATA)}
    assert (entry.actor["org"], entry.actor["org_name"]) == (stage.people["投标人甲"].org, "投标人甲")
    assert elsewhere == 0
    grown = {name for name in after if after[name] != before.get(name, 0)}
    assert grown == {f"sealed:{case}", f"case:{case}"}
    assert after[f"case:{case}"] == before[f"case:{case}"] + 1, "tender.sealed, as without it"


@pytest.mark.certify("A-93", "A-96")
def test_its_bidder_sees_it_and_nobody_else(stage, door) -> None:
    case = stage.announced()
    for who in ("投标人乙", "投标人丙", "投标人丁"):
        stage.bid(case, who)
    one = _begun(door, stage, "投标人甲", case)
    stage.sealed(case)
    with stage.world.read() as session:
        now = stage.world.clock.now()
        desk = bid_desk(session, case, stage.people["投标人甲"], now)
        (own,) = desk["unfinished"]
        assert (own["id"], own["size"], own["at"]) == (one.where.rsplit("/", 1)[1], SIZE, stage.deadline(case))
        for who, actor in stage.people.items():
            shown = bid_desk(session, case, actor, now)["unfinished"]
            assert bool(shown) == (who == "投标人甲")
    page = door("投标人甲").client.get(f"/cases/{case}/bid").get_data(as_text=True)
    assert "未传输完成，视为撤回" in page and "电子招标投标办法 第27条" in page


def test_the_deadline_looks_the_same_with_and_without_unfinished_transfers(stage, door) -> None:
    """What the timer answers, publishes and plans does not depend on who was still sending."""
    said = []
    for sending in (False, True):
        case = stage.announced()
        for who in ("投标人乙", "投标人丙", "投标人丁"):
            stage.bid(case, who)
        if sending:
            _begun(door, stage, "投标人甲", case)
        stage.at(stage.deadline(case))
        answer = stage.ring("tender.deadline", case)
        with stage.world.read() as session:
            last = ledger.entries(session, f"case:{case}")[-1]
        said.append(json.dumps([answer, last.kind, sorted(last.body)]))
    assert said[0] == said[1]


def test_an_earlier_version_stands_when_its_replacement_is_unfinished(stage, door) -> None:
    case = stage.announced()
    for who in ("投标人甲", "投标人乙", "投标人丙"):
        stage.bid(case, who)
    _begun(door, stage, "投标人甲", case)
    stage.sealed(case)
    with stage.world.read() as session:
        desk = bid_desk(session, case, stage.people["投标人甲"], stage.world.clock.now())
    assert [one["state"] for one in desk["versions"]] == ["received"] and len(desk["unfinished"]) == 1


@pytest.mark.parametrize("who", ["招标人", "代理", "交易中心", "监管"])
def test_only_who_may_bid_begins_a_bids_transfer(stage, door, who: str) -> None:
    case = stage.announced()
    answer = door(who).create(10, case=case, purpose="bid")
    assert answer.status_code == 403 and answer.json["breaches"][0]["rule"] == "ACCESS"
    assert door("投标人甲").create(10, case="0" * 16, purpose="bid").status_code == 400
    assert door("投标人甲").create(10, purpose="bid").status_code == 400


def test_a_bid_is_the_file_its_own_organisation_brought(stage, door) -> None:
    """Knowing the digest of another's sealed file is not having it (E-03: nobody is told that it is there)."""
    case = stage.announced()
    made = stage.seal(case, "投标人甲", {"bid.pdf": b"%PDF-1.7"})
    good = made.payload(stage.world, stage.people["投标人乙"])
    with pytest.raises(Unusable, match="upload the file first"):
        stage.do("投标人甲", "bid.submit", case, **good)
    with pytest.raises(Unusable, match="upload the file first"):
        stage.do("投标人甲", "bid.submit", case, **(good | {"ciphertext_sha256": "0" * 64}))
    one = door("投标人甲")
    assert one.create(len(made.data), made.data, case=case, purpose="bid").headers["X-Content-SHA256"]
    assert stage.do("投标人甲", "bid.submit", case, **good)["receipt"]


def test_a_bid_submitted_late_is_late_though_its_file_came_in_time(stage, door) -> None:
    case = stage.announced()
    made = stage.seal(case, "投标人甲", {"bid.pdf": b"%PDF-1.7"})
    stage.at(stage.deadline(case) - timedelta(seconds=1))
    door("投标人甲").create(len(made.data), made.data, case=case, purpose="bid")
    stage.at(stage.deadline(case))
    with pytest.raises(Refused, match="E-02"):
        stage.do("投标人甲", "bid.submit", case, **made.payload(stage.world))


# -- what nobody named ------------------------------------------------------------------------------------------------


def _sweep(stage, door, after: timedelta = staged.LIFE) -> int:
    stage.world.clock.moment += after
    app = door.app
    return staged.sweep(app.extensions["gongheng"].acts, app.extensions["gongheng.uploads"], timedelta(0))


def _files(stage) -> set[str]:
    root = stage.world.acts.house.blobs.root
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_the_sweep_takes_what_nobody_named_and_nothing_else(stage, door) -> None:
    case = stage.announced()
    kept = stage.bid(case, "投标人甲").manifest.sha256
    before = _files(stage)
    _begun(door, stage, "投标人乙", case)
    lone: Blob = stage.world.acts.house.blobs.put(b"nobody names this")
    stage.world.acts.act(staged.stage, stage.people["投标人丙"], lone.sha256, lone.size)
    notice = next(iter(before - {kept}))
    stage.world.acts.act(staged.stage, stage.people["投标人丙"], notice, 1)  # a paper of the platform, uploaded again
    assert _sweep(stage, door, staged.LIFE - timedelta(seconds=5)) == 0
    assert lone.sha256 in _files(stage)
    _sweep(stage, door, timedelta(seconds=10))
    assert _files(stage) == before
    with stage.world.read() as session:
        assert session.query(staged.StagedFile).count() == 0
    assert _sweep(stage, door) == 0


def test_a_young_file_and_one_brought_again_stay(stage, door) -> None:
    lone = stage.world.acts.house.blobs.put(b"nobody names this")
    stage.world.acts.act(staged.stage, stage.people["投标人丙"], lone.sha256, lone.size)
    stage.world.clock.moment += staged.LIFE
    acts, uploads = door.app.extensions["gongheng"].acts, door.app.extensions["gongheng.uploads"]
    assert staged.sweep(acts, uploads) == 0, "written within the hour by the machine's clock"
    stage.world.acts.act(staged.stage, stage.people["投标人丁"], lone.sha256, lone.size)
    assert staged.sweep(acts, uploads, timedelta(0)) == 0
    assert stage.world.acts.house.blobs.has(lone.sha256)


def test_a_process_that_died_between_commit_and_move_is_made_good(stage, door) -> None:
    one = door("投标人甲")
    one.create(len(DATA))
    files = door.app.extensions["gongheng.uploads"]
    promote, files.promote = files.promote, lambda *_: None
    sha = one.patch(0, DATA).headers["X-Content-SHA256"]
    files.promote = promote
    assert not stage.world.acts.house.blobs.has(sha)
    assert _sweep(stage, door, timedelta(0)) == 0
    assert stage.world.acts.house.blobs.get(sha) == DATA
