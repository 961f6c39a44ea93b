"""Signs: each on both sides of its line. None of them is a verdict."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from core.clock import CST
from oversight.rules import BidFacts, CaseSigns, Flag, flags

NOON = datetime(2026, 4, 1, 12, 0, tzinfo=CST)


def bids(*prices: str, apart: timedelta = timedelta(hours=1), addresses: tuple[str, ...] = ()) -> tuple[BidFacts, ...]:
    return tuple(
        BidFacts(
            f"b{n}", Decimal(price) if price else None, NOON + n * apart, addresses[n] if addresses else f"10.0.0.{n}"
        )
        for n, price in enumerate(prices)
    )


def found(*of: BidFacts, **change) -> dict[str, Flag]:
    signs = {"suspended": False, "round": 1, "overdue": (), "warnings": (), "bids": of} | change
    return {one.rule: one for one in flags(CaseSigns(**signs))}


FAR = ("5600", "5900", "5250", "5450")


def test_a_quiet_case_has_no_sign() -> None:
    assert found(*bids(*FAR)) == {} == found()


@pytest.mark.parametrize(
    ("rule", "there", "not_there"),
    [
        ("C5", bids(*FAR, addresses=("a", "b", "a", "c")), bids(*FAR, addresses=("", "", "", ""))),
        ("C15", bids(*FAR, apart=timedelta(minutes=2, seconds=30)), bids(*FAR, apart=timedelta(minutes=2, seconds=31))),
        ("C11", bids("5000", "5100", "5200", "5301"), bids("5000", "5100", "5200", "5303")),
        ("C11", bids("5000", "5100", "5200"), bids("5000", "5100", "5201")),
        ("C14", bids("5700", "5701", "5750"), bids("5500", "5701", "5750")),
        ("R1-10", bids(*FAR[:3]), bids(*FAR)),
    ],
)
def test_signs_of_bids(rule: str, there: tuple[BidFacts, ...], not_there: tuple[BidFacts, ...]) -> None:
    assert rule in found(*there)
    assert rule not in found(*not_there)


def test_unread_prices_are_left_out() -> None:
    assert not {"C11", "C14"} & set(found(*bids("5700", "5700", "", "")))
    assert "C11" not in found(*bids("5700", "5700", "5700", "5700"))


def test_signs_of_the_case_name_their_article_and_warnings_come_first() -> None:
    told = ({"rule": "R1-03", "article": "国办发〔2024〕21号", "found": "20日"},)
    signs = CaseSigns(True, 2, ("tender.deadline",), told, bids(*FAR))
    listed = flags(signs)
    assert [one.level for one in listed] == sorted((one.level for one in listed), reverse=True)
    assert {one.rule for one in listed} == {"R1-03", "R1-09", "R1-10", "TIMER"}
    assert all(one.article and one.level in ("INFO", "W") for one in listed)


def test_one_payer_of_several_bonds_is_the_gravest_sign_and_still_only_a_sign() -> None:
    shared = flags(CaseSigns(True, 1, (), (), bids(*FAR), (("****7777", ("b0", "b2")),)))
    assert shared[0] == Flag("C1", "招标投标法实施条例 第40条", "DETERMINED_BASIS", "****7777", ("b0", "b2"))
    assert [one.level for one in shared] == ["DETERMINED_BASIS", "W"]
    assert "C1" not in found(*bids(*FAR))
