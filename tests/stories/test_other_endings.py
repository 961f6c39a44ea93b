"""The other ends a tender may come to, each played through by the people it concerns."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from certs import authority, pdfcheck
from core.rules import Refused
from methods import scoring, vote
from tests.stories.play import CaseFile, Life, four_sites, ranked, smaller, with_bidders
from trading.bidding.models import Bid
from trading.opening.models import OpenedBid, Unlock

FOUR = {"甲": "5689", "乙": "5828", "丙": "5709", "丁": "5777"}


def _marked(case: CaseFile, name: str, **marks: object) -> CaseFile:
    next(one for one in case["bidders"] if one["id"] == name).update(marks)
    return case


def _record(life: Life, kind: str = "evaluation_report") -> dict[str, object]:
    (pdf,) = life.papers(kind)
    return pdfcheck.accept(pdf, [authority.of(life.acts.house.config).chain[-1]]).record


def _opened(life: Life) -> dict[str, str]:
    with life.acts.reading() as session:
        rows = session.query(OpenedBid).filter_by(case_id=life.case).all()
        return {life._name(row.bid_id): row.price for row in rows}


def _said_to_the_public(life: Life) -> str:
    shown = [life.stage.ask("", question, life.case) for question in ("case.show", "opening.hall")]
    return json.dumps(shown, default=str, ensure_ascii=False)


# -- before any price is known ----------------------------------------------------------------------------------------


@pytest.mark.certify("A-109", "B-018")
def test_two_bids_are_no_opening_and_nobody_learns_whose(begin) -> None:
    life = begin(with_bidders(four_sites(), {"甲": "5689", "乙": "5828"}))
    assert life.to_sealed() == "FAILED"
    assert life.row().failed_reason.startswith("R1-10")
    assert life.stage.refused("centre1", "opening.begin", life.case) == ["STATE"]
    said = _said_to_the_public(life)
    assert not [one["name"] for one in life.file["bidders"] if one["name"] in said]
    assert (_opened(life), len(life.papers("failure_notice"))) == ({}, 1)
    for name in life.bids:
        with pytest.raises(Refused):
            life.unlock(name)
    with life.acts.reading() as session:
        assert session.query(Unlock).count() == 0
        assert session.query(Bid).filter_by(state="received").count() == 2, "the files are kept, and kept shut"
    assert life.stage.act(life.agency, "project.retender", life.case, reason="投标人不足三个")["round"] == 2
    assert life.state() == "REGISTERED"


def test_a_withdrawn_bid_does_not_count_and_may_not_come_late(begin) -> None:
    """Three of four stay: the opening takes place without the one that left."""
    life = begin(_marked(with_bidders(four_sites(), FOUR), "丁", withdrawn=True)).to_opened()
    assert _opened(life) == {name: FOUR[name] for name in "甲乙丙"}
    assert "投标人丁" not in _said_to_the_public(life)
    kinds = [entry.kind for entry in life.entries(f"sealed:{life.case}")]
    assert (kinds.count("bid.received"), kinds.count("bid.withdrawn")) == (4, 1)


def test_a_bid_withdrawn_to_two_fails_the_tender(begin) -> None:
    life = begin(_marked(four_sites(), "丙", withdrawn=True))
    assert life.to_sealed() == "FAILED"


def test_a_bid_at_the_very_deadline_is_late(begin) -> None:
    """`deadline_passes` plays it: refused with E-02 at the deadline; a minute before it is taken."""
    life = begin(_marked(with_bidders(four_sites(), FOUR), "丁", late=True)).announce()
    life.bid_all()
    life.stage.move_to(life.deadline - timedelta(minutes=1))
    early = next(one for one in life.file["bidders"] if one["id"] == "甲")
    life.submit({**early, "price": "5690"})  # a replacement a minute before is in time
    assert life.deadline_passes() == "SEALED"
    assert "丁" not in life.bids
    with life.acts.reading() as session:
        states = sorted(bid.state for bid in session.query(Bid).filter_by(case_id=life.case))
    assert states == ["received", "received", "received", "replaced"]
    assert life.open() == "OPENED"
    assert _opened(life) == {"甲": "5690", "乙": "5828", "丙": "5709"}


# -- keys that do not come --------------------------------------------------------------------------------------------


@pytest.mark.certify("A-112", "B-019")
def test_the_bidders_own_fault_leaves_its_bid_shut_and_the_others_go_on(begin) -> None:
    life = begin(_marked(with_bidders(four_sites(), FOUR), "丁", unlock_fails="bidder"))
    assert life.to_sealed() == "SEALED"
    assert life.open() == "OPENED"
    assert _opened(life) == {name: FOUR[name] for name in "甲乙丙"}
    row = next(one for one in life.stage.ask("", "opening.hall", life.case)["rows"] if one["org_name"] == "投标人丁")
    assert (row["status"], row["cause"], row.get("price", "")) == ("failed", "bidder", "")
    life.to_report()
    assert life.named(life.row().result["totals"]) == life.file["expect"]["totals"]


def test_the_bidders_own_fault_that_leaves_two_fails_the_opening(begin) -> None:
    life = begin(_marked(four_sites(), "丙", unlock_fails="bidder"))
    assert life.to_sealed() == "SEALED"
    assert life.open() == "FAILED"
    assert _opened(life) == {}
    assert not [one["name"] for one in life.file["bidders"] if one["name"] in _said_to_the_public(life)]


@pytest.mark.certify("A-112")
def test_the_platforms_fault_is_mended_by_two_custodians(begin) -> None:
    life = begin(_marked(four_sites(), "丙", unlock_fails="platform"))
    assert life.to_sealed() == "SEALED"
    assert life.open() == "OPENED"
    assert _opened(life) == {"甲": "5689", "乙": "5828", "丙": "5709"}
    released = [entry.body["role"] for entry in life.entries() if entry.kind == "opening.released"]
    assert released == ["centre", "regulator"]
    rows = life.stage.ask("", "opening.hall", life.case)["rows"]
    assert {row["org_name"]: row["how"] for row in rows}["投标人丙"] == "shares"


def test_no_share_is_released_without_a_decision_nor_for_the_bidders_fault(begin) -> None:
    life = begin()
    assert life.to_sealed() == "SEALED"
    life.sign_in()
    life.stage.act("centre1", "opening.begin", life.case)
    with pytest.raises(Refused, match="E-04"):
        life.release("甲", "regulator", "regulator")
    life.stage.act("centre1", "opening.check", life.case, bid=life.bids["甲"])
    life.decide("甲", "bidder", "未解密")
    with pytest.raises(Refused, match="E-04"):
        life.release("甲", "regulator", "regulator")


# -- the committee ----------------------------------------------------------------------------------------------------


@pytest.mark.rulebook("3.1 all rejected")
def test_all_rejected_ends_without_a_winner(begin) -> None:
    case = smaller(four_sites())
    for one in case["bidders"]:
        one["rejected"] = "TL51-6"
    life = begin(case).to_opened()
    life.to_report()
    assert (life.state(), life.row().result["outcome"]) == ("FAILED", "all_rejected")
    record = _record(life)
    assert (record["outcome"], record["candidates"], record["scoring"]) == ("all_rejected", [], None)
    assert len(record["signers"]) == 6
    assert {one["ground"] for one in record["review"]["rejected"]} == {"TL51-6"}
    assert life.stage.refused("tenderer", "award.open", life.case, pool=[], supervisors=[], parties={})


def test_one_rejected_of_four_is_scored_by_nobody(begin) -> None:
    case = _marked(smaller(with_bidders(four_sites(), FOUR)), "丁", rejected="TL51-3")
    life = begin(case).to_opened()
    life.to_report()
    record = _record(life)
    assert life.bids["丁"] not in record["scoring"]["result"]["totals"]
    assert [one["ground"] for one in record["review"]["rejected"]] == ["TL51-3"]
    assert scoring.score(record["scoring"]["input"])["totals"] == record["scoring"]["result"]["totals"]


def test_a_bid_below_cost_is_rejected_after_its_bidder_was_heard(begin) -> None:
    life = begin(_marked(smaller(with_bidders(four_sites(), FOUR)), "丁", rejected="TL51-5")).to_opened()
    life.to_report()
    record = _record(life)
    assert [one["ground"] for one in record["review"]["rejected"]] == ["TL51-5"]
    assert [(one["bid"], one["answer"]) for one in record["clarifications"]] == [(life.bids["丁"], "不能提供证明材料")]


def test_two_valid_bids_go_on_when_the_committee_finds_competition(begin) -> None:
    life = begin(_marked(smaller(four_sites()), "丙", rejected="TL51-6")).to_opened()
    life.to_report()
    record = _record(life)
    assert len(record["review"]["lack_votes"]) == 5
    assert set(life.named(record["scoring"]["result"]["totals"])) == {"甲", "乙"}


def test_scores_that_stand_out_are_explained_before_the_report(begin) -> None:
    case = smaller(four_sites())
    case["scores"]["member-3"]["乙"]["plan"] = "30"
    case["anomaly_reasons"] = {"member-3": "施工组织设计缺少关键工序"}
    life = begin(case).to_opened()
    life.draw_committee()
    life.seat()
    life.review()
    life.score()
    assert life.stage.refused(life.leader, "report.make", life.case)
    life.explain()
    life.report()
    record = _record(life)
    (told,) = record["anomalies"]
    who = next(one["certificate"] for one in record["committee"] if one["label"] == told["expert"])
    assert who == life.stage.ring[life.members[2]].fingerprint
    assert (told["score"], told["reason"]) == ("30", "施工组织设计缺少关键工序")


# -- ranked award -----------------------------------------------------------------------------------------------------


def test_a_ranked_award_takes_the_first_and_refuses_another(begin) -> None:
    """Without 评定分离: the report prints ranks, the first-ranked wins (条例55), another is refused with R1-24."""
    life = begin(ranked(four_sites())).to_opened()
    life.to_report()
    record = _record(life)
    assert record["ranked"] is True
    assert [life._name(bid) for bid in record["ranking"]] == life.file["expect"]["ranking"]
    assert life.stage.refused("tenderer", "award.open", life.case, pool=[], supervisors=[], parties={})
    until = life.publish()
    assert (until.hour, until.minute, until.second) == (23, 59, 59)
    assert (until.date() - life.stage.now().date()).days >= 3
    life.stage.move_to(until - timedelta(seconds=30))
    assert life.stage.refused(life.agency, "result.publish", life.case) == ["R1-23"]
    life.stage.move_to(until + timedelta(seconds=1))
    assert life.stage.refused(life.agency, "result.publish", life.case, winner=life.bids["丙"]) == ["R1-24"]
    life.stage.act(life.agency, "result.publish", life.case)
    life.stage.act("tenderer", "award.notify", life.case)
    assert (life.state(), life._name(life.row().winner_bid)) == ("NOTIFIED", "甲")
    assert life.papers("award_report") == []


# -- other methods of the award meeting -------------------------------------------------------------------------------

BALLOTS = {
    "points": [{"rankings": [list("甲乙丙"), list("甲丙乙"), list("乙甲丙"), list("甲乙丙"), list("丙甲乙")]}],
    "majority": [{"甲": 2, "乙": 2, "丙": 1}, {"runoff": ["甲", "乙"], "ballots": {"甲": 3, "乙": 2}}],
    "plurality": [{"甲": 1, "乙": 3, "丙": 1}],
    "lowest_price": [],
    "nearest_below_mean": [],
}  # fmt: skip
WINNERS = {"points": "甲", "majority": "甲", "plurality": "乙", "lowest_price": "甲", "nearest_below_mean": "丙"}


@pytest.mark.parametrize("method", BALLOTS)
def test_every_award_method_gives_its_winner(begin, method: str) -> None:
    case = smaller(four_sites())
    case["tender"]["award"]["method"] = method
    case["award_ballots"] = BALLOTS[method]
    life = begin(case).to_opened()
    life.to_report()
    life.award()
    record = _record(life, "award_report")
    assert vote.count(record["vote"]["input"]) == record["vote"]["result"]
    assert (life.state(), life._name(record["winner"])) == ("AWARDED_DRAFT", WINNERS[method])


def test_a_tie_that_stays_is_broken_by_the_lower_price_never_by_lot(begin) -> None:
    case = smaller(four_sites())
    case["tender"]["award"] |= {"method": "plurality", "abstentions": "allowed"}
    case["award_ballots"] = [{"乙": 2, "丙": 2}, {"runoff": ["乙", "丙"], "ballots": {"乙": 2, "丙": 2}}]
    life = begin(case).to_opened()
    life.to_report()
    life.award()
    record = _record(life, "award_report")
    assert (life._name(record["winner"]), record["reason"]) == ("丙", "price")


# -- price formulas ---------------------------------------------------------------------------------------------------

CURVES = {
    "ratio": {"kind": "ratio"},
    "table": {
        "kind": "table",
        "bands": [
            {"from_pct": "-20", "to_pct": "0", "points": "100", "slope": "-1"},
            {"from_pct": "0", "to_pct": "20", "points": "100", "slope": "-2"},
        ],
    },
}


@pytest.mark.parametrize("curve", CURVES)
def test_other_curves_and_deductions_score_as_the_open_formula(begin, curve: str) -> None:
    """Flags of a price sheet lower the price that is compared, not the price that is bid."""
    case = _marked(smaller(with_bidders(four_sites(), FOUR)), "丁", flags=["small_firm"])
    price = case["tender"]["evaluation"]["price"]
    price["curve"] = CURVES[curve]
    price["deductions"] = {"small_firm": "0.05"}
    if curve == "ratio":
        price["benchmark"] = {"terms": [{"of": "lowest", "weight": "1"}]}
    life = begin(case).to_opened()
    life.to_report()
    record = _record(life)
    again = scoring.score(record["scoring"]["input"])
    scored = life.named(record["scoring"]["result"]["price_scores"])
    assert life.named(again["price_scores"]) == scored
    assert next(one for one in record["bids"] if one["id"] == life.bids["丁"])["price"] == "5777"
    if curve == "ratio":
        assert scored == {"甲": "96.47", "乙": "94.17", "丙": "96.13", "丁": "100.00"}


# -- stopping on the way ----------------------------------------------------------------------------------------------


def test_an_objection_on_the_spot_is_answered_on_the_spot_and_recorded(begin) -> None:
    life = begin()
    assert life.to_sealed() == "SEALED"
    life.sign_in()
    life.stage.act("centre1", "opening.begin", life.case)
    said = life.stage.act("bidder2", "opening.object", life.case, text="对开标程序有异议")
    life.stage.act("agency", "opening.answer", life.case, objection=said["objection"], text="已核对,程序合规")
    for name in life.bids:
        life.unlock(name)
    life.stage.act("centre1", "opening.close", life.case)
    life.stage.run_due()
    (pdf,) = life.papers("opening_record")
    record, _ = pdfcheck.machine_record(pdf)
    assert [(one["text"], one["answer"]) for one in record["objections"]] == [("对开标程序有异议", "已核对,程序合规")]
    life.stage.move_to(life.stage.now() + timedelta(minutes=11))
    assert life.stage.refused("bidder1", "opening.object", life.case, text="事后异议") == ["R1-30"]


def test_a_terminated_tender_takes_no_more_bids(begin) -> None:
    life = begin().announce()
    life.bid_all()
    life.stage.act("tenderer", "project.terminate", life.case, reason="项目资金未落实")
    assert life.state() == "TERMINATED"
    with pytest.raises(Refused):
        life.submit(life.file["bidders"][0])
    assert life.deadline_passes() == "TERMINATED"
    assert not [one["name"] for one in life.file["bidders"] if one["name"] in _said_to_the_public(life)]
