"""Pieces of texts and queries, orders by bits: pure functions against plain Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from core.faults import Unusable
from trading.mall import search_order as order
from trading.mall import search_terms as terms


def found(query: str, text: str) -> bool:
    held = terms.grams(text)
    return all(terms.asked(run) <= held for run in terms.words(query))


@pytest.mark.parametrize(
    "query",
    ["惠普", "打印", "激光打印机", "HP M126", "hp m126", "hpm126", "ＨＰ　Ｍ１２６", "m126NW", "A4", "a4 打印",
     "黑白/激光", "机",       "126", "惠普M126nw", "HP-M126", "  打印机  ", "打印 (A4)"],
)  # fmt: skip
def test_one_item_is_found_by_all_of_these(query):
    assert found(query, "惠普 HP M126nw 黑白激光打印机 A4 自动双面")


@pytest.mark.parametrize("query", ["佳能", "M127", "M1126", "A3", "印打", "墨盒", "打印机 佳能"])
def test_and_by_none_of_these(query):
    assert not found(query, "惠普 HP M126nw 黑白激光打印机 A4 自动双面")


def test_a_number_within_another_is_found_and_a_scrambled_one_is_not():
    assert found("126", "M1264")
    assert not found("M126", "M1226")


@pytest.mark.parametrize("query", ["***", "\"'()", "\u3000——", "!!!", "%%", "\0\0"])
def test_signs_alone_are_nothing_to_look_for(query):
    with pytest.raises(Unusable, match="nothing to look for"):
        terms.words(query)


def test_a_query_has_a_length():
    assert terms.words("打" * terms.LONGEST)
    with pytest.raises(Unusable, match=f"at most {terms.LONGEST} characters, found {terms.LONGEST + 1}"):
        terms.words("打" * (terms.LONGEST + 1))
    assert len(terms.words(" ".join(f"a{n}" for n in range(terms.MOST_RUNS)))) == terms.MOST_RUNS
    with pytest.raises(Unusable, match="words"):
        terms.words(" ".join(f"a{n}" for n in range(terms.MOST_RUNS + 1)))
    assert terms.words("") == terms.words("   ") == []


def test_words_of_categories_name_the_highest_that_bear_them():
    assert terms.named("打印机") == ("A02021000",)
    assert terms.named("机") == ()
    assert terms.named("没有这样的品目") == ()


@pytest.mark.parametrize(("fen", "band"), [(0, 0), (9_999, 0), (10_000, 1), (99_999, 2), (100_000, 3), (5_000_000, 6)])
def test_bands_begin_where_they_say(fen, band):
    assert terms.band(fen) == band


NUMBERS = st.dictionaries(st.integers(0, 400), st.integers(0, 255), max_size=60)


def sliced(numbers: dict[int, int]) -> list[BitMap]:
    return [BitMap(doc for doc, number in numbers.items() if number >> bit & 1) for bit in range(8)]


@given(NUMBERS, st.integers(0, 70), st.booleans())
def test_the_first_by_a_number(numbers, count, descending):
    got = order.first(BitMap(numbers), sliced(numbers), count, descending)
    wanted = sorted(numbers, key=lambda doc: (-numbers[doc] if descending else numbers[doc], doc))[:count]
    assert set(got) == set(wanted)


@given(NUMBERS, st.integers(0, 255), st.integers(0, 400), st.booleans())
def test_those_after_a_number(numbers, value, last, descending):
    def key(number: int, doc: int) -> tuple[int, int]:
        return (-number if descending else number, doc)

    got = order.after(BitMap(numbers), sliced(numbers), value, last, descending)
    assert set(got) == {doc for doc, number in numbers.items() if key(number, doc) > key(value, last)}


@given(NUMBERS, st.integers(0, 255), st.integers(0, 255))
def test_those_between_two_numbers(numbers, least, most):
    got = order.between(BitMap(numbers), sliced(numbers), least, most)
    assert set(got) == {doc for doc, number in numbers.items() if least <= number <= most}
