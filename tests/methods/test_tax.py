"""Withholding: the published figures, every bracket on both sides, and net back to gross."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faults import Unusable
from methods.tax import Payment, gross_for, merge_month, withholding

PUBLISHED = json.loads((Path(__file__).parent / "examples" / "tax.json").read_text())["expect"]
cents = st.integers(0, 20_000_000)


def yuan(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


@pytest.mark.parametrize("expected", PUBLISHED, ids=lambda item: item["gross"])
def test_published(expected: dict[str, str]) -> None:
    assert {key: withholding(expected["gross"])[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("gross", "tax"),
    [("800", "0"), ("900", "20"), ("1500", "140"), ("4000", "640"), ("4500", "720"), ("25000", "4000"),
     ("30000", "5200"), ("62500", "13000"), ("70000", "15400"), ("0", "0"), ("799.99", "0"), ("800.01", "0"),
     ("800.02", "0"), ("800.03", "0.01"), ("3999.99", "640"), ("4000.01", "640"), ("24999.99", "4000"),
     ("25000.01", "4000"), ("25000.05", "4000.01"), ("62499.99", "13000"), ("62500.01", "13000"),
     ("62500.02", "13000.01")],
)
def test_worked_numbers_and_both_sides(gross: str, tax: str) -> None:
    assert withholding(gross)["tax"] == tax


def test_the_whole_row() -> None:
    assert withholding("30000") == {
        "gross": "30000", "taxable": "24000", "rate": "0.3", "quick": "2000", "tax": "5200", "net": "24800"}
    assert withholding("1500")["net"] == "1360"
    assert withholding("25000.01")["rate"] == "0.3" and withholding("25000")["rate"] == "0.2"
    assert withholding("62500.01")["rate"] == "0.4" and withholding("62500")["rate"] == "0.3"


@pytest.mark.parametrize("amount", ["-1", "abc", "", "1.001", "1e3", "NaN", " 1", "1,000", "9" * 13])
def test_unusable_amounts(amount: str) -> None:
    with pytest.raises(Unusable):
        withholding(amount)
    with pytest.raises(Unusable):
        gross_for(amount)


@pytest.mark.parametrize(
    ("net", "gross"), [("800", "800"), ("880", "900"), ("1360", "1500"), ("3360", "4000"), ("3780", "4500"),
                       ("21000", "25000"), ("24800", "30000"), ("49500", "62500"), ("54600", "70000"), ("0", "0")]
)
def test_net_to_gross(net: str, gross: str) -> None:
    assert gross_for(net)["gross"] == gross


@given(cents)
def test_net_to_gross_is_exact_for_every_cent(amount: int) -> None:
    assert Decimal(gross_for(yuan(amount))["net"]) == Decimal(yuan(amount))


@given(cents)
def test_a_gross_comes_back_within_a_cent(amount: int) -> None:
    again = gross_for(withholding(yuan(amount))["net"])
    assert abs(Decimal(again["gross"]) - Decimal(yuan(amount))) <= Decimal("0.02")


@given(cents, cents)
def test_more_gross_is_never_less_tax_nor_less_net(one: int, two: int) -> None:
    low, high = (withholding(yuan(amount)) for amount in sorted((one, two)))
    assert Decimal(low["tax"]) <= Decimal(high["tax"])
    assert Decimal(low["net"]) <= Decimal(high["net"])


@given(cents)
def test_the_row_adds_up(amount: int) -> None:
    row = {key: Decimal(value) for key, value in withholding(yuan(amount)).items()}
    assert row["tax"] + row["net"] == row["gross"]
    assert abs(row["taxable"] * row["rate"] - row["quick"] - row["tax"]) <= Decimal("0.005")


def test_one_project_within_a_month_is_one_payment() -> None:
    paid = [
        Payment("expert-1", "P1", date(2026, 11, 1), "800"),
        Payment("expert-1", "P1", date(2026, 11, 30), "700"),
        Payment("expert-1", "P1", date(2026, 12, 1), "800"),
        Payment("expert-1", "P2", date(2026, 11, 2), "800"),
        Payment("expert-2", "P1", date(2026, 11, 1), "800"),
    ]
    rows = merge_month(paid)
    assert [(row["payee"], row["project"], row["month"], row["gross"], row["tax"]) for row in rows] == [
        ("expert-1", "P1", "2026-11", "1500", "140"),
        ("expert-1", "P1", "2026-12", "800", "0"),
        ("expert-1", "P2", "2026-11", "800", "0"),
        ("expert-2", "P1", "2026-11", "800", "0"),
    ]
