"""The life of a tender from plan to opening record, and the other endings of an opening."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certs import authority, pdfcheck, receipts, sealing, suite
from core import canon, jobs, ledger
from core.faults import Unusable
from core.rules import Refused
from trading.opening import queries as hall_queries
from trading.opening import settling
from trading.project import queries
from trading.project.models import Case, CaseDocument, Project

THREE = {"投标人甲": "5689", "投标人乙": "5828", "投标人丙": "5709"}


def _case(stage, case):
    with stage.world.read() as session:
        return session.get(Case, case)


@pytest.mark.certify("A-91", "A-100", "A-111", "A-113", "B-019")
def test_from_plan_to_opening_record(stage) -> None:
    case = stage.announced()
    row = _case(stage, case)
    assert row.state == "ANNOUNCED"
    assert row.deadline == row.announced_at + timedelta(days=21)
    seals = {who: stage.bid(case, who, price) for who, price in THREE.items()}
    stage.sealed(case)
    assert _case(stage, case).state == "SEALED"
    result = stage.open_all(case, seals)
    assert _case(stage, case).state == "OPENED"
    with stage.world.read() as session:
        opened = hall_queries.opened_bids(session, case)
        assert [(b["number"], b["price"], b["readable"]) for b in opened] == [
            (1, "5689", True), (2, "5828", True), (3, "5709", True),
        ]  # fmt: skip
        document = session.get(CaseDocument, result["document"])
        pdf = stage.world.acts.house.blobs.get(document.sha256)
        record, _ = pdfcheck.machine_record(pdf)
        hall = hall_queries.hall(session, case, stage.people["投标人甲"], stage.world.clock.now())
        page = queries.case_page(session, case, stage.people["监管"], stage.world.clock.now())
    assert record["schema"] == "opening-record/1"
    assert [s["role"] for s in record["signers"]] == ["host", "bidder", "bidder", "bidder", "witness"]
    assert [r["status"] for r in hall["rows"]] == ["opened"] * 3
    done = [s["state"] for s in page["stations"] if s["done"]]
    assert done == ["PLAN_PUBLIC", "REGISTERED", "DRAFTING", "ANNOUNCED", "SEALED", "OPENING", "OPENED"]
    assert page["stations"][len(done)]["state"] == "COMMITTEE_SET"


@pytest.mark.certify("A-101")
def test_the_receipt_is_signed_and_says_what_was_accepted(stage) -> None:
    case = stage.announced()
    made = stage.seal(case, "投标人甲", {"bid.pdf": b"x"})
    answer = stage.do("投标人甲", "bid.submit", case, **made.payload(stage.world))
    key = authority.of(stage.world.acts.house.config).platform_key
    receipt = receipts.verify(canon.dumps(answer["receipt"]), {suite.spki_id(key): key.public_key()})
    assert (receipt.lot, receipt.version, receipt.ciphertext_sha256) == (case, 1, made.manifest.sha256)
    with stage.world.read() as session:
        entries = ledger.entries(session, f"sealed:{case}")
    assert receipt.entry_hash in [e.leaf_hash for e in entries]


@pytest.mark.certify("A-40")
def test_registration_gives_the_unified_codes_to_every_lot(stage) -> None:
    stage.at(stage.world.clock.now())
    made = stage.do(
        "招标人", "project.create", name="二标段工程", region="420112", category="A08 施工", regime="R1",
        procedure="open-works", funds="other", estimate="900", unit="万元", budget="500", investment="900",
        lot={"no": "001", "name": "一标段", "duration_days": 90},
    )  # fmt: skip
    assert [w["rule"] for w in made["warnings"]] == ["R1-02"]
    stage.do("招标人", "project.edit", made["case"], estimate="950")
    second = stage.do(
        "招标人", "lot.add", made["case"], lot={"no": "002", "name": "二标段", "duration_days": 60}, estimate="400"
    )
    with pytest.raises(Unusable, match="already has a lot 002"):
        again = {"no": "002", "name": "x", "duration_days": 1}
        stage.do("招标人", "lot.add", made["case"], lot=again, estimate="1")
    given = []
    for case in (made["case"], second["case"]):
        stage.do("招标人", "plan.publish", case)
        given.append(stage.do("招标人", "project.register", case, approval_no="x"))
    assert given[0]["tender_code"] == given[1]["tender_code"]
    assert [g["lot_code"][-3:] for g in given] == ["001", "002"]
    assert len({g["deal_code"] for g in given}) == 2
    with stage.world.read() as session:
        assert session.get(Project, made["project"]).project_code == given[0]["lot_code"][:17]
        assert session.get(Case, made["case"]).estimate == "950"


@pytest.mark.certify("A-109", "B-033")
def test_fewer_than_three_at_the_deadline_fail_with_the_files_still_sealed(stage) -> None:
    case = stage.announced()
    for who in ("投标人甲", "投标人乙"):
        stage.bid(case, who)
    stage.sealed(case)
    row = _case(stage, case)
    assert (row.state, row.opened_at) == ("FAILED", None)
    with pytest.raises(Refused):
        stage.begin(case)
    assert stage.do("代理", "project.retender", case)["round"] == 2
    stage.do("代理", "file.compile", case)
    stage.do("代理", "file.save", case, bidding_days=21)
    stage.issue(case)
    with stage.world.read() as session:
        assert hall_queries.avoid_list(session, case)["usccs"] == []


def test_fewer_than_three_unlocked_fail_and_forget_the_keys(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THREE}
    stage.sealed(case)
    stage.begin(case, *seals, host="代理")
    for who in ("投标人甲", "投标人乙"):
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)
    with pytest.raises(Refused) as early:
        stage.do("代理", "opening.close", case)
    assert early.value.breaches[0].rule == "E-03"
    stage.at(stage.world.clock.now() + timedelta(minutes=30))
    left = stage.ring("opening.close", case)
    assert (left["closing"], left["comparing"]) == (False, 1), "nobody is blamed before the stored file was looked at"
    stage.ring("opening.compare", case, bid=seals["投标人丙"].manifest.context.bid)
    stage.ring("opening.close", case)
    assert _case(stage, case).state == "FAILED"
    with stage.world.read() as session:
        keys = session.scalars(hall_queries.select(hall_queries.Unlock.file_key)).all()
        assert set(keys) == {""}
        assert hall_queries.opened_bids(session, case) == []
        assert hall_queries.hall(session, case, stage.people["监管"], stage.world.clock.now())["rows"] == []


@pytest.mark.certify("A-112")
def test_own_fault_leaves_the_bid_shut_and_others_go_on(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in (*THREE, "投标人丁")}
    stage.sealed(case)
    stage.begin(case, *seals)
    with pytest.raises(Refused) as wrong:
        stage.do("投标人丁", "opening.unlock", case, file_key=seals["投标人甲"].file_key)
    assert wrong.value.breaches[0].rule == "E-04"
    for who in THREE:
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)
    with stage.world.read() as session:
        lost = hall_queries.own_bid(session, session.get(Case, case), stage.people["投标人丁"])
    with pytest.raises(Refused, match="not compared"):
        stage.do("交易中心", "opening.decide", case, bid=lost, cause="bidder", reason="未携带解密密钥")
    stage.compare(case, lost)
    stage.do("交易中心", "opening.decide", case, bid=lost, cause="bidder", reason="未携带解密密钥")
    stage.do("交易中心", "opening.close", case)
    assert stage.ring("opening.settle", case)["opened"] == 3
    with stage.world.read() as session:
        rows = hall_queries.hall(session, case, stage.people["招标人"], stage.world.clock.now())["rows"]
    assert [(r["status"], r["cause"]) for r in rows] == [("opened", "")] * 3 + [("failed", "bidder")]


@pytest.mark.certify("A-112")
def test_two_custodians_open_where_the_platform_is_at_fault(stage) -> None:
    case = stage.announced(settings={"fallback": True})
    seals = {who: stage.bid(case, who, price, fallback=True) for who, price in THREE.items()}
    stage.sealed(case)
    stage.begin(case, *seals)
    for who in ("投标人甲", "投标人乙"):
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)
    shut = seals["投标人丙"].manifest
    bid = shut.context.bid

    def share(role: str) -> str:
        return suite.b64(sealing.unwrap_share(shut, role, stage.custodian_keys[role]))

    with pytest.raises(Refused, match="undecided"):
        stage.do("监管", "opening.release", case, bid=bid, share=share("regulator"))
    stage.compare(case, bid)
    stage.do("交易中心", "opening.decide", case, bid=bid, cause="platform", reason="平台解密组件故障")
    stage.do("监管", "opening.release", case, bid=bid, share=share("regulator"))
    stage.at(stage.world.clock.now() + timedelta(minutes=30))
    assert stage.ring("opening.close", case)["closing"] is False  # a custodian may still help
    with pytest.raises(Refused):
        stage.do("招标人", "opening.release", case, bid=bid, share=share("centre"))
    assert stage.do("招标人", "opening.release", case, bid=bid, share=share("tenderer"))["unlocked"]
    stage.do("交易中心", "opening.close", case)
    settling.settle(stage.world.acts, case)
    with stage.world.read() as session:
        opened = {b["org_name"]: b["price"] for b in hall_queries.opened_bids(session, case)}
    assert opened == THREE


@pytest.mark.parametrize(
    "sheet", [b"not json", b'{"schema":"price-sheet/1","price":"-1"}', b"\xff\xfe", b"[]", b'{"a":1e400}']
)
def test_an_unreadable_price_sheet_is_recorded_and_never_stops_the_opening(stage, sheet) -> None:
    case = stage.announced()
    seals = {"投标人甲": stage.bid(case, "投标人甲", sheet=sheet)}
    seals |= {who: stage.bid(case, who, price) for who, price in THREE.items() if who != "投标人甲"}
    stage.sealed(case)
    stage.open_all(case, seals)
    with stage.world.read() as session:
        opened = hall_queries.opened_bids(session, case)
    assert [b["readable"] for b in opened] == [False, True, True]
    assert opened[0]["problem"]


def test_the_reference_price_is_sealed_like_a_bid_and_opened_in_the_hall(stage) -> None:
    price = {"full": "100", "benchmark": {"terms": [{"of": "reference"}]}, "curve": {"kind": "ratio"}}
    case = stage.drafting(evaluation={"price": price})
    sealed = stage.reference(case, "5760")
    stage.issue(case)
    seals = {who: stage.bid(case, who, price) for who, price in THREE.items()}
    stage.sealed(case)
    stage.begin(case, *seals)
    for who, made in seals.items():
        stage.do(who, "opening.unlock", case, file_key=made.file_key)
    with pytest.raises(Refused):
        stage.do("交易中心", "opening.close", case)
    stage.do("招标人", "reference.unlock", case, file_key=sealed.file_key)
    stage.do("交易中心", "opening.close", case)
    settling.settle(stage.world.acts, case)
    with stage.world.read() as session:
        hall = hall_queries.hall(session, case, stage.people["招标人"], stage.world.clock.now())
    assert hall["reference"] == "5760"


def test_settling_twice_writes_once(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THREE}
    stage.sealed(case)
    stage.open_all(case, seals)
    assert settling.settle(stage.world.acts, case) == {}
    assert stage.ring("opening.settle", case) == {}


@pytest.mark.certify("A-108", "A-110")
def test_an_extension_moves_the_close_and_late_keys_are_refused(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THREE}
    stage.sealed(case)
    stage.begin(case, *seals, window_minutes=5)
    with stage.world.read() as session:
        hall = hall_queries.hall(session, case, stage.people["招标人"], stage.world.clock.now())
    assert [r["status"] for r in hall["rows"]] == ["sealed"] * 3
    assert all(r["received_at"] < hall["began_at"] for r in hall["rows"])
    assert hall["window_until"] == hall["began_at"] + timedelta(minutes=5)
    stage.at(stage.world.clock.now() + timedelta(minutes=5))
    with pytest.raises(Refused):
        stage.do("投标人甲", "opening.unlock", case, file_key=seals["投标人甲"].file_key)
    stage.do("交易中心", "opening.extend", case, minutes=10, reason="网络故障")
    assert stage.ring("opening.close", case)["closing"] is False
    stage.do("投标人甲", "opening.unlock", case, file_key=seals["投标人甲"].file_key)
    with stage.world.read() as session:
        ringing = [j.act for j in jobs.due(session, stage.world.clock.now() + timedelta(minutes=10))]
    assert ringing.count("opening.close") == 2


@pytest.mark.certify("A-195")
def test_an_objection_in_the_hall_is_answered_and_recorded(stage) -> None:
    case = stage.announced()
    seals = {who: stage.bid(case, who) for who in THREE}
    stage.sealed(case)
    stage.begin(case, *seals)
    said = stage.do("投标人甲", "opening.object", case, text="开标时间不符")["objection"]
    stage.do("代理", "opening.answer", case, objection=said, text="以招标文件为准")
    for who, made in seals.items():
        stage.do(who, "opening.unlock", case, file_key=made.file_key)
    stage.do("交易中心", "opening.close", case)
    settling.settle(stage.world.acts, case)
    with stage.world.read() as session:
        found = hall_queries.hall(session, case, stage.people["监管"], stage.world.clock.now())["objections"]
    assert [(o["text"], o["answer"]) for o in found] == [("开标时间不符", "以招标文件为准")]


def test_termination_ends_with_a_public_notice(stage) -> None:
    case = stage.announced()
    stage.do("招标人", "project.terminate", case, reason="建设条件变化")
    assert _case(stage, case).state == "TERMINATED"
    with stage.world.read() as session:
        found = queries.portal(session, tab="result")["items"]
    assert [n["kind"] for n in found] == ["termination"]
