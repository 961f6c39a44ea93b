"""The tender file: saved, tried, warned, issued, clarified; R1-33, R1-16, 2027 without a holiday table."""

from __future__ import annotations

import copy
import re
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from pypdfium2 import PdfDocument

from certs import desk, pdfcheck, suite
from core import ledger, live
from core.clock import CST
from core.faults import Unusable
from core.rules import Refused
from tests.trading.stage import AWARD, EVALUATION, ISSUE, PRICE
from trading.bidding import queries as bidding
from trading.document import explain
from trading.document.trial import preview, sample
from trading.project import queries
from trading.project.models import Case, CaseDocument
from trading.project.states import case_row


def _with(**price):
    return EVALUATION | {"price": PRICE | price}


def _rules(refused) -> list[str]:
    return [b.rule for b in refused.value.breaches]


@pytest.mark.certify("A-62", "B-025")
@pytest.mark.parametrize(
    ("evaluation", "field"),
    [
        (_with(curve={"kind": "magic"}), "price.curve.kind"),
        (_with(weight="half"), "price.weight"),
        (_with(benchmark={"terms": []}), "price.benchmark.terms"),
        (_with(cap="0", floor="1"), "price.floor"),
        (EVALUATION | {"criteria": [{"id": "a", "max": "0"}]}, r"criteria\[0\].max"),
        (EVALUATION | {"criteria": [{"id": "a", "max": "1"}] * 2}, "criteria"),
        (EVALUATION | {"ties": ["age"]}, "ties"),
        (EVALUATION | {"surprise": 1}, "surprise"),
        ({"criteria": []}, "evaluation.price"),
        (EVALUATION | {"reject_grounds": [{"id": "R-01"}]}, "reject_grounds"),
    ],
)
def test_a_wrong_evaluation_is_refused_naming_the_field(stage, evaluation, field) -> None:
    case = stage.drafting()
    with pytest.raises(Unusable, match=field):
        stage.do("代理", "file.save", case, evaluation=evaluation)


def test_a_ceiling_term_without_a_ceiling_is_refused(stage) -> None:
    case = stage.drafting()
    with pytest.raises(Unusable, match="ceiling"):
        stage.do("代理", "file.save", case, ceiling="")


@pytest.mark.rule("FILE-02", "refused")
def test_a_method_that_scores_nothing_near_the_ceiling_is_a_warning(stage) -> None:
    bands = {"kind": "table", "bands": [{"from_pct": "50", "to_pct": "60", "points": "1"}]}
    found = stage.do("代理", "file.save", stage.drafting(), evaluation=_with(curve=bands))["breaches"]
    assert [b["rule"] for b in found if b["rule"] == "FILE-02"] == ["FILE-02"]


@pytest.mark.rule("FILE-02", "allowed")
@pytest.mark.certify("A-62")
def test_a_sound_file_has_no_breach_and_previews_a_sample_bid(stage) -> None:
    case = stage.drafting()
    assert stage.do("代理", "file.save", case, validity_days=90)["breaches"] == []
    shown = preview(EVALUATION, "6000")
    assert len(shown["totals"]) == 5
    assert shown["derivation"]


@pytest.mark.certify("B-009", "B-004")
def test_issuing_is_refused_with_every_breach_at_once(stage) -> None:
    award = AWARD | {"legal_basis": "", "committee": 4, "method": "lottery"}
    case = stage.drafting(
        bid_bond="200", issue_days=1, bidding_days=10, award=award, settings={"minimum_price": "5000"}
    )
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "tender.issue", case)
    wanted = ["R1-04", "R1-06", "R1-13", "R1-13/works", "R1-16", "R1-32", "AW-01", "AW-02"]
    assert _rules(refused) == wanted
    with stage.world.read() as session:
        page = queries.case_page(session, case, stage.people["招标人"], ISSUE)
        assert session.get(Case, case).state == "DRAFTING"
    issue = next(a for a in page["acts"] if a["act"] == "tender.issue")
    assert [b.rule for b in issue["breaches"]] == wanted


def test_an_incomplete_file_is_refused(stage) -> None:
    case = stage.drafting(sections={"scope": ""})
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "tender.issue", case)
    assert _rules(refused) == ["FILE-01"]


@pytest.mark.rule("R1-16/reference", "accepted")
def test_a_warning_needs_a_reason_that_is_recorded(stage) -> None:
    price = {"full": "100", "benchmark": {"terms": [{"of": "reference"}]}, "curve": {"kind": "ratio"}}
    case = stage.drafting(evaluation={"price": price})
    with pytest.raises(Refused) as missing:
        stage.do("招标人", "tender.issue", case, accept_warnings=["R1-16/reference"], reason="x")
    assert _rules(missing) == ["FILE-01", "R1-16/reference"]
    stage.reference(case, "5760")
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "tender.issue", case)
    assert _rules(refused) == ["R1-16/reference"]
    with pytest.raises(Unusable, match="reason"):
        stage.do("招标人", "tender.issue", case, accept_warnings=["R1-16/reference"])
    stage.do("招标人", "tender.issue", case, accept_warnings=["R1-16/reference"], reason="省住建厅示范文本")
    with stage.world.read() as session:
        issued = [e for e in ledger.entries(session, f"case:{case}") if e.kind == "tender.issued"]
    assert issued[0].body["reason"] == "省住建厅示范文本"
    assert issued[0].body["warnings"][0]["rule"] == "R1-16/reference"


def test_a_plan_younger_than_thirty_days_is_accepted_with_a_reason(stage) -> None:
    case = stage.drafting()
    stage.at(ISSUE - timedelta(days=1))
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "tender.issue", case)
    assert _rules(refused) == ["R1-03"]


@pytest.mark.rule("CAL-01", "accepted")
def test_periods_into_2027_are_provisional_and_printed_so(stage) -> None:
    case = stage.drafting()
    stage.at(datetime(2026, 12, 15, 9, 0, tzinfo=CST))
    with pytest.raises(Refused) as refused:
        stage.do("招标人", "tender.issue", case)
    assert _rules(refused) == ["CAL-01"]
    given = stage.do("招标人", "tender.issue", case, accept_warnings=["CAL-01"], reason="放假安排未公布")
    assert given["warnings"][0]["found"] == "2027-01-04"  # 20 days end on 1 January, then a weekend
    with stage.world.read() as session:
        document = session.get(CaseDocument, given["tender_file"])
    record, _ = pdfcheck.machine_record(stage.world.acts.house.blobs.get(document.sha256))
    assert record["provisional"] == ["deadline"]


@pytest.mark.rule("R1-33", "allowed")
@pytest.mark.certify("A-59", "A-60", "A-61", "A-66", "A-68", "A-69")
def test_the_file_is_fetched_without_any_step_before(stage) -> None:
    case = stage.announced()
    given = stage.do("投标人甲", "file.fetch", case)
    with stage.world.read() as session:
        document = session.get(CaseDocument, given["document"])
        listed = bidding.downloads(session, case, stage.people["代理"])
    assert document.kind == "tender_file"
    assert [d["org_name"] for d in listed] == ["投标人甲"]
    record, _ = pdfcheck.machine_record(stage.world.acts.house.blobs.get(given["sha256"]))
    assert record["lot"] == {"no": "001", "name": "施工标段", "duration_days": 365}
    assert record["evaluation"]["price"] == PRICE
    with stage.world.read() as session:
        waiting = desk.waiting(session, stage.people["招标人"].person)
    assert [(w["kind"], w["field"]) for w in waiting] == [("tender_file", "tenderer")]


@pytest.mark.certify("B-002")
def test_the_notice_names_the_platforms_address_and_every_date(stage) -> None:
    case = stage.announced()
    with stage.world.read() as session:
        notice = next(d for d in queries.documents(session, case, stage.people["投标人甲"]) if d["kind"] == "notice")
    with closing(PdfDocument(stage.world.acts.house.blobs.get(notice["sha256"]))) as pdf:
        text = "".join(page.get_textpage().get_text_range() for page in pdf)
    for said in (stage.world.acts.house.config.public_url, "2026年4月22日 09:00", "6000 万元", "无须报名"):
        assert said in text


@pytest.mark.parametrize("fallback", [True, False])
def test_the_file_names_the_custodians_keys(stage, fallback) -> None:
    """Whoever seals offline compares: no page and no settings file can put in other custodians unseen."""
    case = stage.announced(settings={"fallback": fallback})
    with stage.world.read() as session:
        held = case_row(session, case).settings["custodians"]
        bidder = stage.people["投标人甲"]
        (file,) = [d for d in queries.documents(session, case, bidder) if d["kind"] == "tender_file"]
    with closing(PdfDocument(stage.world.acts.house.blobs.get(file["sha256"]))) as pdf:
        text = "".join(page.get_textpage().get_text_range() for page in pdf)
    said = re.sub(r"\s", "", text)
    assert set(held) == (set(stage.custodian_keys) if fallback else set())
    for key in stage.custodian_keys.values():
        assert (suite.spki_id(key) in said) is fallback


@pytest.mark.rule("R1-33", "refused")
def test_a_first_fetch_after_the_issue_period_is_refused_a_second_is_not(stage) -> None:
    case = stage.announced()
    stage.do("投标人甲", "file.fetch", case)
    stage.at(ISSUE + timedelta(days=10))
    stage.do("投标人甲", "file.fetch", case)
    with pytest.raises(Refused) as refused:
        stage.do("投标人乙", "file.fetch", case)
    assert _rules(refused) == ["R1-04"]


@pytest.mark.certify("A-80", "A-81", "A-83", "A-84", "A-85", "A-86", "B-012", "B-013", "B-015")
def test_clarifications_are_numbered_public_and_move_the_deadline(stage) -> None:
    case = stage.announced()
    stage.do("投标人甲", "question.ask", case, text="图纸第3页尺寸不一致")
    with stage.world.read() as session:
        seen = bidding.questions(session, case, stage.people["代理"])
        assert [set(q) for q in seen] == [{"id", "text", "asked_at"}]
        assert bidding.questions(session, case, stage.people["投标人乙"]) == []
    stage.do("投标人丙", "file.fetch", case)
    before = stage.deadline(case)
    stage.at(before - timedelta(days=10))
    same = stage.do("代理", "tender.clarify", case, text="更正错别字", affects_bids=False)
    moved = stage.do("代理", "tender.clarify", case, text="尺寸以第3页为准", affects_bids=True)
    assert (same["number"], moved["number"]) == (1, 2)
    assert same["deadline"] == before.isoformat()
    assert stage.deadline(case) == before + timedelta(days=5)
    stage.at(before)
    stage.ring("tender.deadline", case)
    with stage.world.read() as session:
        assert session.get(Case, case).state == "ANNOUNCED"
        desk = bidding.bid_desk(session, case, stage.people["投标人乙"], before)
    assert [c["number"] for c in desk["clarifications"]] == [1, 2]
    with stage.world.read() as session:
        told = [e.kind for e in live.since(session, f"me:{stage.people['投标人丙'].person}", 0)]
        untold = live.last(session, f"me:{stage.people['投标人乙'].person}")
    assert (told, untold) == (["tender.clarified", "tender.clarified"], 0)
    note = stage.do("投标人甲", "file.fetch", case, document=moved["document"])
    assert note["receipt"]["entry"]


def test_other_organisations_and_roles_are_refused(stage) -> None:
    case = stage.drafting()
    with pytest.raises(Refused, match="ACCESS"):
        stage.do("投标人甲", "file.save", case, validity_days=1)
    from_outside = stage.org("另一招标人", "tenderer", next(iter(stage.people["招标人"].roles)))
    with pytest.raises(Refused, match="ACCESS"):
        stage.world.do(from_outside, "tender.issue", case)
    with pytest.raises(Refused, match="STATE"):
        stage.do("招标人", "plan.publish", case)


@pytest.mark.parametrize("curve", ["ratio", "slope", "table", "evaluated"])
def test_every_curve_prints_a_whole_tender_file(stage, curve) -> None:
    price = copy.deepcopy(PRICE)
    price["curve"] = {
        "ratio": {"kind": "ratio"},
        "slope": {"kind": "slope", "above_per_pct": "2", "below_per_pct": "1", "below_adds": True, "step": "ceil"},
        "table": {"kind": "table", "bands": [{"from_pct": "-99", "to_pct": "99", "points": "60", "slope": "-1"}]},
        "evaluated": {"kind": "evaluated"},
    }[curve]
    if curve == "evaluated":
        del price["benchmark"]
    else:
        price["benchmark"] = {
            "trim": [{"from": 5, "high": 1, "low": 1}], "keep_within_pct": {"below": "20", "above": "10"},
            "terms": [{"of": "mean"}, {"of": "fixed", "value": "10", "weight": "0"}], "average_with_lowest": True,
            "factor": "0.97", "round": 2,
        }  # fmt: skip
    price["deductions"] = {"small_firm": "0.10"}
    award = {"separate": False, "candidates": 3, "ranked": True}
    case = stage.announced(evaluation={"price": price}, award=award)
    with stage.world.read() as session:
        kinds = {d["kind"] for d in queries.documents(session, case, stage.people["投标人甲"])}
    assert kinds == {"plan", "notice", "tender_file"}


@pytest.mark.parametrize(
    ("flag", "who"), [("small_firm", "属于小微企业的"), ("domestic", "提供本国产品的"), ("x", "符合 x 的")]
)
def test_a_deduction_names_who_gets_it_in_words(flag: str, who: str) -> None:
    lines = explain.curve(PRICE | {"deductions": {flag: "0.10"}})
    assert lines[-1] == f"{who}投标人，评审用价格扣除 10%。"


# -- a coefficient that is drawn --------------------------------------------------------------------------------------


def _set(**benchmark):
    return _with(benchmark=PRICE["benchmark"] | benchmark)


def test_several_coefficients_are_printed_in_the_file(stage) -> None:
    case = stage.announced(evaluation=_set(factor_set=["0.95", "0.96"]))
    with stage.world.read() as session:
        document = session.query(CaseDocument).filter_by(case_id=case, kind="tender_file").one()
        pdf = stage.world.acts.house.blobs.get(document.sha256)
    record, _ = pdfcheck.machine_record(pdf)
    assert record["evaluation"]["price"]["benchmark"]["factor_set"] == ["0.95", "0.96"]
    with closing(PdfDocument(pdf)) as opened:
        text = "".join(page.get_textpage().get_text_range() for page in opened)
    assert "0.95、0.96" in text


@pytest.mark.parametrize(
    ("benchmark", "why"),
    [
        ({"factor": "0.97", "factor_set": ["0.95", "0.96"]}, "either factor or factor_set"),
        ({"factor_set": []}, "decimal strings"),
        ({"factor_set": "0.95"}, "decimal strings"),
        ({"factor_set": [0.95]}, "decimal strings"),
        ({"factor_set": ["0"]}, "above zero"),
        ({"factor_set": ["-0.95", "0.96"]}, "above zero"),
        ({"factor_set": ["0.95", "0.950"]}, "different"),
        ({"factor_set": ["x"]}, "decimal"),
        ({"factor_set": [f"0.{n}" for n in range(100, 151)]}, "1 to 50"),
    ],
)
def test_a_set_that_cannot_be_drawn_from_is_refused(stage, benchmark, why) -> None:
    case = stage.drafting()
    with pytest.raises(Unusable, match=why):
        stage.do("代理", "file.save", case, evaluation=_set(**benchmark))


def test_every_coefficient_is_tried_on_the_sample_bids() -> None:
    sheets = [sample(_set(factor_set=["0.95", "0.99"]), "6000", factor=one) for one in ("0.95", "0.99")]
    assert [sheet["price"]["benchmark"]["factor"] for sheet in sheets] == ["0.95", "0.99"]
    assert all("factor_set" not in sheet["price"]["benchmark"] for sheet in sheets)
