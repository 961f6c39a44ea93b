"""A rehearsal is practised whole, is mistaken for nothing, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from certs import authority, receipts, rehearsals, sealing, suite
from core import canon, staged
from core.doors import TABLE
from core.faults import Fault, Unusable
from core.jobs import DueJob
from core.ledger import EntryRow
from core.rules import Refused
from core.staged import StagedFile, Upload, Wish
from core.uploads import Uploads
from tests.trading.stage import PDF, START, Seal, Stage
from trading import procedures
from trading.bidding.models import Bid
from trading.opening import settling as _settling  # noqa: F401  (declares the acts of the opening)
from trading.opening.sheet import Sheet, compose
from trading.rehearsal import actions, queries, rules, settling
from trading.rehearsal.models import Rehearsal
from trading.rehearsal.rules import A_DAY, AT_ONCE, LARGEST, LIFE, UPLOADS, Practised

WHO = "投标人甲"
PARTS = {"bid.pdf": PDF, "price.json": compose(Sheet("5688.66", 365, "合格"))}


@pytest.fixture
def rehearsal(stage: Stage) -> str:
    stage.at(START)
    return str(stage.do(WHO, "rehearsal.begin")["rehearsal"])


def submitted(stage: Stage, rehearsal: str, **parts: bytes) -> Seal:
    made = stage.seal(rehearsal, WHO, PARTS | parts, kind="rehearsal")
    stage.do(WHO, "rehearsal.submit", rehearsal, **made.payload(stage.world))
    return made


def refused(stage: Stage, rule: str, who: str, act: str, case: str, **payload) -> None:
    with pytest.raises(Refused) as caught:
        stage.do(who, act, case, **payload)
    assert [one.rule for one in caught.value.breaches] == [rule]


def shown(stage: Stage, who: str = WHO):
    with stage.world.read() as session:
        return queries.mine(session, stage.people[who], stage.world.clock.now())


def test_from_the_seal_to_the_price_read_out(stage: Stage, rehearsal: str) -> None:
    with stage.world.read() as session:
        before = session.query(EntryRow).count()
    made = submitted(stage, rehearsal)
    assert shown(stage)["row"] is None
    stage.do(WHO, "rehearsal.unlock", rehearsal, file_key=made.file_key)
    assert settling.settle(stage.world.acts, rehearsal)["price"] == "5688.66"
    row = shown(stage)["row"]
    assert (row["price"], row["say"]) == (
        "5688.66", "第一号，投标人甲，投标报价五千六百八十八点六六万元，工期三百六十五日历天。",
    )  # fmt: skip
    assert settling.settle(stage.world.acts, rehearsal) == {}, "once"
    with stage.world.read() as session:
        assert (session.query(Bid).count(), session.query(EntryRow).count()) == (0, before), "no bid, no entry"
        held = session.get_one(Rehearsal, rehearsal)
        assert (held.state, held.file_key) == ("opened", "")
        files = {path.name for path in stage.world.acts.house.blobs.root.rglob("*") if path.is_file()}
        assert not any(canon.sha256_hex(data) in files for data in PARTS.values()), "nothing decrypted is kept"


def test_the_timer_opens_it_too(stage: Stage, rehearsal: str) -> None:
    made = submitted(stage, rehearsal)
    stage.do(WHO, "rehearsal.unlock", rehearsal, file_key=made.file_key)
    with stage.world.read() as session:
        planned = session.query(DueJob).filter_by(case=rehearsal, act="rehearsal.settle").one()
        assert planned.at == stage.world.clock.now()
    assert stage.ring("rehearsal.settle", rehearsal)["price"] == "5688.66"


def test_a_sheet_nobody_can_read_is_said(stage: Stage, rehearsal: str) -> None:
    made = submitted(stage, rehearsal, **{"price.json": b"{}"})
    stage.do(WHO, "rehearsal.unlock", rehearsal, file_key=made.file_key)
    assert settling.settle(stage.world.acts, rehearsal)["problem"] == "not a price-sheet/1"
    assert shown(stage)["row"]["say"].endswith("未能唱标。")


def test_its_receipt_is_named_a_rehearsal_and_is_none_of_a_bid(stage: Stage, rehearsal: str) -> None:
    submitted(stage, rehearsal)
    said = shown(stage)["receipt"]
    key = authority.of(stage.world.acts.house.config).platform_key
    trusted = {suite.spki_id(key): key.public_key()}
    found = rehearsals.verify(canon.dumps(said), trusted)
    assert (found.purpose, found.effect, found.rehearsal, found.version) == ("rehearsal", "none", rehearsal, 1)
    with pytest.raises(Unusable):
        receipts.verify(canon.dumps(said), trusted)


def test_a_practice_file_is_no_bid(stage: Stage) -> None:
    case = stage.announced()
    rehearsal = str(stage.do(WHO, "rehearsal.begin")["rehearsal"])
    made = stage.seal(rehearsal, WHO, PARTS, kind="rehearsal")
    payload = made.payload(stage.world)
    refused(stage, "E-01", WHO, "bid.submit", case, **(payload | {"manifest": dressed(made, bid="a" * 16)}))
    with pytest.raises(Unusable):  # as it is: its bid is no id of a bid, or it stands for another kind
        stage.do(WHO, "bid.submit", rehearsal, **made.payload(stage.world))


def dressed(made: Seal, **changes: str) -> dict:
    return canon.loads(made.manifest.data) | changes


def test_a_practice_file_that_is_dressed_up_as_a_bid_never_opens(stage: Stage) -> None:
    """The server cannot look into it, so it is taken; but its key opens it for the rehearsal alone."""
    case = stage.announced()
    rehearsal = str(stage.do(WHO, "rehearsal.begin")["rehearsal"])
    made = stage.seal(rehearsal, WHO, PARTS, kind="rehearsal")
    manifest = dressed(made, kind="bid", lot=case, bid="a" * 16)
    stage.do(WHO, "bid.submit", case, **(made.payload(stage.world) | {"manifest": manifest}))
    read = sealing.read_manifest(canon.dumps(manifest))
    with pytest.raises(Fault, match="not the one this ciphertext commits to"):
        sealing.check_file_key(suite.unb64(made.file_key, "key"), read.header, read.context)
    for who in ("投标人乙", "投标人丙"):
        stage.bid(case, who)
    stage.sealed(case)
    stage.begin(case, WHO, "投标人乙", "投标人丙")
    refused(stage, "E-04", WHO, "opening.unlock", case, file_key=made.file_key)


def test_a_sealed_bid_is_no_practice_file(stage: Stage) -> None:
    case = stage.announced()
    made = stage.bid(case, WHO)
    rehearsal = str(stage.do(WHO, "rehearsal.begin")["rehearsal"])
    refused(stage, "E-01", WHO, "rehearsal.submit", rehearsal, **made.payload(stage.world))
    manifest = dressed(made, kind="rehearsal", lot=rehearsal, bid=rehearsal)
    stage.do(WHO, "rehearsal.submit", rehearsal, **(made.payload(stage.world) | {"manifest": manifest}))
    refused(stage, "E-04", WHO, "rehearsal.unlock", rehearsal, file_key=made.file_key)


def test_another_rehearsal_is_another_context(stage: Stage, rehearsal: str) -> None:
    made = stage.seal("another", WHO, PARTS, kind="rehearsal")
    refused(stage, "E-01", WHO, "rehearsal.submit", rehearsal, **made.payload(stage.world))
    stage.do(WHO, "rehearsal.begin")
    with pytest.raises(Unusable):  # it has ended with the beginning of the next
        submitted(stage, rehearsal)


def test_a_wrong_key_loses_nothing(stage: Stage, rehearsal: str) -> None:
    made = submitted(stage, rehearsal)
    refused(stage, "E-04", WHO, "rehearsal.unlock", rehearsal, file_key=suite.b64(bytes(32)))
    stage.do(WHO, "rehearsal.unlock", rehearsal, file_key=made.file_key)


@pytest.mark.parametrize("act", ["rehearsal.submit", "rehearsal.unlock", "rehearsal.leave"])
def test_it_is_its_persons_own(stage: Stage, rehearsal: str, act: str) -> None:
    made = submitted(stage, rehearsal)
    payload = {"rehearsal.submit": made.payload(stage.world), "rehearsal.unlock": {"file_key": made.file_key}}
    with pytest.raises(Unusable):
        stage.do("投标人乙", act, rehearsal, **payload.get(act, {}))
    assert shown(stage, "投标人乙") is None
    refused(stage, "ACCESS", "招标人", act, rehearsal, **payload.get(act, {}))


def test_only_bidders_rehearse(stage: Stage) -> None:
    for who in ("招标人", "代理", "交易中心", "监管"):
        refused(stage, "ACCESS", who, "rehearsal.begin", "")


# -- how much ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("running", "today", "broken"),
    [
        (AT_ONCE - 1, A_DAY - 1, []),
        (AT_ONCE, A_DAY - 1, ["REHEARSAL-RUNNING"]),
        (AT_ONCE - 1, A_DAY, ["REHEARSAL-DAY"]),
        (AT_ONCE, A_DAY, ["REHEARSAL-RUNNING", "REHEARSAL-DAY"]),
    ],
)
def test_an_organisation_has_so_many(running: int, today: int, broken: list[str]) -> None:
    assert [one.rule for one in rules.may_begin(Practised(running, today))] == broken


@pytest.mark.parametrize(
    ("size", "uploads", "broken"),
    [
        (LARGEST, UPLOADS - 1, []),
        (LARGEST + 1, UPLOADS - 1, ["REHEARSAL-SIZE"]),
        (LARGEST, UPLOADS, ["REHEARSAL-UPLOADS"]),
    ],
)
def test_a_practice_file_is_so_large_and_brought_so_often(size: int, uploads: int, broken: list[str]) -> None:
    assert [one.rule for one in rules.may_bring(size, uploads)] == broken


def test_beginning_anew_ends_the_earlier_one_and_counts_for_the_day(stage: Stage, rehearsal: str) -> None:
    for _ in range(A_DAY - 1):
        stage.do(WHO, "rehearsal.begin")
    refused(stage, "REHEARSAL-DAY", WHO, "rehearsal.begin", "")
    assert stage.do("投标人乙", "rehearsal.begin")
    stage.at(START + timedelta(days=1))
    assert stage.do(WHO, "rehearsal.begin")


def test_colleagues_share_the_quota(stage: Stage, rehearsal: str) -> None:
    me = stage.people[WHO]
    for n in range(AT_ONCE - 1):
        stage.world.do(replace(me, person=f"colleague-{n}"), "rehearsal.begin")
    with pytest.raises(Refused, match="REHEARSAL-RUNNING"):
        stage.world.do(replace(me, person="one-more"), "rehearsal.begin")


def test_a_transfer_is_begun_for_ones_own_rehearsal_in_bounds(stage: Stage, rehearsal: str) -> None:
    def begin(who: str, size: int, subject: str = rehearsal) -> None:
        def run(tx) -> None:
            actions.may_begin_upload(tx, "rehearsal", subject, size)
            staged.begin(tx, Wish(size, "", subject, "rehearsal"))

        stage.world.acts.act(run, stage.people[who])

    begin(WHO, 10)
    for who, subject in (("投标人乙", rehearsal), (WHO, "nothing")):
        with pytest.raises(Unusable):
            begin(who, 10, subject)
    with pytest.raises(Refused, match="REHEARSAL-SIZE"):
        begin(WHO, LARGEST + 1)
    for _ in range(UPLOADS - 1):
        begin(WHO, 10)
    with pytest.raises(Refused, match="REHEARSAL-UPLOADS"):
        begin(WHO, 10)


# -- nothing stays ----------------------------------------------------------------------------------------------------


def sweep(stage: Stage) -> None:
    staged.sweep(stage.world.acts, Uploads(stage.world.acts.house.blobs), timedelta(0))


def test_leaving_takes_everything_along(stage: Stage, rehearsal: str) -> None:
    made = submitted(stage, rehearsal)
    stage.do(WHO, "rehearsal.unlock", rehearsal, file_key=made.file_key)
    settling.settle(stage.world.acts, rehearsal)
    blobs = stage.world.acts.house.blobs
    sweep(stage)
    assert blobs.has(made.manifest.sha256), "while it is practised with"
    stage.do(WHO, "rehearsal.leave", rehearsal)
    assert shown(stage) is None
    sweep(stage)
    assert not blobs.has(made.manifest.sha256)
    with stage.world.read() as session:
        assert session.query(StagedFile).count() == session.query(Upload).count() == 0
        row = session.get_one(Rehearsal, rehearsal)
        assert (row.manifest, row.receipt, row.opened, row.file_key, row.ciphertext_sha256) == ({}, {}, {}, "", "")
    with pytest.raises(Unusable):
        submitted(stage, rehearsal)


def test_a_day_after_its_beginning_even_the_row_goes(stage: Stage, rehearsal: str) -> None:
    made = submitted(stage, rehearsal)
    stage.at(START + LIFE - timedelta(milliseconds=1))
    stage.ring("rehearsal.expire", rehearsal)
    assert shown(stage)["version"] == 1
    stage.at(START + LIFE)
    with pytest.raises(Unusable):
        submitted(stage, rehearsal)
    assert shown(stage) is None
    with stage.world.read() as session:
        assert session.query(DueJob).filter_by(case=rehearsal, act="rehearsal.expire").one().at == START + LIFE
    stage.ring("rehearsal.expire", rehearsal)
    stage.ring("rehearsal.expire", rehearsal)
    sweep(stage)
    assert not stage.world.acts.house.blobs.has(made.manifest.sha256)
    with stage.world.read() as session:
        assert session.query(Rehearsal).count() == 0


def test_what_a_real_bid_names_is_not_swept_with_a_rehearsal(stage: Stage) -> None:
    """The same bytes handed in twice: the real bid's file stays."""
    case = stage.announced()
    made = stage.bid(case, WHO)
    rehearsal = str(stage.do(WHO, "rehearsal.begin")["rehearsal"])
    manifest = dressed(made, kind="rehearsal", lot=rehearsal, bid=rehearsal)
    stage.do(WHO, "rehearsal.submit", rehearsal, **(made.payload(stage.world) | {"manifest": manifest}))
    stage.do(WHO, "rehearsal.leave", rehearsal)
    sweep(stage)
    assert stage.world.acts.house.blobs.has(made.manifest.sha256)


def test_none_of_its_acts_is_a_step_of_a_tender() -> None:
    steps = {row.act for row in procedures.of("open-works").machine.rows}
    names = {name for name in TABLE if name.startswith("rehearsal.")}
    assert names & steps == set()
    assert {name for name in names if TABLE[name].signed} == {"rehearsal.submit", "rehearsal.unlock"}
    assert {name for name in names if not TABLE[name].roles} == {"rehearsal.expire", "rehearsal.settle"}
