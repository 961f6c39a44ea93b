"""Comparison of quotes and the prices of an auction, computed from what a paper carries."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import CST
from core.faults import Unusable
from methods.comparison import compare
from methods.lowering import replay
from trading.auction import rules as auction_rules
from trading.auction.facts import Standing, Terms
from trading.buying.quotes import rules
from trading.buying.quotes.rules import Compared

AT = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
FEN = st.integers(1, 9_999_999).map(lambda n: Decimal(n) / 100)


def quote(key: str, price: str, **changes) -> dict:
    return {"id": key, "prices": {"1": price}, "small_firm": False, "received_at": AT.isoformat(), "out": ""} | changes


def asked(*quotes: dict, **changes) -> dict:
    return {"ceiling": "60000", "deduction": 0, "quantities": {"1": 10}, "quotes": list(quotes)} | changes


def test_the_lowest_first_of_equals_the_first_received() -> None:
    later = (AT + timedelta(seconds=1)).isoformat()
    found = compare(asked(quote("b", "4999.99", received_at=later), quote("a", "5000"), quote("c", "4999.99")))
    assert found["order"] == ["c", "b", "a"] and found["tied"] == ["b"]
    assert found["totals"]["c"] == "49999.9" and found["saved"] == "10000.1"


def test_at_the_ceiling_is_compared_a_fen_above_is_not_and_what_is_out_stays_out() -> None:
    found = compare(asked(quote("a", "6000"), quote("b", "6000.01"), quote("c", "1", out="late"), quote("d", "1") |
                          {"prices": {}}))  # fmt: skip
    assert found["order"] == ["a"] and found["saved"] == "0" and set(found["totals"]) == {"a", "b", "c"}
    assert compare(asked())["order"] == [] and compare(asked())["saved"] == ""


@pytest.mark.parametrize(
    "wrong", [asked(quote("a", "x")), asked(quote("a", "1") | {"prices": {"2": "1"}}), asked(deduction=100), [], {},
              asked(quote("a", "1", small_firm="yes"))],
)  # fmt: skip
def test_what_is_no_comparison_is_refused(wrong) -> None:
    with pytest.raises(Unusable):
        compare(wrong)


@given(st.lists(st.tuples(FEN, st.booleans(), st.integers(0, 3), st.booleans()), max_size=6), st.integers(0, 20))
def test_it_ranks_as_the_buyers_page_does(drawn, percent) -> None:
    quotes = [quote(f"q{n}", str(price), small_firm=small, out="x" if out else "",
                    received_at=(AT + timedelta(seconds=late)).isoformat())
              for n, (price, small, late, out) in enumerate(drawn)]  # fmt: skip
    ours = [Compared(f"q{n}", price * 10, small, AT + timedelta(seconds=late), "x" if out else "")
            for n, (price, small, late, out) in enumerate(drawn)]  # fmt: skip
    found = compare(asked(*quotes, ceiling="1000000000", deduction=percent))
    order = rules.ranked(ours, percent)
    assert found["order"] == [one.id for one in order] and found["tied"] == rules.tied(order, percent)


# -- prices of an auction ---------------------------------------------------------------------------------------------

END = AT + timedelta(hours=1)


def run(*prices: tuple[int, int, str], most: int = 0, breaks: list | None = None, window: int = 180) -> dict:
    """(seconds from the start, yuan, mask), with the ends that the auction itself gives."""
    ends, done, said = END, 0, []
    for n, (second, price, mask) in enumerate(prices, 1):
        at = AT + timedelta(seconds=second)
        later = auction_rules.extended(at, ends, Terms(window, 180, most, done))
        ends, done = later, done + (later != ends)
        said.append({"seq": n, "price": str(price), "at": at.isoformat(), "ends_at": ends.isoformat(), "mask": mask})
    return {"ceiling": "50000", "step": "100", "window": window, "extend": 180, "most_extensions": most,
            "planned_end": END.isoformat(), "prices": said, "breaks": breaks or []}  # fmt: skip


def test_prices_at_the_ceiling_and_a_step_below_hold_and_a_yuan_more_breaks_them() -> None:
    found = replay(run((0, 50000, "A"), (1, 49900, "B"), (2, 49800, "A")))
    assert (found["broken"], found["best"], found["extensions"]) == ([], "49800", 0)
    assert found["ranking"] == [{"mask": "A", "price": "49800", "seq": 3}, {"mask": "B", "price": "49900", "seq": 2}]
    assert replay(run((0, 50001, "A")))["broken"] == [1]
    assert replay(run((0, 50000, "A"), (1, 49901, "B")))["broken"] == [2]


@pytest.mark.parametrize(("second", "extended"), [(3419, 0), (3420, 1), (3599, 1)])
def test_the_last_window_moves_the_end(second, extended) -> None:
    found = replay(run((second, 50000, "A")))
    assert found["extensions"] == extended and found["broken"] == []
    assert found["end"] == (END + extended * timedelta(seconds=180)).isoformat()


def test_a_price_at_the_end_itself_or_with_another_end_is_broken() -> None:
    assert replay(run((3600, 50000, "A")))["broken"] == [1]
    said = run((3599, 50000, "A"))
    said["prices"][0]["ends_at"] = END.isoformat()
    assert replay(said)["broken"] == [1]


def test_an_interruption_moves_the_end_before_the_next_price() -> None:
    moved = {"until": (AT + timedelta(seconds=600)).isoformat(), "end_after": (END + timedelta(hours=1)).isoformat()}
    said = run(breaks=[moved])
    late = END + timedelta(seconds=60)
    said["prices"] = [{"seq": 1, "price": "50000", "at": late.isoformat(), "ends_at": moved["end_after"]}]
    found = replay(said)
    assert found["broken"] == [] and found["end"] == moved["end_after"] and found["ranking"] == []


@given(st.lists(st.tuples(st.integers(1, 290), st.integers(0, 900), st.sampled_from("ABC")), max_size=12),
       st.integers(0, 3), st.sampled_from([0, 60, 180]))  # fmt: skip
def test_what_the_rules_let_through_is_never_broken(steps, most, window) -> None:
    second, best, prices = 100, 50000, []
    for gap, more, mask in steps:
        second += gap
        highest = auction_rules.highest(Standing(AT, END, Decimal(50000), Decimal(100), Decimal(best) if prices else
                                                 None, 30))  # fmt: skip
        best = int(highest) - more
        prices.append((second, best, mask))
    found = replay(run(*prices, most=most, window=window))
    assert found["broken"] == [] and found["best"] == (str(best) if prices else "")
