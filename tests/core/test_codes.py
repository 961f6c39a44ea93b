"""Codes: known good ones, one wrong character anywhere, and what the message names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import codes
from core.data import regions
from core.faults import Unusable

GOOD_USCC = ["91110000600037341L", "914403001922038216", "123100007847653857", "91350100M000100Y43",
             "12420112MB0X00001G", "91420112MA4KX0002U", "11420112MB0X00003R",
             "91420000MA4KY0001Y", "91420000MA4KY00022", "91420000MA4KY00035"]
DEAL = "A02-123100007847653857-20161012-000015-Q"


@pytest.mark.parametrize("code", GOOD_USCC)
def test_good_uscc(code: str) -> None:
    assert codes.check_uscc(f" {code.lower()} ") == code
    assert codes.make_uscc(code[:17]) == code


@given(st.sampled_from(GOOD_USCC), st.integers(0, 17), st.sampled_from(codes.USCC_ALPHABET))
def test_one_wrong_character_is_found(code: str, place: int, char: str) -> None:
    wrong = code[:place] + char + code[place + 1 :]
    if wrong == code:
        assert codes.check_uscc(wrong) == code
    else:
        with pytest.raises(Unusable):
            codes.check_uscc(wrong)


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("", "has 18 characters, found 0"),
        ("91110000600037341", "has 18 characters, found 17"),
        ("9111000060003734IL", "'I' at place 17"),
        ("91110000600037341M", "must be L, found M"),
        ("9111A000600037341L", "must be a region"),
        ("９1110000600037341L", "18 characters"),
    ],
)
def test_the_message_names_what_is_wrong(code: str, match: str) -> None:
    with pytest.raises(Unusable, match=match):
        codes.check_uscc(code)


def test_make_uscc_refuses_a_bad_body() -> None:
    for body in ("9111000060003734", "9111000060003734O", "91A10000600037341"):
        with pytest.raises(Unusable):
            codes.make_uscc(body)


def test_id_number() -> None:
    person = codes.check_id18("11010519491231002x")
    assert (person.number, person.region, person.born, person.sex) == (
        "11010519491231002X", "110105", date(1949, 12, 31), "female")
    assert person.masked == "110***********002X" and len(person.masked) == 18
    assert codes.make_id18("110105", date(1949, 12, 31), 2) == person.number


@pytest.mark.parametrize(
    "number",
    ["", "110105194912310021", "11010519491331002X", "1101051949123100XX", "110105491231002", "１1010519491231002X"],
)
def test_wrong_id_numbers_are_not_repeated_in_the_message(number: str) -> None:
    with pytest.raises(Unusable) as error:
        codes.check_id18(number)
    assert not number or number not in str(error.value)


@given(st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_id_digit_errors_are_found(born: date, order: int, place: int, by: int) -> None:
    good = codes.make_id18("420112", born, order)
    wrong = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    with pytest.raises(Unusable):
        codes.check_id18(wrong)


@pytest.mark.parametrize("order", [-1, 1000])
def test_id_order_has_three_digits(order: int) -> None:
    with pytest.raises(Unusable):
        codes.make_id18("420112", date(2000, 1, 1), order)


@pytest.mark.parametrize(
    ("code", "name", "level", "parent"),
    [
        ("420000", "湖北省", "province", None),
        ("420100", "湖北省武汉市", "city", "420000"),
        ("420112", "湖北省武汉市东西湖区", "county", "420100"),
        ("420203", "湖北省黄石市西塞山区", "county", "420200"),
        ("410600", "河南省鹤壁市", "city", "410000"),
        ("610900", "陕西省安康市", "city", "610000"),
        ("110101", "北京市东城区", "county", "110100"),
        ("710000", "台湾省", "province", None),
    ],
)
def test_regions(code: str, name: str, level: str, parent: str | None) -> None:
    region = regions().check(code)
    assert (regions().full_name(code), region.level, region.parent) == (name, level, parent)


def test_every_region_has_its_parents() -> None:
    table = regions()
    provinces = table.under(None)
    cities = [city for province in provinces for city in table.under(province.code)]
    counties = [county for city in cities for county in table.under(city.code)]
    assert (len(provinces), len(cities), len(counties)) == (34, 342, 2975)


def test_region_covers() -> None:
    table = regions()
    assert table.covers("420000", "420112") and table.covers("420100", "420112") and table.covers("420112", "420112")
    assert table.covers("110100", "110101") and not table.covers("410000", "420112")
    assert table.check("110100").virtual and not table.check("420100").virtual


@pytest.mark.parametrize("code", ["", "42011", "429999", "４20112", "42011A"])
def test_unknown_region(code: str) -> None:
    with pytest.raises(Unusable):
        regions().check(code)


def test_deal_code() -> None:
    deal = codes.check_deal_code(DEAL)
    assert (deal.category, deal.uscc, deal.day, deal.serial, deal.check) == (
        "A02", "123100007847653857", date(2016, 10, 12), "000015", "Q")
    assert str(deal) == DEAL == str(codes.make_deal_code("A02", "123100007847653857", date(2016, 10, 12), 15))


@given(st.integers(0, len(DEAL) - 1), st.sampled_from(codes.MOD37_ALPHABET[:36]))
def test_one_wrong_character_of_a_deal_code_is_found(place: int, char: str) -> None:
    wrong = DEAL[:place] + char + DEAL[place + 1 :]
    if wrong != DEAL:
        with pytest.raises(Unusable):
            codes.check_deal_code(wrong)


def test_deal_code_parts_that_do_not_fit() -> None:
    for category, uscc, serial in (("A2", GOOD_USCC[0], 1), ("A02", "1" * 18, 1), ("A02", GOOD_USCC[0], 10**6)):
        with pytest.raises(Unusable):
            codes.make_deal_code(category, uscc, date(2026, 3, 2), serial)


def test_tender_codes() -> None:
    project = codes.make_project_code("4201120001", 17)
    tender = codes.make_part_code(project, 1)
    lot = codes.make_part_code(tender, 2)
    assert (project, tender, lot) == ("E4201120001000017", "E4201120001000017001", "E4201120001000017001002")
    read = codes.check_tender_code(lot.lower())
    assert (read.platform, read.serial, read.tender, read.lot) == ("4201120001", "000017", "001", "002")
    assert codes.check_tender_code("E3100000151008459002001").lot == "001"
    assert codes.check_tender_code(project).tender is None


@pytest.mark.parametrize(
    "code", ["", "E", "E310000015100845", "E31000001510084590", "4201120001000017", "E310000015100845X"]
)
def test_wrong_tender_codes(code: str) -> None:
    with pytest.raises(Unusable):
        codes.check_tender_code(code)


def test_parts_of_a_tender_code_are_limited() -> None:
    lot = "E4201120001000017001002"
    for parent, number in ((lot, 1), (lot[:17], 0), (lot[:17], 1000)):
        with pytest.raises(Unusable):
            codes.make_part_code(parent, number)
    for platform, serial in (("42011200", 1), ("4201120001", 10**6), ("4201120001", -1), ("4201120001", 10**8)):
        with pytest.raises(Unusable):
            codes.make_project_code(platform, serial)


def test_lot_class() -> None:
    assert codes.check_lot_class("a080100") == "A080100"
    for code in ("F080100", "A08010", "A0801000", "A08010X"):
        with pytest.raises(Unusable):
            codes.check_lot_class(code)
