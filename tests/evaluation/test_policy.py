"""Policy deductions and places in the summary and the report (domain.md §3.4, §3.6), through the acts."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from evaluation.committee.models import Committee
from evaluation.report import papers, record
from evaluation.scoring import policy
from evaluation.sitting.models import Sitting
from methods.scoring import score
from tests.evaluation.house import SMALL, to_scoring
from tests.methods.sheets import scored
from trading.opening.models import OpenedBid

PRICE = {
    "full": "30", "benchmark": {"terms": [{"of": "lowest"}]}, "curve": {"kind": "ratio"}, "score_round": 2,
    "deductions": {"small_firm": "0.10", "domestic": "0.20"},
}  # fmt: skip
CRITERIA = [{"id": "plan", "name": "方案", "max": "70"}]


def summarised(house, flags: dict[str, list[str]], *, award=None, small=None, price=PRICE):
    house.build(pool=6, sites=SMALL, prices={"甲": "920000", "乙": "860000", "丙": "1000000"},
                evaluation={"price": price, "criteria": CRITERIA, "total_round": 2, "ties": ["price"]},
                award=award or {"separate": False})  # fmt: skip

    def run(tx):
        for name, given in flags.items():
            tx.session.get(OpenedBid, house.bids[name]).flags = given
        for name, told in (small or {}).items():
            tx.session.get(OpenedBid, house.bids[name]).small = told

    house.write(run)
    house.names = house.sit(sites=SMALL)
    to_scoring(house)
    for name in house.names:
        house.score(name, {bidder: {"plan": "60"} for bidder in house.bids})
    return house.ask(house.names[0], "room.view")["summary"]


@pytest.mark.certify("A-144")
@pytest.mark.certify("A-145")
@pytest.mark.rulebook("3.4 both on the original price")
def test_the_published_deductions_stand_in_summary_and_report(house):
    found = summarised(house, {"甲": ["small_firm", "domestic"], "乙": ["domestic"]})
    bids = house.bids
    assert {one["bid"]: (one["formula"], one["evaluated"]) for one in found["prices"]} == {
        bids["甲"]: ("920000 × (1 − 0.10 − 0.20)", "644000"), bids["乙"]: ("860000 × (1 − 0.20)", "688000")
    }  # fmt: skip
    assert found["result"]["price_scores"] == {bids["甲"]: "30.00", bids["乙"]: "28.08", bids["丙"]: "19.32"}
    assert found["places"] == {bids["甲"]: 1, bids["乙"]: 2, bids["丙"]: 3}
    with house.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    pages = pypdfium2.PdfDocument(io.BytesIO(papers.build(built, demo=True).bytes))
    text = "".join(page.get_textpage().get_text_bounded() for page in pages)
    assert "政策性价格扣除" in text and "644000" in text
    assert {bid["price"] for bid in built["bids"]} == {"920000", "860000", "1000000"}  # the contract price stays


@pytest.mark.rulebook("3.4 small firm")
def test_a_small_firm_alone(house):
    found = summarised(house, {"甲": ["small_firm"]})
    assert [one["evaluated"] for one in found["prices"]] == ["828000"]
    assert list(found["result"]["price_scores"].values()) == ["30.00", "28.88", "24.84"]


def report_of(house) -> tuple[dict, str]:
    with house.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    pages = pypdfium2.PdfDocument(io.BytesIO(papers.build(built, demo=True).bytes))
    return built, "".join(page.get_textpage().get_text_bounded() for page in pages)


SHARED = PRICE | {"deductions": PRICE["deductions"] | {"small_share": "0.05"}, "least_share": "30"}


@pytest.mark.rulebook("3.4 consortium")
def test_a_share_of_small_firms_stands_in_summary_and_report_with_rate_and_article(house):
    found = summarised(
        house, {"甲": ["small_share"], "乙": ["small_share", "domestic"], "丙": ["small_share"]}, price=SHARED,
        small={"甲": {"form": "consortium", "share": "30.00"}, "乙": {"form": "subcontract", "share": "29.99"},
               "丙": {"form": "all_small"}},
    )  # fmt: skip
    bids = house.bids
    assert {one["bid"]: (one["price"], one["evaluated"], one["small"]["counts"]) for one in found["prices"]} == {
        bids["甲"]: ("920000", "874000", True), bids["乙"]: ("860000", "688000", False),
        bids["丙"]: ("1000000", "900000", True),
    }  # fmt: skip
    built, text = report_of(house)
    text = "".join(text.split())
    for words in ("联合体，小微企业合同份额30.00%不低于30%，扣除0.05", "分包，小微企业合同份额29.99%低于30%，不扣除",
                  "联合体各方均为小微企业，扣除0.10", "财库〔2020〕46号第9条、财库〔2022〕19号"):  # fmt: skip
        assert words in text
    assert {bid["price"] for bid in built["bids"]} == {"920000", "860000", "1000000"}  # the contract price stays


@pytest.mark.parametrize(
    ("price", "told", "why", "words"),
    [(SHARED, {"problem": "share"}, "share", "份额不在0至100%之间"),
     (PRICE, {"form": "consortium", "share": "40"}, "not_offered", "招标文件未规定该项扣除")],
)  # fmt: skip
def test_a_declaration_that_counts_for_nothing_is_shown_and_stops_nothing(house, price, told, why, words):
    flags = ["small_share"] if "form" in told else []
    found = summarised(house, {"甲": flags}, price=price, small={"甲": told})
    assert (found["prices"], found["unheard"]) == ([], [{"bid": house.bids["甲"], "why": why}])
    assert len(found["result"]["ranking"]) == 3
    assert words in "".join(report_of(house)[1].split())


def test_where_no_rank_may_be_printed_none_is_shown(house):
    found = summarised(house, {}, award={"separate": True, "ranked": False})
    assert (found["places"], found["prices"]) == ({}, [])


@pytest.mark.rulebook("3.6 ties")
def test_equals_share_a_place_and_the_lower_price_breaks_a_tie():
    data = scored({"e1": {"A": "80", "B": "80", "C": "80", "D": "90"}})
    assert policy.places(score(data)) == {"D": 1, "A": 2, "B": 2, "C": 2}
    data["bids"][2]["price"] = "99"
    data["price"]["benchmark"] = {"terms": [{"of": "fixed", "value": "100"}]}
    assert policy.places(score(data)) == {"D": 1, "C": 2, "A": 3, "B": 3}
    data["ties"] = []
    assert policy.places(score(data)) == {"D": 1, "A": 2, "B": 2, "C": 2}
