"""Rules of framework agreements at their boundaries, in both regimes; the rota over a thousand orders."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import CST
from tests.trading.framework_world import shows
from trading.framework import rules
from trading.framework.facts import Offered, Remaining, Scheme
from trading.framework.rota import Turn, counts, next_turn

GOV, SOE = (rules.book(regime, date(2026, 3, 2)) for regime in ("gov", "soe"))
BASE = Scheme(kind="closed", regime="gov", goods="goods", months=12, basis="price", ground="", instruments=False,
              ways=("direct",), competitions=1, rate=None, override="", adjustment="", items=1)  # fmt: skip
FIRM = replace(BASE, regime="soe")
BROKEN = [
    (BASE, {"months": 13}, ["FA-01/goods"]), (BASE, {"months": 25, "goods": "services"}, ["FA-01/services"]),
    (BASE, {"basis": "quality"}, ["FA-04"]), (BASE, {"basis": "quality", "ground": "all_qualified"}, ["FA-04"]),
    (BASE, {"rate": Decimal("19.99")}, ["FA-05/rate"]),
    (BASE, {"basis": "quality", "ground": "instruments", "instruments": True, "rate": Decimal("39.99")},
     ["FA-05/quality"]),
    (BASE, {"rate": Decimal("19"), "override": "x"}, ["FA-05/rate"]),
    (BASE, {"kind": "open"}, ["FA-02"]), (BASE, {"items": 0}, ["FA-06"]),
    (FIRM, {"months": 13}, ["FB-01"]), (FIRM, {"rate": Decimal("49.99")}, ["FB-05/one"]),
    (FIRM, {"competitions": 2, "rate": Decimal("29.99")}, ["FB-05/two"]),
    (FIRM, {"kind": "open"}, ["FB-02", "FB-08/direct"]), (FIRM, {"kind": "open", "ways": ("rota",)}, ["FB-02"]),
]  # fmt: skip
SOUND = [
    (BASE, {}), (BASE, {"months": 24, "goods": "services"}), (BASE, {"basis": "quality", "ground": "government_price"}),
    (BASE, {"rate": Decimal(20)}), (BASE, {"rate": Decimal(60)}),
    (BASE, {"basis": "quality", "ground": "instruments", "instruments": True, "rate": Decimal(40)}),
    (BASE, {"kind": "open", "ground": "all_qualified", "items": 0}),
    (FIRM, {}), (FIRM, {"months": 36, "adjustment": "按季度调整"}), (FIRM, {"rate": Decimal(50)}),
    (FIRM, {"competitions": 2, "rate": Decimal(30)}), (FIRM, {"rate": Decimal(10), "override": "供应商少"}),
    (FIRM, {"basis": "quality"}), (FIRM, {"kind": "open", "ways": ("mini",)}),
]  # fmt: skip


def own(scheme: Scheme) -> rules.Book:
    return SOE if scheme.regime == "soe" else GOV


@shows(
    "FA-01/goods", "FA-01/services", "FA-02", "FA-04", "FA-05/rate", "FA-05/quality", "FB-01", "FB-02", "FB-05/one",
    "FB-05/two", "FB-08/direct", sides=("refused",),
)  # fmt: skip
@pytest.mark.parametrize(("base", "changes", "wanted"), BROKEN)
def test_outside_the_law(base: Scheme, changes, wanted) -> None:
    scheme = replace(base, **changes)
    assert [one.rule for one in rules.scheme(scheme, own(scheme))] == wanted


@shows(
    "FA-01/goods", "FA-01/services", "FA-02", "FA-04", "FA-05/rate", "FA-05/quality", "FB-01", "FB-02", "FB-05/one",
    "FB-05/two", "FB-08/direct", sides=("allowed",),
)  # fmt: skip
@pytest.mark.parametrize(("base", "changes"), SOUND)
def test_within_the_law(base: Scheme, changes) -> None:
    scheme = replace(base, **changes)
    assert rules.scheme(scheme, own(scheme)) == []


@shows("FA-05/least", "FB-05/least")
@pytest.mark.parametrize(
    ("scheme", "rate", "least"),
    [
        (BASE, Fraction(1, 5), 1), (replace(BASE, rate=Decimal(35)), Fraction(35, 100), 1),
        (replace(BASE, basis="quality", instruments=True), Fraction(2, 5), 1),
        (replace(BASE, basis="quality"), Fraction(1, 5), 1), (FIRM, Fraction(1, 2), 1),
        (replace(FIRM, competitions=2), Fraction(3, 10), 1),
        (replace(FIRM, rate=Decimal(0), override="供应商少"), Fraction(0), 0),
        (replace(FIRM, rate=Decimal(60), override="多余"), Fraction(3, 5), 1),
    ],
)  # fmt: skip
def test_who_must_leave(scheme: Scheme, rate: Fraction, least: int) -> None:
    cut = rules.cut_of(scheme, own(scheme))
    assert (cut.rate, cut.least) == (rate, least)


@shows("FA-03/days", "FA-03/reviewers", "FA-05/responders", "FB-05/responders")
def test_days_responders_reviewers() -> None:
    assert [len(rules.long_enough(days, GOV)) for days in (19, 20, 21)] == [1, 0, 0]
    assert rules.long_enough(0, SOE) == []
    assert [len(rules.enough(n, GOV)) for n in (0, 1, 2, 3)] == [1, 1, 0, 0]
    assert [len(rules.enough(n, SOE)) for n in (1, 2)] == [1, 0]
    assert [len(rules.reviewers(n, GOV)) for n in (3, 4, 5, 6, 7)] == [1, 1, 0, 1, 0]
    assert rules.reviewers(1, SOE) == [] and not rules.reviewers(1, GOV)[0].blocks


@shows("FH-TIME")
def test_in_time_is_before_the_deadline() -> None:
    end = datetime(2026, 3, 30, 9, 0, tzinfo=CST)
    moments = (end - timedelta(microseconds=1), end, end + timedelta(seconds=1))
    assert [len(rules.in_time(at, end, GOV)) for at in moments] == [0, 1, 1]


@shows("FA-06", "FB-06", "FA-08/ceiling", "FB-08/ceiling")
@pytest.mark.parametrize(("price", "broken"), [("24.99", 0), ("25.00", 0), ("25.01", 1)])
@pytest.mark.parametrize("book", [GOV, SOE])
@pytest.mark.parametrize("rule", ["FA-06", "FA-08/ceiling"])
def test_no_price_above_its_ceiling(price: str, broken: int, book: rules.Book, rule: str) -> None:
    offered = Offered({"i": Decimal(price)}, {"i": Decimal("25.00")})
    assert len(rules.within(offered, book, rule)) == broken


@shows("FA-10", "FB-10")
@pytest.mark.parametrize(("signed", "left", "blocked"), [(10, 7, True), (10, 6, False), (3, 2, False), (20, 14, True)])
def test_a_supplementary_call(signed: int, left: int, blocked: bool) -> None:
    r = Remaining(signed, left, "已有两地无法供货", date(2026, 5, 1), date(2027, 3, 1))
    assert bool(rules.may_call(r, GOV)) is blocked
    assert rules.may_call(r, SOE) == []
    assert [one.rule for one in rules.may_call(replace(r, reason=""), SOE)] == ["FB-10"]
    assert [one.rule for one in rules.may_call(replace(r, reason="", left=1), GOV)] == ["FH-REASON"]
    assert [one.rule for one in rules.may_call(replace(r, left=1, on=r.ends), GOV)] == ["FH-INSIDE"]


@shows("FH-INSIDE")
def test_within_the_term_the_last_day_included() -> None:
    first, last = date(2026, 4, 1), date(2027, 3, 31)
    days = (first - timedelta(days=1), first, last, last + timedelta(days=1))
    assert [len(rules.inside(day, first, last, GOV)) for day in days] == [1, 0, 0, 1]


@shows("FA-12/cause", "FA-12/quit", "FB-12")
def test_causes_are_coded() -> None:
    assert rules.caused("quality", rules.REMOVALS, GOV) == []
    assert [one.rule for one in rules.caused("mood", rules.REMOVALS, GOV)] == ["FA-12/cause"]
    assert [one.rule for one in rules.caused("", rules.QUITS, GOV, "FA-12/quit")] == ["FA-12/quit"]
    assert [one.rule for one in rules.caused("", rules.QUITS, SOE, "FA-12/quit")] == ["FB-12"]


def test_before_the_measures_there_was_no_rule() -> None:
    assert "FA-01/goods" not in rules.book("gov", date(2022, 2, 28))
    assert "FA-01/goods" in rules.book("gov", date(2022, 3, 1))
    assert "FB-05/one" not in rules.book("soe", date(2024, 3, 14))
    assert "FB-05/one" in rules.book("soe", date(2024, 3, 15))


# -- the rota ---------------------------------------------------------------------------------------------------------


def names(n: int) -> list[str]:
    return [f"s{i}" for i in range(n)]


@pytest.mark.parametrize("n", range(1, 31))
def test_a_thousand_orders_differ_by_one_at_most(n: int) -> None:
    order, turns, found = names(n), [], []
    for _ in range(1000):
        turn = next_turn(order, turns, order)
        assert turn is not None
        turns.append(turn)
        found.append(turn.member)
    assert found == [order[i % n] for i in range(1000)]
    every = counts(turns).values()
    assert max(every) - min(every) <= 1


@settings(max_examples=12)
@given(n=st.integers(2, 30), number=st.integers(0, 10**6))
def test_a_thousand_orders_with_refusals_and_suspensions(n: int, number: int) -> None:
    """At most one turn a round whatever happens; whoever is there all the time has as many turns as rounds went by."""
    order, turns, away, seed = names(n), [], set(), random.Random(number)
    steady = order[0]
    for _ in range(1000):
        for one in order[1:]:
            if seed.random() < 0.02:
                away ^= {one}
        passed: list[str] = []
        while (turn := next_turn(order, turns, set(order) - away, passed)) is not None:
            assert turn.member not in passed and turn.member not in away
            turns.append(turn)
            if seed.random() > 0.15:
                break
            passed.append(turn.member)
    assert len({(turn.round, turn.member) for turn in turns}) == len(turns), "never twice in a round"
    rounds = max(turn.round for turn in turns)
    assert rounds - counts(turns)[steady] in (0, 1)
    assert [turn.round for turn in turns] == sorted(turn.round for turn in turns)
    assert max(counts(turns).values()) <= rounds


def test_who_declined_is_not_asked_again_for_the_same_purchase() -> None:
    order = names(2)
    turns = [Turn(1, "s0")]
    assert next_turn(order, turns, order, ["s0"]) == Turn(1, "s1")
    turns.append(Turn(1, "s1"))
    assert next_turn(order, turns, order, order) is None
    assert next_turn(order, turns, order) == Turn(2, "s0"), "the next purchase begins the next round"
    assert next_turn(order, [], []) is None


def test_who_comes_later_begins_with_the_round_under_way() -> None:
    turns = [Turn(1, "s0"), Turn(1, "s1"), Turn(2, "s0")]
    assert next_turn([*names(2), "new"], turns, {"s0", "s1", "new"}) == Turn(2, "s1")
    turns.append(Turn(2, "s1"))
    assert next_turn([*names(2), "new"], turns, {"s0", "s1", "new"}) == Turn(2, "new")
