"""What the machine lays beside a bid: each number on both sides of its line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import D
from evaluation.aid import rules
from evaluation.aid.rules import Entry
from methods.bill import Bill, Line, Priced, PricedLine

BOOK = rules.RULES.at(date(2026, 3, 6))


def warned(price: str, ceiling: str = "", average: str = "", reference: str = "") -> set[str]:
    given_ = [D(one) if one else None for one in (price, ceiling, average, reference)]
    return {one.rule for one in rules.total(*given_, BOOK).findings}


def case(rule: str, side: str, *args: str) -> object:
    marks = [pytest.mark.rule(rule, side), pytest.mark.certify("A-148")]
    return pytest.param(rule, args, side == "refused", marks=marks, id=f"{rule}-{side}-{'-'.join(args)}")


@pytest.mark.parametrize(("rule", "args", "there"), [
    case("AID-CEILING", "allowed", "6000", "6000"), case("AID-CEILING", "refused", "6000.01", "6000"),
    case("AID-LOW", "allowed", "5100", "6000"), case("AID-LOW", "refused", "5099.99", "6000"),
    case("AID-MEAN", "allowed", "4000", "", "5000"), case("AID-MEAN", "refused", "3999.99", "", "5000"),
    case("AID-REFERENCE", "allowed", "5500", "", "", "5000"),
    case("AID-REFERENCE", "refused", "5500.01", "", "", "5000"),
    case("AID-REFERENCE", "allowed", "4500", "", "", "5000"),
    case("AID-REFERENCE", "refused", "4499.99", "", "", "5000"),
])  # fmt: skip
def test_a_price_beside_what_it_is_measured_by(rule, args, there):
    assert (rule in warned(*args)) == there


@pytest.mark.certify("A-141", "A-148")
def test_a_finding_carries_article_required_and_found():
    total = rules.total(D("5099"), D("6000"), D("5600"), D("5760"), BOOK)
    assert (total.of_ceiling, total.of_mean, total.of_reference) == (D("84.98"), D("91.05"), D("88.52"))
    low, far = total.findings
    assert (low.article, low.required, low.found) == ("评标委员会和评标方法暂行规定 第21条", "≥ 85%", "84.98%")
    assert (far.article, far.required, far.found) == ("招标投标法实施条例 第50条", "≤ 10%", "11.48%")
    assert not low.blocks and not far.blocks


def test_without_a_price_or_a_measure_nothing_is_said():
    assert rules.total(None, D(1), D(1), D(1), BOOK) == rules.Total(None, None, None, ())
    assert rules.total(D(1), None, None, None, BOOK) == rules.Total(None, None, None, ())


@pytest.mark.parametrize(("days", "most", "count"), [
    pytest.param(365, 365, 0, marks=pytest.mark.rule("AID-DURATION", "allowed")),
    pytest.param(366, 365, 1, marks=pytest.mark.rule("AID-DURATION", "refused")),
    (None, 365, 0), (400, 0, 0),
])  # fmt: skip
def test_the_time_for_the_works(days, most, count):
    assert len(rules.duration(days, most, BOOK)) == count


def of(**prices: str) -> dict[str, Decimal]:
    return {no: D(price) for no, price in prices.items()}


@pytest.mark.certify("A-148")
@pytest.mark.parametrize(("price", "there"), [
    pytest.param("130", False, marks=pytest.mark.rule("AID-LINE", "allowed")),
    pytest.param("130.01", True, marks=pytest.mark.rule("AID-LINE", "refused")),
    pytest.param("70", False), pytest.param("69.99", True),
])  # fmt: skip
def test_a_unit_price_far_from_the_mean(price, there):
    assert bool(rules.unbalanced(of(a=price), of(a="100"), BOOK)) == there


LIMITED = Bill((("", (Line("1", "", "管", "", "m", "10", "", "100"), Line("2", "", "井", "", "座", "2", "", ""),
                      Line("3", "", "暂列金额", "", "项", "1", "500", ""))),))  # fmt: skip


@pytest.mark.certify("A-148")
@pytest.mark.parametrize(("price", "over"), [
    pytest.param("100", {}, marks=pytest.mark.rule("AID-LIMIT", "allowed")),
    pytest.param("100.01", {"1": D("0.01")}, marks=pytest.mark.rule("AID-LIMIT", "refused")),
    pytest.param("150", {"1": D("50.00")}),
])  # fmt: skip
def test_a_unit_price_above_the_highest_one_of_the_tenders_bill(price, over):
    assert rules.over_limit(LIMITED, {"1": D(price), "2": D("9999"), "9": D("9999")}) == over


def test_the_sum_by_unit_prices_needs_every_line():
    assert rules.summed(LIMITED, {"1": D("1.005"), "2": D("3")}) == D("516.05")
    assert rules.summed(LIMITED, {"1": D("1")}) is None


@pytest.mark.rule("AID-LINE/bids", "allowed")
def test_three_prices_have_a_mean():
    assert rules.line_means([of(a="1"), of(a="2"), of(a="6", b="1")], BOOK) == of(a="3")


@pytest.mark.rule("AID-LINE/bids", "refused")
def test_two_have_none():
    assert rules.line_means([of(a="1"), of(a="2")], BOOK) == {}


def test_the_furthest_line_stands_first():
    far = rules.unbalanced(of(a="140", b="40", c="100"), of(a="100", b="100", c="100"), BOOK)
    assert [(one.no, one.deviation) for one in far] == [("b", D("-60.00")), ("a", D("40.00"))]


PRICES = st.decimals(min_value=0, max_value=10**6, places=2)


@given(st.lists(PRICES, min_size=3, max_size=12))
def test_the_mean_lies_among_its_prices_and_what_is_far_is_further_than_the_line(prices):
    bids = [{"1": one} for one in prices]
    means = rules.line_means(bids, BOOK)
    assert min(prices) <= means["1"] <= max(prices)
    for one in bids:
        far = rules.unbalanced(one, means, BOOK)
        assert bool(far) == (abs(one["1"] - means["1"]) > means["1"] * D("0.3") and means["1"] > 0)


def line(no: str, fixed: str = "") -> Line:
    return Line(no, "", f"item {no}", "", "m3", "10", fixed)


def row(no: str, price: str) -> PricedLine:
    return PricedLine(int(no), no, "", "", "", "", "10", price, "")


def test_unit_prices_leave_fixed_sums_unknown_lines_and_words_out():
    bill = Bill((("", (line("1"), line("2", "500"), line("3"), line("4"))),))
    said = (("1", "1,200.50"), ("2", "9"), ("3", "面议"), ("4", "7"), ("4", "8"), ("9", "1"))
    priced = Priced(tuple(row(*one) for one in said), "", 0)
    assert rules.unit_prices(bill, priced) == {"1": D("1200.50"), "4": D("7")}


# -- bookmarks --------------------------------------------------------------------------------------------------------

ENTRIES = [
    Entry("一、投标函及附录", "f", 3), Entry("二、营业执照", "f", 20), Entry("安全生产许可证（副本）", "f", 24),
    Entry("投标文件一览表", "f", 1), Entry("项目负责人简历表", "f", 40), Entry("施工组织设计", "g", 1),
]  # fmt: skip


@pytest.mark.certify("A-138")
@pytest.mark.parametrize(("item", "pages"), [
    ("投标函签字盖章", [("f", 3)]), ("营业执照与资质等级", [("f", 20)]), ("安全生产许可证", [("f", 24)]),
    ("项目负责人资格", [("f", 40)]), ("施工组织设计", [("g", 1)]), ("投标文件格式", []), ("不存在禁止投标的情形", []),
])  # fmt: skip
def test_an_item_finds_where_the_bid_speaks_of_it(item, pages):
    assert [(one.file, one.page) for one in rules.places(item, ENTRIES)] == pages


def test_two_characters_in_common_are_no_bookmark_and_three_are():
    assert rules.places("保证金", [Entry("保证", "f", 1)]) == []
    assert rules.places("保证金额", [Entry("保证金", "f", 1)]) == [Entry("保证金", "f", 1)]


@given(st.text("投标函保证金资质", max_size=12), st.text("投标函保证金资质", max_size=12))
def test_a_run_is_symmetric_and_no_longer_than_either(a, b):
    assert rules.run(a, b) == rules.run(b, a) <= min(len(a), len(b))


def test_topics_by_the_words_of_an_item():
    assert rules.topics("已标价清单，报价不超过最高投标限价") == ["price", "bill"]
    assert rules.topics("投标内容、工期、质量") == ["duration", "quality"]
    assert rules.topics("财务状况") == []
