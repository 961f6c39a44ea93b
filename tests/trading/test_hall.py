"""The hall itself: who is there, standing still, what will not open, and nobody blamed before the digests are shown."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from certs import pdfcheck
from core import jobs, ledger
from core.faults import Unusable
from core.rules import Refused
from trading.bidding.models import Bid
from trading.opening import failures, reading, settling
from trading.opening import queries as hall_queries
from trading.opening.models import OpenedBid, Unlock
from trading.project.models import Case, CaseDocument
from web import timers

FOUR = ["投标人甲", "投标人乙", "投标人丙", "投标人丁"]
THREE = FOUR[:3]
SECOND = timedelta(seconds=1)


def _state(stage, case: str) -> str:
    with stage.world.read() as session:
        return session.get(Case, case).state


def _hall(stage, case: str, who: str = "监管") -> dict:
    with stage.world.read() as session:
        return hall_queries.hall(session, case, stage.people[who], stage.world.clock.now())


def _kinds(stage, stream: str) -> list[str]:
    with stage.world.read() as session:
        return [entry.kind for entry in ledger.entries(session, stream)]


def _entries(stage, case: str, kind: str) -> list[dict]:
    with stage.world.read() as session:
        return [entry.body for entry in ledger.entries(session, f"case:{case}") if entry.kind == kind]


def _damage(stage, seal) -> None:
    """A bit of the stored file turns over, after its header."""
    path = stage.world.acts.house.blobs.path(seal.manifest.sha256)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def _run_due(stage) -> int:
    return timers.run_once(stage.world.acts)


def _opening(stage, bidders: list[str] = THREE, **more):
    """An open hall in which nobody has unlocked yet."""
    case = stage.announced(**more)
    seals = {who: stage.bid(case, who, fallback=bool(more)) for who in bidders}
    stage.sealed(case)
    stage.begin(case, *bidders)
    return case, seals


def _unlock(stage, case: str, seals: dict, *bidders: str) -> None:
    for who in bidders:
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)


def _bid_of(seal) -> str:
    return str(seal.manifest.context.bid)


# -- signing in -------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-106")
def test_sign_in_opens_an_hour_before_the_deadline_and_not_a_second_earlier(stage) -> None:
    case = stage.announced()
    stage.bid(case, "投标人甲")
    deadline = stage.deadline(case)
    stage.at(deadline - timedelta(minutes=60) - SECOND)
    with pytest.raises(Refused) as early:
        stage.do("投标人甲", "opening.signin", case)
    assert [(b.rule, b.article) for b in early.value.breaches] == [("HALL-SIGNIN", "电子招标投标办法 第29条")]
    stage.at(deadline - timedelta(minutes=60))
    stage.do("投标人甲", "opening.signin", case)
    assert _hall(stage, case, "投标人甲")["own_signed_in_at"] == stage.world.clock.now()
    assert _hall(stage, case, "投标人乙")["own_signed_in_at"] is None


def test_the_tender_file_says_when_sign_in_opens(stage) -> None:
    case = stage.announced(settings={"signin_before": 10, "signin_after": 5})
    stage.bid(case, "投标人甲")
    deadline = stage.deadline(case)
    stage.at(deadline - timedelta(minutes=10) - SECOND)
    with pytest.raises(Refused):
        stage.do("投标人甲", "opening.signin", case)
    stage.at(deadline - timedelta(minutes=10))
    stage.do("投标人甲", "opening.signin", case)


@pytest.mark.certify("A-107")
def test_who_signs_in_early_stands_in_the_sealed_stream_alone(stage) -> None:
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    stage.at(stage.deadline(case) - timedelta(minutes=30))
    before = (_kinds(stage, f"case:{case}"), _hall(stage, case, "交易中心"))
    stage.arrive(case, *THREE)
    stage.do("投标人甲", "opening.signin", case)
    assert (_kinds(stage, f"case:{case}"), _hall(stage, case, "交易中心")) == before
    assert _kinds(stage, f"sealed:{case}").count("opening.signed_in") == 3, "once each"


@pytest.mark.parametrize("who", ["投标人丁", "交易中心", "招标人"])
def test_only_a_bidder_with_a_live_bid_signs_in(stage, who: str) -> None:
    case = stage.announced()
    bid = stage.bid(case, "投标人丁")
    stage.do("投标人丁", "bid.withdraw", case, bid=_bid_of(bid))
    stage.at(stage.deadline(case) - timedelta(minutes=30))
    with pytest.raises((Refused, Unusable)):
        stage.do(who, "opening.signin", case)


def test_a_bidder_is_called_when_it_is_time(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THREE}

    def called(who: str = "投标人甲") -> list[str]:
        with stage.world.read() as session:
            now = stage.world.clock.now()
            return [one["act"] for one in hall_queries.waiting_for(session, stage.people[who], now)]

    stage.at(stage.deadline(case) - timedelta(minutes=60) - SECOND)
    assert called() == []
    stage.at(stage.deadline(case) - timedelta(minutes=60))
    assert (called(), called("投标人丁"), called("交易中心")) == (["signin"], [], [])
    stage.arrive(case, *THREE)
    assert called() == []
    stage.sealed(case)
    stage.do("交易中心", "opening.begin", case)
    assert called() == ["unlock"]
    _unlock(stage, case, seals, "投标人甲")
    assert (called(), called("投标人乙")) == ([], ["unlock"])


def test_a_bidder_who_replaces_the_bid_after_signing_in_is_present_still(stage) -> None:
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    stage.at(stage.deadline(case) - timedelta(minutes=30))
    stage.arrive(case, *THREE)
    stage.bid(case, "投标人甲", "5600")
    stage.sealed(case)
    stage.do("交易中心", "opening.begin", case)
    assert [row["signed_in_at"] is not None for row in _hall(stage, case)["rows"]] == [True] * 3


@pytest.mark.certify("A-109", "B-018", "B-033")
@pytest.mark.rule("R1-10", "refused")
def test_fewer_than_three_sign_ins_are_no_opening_and_fail_when_the_time_is_over(stage) -> None:
    case = stage.announced()
    for who in FOUR:
        stage.bid(case, who)
    stage.sealed(case)
    stage.arrive(case, *FOUR[:2])
    with pytest.raises(Refused) as short:
        stage.do("交易中心", "opening.begin", case)
    (breach,) = short.value.breaches
    assert (breach.rule, breach.required, breach.found) == ("R1-10", "≥ 3 signed in", "< 3 signed in")
    until = stage.deadline(case) + timedelta(minutes=30)
    stage.at(until - SECOND)
    assert stage.ring("opening.attendance", case) == {"state": "SEALED"}
    stage.at(until)
    with stage.world.read() as session:
        assert "opening.attendance" in [job.act for job in jobs.due(session, until)]
    assert stage.ring("opening.attendance", case) == {"state": "FAILED"}
    with stage.world.read() as session:
        row = session.get(Case, case)
        assert (row.failed_reason.split(":")[0], row.opened_at) == ("R1-10", None)
        assert session.query(Unlock).count() == 0, "the files are kept shut"
        papers = [d.kind for d in session.query(CaseDocument).filter_by(case_id=case)]
    assert papers.count("failure_notice") == 1
    shown = json.dumps(_hall(stage, case), default=str, ensure_ascii=False)
    assert not [who for who in FOUR if who in shown]


def test_a_file_without_a_word_on_sign_in_is_opened_as_it_was_issued(stage) -> None:
    """Tenders that were out before the rule: their file binds bidders to nothing of the kind."""
    case = stage.announced()
    for who in THREE:
        stage.bid(case, who)
    with stage.world.read() as session, session.begin():
        row = session.get(Case, case)
        row.settings = {key: value for key, value in row.settings.items() if not key.startswith("signin")}
    stage.sealed(case)
    stage.at(stage.deadline(case) + timedelta(hours=2))
    assert stage.ring("opening.attendance", case) == {"state": "SEALED"}
    stage.do("交易中心", "opening.begin", case)


def test_the_refusal_is_the_same_for_none_and_for_two(stage) -> None:
    """How many are there is nobody's before the hall opens."""
    case = stage.announced()
    for who in FOUR:
        stage.bid(case, who)
    stage.sealed(case)
    said = []
    for more in ([], FOUR[:1], FOUR[1:2]):
        stage.arrive(case, *more)
        with pytest.raises(Refused) as short:
            stage.do("代理", "opening.begin", case)
        said.append(str(short.value))
    assert len(set(said)) == 1


def test_only_who_came_in_time_counts_for_the_three(stage) -> None:
    """A second before the end is in time; at the end it is late, whether or not the timer was punctual."""
    cases = {}
    for late in (False, True):
        case = cases[late] = stage.announced()
        for who in THREE:
            stage.bid(case, who)
        stage.sealed(case)
        stage.arrive(case, *THREE[:2])
        until = stage.deadline(case) + timedelta(minutes=30)
        stage.at(until if late else until - SECOND)
        stage.arrive(case, THREE[2])
        stage.at(until)
        stage.ring("opening.attendance", case)
    assert (_state(stage, cases[False]), _state(stage, cases[True])) == ("SEALED", "FAILED")


def test_a_fourth_may_still_come_when_the_hall_is_open(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in FOUR}
    stage.sealed(case)
    stage.begin(case, *THREE)
    stage.at(stage.world.clock.now() + timedelta(minutes=10))
    _unlock(stage, case, seals, FOUR[3])
    assert _hall(stage, case)["counts"] == {"all": 4, "unlocked": 1, "present": 4}


# -- standing still ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["交易中心", "代理", "监管"])
def test_a_suspended_hall_takes_no_key_and_closes_nothing(stage, who: str) -> None:
    case, seals = _opening(stage)
    _unlock(stage, case, seals, *THREE[:2])
    stage.do(who, "opening.suspend", case, reason="平台网络故障，正在排查")
    tries = [
        ("投标人丙", "opening.unlock", {"file_key": seals["投标人丙"].file_key}),
        ("交易中心", "opening.close", {}),
        ("交易中心", "opening.extend", {"minutes": 5, "reason": "x"}),
        (who, "opening.suspend", {"reason": "再次"}),
    ]
    for actor, act, payload in tries:
        with pytest.raises(Refused) as refused:
            stage.do(actor, act, case, **payload)
        assert refused.value.breaches[0].rule == "HALL-SUSPENDED"
    shown = _hall(stage, case)["pause"]
    assert (shown["reason"], {shown["role"]}) == ("平台网络故障，正在排查", set(stage.people[who].roles))
    assert _entries(stage, case, "opening.suspended")[0]["reason"] == "平台网络故障，正在排查"
    stage.do(who, "opening.resume", case)
    _unlock(stage, case, seals, "投标人丙")
    assert _hall(stage, case)["pause"] is None


@pytest.mark.certify("A-110")
def test_the_window_stands_still_with_the_hall(stage) -> None:
    """Two minutes are left when it stops and two when it goes on, to the second; the timer closes nothing meanwhile."""
    case, seals = _opening(stage)
    _unlock(stage, case, seals, *THREE[:2])
    began = stage.world.clock.now()
    stage.at(began + timedelta(minutes=28))
    stage.do("交易中心", "opening.suspend", case, reason="等待核实")
    stage.at(began + timedelta(hours=3))
    assert stage.ring("opening.close", case)["closing"] is False
    assert _state(stage, case) == "OPENING"
    stage.do("交易中心", "opening.resume", case)
    until = began + timedelta(hours=3, minutes=2)
    assert _hall(stage, case)["window_until"] == until
    with stage.world.read() as session:
        assert [j.at for j in jobs.due(session, until) if j.act == "opening.close"][-1] == until
    stage.at(until)
    with pytest.raises(Refused, match="E-04"):
        _unlock(stage, case, seals, "投标人丙")
    stage.at(until - SECOND)
    _unlock(stage, case, seals, "投标人丙")


def test_a_pause_after_the_window_opens_it_for_nobody(stage) -> None:
    case, seals = _opening(stage)
    stage.at(stage.world.clock.now() + timedelta(minutes=31))
    stage.do("交易中心", "opening.suspend", case, reason="x")
    stage.at(stage.world.clock.now() + timedelta(minutes=31))
    stage.do("交易中心", "opening.resume", case)
    with pytest.raises(Refused, match="E-04"):
        _unlock(stage, case, seals, "投标人甲")


def test_what_the_regulator_stops_only_the_regulator_lets_go_on(stage) -> None:
    case, _ = _opening(stage)
    with pytest.raises(Refused) as nothing:
        stage.do("监管", "opening.resume", case)
    assert nothing.value.breaches[0].found == "not suspended"
    stage.do("监管", "opening.suspend", case, reason="收到举报，核实中")
    for who in ("交易中心", "代理"):
        with pytest.raises(Refused) as refused:
            stage.do(who, "opening.resume", case)
        assert refused.value.breaches[0].rule == "HALL-RESUME"
    stage.do("监管", "opening.resume", case)


@pytest.mark.parametrize("who", ["招标人", "投标人甲"])
def test_nobody_else_stops_a_hall(stage, who: str) -> None:
    case, _ = _opening(stage)
    with pytest.raises(Refused) as refused:
        stage.do(who, "opening.suspend", case, reason="x")
    assert refused.value.breaches[0].rule == "ACCESS"


def test_a_hall_is_stopped_with_a_reason_and_only_while_it_is_open(stage) -> None:
    case, seals = _opening(stage)
    with pytest.raises(Unusable, match="reason"):
        stage.do("交易中心", "opening.suspend", case)
    _unlock(stage, case, seals, *THREE)
    stage.do("交易中心", "opening.close", case)
    with pytest.raises(Refused, match="closing"):
        stage.do("监管", "opening.suspend", case, reason="x")


def test_pauses_and_failures_stand_in_the_record(stage) -> None:
    case, seals = _opening(stage)
    stage.do("监管", "opening.suspend", case, reason="核实身份")
    stage.do("投标人丙", "opening.report_failure", case, what="passphrase")
    stage.do("监管", "opening.resume", case)
    _unlock(stage, case, seals, *THREE)
    stage.do("交易中心", "opening.close", case)
    document = settling.settle(stage.world.acts, case)["document"]
    with stage.world.read() as session:
        pdf = stage.world.acts.house.blobs.get(session.get(CaseDocument, document).sha256)
    record, _ = pdfcheck.machine_record(pdf)
    assert [(one["by"], one["reason"]) for one in record["pauses"]] == [("regulator", "核实身份")]
    assert [(one["bid"], one["tries"][0]["what"]) for one in record["failures"]] == [
        (_bid_of(seals["投标人丙"]), "passphrase")
    ]


# -- what will not open -----------------------------------------------------------------------------------------------


@pytest.mark.certify("A-112")
@pytest.mark.rule("E-04", "retry")
def test_a_failed_unlock_is_reported_compared_and_tried_again(stage) -> None:
    case, seals = _opening(stage)
    bid, digest = _bid_of(seals["投标人丙"]), seals["投标人丙"].manifest.sha256
    stage.do("投标人丙", "opening.report_failure", case, what="passphrase")
    assert _hall(stage, case)["rows"][2]["status"] == "trying"
    assert _run_due(stage) >= 1
    (trouble,) = _hall(stage, case, "招标人")["troubles"]
    assert (trouble["bid"], trouble["receipt"], trouble["stored"]) == (bid, digest, digest)
    assert (trouble["differs"], trouble["proposed"], trouble["cause"]) == (False, "bidder", "")
    stage.at(stage.world.clock.now() + SECOND)
    stage.do("投标人丙", "opening.report_failure", case, what="commitment", digest=digest)
    assert [one["digest"] for one in _hall(stage, case)["troubles"][0]["tries"]] == ["", digest]
    _unlock(stage, case, seals, "投标人丙")
    assert _hall(stage, case)["rows"][2]["status"] == "unlocked"
    with pytest.raises(Unusable, match="unlocked"):
        stage.do("投标人丙", "opening.report_failure", case, what="other")
    assert [body["what"] for body in _entries(stage, case, "opening.unlock_failed")] == ["passphrase", "commitment"]


def test_a_failure_is_reported_in_the_window_and_not_without_end(stage) -> None:
    case, _ = _opening(stage)
    for _ in range(failures.MOST_REPORTS):
        stage.do("投标人甲", "opening.report_failure", case, what="other")
    with pytest.raises(Refused) as often:
        stage.do("投标人甲", "opening.report_failure", case, what="other")
    assert often.value.breaches[0].rule == "HALL-REPORTS"
    with pytest.raises(Unusable, match="what"):
        stage.do("投标人乙", "opening.report_failure", case, what="anything")
    stage.at(_hall(stage, case)["window_until"] - SECOND)
    stage.do("投标人乙", "opening.report_failure", case, what="other")
    stage.at(_hall(stage, case)["window_until"])
    with pytest.raises(Refused, match="E-04"):
        stage.do("投标人乙", "opening.report_failure", case, what="other")


def test_a_file_the_platform_damaged_blames_no_bidder(stage) -> None:
    case, seals = _opening(stage, FOUR)
    lost = seals["投标人丁"]
    _damage(stage, lost)
    _unlock(stage, case, seals, *THREE)
    found = stage.compare(case, _bid_of(lost))
    assert (found["differs"], found["receipt"]) == (True, lost.manifest.sha256)
    assert _hall(stage, case)["troubles"][0]["proposed"] == "platform"
    with pytest.raises(Refused) as refused:
        stage.do("交易中心", "opening.decide", case, bid=_bid_of(lost), cause="bidder", reason="未解密")
    assert (refused.value.breaches[0].rule, refused.value.breaches[0].found) == ("E-04", "another file")
    stage.at(_hall(stage, case)["window_until"])
    assert stage.ring("opening.close", case)["closing"] is False, "the clock blames nobody for a damaged file"
    with pytest.raises(Refused, match="another file"):
        stage.do("交易中心", "opening.close", case)
    stage.do("交易中心", "opening.decide", case, bid=_bid_of(lost), cause="platform", reason="存储介质损坏")
    assert stage.do("交易中心", "opening.close", case)["closing"] is True
    settling.settle(stage.world.acts, case)
    assert [row["cause"] for row in _hall(stage, case)["rows"]] == ["", "", "", "platform"]


def test_a_restored_file_is_compared_anew(stage) -> None:
    case, seals = _opening(stage)
    path = stage.world.acts.house.blobs.path(seals["投标人丙"].manifest.sha256)
    data = path.read_bytes()
    path.unlink()
    assert stage.compare(case, _bid_of(seals["投标人丙"]))["stored"] == ""
    path.write_bytes(data)
    assert stage.compare(case, _bid_of(seals["投标人丙"]))["differs"] is False


@pytest.mark.parametrize("who", ["招标人", "监管", "投标人甲"])
def test_only_the_host_has_a_file_compared(stage, who: str) -> None:
    case, seals = _opening(stage)
    with pytest.raises(Refused):
        stage.do(who, "opening.check", case, bid=_bid_of(seals["投标人甲"]))


def test_the_clock_blames_the_silent_by_the_rule_after_their_file_was_looked_at(stage) -> None:
    """One second before the end nothing closes; at the end the file is hashed first, then E-04 speaks by name."""
    case, seals = _opening(stage, FOUR)
    _unlock(stage, case, seals, *THREE)
    until = _hall(stage, case)["window_until"]
    stage.at(until - SECOND)
    assert stage.ring("opening.close", case) == {"state": "OPENING", "closing": False, "comparing": 0}
    stage.at(until)
    for _ in range(4):  # close → compare → close → settle, each planned by the one before
        _run_due(stage)
    assert _state(stage, case) == "OPENED"
    row = _hall(stage, case)["rows"][3]
    assert (row["status"], row["cause"]) == ("failed", "bidder")
    assert row["reason"] == "解密时限内未提交解密密钥（E-04，电子招标投标办法 第31条）"
    (said,) = _entries(stage, case, "opening.decided")
    assert (said["rule"], said["article"]) == ("E-04", "电子招标投标办法 第31条")
    (looked,) = _entries(stage, case, "opening.compared")
    assert looked["receipt"] == looked["stored"]


# -- one bid does not cost another ------------------------------------------------------------------------------------


def test_a_file_that_went_bad_after_its_key_came_costs_only_its_bidder(stage) -> None:
    case, seals = _opening(stage, [*FOUR, "投标人戊"])
    _unlock(stage, case, seals, *seals)
    _damage(stage, seals["投标人丁"])
    stage.world.acts.house.blobs.path(seals["投标人戊"].manifest.sha256).unlink()
    stage.do("交易中心", "opening.close", case)
    assert settling.settle(stage.world.acts, case)["opened"] == 3
    rows = _hall(stage, case)["rows"]
    assert [(row["status"], row["cause"]) for row in rows] == [("opened", "")] * 3 + [("failed", "platform")] * 2
    assert rows[3]["reason"].startswith(reading.DAMAGED) and rows[4]["reason"] == reading.MISSING
    with stage.world.read() as session:
        assert session.query(OpenedBid).count() == 3
        assert {u.file_key for u in session.query(Unlock) if u.cause} == {""}


def test_when_the_platform_loses_so_many_that_two_are_left_the_opening_fails(stage) -> None:
    case, seals = _opening(stage)
    _unlock(stage, case, seals, *THREE)
    _damage(stage, seals["投标人丙"])
    stage.do("交易中心", "opening.close", case)
    settling.settle(stage.world.acts, case)
    assert _state(stage, case) == "FAILED"
    with stage.world.read() as session:
        assert session.query(OpenedBid).count() == 0


def test_a_reading_that_never_ends_is_given_up_and_the_others_come_out(stage, monkeypatch) -> None:
    """A disk that does not answer holds one reader for the patience of its file's size, then costs only its bid."""
    case, seals = _opening(stage, FOUR)
    _unlock(stage, case, seals, *FOUR)
    stage.do("交易中心", "opening.close", case)
    stuck, never = _bid_of(seals["投标人乙"]), threading.Event()
    real = reading.read_bid

    def slow(blobs, one):
        if one.bid == stuck:
            never.wait(30)
        return real(blobs, one)

    monkeypatch.setattr(reading, "read_bid", slow)
    monkeypatch.setattr(reading, "LEAST_PATIENCE", 0.5)
    try:
        settling.settle(stage.world.acts, case)
    finally:
        never.set()
    rows = _hall(stage, case)["rows"]
    assert [row["status"] for row in rows] == ["opened", "failed", "opened", "opened"]
    assert (rows[1]["cause"], rows[1]["reason"]) == ("platform", reading.SLOW)


def test_patience_grows_with_the_file() -> None:
    assert reading.patience(1 << 30) == reading.LEAST_PATIENCE + 256


def test_a_long_job_stands_aside_and_no_deadline_waits_for_it(stage, monkeypatch) -> None:
    case, seals = _opening(stage)
    _unlock(stage, case, seals, *THREE)
    stage.do("交易中心", "opening.close", case)
    go, began = threading.Event(), threading.Event()
    real = jobs.LONG["opening.settle"]

    def held(acts, name, payload):
        began.set()
        go.wait(30)
        return real(acts, name, payload)

    monkeypatch.setitem(jobs.LONG, "opening.settle", held)
    other = stage.announced()
    stage.at(stage.deadline(other))
    aside = timers.Aside()
    timers.run_once(stage.world.acts, aside)
    assert began.wait(10)
    assert (_state(stage, other), _state(stage, case)) == ("FAILED", "OPENING")
    assert len(aside.running) == 1
    timers.run_once(stage.world.acts, aside)
    assert len(aside.running) == 1, "it is not begun twice"
    go.set()
    for _ in range(100):
        if not aside.running:
            break
        threading.Event().wait(0.1)
    assert _state(stage, case) == "OPENED"


def test_a_long_job_that_failed_is_tried_again_later_not_at_every_look(stage, monkeypatch) -> None:
    case, seals = _opening(stage)
    _unlock(stage, case, seals, *THREE)
    stage.do("交易中心", "opening.close", case)
    tries = []

    def broken(acts, name, payload):
        tries.append(name)
        raise OSError("no space left")

    monkeypatch.setitem(jobs.LONG, "opening.settle", broken)
    _run_due(stage)
    _run_due(stage)
    assert tries == [case]
    stage.at(stage.world.clock.now() + timers.AGAIN)
    _run_due(stage)
    assert tries == [case, case]


def test_the_receipt_speaks_against_a_row_that_was_changed(stage) -> None:
    """Whoever changes the digest in the row cannot change the signed receipt."""
    case, seals = _opening(stage)
    bid = _bid_of(seals["投标人甲"])
    with stage.world.read() as session, session.begin():
        session.get(Bid, bid).ciphertext_sha256 = seals["投标人乙"].manifest.sha256
    assert stage.compare(case, bid)["differs"] is True
