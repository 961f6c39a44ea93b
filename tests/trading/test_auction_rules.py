"""The rules of an auction at both sides of their boundaries, and what must hold for any run of bids."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import CST
from trading.auction import rules
from trading.auction.facts import Broken, Standing, Terms
from trading.auction.machine import MACHINE

OPENS = datetime(2026, 3, 2, 10, 0, tzinfo=CST)
ENDS = OPENS + timedelta(hours=1)
OWN = rules.book("government", date(2026, 3, 2))
HERE = Standing(OPENS, ENDS, Decimal(50_000), Decimal(100), None, 30)
TERMS = Terms(180, 180, 0, 0)
MS, MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)


def ids(found):
    return [one.rule for one in found]


def test_the_machine_is_sound():
    assert MACHINE.faults() == []


@pytest.mark.parametrize(
    ("at", "rule"),
    [(OPENS - MS, ["AUC-START"]), (OPENS, []), (ENDS - MS, []), (ENDS, ["AUC-END"]), (ENDS + MS, ["AUC-END"])],
)
def test_a_price_is_in_time_from_the_start_until_just_before_the_end(at, rule):
    assert ids(rules.in_time(at, HERE, OWN)) == rule


@pytest.mark.parametrize(
    ("best", "offered", "rule"),
    [(None, "50000", []), (None, "50000.01", ["AUC-CEILING"]), ("40000", "39900", []),
     ("40000", "39900.01", ["AUC-STEP"]),
     ("40000", "40000", ["AUC-STEP"]), ("40000", "40000.01", ["AUC-STEP"])],
)  # fmt: skip
def test_first_at_most_the_ceiling_then_a_step_below_the_best(best, offered, rule):
    here = replace(HERE, best=Decimal(best) if best else None)
    assert ids(rules.price(Decimal(offered), here, OWN)) == rule


@pytest.mark.parametrize(
    ("best", "offered", "rule"),
    [(None, "35000", []), (None, "34999.99", ["AUC-FAR"]), ("10000", "7000", []), ("10000", "6999.99", ["AUC-FAR"])],
)
def test_a_price_far_below_is_asked_for_again(best, offered, rule):
    here = replace(HERE, best=Decimal(best) if best else None)
    assert ids(rules.far(Decimal(offered), here, OWN)) == rule


@pytest.mark.parametrize(
    ("left", "how", "longer"),
    [(timedelta(seconds=180) + MS, TERMS, 0), (timedelta(seconds=180), TERMS, 180), (MS, TERMS, 180),
     (MS, Terms(180, 60, 2, 1), 60), (MS, Terms(180, 60, 2, 2), 0)],
)  # fmt: skip
def test_a_price_in_the_window_moves_the_end(left, how, longer):
    assert rules.extended(ENDS - left, ENDS, how) == ENDS + timedelta(seconds=longer)


@pytest.mark.parametrize(("valid", "rule"), [(0, ["AUC-LEAST"]), (2, ["AUC-LEAST"]), (3, []), (60, [])])
def test_three_bidders_are_enough(valid, rule):
    assert ids(rules.enough(valid, OWN)) == rule


@pytest.mark.parametrize(("regime", "article"), [("government", rules.OURS), ("state_firm", rules.STANDARD)])
def test_each_regime_names_its_own_article(regime, article):
    assert rules.enough(2, rules.book(regime, date(2026, 3, 2)))[0].article == article


@pytest.mark.parametrize(("prices", "rule"), [(["3.33", "1"], []), (["3.34", "1"], ["AUC-SPLIT"])])
def test_unit_prices_do_not_exceed_the_bid(prices, rule):
    assert ids(rules.split([Decimal(one) for one in prices], [3, 1], Decimal("10.99"), OWN)) == rule


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({}, []), ({"opens": OPENS - MINUTE}, []), ({"now": OPENS}, ["AUC-TERMS"]),
     ({"ends": OPENS + timedelta(seconds=300)}, []), ({"ends": OPENS + timedelta(seconds=299)}, ["AUC-SHORTEST"]),
     ({"step": Decimal("16666.66")}, []), ({"step": Decimal("16666.67")}, ["AUC-TERMS"]),
     ({"extend": 180, "window": 180}, []), ({"extend": 179, "window": 180}, ["AUC-TERMS"]),
     ({"invited": True, "bidders": ["a", "b"]}, ["AUC-LEAST"]), ({"invited": True, "bidders": ["a", "b", "c"]}, [])],
)  # fmt: skip
def test_terms_that_can_run(changes, rule):
    usual = {"opens": OPENS, "ends": ENDS, "now": OPENS - timedelta(hours=1), "ceiling": Decimal(50_000),
             "step": Decimal(100), "extend": 180, "window": 180, "bidders": [], "invited": False}  # fmt: skip
    assert ids(rules.terms(OWN, **usual | changes)) == rule


def broken(since, until, whole=True):
    return rules.after_break(OPENS, ENDS, Broken(since, until, whole), 180)


def test_an_outage_gives_back_what_was_lost_and_a_window():
    window = timedelta(seconds=180)
    assert broken(OPENS + MINUTE, OPENS + 11 * MINUTE) == ENDS + 10 * MINUTE + window
    assert broken(OPENS - 5 * MINUTE, OPENS + MINUTE) == ENDS + MINUTE + window  # not lost before the start
    assert broken(ENDS - MINUTE, ENDS + 60 * MINUTE) == ENDS + 60 * MINUTE + window  # a whole window after it is back
    assert broken(OPENS - 2 * MINUTE, OPENS) == ENDS
    assert broken(ENDS, ENDS + MINUTE) == ENDS


def test_one_process_that_starts_anew_leaves_a_whole_window():
    window = timedelta(seconds=180)
    assert broken(OPENS + MINUTE, OPENS + 2 * MINUTE, whole=False) == ENDS
    assert broken(ENDS - MINUTE, ENDS - MINUTE + MS, whole=False) == ENDS - MINUTE + MS + window
    assert broken(ENDS - 4 * MINUTE, ENDS - window, whole=False) == ENDS


@pytest.mark.parametrize(("seconds", "counts"), [(10, False), (10.001, True)])
def test_a_silence_counts_from_a_certain_length_on(seconds, counts):
    since = OPENS + MINUTE
    assert rules.counts(OPENS, Broken(since, since + timedelta(seconds=seconds), True), OWN) is counts
    early = Broken(OPENS - MINUTE, OPENS + timedelta(seconds=seconds), True)
    assert rules.counts(OPENS, early, OWN) is counts


moments = st.integers(-600_000, 4_200_000).map(lambda ms: OPENS + timedelta(milliseconds=ms))


@given(moments, moments, st.booleans(), st.integers(1, 600))
def test_no_break_ever_shortens_and_one_that_touches_leaves_a_window(one, other, whole, window):
    since, until = min(one, other), max(one, other)
    ends = rules.after_break(OPENS, ENDS, Broken(since, until, whole), window)
    assert ends >= ENDS
    if since < ENDS and until > OPENS and since < until:
        assert ends >= until + timedelta(seconds=window) or ends == ENDS
        assert not whole or ends - ENDS >= timedelta(seconds=window)


@given(st.lists(st.decimals(Decimal("0.01"), 60_000, places=2), max_size=40))
def test_any_run_of_prices_falls_by_steps_and_no_two_are_equal(offers):
    best, taken = None, []
    for offered in offers:
        here = replace(HERE, best=best)
        if not rules.price(offered, here, OWN):
            assert offered <= rules.highest(here)
            best = offered
            taken.append(offered)
    assert len(set(taken)) == len(taken) and taken == sorted(taken, reverse=True)
    assert all(one - other >= HERE.step for one, other in pairwise(taken))


@given(st.text(min_size=1, max_size=32), st.text(min_size=1, max_size=32), st.integers(1, 5000))
def test_a_mark_is_known_to_its_own_entry_alone(one, other, seq):
    assert (rules.mark(one, seq) == rules.mark(other, seq)) is (one == other)
    assert rules.mark(one, seq) != rules.mark(one, seq + 1)
