"""Signs between bids, each on both sides of its line, and the quick ways against the plain ones."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import CST
from core.money import D
from trading.bidding import signs
from trading.bidding.signs import BidFacts

NOON = datetime(2026, 4, 1, 12, 0, tzinfo=CST)
BOOK = signs.RULES.at(date(2026, 3, 6))
FAR = ("5600", "5900", "5250", "5450")


def bid(name: str, price: str = "", **more) -> BidFacts:
    hours = timedelta(hours=ord(name[0]))
    return BidFacts(name, D(price) if price else None, more.pop("at", NOON + hours), **more)


def priced(*prices: str) -> list[BidFacts]:
    return [bid(chr(97 + place), price) for place, price in enumerate(prices)]


def lines(*prices: str) -> dict[str, Decimal]:
    return {str(no): D(price) for no, price in enumerate(prices, 1)}


def found(bids) -> dict[str, signs.Sign]:
    return {one.rule: one for one in signs.signs(bids, BOOK)}


def case(rule: str, side: str, bids, id: str = "") -> object:
    marks = [pytest.mark.rule(rule, side), pytest.mark.certify("A-149")]
    return pytest.param(rule, bids, side == "refused", marks=marks, id=id or f"{rule}-{side}")


TEN = tuple(str(n) for n in range(11, 21))
DOUBLE = tuple(str(2 * n) for n in range(11, 21))
WRONG = [("amount", str(n), "1") for n in range(3)]


@pytest.mark.parametrize(("rule", "bids", "there"), [
    case("C10", "refused", [bid("a", lines=lines(*TEN)), bid("b", lines=lines(*TEN[:8], "1", "2"))]),
    case("C10", "allowed", [bid("a", lines=lines(*TEN)), bid("b", lines=lines(*TEN[:7], "1", "2", "3"))]),
    case("C10/lines", "refused", [bid("a", lines=lines(*TEN)), bid("b", lines=lines(*TEN))], "ten-lines"),
    case("C10/lines", "allowed", [bid("a", lines=lines(*TEN[:9])), bid("b", lines=lines(*TEN[:9]))], "nine-lines"),
    case("C10/errors", "refused", [bid("a", wrong=frozenset(WRONG)), bid("b", wrong=frozenset(WRONG))]),
    case("C10/errors", "allowed", [bid("a", wrong=frozenset(WRONG)), bid("b", wrong=frozenset(WRONG[:2]))]),
    case("C11", "refused", priced("5000", "5100", "5200", "5301")),
    case("C11", "allowed", priced("5000", "5100", "5200", "5303")),
    case("C11/three", "refused", priced("5000", "5100", "5200")),
    case("C11/three", "allowed", priced("5000", "5100", "5201")),
    case("C12", "refused", priced("10000", "11000", "12100", "13315")),
    case("C12", "allowed", priced("10000", "11000", "12100", "13317")),
    case("C13", "refused", [bid("a", lines=lines(*TEN)), bid("b", lines=lines(*DOUBLE[:9], "1"))]),
    case("C13", "allowed", [bid("a", lines=lines(*TEN)), bid("b", lines=lines(*DOUBLE[:8], "1", "2"))]),
    case("C14", "refused", priced("5700", "5701", "5750")),
    case("C14", "allowed", priced("5500", "5701", "5750")),
    case("C15", "refused", [bid(n, at=NOON + timedelta(seconds=150 * k)) for k, n in enumerate("abc")]),
    case("C15", "allowed", [bid(n, at=NOON + timedelta(seconds=151 * k)) for k, n in enumerate("abc")]),
])  # fmt: skip
def test_each_sign_on_both_sides_of_its_line(rule, bids, there):
    named = {"C10/lines": "C10", "C11/three": "C11"}.get(rule, rule)
    assert (named in found(bids)) == there


@pytest.mark.certify("A-149")
def test_what_two_bids_have_in_common_is_told_with_its_weight():
    same = [
        bid("a", manager="鄂1", address="8.8.8.8", files=frozenset({"f" * 64}), made={"author": "张三"}),
        bid("b", manager="鄂1", address="8.8.8.8", files=frozenset({"f" * 64}), made={"author": "张三"}),
        bid("c", manager="鄂2", address="10.0.0.1", made={"author": "李四"}),
        bid("d", address="10.0.0.1"),
    ]
    listed = signs.signs(same, BOOK)
    assert [(one.rule, one.level, one.bids) for one in listed] == [
        ("C2", "DETERMINED_BASIS", ("a", "b")), ("C5", "CLUE", ("a", "b")), ("C6/file", "CLUE", ("a", "b")),
        ("C6/author", "CLUE", ("a", "b")), ("C5", "INFO", ("c", "d")),
    ]  # fmt: skip
    assert all(one.article == "招标投标法实施条例 第40条" for one in listed)


def test_nobody_is_no_common_author():
    made = [{"author": "Administrator", "document_id": "", "saved_by": "openpyxl"}, {"author": "administrator"}]
    assert found([bid("a", made=made[0]), bid("b", made=made[1])]) == {}


def test_a_quiet_tender_has_no_sign():
    assert found(priced(*FAR)) == {} == found([])


def test_equal_prices_are_no_ladder_and_unread_ones_are_left_out():
    assert {"C11", "C12"}.isdisjoint(found(priced("5700", "5700", "5700", "5700")))
    assert {"C11", "C14"}.isdisjoint(found(priced("5700", "5700", "", "")))


BILLS = st.lists(st.lists(st.sampled_from("1246"), min_size=12, max_size=12), min_size=2, max_size=6)


@given(BILLS)
def test_the_quick_count_of_equal_lines_is_the_plain_one(bills):
    bids = [bid(chr(97 + place), lines=lines(*one)) for place, one in enumerate(bills)]
    plain = {(a.id, b.id) for a, b in combinations(bids, 2)
             if 10 * sum(a.lines[no] == b.lines[no] for no in a.lines) >= 8 * 12}  # fmt: skip
    assert {one.bids for one in signs.alike_lines(bids, BOOK)} == plain


@given(BILLS)
def test_the_early_end_of_the_ratio_misses_none(bills):
    bids = [bid(chr(97 + place), lines=lines(*one)) for place, one in enumerate(bills)]
    plain = set()
    for a, b in combinations(bids, 2):
        counted = Counter((b.lines[no] / a.lines[no]).quantize(D("0.0001"), ROUND_HALF_UP) for no in a.lines)
        if any(ratio != 1 and 10 * count >= 9 * 12 for ratio, count in counted.items()):
            plain.add((a.id, b.id))
    assert {one.bids for one in signs.constant_ratio(bids, BOOK)} == plain


@pytest.mark.parametrize(("price", "counted"), [("0.00001", False), ("0.00009", False), ("0.0001", True)])
def test_a_price_too_small_for_the_scale_has_no_ratio(price, counted):
    bids = [bid("a", lines=lines(*[price] * 10)), bid("b", lines=lines(*[f"{D(price) * 2:f}"] * 10))]
    assert [one.found for one in signs.constant_ratio(bids, BOOK)] == (["× 2 10/10"] if counted else [])


@given(BILLS, st.randoms())
def test_the_order_of_bids_does_not_matter(bills, random):
    bids = [bid(chr(97 + place), lines=lines(*one)) for place, one in enumerate(bills)]
    mixed = random.sample(bids, len(bids))
    told = [{(one.rule, one.found.split()[-1], frozenset(one.bids)) for one in signs.signs(some, BOOK)}
            for some in (bids, mixed)]  # fmt: skip
    assert told[0] == told[1]


def test_a_thousand_pairs_are_cut_to_what_people_can_look_at():
    bids = [bid(chr(97 + place), lines=lines(*TEN)) for place in range(24)]
    assert len(signs.alike_lines(bids, BOOK)) == signs.MOST < 24 * 23 / 2
