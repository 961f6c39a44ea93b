"""A goods tender of government procurement from its intent to its filed contract, and the three gates where it ends."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

from certs import authority, pdfcheck
from core.clock import CST
from core.faults import Unusable
from core.rules import Refused
from methods import scoring
from tests.stories.play import CaseFile, Life, classroom
from trading.award import queries
from trading.award.models import ResultLetter
from trading.opening.queries import opened_bids
from trading.procedures.open_goods.story import UNFIT
from trading.project import periods
from trading.project.models import Case, CaseDocument
from web.pages.cases import turns

CASH = {"amount": "86", "bond": "8.6", "form": "cash"}


def changed(name: str, **marks: Any) -> CaseFile:
    case = classroom()
    next(one for one in case["bidders"] if one["id"] == name).update(marks)
    return case


def record_of(life: Life, kind: str = "evaluation_report") -> dict[str, Any]:
    (pdf,) = life.papers(kind)
    return dict(pdfcheck.accept(pdf, [authority.of(life.acts.house.config).chain[-1]]).record)


def said_to(life: Life, who: str) -> str:
    shown = [life.stage.ask(who, question, life.case) for question in ("case.show", "opening.hall")]
    return json.dumps(shown, default=str, ensure_ascii=False)


@pytest.fixture(scope="module")
def opened(begin_shared) -> Life:
    """Opened, nobody examined yet; every test goes on from a copy."""
    return begin_shared(classroom()).to_opened()


@pytest.fixture(scope="module")
def life(opened: Life, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """One whole life; tests only look at it."""
    whole = opened.fork(tmp_path_factory.mktemp("goods") / "whole")
    whole.to_report()
    return whole


@pytest.fixture
def copied(opened: Life, tmp_path) -> Life:
    return opened.fork(tmp_path / "copy")


@pytest.fixture
def reported(life: Life, tmp_path) -> Life:
    return life.fork(tmp_path / "copy")


# -- the straight road ------------------------------------------------------------------------------------------------


def test_the_expect_block_is_met(life: Life) -> None:
    expect, result = life.file["expect"], life.row().result
    assert life.state() == "EVALUATED"
    assert result["benchmark"] == expect["benchmark"]
    assert life.named(result["price_scores"]) == expect["price_scores"]
    assert life.named(result["totals"]) == expect["totals"]
    assert [life._name(bid) for bid in result["ranking"]] == expect["ranking"]
    told = record_of(life)["scoring"]
    assert scoring.score(told["input"])["totals"] == told["result"]["totals"]


def test_the_committee_saw_only_the_qualified_and_the_report_says_who_was_not(life: Life) -> None:
    record = record_of(life)
    assert [one["org_name"] for one in record["bids"]] == ["投标人甲", "投标人乙", "投标人丙"]
    (gone,) = record["unqualified"]
    assert (gone["org_name"], gone["items"]) == ("投标人丁", ["Q4"])
    assert {one["part"] for one in record["review"]["items"]} == {"符合性审查"}
    assert record["recording"]["pieces"] == 5


def called_to(life: Life) -> set[str]:
    """What the case page and the workbench call somebody to."""
    with life.acts.reading() as session:
        row = session.get_one(Case, life.case)
        running = periods.running(session, [row], life.stage.now())[row.id]
        return {one["act"] for one in turns(session, row, running)}


def test_from_the_winner_to_the_filed_contract(reported: Life) -> None:
    reported.result(reported.publish())
    assert (reported.state(), reported._name(reported.row().winner_bid)) == ("NOTIFIED", "乙")
    assert len(reported.papers("result_notice")) == len(reported.papers("award_notice")) == 1
    with reported.acts.reading() as session:
        file = session.query(CaseDocument).filter_by(case_id=reported.case, kind="tender_file").one()
        assert file.audience == "public", "the tender file is public with the result"
    assert reported.stage.refused("tenderer", "contract.sign", reported.case, **CASH) == ["R2-19/form"]
    too_much = {"amount": "86", "bond": "8.61", "form": "guarantee"}
    assert reported.stage.refused("tenderer", "contract.sign", reported.case, **too_much) == ["R2-19"]
    reported.stage.act("tenderer", "contract.sign", reported.case, amount="86", bond="8.6", form="guarantee")
    early = reported.stage.refused("agency", "contract.report", reported.case, text="备案")
    assert early == ["CONTRACT-PUBLIC"], "made public first"
    assert called_to(reported) == {"contract.publish", "contract.report"}
    reported.stage.act("agency", "contract.publish", reported.case, number="2026-001")
    assert called_to(reported) == {"contract.report"}, "what is public is not asked for again"
    assert reported.stage.refused("agency", "contract.publish", reported.case, number="2") == ["CONTRACT-PUBLIC"]
    reported.stage.act("agency", "contract.report", reported.case, text="备案")
    reported.stage.act("centre1", "case.archive", reported.case)
    assert reported.state() == "ARCHIVED"
    assert len(reported.papers("contract_notice")) == 1


def test_each_loser_is_told_its_own_score_and_place_and_nobody_elses(reported: Life) -> None:
    reported.result(reported.publish())
    with reported.acts.reading() as session:
        letters = {reported._name(one.bid_id): one.told for one in session.query(ResultLetter)}
    assert letters.keys() == {"甲", "丙", "丁"}
    assert letters["甲"] == {"total": "86.00", "place": 3, "of": 3}
    assert letters["丙"] == {"total": "87.84", "place": 2, "of": 3}
    assert "未通过资格审查" in letters["丁"]["reason"]
    assert reported.stage.ask("bidder1", "result.mine", reported.case)["told"] == letters["甲"]
    assert reported.stage.ask("bidder2", "result.mine", reported.case)["told"] is None, "the winner has its notice"
    assert "87.84" not in said_to(reported, "bidder1")


def test_who_gives_no_word_in_five_working_days_takes_the_first(reported: Life) -> None:
    start = reported.stage.now()
    due = next(one for one in reported.stage.ask("tenderer", "case.show", reported.case)["acts"]
               if one["act"] == "winner.settle")  # fmt: skip
    assert due["late"] == []
    while reported.state() == "EVALUATED":
        assert reported.stage.now() - start < timedelta(days=14)
        reported.stage.move_to(reported.stage.now() + timedelta(days=1))
    assert (reported.state(), reported._name(reported.row().result["settled"])) == ("AWARDED_DRAFT", "乙")
    kinds = [one.kind for one in reported.entries()]
    assert "winner.deemed" in kinds and "winner.settled" not in kinds
    assert reported.stage.refused("tenderer", "winner.settle", reported.case) == ["STATE"]


def test_another_than_the_first_wins_only_with_a_reason(reported: Life) -> None:
    second = reported.bids["丙"]
    assert reported.stage.refused("tenderer", "winner.settle", reported.case, winner=second) == ["R2-ORDER"]
    assert reported.stage.refused("agency", "winner.settle", reported.case) == ["ACCESS"]
    today = reported.stage.now().astimezone(CST).date().isoformat()
    reported.stage.act("tenderer", "winner.settle", reported.case, winner=second, reason="第一候选人书面放弃中标")
    assert reported._name(reported.row().result["settled"]) == "丙"
    with reported.acts.reading() as session:
        assert queries.result(session, reported.case)["winner"] is None, "nobody is told before the result is published"
    assert reported.stage.refused("agency", "result.publish", reported.case, until=today) == ["R2-17"]


def test_candidates_side_by_side_are_told_apart_by_a_draw_of_three_parties(begin) -> None:
    case = changed("丙", price="86")
    for sheet in case["scores"].values():
        sheet["丙"] = dict(sheet["乙"])
    life = begin(case).to_opened()
    life.to_report()
    tied = {life.bids["乙"], life.bids["丙"]}
    assert {bid for bid, place in life.row().result["places"].items() if place == 1} == tied
    assert life.stage.refused("tenderer", "winner.settle", life.case) == ["R2-ORDER"]
    made = life.stage.act("tenderer", "winner.draw", life.case, parties=life.parties())
    assert life.stage.refused("tenderer", "winner.settle", life.case) == ["R2-ORDER"], "not drawn yet"
    life.commit_and_reveal(made["draw"])
    assert life.stage.refused("agency", "winner.draw", life.case, parties=life.parties()) == ["R2-ORDER"], "once"
    drawn = next(one.body["bid"] for one in life.entries() if one.kind == "winner.drawn")
    (other,) = tied - {drawn}
    assert life.stage.refused("tenderer", "winner.settle", life.case, winner=other) == ["R2-ORDER"]
    life.stage.act("tenderer", "winner.settle", life.case)
    assert life.row().result["settled"] == drawn
    assert drawn in tied


# -- before the opening -----------------------------------------------------------------------------------------------


def test_a_clarification_says_that_it_changes_neither_object_nor_bidders(begin) -> None:
    life = begin(classroom()).announce()
    said = {"text": "交货地点改为东校区。", "affects_bids": False}
    assert life.stage.refused("agency", "tender.clarify", life.case, **said) == ["R2-04/subject"]
    life.stage.act("agency", "tender.clarify", life.case, **said, keeps_subject=True)


def test_a_category_and_a_regime_of_the_other_procedure_are_refused(begin) -> None:
    for changes in ({"category": "A08 施工"}, {"regime": "R1"}):
        case = classroom()
        case["tender"] |= {key: value for key, value in changes.items() if key != "regime"}
        case |= {key: value for key, value in changes.items() if key == "regime"}
        with pytest.raises(Unusable):
            begin(case).plan()


# -- qualification ----------------------------------------------------------------------------------------------------


def test_qualification_is_the_purchasers_and_closed_to_everyone_else(copied: Life) -> None:
    sheet = copied.stage.ask("agency", "qualification.sheet", copied.case)
    first = sheet["items"][0]["id"]
    mark: dict[str, Any] = {"bid": sheet["bids"][0]["id"], "items": {first: {"pass": True}}}
    copied.enrol("expert1-1")
    for who in ("centre1", "regulator", "bidder1", "expert1-1"):
        assert copied.stage.refused(who, "qualification.mark", copied.case, **mark) == ["ACCESS"]
        assert copied.stage.refused(who, "qualification.conclude", copied.case) == ["ACCESS"]
    copied.stage.act("tenderer", "qualification.mark", copied.case, **mark)
    short = copied.stage.refused("agency", "qualification.conclude", copied.case)
    assert short == ["R2-10"], "every item of every bid has a finding first"
    bare = mark | {"items": {first: {"pass": False}}}
    assert copied.stage.refused("agency", "qualification.mark", copied.case, **bare) == ["FAIL-REASON"]
    for who in ("bidder1", "centre1", "expert1-1"):
        with pytest.raises(Refused):
            copied.stage.ask(who, "qualification.sheet", copied.case)


def test_no_committee_before_it_is_known_who_is_qualified(copied: Life) -> None:
    begin = copied.stage.now() + timedelta(hours=1)
    copied.book_venues(begin - timedelta(minutes=30))
    assert copied.stage.refused(copied.agency, "draw.request", copied.case, **copied.wanted(begin)) == ["STATE"]
    assert copied.qualify()["qualified"] == 3
    assert copied.state() == "QUALIFIED"
    assert copied.stage.refused("agency", "qualification.mark", copied.case, bid="x", items={}) == ["STATE"]
    copied.stage.act(copied.agency, "draw.request", copied.case, **copied.wanted(begin))


def test_the_report_on_qualification_is_signed_and_hidden_from_bidders(copied: Life) -> None:
    copied.qualify()
    assert copied.sign_waiting("qualification_report") == ["agency"]
    for who in ("bidder4", ""):
        said = said_to(copied, who)
        at = said.find("qualification_report")
        assert at < 0 and UNFIT not in said, said[at - 300 : at + 100]
    record, _ = pdfcheck.machine_record(copied.papers("qualification_report")[0])
    assert (record["schema"], record["qualified"]) == ("qualification/1", 3)


# -- the three gates --------------------------------------------------------------------------------------------------


@pytest.mark.rule("R2-09", "refused")
def test_two_bids_are_no_opening(begin) -> None:
    case = classroom()
    case["bidders"] = case["bidders"][:2]
    life = begin(case)
    assert life.to_sealed() == "FAILED"
    assert life.row().failed_reason.startswith("R2-09:")
    assert len(life.papers("failure_notice")) == 1


@pytest.mark.rule("R2-09/qualified", "refused")
def test_two_qualified_are_no_evaluation(copied: Life) -> None:
    copied.file = copy.deepcopy(copied.file)
    copied.file["bidders"][0]["unqualified"] = "Q1"
    made = copied.qualify()
    assert (made["state"], made["qualified"]) == ("FAILED", 2)
    assert copied.row().failed_reason.startswith("R2-09/qualified:")
    assert len(copied.papers("failure_notice")) == 1
    assert copied.stage.refused("agency", "draw.request", copied.case, **copied.wanted(copied.stage.now())) == ["STATE"]
    copied.stage.act("agency", "project.retender", copied.case, reason="合格投标人不足三家")
    assert (copied.state(), copied.row().round) == ("REGISTERED", 2)


@pytest.mark.rule("R2-31", "refused")
def test_three_qualified_of_two_brands_are_no_evaluation(begin) -> None:
    """The brand goes from the sealed sheet through the opening to the purchaser's examination."""
    case = classroom()
    case["tender"]["evaluation"]["brands"] = {"core": [{"id": "core1", "name": "交互式触控一体机"}]}
    for one, brand in zip(case["bidders"], ("海信", "HiSense 海信", "海 信", "鸿合"), strict=True):
        one["brands"] = {"core1": brand}
    life = begin(case).to_opened()
    shown = life.stage.ask("agency", "qualification.sheet", life.case)
    assert [one["brands"]["core1"] for one in shown["bids"]] == ["海信", "HiSense 海信", "海 信", "鸿合"]
    made = life.qualify()
    assert (made["state"], made["qualified"]) == ("FAILED", 3), "甲 and 丙 are one bidder, 丁 is not qualified"
    shown = life.stage.ask("agency", "qualification.sheet", life.case)
    assert shown["counted"] == 2 and len(shown["alike"][0]["bids"]) == 2
    assert life.row().failed_reason.startswith("R2-09/qualified:")


@pytest.mark.rulebook("3.1 R2 fewer than three")
@pytest.mark.rule("R2-09/conforming", "refused")
def test_two_conforming_bids_are_scored_by_nobody(copied: Life) -> None:
    copied.file = copy.deepcopy(copied.file)
    copied.file["bidders"][2]["rejected"] = "M87-63-6"
    copied.draw_committee()
    copied.seat()
    copied.review()
    assert copied.stage.ask(copied.members[0], "room.view", copied.case)["stage"] == "SUMMARY"
    assert copied.stage.refused(copied.members[0], "lack.vote", copied.case, lack=False, reason="x") == ["STAGE"]
    copied.report()
    record = record_of(copied)
    assert (record["outcome"], record["scoring"], record["candidates"]) == ("void", None, [])
    assert copied.state() == "FAILED"
    assert copied.row().failed_reason.startswith("R2-09/conforming")
    assert len(copied.papers("failure_notice")) == 1


@pytest.mark.rulebook("3.4 consortium")
def test_a_declared_share_of_small_firms_is_sealed_opened_and_leaves_every_price_as_bid(begin) -> None:
    case = classroom()
    price = case["tender"]["evaluation"]["price"]
    price["deductions"]["small_share"], price["least_share"] = "0.05", "30"
    told = [{"form": "consortium", "share": "30.00"}, {"form": "all_small"}, {"form": "subcontract", "share": "150"}]
    for one, small in zip(case["bidders"], told, strict=False):
        one |= {"flags": ["small_share"], "small": small}
    life = begin(case).to_opened()
    with life.acts.reading() as session:
        opened = opened_bids(session, life.case)
    asked = {one["id"]: one["price"] for one in case["bidders"]}
    assert {life._name(one["bid"]): one["price"] for one in opened} == asked
    said = {life._name(one["bid"]): (one["small"], one["flags"]) for one in opened}
    first, second, third = (said[one["id"]] for one in case["bidders"][:3])
    assert (first, second) == ((told[0], ["small_share"]), (told[1], ["small_share"]))
    assert third == ({"problem": "share"}, []), "what cannot stand costs its deduction, never the bid"
    (paper,) = life.papers("opening_record")
    lines = {life._name(one["bid"]): one.get("small") for one in pdfcheck.machine_record(paper)[0]["bids"]}
    assert [lines[one["id"]] for one in case["bidders"][:3]] == [first[0], second[0], third[0]]
