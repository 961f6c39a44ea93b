"""Who may be drawn, who may be admitted: every rule with the value just allowed and the value just refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from experts.facts import Avoid, Employment, ExpertFacts
from experts.rules import EXCLUSIONS, admission, exclusion, matches, years_later

DAY = date(2026, 4, 1)
FREE = ExpertFacts("p1", "420112", "active", "U-OWN", (), ("A0801",), "h1")


@pytest.mark.rule("R1-18", "allowed")
@pytest.mark.rule("R1-18-LEVEL", "allowed")
@pytest.mark.parametrize("level", ["senior", "equal"])
def test_eight_years_and_a_senior_title_are_enough(level):
    assert admission(8, level, DAY) == []


@pytest.mark.parametrize(("years", "level", "rules"), [
    pytest.param(7, "senior", ["R1-18"], marks=pytest.mark.rule("R1-18", "refused")),
    pytest.param(8, "middle", ["R1-18-LEVEL"], marks=pytest.mark.rule("R1-18-LEVEL", "refused")),
    (7, "junior", ["R1-18", "R1-18-LEVEL"]),
])  # fmt: skip
def test_less_is_refused_with_each_reason(years, level, rules):
    assert [one.rule for one in admission(years, level, DAY)] == rules


@pytest.mark.parametrize(("left", "rule"), [
    pytest.param(date(2023, 3, 31), None, marks=pytest.mark.rule("AVOID-FORMER", "allowed")),  # and a day ago
    # three years to the day: the last day of the term
    pytest.param(date(2023, 4, 1), "AVOID-FORMER", marks=pytest.mark.rule("AVOID-FORMER", "refused")),
    (date(2023, 4, 2), "AVOID-FORMER"),
    (None, "AVOID-FORMER"),  # still there
])  # fmt: skip
def test_a_former_employer_counts_for_three_years(left, rule):
    expert = replace(FREE, employments=(Employment("U-BID", left),))
    assert exclusion(expert, Avoid(bidders=frozenset({"U-BID"})), DAY) == rule


def test_a_former_employer_nobody_here_knows_counts_never():
    assert exclusion(replace(FREE, employments=(Employment("U-X", None),)), Avoid(), DAY) is None


def test_three_years_from_a_leap_day_end_in_february():
    assert years_later(date(2024, 2, 29), 3) == date(2027, 2, 28)


@pytest.mark.certify("A-219")
@pytest.mark.parametrize(("change", "avoid", "rule"), [
    ({}, Avoid(), None),
    ({"state": "paused"}, Avoid(), "POOL-STATE"),
    ({}, Avoid(persons=frozenset({"h1"})), "AVOID-PERSON"),
    ({}, Avoid(persons=frozenset({"p1"})), "AVOID-PERSON"),
    ({}, Avoid(bidders=frozenset({"U-OWN"})), "AVOID-BIDDER"),
    ({}, Avoid(tenderers=frozenset({"U-OWN"})), "AVOID-TENDERER"),
    ({}, Avoid(agencies=frozenset({"U-OWN"})), "AVOID-AGENCY"),
    ({}, Avoid(regulators=frozenset({"U-OWN"})), "AVOID-REGULATOR"),
])  # fmt: skip
def test_each_reason_to_stay_away(change, avoid, rule):
    assert exclusion(replace(FREE, **change), avoid, DAY) == rule
    assert rule is None or rule in EXCLUSIONS


def test_unknown_employer_is_nobodys_employer():
    assert exclusion(replace(FREE, employer_uscc="", id_hash=""), Avoid(bidders=frozenset({"U"})), DAY) is None


def test_a_finer_speciality_falls_under_the_wanted_one():
    assert matches(["A080104", "B01"], ["A0801", "A0802"]) == ["A0801"]
    assert matches(["A08"], ["A0801"]) == []
