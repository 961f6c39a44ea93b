"""Bids of one brand in a sitting (87号令 art. 31): counts of three, the lowest price, the highest score, the lot."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from core import ledger
from core.faults import Unusable
from core.rules import Refused
from evaluation.brands import rules
from evaluation.committee.queries import committee_of
from evaluation.report import papers
from evaluation.report.making import report_of
from tests.evaluation.house import CRITERIA, EVALUATION, SMALL, House, to_scoring
from tests.evaluation.test_talk import piece
from trading.award import announcement
from trading.project.models import Case

PRICES = {"甲": "5689", "乙": "5828", "丙": "5709", "丁": "5900", "戊": "5950"}
CORE = {"core": [{"id": "screen", "name": "交互式触控一体机"}], "same": "any", "tie": ""}
RATIO = {"full": "30", "weight": "1", "curve": {"kind": "ratio"}, "score_round": 2,
         "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]}}  # fmt: skip
LOWEST = {"full": "100", "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]}, "curve": {"kind": "evaluated"}}


def sitting(house: House, brands: dict[str, str], *, prices=None, lowest: bool = False, **told) -> House:
    """Bidders' sheets name `brands`; bidders without one are of brands of their own."""
    prices = prices or PRICES
    block = EVALUATION | {"price": RATIO, "brands": CORE | told, "method": "综合评分法"}
    if lowest:
        block = {key: value for key, value in block.items() if key != "criteria"} | {"price": LOWEST}
    said = {name: {"screen": brands.get(name, f"{name}牌")} for name in prices}
    house.build(pool=6, sites=SMALL, prices=prices, regime="R2", procedure="open-goods", state="QUALIFIED", brands=said,
                evaluation=block, award={"separate": False, "ranked": True, "candidates": 3})  # fmt: skip
    house.names = house.sit(sites=SMALL)
    return house


def recorded(house: House) -> House:
    for name in house.names:
        piece(house, name, name.encode())
    return house


def scored(house: House, points: dict[str, str]) -> House:
    """Everybody gives each bidder the same points on everything."""
    recorded(to_scoring(house))
    for name in house.names:
        house.score(name, {bidder: {one["id"]: points[bidder] for one in CRITERIA} for bidder in house.bids})
    return house


def _entries(house: House) -> list[ledger.Entry]:
    with house.world.read() as session:
        return ledger.entries(session, f"case:{house.case}")


def told(house: House, kind: str) -> list[dict]:
    return [one.body for one in _entries(house) if one.kind == kind]


def record_of(house: House) -> dict:
    """The report's record, and its paper as text."""
    house.do(house.names[0], "report.make")
    with house.world.read() as session:
        found = report_of(session, committee_of(session, house.case)).record
    pdf = pypdfium2.PdfDocument(io.BytesIO(papers.build(found, demo=True).bytes))
    text = "".join(page.get_textpage().get_text_bounded() for page in pdf)
    return found | {"text": text.replace("\r\n", "").replace("\n", "")}


def names_of(house: House, bids: list[str]) -> list[str]:
    known = {bid: name for name, bid in house.bids.items()}
    return [known[bid] for bid in bids]


@pytest.mark.rulebook("3.6 same brand")
def test_three_bids_of_two_brands_are_two_bidders_and_the_tender_is_void(house):
    sitting(house, {"甲": "海信", "乙": "Hi Sense", "丙": "海信"}, prices={k: PRICES[k] for k in ("甲", "乙", "丙")})
    to_scoring(house)
    assert house.stage == "SUMMARY" and told(house, "evaluation.void") == [{"void": True, "valid": 2}]


@pytest.mark.rule("R2-31", "refused")
def test_the_sheets_brands_are_counted_at_the_gate(house):
    """甲, 乙 and 丙 write one brand in three ways; with 丁 and 戊 there are three bidders."""
    sitting(house, {"甲": "海信", "乙": "海 信", "丙": "海信®"})
    to_scoring(house)
    assert house.stage == "SCORING"
    (group,) = house.ask(house.names[1], "room.view")["brands"]["groups"]
    assert names_of(house, group["bids"]) == ["甲", "乙", "丙"]


@pytest.mark.rule("R2-31", "allowed")
def test_bids_of_brands_of_their_own_are_all_candidates(house):
    sitting(house, {})
    scored(house, {"甲": "90", "乙": "91", "丙": "92", "丁": "80", "戊": "70"})
    record = record_of(house)
    assert len(record["ranking"]) == 5 and len(record["candidates"]) == 3
    assert record["same_brand"]["groups"] == [] and "没有相同品牌" in record["text"]


@pytest.mark.rulebook("3.6 same brand")
def test_the_highest_score_of_a_brand_is_a_candidate_and_the_others_are_none(house):
    sitting(house, {"甲": "海信", "乙": "海信"})
    scored(house, {"甲": "90", "乙": "95", "丙": "80", "丁": "70", "戊": "60"})
    board = house.ask(house.names[0], "room.view")["summary"]
    assert board["alike"][0]["kept"] == house.bids["乙"] and house.bids["甲"] not in board["places"]
    record = record_of(house)
    assert names_of(house, record["ranking"]) == ["乙", "丙", "丁", "戊"]
    assert names_of(house, record["candidates"]) == ["乙", "丙", "丁"]
    assert house.bids["甲"] in record["scoring"]["result"]["totals"], "it stays scored"
    for said in ("第31条", "获得中标人推荐资格", "不作为中标候选人"):
        assert said in record["text"]


def test_the_result_hands_no_place_to_the_others_and_their_letter_says_why(house):
    house.listen()
    sitting(house, {"甲": "海信", "乙": "海信"})
    scored(house, {"甲": "90", "乙": "95", "丙": "80", "丁": "70", "戊": "60"})
    document = house.do(house.names[0], "report.make")["document"]
    for name in [*house.names[1:], house.names[0]]:
        house.sign(name, document)
    with house.world.read() as session:
        row = session.get(Case, house.case)
        assert row.result["same_brand"] == {house.bids["甲"]: house.bids["乙"]}
        assert names_of(house, sorted(row.result["places"], key=row.result["places"].get)) == ["乙", "丙", "丁", "戊"]
        assert "第31条" in announcement.fate(session, row, house.bids["甲"])["reason"]
        assert announcement.fate(session, row, house.bids["戊"])["of"] == 4
    assert house.ask("甲", "room.bidder")["result"]["same_brand"] is True
    assert "same_brand" not in house.ask("丙", "room.bidder")["result"]


def test_equal_points_are_told_apart_by_the_files_way_and_else_by_a_lot_that_anyone_repeats(house):
    sitting(house, {"丁": "海信", "戊": "海信"}, prices={"甲": "5689", "乙": "5828", "丁": "5900", "戊": "5900"})
    scored(house, {"甲": "90", "乙": "90", "丁": "80", "戊": "80"})
    (committed,), (drawn,) = told(house, "brand.committed"), told(house, "brand.drawn")
    seed = bytes.fromhex(drawn["seed"])
    assert rules.commitment(seed) == committed["commitment"] == drawn["commitment"]
    assert rules.lot(seed, house.case, drawn["bids"]) == drawn["kept"]
    kinds = [one.kind for one in _entries(house)]
    assert kinds.index("brand.committed") < kinds.index("review.marked") < kinds.index("brand.drawn")
    record = record_of(house)
    assert record["same_brand"]["lot"]["drawn"] == [sorted([house.bids["丁"], house.bids["戊"]])]
    assert drawn["kept"] in record["ranking"] and len(record["ranking"]) == 3 and "随机抽取" in record["text"]


def test_the_lower_price_comes_before_the_lot_where_the_file_says_so(house):
    """Points that make up for the price to the cent: equal totals, other prices."""
    sitting(
        house,
        {"甲": "海信", "乙": "海信"},
        tie="price",
        prices={"甲": "5000", "乙": "6000", "丙": "5500", "丁": "5600"},
    )
    # 甲: 30; 乙: 25 for the price, and 5 more points of the criteria's half: 5 / 0.5 = 10 more on each.
    scored(house, {"甲": "80", "乙": "90", "丙": "50", "丁": "50"})
    totals = house.ask(house.names[0], "room.view")["summary"]["result"]["totals"]
    assert totals[house.bids["甲"]] == totals[house.bids["乙"]]
    assert told(house, "brand.drawn") == []
    assert told(house, "brand.settled")[-1]["groups"][0]["kept"] == house.bids["甲"]


@pytest.mark.rulebook("3.6 same brand")
@pytest.mark.parametrize("equal", [False, True])
def test_of_one_brand_only_the_lowest_price_takes_part_where_the_lowest_price_wins(house, equal):
    prices = PRICES | ({"乙": "5689"} if equal else {})
    sitting(house, {"甲": "海信", "乙": "海信"}, lowest=True, prices=prices)
    recorded(to_scoring(house))
    rejected = house.ask(house.names[0], "room.view")["rejected"]
    assert list(rejected.values()) == [rules.GROUND] and len(rejected) == 1
    assert bool(told(house, "brand.drawn")) is equal
    if not equal:
        assert names_of(house, list(rejected)) == ["乙"]
    for name in house.names:
        house.do(name, "score.lock")
    record = record_of(house)
    assert len(record["ranking"]) == 4 and not set(rejected) & set(record["candidates"])
    assert "参加评标" in record["text"] and "投标无效" in record["text"]
    assert record["review"]["rejected"][0]["text"].startswith("提供相同品牌产品")


def test_the_committee_reads_a_brand_in_the_bid_and_that_counts(house):
    sitting(house, {"甲": "海信", "乙": "海信", "丙": "海信"}, prices={k: PRICES[k] for k in ("甲", "乙", "丙", "丁")})
    leader, other = house.names[:2]
    wrong = {"bid": house.bids["丙"], "core": "screen", "brand": "长虹", "page": "P7", "reason": "彩页为长虹"}
    with pytest.raises(Refused, match="LEADER"):
        house.do(other, "brand.state", **wrong)
    with pytest.raises(Unusable, match="core"):
        house.do(leader, "brand.state", **wrong | {"core": "rail"})
    with pytest.raises(Unusable, match="bid"):
        house.do(leader, "brand.state", **wrong | {"bid": "0" * 16})
    with pytest.raises(Unusable, match="page"):
        house.do(leader, "brand.state", **wrong | {"page": ""})
    house.do(leader, "brand.state", **wrong)
    to_scoring(house)
    assert house.stage == "SCORING", "甲 and 乙 are one, 丙 and 丁 two more"
    assert house.ask(other, "room.view")["brands"]["bids"][house.bids["丙"]]["screen"]["page"] == "P7"
    with pytest.raises(Refused, match="STAGE"):
        house.do(leader, "brand.state", **wrong)


def test_a_file_without_core_products_counts_every_bid(house):
    house.build(pool=6, sites=SMALL, regime="R2", procedure="open-goods", state="QUALIFIED",
                brands={name: {"screen": "海信"} for name in ("甲", "乙", "丙")})  # fmt: skip
    house.names = house.sit(sites=SMALL)
    with pytest.raises(Unusable, match="core"):
        house.do(house.names[0], "brand.state", bid=house.bids["甲"], core="screen", brand="x", page="1", reason="x")
    to_scoring(house)
    assert house.stage == "SCORING" and house.ask(house.names[0], "room.view")["brands"] == {}
    assert told(house, "brand.committed") == []
