"""Small firms inside a larger bid: the share decides which deduction counts (财库〔2020〕46号 art. 9)."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.faults import Unusable
from evaluation.scoring import policy
from methods import small
from methods.exact import fixed
from methods.scoring import score
from tests.methods.sheets import sheet

DEDUCTIONS = {"small_firm": "0.10", "domestic": "0.20", "small_share": "0.05"}


def tender(declared: dict[str, Any] | None = None, flags: tuple[str, ...] = ("small_share",), **price: Any) -> Any:
    part = {"full": "30", "benchmark": {"terms": [{"of": "lowest"}]}, "deductions": DEDUCTIONS, "least_share": "30"}
    data = sheet({"A": "920000", "B": "860000", "C": "1000000"}, **part | price)
    data["bids"][0] |= {"flags": list(flags)} | ({"small": declared} if declared else {})
    return data


def evaluated(data: Any) -> dict[str, str]:
    return {line["values"]["bid"]: line["result"] for line in score(data)["derivation"]
            if line["step"] == "deducted_price"}  # fmt: skip


@pytest.mark.rulebook("3.4 consortium")
@pytest.mark.parametrize("form", small.PARTLY)
@pytest.mark.parametrize(
    ("share", "price"), [("29.99", None), ("30.00", "874000"), ("30", "874000"), ("99.99", "874000"), ("0.01", None)]
)
def test_the_share_decides_at_its_boundary(form: str, share: str, price: str | None) -> None:
    data = tender({"form": form, "share": share})
    assert evaluated(data).get("A") == price
    (line,) = [one for one in score(data)["derivation"] if one["step"] == "small_share"]
    assert (Fraction(line["result"]) >= 0) == (price is not None)
    (told,) = policy.prices(data, score(data))
    assert told["price"] == "920000" and told["evaluated"] == (price or "920000")
    assert told["small"] == {
        "form": form, "share": share, "least": "30", "rate": "0.05" if price else "", "counts": price is not None,
        "article": "财库〔2020〕46号 第9条、财库〔2022〕19号",
    }  # fmt: skip


@pytest.mark.rulebook("3.4 consortium")
def test_a_consortium_of_small_firms_alone_is_a_small_firm() -> None:
    data = tender({"form": "all_small"})
    assert evaluated(data) == {"A": "828000"}  # the published figures of a small firm
    assert score(data)["price_scores"] == {"A": "30.00", "B": "28.88", "C": "24.84"}
    (told,) = policy.prices(data, score(data))
    assert told["deductions"] == {"small_firm": "0.10"} and told["small"]["article"] == "财库〔2020〕46号 第4条"


def test_it_is_taken_from_the_original_price_beside_a_domestic_product() -> None:
    data = tender({"form": "subcontract", "share": "45"}, ("domestic", "small_share"))
    assert evaluated(data) == {"A": "690000"}  # 920000 × (1 − 0.20 − 0.05)
    (told,) = policy.prices(data, score(data))
    assert told["formula"] == "920000 × (1 − 0.20 − 0.05)"


def test_a_file_may_ask_for_less() -> None:
    assert evaluated(tender({"form": "consortium", "share": "25"}, least_share="25")) == {"A": "874000"}
    assert evaluated(tender({"form": "consortium", "share": "24.99"}, least_share="25")) == {}


@pytest.mark.parametrize(
    ("declared", "flags", "why"),
    [
        ({"form": "consortium", "share": "100"}, ("small_share",), "share"),
        ({"form": "consortium", "share": "100.01"}, ("small_share",), "share"),
        ({"form": "subcontract", "share": "0"}, ("small_share",), "share"),
        ({"form": "subcontract", "share": "-1"}, ("small_share",), "share"),
        ({"form": "subcontract", "share": 30}, ("small_share",), "share"),
        ({"form": "subcontract", "share": "3e1"}, ("small_share",), "share"),
        ({"form": "subcontract"}, ("small_share",), "share"),
        ({"form": "all_small", "share": "100"}, ("small_share",), "alone"),
        ({"form": "branch", "share": "30"}, ("small_share",), "form"),
        ({"form": ["consortium"], "share": "30"}, ("small_share",), "form"),
        ({"form": "consortium", "share": "30", "more": "1"}, ("small_share",), "form"),
        ("consortium", ("small_share",), "form"),
        ({"form": "consortium", "share": "30"}, (), "unflagged"),
        ({"form": "consortium", "share": "30"}, ("domestic",), "unflagged"),
        ({"form": "consortium", "share": "30"}, ("small_share", "small_firm"), "both"),
        (None, ("small_share",), "undeclared"),
    ],
)
def test_a_declaration_that_cannot_stand_is_said_in_words(declared: Any, flags: tuple[str, ...], why: str) -> None:
    assert small.fault(flags, declared) == why
    with pytest.raises(Unusable) as error:
        score(tender(declared, flags))
    assert small.FAULTS[why] in str(error.value)


@pytest.mark.parametrize("price", [{"least_share": ...}, {"deductions": {"small_firm": "0.10"}}])
def test_rate_and_least_share_belong_together(price: dict[str, Any]) -> None:
    with pytest.raises(Unusable, match="belong together"):
        score(tender(None, (), **price))


@pytest.mark.parametrize("least", ["0", "-1", "100.01", 30, "thirty"])
def test_a_least_share_is_a_percentage(least: Any) -> None:
    with pytest.raises(Unusable, match="least_share"):
        score(tender(None, (), least_share=least))


percents = st.integers(1, 9999).map(lambda n: fixed(Fraction(n, 100), 2))
rates = st.integers(0, 3000).map(lambda n: fixed(Fraction(n, 10000), 4))
claims = st.one_of(
    st.just(((), None)),
    st.sets(st.sampled_from(["small_firm", "domestic"])).map(lambda flags: (tuple(flags), None)),
    st.tuples(st.sampled_from([("small_share",), ("small_share", "domestic")]),
              st.one_of(st.just({"form": "all_small"}),
                        st.builds(lambda form, share: {"form": form, "share": share},
                                  st.sampled_from(small.PARTLY), percents))),
)  # fmt: skip


@pytest.mark.rulebook("3.4 consortium")
@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**9), claims), min_size=1, max_size=6), rates, rates, rates, percents)
def test_a_deduction_never_changes_the_price_that_is_contracted(
    bids: list[Any], firm: str, domestic: str, share: str, least: str
) -> None:
    """The bid's own price stays in the sheet, in the derivation and in what is shown, and is never exceeded."""
    rate = {"small_firm": Fraction(firm), "domestic": Fraction(domestic), "small_share": Fraction(share)}
    data = tender(None, (), deductions={"small_firm": firm, "domestic": domestic, "small_share": share},
                  least_share=least)  # fmt: skip
    data["bids"] = [
        {"id": f"b{n}", "price": fixed(Fraction(price, 100), 2), "flags": list(flags)}
        | ({"small": told} if told else {})
        for n, (price, (flags, told)) in enumerate(bids)
    ]  # fmt: skip
    before = copy.deepcopy(data)
    result = score(data)
    assert data == before
    shown = {one["bid"]: one for one in policy.prices(data, result)}
    for bid in data["bids"]:
        small_ones = bid.get("small") or {}
        flags = ["small_firm" if flag == "small_share" and small_ones["form"] == "all_small" else flag
                 for flag in bid["flags"]
                 if flag != "small_share" or "share" not in small_ones
                 or Fraction(small_ones["share"]) >= Fraction(least)]  # fmt: skip
        owed = Fraction(bid["price"]) * (1 - sum(rate[flag] for flag in flags))
        if bid["id"] in shown:
            assert Fraction(shown[bid["id"]]["price"]) == Fraction(bid["price"])
            assert Fraction(shown[bid["id"]]["evaluated"]) == owed <= Fraction(bid["price"])
        else:
            assert not flags and "small" not in bid
